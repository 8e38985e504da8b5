/* SPDX-License-Identifier: Apache-2.0 */
/* Every way to wait for a semaphore: without end, by both clocks, of shared memory, and a named
 * one. */
#include "shared.h"
#include <semaphore.h>

static sem_t g_plain, g_timed, *g_shared, *g_named;

static int wait_until(sem_t *sem)
{
	struct timespec end = sample_tomorrow(CLOCK_REALTIME);

	return sem_timedwait(sem, &end);
}

static int wait_by_clock(sem_t *sem)
{
	struct timespec end = sample_tomorrow(CLOCK_MONOTONIC);

	return sem_clockwait(sem, CLOCK_MONOTONIC, &end);
}

static struct way {
	const char *name;
	int (*wait)(sem_t *sem);
	bool timed;
	sem_t *sem;
	const char *object;
} g_ways[] = {
	{"for_ever", sem_wait, false, &g_plain, "g_plain"},
	{"too", sem_wait, false, &g_plain, "g_plain"},
	{"until", wait_until, true, &g_timed, "g_timed"},
	{"by_clock", wait_by_clock, true, &g_timed, "g_timed"},
	{"of_shared", sem_wait, false, NULL, NULL},
	{"of_shared_until", wait_until, true, NULL, NULL},
	{"of_named", sem_wait, false, NULL, NULL},
};

enum { WAYS = sizeof(g_ways) / sizeof(g_ways[0]), SHARED = 4, NAMED = 6 };

SAMPLE_FRAME static void park_car(const struct way *way)
{
	while (way->wait(way->sem))
		continue;
	sem_post(way->sem);
}

static void *driver(void *arg)
{
	park_car(arg);
	return arg;
}

int main(void)
{
	static struct sample_thread t[WAYS];
	int ways = WAYS;
	char name[64];

	g_shared = shared_memory(sizeof(*g_shared));
	sem_init(&g_plain, 0, 0);
	sem_init(&g_timed, 0, 0);
	sem_init(g_shared, 1, 0);
	snprintf(name, sizeof(name), "/coretool-sample-%d", getpid());
	g_named = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	if (g_named == SEM_FAILED) {
		truth_skipped("of_named", "there is no place for named semaphores");
		ways = NAMED;
	} else {
		sem_unlink(name);
	}
	for (int i = SHARED; i < ways; i++)
		g_ways[i].sem = i < NAMED ? g_shared : g_named;
	for (int i = 0; i < ways; i++) {
		const struct way *way = &g_ways[i];

		t[i] = (struct sample_thread){.name = way->name, .run = driver, .arg = (void *)way};
		sample_start(&t[i]);
		expect_wait(&t[i], "sem", way->sem, NULL, way->object, NULL, way->timed);
		truth_function(&t[i], "park_car");
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\",\"CT112\"]");
	sample_rest(1 + ways);
}
