/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two priority-inheriting locks in opposite order, where the frames of the thread that waits for
 * good point to the lock it has, and not to the one it waits for: the function that takes that one
 * has no more use for it.
 */
#include "pi.h"

struct valve {
	int percent;
	pthread_mutex_t lock;
};

static struct valve g_valve;
static pthread_mutex_t g_bus_lock;
static struct gate g_gate;

SAMPLE_FRAME static void claim_bus(void)
{
	pthread_mutex_lock(&g_bus_lock);
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void release_bus(void)
{
	pthread_mutex_unlock(&g_bus_lock);
}

SAMPLE_FRAME static void set_valve(pthread_mutex_t *lock, int *percent, int to)
{
	pthread_mutex_lock(lock);
	gate_pass(&g_gate);
	claim_bus();
	*percent = to;
	release_bus();
	pthread_mutex_unlock(lock);
}

SAMPLE_FRAME static int poll_valve(void)
{
	int percent;

	claim_bus();
	pthread_mutex_lock(&g_valve.lock);
	percent = g_valve.percent;
	pthread_mutex_unlock(&g_valve.lock);
	release_bus();
	return percent;
}

static void *regulator(void *arg)
{
	set_valve(&g_valve.lock, &g_valve.percent, 40);
	return arg;
}

static void *poller(void *arg)
{
	(void)arg;
	return (void *)(long)poll_valve();
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "regulator", .run = regulator},
		{.name = "poller", .run = poller},
	};

	pi_opposite(t, &g_valve.lock, "g_valve.lock", &g_bus_lock, "g_bus_lock", &g_gate);
	truth_function(&t[0], "claim_bus");
	truth_function(&t[0], "set_valve");
	truth_function(&t[1], "poll_valve");
	sample_rest(3);
}
