/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand requests stand behind one lock, whose holder sleeps. */
#include "sample.h"

enum { REQUESTS = 1000, TOLD = 3 };

static pthread_mutex_t g_session_lock = PTHREAD_MUTEX_INITIALIZER;

static void *writer(void *arg)
{
	pthread_mutex_lock(&g_session_lock);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	pthread_mutex_unlock(&g_session_lock);
	return arg;
}

SAMPLE_FRAME static void load_session(void)
{
	pthread_mutex_lock(&g_session_lock);
	pthread_mutex_unlock(&g_session_lock);
}

static void *request(void *arg)
{
	load_session();
	return arg;
}

int main(void)
{
	static struct sample_thread t[REQUESTS];
	struct sample_thread owner = {.name = "writer", .run = writer};
	pthread_attr_t attr;

	sample_start(&owner);
	expect_syscall(&owner, SYS_clock_nanosleep);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (int i = 0; i < REQUESTS; i++) {
		t[i] = (struct sample_thread){.name = "request", .run = request};
		sample_start_with(&t[i], &attr);
	}
	for (int i = 0; i < REQUESTS; i++)
		expect_mutex(&t[i], &g_session_lock, "g_session_lock", &owner, false);
	for (int i = 0; i < TOLD; i++)
		truth_root(&t[i], &owner);
	truth_finding("CT122", "P2", "\"proven\",\"likely\"", t, REQUESTS);
	truth_finding("CT120", "P2", "\"proven\",\"likely\"", t, REQUESTS);
	truth_verdict("stuck");
	sample_rest(2 + REQUESTS);
}
