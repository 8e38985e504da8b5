/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin's constructor runs under the loader's lock and registers itself, under the registry's;
 * who goes through the registry loads what is missing.
 */
#include "gate.h"
#include "plugin.h"

static pthread_mutex_t g_registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gate g_gate;

SAMPLE_FRAME void plugin_loaded(void)
{
	pthread_mutex_lock(&g_registry_lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(&g_registry_lock);
}

SAMPLE_FRAME static void find_handler(void)
{
	pthread_mutex_lock(&g_registry_lock);
	gate_pass(&g_gate);
	open_plugin();
	pthread_mutex_unlock(&g_registry_lock);
}

static void *dispatcher(void *arg)
{
	find_handler();
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "opener", .run = plugin_opener},
		{.name = "dispatcher", .run = dispatcher},
	};

	gate_init(&g_gate);
	sample_start(&t[1]);
	gate_await(&g_gate, &t[1]);
	sample_start(&t[0]);
	expect_mutex(&t[0], &g_registry_lock, "g_registry_lock", &t[1], false);
	gate_open(&g_gate);
	expect_loader(&t[1], &t[0]);
	truth_function(&t[0], "plugin_loaded");
	truth_function(&t[0], "open_plugin");
	truth_function(&t[1], "find_handler");
	truth_deadlock(t, 2);
	sample_rest(3);
}
