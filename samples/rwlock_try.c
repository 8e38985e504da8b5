/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two readers try a lock, and remember in a flag whether they got it; one did, before a writer
 * came, and the other one did not.
 */
#include "holders.h"

static pthread_rwlock_t g_index_lock;
static struct gate g_disks[2];
static int g_hits, g_misses;

SAMPLE_FRAME static void read_block(struct gate *disk)
{
	gate_pass(disk);
	g_hits++;
}

SAMPLE_FRAME static int search(struct gate *disk)
{
	int locked = pthread_rwlock_tryrdlock(&g_index_lock) == 0;

	read_block(disk);
	if (locked)
		pthread_rwlock_unlock(&g_index_lock);
	else
		g_misses++;
	return locked;
}

SAMPLE_FRAME static void rebuild_index(void)
{
	pthread_rwlock_wrlock(&g_index_lock);
	g_hits = 0;
	pthread_rwlock_unlock(&g_index_lock);
}

static void *searcher(void *arg)
{
	search(arg);
	return arg;
}

static void *builder(void *arg)
{
	rebuild_index();
	return arg;
}

int main(void)
{
	struct sample_thread readers[] = {
		{.name = "lucky", .run = searcher, .arg = &g_disks[0]},
		{.name = "unlucky", .run = searcher, .arg = &g_disks[1]},
	};
	struct sample_thread writer = {.name = "builder", .run = builder};
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&g_index_lock, &attr);
	for (int i = 0; i < 2; i++)
		gate_init(&g_disks[i]);
	sample_start(&readers[0]);
	gate_await(&g_disks[0], &readers[0]);
	sample_start(&writer);
	sample_await(writer.tid, SYS_futex, SAMPLE_ANY);
	sample_start(&readers[1]);
	gate_await(&g_disks[1], &readers[1]);
	expect_wait_on(&writer, "rwlock-write", &g_index_lock, "g_index_lock", &readers[0], 1);
	truth_inferred(&readers[0], &g_index_lock, "shared", true);
	truth_free_of(&readers[1], &g_index_lock);
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	sample_rest(4);
}
