/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads move money between two accounts in opposite directions, each behind a spinlock. */
#include "spin.h"

struct account {
	pthread_spinlock_t lock;
	long cents;
};

static struct account g_savings = {.cents = 100}, g_current = {.cents = 200};
static struct gate g_gates[2];

struct transfer {
	struct account *from, *to;
	struct gate *gate;
};

SAMPLE_FRAME static void pay_in(struct account *account, long cents)
{
	pthread_spin_lock(&account->lock);
	account->cents += cents;
	pthread_spin_unlock(&account->lock);
}

SAMPLE_FRAME static void move_money(const struct transfer *transfer)
{
	pthread_spin_lock(&transfer->from->lock);
	transfer->from->cents -= 10;
	gate_pass(transfer->gate);
	pay_in(transfer->to, 10);
	pthread_spin_unlock(&transfer->from->lock);
}

static void *clerk(void *arg)
{
	move_money(arg);
	return arg;
}

int main(void)
{
	static struct transfer transfers[] = {
		{&g_savings, &g_current, &g_gates[0]},
		{&g_current, &g_savings, &g_gates[1]},
	};
	struct sample_thread t[] = {
		{.name = "spend", .run = clerk, .arg = &transfers[0]},
		{.name = "save", .run = clerk, .arg = &transfers[1]},
	};

	pthread_spin_init(&g_savings.lock, PTHREAD_PROCESS_PRIVATE);
	pthread_spin_init(&g_current.lock, PTHREAD_PROCESS_PRIVATE);
	for (int i = 0; i < 2; i++) {
		gate_init(&g_gates[i]);
		sample_start(&t[i]);
		gate_await(&g_gates[i], &t[i]);
	}
	for (int i = 0; i < 2; i++)
		gate_open(&g_gates[i]);
	expect_spin(&t[0], &g_current.lock, "g_current.lock", &t[1]);
	expect_spin(&t[1], &g_savings.lock, "g_savings.lock", &t[0]);
	truth_function(&t[0], "pay_in");
	truth_function(&t[1], "move_money");
	truth_cycle(t, 2, false);
	truth_finding("CT101", "P0", "\"likely\"", t, 2);
	truth_verdict("deadlock");
	sample_rest(3);
}
