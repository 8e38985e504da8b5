// SPDX-License-Identifier: Apache-2.0
// Two tasks that run in threads of their own, and those who wait for what they make. One task needs
// the lock that its customer has; the other one reads from a pipe.
#include "nameless.h"

#include <future>
#include <mutex>
#include <thread>

static std::mutex g_menu;
static gate g_oven;
static sample_thread t[4];

static SAMPLE_FRAME int price_of(int dish)
{
	sample_enter(&t[2]);
	std::lock_guard<std::mutex> guard(g_menu);
	return dish * 2;
}

static SAMPLE_FRAME int bake(int dish)
{
	sample_enter(&t[3]);
	gate_pass(&g_oven);
	return dish + 1;
}

static SAMPLE_FRAME int run_apart(int (*function)(int), int dish)
{
	std::packaged_task<int(int)> task(function);
	std::future<int> made = task.get_future();
	std::thread cook(std::move(task), dish);
	int made_of = made.get();

	cook.join();
	return made_of;
}

static SAMPLE_FRAME int order_priced()
{
	std::lock_guard<std::mutex> guard(g_menu);

	return run_apart(price_of, 7);
}

static SAMPLE_FRAME int order_baked()
{
	return run_apart(bake, 8) + 1;
}

static void *guest(void *arg)
{
	return order_priced() ? arg : nullptr;
}

static void *early_bird(void *arg)
{
	return order_baked() ? arg : nullptr;
}

int main()
{
	t[0].name = "guest", t[0].run = guest;
	t[1].name = "early-bird", t[1].run = early_bird;
	t[2].name = "clerk", t[3].name = "baker";
	gate_init(&g_oven);
	sample_start_all(t, 2);
	sample_await_enter(&t[2]);
	sample_await_enter(&t[3]);
	gate_await(&g_oven, &t[3]);
	expect_mutex(&t[2], &g_menu, "g_menu", &t[0], false);
	expect_nameless(&t[0], "future", nullptr, nullptr, nullptr, &t[2], false);
	expect_nameless(&t[1], "future", nullptr, nullptr, nullptr, &t[3], false);
	truth_function(&t[0], "order_priced");
	truth_function(&t[1], "order_baked");
	sample_thread stuck[] = {t[0], t[2]};
	truth_cycle_by_names(stuck, 2);
	sample_rest(5);
}
