/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is wrong: one thread waits for a task that another one runs, which reads from a pipe; the
 * third has come to the end of the region. */
#include "omp.h"

static struct gate g_page;
static int g_pages;

static SAMPLE_FRAME void fetch_page(void)
{
	gate_pass(&g_page);
	g_pages++;
}

static SAMPLE_FRAME void fetch_all(void)
{
#pragma omp task
	fetch_page();
	sample_await_enter(&g_team[1]);
	gate_await(&g_page, &g_team[1]);
#pragma omp taskwait
	SAMPLE_AFTER();
}

static void *crawl(void *arg)
{
#pragma omp parallel num_threads(TEAM)
	{
		int i = omp_get_thread_num();

		sample_enter(&g_team[i]);
		if (i == 0)
			fetch_all();
		if (i == 2) {
			sample_await_enter(&g_team[1]);
			gate_await(&g_page, &g_team[1]);
		}
	}
	return arg;
}

int main(void)
{
	gate_init(&g_page);
	team_start(crawl);
	gate_await(&g_page, &g_team[1]);
	expect_nameless(&g_team[0], "sem", NULL, NULL, NULL, NULL, false);
	expect_syscall(&g_team[1], SYS_read);
	expect_nameless(&g_team[2], "barrier", NULL, NULL, NULL, NULL, false);
	truth_function(&g_team[0], "fetch_all");
	truth_function(&g_team[1], "fetch_page");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT111\"]");
	truth_verdict("clean");
	sample_rest(TEAM + 1);
}
