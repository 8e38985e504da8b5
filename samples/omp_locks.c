/* SPDX-License-Identifier: Apache-2.0 */
/* An omp_lock_t is taken twice by one thread; another waits behind it, a third for a lock that is
 * only busy. */
#include "omp.h"

static omp_lock_t g_cell, g_printer;

static SAMPLE_FRAME void add_twice(void)
{
	omp_set_lock(&g_cell);
	omp_set_lock(&g_cell);
	omp_unset_lock(&g_cell);
	omp_unset_lock(&g_cell);
}

static SAMPLE_FRAME void print_cell(void)
{
	omp_set_lock(&g_printer);
	omp_set_lock(&g_cell);
	omp_unset_lock(&g_cell);
	omp_unset_lock(&g_printer);
}

static SAMPLE_FRAME void print_page(void)
{
	omp_set_lock(&g_printer);
	omp_unset_lock(&g_printer);
}

static void *compute(void *arg)
{
#pragma omp parallel num_threads(TEAM)
	{
		int i = omp_get_thread_num();

		sample_enter(&g_team[i]);
		if (i) {
			sample_await_enter(&g_team[i - 1]);
			sample_await(g_team[i - 1].tid, SYS_futex, SAMPLE_ANY);
		}
		(i == 0 ? add_twice : i == 1 ? print_cell : print_page)();
	}
	return arg;
}

int main(void)
{
	omp_init_lock(&g_cell);
	omp_init_lock(&g_printer);
	team_start(compute);
	expect_nameless(&g_team[0], "mutex", &g_cell, &g_cell, "g_cell", &g_team[0], false);
	expect_nameless(&g_team[1], "mutex", &g_cell, &g_cell, "g_cell", &g_team[0], false);
	expect_nameless(
		&g_team[2], "mutex", &g_printer, &g_printer, "g_printer", &g_team[1], false);
	truth_function(&g_team[0], "add_twice");
	truth_function(&g_team[1], "print_cell");
	truth_function(&g_team[2], "print_page");
	expect_worked_out();
	truth_cycle(g_team, 1, false);
	truth_finding("CT102", "P0", "\"likely\"", g_team, 1);
	truth_verdict("deadlock");
	sample_rest(TEAM + 1);
}
