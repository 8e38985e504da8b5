/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of mutex that the C library has, each with a holder and a waiter; one holder for all.
 */
#include "sample.h"
#include <sched.h>

enum wait { PLAIN, TIMED, CLOCKED };

struct kind {
	const char *name;
	int type, protocol, robust, shared;
	enum wait wait;
	pthread_mutex_t lock;
	int error; /* of init or of the wait: this machine cannot do it */
};

enum {
	NORMAL = PTHREAD_MUTEX_NORMAL,
	RECURSIVE = PTHREAD_MUTEX_RECURSIVE,
	ERRORCHECK = PTHREAD_MUTEX_ERRORCHECK,
#ifdef __GLIBC__
	ADAPTIVE = PTHREAD_MUTEX_ADAPTIVE_NP,
#endif
	INHERIT = PTHREAD_PRIO_INHERIT,
	PROTECT = PTHREAD_PRIO_PROTECT,
	ROBUST = PTHREAD_MUTEX_ROBUST,
	SHARED = PTHREAD_PROCESS_SHARED,
};

static struct kind g_kinds[] = {
	{.name = "normal", .type = NORMAL},
	{.name = "recursive", .type = RECURSIVE},
	{.name = "errorcheck", .type = ERRORCHECK},
#ifdef __GLIBC__
	{.name = "adaptive", .type = ADAPTIVE},
	{.name = "adaptive clocked", .type = ADAPTIVE, .wait = CLOCKED},
	{.name = "normal clocked", .wait = CLOCKED},
	{.name = "pi clocked", .protocol = INHERIT, .wait = CLOCKED},
#endif
	{.name = "robust", .robust = ROBUST},
	{.name = "robust recursive", .type = RECURSIVE, .robust = ROBUST},
	{.name = "robust errorcheck", .type = ERRORCHECK, .robust = ROBUST},
	{.name = "pi", .protocol = INHERIT},
	{.name = "pi recursive", .type = RECURSIVE, .protocol = INHERIT},
	{.name = "pi errorcheck", .type = ERRORCHECK, .protocol = INHERIT},
	{.name = "robust pi", .protocol = INHERIT, .robust = ROBUST},
	{.name = "shared", .shared = SHARED},
	{.name = "shared recursive", .type = RECURSIVE, .shared = SHARED},
	{.name = "shared robust", .robust = ROBUST, .shared = SHARED},
	{.name = "shared pi", .protocol = INHERIT, .shared = SHARED},
	{.name = "shared robust pi", .protocol = INHERIT, .robust = ROBUST, .shared = SHARED},
	{.name = "protect", .protocol = PROTECT},
	{.name = "protect shared", .protocol = PROTECT, .shared = SHARED},
	{.name = "normal timed", .wait = TIMED},
	{.name = "recursive timed", .type = RECURSIVE, .wait = TIMED},
	{.name = "robust timed", .robust = ROBUST, .wait = TIMED},
	{.name = "pi timed", .protocol = INHERIT, .wait = TIMED},
	{.name = "shared timed", .shared = SHARED, .wait = TIMED},
};

enum { KINDS = sizeof(g_kinds) / sizeof(g_kinds[0]) };

static struct sample_thread g_holder, g_waiters[KINDS];

static int init(struct kind *k)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, k->type);
	pthread_mutexattr_setprotocol(&attr, k->protocol);
	pthread_mutexattr_setrobust(&attr, k->robust);
	pthread_mutexattr_setpshared(&attr, k->shared);
#ifdef __GLIBC__
	if (k->protocol == PROTECT)
		pthread_mutexattr_setprioceiling(&attr, 10);
#endif
	return pthread_mutex_init(&k->lock, &attr);
}

/* A lock with a priority ceiling can only be taken under a realtime policy. */
static void use_realtime(void)
{
	struct sched_param param = {.sched_priority = 1};

	pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
}

static void *holder(void *arg)
{
	use_realtime();
	for (int i = 0; i < KINDS; i++) {
		struct kind *k = &g_kinds[i];

		k->error = init(k);
		if (!k->error)
			k->error = pthread_mutex_lock(&k->lock);
		if (!k->error && k->type == RECURSIVE)
			pthread_mutex_lock(&k->lock);
	}
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	return arg;
}

SAMPLE_FRAME static int wait_for_kind(struct kind *k)
{
	clockid_t clock = k->wait == CLOCKED ? CLOCK_MONOTONIC : CLOCK_REALTIME;
	struct timespec deadline = sample_tomorrow(clock);
	int error = 0;

	if (k->wait == PLAIN)
		error = pthread_mutex_lock(&k->lock);
	if (k->wait == TIMED)
		error = pthread_mutex_timedlock(&k->lock, &deadline);
#ifdef __GLIBC__
	else if (k->wait == CLOCKED)
		error = pthread_mutex_clocklock(&k->lock, clock, &deadline);
#endif
	SAMPLE_AFTER();
	return error;
}

static void *waiter(void *arg)
{
	struct kind *k = (struct kind *)arg;

	if (k->protocol == PROTECT)
		use_realtime();
	__atomic_store_n(&k->error, wait_for_kind(k), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static bool skipped(const struct kind *k, struct sample_thread *t)
{
	struct sample_call call;
	int error;

	/* The lock's word, or pause() behind an error. */
	while (!(error = __atomic_load_n(&k->error, __ATOMIC_ACQUIRE)) &&
		!(sample_blocked(t->tid, &call) &&
			call.args[0] == (unsigned long)&k->lock + SAMPLE_MUTEX_WORD))
		sample_sleep_ms(1);
	if (error)
		truth_skipped(k->name, strerror(error));
	return error;
}

int main(void)
{
	int threads = 2;

	/* Whoever calls it first has it bound, which leaves other words on its stack. */
	sample_sleep_ms(1);
	g_holder = (struct sample_thread){.name = "holder", .run = holder};
	sample_start(&g_holder);
	expect_syscall(&g_holder, SAMPLE_SLEEP);
	for (int i = 0; i < KINDS; i++) {
		struct kind *k = &g_kinds[i];
		struct sample_thread *t = &g_waiters[i];
		char name[32];

		if (k->error) {
			truth_skipped(k->name, strerror(k->error));
			continue;
		}
		*t = (struct sample_thread){.name = k->name, .run = waiter, .arg = k};
		sample_start(t);
		threads++;
		if (skipped(k, t))
			continue;
		snprintf(name, sizeof(name), "g_kinds[%d].lock", i);
		expect_mutex(t, &k->lock, name, &g_holder, k->wait != PLAIN);
		truth_root(t, &g_holder);
		truth_function(t, "wait_for_kind");
	}
	truth_verdict("stuck");
	sample_rest(threads);
}
