/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handler interrupts a thread that waits to write, and stays: what it interrupted will unlock one
 * day, but does not have the lock yet. Another handler interrupted a reader that has it.
 */
#include "holders.h"

static pthread_rwlock_t g_cache_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct gate g_debugger, g_work;

static void stop_here(int signal)
{
	(void)signal;
	gate_pass(&g_debugger);
}

SAMPLE_FRAME static void look_up(void)
{
	pthread_rwlock_rdlock(&g_cache_lock);
	gate_pass(&g_work);
	pthread_rwlock_unlock(&g_cache_lock);
}

SAMPLE_FRAME static void invalidate(void)
{
	pthread_rwlock_wrlock(&g_cache_lock);
	SAMPLE_AFTER();
	pthread_rwlock_unlock(&g_cache_lock);
}

static void *reader(void *arg)
{
	look_up();
	return arg;
}

static void *writer(void *arg)
{
	invalidate();
	return arg;
}

int main(void)
{
	struct sample_thread r = {.name = "reader", .run = reader};
	struct sample_thread stopped = {.name = "stopped", .run = writer};
	struct sample_thread waits = {.name = "writer", .run = writer};

	gate_init(&g_debugger);
	gate_init(&g_work);
	signal(SIGUSR1, stop_here);
	sample_start(&r);
	gate_await(&g_work, &r);
	sample_start(&stopped);
	sample_await(stopped.tid, SYS_futex, SAMPLE_ANY);
	sample_start(&waits);
	sample_await(waits.tid, SYS_futex, SAMPLE_ANY);
	pthread_kill(stopped.handle, SIGUSR1);
	gate_await(&g_debugger, &stopped);
	pthread_kill(r.handle, SIGUSR1);
	gate_await(&g_debugger, &r);
	expect_syscall(&stopped, SYS_read);
	expect_syscall(&r, SYS_read);
	expect_wait_on(&waits, "rwlock-write", &g_cache_lock, "g_cache_lock", &r, 1);
	truth_inferred(&r, &g_cache_lock, "shared", true);
	truth_free_of(&stopped, &g_cache_lock);
	truth_root(&waits, &r);
	truth_function(&r, "look_up");
	truth_function(&stopped, "invalidate");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	sample_rest(4);
}
