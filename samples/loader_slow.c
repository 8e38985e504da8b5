/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: a plugin's constructor computes for long under the loader's lock; others wait. */
#include "plugin.h"

static volatile unsigned g_table[256];
static volatile int g_inside;

SAMPLE_FRAME void plugin_loaded(void)
{
	g_inside = 1;
	for (unsigned i = 0; g_inside; i++)
		g_table[i % 256] += i;
}

int main(void)
{
	struct sample_thread opener = {.name = "opener", .run = plugin_opener};
	struct sample_thread t[] = {
		{.name = "helper", .run = plugin_opener},
		{.name = "helper", .run = plugin_opener},
	};

	sample_start(&opener);
	while (!g_inside)
		sample_sleep_ms(1);
	truth_running(&opener);
	sample_start_all(t, 2);
	for (int i = 0; i < 2; i++) {
		expect_loader(&t[i], &opener);
		truth_root(&t[i], &opener);
	}
	truth_function(&opener, "plugin_loaded");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\",\"CT110\"]");
	sample_rest(4);
}
