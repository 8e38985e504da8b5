/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name that is too long runs over the lock behind it: once while a thread waits for the lock,
 * once while nobody does. Locks that were destroyed, and memory that was a lock and now serves for
 * something else, are none of these.
 */
#include "held.h"

static struct session {
	char user[16];
	pthread_mutex_t lock;
	int requests;
} g_web = {.user = "web"}, g_batch = {.user = "batch"}, g_closed = {.user = "closed"};

static union slot {
	pthread_mutex_t lock;
	char text[40];
} g_slots[4];

static struct sample_thread g_threads[2];

static void set_user(struct session *session, const char *name)
{
	/* As strcpy() does it, without the compiler's knowing better. */
	volatile char *to = session->user;

	do
		*to++ = *name;
	while (*name++);
}

SAMPLE_FRAME static void serve(struct session *session)
{
	pthread_mutex_lock(&session->lock);
	session->requests++;
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	pthread_mutex_unlock(&session->lock);
}

static void *server(void *arg)
{
	serve((struct session *)arg);
	return arg;
}

int main(void)
{
	static const char name[] = "an-administrator-with-a-name-that-never-ends-at-all";

	pthread_mutex_init(&g_closed.lock, NULL);
	pthread_mutex_destroy(&g_closed.lock);
	for (int i = 0; i < 4; i++)
		strcpy(g_slots[i].text, "no lock any more, but an article");
	for (int i = 0; i < 2; i++) {
		g_threads[i] =
			(struct sample_thread){.name = "server", .run = server, .arg = &g_web};
		sample_start(&g_threads[i]);
		sample_await(g_threads[i].tid, i ? SYS_futex : SYS_clock_nanosleep, SAMPLE_ANY);
	}
	set_user(&g_web, name);
	set_user(&g_batch, name);
	expect_mutex(&g_threads[1], &g_web.lock, "g_web.lock", NULL, false);
	truth_function(&g_threads[1], "serve");
	truth_finding("CT112", "P1", "\"proven\"", &g_threads[1], 1);
	truth_is("corrupt", "\"g_web.lock\"");
	truth_is("corrupt", "\"g_batch.lock\"");
	truth_held_only();
	truth_is("absent", "[\"CT103\",\"CT121\"]");
	truth_verdict("stuck");
	sample_rest(3);
}
