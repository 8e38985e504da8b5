/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader that reads once more while a writer waits. Of a lock that lets waiting writers go first
 * it waits for the writer, who waits for it; of one that lets readers go first it does not, and
 * works on.
 */
#include "holders.h"

enum { FIRST_WRITERS, FIRST_READERS, LOCKS };

static struct catalogue {
	const char *name;
	pthread_rwlock_t lock;
	struct gate start, press;
	long items;
} g_catalogues[LOCKS];

SAMPLE_FRAME static long count_items(struct catalogue *c)
{
	long items;

	pthread_rwlock_rdlock(&c->lock);
	gate_pass(&c->press);
	items = c->items;
	pthread_rwlock_unlock(&c->lock);
	return items;
}

SAMPLE_FRAME static void print_catalogue(struct catalogue *c)
{
	pthread_rwlock_rdlock(&c->lock);
	gate_pass(&c->start);
	c->name = count_items(c) ? "full" : "empty";
	pthread_rwlock_unlock(&c->lock);
}

SAMPLE_FRAME static void add_item(struct catalogue *c)
{
	pthread_rwlock_wrlock(&c->lock);
	c->items++;
	pthread_rwlock_unlock(&c->lock);
}

static void *printer(void *arg)
{
	print_catalogue(arg);
	return arg;
}

static void *editor(void *arg)
{
	add_item(arg);
	return arg;
}

static void init(struct catalogue *c, int preference)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, preference);
	pthread_rwlock_init(&c->lock, &attr);
	gate_init(&c->start);
	gate_init(&c->press);
}

int main(void)
{
	static struct sample_thread printers[LOCKS], editors[LOCKS];

	init(&g_catalogues[FIRST_WRITERS], PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	init(&g_catalogues[FIRST_READERS], PTHREAD_RWLOCK_PREFER_READER_NP);
	for (int i = 0; i < LOCKS; i++) {
		struct catalogue *c = &g_catalogues[i];

		printers[i] = (struct sample_thread){.name = "printer", .run = printer, .arg = c};
		editors[i] = (struct sample_thread){.name = "editor", .run = editor, .arg = c};
		sample_start(&printers[i]);
		gate_await(&c->start, &printers[i]);
		sample_start(&editors[i]);
		expect_wait_on(&editors[i], "rwlock-write", &c->lock,
			i == FIRST_WRITERS ? "g_catalogues[0].lock" : "g_catalogues[1].lock",
			&printers[i], 1);
		gate_open(&c->start);
		truth_inferred(&printers[i], &c->lock, "shared", true);
	}
	expect_wait_on(&printers[FIRST_WRITERS], "rwlock-read", &g_catalogues[FIRST_WRITERS].lock,
		"g_catalogues[0].lock", &printers[FIRST_WRITERS], 1);
	gate_await(&g_catalogues[FIRST_READERS].press, &printers[FIRST_READERS]);
	truth_root(&editors[FIRST_READERS], &printers[FIRST_READERS]);
	truth_cycle(&printers[FIRST_WRITERS], 1, false);
	truth_finding("CT102", "P0", "\"likely\"", &printers[FIRST_WRITERS], 1);
	truth_verdict("deadlock");
	sample_rest(1 + 2 * LOCKS);
}
