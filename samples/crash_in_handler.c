/* SPDX-License-Identifier: Apache-2.0 */
/* A signal handler, on an alternate stack, crashes itself. */
#include "crash.h"

struct config {
	long loaded, level;
};

static struct config *volatile g_config;
static struct sample_thread g_self;

SAMPLE_FRAME static void apply(struct config *config)
{
	config->level = 3;
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void reload(int number)
{
	(void)number;
	apply(g_config);
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void ask_for_reload(void)
{
	pthread_kill(pthread_self(), SIGHUP);
	SAMPLE_AFTER();
}

static void *configurator(void *arg)
{
	static char memory[64 << 10];
	stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};

	sigaltstack(&stack, NULL);
	crash_await();
	ask_for_reload();
	return arg;
}

int main(void)
{
	struct sigaction action = {.sa_handler = reload, .sa_flags = SA_ONSTACK};

	g_self = (struct sample_thread){.name = "configurator", .run = configurator};
	sigaction(SIGHUP, &action, NULL);
	crash_start(&g_self);
	truth_crash_at(&g_self, SIGSEGV, "null-pointer", "apply", 8);
	truth_function(&g_self, "ask_for_reload");
	crash_go(2);
}
