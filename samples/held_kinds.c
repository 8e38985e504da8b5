/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cashier closes the day: every lock of the shop is in one thread's hands, of each kind and
 * wherever a lock can be, and nobody waits for any. Beside them are others that are free.
 */
#include "held.h"

#include <sys/mman.h>

struct account {
	char owner[24];
	pthread_mutex_t lock;
	long balance;
};

struct shop {
	const char *name;
	pthread_mutex_t till, safe;
	pthread_rwlock_t prices, stock;
	struct account accounts[4];
};

static pthread_mutex_t g_normal = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t g_errorcheck = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t g_adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t g_timed = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_tried = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_robust[3], g_inherit, g_shared, g_free = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t g_prices = PTHREAD_RWLOCK_INITIALIZER;
static struct shop g_shop;
static __thread pthread_mutex_t t_drawer;
static struct account *g_savings;
static pthread_mutex_t *g_ledger;
static FILE *g_journal;
static pthread_mutex_t *g_on_stack, *g_in_drawer;
static struct sample_thread g_cashier;

static void init(pthread_mutex_t *lock, int robust, int protocol, int shared)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, robust);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutexattr_setpshared(&attr, shared);
	sample_must(pthread_mutex_init(lock, &attr), "pthread_mutex_init");
}

static void prepare(void)
{
	for (int i = 0; i < 3; i++)
		init(&g_robust[i], PTHREAD_MUTEX_ROBUST,
			i == 1 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE, 0);
	init(&g_inherit, 0, PTHREAD_PRIO_INHERIT, 0);
	init(&g_shared, 0, 0, PTHREAD_PROCESS_SHARED);
	g_shop.name = "corner";
	g_savings = calloc(8, sizeof(*g_savings));
	g_ledger = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	g_journal = fopen("/dev/null", "w");
	if (!g_savings || g_ledger == MAP_FAILED || !g_journal)
		sample_cannot("prepare");
}

static void lock(pthread_mutex_t *mutex)
{
	sample_must(pthread_mutex_lock(mutex), "pthread_mutex_lock");
}

SAMPLE_FRAME static void lock_kinds(void)
{
	struct timespec deadline = sample_tomorrow(CLOCK_REALTIME);

	lock(&g_normal);
	for (int depth = 0; depth < 3; depth++)
		lock(&g_recursive);
	lock(&g_errorcheck);
	lock(&g_adaptive);
	sample_must(pthread_mutex_timedlock(&g_timed, &deadline), "timedlock");
	sample_must(pthread_mutex_trylock(&g_tried), "trylock");
	lock(&g_robust[0]);
	lock(&g_robust[1]);
	lock(&g_inherit);
	lock(&g_shared);
	lock(&g_free);
	pthread_mutex_unlock(&g_free);
	pthread_rwlock_wrlock(&g_prices);
}

SAMPLE_FRAME static void lock_places(void)
{
	lock(&g_shop.safe);
	lock(&g_shop.accounts[2].lock);
	pthread_rwlock_wrlock(&g_shop.stock);
	pthread_rwlock_rdlock(&g_shop.prices);
	pthread_rwlock_unlock(&g_shop.prices);
	lock(&g_savings[1].lock);
	lock(&g_savings[5].lock);
	lock(&g_ledger[7]);
	lock(&t_drawer);
	flockfile(g_journal);
	g_in_drawer = &t_drawer;
}

SAMPLE_FRAME static void close_day(void)
{
	pthread_mutex_t receipts = PTHREAD_MUTEX_INITIALIZER;

	lock(&receipts);
	g_on_stack = &receipts;
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	pthread_mutex_unlock(&receipts);
}

static void *cashier(void *arg)
{
	lock_kinds();
	lock_places();
	close_day();
	return arg;
}

int main(void)
{
	const struct sample_thread *t = &g_cashier;

	prepare();
	g_cashier = (struct sample_thread){.name = "cashier", .run = cashier};
	sample_start(&g_cashier);
	expect_syscall(t, SYS_clock_nanosleep);
	truth_held(t, &g_normal, "g_normal");
	truth_held(t, &g_recursive, "g_recursive");
	truth_held(t, &g_errorcheck, "g_errorcheck");
	truth_held(t, &g_adaptive, "g_adaptive");
	truth_held(t, &g_timed, "g_timed");
	truth_held(t, &g_tried, "g_tried");
	truth_held(t, &g_robust[0], "g_robust[0]");
	truth_held(t, &g_robust[1], "g_robust[1]");
	truth_held(t, &g_inherit, "g_inherit");
	truth_held(t, &g_shared, "g_shared");
	truth_held(t, &g_prices, "g_prices");
	truth_held(t, &g_shop.safe, "g_shop.safe");
	truth_held(t, &g_shop.accounts[2].lock, "g_shop.accounts[2].lock");
	truth_held(t, &g_shop.stock, "g_shop.stock");
	truth_held(t, &g_savings[1].lock, "g_savings[1].lock");
	truth_held(t, &g_savings[5].lock, "g_savings[5].lock");
	truth_held(t, &g_ledger[7], NULL);
	truth_held(t, g_in_drawer, "t_drawer");
	truth_held(t, g_on_stack, NULL);
	truth_held(t, (char *)g_journal + 224, NULL); /* libio puts the lock behind the FILE */
	truth_held_only();
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(2);
}
