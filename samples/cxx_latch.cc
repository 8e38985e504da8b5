// SPDX-License-Identifier: Apache-2.0
// C++20: a std::latch with one count left, a std::barrier that is one short, a
// std::counting_semaphore that is empty.
#include "nameless.h"

#include <barrier>
#include <latch>
#include <semaphore>

static std::latch g_started(3);
static std::barrier<> g_round(3);
static std::counting_semaphore<8> g_slots(0);

static SAMPLE_FRAME void await_start()
{
	g_started.count_down();
	g_started.wait();
	SAMPLE_AFTER();
}

static SAMPLE_FRAME void play_round()
{
	g_round.arrive_and_wait();
	SAMPLE_AFTER();
}

static SAMPLE_FRAME void take_slot()
{
	g_slots.acquire();
	SAMPLE_AFTER();
}

static void *runner(void *)
{
	await_start();
	return nullptr;
}

static void *player(void *)
{
	play_round();
	return nullptr;
}

static void *client(void *)
{
	take_slot();
	return nullptr;
}

int main()
{
	sample_thread t[5] = {};
	void *(*const runs[])(void *) = {runner, runner, player, player, client};
	const char *const names[] = {"runner", "second", "player", "partner", "client"};

	for (int i = 0; i < 5; i++)
		t[i].name = names[i], t[i].run = runs[i];
	sample_start_all(t, 5);
	for (int i = 0; i < 2; i++) {
		expect_nameless(&t[i], "barrier", &g_started, nullptr, "g_started", nullptr, true);
		truth_function(&t[i], "await_start");
		expect_nameless(&t[2 + i], "barrier", &g_round, nullptr, "g_round", nullptr, true);
		truth_function(&t[2 + i], "play_round");
	}
	expect_nameless(&t[4], "sem", &g_slots, nullptr, "g_slots", nullptr, true);
	truth_function(&t[4], "take_slot");
	truth_state_by_names(&g_started, "\"remaining\":1");
	truth_state_by_names(&g_round, "\"expected\":3,\"arrived\":2");
	truth_is("absent", "[\"CT101\",\"CT102\"]");
	sample_rest(6);
}
