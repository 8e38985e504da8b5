/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is wrong: the first turn of an ordered loop reads from a pipe; the others wait for
 * theirs. */
#include "omp.h"

static struct gate g_ticket;
static int g_sold;

static SAMPLE_FRAME void sell(int turn)
{
#pragma omp ordered
	{
		if (turn == 0)
			gate_pass(&g_ticket);
		g_sold++;
	}
	SAMPLE_AFTER();
}

static void *serve_queue(void *arg)
{
#pragma omp parallel for ordered schedule(static, 1) num_threads(TEAM)
	for (int i = 0; i < TEAM; i++) {
		sample_enter(&g_team[i]);
		sell(i);
	}
	return arg;
}

int main(void)
{
	gate_init(&g_ticket);
	team_start(serve_queue);
	gate_await(&g_ticket, &g_team[0]);
	expect_syscall(&g_team[0], SYS_read);
	for (int i = 1; i < TEAM; i++) {
		expect_nameless(&g_team[i], "sem", NULL, NULL, NULL, NULL, false);
		truth_function(&g_team[i], "sell");
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT110\",\"CT111\"]");
	truth_verdict("clean");
	sample_rest(TEAM + 1);
}
