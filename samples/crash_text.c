/* SPDX-License-Identifier: Apache-2.0 */
/* A name that is too long is copied over the pointer behind it. */
#include "crash.h"

struct account {
	char owner[16];
	long *balance;
};

static struct account g_account;
static long g_balance = 100;
static volatile const char *g_owner = "a name of somebody else";

SAMPLE_FRAME static long balance_of(const struct account *account)
{
	return *account->balance + 1;
}

static void *ledger(void *arg)
{
	volatile char *to = (volatile char *)&g_account;

	crash_await();
	g_account.balance = &g_balance;
	for (size_t i = 0; i < sizeof(g_account); i++)
		to[i] = g_owner[i];
	return balance_of(&g_account) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "ledger", .run = ledger};

	crash_start(&t);
	/* "ody else", from the 16th letter on */
	truth_crash_at(&t, SIGSEGV, "text-pointer", "balance_of", 0x65736c65207964);
	crash_go(2);
}
