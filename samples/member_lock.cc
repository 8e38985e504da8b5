// SPDX-License-Identifier: Apache-2.0
// Locks whose names are paths: a member of a struct in an array, of a class, a static local.
#include "sample.h"

#include <mutex>

struct worker {
	int id;
	long jobs;
	pthread_mutex_t lock;
};

struct pool {
	const char *name;
	struct worker workers[4];
};

class Ledger
{
      public:
	void post(long cents)
	{
		std::lock_guard<std::mutex> guard(accounts_lock);
		balance += cents;
	}

	long balance = 0;
	std::mutex accounts_lock;
	std::recursive_mutex audit_lock;
};

struct pool pool = {"pool", {}};
Ledger g_ledger;

static pthread_mutex_t *static_local()
{
	static pthread_mutex_t once_lock = PTHREAD_MUTEX_INITIALIZER;

	return &once_lock;
}

static void *keeper(void *arg)
{
	pthread_mutex_lock(&pool.workers[3].lock);
	g_ledger.accounts_lock.lock();
	g_ledger.audit_lock.lock();
	pthread_mutex_lock(static_local());
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	return arg;
}

static void *use_worker(void *arg)
{
	pthread_mutex_lock(&pool.workers[3].lock);
	pool.workers[3].jobs++;
	return arg;
}

static void *post(void *arg)
{
	g_ledger.post(100);
	return arg;
}

static void *audit(void *arg)
{
	std::lock_guard<std::recursive_mutex> guard(g_ledger.audit_lock);
	return arg;
}

static void *use_static(void *arg)
{
	pthread_mutex_lock(static_local());
	return arg;
}

int main()
{
	static sample_thread holder = {"keeper", keeper, nullptr, 0, 0};
	static sample_thread t[] = {
		{"worker", use_worker, nullptr, 0, 0},
		{"post", post, nullptr, 0, 0},
		{"audit", audit, nullptr, 0, 0},
		{"static", use_static, nullptr, 0, 0},
	};

	for (worker &w : pool.workers)
		pthread_mutex_init(&w.lock, nullptr);
	sample_start(&holder);
	expect_syscall(&holder, SAMPLE_SLEEP);
	sample_start_all(t, 4);
	expect_mutex(&t[0], &pool.workers[3].lock, "pool.workers[3].lock", &holder, false);
	expect_mutex(&t[1], &g_ledger.accounts_lock, "g_ledger.accounts_lock", &holder, false);
	expect_mutex(&t[2], &g_ledger.audit_lock, "g_ledger.audit_lock", &holder, false);
	expect_mutex(&t[3], static_local(), "*once_lock", &holder, false);
	for (sample_thread &waiter : t)
		truth_root(&waiter, &holder);
	truth_verdict("stuck");
	sample_rest(6);
}
