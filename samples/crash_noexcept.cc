/* SPDX-License-Identifier: Apache-2.0 */
/* An exception out of a function that is noexcept; its main would have caught it. */
#include "crash.h"
#include <stdexcept>

SAMPLE_FRAME static void close_file(int fd)
{
	if (fd > 2)
		throw std::logic_error("close of a closed file");
}

SAMPLE_FRAME static void clean_up(int fd) noexcept
{
	close_file(fd);
	SAMPLE_AFTER();
}

static void *janitor(void *arg)
{
	crash_await();
	try {
		clean_up(7);
	} catch (const std::exception &) {
		return nullptr;
	}
	return arg;
}

int main()
{
	static sample_thread t = {"janitor", janitor, nullptr, 0, 0};

	crash_start(&t);
	truth_crash(&t, SIGABRT, "uncaught-exception", "close_file",
		",\"exception\":\"std::logic_error\",\"what\":\"close of a closed file\"");
	crash_go(2);
}
