/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program ends in the middle of a transaction: exit() runs a handler that joins the writer, and
 * the writer waits for the lock of the transaction.
 */
#include "sample.h"

static pthread_mutex_t g_transaction = PTHREAD_MUTEX_INITIALIZER;
static struct sample_thread g_writer, g_closer;

SAMPLE_FRAME static void write_journal(void)
{
	pthread_mutex_lock(&g_transaction);
	SAMPLE_AFTER();
	pthread_mutex_unlock(&g_transaction);
}

static void *writer(void *arg)
{
	write_journal();
	return arg;
}

static void join_writer(void)
{
	pthread_join(g_writer.handle, NULL);
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void close_database(void)
{
	pthread_mutex_lock(&g_transaction);
	sample_start(&g_writer);
	exit(0);
}

static void *closer(void *arg)
{
	close_database();
	return arg;
}

int main(void)
{
	struct sample_thread t[2];

	g_writer = (struct sample_thread){.name = "writer", .run = writer};
	g_closer = (struct sample_thread){.name = "closer", .run = closer};
	atexit(join_writer);
	sample_start(&g_closer);
	sample_await_enter(&g_writer);
	t[0] = g_writer;
	t[1] = g_closer;
	expect_mutex(&g_writer, &g_transaction, "g_transaction", &g_closer, false);
	expect_join(&g_closer, &g_writer);
	truth_function(&g_closer, "join_writer");
	truth_function(&g_closer, "close_database");
	truth_deadlock(t, 2);
	sample_rest(3);
}
