/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: a barrier in shared memory; the process that is missing is no thread of this one. */
#include "shared.h"

enum { HERE = 2, ALL = 3 };

static struct {
	pthread_barrier_t loaded;
} * g_start;

SAMPLE_FRAME static void load_part(void)
{
	pthread_barrier_wait(&g_start->loaded);
	SAMPLE_AFTER();
}

static void *loader(void *arg)
{
	load_part();
	return arg;
}

static void stay_away(void *arg)
{
	(void)arg;
}

int main(void)
{
	struct sample_thread t[HERE] = {};
	pthread_barrierattr_t attr;

	g_start = shared_memory(sizeof(*g_start));
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&g_start->loaded, &attr, ALL);
	shared_other(stay_away, NULL);
	for (int i = 0; i < HERE; i++) {
		t[i] = (struct sample_thread){.name = "loader", .run = loader};
		sample_start(&t[i]);
		expect_wait(&t[i], "barrier", &g_start->loaded, NULL, NULL, NULL, false);
		truth_function(&t[i], "load_part");
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\",\"CT110\",\"CT111\"]");
	truth_verdict("clean");
	sample_rest(1 + HERE);
}
