/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads take two recursive locks in opposite order; one of them has its own twice. */
#include "sample.h"

struct shelf {
	pthread_mutex_t lock;
	long books;
};

static struct shelf g_fiction, g_science;
static pthread_barrier_t g_both_hold_one;

static void shelf_init(struct shelf *shelf)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	sample_must(pthread_mutex_init(&shelf->lock, &attr), "pthread_mutex_init");
}

SAMPLE_FRAME static void put_back(struct shelf *shelf)
{
	pthread_mutex_lock(&shelf->lock);
	shelf->books++;
	pthread_mutex_unlock(&shelf->lock);
}

SAMPLE_FRAME static void move_book(struct shelf *from, struct shelf *to)
{
	pthread_mutex_lock(&from->lock);
	pthread_barrier_wait(&g_both_hold_one);
	from->books--;
	put_back(to);
	pthread_mutex_unlock(&from->lock);
}

static void *librarian(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&g_fiction.lock);
	move_book(&g_fiction, &g_science);
	pthread_mutex_unlock(&g_fiction.lock);
	return NULL;
}

static void *assistant(void *arg)
{
	(void)arg;
	move_book(&g_science, &g_fiction);
	return NULL;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "librarian", .run = librarian},
		{.name = "assistant", .run = assistant},
	};

	shelf_init(&g_fiction);
	shelf_init(&g_science);
	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_science.lock, "g_science.lock", &t[1], false);
	expect_mutex(&t[1], &g_fiction.lock, "g_fiction.lock", &t[0], false);
	for (int i = 0; i < 2; i++) {
		truth_function(&t[i], "put_back");
		truth_function(&t[i], "move_book");
	}
	truth_deadlock(t, 2);
	sample_rest(3);
}
