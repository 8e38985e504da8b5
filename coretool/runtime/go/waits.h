/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a goroutine waits for. The runtime's own reason says which row of the table is asked; what
 * it waits at is found through g.waiting, the table of semaphores, or its stack.
 */
#ifndef CT_RUNTIME_GO_WAITS_H
#define CT_RUNTIME_GO_WAITS_H

#include "base/span.h"
#include "base/vec.h"
#include "runtime/go/observe.h"
#include "runtime/go/sudog.h"

/* Functions that stand innermost in the stack of one that waits. (calls.c) */
enum ct_go_call {
	CT_GO_CALL_MUTEX = 1u << 0,
	CT_GO_CALL_RWMUTEX_LOCK = 1u << 1,
	CT_GO_CALL_RWMUTEX_RLOCK = 1u << 2,
	CT_GO_CALL_WAITGROUP = 1u << 3,
	CT_GO_CALL_ONCE = 1u << 4,
	CT_GO_CALL_FD_LOCK = 1u << 5,
	CT_GO_CALL_ACCEPT = 1u << 6,
	CT_GO_CALL_CONNECT = 1u << 7,
	CT_GO_CALL_RUNTIME_SEMA = 1u << 8,
};

struct ct_go_channel {                     /* that somebody waits at */
	uint64_t at, timer;                /* timer: address; 0: none that is known */
	uint64_t receivers[2], senders[2]; /* sudogs: the first and the last; 0: none */
	uint32_t resource;
	bool ticks;     /* a timer that runs sends to it */
	bool stopped;   /* it is a timer's, and that one does not run */
	uint64_t value; /* then: the time.Timer or Ticker; 0: not known */
	bool bare; /* its elements are struct{}, and it has no room: it may be a context's Done() */
	bool is_done; /* it is */
	const char *why_send, *why_receive;
};

struct ct_go_parked { /* a goroutine, and the semaphore or list that it is in */
	uint64_t g, at;
	uint64_t sudog; /* by which it is in the table of semaphores; 0: it is in a Cond's list */
};

struct ct_go_ticking { /* a timer that runs, and the channel that it sends to */
	uint64_t channel, timer;
};

struct ct_go_labels { /* g.labels, and the index of the set */
	uint64_t at;
	uint32_t index;
};

struct ct_go_elem {          /* the type of what a channel takes */
	uint64_t at;         /* its descriptor */
	const char *text;    /* NULL: it cannot be read */
	const char *channel; /* "chan int"; NULL */
	bool known;
};

enum ct_go_net { CT_GO_NET_UNKNOWN, CT_GO_NET_PORT, CT_GO_NET_IP, CT_GO_NET_UNIX };

struct ct_go_net_itab { /* of a net.Addr, and what it has */
	uint64_t at;
	const char *net; /* NULL: none is here yet */
	enum ct_go_net kind;
};

/* Sentences that were said last. */
struct ct_go_fires {
	struct ct_span span;
	const char *text;
};

struct ct_go_awaited {
	int32_t counter;
	const char *text;
};

/* What is kept from one goroutine to the next. */
struct ct_go_waits {
	const struct ct_go_wait_row *rows[UINT8_MAX + 1]; /* by the number of the reason */
	const char *other[UINT8_MAX + 1];                 /* the reason, as a sentence */
	CT_VEC(uint32_t) calls;                           /* by stack: enum ct_go_call, and KNOWN */
	CT_VEC(struct ct_go_channel) channels;
	struct ct_hash channel_keys;
	/* Who waits at which semaphore or list of a Cond. (sema.c) */
	CT_VEC(struct ct_go_parked) parked;
	struct ct_hash parked_keys;
	bool have_semaphores;
	uint64_t may_search; /* see ct_go_may_search() */
	uint64_t searched;   /* words of stacks that were looked behind */
	uint32_t n_unread;   /* goroutines, at least; what they wait for is missing, or its state */
	size_t context_word; /* where in a stack the last context was found */
	size_t poll_word;    /* the same of the last pollDesc */
	/* Channels of timers that run, up to 1.22. (timer.c) */
	CT_VEC(struct ct_go_ticking) ticking;
	struct ct_hash ticking_keys;
	bool have_timers, lost_timers; /* lost: some of them could not be read */
	int64_t clock;                 /* nanotime() was at least this; 0: not known */
	CT_VEC(uint64_t) bubbles;      /* of testing/synctest */
	/* Label sets by the address of the labels. (labels.c) */
	CT_VEC(struct ct_go_labels) labels;
	struct ct_hash label_keys;
	struct ct_go_elem elems[16];    /* (channel.c) */
	struct ct_go_net_itab itabs[8]; /* (poll_address.c) */
	const char *selects[128];       /* what is said of a select, by what is true of it */
	struct ct_go_fires fires;
	struct ct_go_awaited awaited;
};

struct ct_go_waiter {
	struct ct_go_observation *o;
	struct ct_go_waits *waits;
	const struct ct_go_g *g;
	uint32_t actor;
	const struct ct_go_wait_row *row;
};

