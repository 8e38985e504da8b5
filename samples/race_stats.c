/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shop whose tills all count in one place, without a lock. They do nothing else, and there are
 * more of them than instructions in their loop, so that at any moment two are about to change the
 * same number.
 */
#include "sample.h"

enum { TILLS = 16, WARM_UP_MS = 50 };

static struct {
	unsigned sales;
	unsigned long cents;
	unsigned articles;
} g_today;
static int g_open;

/* Without optimisation the numbers are changed in a register, as an atomic variable may be. */
static inline void sell(unsigned articles, unsigned long cents)
{
	g_today.sales++;
	g_today.articles += articles;
	g_today.cents += cents;
	SAMPLE_AFTER();
}

static void *till(void *arg)
{
	__atomic_add_fetch(&g_open, 1, __ATOMIC_SEQ_CST);
	for (;;)
		sell(3, 1999);
	return arg;
}

int main(void)
{
	static struct sample_thread t[TILLS];

	for (int i = 0; i < TILLS; i++)
		t[i] = (struct sample_thread){.name = "till", .run = till};
	sample_start_all(t, TILLS);
	while (__atomic_load_n(&g_open, __ATOMIC_SEQ_CST) < TILLS)
		sample_sleep_ms(1);
	sample_sleep_ms(WARM_UP_MS);
	truth_is("moving", "true");
#ifdef __OPTIMIZE__
	truth_is("fires", "[\"CT218\"]");
#else
	truth_is("absent", "[\"CT218\"]");
#endif
	truth_verdict("clean");
	sample_rest(1 + TILLS);
}
