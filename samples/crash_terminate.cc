/* SPDX-License-Identifier: Apache-2.0 */
/* A std::thread is destroyed while it runs. */
#include "crash.h"
#include <thread>

SAMPLE_FRAME static void send_mail()
{
	std::thread sender([] {
		for (;;)
			pause();
	});

	sample_sleep_ms(10);
}

static void *mailer(void *arg)
{
	crash_await();
	send_mail();
	return arg;
}

int main()
{
	static sample_thread t = {"mailer", mailer, nullptr, 0, 0};

	crash_start(&t);
	truth_crash(&t, SIGABRT, "terminate", "send_mail", "");
	crash_go(3);
}