struct ct_go_wait_row {
	const char *reason; /* of runtime2.go; words in parentheses that only tell variants are left
			       out */
	enum ct_status (*observe)(struct ct_go_waiter *w);
	uint8_t kind; /* enum ct_wait_kind */
	bool never;   /* nothing will ever end it */
	const char *why;
};

CT_WARN_UNUSED enum ct_status ct_go_waits_new(struct ct_go_observation *o);
void ct_go_waits_free(struct ct_go_waits *waits);
/* Adds what the goroutine waits for, whose stack was read just before; and its labels. */
CT_WARN_UNUSED enum ct_status ct_go_observe_waits(
	struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor);

/* ---- for the files with the rows ---- */

/* Adds one wait of this goroutine: who and since when are filled in; the trust can be no better
 * than that of the layout. */
CT_WARN_UNUSED enum ct_status ct_go_add_wait(struct ct_go_waiter *w, struct ct_wait wait);
enum ct_trust ct_go_trust(const struct ct_go *go, enum ct_trust best);
/* The functions that it is in. (calls.c) */
unsigned ct_go_calls(struct ct_go_waiter *w);
/*
 * Words of its stack, from where it sleeps outwards: arguments, locals and what was spilled of
 * both; at most CT_GO_STACK_WORDS. How many there are. (calls.c)
 */
#define CT_GO_STACK_WORDS 192
size_t ct_go_stack_words(const struct ct_go_waiter *w, uint64_t words[CT_GO_STACK_WORDS]);

/* May more words of stacks be looked behind? A hostile file has enough of them to keep us busy. */
static inline bool ct_go_may_search(const struct ct_go_waiter *w)
{
	return w->waits->searched < w->waits->may_search;
}

/* The row's own kind and words, without an object. (waits.c) */
enum ct_status ct_go_wait_plain(struct ct_go_waiter *w);
enum ct_status ct_go_wait_channel(struct ct_go_waiter *w);   /* (wait_channel.c) */
enum ct_status ct_go_wait_select(struct ct_go_waiter *w);    /* (wait_channel.c) */
enum ct_status ct_go_wait_semaphore(struct ct_go_waiter *w); /* (wait_sync.c) */
enum ct_status ct_go_wait_cond(struct ct_go_waiter *w);      /* (wait_cond.c) */
enum ct_status ct_go_wait_sleep(struct ct_go_waiter *w);     /* (timer.c) */
enum ct_status ct_go_wait_poll(struct ct_go_waiter *w);      /* (poll.c) */

/* The channel, with its resource; NULL: it cannot be read, or there is no memory (the sink keeps
 * that). (channel.c) */
struct ct_go_channel *ct_go_channel(struct ct_go_waiter *w, uint64_t at);
/* The same of one that was asked for before; NULL: it was not. (channel.c) */
struct ct_go_channel *ct_go_known_channel(const struct ct_go_waits *waits, uint64_t at);

/* Names of the channels that variables hold, when all are known. (channel_names.c) */
void ct_go_name_channels(struct ct_go_observation *o);

/* The semaphore that the goroutine sleeps at; 0: not known. (sema.c) */
uint64_t ct_go_semaphore(struct ct_go_waiter *w);
/* Remembers that g waits at; false: it is known already to wait somewhere, or no memory. (sema.c)
 */
bool ct_go_park(struct ct_go_waits *waits, uint64_t g, uint64_t at, uint64_t sudog);
/* Reads the table of semaphores into parked, once. (sema.c) */
void ct_go_read_semaphores(const struct ct_go *go, struct ct_go_waits *waits);
uint64_t ct_go_parked_at(const struct ct_go_waits *waits, uint64_t g); /* 0: not known (sema.c) */

/* When nanotime() was at least: the newest stamp that there is. (timer.c) */
int64_t ct_go_clock(const struct ct_go_observation *o);
/* The timer that sends to the channel, and when; 0: none that runs. (timer.c) */
uint64_t ct_go_ticking_timer(struct ct_go_waiter *w, uint64_t channel, int64_t *when);
/* The time.Timer or Ticker of a channel to which no timer that runs sends; timer: since 1.23 the
 * channel has it, 0: it has none. 0: none is known, or it runs. (timer_value.c) */
uint64_t ct_go_resting_timer(struct ct_go_waiter *w, uint64_t channel, uint64_t timer);
/* How long until then, at most; 0: not known, or it is past. (timer.c) */
int64_t ct_go_until(const struct ct_go_waiter *w, int64_t when);
/* "its timer fires in at most 35 s", with two digits at most, rounded up: no more sentences than
 * there are kinds of times. (timer.c) */
const char *ct_go_fires(struct ct_go_waiter *w, int64_t ns);

/* Index of its labels; 0: none. (labels.c) */
uint32_t ct_go_labels(struct ct_go_waiter *w);

#endif
