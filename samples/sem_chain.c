/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hidden cycle: the packer holds the shelf and waits for a box; the boxer, who would post one,
 * waits for the shelf. main waits for a signal and knows nothing of it.
 */
#include "orphan.h"

#include <semaphore.h>

static pthread_mutex_t g_shelf_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t g_boxes;
static int g_packed;

SAMPLE_FRAME static void pack(void)
{
	pthread_mutex_lock(&g_shelf_lock);
	sem_wait(&g_boxes);
	g_packed++;
	pthread_mutex_unlock(&g_shelf_lock);
}

SAMPLE_FRAME static void make_box(void)
{
	pthread_mutex_lock(&g_shelf_lock);
	g_packed--;
	pthread_mutex_unlock(&g_shelf_lock);
	sem_post(&g_boxes);
}

static void *packer(void *arg)
{
	pack();
	return arg;
}

static void *boxer(void *arg)
{
	make_box();
	return arg;
}

int main(void)
{
	struct sample_thread t[2] = {
		{.name = "packer", .run = packer}, {.name = "boxer", .run = boxer}};

	sem_init(&g_boxes, 0, 0);
	sample_start(&t[0]);
	expect_wait(&t[0], "sem", &g_boxes, NULL, "g_boxes", NULL, false);
	sample_start(&t[1]);
	expect_mutex(&t[1], &g_shelf_lock, "g_shelf_lock", &t[0], false);
	truth_function(&t[0], "pack");
	truth_function(&t[1], "make_box");
	truth_hidden_cycle(t, 2, "clean");
	sample_rest(3);
}
