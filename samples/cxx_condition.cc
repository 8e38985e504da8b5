// SPDX-License-Identifier: Apache-2.0
// std::condition_variable and std::condition_variable_any; without and with a timeout; and a pool
// of workers with nothing to do. Nothing is wrong here.
#include "sample.h"

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

struct Queue {
	std::mutex lock;
	std::condition_variable filled;
	int jobs = 0;
};

struct Board {
	std::shared_mutex lock;
	std::condition_variable_any changed;
	int version = 0;
};

static Queue g_queue;
static Board g_board;

static SAMPLE_FRAME void take_job()
{
	std::unique_lock<std::mutex> guard(g_queue.lock);

	g_queue.filled.wait(guard, [] { return g_queue.jobs > 0; });
	g_queue.jobs--;
}

static SAMPLE_FRAME void take_job_today()
{
	std::unique_lock<std::mutex> guard(g_queue.lock);

	g_queue.filled.wait_for(guard, std::chrono::hours(24), [] { return g_queue.jobs > 0; });
	g_queue.jobs--;
}

static SAMPLE_FRAME void watch_board()
{
	std::shared_lock<std::shared_mutex> guard(g_board.lock);

	g_board.changed.wait(guard, [] { return g_board.version > 0; });
}

static void *worker(void *)
{
	take_job();
	return nullptr;
}

static void *temp(void *)
{
	take_job_today();
	return nullptr;
}

static void *watcher(void *)
{
	watch_board();
	return nullptr;
}

int main()
{
	sample_thread t[3] = {};

	t[0].name = "worker", t[0].run = worker;
	t[1].name = "temp", t[1].run = temp;
	t[2].name = "watcher", t[2].run = watcher;
	sample_start_all(t, 3);
	expect_wait(&t[0], "cond", &g_queue.filled, nullptr, "g_queue.filled", nullptr, false);
	expect_wait(&t[1], "cond", &g_queue.filled, nullptr, "g_queue.filled", nullptr, true);
	expect_wait(&t[2], "cond", &g_board.changed, nullptr, "g_board.changed", nullptr, false);
	truth_function(&t[0], "take_job");
	truth_function(&t[1], "take_job_today");
	truth_function(&t[2], "watch_board");
	truth_is("absent", "[\"CT101\",\"CT102\"]");
	sample_rest(4);
}
