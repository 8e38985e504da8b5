/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Truths about who has what records no owner: only the code of the threads tells.
 *
 *   inferred  {tid, resource, mode}: a hold that no word of the object records, and that the report
 *             shows as worked out; sure: true where it is no guess; typed: true where only debug
 *             information tells that there is a lock
 *   free_of   {tid, resource}: this thread does not have it
 *   peers     {tid, peers: [tid]}: who alone could end the wait of tid, none other is named
 */
#ifndef HOLDERS_H
#define HOLDERS_H

#include "gate.h"

static inline void truth_inferred(
	const struct sample_thread *t, const void *object, const char *mode, bool sure)
{
	printf("{\"inferred\":{\"tid\":%d,\"resource\":\"%p\",\"mode\":\"%s\",\"sure\":%s}}\n",
		t->tid, object, mode, sure ? "true" : "false");
}

/* The same of a static variable that nobody waits for. */
static inline void truth_inferred_alone(
	const struct sample_thread *t, const void *object, const char *mode)
{
	printf("{\"inferred\":{\"tid\":%d,\"resource\":\"%p\",\"mode\":\"%s\",\"sure\":false,"
	       "\"typed\":true}}\n",
		t->tid, object, mode);
}

static inline void truth_free_of(const struct sample_thread *t, const void *object)
{
	printf("{\"free_of\":{\"tid\":%d,\"resource\":\"%p\"}}\n", t->tid, object);
}

static inline void truth_peers(
	const struct sample_thread *waiter, const struct sample_thread *peers, size_t n)
{
	printf("{\"peers\":{\"tid\":%d,", waiter->tid);
	truth_tids("peers", peers, n);
	printf("}}\n");
}

/* `waiter` waits for what all of holders[] have. */
static inline void truth_wait_on(const struct sample_thread *waiter, const char *kind,
	const void *object, const char *name, const struct sample_thread *holders, size_t n)
{
	printf("{\"wait\":{\"tid\":%d,\"kind\":\"%s\",\"resource\":\"%p\",\"timed\":false,",
		waiter->tid, kind, object);
	if (name)
		printf("\"name\":\"%s\",", name);
	truth_tids("on", holders, n);
	printf("}}\n");
}

/* `waiter` waits for what only holder has, of which the code may not tell. */
static inline void truth_unsaid(const struct sample_thread *waiter, const char *kind,
	const void *object, const char *name, const struct sample_thread *holder)
{
	printf("{\"wait\":{\"tid\":%d,\"kind\":\"%s\",\"resource\":\"%p\",\"timed\":false,"
	       "\"name\":\"%s\",\"recorded\":false,",
		waiter->tid, kind, object, name);
	truth_tids("on", holder, 1);
	printf("}}\n");
}

static inline void expect_wait_on(const struct sample_thread *waiter, const char *kind,
	const void *object, const char *name, const struct sample_thread *holders, size_t n)
{
	struct sample_call call = sample_await(waiter->tid, SYS_futex, SAMPLE_ANY);

	truth_call(waiter, &call);
	truth_wait_on(waiter, kind, object, name, holders, n);
}

#endif
