/*
 * The process that `make bench` searches for held locks: THREADS threads that hold a seventh of
 * OBJECTS locks in objects of a heap, MEGABYTES of other data around them, and ADVERSE megabytes
 * made to look like locks: numbers of threads mixed with 0, 1 and 2.
 *
 *	bench_held THREADS OBJECTS MEGABYTES ADVERSE
 *
 * Object i is at HEAP + i * sizeof(struct object), so that the truth needs no telling. "ready" on
 * stdout means that all locks are held.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAP ((void *)0x200000000000)

struct object {
	char name[32];
	pthread_mutex_t lock;
	uint64_t fields[8];
	struct object *next;
};

static struct object *objects;
static long n_threads, n_objects;
static atomic_long n_ready;
static int *tids;
static uint64_t state = 88172645463325252u;

/* xorshift64 */
static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void *map(void *at, size_t size)
{
	void *memory = mmap(at, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED_NOREPLACE : 0), -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mapping %zu bytes", size);
	return memory;
}

/* Pages of text, of floating point numbers, of pointers with small numbers, of counters. */
static void fill(uint64_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double number = (double)draw() / 1e6;

		switch (i / 512 % 4) {
		case 0:
			words[i] = 0x2020202020202020u | (draw() & 0x5f5f5f5f5f5f5f5fu);
			break;
		case 1:
			memcpy(&words[i], &number, sizeof(number));
			break;
		case 2:
			words[i] = i % 3 ? (uint64_t)(uintptr_t)&words[draw() % n] : draw() % 1000;
			break;
		default:
			words[i] = draw() % 4 ? draw() % 100000 : 0;
		}
	}
}

static void fill_adverse(uint32_t *halves, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t r = draw();

		halves[i] = r % 4 ? (uint32_t)(r >> 8) % 3 : (uint32_t)tids[(r >> 8) % n_threads];
	}
}

static void *hold(void *arg)
{
	long self = (long)(intptr_t)arg;

	tids[self] = gettid();
	for (long i = self; i < n_objects; i += n_threads)
		if (i % 7 == 0)
			pthread_mutex_lock(&objects[i].lock);
	atomic_fetch_add(&n_ready, 1);
	for (;;)
		pause();
	return NULL;
}

static void make_objects(void)
{
	objects = map(HEAP, (size_t)n_objects * sizeof(*objects));
	for (long i = 0; i < n_objects; i++) {
		snprintf(objects[i].name, sizeof(objects[i].name), "account %ld", i);
		pthread_mutex_init(&objects[i].lock, NULL);
		objects[i].next = &objects[draw() % (uint64_t)n_objects];
		for (int k = 0; k < 8; k++)
			objects[i].fields[k] = draw() % 1000;
	}
}

int main(int argc, char **argv)
{
	if (argc != 5)
		errx(64, "usage: bench_held THREADS OBJECTS MEGABYTES ADVERSE");
	n_threads = atol(argv[1]);
	n_objects = atol(argv[2]);
	size_t size = (size_t)atol(argv[3]) << 20, adverse = (size_t)atol(argv[4]) << 20;
	tids = calloc((size_t)n_threads, sizeof(*tids));
	make_objects();
	for (long i = 0; i < n_threads; i++) {
		pthread_t thread;
		int error = pthread_create(&thread, NULL, hold, (void *)(intptr_t)i);

		if (error)
			errx(1, "thread %ld: %s", i, strerror(error));
	}
	while (atomic_load(&n_ready) < n_threads)
		usleep(1000);
	fill(map(NULL, size), size / 8);
	fill_adverse(map(NULL, adverse), adverse / 4);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
