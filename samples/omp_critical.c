/* SPDX-License-Identifier: Apache-2.0 */
/* Two named critical sections that are entered crosswise, and a third thread behind them. */
#include "omp.h"

static struct gate g_in[2];
static int g_stock, g_ledger;

static SAMPLE_FRAME void book(void)
{
#pragma omp critical(stock)
	{
		gate_pass(&g_in[0]);
#pragma omp critical(ledger)
		g_ledger += g_stock;
	}
}

static SAMPLE_FRAME void count(void)
{
#pragma omp critical(ledger)
	{
		gate_pass(&g_in[1]);
#pragma omp critical(stock)
		g_stock -= g_ledger;
	}
}

static SAMPLE_FRAME void look(void)
{
#pragma omp critical(stock)
	g_stock++;
}

static void *shop(void *arg)
{
#pragma omp parallel num_threads(TEAM)
	{
		int i = omp_get_thread_num();

		if (i == 2) {
			sample_await_enter(&g_team[0]);
			gate_await(&g_in[0], &g_team[0]);
		}
		sample_enter(&g_team[i]);
		(i == 0 ? book : i == 1 ? count : look)();
	}
	return arg;
}

int main(void)
{
	gate_init(&g_in[0]);
	gate_init(&g_in[1]);
	team_start(shop);
	for (int i = 0; i < 2; i++)
		gate_await(&g_in[i], &g_team[i]);
	for (int i = 0; i < 2; i++)
		gate_open(&g_in[i]);
	expect_nameless(&g_team[0], "mutex", NULL, NULL, NULL, &g_team[1], false);
	expect_nameless(&g_team[1], "mutex", NULL, NULL, NULL, &g_team[0], false);
	expect_nameless(&g_team[2], "mutex", NULL, NULL, NULL, &g_team[0], false);
	truth_function(&g_team[0], "book");
	truth_function(&g_team[1], "count");
	truth_function(&g_team[2], "look");
	expect_worked_out();
	truth_cycle(g_team, 2, false);
	truth_finding("CT101", "P0", "\"likely\"", g_team, 2);
	truth_verdict("deadlock");
	sample_rest(TEAM + 1);
}
