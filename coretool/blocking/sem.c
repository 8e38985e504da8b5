/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sem_t of glibc 2.31 to 2.43, 64-bit: the count in the lower half of a word, the waiters in the
 * upper one. A waiter sleeps on the lower half while it is 0, and its cleanup handler's argument is
 * the semaphore (nptl/sem_waitcommon.c). musl's has the same words; a waiter marks the count before
 * it sleeps, and its handler's argument is the count of waiters (src/thread/sem_timedwait.c). Who
 * will post it is recorded nowhere.
 */
#include "blocking/cleanup.h"
#include "blocking/rows.h"

struct sem {
	uint32_t value, waiters;
	int32_t shared, pad; /* 0 or 128; see struct form */
};

static const struct form {
	uint32_t sleeps_on[2]; /* values, of older and of newer versions */
	uint8_t recorded;      /* what of it the cleanup handler names */
	uint32_t marks;        /* values with this bit are no count */
	int32_t is_private;    /* what shared is when no other process uses it */
} forms[] = {
	[CT_LIBC_GLIBC] = {.sleeps_on = {0, 0}},
	/* Up to 1.2.3, and since. */
	[CT_LIBC_MUSL] = {{UINT32_MAX, 1u << 31}, offsetof(struct sem, waiters), 1u << 31, 128},
};

#define MOST (1u << 20) /* threads that may wait */

static bool read_words(const struct ct_blocking *ctx, uint64_t addr, struct sem *ret)
{
	const struct form *form = &forms[ctx->libc->kind];

	if (addr % (form->marks ? 4 : 8) || ct_read(ctx->target, addr, ret, sizeof(*ret)))
		return false;
	if (form->marks & ret->value)
		ret->value = ret->value == form->sleeps_on[0] ? 0 : ret->value & ~form->marks;
	return ret->value <= INT32_MAX && ret->waiters <= MOST &&
	       (ret->shared == 0 || ret->shared == 128);
}

static bool is_recorded(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	struct ct_cleanup cleanups[CT_MAX_CLEANUPS];
	size_t n = ct_cleanups(ctx, blocked->actor, cleanups);

	for (size_t i = 0; i < n; i++)
		if (cleanups[i].arg == blocked->call.args[0] + forms[ctx->libc->kind].recorded)
			return true;
	return false;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	const struct form *form = &forms[ctx->libc->kind];
	uint64_t addr = blocked->call.args[0];
	uint32_t expected = (uint32_t)blocked->call.args[2];
	struct sem sem;

	if (!blocked->futex.waits || blocked->futex.pi ||
		(expected != form->sleeps_on[0] && expected != form->sleeps_on[1]) ||
		!read_words(ctx, addr, &sem) || !sem.waiters || !is_recorded(ctx, blocked))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_SEM,
		.address = addr,
		.trust = CT_TRUST_EXACT,
		.why = ct_sink_string(ctx->sink,
			"the futex is the semaphore that its cleanup handler names; who will post "
			"it is not recorded"),
		.timed = blocked->call.args[3],
		.outside = !blocked->futex.is_private};
	return CT_OK;
}

static enum ct_status read_sem(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct sem sem;
	bool fresh;

	if (!read_words(ctx, addr, &sem))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "sem", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_value_int(ctx->sink, resource, "value", sem.value);
		ct_sink_value_int(ctx->sink, resource, "waiters", sem.waiters);
	}
	*ret = resource;
	return CT_OK;
}

static uint32_t count_takers(const struct ct_blocking *ctx, uint64_t addr)
{
	struct sem sem;

	/* What it began with is not recorded, so neither is how many have taken from it. */
	return read_words(ctx, addr, &sem) && !sem.value &&
			       sem.shared == forms[ctx->libc->kind].is_private
		       ? CT_NONE
		       : 0;
}

static const struct ct_event_row events[] = {
	{"sem_wait", CT_CALL_ACQUIRES, 0},
	{"sem_trywait", CT_CALL_TRIES, 0},
	{"sem_timedwait", CT_CALL_TRIES, 0},
	{"sem_clockwait", CT_CALL_TRIES, 0},
	{"sem_post", CT_CALL_RELEASES, 0},
};

static const struct ct_possession possession = {
	.mode = CT_HOLD_EXCLUSIVE, .up_releases = true, .any_of = true, .count = count_takers};

const struct ct_primitive ct_primitive_sem = {
	.name = "sem",
	.libcs = CT_IN_GLIBC | CT_IN_MUSL,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_sem,
	.events = events,
	.n_events = CT_COUNT(events),
	.possession = &possession,
};
