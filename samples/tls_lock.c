/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: a busy thread holds a lock of its thread-local storage, and one on its stack. */
#include "sample.h"

enum { LOCKS = 2 };

struct request {
	pthread_mutex_t lock;
	int answers;
};

static __thread pthread_mutex_t t_arena_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t *g_found[LOCKS];

SAMPLE_FRAME static void serve(void)
{
	struct request request = {.lock = PTHREAD_MUTEX_INITIALIZER};

	pthread_mutex_lock(&t_arena_lock);
	pthread_mutex_lock(&request.lock);
	g_found[0] = &t_arena_lock;
	g_found[1] = &request.lock;
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	pthread_mutex_unlock(&request.lock);
	pthread_mutex_unlock(&t_arena_lock);
}

static void *server(void *arg)
{
	serve();
	return arg;
}

SAMPLE_FRAME static void use_found(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(lock);
}

static void *helper(void *arg)
{
	use_found((pthread_mutex_t *)arg);
	return NULL;
}

int main(void)
{
	struct sample_thread holder = {.name = "server", .run = server};
	struct sample_thread t[LOCKS] = {};

	sample_start(&holder);
	expect_syscall(&holder, SAMPLE_SLEEP);
	truth_function(&holder, "serve");
	for (int i = 0; i < LOCKS; i++) {
		t[i] = (struct sample_thread){.name = "helper", .run = helper, .arg = g_found[i]};
		sample_start(&t[i]);
		expect_mutex(&t[i], g_found[i], i ? NULL : "t_arena_lock", &holder, false);
		truth_root(&t[i], &holder);
		truth_function(&t[i], "use_found");
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\"]");
	truth_verdict("stuck");
	sample_rest(2 + LOCKS);
}
