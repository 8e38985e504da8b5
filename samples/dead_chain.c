/* SPDX-License-Identifier: Apache-2.0 */
/* A thread ended with a lock in its hands. One waits for it, and others for what that one holds. */
#include "sample.h"

enum { QUERIES = 2, STUCK = 1 + QUERIES };

static pthread_mutex_t g_index_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_catalog_lock = PTHREAD_MUTEX_INITIALIZER;
static int g_entries;

static void *importer(void *arg)
{
	pthread_mutex_lock(&g_index_lock);
	sample_await_known();
	return arg;
}

SAMPLE_FRAME static void rebuild_index(void)
{
	pthread_mutex_lock(&g_index_lock);
	g_entries++;
	pthread_mutex_unlock(&g_index_lock);
}

SAMPLE_FRAME static void update_catalog(void)
{
	pthread_mutex_lock(&g_catalog_lock);
	rebuild_index();
	pthread_mutex_unlock(&g_catalog_lock);
}

SAMPLE_FRAME static int look_up(void)
{
	int entries;

	pthread_mutex_lock(&g_catalog_lock);
	entries = g_entries;
	pthread_mutex_unlock(&g_catalog_lock);
	return entries;
}

static void *updater(void *arg)
{
	update_catalog();
	return arg;
}

static void *query(void *arg)
{
	(void)arg;
	return (void *)(long)look_up();
}

int main(void)
{
	struct sample_thread owner = {.name = "importer", .run = importer};
	struct sample_thread t[STUCK] = {{.name = "updater", .run = updater}};

	sample_start(&owner);
	pthread_join(owner.handle, NULL);
	sample_start(&t[0]);
	expect_mutex(&t[0], &g_index_lock, "g_index_lock", NULL, false);
	truth_owner_gone(&t[0], owner.tid, &g_index_lock);
	truth_function(&t[0], "rebuild_index");
	truth_function(&t[0], "update_catalog");
	for (int i = 1; i < STUCK; i++) {
		t[i] = (struct sample_thread){.name = "query", .run = query};
		sample_start(&t[i]);
		expect_mutex(&t[i], &g_catalog_lock, "g_catalog_lock", &t[0], false);
		truth_function(&t[i], "look_up");
	}
	truth_finding("CT103", "P0", "\"proven\"", t, STUCK);
	truth_verdict("deadlock");
	sample_rest(1 + STUCK);
}
