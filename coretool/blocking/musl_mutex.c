/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_mutex_t of musl 1.2, of every kind. A waiter sleeps on the second word. A normal mutex
 * has EBUSY there and records no owner; the others have the owner's id, and are linked in the
 * owner's list of what it holds, which the exit of a thread walks (src/thread/pthread_mutex_*.c):
 *
 *	normal                            FUTEX_WAIT, expects EBUSY | WAITERS
 *	recursive, errorcheck, robust     the same; expects the id | WAITERS, and DIED where one did
 *	priority inheriting               FUTEX_LOCK_PI, expects 0; the kernel itself knows the
 *owner
 */
#include <errno.h>

#include "blocking/musl.h"
#include "blocking/owner.h"
#include "blocking/rows.h"
#include "target/modules.h"

struct mutex {
	uint32_t type, lock;
	int32_t waiters; /* who sleep, or are about to; priority inheriting: -1, it is corrupt */
	uint32_t pad, pad2, count;
	uint64_t prev, next; /* in the owner's list; both point to a next field */
};

_Static_assert(sizeof(struct mutex) == 40, "as in alltypes.h");

#define TYPE       3u
#define RECURSIVE  1u
#define ERRORCHECK 2u
#define ROBUST     4u
#define PI         8u
#define SHARED     128u
#define HAS_OWNER  (TYPE | ROBUST | PI)

#define WAITERS 0x80000000u
#define DIED    0x40000000u
#define OWNER   0x3fffffffu
#define MAX_TID ((uint32_t)4 * 1024 * 1024)
#define MOST    (1 << 20) /* waiters */

static bool has_owner(const struct mutex *m)
{
	return m->type & HAS_OWNER;
}

static uint32_t owner_of(const struct mutex *m)
{
	return has_owner(m) ? m->lock & OWNER : 0;
}

/*
 * Has its owner exited, so that nobody can have it any more? The exit of a thread leaves DIED in
 * the lock words of what it holds; the next one who asks the kernel for a priority inheriting one
 * gives it back and counts -1 waiters. A robust one is for the next to recover.
 */
static bool is_lost(const struct mutex *m)
{
	return !(m->type & ROBUST) && ((has_owner(m) && m->lock & DIED && !owner_of(m)) ||
					      (m->type & PI && m->waiters < 0));
}

/* Can these bytes be a mutex? Zeros can. */
static bool has_shape(const struct mutex *m)
{
	if (m->type & ~(HAS_OWNER | SHARED) || (m->type & TYPE) == TYPE)
		return false;
	if (m->waiters < (m->type & PI ? -1 : 0) || m->waiters > MOST)
		return false;
	if (!has_owner(m))
		return (m->lock & ~WAITERS) == 0 || (m->lock & ~WAITERS) == EBUSY;
	return owner_of(m) <= MAX_TID || owner_of(m) == OWNER; /* that: not recoverable */
}

static bool read_mutex_at(const struct ct_blocking *ctx, uint64_t addr, struct mutex *ret)
{
	return addr % 8 == 0 && !ct_read(ctx->target, addr, ret, sizeof(*ret)) && has_shape(ret);
}

/* In the list of some thread: what it follows there points to it. */
static bool is_linked(const struct ct_blocking *ctx, const struct mutex *m, uint64_t addr)
{
	uint64_t next;

	return m->prev && !ct_read_u64(ctx->target, m->prev, &next) &&
	       next == addr + offsetof(struct mutex, next);
}

static bool may_be_shared(const struct mutex *m)
{
	return m->type & SHARED;
}

/* How sure is it that the thread waits for this mutex, and for whom? The text says why. */
static const char *weigh(const struct ct_blocking *ctx, const struct mutex *m,
	const struct ct_blocked *blocked, uint64_t addr, enum ct_trust *trust)
{
	bool called = ct_blocked_calls(blocked, "pthread_mutex_");
	const char *below = called ? " (below pthread_mutex_lock)" : "";
	uint32_t owner = owner_of(m);

	*trust = called ? CT_TRUST_LAYOUT : CT_TRUST_INFERRED;
	if (!has_owner(m))
		return ct_sink_printf(ctx->sink,
			"the futex is the lock word of a normal mutex of musl%s, which records no "
			"owner",
			below);
	if (!owner)
		return ct_sink_printf(ctx->sink, "the futex is the lock word of a mutex%s %s",
			below,
			m->lock & DIED ? "that says that its owner has exited without unlocking it"
				       : "whose owner is not recorded");
	if (ct_sink_thread_by_id(ctx->sink, owner) == CT_NONE)
		return ct_sink_printf(ctx->sink,
			"the futex is the lock word of a mutex%s that names thread %u, which is no "
			"thread of this process",
			below, owner);
	*trust = ct_owner_may_be_elsewhere(ctx, may_be_shared(m), addr) || !is_linked(ctx, m, addr)
			 ? CT_TRUST_INFERRED
			 : CT_TRUST_EXACT;
	return ct_sink_printf(ctx->sink,
		"the futex is the lock word of a mutex%s that names thread %u, a live thread",
		below, owner);
}

