/* SPDX-License-Identifier: Apache-2.0 */
/* A thread ended with a rwlock held for writing; one would read, another one write. */
#include "sample.h"

enum { STUCK = 2 };

static pthread_rwlock_t g_routes_lock = PTHREAD_RWLOCK_INITIALIZER;

static void *updater(void *arg)
{
	pthread_rwlock_wrlock(&g_routes_lock);
	sample_await_known();
	return arg;
}

SAMPLE_FRAME static void find_route(void)
{
	pthread_rwlock_rdlock(&g_routes_lock);
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void add_route(void)
{
	pthread_rwlock_wrlock(&g_routes_lock);
	SAMPLE_AFTER();
}

static void *reader(void *arg)
{
	find_route();
	return arg;
}

static void *writer(void *arg)
{
	add_route();
	return arg;
}

int main(void)
{
	struct sample_thread owner = {.name = "updater", .run = updater};
	struct sample_thread t[STUCK] = {
		{.name = "reader", .run = reader}, {.name = "writer", .run = writer}};

	sample_start(&owner);
	pthread_join(owner.handle, NULL);
	sample_start_all(t, STUCK);
	expect_wait(&t[0], "rwlock-read", &g_routes_lock, NULL, "g_routes_lock", NULL, false);
	expect_wait(&t[1], "rwlock-write", &g_routes_lock, NULL, "g_routes_lock", NULL, false);
	truth_function(&t[0], "find_route");
	truth_function(&t[1], "add_route");
	truth_owner_gone(&t[0], owner.tid, &g_routes_lock);
	truth_owner_gone(&t[1], owner.tid, &g_routes_lock);
	truth_finding("CT103", "P0", "\"proven\"", t, STUCK);
	truth_verdict("deadlock");
	sample_rest(1 + STUCK);
}
