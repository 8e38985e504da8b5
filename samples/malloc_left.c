/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that is cancelled or jumps out of a handler in the middle of malloc() leaves the arena
 * locked for good: nobody has it. Another thread, in malloc() as well at this moment, has the lock
 * of another arena and has nothing to do with it.
 */
#include "arenas.h"

#include <setjmp.h>

static struct gate g_request;
static struct arena_user g_users[2];
static __thread bool my_jump;
static __thread sigjmp_buf my_start;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	if (my_jump)
		siglongjmp(my_start, 1);
	if (is_moment(context, &g_users[1]))
		gate_pass(&g_users[1].stop);
}

/* Gives a request up when a signal says so, wherever it is. */
static void *impatient(void *arg)
{
	get_arena(&g_users[0]);
	my_jump = true;
	sigsetjmp(my_start, 1);
	gate_pass(&g_request);
	build_index();
	return arg;
}

static void *indexer(void *arg)
{
	get_arena(&g_users[1]);
	build_index();
	return arg;
}

static unsigned long leave_locked(const struct sample_thread *t,
	const struct sample_thread *prober_thread, struct prober *prober, struct sample_call *call)
{
	struct sample_call asleep;

	for (int i = 0; i < 4000; i++) {
		gate_await(&g_request, t);
		unsigned long word = try_to_allocate(prober_thread, prober, call);
		if (word)
			return word;
		gate_open(&g_request);
		while (sample_blocked(t->tid, &asleep))
			sample_sleep_ms(1);
		pthread_kill(t->handle, SIGUSR1);
	}
	sample_fail("malloc() was never interrupted", t->tid);
	return 0;
}

int main(void)
{
	static struct prober probers[2];
	struct sample_thread t[] = {
		{.name = "impatient", .run = impatient},
		{.name = "indexer", .run = indexer},
	};
	struct sample_thread waiters[] = {{.name = "server"}, {.name = "other"}};
	struct sample_call call[2];

	arenas_begin();
	on_signal_call(on_signal);
	gate_init(&g_users[1].stop);
	gate_init(&g_request);
	for (int i = 0; i < 2; i++) {
		gate_init(&g_users[i].begin);
		start_with_arena(&t[i], &g_users[i].first.has_arena);
	}
	for (int i = 0; i < 2; i++)
		start_prober(&waiters[i], &probers[i]);
	for (int i = 0; i < 2; i++)
		gate_open(&g_users[i].begin);
	unsigned long left = leave_locked(&t[0], &waiters[0], &probers[0], &call[0]);
	unsigned long word = stop_in_malloc(&t[1], &g_users[1], &waiters[1], &probers[1], &call[1]);
	if (word == left)
		sample_fail("there is one arena", 1);
	truth_call(&waiters[0], &call[0]);
	truth_wait(&waiters[0], "libc-lock", (void *)left, NULL, NULL, false);
	truth_wait(&waiters[1], "libc-lock", (void *)word, NULL, &t[1], false);
	truth_inferred(&t[1], (void *)word, "exclusive", true);
	for (int i = 0; i < 2; i++)
		truth_free_of(&t[i], (void *)left);
	truth_free_of(&t[0], (void *)word);
	truth_function(&t[1], "build_index");
	truth_is("quiet", "true");
	sample_rest(5);
}
