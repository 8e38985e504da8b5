/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near miss: importers have ended, each in its own way, and main has not come round to join them.
 * A thread that was joined and one that was detached are no more.
 */
#include "orphan.h"

enum { IMPORTERS = 3, RESULT = 0x2a };

static void *import_prices(void *arg)
{
	sample_await_known();
	return arg;
}

static void *import_orders(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

int main(void)
{
	struct sample_thread t[IMPORTERS] = {
		{.name = "prices", .run = import_prices, .arg = (void *)RESULT},
		{.name = "prices", .run = import_prices, .arg = (void *)RESULT},
		{.name = "orders", .run = import_orders},
	};
	struct sample_thread joined = {.name = "joined", .run = import_prices};
	struct sample_thread detached = {.name = "detached", .run = import_prices};

	sample_start(&joined);
	sample_start(&detached);
	sample_start_all(t, IMPORTERS);
	pthread_join(joined.handle, NULL);
	pthread_detach(detached.handle);
	pthread_cancel(t[2].handle);
	for (int i = 0; i < IMPORTERS; i++)
		sample_await_exit(t[i].tid);
	sample_await_exit(detached.tid);
	truth_exited(&t[0], "import_prices", "its result is 0x2a");
	truth_exited(&t[1], "import_prices", "its result is 0x2a");
	truth_exited(&t[2], "import_orders", "it was cancelled");
	truth_is("exited_threads", "3");
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(1);
}
