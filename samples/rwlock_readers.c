/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration that readers keep locked while they talk to clients: a writer waits for two of
 * them. A third one has read and given it back.
 */
#include "holders.h"

static pthread_rwlock_t g_config_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct gate g_clients[3];
static int g_limit = 10, g_served;

SAMPLE_FRAME static void answer_client(struct gate *client)
{
	gate_pass(client);
	g_served++;
}

/* Holds the lock for as long as the client is slow. */
SAMPLE_FRAME static int serve_client(struct gate *client)
{
	int limit;

	pthread_rwlock_rdlock(&g_config_lock);
	limit = g_limit;
	if (limit > 0)
		answer_client(client);
	pthread_rwlock_unlock(&g_config_lock);
	return limit;
}

/* Takes what it needs, and talks without the lock. */
SAMPLE_FRAME static int serve_quickly(struct gate *client)
{
	int limit;

	pthread_rwlock_rdlock(&g_config_lock);
	limit = g_limit;
	pthread_rwlock_unlock(&g_config_lock);
	if (limit > 0)
		answer_client(client);
	return limit;
}

SAMPLE_FRAME static void reload_config(int limit)
{
	pthread_rwlock_wrlock(&g_config_lock);
	g_limit = limit;
	pthread_rwlock_unlock(&g_config_lock);
}

static void *slow_server(void *arg)
{
	serve_client(arg);
	return arg;
}

static void *quick_server(void *arg)
{
	serve_quickly(arg);
	return arg;
}

static void *reloader(void *arg)
{
	reload_config(20);
	return arg;
}

int main(void)
{
	struct sample_thread readers[] = {
		{.name = "reader_a", .run = slow_server, .arg = &g_clients[0]},
		{.name = "reader_b", .run = slow_server, .arg = &g_clients[1]},
	};
	struct sample_thread quick = {.name = "quick", .run = quick_server, .arg = &g_clients[2]};
	struct sample_thread writer = {.name = "reloader", .run = reloader};

	for (int i = 0; i < 3; i++)
		gate_init(&g_clients[i]);
	sample_start_all(readers, 2);
	sample_start(&quick);
	for (int i = 0; i < 2; i++)
		gate_await(&g_clients[i], &readers[i]);
	gate_await(&g_clients[2], &quick);
	sample_start(&writer);
	expect_wait_on(&writer, "rwlock-write", &g_config_lock, "g_config_lock", readers, 2);
	for (int i = 0; i < 2; i++)
		truth_inferred(&readers[i], &g_config_lock, "shared", true);
	truth_free_of(&quick, &g_config_lock);
	truth_root(&writer, &readers[0]);
	truth_function(&writer, "reload_config");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	sample_rest(5);
}
