/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of names and lines: this very process as a target, and libraries that are compiled
 * while the test runs and loaded into it, so that the addresses to be named are known for certain.
 */
#ifndef SELF_TARGET_H
#define SELF_TARGET_H

#include <dlfcn.h>
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/vec.h"
#include "target/target.h"

#ifdef __aarch64__
#define SELF_MACHINE EM_AARCH64
#else
#define SELF_MACHINE EM_X86_64
#endif

struct self_map {
	struct ct_map map;
	char *path;
};

struct self_source {
	CT_VEC(struct self_map) maps;
	char exe[4096];
};

static inline enum ct_status self_process(void *arg, struct ct_process *ret)
{
	struct self_source *self = arg;

	*ret = (struct ct_process){.arch = ct_arch_find(SELF_MACHINE),
		.kind = "process",
		.path = "self",
		.exe = self->exe,
		.pid = getpid(),
		.still = true};
	return CT_OK;
}

static inline enum ct_status self_next_map(void *arg, size_t *cur, struct ct_map *ret)
{
	struct self_source *self = arg;

	if (*cur >= self->maps.n)
		return CT_DONE;
	*ret = self->maps.items[*cur].map;
	ret->path = self->maps.items[(*cur)++].path;
	return CT_OK;
}

static inline enum ct_status self_next_thread(void *arg, size_t *cur, struct ct_thread *ret)
{
	(void)arg, (void)cur, (void)ret;
	return CT_DONE;
}

static inline enum ct_status self_read(void *arg, uint64_t addr, void *buf, size_t len)
{
	struct iovec local = {buf, len}, remote = {(void *)(uintptr_t)addr, len};

	(void)arg;
	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len ? CT_OK
										    : CT_FAULT;
}

static inline enum ct_status self_auxv(void *arg, uint64_t type, uint64_t *ret)
{
	(void)arg;
	*ret = getauxval(type);
	return *ret ? CT_OK : CT_NOT_FOUND;
}

static inline void self_close(void *arg)
{
	struct self_source *self = arg;

	for (uint32_t i = 0; i < self->maps.n; i++)
		free(self->maps.items[i].path);
	ct_vec_free(&self->maps);
	free(self);
}

static inline void self_add_map(struct self_source *self, const char *line)
{
	unsigned long long start, end, offset;
	char prot[5];
	int at = 0;

	assert_int_equal(
		sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &start, &end, prot, &offset, &at), 4);
	struct self_map *slot = ct_vec_push(&self->maps);
	assert_non_null(slot);
	slot->map = (struct ct_map){.start = start, .end = end, .present = end - start};
	slot->map.file_offset = offset;
	slot->map.prot = (prot[0] == 'r' ? PROT_READ : 0) | (prot[1] == 'w' ? PROT_WRITE : 0) |
			 (prot[2] == 'x' ? PROT_EXEC : 0);
	if (line[at] && line[at] != '\n')
		slot->path = strndup(line + at, strcspn(line + at, "\n"));
}

/* This process as it is now; what is loaded later is not seen. */
static inline struct ct_target *self_target(const struct ct_options *options)
{
	static const struct ct_source_ops ops = {.name = "self",
		.process = self_process,
		.next_map = self_next_map,
		.next_thread = self_next_thread,
		.read = self_read,
		.auxv = self_auxv,
		.close = self_close};
	struct self_source *self = calloc(1, sizeof(*self));
	struct ct_target *target;
	struct ct_error err;
	char line[4096 + 128];
	FILE *maps = fopen("/proc/self/maps", "r");

	assert_non_null(self);
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		self_add_map(self, line);
	fclose(maps);
	assert_true(readlink("/proc/self/exe", self->exe, sizeof(self->exe) - 1) > 0);
	assert_int_equal(
		ct_target_open((struct ct_source){&ops, self}, options, &target, &err), CT_OK);
	return target;
}

/* A new folder for the files of one test, removed by scratch_remove(). */
static inline char *scratch_new(void)
{
	char path[] = "/tmp/coretool-test-XXXXXX";

	assert_non_null(mkdtemp(path));
	return strdup(path);
}

static inline void scratch_remove(char *folder)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
	free(folder);
}

/* Runs a shell command in folder; its output is shown when it fails. */
CT_PRINTF(2, 3) static inline void scratch_run(const char *folder, const char *fmt, ...)
{
	char command[4096];
	va_list args;
	int at = snprintf(command, sizeof(command), "cd '%s' && ", folder);

	va_start(args, fmt);
	vsnprintf(command + at, sizeof(command) - (size_t)at, fmt, args);
	va_end(args);
	if (system(command))
		fail_msg("this failed: %s", command);
}

static inline void scratch_write(const char *folder, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void *scratch_load(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		fail_msg("%s", dlerror());
	return library;
}

/* The address of a symbol that the dynamic linker knows. */
static inline uint64_t address_in(void *library, const char *name)
{
	void *found = dlsym(library, name);

	if (!found)
		fail_msg("%s is not in the library", name);
	return (uint64_t)(uintptr_t)found;
}

#endif
