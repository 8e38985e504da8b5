/* SPDX-License-Identifier: Apache-2.0 */
/* One of three goes to a barrier from inside of a critical section, another waits at that section
 * before it can come; the third is at the barrier already. */
#include "holders.h"
#include "omp.h"

static struct gate g_in;
static int g_total;

static SAMPLE_FRAME void meet(void)
{
#pragma omp barrier
	SAMPLE_AFTER();
}

static SAMPLE_FRAME void add_and_meet(void)
{
#pragma omp critical(total)
	{
		g_total++;
		gate_pass(&g_in);
		meet();
	}
}

static SAMPLE_FRAME void add_first(void)
{
#pragma omp critical(total)
	g_total++;
	meet();
}

static void *count(void *arg)
{
#pragma omp parallel num_threads(TEAM)
	{
		int i = omp_get_thread_num();

		if (i == 1) {
			sample_await_enter(&g_team[0]);
			gate_await(&g_in, &g_team[0]);
		}
		sample_enter(&g_team[i]);
		(i == 0 ? add_and_meet : i == 1 ? add_first : meet)();
	}
	return arg;
}

int main(void)
{
	gate_init(&g_in);
	team_start(count);
	sample_await(g_team[1].tid, SYS_futex, SAMPLE_ANY);
	gate_open(&g_in);
	expect_nameless(&g_team[0], "barrier", NULL, NULL, NULL, NULL, false);
	expect_nameless(&g_team[1], "mutex", NULL, NULL, NULL, &g_team[0], false);
	expect_nameless(&g_team[2], "barrier", NULL, NULL, NULL, NULL, false);
	for (int i = 0; i < TEAM; i += 2)
		truth_peers(&g_team[i], &g_team[1], 1);
	truth_function(&g_team[0], "add_and_meet");
	truth_function(&g_team[1], "add_first");
	expect_worked_out();
	truth_cycle(g_team, 2, false);
	truth_finding("CT101", "P0", "\"likely\"", g_team, 2);
	truth_verdict("deadlock");
	sample_rest(TEAM + 1);
}
