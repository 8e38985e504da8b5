/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A priority-inheriting lock taken twice by the same thread. The kernel answers EDEADLK, and glibc
 * then waits for ever on a word of its own stack: no register holds the lock, so a report may miss
 * it.
 */
#include "sample.h"

static pthread_mutex_t g_motor_lock;

SAMPLE_FRAME static void set_speed(void)
{
	pthread_mutex_lock(&g_motor_lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(&g_motor_lock);
}

static void *controller(void *arg)
{
	pthread_mutex_lock(&g_motor_lock);
	set_speed();
	pthread_mutex_unlock(&g_motor_lock);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "controller", .run = controller};
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	sample_must(pthread_mutex_init(&g_motor_lock, &attr), "pthread_mutex_init");
	sample_start(&t);
	expect_syscall(&t, SYS_futex);
	printf("{\"wait\":{\"may\":true,\"tid\":%d,\"kind\":\"mutex\",\"resource\":\"%p\","
	       "\"timed\":false,\"name\":\"g_motor_lock\",\"on\":[%d]}}\n",
		t.tid, (void *)&g_motor_lock, t.tid);
	printf("{\"cycle\":{\"may\":true,\"timed\":false,\"tids\":[%d]}}\n", t.tid);
	printf("{\"finding\":{\"may\":true,\"rule\":\"CT102\",\"level\":\"P0\","
	       "\"confidence\":[\"proven\",\"likely\"],\"tids\":[%d]}}\n",
		t.tid);
	truth_function(&t, "set_speed");
	truth_is("verdict", "[\"deadlock\",\"clean\"]");
	sample_rest(2);
}
