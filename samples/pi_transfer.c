/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function takes the priority-inheriting locks of two accounts, here and there the other way
 * round. At -O2 the registers still hold both accounts where one thread waits for good: the account
 * whose lock that thread has is not the one it waits for.
 */
#include "pi.h"

struct account {
	long balance;
	pthread_mutex_t lock;
};

static struct account g_accounts[2];
static struct gate g_gate;

SAMPLE_FRAME static void transfer(
	struct account *from, struct account *to, long cents, struct gate *gate)
{
	pthread_mutex_lock(&from->lock);
	gate_pass(gate);
	pthread_mutex_lock(&to->lock);
	from->balance -= cents;
	to->balance += cents;
	pthread_mutex_unlock(&to->lock);
	pthread_mutex_unlock(&from->lock);
}

static void *pay_rent(void *arg)
{
	transfer(&g_accounts[0], &g_accounts[1], 50000, &g_gate);
	return arg;
}

static void *refund(void *arg)
{
	transfer(&g_accounts[1], &g_accounts[0], 120, NULL);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "pay_rent", .run = pay_rent},
		{.name = "refund", .run = refund},
	};

	pi_opposite(t, &g_accounts[0].lock, "g_accounts[0].lock", &g_accounts[1].lock,
		"g_accounts[1].lock", &g_gate);
	truth_function(&t[0], "transfer");
	truth_function(&t[1], "transfer");
	sample_rest(3);
}
