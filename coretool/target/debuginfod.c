/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client library of elfutils' debuginfod servers, loaded only when it is wanted:
 * DEBUGINFOD_URLS is set, the user did not say --no-debuginfod, and a file is missing. What a
 * server sends is checked like any other file.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>

#include "target/module_private.h"

#define LIBRARY "libdebuginfod.so.1"

/* As <elfutils/debuginfod.h> declares them; find gives a descriptor or a negated errno. */
typedef void *(*begin_function)(void);
typedef void (*end_function)(void *client);
typedef int (*find_function)(void *client, const unsigned char *build_id, int len, char **path);

struct ct_debuginfod {
	void *library;
	void *client; /* NULL: not to be had */
	end_function end;
	find_function find_debuginfo, find_executable;
};

static bool wanted(const struct ct_options *options)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	return urls && *urls && !options->no_debuginfod;
}

static int has_interpreter(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			return 1;
	return 0;
}

static struct ct_debuginfod *client_new(void)
{
	struct ct_debuginfod *client = calloc(1, sizeof(*client));

	/* A static program could load the library only together with the very libc that it was
	 * linked with. */
	if (!client || !dl_iterate_phdr(has_interpreter, NULL))
		return client;
	client->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!client->library)
		return client;
	begin_function begin = (begin_function)dlsym(client->library, "debuginfod_begin");
	client->end = (end_function)dlsym(client->library, "debuginfod_end");
	client->find_debuginfo = (find_function)dlsym(client->library, "debuginfod_find_debuginfo");
	client->find_executable =
		(find_function)dlsym(client->library, "debuginfod_find_executable");
	if (begin && client->end && client->find_debuginfo && client->find_executable)
		client->client = begin();
	return client;
}

void ct_debuginfod_free(struct ct_debuginfod *client)
{
	if (!client)
		return;
	if (client->client)
		client->end(client->client);
	if (client->library)
		dlclose(client->library);
	free(client);
}

int ct_debuginfod_find(struct ct_module_files *files, const uint8_t *build_id, size_t len,
	bool debug, const char **ret_path)
{
	struct ct_modules *modules = files->target->modules;
	char id[CT_BUILD_ID_TEXT], *path = NULL;

	if (!wanted(&files->target->options))
		return -1;
	if (!modules->debuginfod)
		modules->debuginfod = client_new();
	const struct ct_debuginfod *client = modules->debuginfod;
	const char *where = ct_arena_printf(&files->target->arena, "debuginfod %s %s",
		debug ? "debuginfo" : "executable", ct_build_id_text(build_id, len, id));
	if (!client || !where)
		return -1;
	if (!client->client) {
		ct_module_tried(files, where, LIBRARY " cannot be used");
		return -1;
	}
	find_function find = debug ? client->find_debuginfo : client->find_executable;
	int fd = find(client->client, build_id, (int)len, &path);
	if (fd < 0)
		ct_module_tried(files, where, "%s", strerror(-fd));
	*ret_path = path ? ct_arena_strndup(&files->target->arena, path, strlen(path)) : where;
	free(path);
	return fd;
}
