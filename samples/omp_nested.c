/* SPDX-License-Identifier: Apache-2.0 */
/* Teams in a team: each of two offices has two clerks, who meet at a barrier of their own. In one
 * of them a clerk waits for a key that the clerk who waits for it there has; the other office has
 * closed and waits for the first at the end of the outer region. */
#include "holders.h"
#include "omp.h"

static omp_lock_t g_key;
static struct sample_thread g_gone; /* a clerk of the closed office: libgomp lets it exit */

static SAMPLE_FRAME void meet_with_key(void)
{
	omp_set_lock(&g_key);
	sample_enter(&g_team[0]);
#pragma omp barrier
	omp_unset_lock(&g_key);
}

static SAMPLE_FRAME void meet_without(void)
{
	sample_await_enter(&g_team[0]);
	sample_enter(&g_team[1]);
	omp_set_lock(&g_key);
	omp_unset_lock(&g_key);
#pragma omp barrier
	SAMPLE_AFTER();
}

static SAMPLE_FRAME void work(int office)
{
#pragma omp parallel num_threads(2)
	{
		int clerk = omp_get_thread_num();

		if (office == 0)
			(clerk ? meet_without : meet_with_key)();
		else
			sample_enter(clerk ? &g_gone : &g_team[2]);
	}
}

static void *run_offices(void *arg)
{
	omp_set_max_active_levels(2);
#pragma omp parallel num_threads(2)
	work(omp_get_thread_num());
	return arg;
}

int main(void)
{
	omp_init_lock(&g_key);
	team_start(run_offices);
	expect_nameless(&g_team[1], "mutex", &g_key, &g_key, "g_key", &g_team[0], false);
	expect_nameless(&g_team[0], "barrier", NULL, NULL, NULL, NULL, false);
	truth_peers(&g_team[0], &g_team[1], 1);
	truth_function(&g_team[0], "meet_with_key");
	truth_function(&g_team[1], "meet_without");
	expect_worked_out();
	truth_cycle(g_team, 2, false);
	truth_finding("CT101", "P0", "\"likely\"", g_team, 2);
	truth_verdict("deadlock");
	sample_await_enter(&g_gone);
	while (!syscall(SYS_tgkill, getpid(), g_gone.tid, 0))
		sample_sleep_ms(1);
	/* It has left the inner barrier when the other one has. */
	sample_sleep_ms(50);
	expect_nameless(&g_team[2], "barrier", NULL, NULL, NULL, NULL, false);
	sample_rest(4);
}
