/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads are stopped in the middle of malloc(), by a handler that waits for a debugger, each
 * with the lock of another arena. Two others wait for these.
 */
#include "arenas.h"

enum { PAIRS = 2 };

static struct arena_user g_users[PAIRS];
static __thread struct arena_user *my_user;

static void stop_here(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	if (is_moment(context, my_user))
		gate_pass(&my_user->stop);
}

static void *indexer(void *arg)
{
	my_user = arg;
	get_arena(my_user);
	build_index();
	return arg;
}

int main(void)
{
	static struct prober probers[PAIRS];
	struct sample_thread t[PAIRS], waiters[PAIRS];
	struct sample_call call[PAIRS];
	unsigned long word[PAIRS];

	arenas_begin();
	on_signal_call(stop_here);
	for (int i = 0; i < PAIRS; i++) {
		gate_init(&g_users[i].stop);
		t[i] = (struct sample_thread){
			.name = "indexer", .run = indexer, .arg = &g_users[i]};
		gate_init(&g_users[i].begin);
		start_with_arena(&t[i], &g_users[i].first.has_arena);
	}
	for (int i = 0; i < PAIRS; i++) {
		waiters[i] = (struct sample_thread){.name = "server"};
		start_prober(&waiters[i], &probers[i]);
	}
	for (int i = 0; i < PAIRS; i++)
		gate_open(&g_users[i].begin);
	for (int i = 0; i < PAIRS; i++)
		word[i] = stop_in_malloc(&t[i], &g_users[i], &waiters[i], &probers[i], &call[i]);
	if (word[0] == word[1])
		sample_fail("there is one arena", 1);
	for (int i = 0; i < PAIRS; i++) {
		const void *lock = (const void *)word[i];

		expect_syscall(&t[i], SYS_read);
		truth_call(&waiters[i], &call[i]);
		truth_wait(&waiters[i], "libc-lock", lock, NULL, &t[i], false);
		truth_inferred(&t[i], lock, "exclusive", true);
		truth_free_of(&t[1 - i], lock);
		truth_function(&t[i], "build_index");
		truth_function(&waiters[i], "allocate");
		truth_root(&waiters[i], &t[i]);
	}
	truth_is("quiet", "true");
	sample_rest(1 + 2 * PAIRS);
}
