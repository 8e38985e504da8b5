/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Philosophers with an array of rwlocks that they take by index, to read: each holds one and wants
 * to write the next one. Which lock it is has to be worked out as the code does.
 */
#include "holders.h"

enum { SEATS = 4 };

struct fork_lock {
	pthread_rwlock_t lock;
	int uses;
};

static struct fork_lock g_forks[SEATS];
static struct gate g_gates[SEATS];
static int g_seats[SEATS];

SAMPLE_FRAME static void take_second(int seat)
{
	struct fork_lock *next = &g_forks[(seat + 1) % SEATS];

	pthread_rwlock_wrlock(&next->lock);
	next->uses++;
	pthread_rwlock_unlock(&next->lock);
}

SAMPLE_FRAME static void dine(int seat)
{
	pthread_rwlock_rdlock(&g_forks[seat].lock);
	gate_pass(&g_gates[seat]);
	take_second(seat);
	pthread_rwlock_unlock(&g_forks[seat].lock);
}

static void *philosopher(void *arg)
{
	dine(*(int *)arg);
	return arg;
}

int main(void)
{
	static struct sample_thread t[SEATS];

	for (int i = 0; i < SEATS; i++) {
		pthread_rwlock_init(&g_forks[i].lock, NULL);
		g_seats[i] = i;
		t[i] = (struct sample_thread){
			.name = "philosopher", .run = philosopher, .arg = &g_seats[i]};
		gate_init(&g_gates[i]);
		sample_start(&t[i]);
		gate_await(&g_gates[i], &t[i]);
	}
	for (int i = 0; i < SEATS; i++)
		gate_open(&g_gates[i]);
	for (int i = 0; i < SEATS; i++) {
		int next = (i + 1) % SEATS;

		expect_wait_on(&t[i], "rwlock-write", &g_forks[next].lock, NULL, &t[next], 1);
		truth_inferred(&t[i], &g_forks[i].lock, "shared", true);
	}
	truth_cycle(t, SEATS, false);
	truth_finding("CT101", "P0", "\"likely\"", t, SEATS);
	truth_verdict("deadlock");
	sample_rest(1 + SEATS);
}
