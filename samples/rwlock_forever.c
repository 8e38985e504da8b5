/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader that takes a lock through a function that returns locked, and never gives it back: only
 * what it has done tells, nothing that it will do.
 */
#include "holders.h"

struct session {
	int user;
	pthread_rwlock_t lock;
};

static struct session g_session = {1, PTHREAD_RWLOCK_INITIALIZER};
static struct gate g_events;

SAMPLE_FRAME static struct session *open_session(struct session *session)
{
	if (pthread_rwlock_rdlock(&session->lock))
		return NULL;
	return session;
}

SAMPLE_FRAME static void follow_events(void)
{
	struct session *session = open_session(&g_session);

	while (session)
		gate_pass(&g_events);
}

SAMPLE_FRAME static void close_session(struct session *session)
{
	pthread_rwlock_wrlock(&session->lock);
	session->user = 0;
	pthread_rwlock_unlock(&session->lock);
}

static void *follower(void *arg)
{
	follow_events();
	return arg;
}

static void *closer(void *arg)
{
	close_session(arg);
	return arg;
}

int main(void)
{
	struct sample_thread reader = {.name = "follower", .run = follower};
	struct sample_thread writer = {.name = "closer", .run = closer, .arg = &g_session};

	gate_init(&g_events);
	sample_start(&reader);
	gate_await(&g_events, &reader);
	sample_start(&writer);
	expect_wait_on(&writer, "rwlock-write", &g_session.lock, "g_session.lock", &reader, 1);
	truth_inferred(&reader, &g_session.lock, "shared", true);
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	sample_rest(3);
}
