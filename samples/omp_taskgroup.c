/* SPDX-License-Identifier: Apache-2.0 */
/* A thread waits for the end of a group of tasks with a lock in hand that one of these needs, which
 * another thread runs; the third has come to the end of the region. */
#include "holders.h"
#include "omp.h"

static omp_lock_t g_ledger;
static int g_entries;

static SAMPLE_FRAME void enter_bill(void)
{
	omp_set_lock(&g_ledger);
	g_entries++;
	omp_unset_lock(&g_ledger);
}

static SAMPLE_FRAME void close_day(void)
{
	omp_set_lock(&g_ledger);
#pragma omp taskgroup
	{
#pragma omp task
		enter_bill();
		sample_await_enter(&g_team[1]);
		sample_await(g_team[1].tid, SYS_futex, (long)&g_ledger);
	}
	omp_unset_lock(&g_ledger);
}

static void *keep_books(void *arg)
{
#pragma omp parallel num_threads(TEAM)
	{
		int i = omp_get_thread_num();

		sample_enter(&g_team[i]);
		if (i == 0)
			close_day();
		if (i == 2) {
			sample_await_enter(&g_team[1]);
			sample_await(g_team[1].tid, SYS_futex, (long)&g_ledger);
		}
	}
	return arg;
}

int main(void)
{
	omp_init_lock(&g_ledger);
	team_start(keep_books);
	expect_nameless(&g_team[1], "mutex", &g_ledger, &g_ledger, "g_ledger", &g_team[0], false);
	expect_nameless(&g_team[0], "sem", NULL, NULL, NULL, NULL, false);
	expect_nameless(&g_team[2], "barrier", NULL, NULL, NULL, NULL, false);
	expect_worked_out();
	truth_function(&g_team[0], "close_day");
	truth_function(&g_team[1], "enter_bill");
	truth_is("absent", "[\"CT102\",\"CT103\"]");
	sample_rest(TEAM + 1);
}
