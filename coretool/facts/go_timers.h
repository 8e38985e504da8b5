/* SPDX-License-Identifier: Apache-2.0 */
/* The timers of a Go program. Part of the facts. */
#ifndef CT_FACTS_GO_TIMERS_H
#define CT_FACTS_GO_TIMERS_H

#include "facts/facts.h"

enum ct_go_timer_kind {
	CT_GO_TIMER_TICKER,
	CT_GO_TIMER_CHANNEL,  /* of time.NewTimer or time.After */
	CT_GO_TIMER_FUNCTION, /* of time.AfterFunc */
	CT_GO_TIMER_CONTEXT,  /* the deadline of a context */
	CT_GO_TIMER_SLEEP,
	CT_GO_TIMER_DEADLINE, /* of a file or a connection */
	CT_GO_TIMER_RUNTIME,  /* one of the runtime's own */
	CT_GO_N_TIMER_KINDS,
};

struct ct_go_timer {
	uint64_t address;
	uint64_t object; /* channel, closure, goroutine or pollDesc that it is for; 0 */
	/* Nanoseconds until it fires, at most: counted from when the runtime last noted the time.
	 * Not above 0: it was due then. Meaningful only where the facts have a clock. */
	int64_t fires;
	int64_t period;    /* nanoseconds; 0: it fires once */
	uint64_t retained; /* bytes that nothing else keeps, its own ones too */
	uint32_t site;     /* the function that it calls; CT_NONE: it calls none of the program's */
	uint32_t actor;    /* the first goroutine that waits for it; CT_NONE */
	uint32_t resource; /* its channel, when goroutines wait for it; CT_NONE */
	uint32_t keeper; /* of a ticker that nothing but leaked goroutines has, the first of these;
			    CT_NONE */
	int32_t fd;      /* of a deadline; -1 */
	uint8_t kind;    /* enum ct_go_timer_kind */
	uint8_t mode;    /* enum ct_io_mode, of a deadline */
	bool endless;    /* it was set for longer than the clock can count */
	bool alone;      /* nothing but the runtime's list of timers leads to it */
	bool idle;       /* it is in no such list: a channel's that nobody waits for (1.23 on) */
	bool lasting;    /* of a channel: it is listed though nobody waits (to 1.22, and with
			    asynctimerchan=1) */
};

/* What a pending function of time.AfterFunc would do to what goroutines wait for. */
struct ct_go_timer_deed {
	uint32_t resource;   /* to what */
	uint32_t site;       /* the function */
	int64_t fires;       /* as that of the timer */
	struct ct_deed deed; /* kind 0: its code does not tell, but it has captured the channel */
};

struct ct_fact_go_timers {
	const struct ct_go_timer *timers;     /* by kind, then when they fire */
	const struct ct_go_timer_deed *deeds; /* by resource; those that are known first, of these
						 the sure ones; then when they fire */
	uint32_t n, n_deeds;
	uint32_t n_stopped;  /* and still in the lists */
	uint32_t n_left_out; /* more than are taken down */
	bool clock;          /* it is known when they fire */
	bool measured;       /* alone and retained are known, and those that are idle are there */
	const char
		*doubt; /* why what is measured may be wrong; NULL: nothing is known against it */
};

/* Is the first one to be told of before the other? They are done to the same object, or to two of a
 * select. */
static inline bool ct_go_is_sooner(
	const struct ct_go_timer_deed *x, const struct ct_go_timer_deed *y)
{
	if (!x->deed.kind != !y->deed.kind)
		return x->deed.kind;
	if (x->deed.sure != y->deed.sure)
		return x->deed.sure;
	return x->fires < y->fires;
}

const char *ct_go_timer_kind_name(uint8_t kind); /* "ticker" … */

#endif
