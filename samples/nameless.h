/* SPDX-License-Identifier: Apache-2.0 */
/* Truths about waits for what records nobody, and may be told only by names of functions. */
#ifndef NAMELESS_H
#define NAMELESS_H

#include "gate.h"

/*
 * Waits until `waiter` blocks on the object, at this word of it (NULL: any futex), which records
 * nobody: holder may be found by other means, or NULL. by_names: what it is can be told only by
 * names of functions.
 */
static inline void expect_nameless(const struct sample_thread *waiter, const char *kind,
	const void *object, const void *word, const char *name, const struct sample_thread *holder,
	bool by_names)
{
	struct sample_call call =
		sample_await(waiter->tid, SYS_futex, word ? (long)word : (long)SAMPLE_ANY);

	truth_call(waiter, &call);
	printf("{\"wait\":{\"tid\":%d,\"kind\":\"%s\",\"timed\":%s", waiter->tid, kind,
		call.args[3] ? "true" : "false");
	if (object)
		printf(",\"resource\":\"%p\"", object);
	if (name)
		printf(",\"name\":\"%s\"", name);
	if (by_names)
		printf(",\"by_names\":\"%#lx\"", call.args[0]);
	if (holder) {
		printf(",");
		truth_tids("on", holder, 1);
		truth_recorded(false);
		sample_unrecorded[waiter->tid % SAMPLE_KNOWN] = sample_any_unrecorded = true;
	}
	printf("}}\n");
}

/* Their cycle must be found where functions have names, and is likely. */
static inline void truth_cycle_by_names(const struct sample_thread *t, size_t n)
{
	printf("{\"cycle\":{\"timed\":false,\"recorded\":\"names\",");
	truth_tids("tids", t, n);
	printf("}}\n{\"finding\":{\"rule\":\"CT101\",\"level\":\"P0\",\"confidence\":[\"likely\"],"
	       "\"recorded\":\"names\",");
	truth_tids("tids", t, n);
	printf("}}\n{\"verdict\":[\"deadlock\",\"clean\",\"stuck\"]}\n");
}

/* Fields of JSON that the object's state has, where names tell what it is. */
static inline void truth_state_by_names(const void *object, const char *state)
{
	printf("{\"state\":{\"resource\":\"%p\",\"recorded\":\"names\",\"state\":{%s}}}\n", object,
		state);
}

/* These, and no others, were seen to be going to end the wait. */
static inline void truth_peers_by_names(
	const struct sample_thread *waiter, const struct sample_thread *peer)
{
	printf("{\"peers\":{\"tid\":%d,\"recorded\":\"names\",\"peers\":[%d]}}\n", waiter->tid,
		peer->tid);
}

/* The code of the threads must tell who holds what was told so far. */
static inline void expect_worked_out(void)
{
	memset(sample_unrecorded, 0, sizeof(sample_unrecorded));
	sample_any_unrecorded = false;
}

#endif
