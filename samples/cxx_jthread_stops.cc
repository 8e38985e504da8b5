// SPDX-License-Identifier: Apache-2.0
// No deadlock: two std::jthreads that look at their tokens. One is asked to stop while it reads
// from a pipe, and its owner joins it with a lock in hand that it does not need for that; the other
// waits at a condition variable that its token will wake, and nobody has asked it yet.
#include "nameless.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

static std::mutex g_log, g_queue;
static std::condition_variable_any g_filled;
static gate g_line;
static int g_lines, g_jobs;
static sample_thread t[4];

static SAMPLE_FRAME void follow_log(std::stop_token stop)
{
	sample_enter(&t[1]);
	while (!stop.stop_requested()) {
		gate_pass(&g_line);
		g_lines++;
	}
}

static SAMPLE_FRAME void work_off(std::stop_token stop)
{
	std::unique_lock<std::mutex> guard(g_queue);

	sample_enter(&t[2]);
	while (g_filled.wait(guard, stop, [] { return g_jobs > 0; }))
		g_jobs--;
}

static SAMPLE_FRAME void close_log()
{
	std::lock_guard<std::mutex> guard(g_log);
	std::jthread follower(follow_log);

	sample_await_enter(&t[1]);
	gate_await(&g_line, &t[1]);
}

static void *closer(void *)
{
	close_log();
	return nullptr;
}

static void *owner(void *)
{
	std::jthread worker(work_off);

	gate_pass(&g_line);
	return nullptr;
}

int main()
{
	const char *const names[] = {"closer", "follower", "worker", "owner"};

	gate_init(&g_line);
	for (int i = 0; i < 4; i++)
		t[i].name = names[i];
	t[0].run = closer, t[3].run = owner;
	sample_start(&t[0]);
	sample_start(&t[3]);
	sample_await_enter(&t[1]);
	sample_await_enter(&t[2]);
	expect_join(&t[0], &t[1]);
	gate_await(&g_line, &t[1]);
	gate_await(&g_line, &t[3]);
	expect_syscall(&t[1], SYS_read);
	expect_nameless(&t[2], "cond", nullptr, nullptr, nullptr, nullptr, false);
	truth_function(&t[0], "close_log");
	truth_function(&t[1], "follow_log");
	truth_function(&t[2], "work_off");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT110\"]");
	truth_verdict("clean");
	sample_rest(5);
}
