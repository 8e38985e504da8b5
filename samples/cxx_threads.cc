// SPDX-License-Identifier: Apache-2.0
// std::thread::join, three deep, the last of them behind a mutex that main has.
#include "sample.h"

#include <mutex>
#include <thread>

static std::timed_mutex g_gatekeeper;
static sample_thread t[4];

static SAMPLE_FRAME void clean()
{
	sample_enter(&t[2]);
	std::lock_guard<std::timed_mutex> guard(g_gatekeeper);
	SAMPLE_AFTER();
}

static SAMPLE_FRAME void cook()
{
	sample_enter(&t[1]);
	std::thread cleaner(clean);
	cleaner.join();
}

static SAMPLE_FRAME void serve()
{
	sample_enter(&t[0]);
	std::thread cook_thread(cook);
	cook_thread.join();
}

int main()
{
	t[0].name = "waiter", t[1].name = "cook", t[2].name = "cleaner", t[3].name = "main";
	sample_enter(&t[3]);
	g_gatekeeper.lock();
	std::thread waiter(serve);
	for (int i = 0; i < 3; i++)
		sample_await_enter(&t[i]);
	expect_join(&t[0], &t[1]);
	expect_join(&t[1], &t[2]);
	expect_mutex(&t[2], &g_gatekeeper, "g_gatekeeper", &t[3], false);
	truth_root(&t[0], &t[3]);
	truth_function(&t[0], "serve");
	truth_function(&t[2], "clean");
	truth_is("absent", "[\"CT101\",\"CT102\"]");
	sample_rest(4);
}