/* Does this kind of mutex make such a system call, in the state that it is in? */
static bool fits(const struct ct_musl_sleep *sleep, const struct mutex *m)
{
	if (!m->lock || sleep->is_private == may_be_shared(m) || sleep->pi != !!(m->type & PI))
		return false;
	/* Who unlocks wakes one: others go on sleeping on what was there before. */
	return sleep->pi || (sleep->expected & WAITERS && m->waiters > 0);
}

/* A mutex of the thread's own that others wait for: it may have that at hand as well. */
static bool is_wanted_of(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, const struct mutex *m)
{
	return m->lock & WAITERS && ct_sink_get_actor(ctx->sink, blocked->actor)->id == owner_of(m);
}

#define FRAMES 1024 /* bytes of stack that musl's functions use up to there */

/*
 * The kernel has refused a priority inheriting mutex, because the thread itself has it, or waits
 * for it through others, or because its owner is gone: then musl sleeps for ever, on a zero of its
 * own stack (src/thread/pthread_mutex_timedlock.c). The mutex is in a register there, which the
 * functions called from there have saved below the zero; above it there are the program's own.
 */
static uint64_t find_refused(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_musl_sleep *sleep)
{
	uint64_t traces[CT_MUSL_TRACES], ret = 0;
	uint64_t sp = ct_reg(blocked->regs, ct_target_arch(ctx->target)->sp);
	struct mutex m;

	if (sleep->expected || !sleep->is_private || sleep->pi || sleep->word - sp > FRAMES)
		return 0;
	size_t n = ct_musl_traces(ctx, blocked->regs, sleep->word, traces);
	for (size_t i = 0; i < n; i++) {
		if (traces[i] == ret || !read_mutex_at(ctx, traces[i], &m) || !(m.type & PI) ||
			(!owner_of(&m) && !is_lost(&m)) || is_wanted_of(ctx, blocked, &m))
			continue;
		if (ret)
			return 0; /* one of two */
		ret = traces[i];
	}
	return ret;
}

static enum ct_status match_refused(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_musl_sleep *sleep, struct ct_match *ret)
{
	uint64_t addr = find_refused(ctx, blocked, sleep);

	if (!addr)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_MUTEX,
		.address = addr,
		.trust = CT_TRUST_INFERRED,
		.why = ct_sink_string(ctx->sink,
			"it sleeps where musl does when the kernel has refused a priority "
			"inheriting mutex, for a deadlock or a dead owner; its frames have just "
			"this one"),
		.timed = sleep->timed};
	return CT_OK;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	struct ct_musl_sleep sleep;
	struct mutex m;

	if (!ct_musl_sleep(blocked, &sleep))
		return CT_NOT_FOUND;
	if (!match_refused(ctx, blocked, &sleep, ret))
		return CT_OK;
	uint64_t addr = sleep.word - offsetof(struct mutex, lock);
	if (!read_mutex_at(ctx, addr, &m) || !fits(&sleep, &m))
		return CT_NOT_FOUND;
	/* Frames are known, and none of them is a function that locks a mutex. */
	if (blocked->n_callers > 1 && blocked->callers[1] &&
		!ct_blocked_calls(blocked, "pthread_mutex_") &&
		!ct_blocked_calls(blocked, "pthread_cond_"))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_MUTEX, .address = addr, .timed = sleep.timed};
	ret->why = weigh(ctx, &m, blocked, addr, &ret->trust);
	ret->outside =
		may_be_shared(&m) && ct_sink_thread_by_id(ctx->sink, owner_of(&m)) == CT_NONE;
	return CT_OK;
}

static void add_state(const struct ct_blocking *ctx, const struct mutex *m, uint32_t resource)
{
	static const char *const names[] = {"normal", "recursive", "errorcheck"};
	struct ct_sink *sink = ctx->sink;

	ct_sink_value_text(sink, resource, "type", names[m->type & TYPE]);
	if (m->type & ROBUST)
		ct_sink_value_bool(sink, resource, "robust", true);
	if (m->type & PI)
		ct_sink_value_bool(sink, resource, "priority_inheriting", true);
	if (may_be_shared(m))
		ct_sink_value_bool(sink, resource, "process_shared", true);
	ct_sink_value_hex(sink, resource, "lock", m->lock);
	if (has_owner(m))
		ct_sink_value_int(sink, resource, "owner", owner_of(m));
	if ((m->type & TYPE) == RECURSIVE)
		ct_sink_value_int(sink, resource, "depth", owner_of(m) ? m->count + 1 : 0);
	if (m->type & ROBUST && m->lock & DIED)
		ct_sink_value_bool(sink, resource, "inconsistent", true);
}

