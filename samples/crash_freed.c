/* SPDX-License-Identifier: Apache-2.0 */
/* A connection is freed and then used: malloc has written its own list where the pointer was. */
#include "crash.h"

struct protocol {
	long version, features;
};

struct connection {
	const struct protocol *protocol;
	char peer[40];
};

static const struct protocol g_protocol = {2, 7};
static struct connection *volatile g_connection;

SAMPLE_FRAME static long features_of(const struct connection *connection)
{
	return connection->protocol->features + 1;
}

static void *acceptor(void *arg)
{
	crash_await();
	return features_of(g_connection) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "acceptor", .run = acceptor};
	struct connection *connection = malloc(sizeof(*connection));

	connection->protocol = &g_protocol;
	g_connection = connection;
	free(connection);
	crash_start(&t);
	/* Before glibc 2.32 the end of malloc's list is null. */
	truth_crash(&t, SIGSEGV, "freed-pointer\",\"null-pointer", "features_of", "");
	crash_go(2);
}
