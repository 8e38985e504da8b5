/* SPDX-License-Identifier: Apache-2.0 */
/* A download is cancelled in the middle of its work, with the cache's lock in its hands. */
#include "orphan.h"

static pthread_mutex_t g_cache_lock = PTHREAD_MUTEX_INITIALIZER;

static void *download(void *arg)
{
	pthread_mutex_lock(&g_cache_lock);
	pause(); /* for data; may be cancelled */
	pthread_mutex_unlock(&g_cache_lock);
	return arg;
}

SAMPLE_FRAME static void look_up(void)
{
	pthread_mutex_lock(&g_cache_lock);
	SAMPLE_AFTER();
}

static void *page(void *arg)
{
	look_up();
	return arg;
}

int main(void)
{
	struct sample_thread owner = {.name = "download", .run = download};
	struct sample_thread t = {.name = "page", .run = page};

	sample_start(&owner);
	sample_await(owner.tid, SYS_pause, SAMPLE_ANY);
	pthread_cancel(owner.handle);
	sample_await_exit(owner.tid);
	sample_start(&t);
	expect_mutex(&t, &g_cache_lock, "g_cache_lock", NULL, false);
	truth_owner_gone(&t, owner.tid, &g_cache_lock);
	truth_function(&t, "look_up");
	truth_exited(&owner, "download", "it was cancelled");
	truth_is("exited_threads", "1");
	truth_finding("CT103", "P0", "\"proven\"", &t, 1);
	truth_verdict("deadlock");
	sample_rest(2);
}
