/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Healthy: a producer and a consumer with two semaphores. The consumer waits for the producer, who
 * waits for the world; nobody holds a semaphore, and the producer alone will post.
 */
#include "holders.h"
#include <semaphore.h>

static struct {
	sem_t filled, empty;
	int frames[4];
	unsigned head, tail;
} g_ring;

static struct gate g_camera;

SAMPLE_FRAME static void capture_frame(void)
{
	sem_wait(&g_ring.empty);
	gate_pass(&g_camera);
	g_ring.frames[g_ring.head++ % 4] = 1;
	sem_post(&g_ring.filled);
}

SAMPLE_FRAME static int encode_frame(void)
{
	sem_wait(&g_ring.filled);
	int frame = g_ring.frames[g_ring.tail++ % 4];
	sem_post(&g_ring.empty);
	return frame;
}

static void *camera(void *arg)
{
	for (;;)
		capture_frame();
	return arg;
}

static void *encoder(void *arg)
{
	for (;;)
		encode_frame();
	return arg;
}

int main(void)
{
	struct sample_thread source = {.name = "camera", .run = camera};
	struct sample_thread sink = {.name = "encoder", .run = encoder};

	sem_init(&g_ring.filled, 0, 0);
	sem_init(&g_ring.empty, 0, 4);
	gate_init(&g_camera);
	sample_start(&source);
	gate_await(&g_camera, &source);
	sample_start(&sink);
	expect_wait_on(&sink, "sem", &g_ring.filled, NULL, NULL, 0);
	truth_free_of(&source, &g_ring.filled);
	truth_peers(&sink, &source, 1);
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\",\"CT110\"]");
	truth_verdict("clean");
	sample_rest(3);
}
