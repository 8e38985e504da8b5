// SPDX-License-Identifier: Apache-2.0
// C++20, no deadlock: a ferry's captain holds the gangway and waits for a std::latch that mate and
// engineer count down. The mate needs the gangway only afterwards, and waits for a letter; the
// engineer is done, and waits for the gangway.
#include "nameless.h"

#include <latch>
#include <mutex>

static std::latch g_aboard(2);
static std::mutex g_gangway;
static gate g_gate, g_letters;
static int g_crossings;

static SAMPLE_FRAME void cast_off()
{
	std::lock_guard<std::mutex> gangway(g_gangway);

	gate_open(&g_gate);
	g_aboard.wait();
	SAMPLE_AFTER();
}

static SAMPLE_FRAME void cross_gangway()
{
	std::lock_guard<std::mutex> gangway(g_gangway);

	g_crossings++;
}

static void *captain(void *)
{
	cast_off();
	return nullptr;
}

static void *mate(void *)
{
	gate_pass(&g_letters);
	g_aboard.count_down();
	cross_gangway();
	return nullptr;
}

static void *engineer(void *)
{
	gate_pass(&g_gate);
	g_aboard.count_down();
	cross_gangway();
	return nullptr;
}

int main()
{
	sample_thread t[3] = {};

	gate_init(&g_gate);
	gate_init(&g_letters);
	t[0].name = "captain", t[0].run = captain;
	t[1].name = "mate", t[1].run = mate;
	t[2].name = "engineer", t[2].run = engineer;
	sample_start_all(t, 3);
	expect_nameless(&t[0], "barrier", &g_aboard, &g_aboard, "g_aboard", nullptr, true);
	expect_mutex(&t[2], &g_gangway, "g_gangway", &t[0], false);
	gate_await(&g_letters, &t[1]);
	truth_state_by_names(&g_aboard, "\"remaining\":1");
	truth_peers_by_names(&t[0], &t[1]);
	truth_function(&t[0], "cast_off");
	truth_function(&t[2], "cross_gangway");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT110\"]");
	truth_is("verdict", "[\"clean\"]");
	sample_rest(4);
}
