/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is wrong: a thread waits to begin with a task that depends on what another one's is to
 * write, which reads from a pipe. */
#include "omp.h"

static struct gate g_mail;
static int g_letters;

static SAMPLE_FRAME void fetch_mail(void)
{
	gate_pass(&g_mail);
	g_letters++;
}

static SAMPLE_FRAME void answer_mail(void)
{
#pragma omp task depend(out : g_letters)
	fetch_mail();
	sample_await_enter(&g_team[1]);
	gate_await(&g_mail, &g_team[1]);
#pragma omp task depend(in : g_letters) if (0)
	g_letters--;
	SAMPLE_AFTER();
}

static void *run_office(void *arg)
{
#pragma omp parallel num_threads(TEAM)
	{
		int i = omp_get_thread_num();

		sample_enter(&g_team[i]);
		if (i == 0)
			answer_mail();
		if (i == 2) {
			sample_await_enter(&g_team[1]);
			gate_await(&g_mail, &g_team[1]);
		}
	}
	return arg;
}

int main(void)
{
	gate_init(&g_mail);
	team_start(run_office);
	gate_await(&g_mail, &g_team[1]);
	expect_nameless(&g_team[0], "sem", NULL, NULL, NULL, NULL, false);
	expect_syscall(&g_team[1], SYS_read);
	expect_nameless(&g_team[2], "barrier", NULL, NULL, NULL, NULL, false);
	truth_function(&g_team[0], "answer_mail");
	truth_function(&g_team[1], "fetch_mail");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT110\",\"CT111\"]");
	truth_verdict("clean");
	sample_rest(TEAM + 1);
}
