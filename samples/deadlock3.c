/* SPDX-License-Identifier: Apache-2.0 */
/* Three money transfers, each from an account to the next one; the accounts are on the heap. */
#include "sample.h"

enum { ACCOUNTS = 3 };

struct account {
	long id;
	pthread_mutex_t lock;
	long cents;
};

static struct account *g_account[ACCOUNTS];
static pthread_barrier_t g_all_hold_one;

SAMPLE_FRAME static void deposit(struct account *to, long cents)
{
	pthread_mutex_lock(&to->lock);
	to->cents += cents;
	pthread_mutex_unlock(&to->lock);
}

SAMPLE_FRAME static void transfer(struct account *from, struct account *to, long cents)
{
	pthread_mutex_lock(&from->lock);
	pthread_barrier_wait(&g_all_hold_one);
	from->cents -= cents;
	deposit(to, cents);
	pthread_mutex_unlock(&from->lock);
}

static void *teller(void *arg)
{
	long i = (long)arg;

	transfer(g_account[i], g_account[(i + 1) % ACCOUNTS], 100);
	return NULL;
}

int main(void)
{
	struct sample_thread t[ACCOUNTS] = {};

	pthread_barrier_init(&g_all_hold_one, NULL, ACCOUNTS);
	for (long i = 0; i < ACCOUNTS; i++) {
		g_account[i] = calloc(1, sizeof(*g_account[i]));
		pthread_mutex_init(&g_account[i]->lock, NULL);
		t[i] = (struct sample_thread){.name = "teller", .run = teller, .arg = (void *)i};
	}
	sample_start_all(t, ACCOUNTS);
	for (int i = 0; i < ACCOUNTS; i++) {
		int next = (i + 1) % ACCOUNTS;

		expect_mutex(&t[i], &g_account[next]->lock, NULL, &t[next], false);
		truth_function(&t[i], "deposit");
		truth_function(&t[i], "transfer");
	}
	truth_deadlock(t, ACCOUNTS);
	sample_rest(1 + ACCOUNTS);
}
