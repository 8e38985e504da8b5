/* SPDX-License-Identifier: Apache-2.0 */
/* Two of three have come to a barrier; the third reads from a pipe that has nothing, and may still
 * come. */
#include "omp.h"

static struct gate g_data;

static SAMPLE_FRAME void sum_up(int i)
{
	if (i == 2)
		gate_pass(&g_data);
#pragma omp barrier
	SAMPLE_AFTER();
}

static void *simulate(void *arg)
{
#pragma omp parallel num_threads(TEAM)
	{
		sample_enter(&g_team[omp_get_thread_num()]);
		sum_up(omp_get_thread_num());
	}
	return arg;
}

int main(void)
{
	gate_init(&g_data);
	team_start(simulate);
	for (int i = 0; i < 2; i++) {
		expect_nameless(&g_team[i], "barrier", NULL, NULL, NULL, NULL, false);
		truth_function(&g_team[i], "sum_up");
	}
	gate_await(&g_data, &g_team[2]);
	expect_syscall(&g_team[2], SYS_read);
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT111\"]");
	sample_rest(TEAM + 1);
}
