/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_cond_t of glibc 2.31 to 2.43, and so std::condition_variable. A waiter sleeps on one of
 * two words of it, and its cleanup handler has a record of the condition variable and the mutex
 * (nptl/pthread_cond_wait.c, struct _condvar_cleanup_buffer). Who will signal it is recorded
 * nowhere.
 *
 *	2.31 to 2.40    g_signals at 40 and 44, what is expected there is 0
 *	2.41 on         g_signals at 32 and 36, what is expected is the count that was seen
 */
#include "blocking/cond.h"

#include "blocking/cleanup.h"
#include "blocking/rows.h"

#define SIGNALS     32u /* the words are from here … */
#define SIGNALS_END 48u /* … to here */

struct record {
	uint64_t wseq, cond, mutex;
	int32_t private_, pad;
};

/* The record of the condition variable that the word is in. */
static bool find_record(
	const struct ct_blocking *ctx, uint32_t actor, uint64_t word, struct record *ret)
{
	struct ct_cleanup cleanups[CT_MAX_CLEANUPS];
	size_t n = ct_cleanups(ctx, actor, cleanups);

	for (size_t i = 0; i < n; i++)
		if (!ct_read(ctx->target, cleanups[i].arg, ret, sizeof(*ret)) &&
			word - ret->cond >= SIGNALS && word - ret->cond < SIGNALS_END &&
			ret->cond % 8 == 0 && ret->mutex)
			return true;
	return false;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	struct record record;

	if (!blocked->futex.waits || blocked->futex.pi ||
		!find_record(ctx, blocked->actor, blocked->call.args[0], &record))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_COND,
		.address = record.cond,
		.trust = CT_TRUST_EXACT,
		.why = ct_sink_printf(ctx->sink,
			"the futex is in the condition variable that its cleanup record names, "
			"together with the mutex at 0x%llx; who will signal it is not recorded",
			(unsigned long long)record.mutex),
		.timed = blocked->call.args[3],
		.outside = !blocked->futex.is_private};
	return CT_OK;
}

uint64_t ct_cond_mutex(const struct ct_blocking *ctx, uint32_t actor, uint64_t cond)
{
	struct record record;

	return find_record(ctx, actor, cond + SIGNALS, &record) ? record.mutex : 0;
}

static enum ct_status read_cond(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	bool fresh;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_cond", addr, &fresh);

	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	return CT_OK;
}

/* Whoever waits for it waits for a signal: how many could give one is not counted anywhere. */
static uint32_t count_signallers(const struct ct_blocking *ctx, uint64_t addr)
{
	uint64_t word;

	return ct_read_u64(ctx->target, addr, &word) ? 0 : CT_NONE;
}

static const struct ct_event_row events[] = {
	{"pthread_cond_signal", CT_CALL_SIGNALS, 0},
	{"pthread_cond_broadcast", CT_CALL_SIGNALS, 0},
	{"cnd_signal", CT_CALL_SIGNALS, 0},
	{"cnd_broadcast", CT_CALL_SIGNALS, 0},
	{"_ZNSt18condition_variable10notify_oneEv", CT_CALL_SIGNALS, 0},
	{"_ZNSt18condition_variable10notify_allEv", CT_CALL_SIGNALS, 0},
	{"pthread_cond_wait", CT_CALL_WAITS, 0},
	{"pthread_cond_timedwait", CT_CALL_WAITS, 0},
	{"pthread_cond_clockwait", CT_CALL_WAITS, 0},
	{"cnd_wait", CT_CALL_WAITS, 0},
	{"cnd_timedwait", CT_CALL_WAITS, 0},
	{"_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", CT_CALL_WAITS_BY, 0},
};

static const struct ct_possession possession = {
	.mode = CT_HOLD_SHARED, .any_of = true, .count = count_signallers};

const struct ct_primitive ct_primitive_cond = {
	.name = "pthread_cond",
	.libcs = CT_IN_GLIBC,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_cond,
	.events = events,
	.n_events = CT_COUNT(events),
	.possession = &possession,
};
