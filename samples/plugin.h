/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a plugin whose constructor calls plugin_loaded() of the program. */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "sample.h"

#include <dlfcn.h>
#include <libgen.h>

void plugin_loaded(void);

/* plugins/catalog.so beside the program. */
SAMPLE_FRAME static void open_plugin(void)
{
	char exe[4096], path[8192];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		sample_cannot("readlink");
	exe[n] = '\0';
	snprintf(path, sizeof(path), "%s/plugins/catalog.so", dirname(exe));
	if (!dlopen(path, RTLD_NOW))
		sample_cannot(dlerror());
	SAMPLE_AFTER();
}

static void *plugin_opener(void *arg)
{
	open_plugin();
	return arg;
}

/* Waits until t sleeps for the lock of the loader, which the holder has; tells so. */
static inline void expect_loader(const struct sample_thread *t, const struct sample_thread *holder)
{
	struct sample_call call = sample_await(t->tid, SYS_futex, SAMPLE_ANY);

	truth_call(t, &call);
	truth_wait(t, "mutex", (void *)call.args[0], "*(dl_load_lock)", holder, false);
	truth_function(t, "open_plugin");
}

#endif
