/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_rwlock_t of musl 1.2: one word with the number of readers, or a number of its own for a
 * writer. Neither is recorded. A waiter sleeps on that word (src/thread/pthread_rwlock_*.c).
 */
#include "blocking/musl.h"
#include "blocking/rows.h"

struct rwlock {
	uint32_t lock, waiters, shared;
	uint32_t rest[11]; /* always zero */
};

_Static_assert(sizeof(struct rwlock) == 56, "as in alltypes.h");

#define WAITERS 0x80000000u
#define WRITER  0x7fffffffu
#define SHARED  128u
#define MOST    (1u << 20) /* threads that read, or wait */

static bool read_words(const struct ct_blocking *ctx, uint64_t addr, struct rwlock *ret)
{
	if (addr % 8 || ct_read(ctx->target, addr, ret, sizeof(*ret)))
		return false;
	for (size_t i = 0; i < CT_COUNT(ret->rest); i++)
		if (ret->rest[i])
			return false;
	uint32_t readers = ret->lock & ~WAITERS;

	return (readers == WRITER || readers <= MOST) && ret->waiters <= MOST &&
	       (ret->shared == 0 || ret->shared == SHARED);
}

static bool possible(const struct ct_blocking *ctx, uint64_t addr)
{
	struct rwlock rw;

	return read_words(ctx, addr, &rw);
}

/* Readers wait for a writer alone. What else waits is told by the function that it is in. */
static enum ct_wait_kind kind_of(const struct ct_blocked *blocked, const struct rwlock *rw)
{
	if ((rw->lock & WRITER) != WRITER || ct_blocked_calls(blocked, "pthread_rwlock_wr") ||
		ct_blocked_calls(blocked, "pthread_rwlock_timedwr"))
		return CT_WAIT_RWLOCK_WRITE;
	return ct_blocked_calls(blocked, "pthread_rwlock_") ? CT_WAIT_RWLOCK_READ : CT_WAIT_RWLOCK;
}

/* Of musl's own, where the function takes no other. */
static const char *name_of(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	static const struct {
		const char *function, *name;
	} rows[] = {{"dlsym", "the loader's lock"}, {"dladdr", "the loader's lock"},
		{"dl_iterate_phdr", "the loader's lock"},
		{"pthread_create", "the lock of thread creation"}};

	for (size_t i = 0; i < CT_COUNT(rows); i++)
		if (ct_blocked_calls(blocked, rows[i].function))
			return ct_sink_string(ctx->sink, rows[i].name);
	return NULL;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	bool called = ct_blocked_calls(blocked, "pthread_rwlock_");
	struct ct_musl_sleep sleep;
	struct rwlock rw;

	if (!ct_musl_sleep(blocked, &sleep) || sleep.pi || !read_words(ctx, sleep.word, &rw) ||
		!(rw.lock & WRITER) || !rw.waiters || !(sleep.expected & WAITERS) ||
		sleep.is_private == (rw.shared == SHARED))
		return CT_NOT_FOUND;
	if (!called && blocked->n_callers > 1 && blocked->callers[1])
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = kind_of(blocked, &rw),
		.address = sleep.word,
		.trust = called ? CT_TRUST_LAYOUT : CT_TRUST_INFERRED,
		.why = ct_sink_string(ctx->sink,
			(rw.lock & WRITER) == WRITER
				? "it waits for the writer of this rwlock of musl to leave, who is "
				  "not recorded"
				: "it waits for the readers of this rwlock of musl to leave, who "
				  "are not recorded"),
		.name = ct_libc_owns(ctx->target, ctx->libc, sleep.word) && !ctx->libc->in_program
				? name_of(ctx, blocked)
				: NULL,
		.timed = sleep.timed,
		.outside = !sleep.is_private};
	return CT_OK;
}

static enum ct_status read_rwlock(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct rwlock rw;
	bool fresh;

	if (!read_words(ctx, addr, &rw))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_rwlock", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	if (!fresh)
		return CT_OK;
	bool writer = (rw.lock & WRITER) == WRITER;
	struct ct_resource *r = ct_sink_get_resource(ctx->sink, resource);

	r->process_shared = rw.shared;
	r->holders = rw.lock & WRITER ? CT_HOLDERS_UNKNOWN : CT_HOLDERS_COMPLETE;
	if (rw.shared)
		ct_sink_value_bool(ctx->sink, resource, "process_shared", true);
	ct_sink_value_bool(ctx->sink, resource, "written", writer);
	ct_sink_value_int(ctx->sink, resource, "readers", writer ? 0 : rw.lock & WRITER);
	ct_sink_value_int(ctx->sink, resource, "waiters", rw.waiters);
	return CT_OK;
}

static uint32_t count_holders(const struct ct_blocking *ctx, uint64_t addr)
{
	struct rwlock rw;

	if (!read_words(ctx, addr, &rw))
		return 0;
	return (rw.lock & WRITER) == WRITER ? 1 : rw.lock & WRITER;
}

static enum ct_hold_mode mode_now(const struct ct_blocking *ctx, uint64_t addr)
{
	struct rwlock rw;

	return read_words(ctx, addr, &rw) && (rw.lock & WRITER) == WRITER ? CT_HOLD_EXCLUSIVE
									  : CT_HOLD_SHARED;
}

static const struct ct_event_row events[] = {
	{"pthread_rwlock_rdlock", CT_CALL_ACQUIRES, 0},
	{"pthread_rwlock_tryrdlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_timedrdlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_wrlock", CT_CALL_ACQUIRES, 0},
	{"pthread_rwlock_trywrlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_timedwrlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_unlock", CT_CALL_RELEASES, 0},
};

static const char *const types[] = {"pthread_rwlock_t", NULL};

static const struct ct_possession possession = {
	.mode = CT_HOLD_SHARED, .mode_now = mode_now, .count = count_holders};

const struct ct_primitive ct_primitive_musl_rwlock = {
	.name = "pthread_rwlock",
	.libcs = CT_IN_MUSL,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_rwlock,
	.possible = possible,
	.types = types,
	.events = events,
	.n_events = CT_COUNT(events),
	.possession = &possession,
};
