/* SPDX-License-Identifier: Apache-2.0 */
/* An initialiser that calls, some frames further on, the function that initialises. */
#include "sample.h"

static pthread_once_t g_log_once = PTHREAD_ONCE_INIT;

static void open_log(void);

SAMPLE_FRAME static void log_line(void)
{
	pthread_once(&g_log_once, open_log);
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void open_log(void)
{
	log_line();
	SAMPLE_AFTER();
}

static void *worker(void *arg)
{
	log_line();
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "worker", .run = worker};

	sample_start(&t);
	expect_wait(&t, "once", &g_log_once, &g_log_once, "g_log_once", &t, false);
	truth_function(&t, "open_log");
	truth_self_deadlock(&t);
	sample_rest(2);
}
