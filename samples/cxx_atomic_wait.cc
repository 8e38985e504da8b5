// SPDX-License-Identifier: Apache-2.0
// C++20: waits for a change of an atomic. One of an int sleeps on the variable itself, one of
// another size on an entry of a table that it shares with others.
#include "nameless.h"

#include <atomic>

static std::atomic<int> g_state(1);
static std::atomic<long> g_epoch(7);
static std::atomic<bool> g_open(false);

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

static SAMPLE_FRAME void await_opening()
{
	g_open.wait(false);
	SAMPLE_AFTER();
}

static SAMPLE_FRAME void await_nobody()
{
	std::atomic<long> visitors(0);

	visitors.wait(0);
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

static void *guest(void *)
{
	await_opening();
	return nullptr;
}

static void *hermit(void *)
{
	await_nobody();
	return nullptr;
}

int main()
{
	sample_thread t[4] = {};

	t[0].name = "follower", t[0].run = follower;
	t[1].name = "reclaimer", t[1].run = reclaimer;
	t[2].name = "guest", t[2].run = guest;
	t[3].name = "hermit", t[3].run = hermit;
	sample_start_all(t, 4);
	expect_nameless(&t[0], "atomic", &g_state, &g_state, "g_state", nullptr, true);
	expect_nameless(&t[1], "atomic", &g_epoch, nullptr, "g_epoch", nullptr, true);
	expect_nameless(&t[2], "atomic", &g_open, nullptr, "g_open", nullptr, true);
	// On its own stack, where nothing tells it from all else that is there.
	expect_nameless(&t[3], "atomic", nullptr, nullptr, nullptr, nullptr, true);
	truth_function(&t[0], "await_state");
	truth_function(&t[1], "await_epoch");
	truth_function(&t[2], "await_opening");
	truth_function(&t[3], "await_nobody");
	truth_state_by_names(&g_epoch, "\"value\":7");
	truth_state_by_names(&g_open, "\"value\":0");
	truth_is("absent", "[\"CT101\",\"CT102\"]");
	sample_rest(5);
}
