/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_cond_t of musl 1.2 (src/thread/pthread_cond_timedwait.c). A waiter sleeps on a word of a
 * node on its own stack, which the condition variable has in a list; a process-shared one has no
 * list, and its waiters sleep on a word of itself. Who will signal it is recorded nowhere. A waiter
 * that was signalled leaves the list, and the kernel moves its sleep on to the mutex.
 */
#include "blocking/musl.h"
#include "blocking/rows.h"

struct cond {
	uint64_t shared, head; /* head: of the list's nodes, the youngest one */
	uint32_t clock, pad[3];
	uint32_t lock, pad2;
	uint64_t tail;
};

_Static_assert(sizeof(struct cond) == 48 && offsetof(struct cond, tail) == 40, "as in alltypes.h");

/* The view of a process-shared one. */
struct shared_cond {
	uint64_t shared;
	uint32_t sequence, waiters;
};

struct node {
	uint64_t prev, next;
	uint32_t state, barrier;
	uint64_t notify;
};

#define ASLEEP   2u /* of barrier, which is the futex */
#define WAITING  0u /* of state; then signalled, or leaving by itself */
#define LEAVING  2u
#define MAX_WALK 64 /* nodes from this one to an end of the list */
#define MOST     (1u << 20)

static bool read_node(const struct ct_blocking *ctx, uint64_t addr, struct node *ret)
{
	return addr % 8 == 0 && !ct_read(ctx->target, addr, ret, sizeof(*ret)) &&
	       ret->state <= LEAVING && ret->barrier <= ASLEEP;
}

/* Does the list lead from the node to that end, or farther than we go? */
static bool leads_to(const struct ct_blocking *ctx, uint64_t addr, uint64_t end, bool forward)
{
	struct node node;

	for (unsigned i = 0; i < MAX_WALK; i++) {
		if (addr == end)
			return true;
		if (!read_node(ctx, addr, &node))
			return false;
		addr = forward ? node.next : node.prev;
	}
	return true;
}

/* Is the node in the list of a condition variable at addr? */
static bool has_node(const struct ct_blocking *ctx, uint64_t addr, uint64_t node)
{
	struct cond cond;

	return addr && addr % 8 == 0 && !ct_read(ctx->target, addr, &cond, sizeof(cond)) &&
	       !cond.shared && cond.head && cond.tail && cond.lock <= 2 &&
	       leads_to(ctx, node, cond.head, false) && leads_to(ctx, node, cond.tail, true);
}

static uint64_t find_cond(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, uint64_t node)
{
	uint64_t traces[CT_MUSL_TRACES];
	size_t n = ct_musl_traces(ctx, blocked->regs, UINT64_MAX, traces);

	for (size_t i = 0; i < n; i++)
		if (has_node(ctx, traces[i], node))
			return traces[i];
	return 0;
}

static enum ct_status match_private(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_musl_sleep *sleep, struct ct_match *ret)
{
	uint64_t at = sleep->word - offsetof(struct node, barrier);
	struct node node;

	if (sleep->expected != ASLEEP || !read_node(ctx, at, &node) || node.state != WAITING ||
		node.barrier != ASLEEP)
		return CT_NOT_FOUND;
	uint64_t addr = find_cond(ctx, blocked, at);
	if (!addr)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_COND,
		.address = addr,
		.trust = CT_TRUST_EXACT,
		.why = ct_sink_string(ctx->sink,
			"the futex is in a node on its stack that a condition variable of musl has "
			"in its list of waiters; who will signal it is not recorded"),
		.timed = sleep->timed};
	return CT_OK;
}

static enum ct_status match_shared(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_musl_sleep *sleep, struct ct_match *ret)
{
	uint64_t addr = sleep->word - offsetof(struct shared_cond, sequence);
	struct shared_cond cond;

	if (addr % 8 || ct_read(ctx->target, addr, &cond, sizeof(cond)) ||
		cond.shared != UINT64_MAX || !(cond.waiters & INT32_MAX) ||
		(cond.waiters & INT32_MAX) > MOST || cond.sequence != sleep->expected ||
		!ct_blocked_calls(blocked, "pthread_cond_"))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_COND,
		.address = addr,
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_string(ctx->sink,
			"the futex is the count of signals of a process-shared condition variable "
			"(below pthread_cond_wait); who will signal it is not recorded"),
		.timed = sleep->timed,
		.outside = true};
	return CT_OK;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	struct ct_musl_sleep sleep;

	if (!ct_musl_sleep(blocked, &sleep) || sleep.pi)
		return CT_NOT_FOUND;
	return sleep.is_private ? match_private(ctx, blocked, &sleep, ret)
				: match_shared(ctx, blocked, &sleep, ret);
}

static enum ct_status read_cond(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	uint64_t shared;
	bool fresh;

	if (ct_read_u64(ctx->target, addr, &shared))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_cond", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	ct_sink_get_resource(ctx->sink, resource)->process_shared = shared;
	*ret = resource;
	return CT_OK;
}

/* Those who will signal it: nobody can count them. */
static uint32_t count_signallers(const struct ct_blocking *ctx, uint64_t addr)
{
	uint64_t shared;

	return !ct_read_u64(ctx->target, addr, &shared) && !shared ? CT_NONE : 0;
}

static const struct ct_event_row events[] = {
	{"pthread_cond_signal", CT_CALL_SIGNALS, 0},
	{"pthread_cond_broadcast", CT_CALL_SIGNALS, 0},
	{"cnd_signal", CT_CALL_SIGNALS, 0},
	{"cnd_broadcast", CT_CALL_SIGNALS, 0},
	{"pthread_cond_wait", CT_CALL_WAITS, 0},
	{"pthread_cond_timedwait", CT_CALL_WAITS, 0},
	{"cnd_wait", CT_CALL_WAITS, 0},
	{"cnd_timedwait", CT_CALL_WAITS, 0},
};

static const struct ct_possession possession = {
	.mode = CT_HOLD_SHARED, .any_of = true, .count = count_signallers};

const struct ct_primitive ct_primitive_musl_cond = {
	.name = "pthread_cond",
	.libcs = CT_IN_MUSL,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_cond,
	.events = events,
	.n_events = CT_COUNT(events),
	.possession = &possession,
};
