/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that should have posted has met an error and left; what remains could be a signal's
 * handler. */
#include "orphan.h"

#include <semaphore.h>

static sem_t g_frames;

static void *decoder(void *arg)
{
	sample_await_known();
	if (!arg)
		return (void *)-1; /* no input */
	sem_post(&g_frames);
	return NULL;
}

SAMPLE_FRAME static void show_frame(void)
{
	sem_wait(&g_frames);
	SAMPLE_AFTER();
}

static void *display(void *arg)
{
	show_frame();
	return arg;
}

static void join(void *thread)
{
	pthread_join(*(pthread_t *)thread, NULL);
}

int main(void)
{
	struct sample_thread source = {.name = "decoder", .run = decoder};
	struct sample_thread t = {.name = "display", .run = display};
	struct sample_thread stuck[2] = {{.tid = getpid()}};

	sem_init(&g_frames, 0, 0);
	sample_start(&source);
	pthread_join(source.handle, NULL);
	sample_start(&t);
	expect_wait(&t, "sem", &g_frames, NULL, "g_frames", NULL, false);
	truth_function(&t, "show_frame");
	truth_main_joins(&t);
	stuck[1] = t;
	truth_finding("CT110", "P1", "\"likely\"", stuck, 2);
	truth_verdict("stuck");
	sample_rest_in(2, join, &t.handle);
}
