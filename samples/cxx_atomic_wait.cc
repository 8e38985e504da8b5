// SPDX-License-Identifier: Apache-2.0
// C++20: waits for a change of an atomic. One of an int sleeps on the variable itself, one of
// another size on an entry of a table that it shares with others.
#include "nameless.h"

#include <atomic>

static std::atomic<int> g_state(1);
static std::atomic<long> g_epoch(7);

static SAMPLE_FRAME void await_state()
{
	g_state.wait(1);
	SAMPLE_AFTER();
}

static SAMPLE_FRAME void await_epoch()
{
	g_epoch.wait(7);
	SAMPLE_AFTER();
}

static void *follower(void *)
{
	await_state();
	return nullptr;
}

static void *reclaimer(void *)
{
	await_epoch();
	return nullptr;
}

int main()
{
	sample_thread t[2] = {};

	t[0].name = "follower", t[0].run = follower;
	t[1].name = "reclaimer", t[1].run = reclaimer;
	sample_start_all(t, 2);
	expect_nameless(&t[0], "atomic", &g_state, &g_state, "g_state", nullptr, true);
	expect_nameless(&t[1], "atomic", nullptr, nullptr, nullptr, nullptr, true);
	truth_function(&t[0], "await_state");
	truth_function(&t[1], "await_epoch");
	truth_is("absent", "[\"CT101\",\"CT102\"]");
	sample_rest(3);
}
