// SPDX-License-Identifier: Apache-2.0
// No deadlock: who was woken at a condition variable waits for its lock again, which who notified
// it still has while it reads from a pipe. The guard that the one gave to the wait is no lock that
// it has: of a std::mutex, and of a std::shared_mutex, which does not record who reads.
#include "nameless.h"

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

template <typename Mutex, typename Condition> struct Shelf {
	Mutex lock;
	Condition filled;
	int goods = 0;
};

static Shelf<std::mutex, std::condition_variable> g_cheese;
static Shelf<std::shared_mutex, std::condition_variable_any> g_bread;
static gate g_delivery[2];

static SAMPLE_FRAME int buy_cheese()
{
	std::unique_lock<std::mutex> guard(g_cheese.lock);

	while (!g_cheese.goods)
		g_cheese.filled.wait(guard);
	return --g_cheese.goods;
}

static SAMPLE_FRAME void bring_cheese()
{
	std::lock_guard<std::mutex> guard(g_cheese.lock);

	g_cheese.goods++;
	g_cheese.filled.notify_one();
	gate_pass(&g_delivery[0]);
}

static SAMPLE_FRAME int look_for_bread()
{
	std::shared_lock<std::shared_mutex> guard(g_bread.lock);

	while (!g_bread.goods)
		g_bread.filled.wait(guard);
	return g_bread.goods;
}

static SAMPLE_FRAME void bring_bread()
{
	std::unique_lock<std::shared_mutex> guard(g_bread.lock);

	g_bread.goods++;
	g_bread.filled.notify_all();
	gate_pass(&g_delivery[1]);
}

static void *buyer(void *arg)
{
	return buy_cheese() ? arg : nullptr;
}

static void *dairy(void *arg)
{
	bring_cheese();
	return arg;
}

static void *looker(void *arg)
{
	return look_for_bread() ? arg : nullptr;
}

static void *baker(void *arg)
{
	bring_bread();
	return arg;
}

int main()
{
	sample_thread t[4] = {};
	void *(*const runs[])(void *) = {buyer, looker, dairy, baker};
	const char *const names[] = {"buyer", "looker", "dairy", "baker"};

	for (int i = 0; i < 4; i++)
		t[i].name = names[i], t[i].run = runs[i];
	sample_start_all(t, 2);
	for (int i = 0; i < 2; i++) {
		sample_await(t[i].tid, SYS_futex, SAMPLE_ANY);
		gate_init(&g_delivery[i]);
		sample_start(&t[2 + i]);
		gate_await(&g_delivery[i], &t[2 + i]);
		expect_syscall(&t[2 + i], SYS_read);
	}
	expect_mutex(&t[0], &g_cheese.lock, "g_cheese.lock", &t[2], false);
	expect_wait(&t[1], "rwlock-read", &g_bread.lock, nullptr, "g_bread.lock", &t[3], false);
	truth_function(&t[0], "buy_cheese");
	truth_function(&t[1], "look_for_bread");
	truth_is("absent", "[\"CT101\",\"CT102\"]");
	truth_is("verdict", "[\"clean\"]");
	sample_rest(5);
}
