/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in was unloaded, and its table of functions is still used. */
#include "crash.h"
#include <sys/mman.h>

struct plugin {
	const char *name;
	int (*render)(int);
};

static struct plugin g_plugin = {"pdf", NULL};

SAMPLE_FRAME static int render_page(const struct plugin *plugin, int page)
{
	int ret = plugin->render(page);

	SAMPLE_AFTER();
	return ret;
}

static void *renderer(void *arg)
{
	const struct plugin *volatile plugin = &g_plugin;

	crash_await();
	return render_page(plugin, 1) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "renderer", .run = renderer};
	char *unloaded = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(unloaded, 1 << 20);
	/* Far below everything else, where nothing gets mapped again. */
	unloaded = (char *)0x13371000;
	g_plugin.render = (int (*)(int))(unloaded + 0x40);
	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "bad-jump", "render_page", (uintptr_t)unloaded + 0x40);
	crash_go(2);
}
