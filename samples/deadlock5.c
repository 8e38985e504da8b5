/* SPDX-License-Identifier: Apache-2.0 */
/* Five philosophers, and a guest who waits for a fork outside of the cycle. */
#include "sample.h"

enum { SEATS = 5 };

static pthread_mutex_t g_forks[SEATS];
static pthread_barrier_t g_all_hold_one;
static int g_meals;

SAMPLE_FRAME static void take_second_fork(int fork)
{
	pthread_mutex_lock(&g_forks[fork]);
	g_meals++;
	pthread_mutex_unlock(&g_forks[fork]);
}

static void *philosopher(void *arg)
{
	int seat = (int)(long)arg;

	pthread_mutex_lock(&g_forks[seat]);
	pthread_barrier_wait(&g_all_hold_one);
	take_second_fork((seat + 1) % SEATS);
	pthread_mutex_unlock(&g_forks[seat]);
	return NULL;
}

static void *guest(void *arg)
{
	take_second_fork(2);
	return arg;
}

int main(void)
{
	struct sample_thread t[SEATS] = {}, late = {.name = "guest", .run = guest};

	pthread_barrier_init(&g_all_hold_one, NULL, SEATS);
	for (long i = 0; i < SEATS; i++) {
		pthread_mutex_init(&g_forks[i], NULL);
		t[i].name = "philosopher";
		t[i].run = philosopher;
		t[i].arg = (void *)i;
	}
	sample_start_all(t, SEATS);
	for (int i = 0; i < SEATS; i++) {
		int next = (i + 1) % SEATS;
		char name[16];

		snprintf(name, sizeof(name), "g_forks[%d]", next);
		expect_mutex(&t[i], &g_forks[next], name, &t[next], false);
		truth_function(&t[i], "take_second_fork");
	}
	sample_start(&late);
	expect_mutex(&late, &g_forks[2], "g_forks[2]", &t[2], false);
	truth_deadlock(t, SEATS);
	sample_rest(2 + SEATS);
}
