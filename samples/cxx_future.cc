// SPDX-License-Identifier: Apache-2.0
// Three who wait for what others should give: the value of a promise that nobody keeps, the same
// for a day at most, and a task of std::async that is stuck itself, which is a join of its thread.
#include "nameless.h"

#include <future>

static gate g_never;
static sample_thread t[4];

static SAMPLE_FRAME int quote(std::shared_future<int> price)
{
	return price.get() + 1;
}

static SAMPLE_FRAME bool peek(std::shared_future<int> price)
{
	return price.wait_for(std::chrono::hours(24)) == std::future_status::ready;
}

static SAMPLE_FRAME int deliver()
{
	sample_enter(&t[3]);
	gate_pass(&g_never);
	return 3;
}

static SAMPLE_FRAME int expect_parcel()
{
	std::future<int> parcel = std::async(std::launch::async, deliver);

	return parcel.get() + 1;
}

static std::promise<int> g_price;
static std::shared_future<int> g_quoted;

static void *seller(void *)
{
	return quote(g_quoted) ? &t : nullptr;
}

static void *browser(void *)
{
	return peek(g_quoted) ? &t : nullptr;
}

static void *receiver(void *)
{
	return expect_parcel() ? &t : nullptr;
}

int main()
{
	t[0].name = "seller", t[0].run = seller;
	t[1].name = "browser", t[1].run = browser;
	t[2].name = "receiver", t[2].run = receiver;
	t[3].name = "courier";
	g_quoted = g_price.get_future().share();
	gate_init(&g_never);
	sample_start_all(t, 3);
	sample_await_enter(&t[3]);
	expect_nameless(&t[0], "future", nullptr, nullptr, nullptr, nullptr, false);
	expect_nameless(&t[1], "future", nullptr, nullptr, nullptr, nullptr, false);
	expect_join(&t[2], &t[3]);
	gate_await(&g_never, &t[3]);
	truth_root(&t[2], &t[3]);
	truth_function(&t[0], "quote");
	truth_function(&t[1], "peek");
	truth_function(&t[2], "expect_parcel");
	truth_is("absent", "[\"CT101\",\"CT102\"]");
	sample_rest(5);
}
