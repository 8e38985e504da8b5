/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Healthy: a thread holds a priority-inheriting lock and waits for a semaphore on its own stack,
 * which a busy worker will post. It sleeps in the same system call, on a word of the same stack, as
 * one to which the kernel refused a lock.
 */
#ifndef SEM_PI_H
#define SEM_PI_H

#include "pi.h"
#include <semaphore.h>

struct device {
	int id;
	int generation;
	pthread_mutex_t lock;
};

static struct device g_device = {.id = 1};
static sem_t *g_request;

static void *flasher(void *arg)
{
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	sem_post(g_request);
	return arg;
}

SAMPLE_FRAME static void load_firmware(struct device *device)
{
	sem_t done;

	sem_init(&done, 0, 0);
	pthread_mutex_lock(&device->lock);
	g_request = &done;
	sem_wait(&done);
	device->generation++;
	pthread_mutex_unlock(&device->lock);
}

static void *updater(void *arg)
{
	load_firmware((struct device *)arg);
	return NULL;
}

/* Starts both; returns the one that holds the lock. */
static inline const struct sample_thread *sem_pi_start(void)
{
	static struct sample_thread holder = {.name = "updater", .run = updater, .arg = &g_device};
	static struct sample_thread worker = {.name = "flasher", .run = flasher};

	pi_init(&g_device.lock);
	sample_start(&holder);
	expect_syscall(&holder, SYS_futex);
	truth_wait(&holder, "sem", g_request, NULL, NULL, false);
	sample_start(&worker);
	expect_syscall(&worker, SAMPLE_SLEEP);
	truth_function(&holder, "load_firmware");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\"]");
	return &holder;
}

#endif
