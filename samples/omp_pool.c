/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is wrong: the threads of a team wait for the next parallel region, and the leader for its
 * input. */
#include "omp.h"

static struct gate g_input;

static void *lead(void *arg)
{
	int sum = 0;

#pragma omp parallel num_threads(TEAM) reduction(+ : sum)
	{
		sample_enter(&g_team[omp_get_thread_num()]);
		sum += omp_get_thread_num();
	}
	gate_pass(&g_input);
#pragma omp parallel num_threads(TEAM) reduction(+ : sum)
	sum += omp_get_thread_num();
	return sum ? arg : NULL;
}

int main(void)
{
	gate_init(&g_input);
	team_start(lead);
	gate_await(&g_input, &g_team[0]);
	for (int i = 1; i < TEAM; i++)
		expect_nameless(&g_team[i], "barrier", NULL, NULL, NULL, NULL, false);
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(TEAM + 1);
}
