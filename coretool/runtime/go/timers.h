/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's timers (runtime/time.go): each P has a heap of them. */
#ifndef CT_RUNTIME_GO_TIMERS_H
#define CT_RUNTIME_GO_TIMERS_H

#include "facts/go_timers.h"
#include "runtime/go/heap_mark.h"
#include "runtime/go/waits.h"

/* Is it in a heap, and not stopped? */
bool ct_go_timer_runs(const struct ct_go *go, uint64_t timer);
/* When it fires: what was set last. */
int64_t ct_go_timer_when(const struct ct_go *go, uint64_t timer);
/* The value that its function is given (an interface); 0: not readable. */
uint64_t ct_go_timer_argument(const struct ct_go *go, uint64_t timer);
/* Calls look for the timers in the heaps of all Ps, stopped ones too. False: not all can be read.
 */
bool ct_go_each_timer(
	const struct ct_go *go, void (*look)(const struct ct_go *, void *, uint64_t), void *arg);
/* Calls look for the array of each such heap. */
void ct_go_each_timer_array(
	const struct ct_go *go, void (*look)(void *arg, uint64_t array), void *arg);
/* Is it set, and fires again and again into a channel? (timers.c) */
bool ct_go_is_ticker(const struct ct_go *go, uint64_t timer);
/* Calls look for the timers that are set and in no list, as nobody waits for their channels: those
 * in objects that the mark has (marked), or has not. None up to 1.22. (timers_idle.c) */
void ct_go_each_idle_timer(const struct ct_go_mark *mark, bool marked,
	const struct ct_go_heap *heap, void (*look)(void *arg, uint64_t timer), void *arg);

struct ct_go_timers { /* as they are taken down */
	struct ct_go_observation *o;
	CT_VEC(struct ct_go_timer) list;
	CT_VEC(struct ct_go_timer_deed) deeds;
	struct ct_fact_go_timers fact;
	struct {
		uint64_t wrapper, method;
	} methods[64];       /* of method values, by hash */
	uint32_t n_searched; /* for these */
	bool failed;         /* no memory */
};

/* Takes down the timer there. (timers.c) */
void ct_go_add_timer(struct ct_go_timers *timers, uint64_t at, bool idle);
/* Adds what functions would do to what goroutines wait for. (timer_functions.c) */
CT_WARN_UNUSED enum ct_status ct_go_ask_timers(struct ct_go_timers *timers);
/* Fills in what each retains, and adds those that are idle. (timers_heap.c) */
CT_WARN_UNUSED enum ct_status ct_go_measure_timers(struct ct_go_timers *timers);

#endif
