/* SPDX-License-Identifier: Apache-2.0 */
/* A std::runtime_error leaves a thread. */
#include "crash.h"
#include <stdexcept>
#include <string>

SAMPLE_FRAME static void load_user(int id)
{
	throw std::runtime_error("no user " + std::to_string(id));
}

static void *importer(void *arg)
{
	crash_await();
	load_user(4711);
	return arg;
}

int main()
{
	static sample_thread t = {"importer", importer, nullptr, 0, 0};

	crash_start(&t);
	truth_crash(&t, SIGABRT, "uncaught-exception", "load_user",
		",\"exception\":\"std::runtime_error\",\"what\":\"no user 4711\"");
	crash_go(2);
}
