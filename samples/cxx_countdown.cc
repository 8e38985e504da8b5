// SPDX-License-Identifier: Apache-2.0
// C++20: a restaurant opens when chef and baker have counted down a std::latch. The director waits
// for that with the keys in hand, which the baker needs first.
#include "nameless.h"

#include <latch>
#include <mutex>

static std::latch g_ready(2);
static std::mutex g_keys;
static int g_loaves;
static gate g_gate;

static SAMPLE_FRAME void open_restaurant()
{
	std::lock_guard<std::mutex> keys(g_keys);

	gate_open(&g_gate);
	g_ready.wait();
	SAMPLE_AFTER();
}

static SAMPLE_FRAME void bake()
{
	gate_pass(&g_gate);
	{
		std::lock_guard<std::mutex> keys(g_keys);
		g_loaves += 40;
	}
	g_ready.count_down();
	SAMPLE_AFTER();
}

static void *director(void *)
{
	open_restaurant();
	return nullptr;
}

static void *baker(void *)
{
	bake();
	return nullptr;
}

static void *chef(void *)
{
	g_ready.count_down();
	pause();
	return nullptr;
}

int main()
{
	sample_thread t[3] = {};

	gate_init(&g_gate);
	t[0].name = "director", t[0].run = director;
	t[1].name = "baker", t[1].run = baker;
	t[2].name = "chef", t[2].run = chef;
	sample_start_all(t, 3);
	expect_nameless(&t[0], "barrier", &g_ready, &g_ready, "g_ready", nullptr, true);
	expect_mutex(&t[1], &g_keys, "g_keys", &t[0], false);
	truth_state_by_names(&g_ready, "\"remaining\":1");
	truth_peers_by_names(&t[0], &t[1]);
	truth_function(&t[0], "open_restaurant");
	truth_function(&t[1], "bake");
	truth_cycle_by_names(t, 2);
	sample_rest(4);
}
