/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is wrong: one thread of a team reads a number for all of them from a pipe, for which the
 * others wait at a barrier. */
#include "holders.h"
#include "omp.h"

static struct gate g_price;

static SAMPLE_FRAME int ask_price(void)
{
	sample_enter(&g_team[2]);
	gate_pass(&g_price);
	return 7;
}

static int g_next;

static SAMPLE_FRAME void trade(void)
{
	int price;

#pragma omp single copyprivate(price)
	price = ask_price();
	__atomic_add_fetch(&g_next, price, __ATOMIC_RELAXED);
}

static void *open_market(void *arg)
{
#pragma omp parallel num_threads(TEAM)
	{
		/* Whoever comes first asks, and is known as the third. */
		int i = __atomic_fetch_add(&g_next, 1, __ATOMIC_SEQ_CST);

		if (i)
			sample_enter(&g_team[i - 1]);
		if (i)
			gate_await(&g_price, &g_team[2]);
		trade();
	}
	return arg;
}

int main(void)
{
	gate_init(&g_price);
	team_start(open_market);
	gate_await(&g_price, &g_team[2]);
	for (int i = 0; i < 2; i++) {
		expect_nameless(&g_team[i], "barrier", NULL, NULL, NULL, NULL, false);
		truth_peers(&g_team[i], &g_team[2], 1);
		truth_function(&g_team[i], "trade");
	}
	expect_syscall(&g_team[2], SYS_read);
	truth_function(&g_team[2], "ask_price");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT110\",\"CT111\"]");
	truth_verdict("clean");
	sample_rest(TEAM + 1);
}
