/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: threads that take and give back one spinlock all the time, caught at any moment. */
#include "sample.h"

enum { WORKERS = 4, WARM_UP_MS = 50 };

static pthread_spinlock_t g_count_lock;
static unsigned long g_count, g_turns[WORKERS];

SAMPLE_FRAME static void count_one(void)
{
	pthread_spin_lock(&g_count_lock);
	g_count++;
	pthread_spin_unlock(&g_count_lock);
}

static void *worker(void *arg)
{
	for (;;) {
		count_one();
		++*(unsigned long *)arg;
	}
	return arg;
}

int main(void)
{
	static struct sample_thread t[WORKERS];

	pthread_spin_init(&g_count_lock, PTHREAD_PROCESS_PRIVATE);
	for (int i = 0; i < WORKERS; i++)
		t[i] = (struct sample_thread){.name = "worker", .run = worker, .arg = &g_turns[i]};
	sample_start_all(t, WORKERS);
	sample_sleep_ms(WARM_UP_MS);
	truth_is("moving", "true");
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(1 + WORKERS);
}
