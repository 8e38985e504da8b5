/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of a printing service ended with locks in their hands: one returned and was joined, one
 * was cancelled, one nobody joins. Nobody waits for these locks yet. A robust one, whose next user
 * will be told, is no harm; nor is what a thread holds that lives.
 */
#include "held.h"

enum { PRINTERS = 3, LIVES = PRINTERS, ROBUST };

static struct printer {
	const char *tray;
	pthread_mutex_t lock;
} g_printers[PRINTERS + 2];

static struct sample_thread g_threads[PRINTERS + 2];

SAMPLE_FRAME static void take(struct printer *printer)
{
	pthread_mutex_lock(&printer->lock);
}

static void *forgetful(void *arg)
{
	take((struct printer *)arg);
	sample_await_known();
	return NULL;
}

static void *patient(void *arg)
{
	take((struct printer *)arg);
	for (;;)
		pause();
	return NULL;
}

static void await_end(const struct sample_thread *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d", t->tid);
	while (access(path, F_OK) == 0)
		sample_sleep_ms(1);
}

static void start(int i, void *(*run)(void *))
{
	g_threads[i] = (struct sample_thread){.name = "printer", .run = run, .arg = &g_printers[i]};
	sample_start(&g_threads[i]);
}

int main(void)
{
	pthread_mutexattr_t robust;
	char name[32];

	pthread_mutexattr_init(&robust);
	pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
	for (int i = 0; i < PRINTERS + 2; i++)
		pthread_mutex_init(&g_printers[i].lock, i == ROBUST ? &robust : NULL);
	start(0, forgetful);
	start(1, patient);
	start(2, forgetful);
	start(ROBUST, forgetful);
	start(LIVES, patient);
	sample_await(g_threads[1].tid, SYS_pause, SAMPLE_ANY);
	pthread_cancel(g_threads[1].handle);
	pthread_join(g_threads[1].handle, NULL);
	pthread_join(g_threads[0].handle, NULL);
	pthread_join(g_threads[ROBUST].handle, NULL);
	await_end(&g_threads[2]);
	expect_syscall(&g_threads[LIVES], SYS_pause);
	for (int i = 0; i < PRINTERS; i++) {
		snprintf(name, sizeof(name), "g_printers[%d].lock", i);
		truth_left_held(g_threads[i].tid, &g_printers[i].lock, name);
	}
	truth_held(&g_threads[LIVES], &g_printers[LIVES].lock, "g_printers[3].lock");
	truth_held_only();
	truth_is("absent", "[\"CT103\"]");
	truth_verdict("clean");
	sample_rest(2);
}