static enum ct_status read_mutex(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct mutex m;
	bool fresh;

	if (!read_mutex_at(ctx, addr, &m))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_mutex", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		const struct ct_owner owner = {
			.id = owner_of(&m) <= MAX_TID ? owner_of(&m) : 0,
			.taken = m.lock,
			.shared = may_be_shared(&m),
			.exited = is_lost(&m),
			.field = is_lost(&m) ? "its lock word says that its owner has exited"
					     : "the lock word names this thread, and it is in that "
					       "thread's list of what it holds",
			.doubt = is_linked(ctx, &m, addr)
					 ? NULL
					 : "the lock word names this thread, but it is not in its "
					   "list of what it holds: it is just locking or unlocking",
		};

		add_state(ctx, &m, resource);
		ct_owner_add(ctx, resource, &owner);
	}
	*ret = resource;
	return CT_OK;
}

/* Held by a thread that has it in its list: what has no owner looks like any other data. */
static bool recognise(const struct ct_blocking *ctx, uint64_t addr)
{
	struct mutex m;

	return read_mutex_at(ctx, addr, &m) && owner_of(&m) && is_linked(ctx, &m, addr) &&
	       ct_sink_thread_by_id(ctx->sink, owner_of(&m)) != CT_NONE;
}

static bool possible(const struct ct_blocking *ctx, uint64_t addr)
{
	struct mutex m;

	return read_mutex_at(ctx, addr, &m);
}

/* Of what debug information knows to be one. */
static bool noteworthy(const struct ct_blocking *ctx, uint64_t addr)
{
	struct mutex m;

	return read_mutex_at(ctx, addr, &m) &&
	       (is_lost(&m) || (owner_of(&m) && owner_of(&m) <= MAX_TID));
}

/* What a thread has in its list: it ends where it began, in the thread's descriptor. */
static void add_list(const struct ct_blocking *ctx, uint32_t actor, uint32_t *left)
{
	const struct ct_actor *a = ct_sink_get_actor(ctx->sink, actor);
	uint64_t head = a->object + ctx->libc->layout->robust, at, id = a->id;
	uint32_t resource;
	struct mutex m;

	if (!a->object || ct_read_u64(ctx->target, head, &at))
		return;
	while (at != head && *left) {
		uint64_t addr = at - offsetof(struct mutex, next);

		--*left;
		if (!read_mutex_at(ctx, addr, &m) || owner_of(&m) != id ||
			!is_linked(ctx, &m, addr) || read_mutex(ctx, addr, &resource))
			return;
		at = m.next;
	}
}

static void listed(const struct ct_blocking *ctx)
{
	uint32_t n = ct_sink_n_actors(ctx->sink), left = MOST;

	for (uint32_t i = 0; ctx->libc->layout && i < n; i++)
		add_list(ctx, i, &left);
}

/* Of a normal mutex, one; the others name their owner. */
static uint32_t count_unrecorded(const struct ct_blocking *ctx, uint64_t addr)
{
	struct mutex m;

	return read_mutex_at(ctx, addr, &m) && !has_owner(&m) && m.lock;
}

static const struct ct_event_row events[] = {
	{"pthread_mutex_lock", CT_CALL_ACQUIRES, 0},
	{"pthread_mutex_trylock", CT_CALL_TRIES, 0},
	{"pthread_mutex_timedlock", CT_CALL_TRIES, 0},
	{"pthread_mutex_unlock", CT_CALL_RELEASES, 0},
	{"mtx_lock", CT_CALL_ACQUIRES, 0},
	{"mtx_trylock", CT_CALL_TRIES, 0},
	{"mtx_timedlock", CT_CALL_TRIES, 0},
	{"mtx_unlock", CT_CALL_RELEASES, 0},
};

static const char *const types[] = {"pthread_mutex_t", "mtx_t", NULL};

static const struct ct_possession possession = {
	.mode = CT_HOLD_EXCLUSIVE, .count = count_unrecorded};

const struct ct_primitive ct_primitive_musl_mutex = {
	.name = "pthread_mutex",
	.libcs = CT_IN_MUSL,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_mutex,
	.recognise = recognise,
	.possible = possible,
	.listed = listed,
	.noteworthy = noteworthy,
	.types = types,
	.events = events,
	.n_events = CT_COUNT(events),
	.possession = &possession,
};
