/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_mutex_t of glibc 2.31 … 2.43, every kind, without symbols: a waiter's futex is the mutex
 *itself, and nptl's lock paths leave their mark in the operation and the expected value:
 *
 *	normal, recursive, errorcheck, adaptive   FUTEX_WAIT, or WAIT_BITSET with a timeout; expects
 *2 priority protecting                       the same; expects its ceiling and 2 robust the same,
 *always shared; expects tid | FUTEX_WAITERS priority inheriting                       FUTEX_LOCK_PI
 *or LOCK_PI2; the kernel itself knows the owner
 *
 * The word alone proves nothing (malloc's locks and homemade ones look alike), so all 40 bytes must
 *have a shape that nptl can make, and the owner must be a thread.
 */
#include <linux/futex.h>

#include "blocking/mutex_delay.h"
#include "blocking/mutex_shape.h"
#include "blocking/owner.h"
#include "blocking/rows.h"
#include "target/modules.h"

/*
 * May other processes use it? pthread_mutex_init sets the bit on every robust mutex, so there it
 * proves nothing; but what processes share is mapped from a file, if only from /dev/zero, and the
 * core names it.
 */
static bool process_shared(const struct ct_blocking *ctx, const struct ct_mutex *m, uint64_t addr)
{
	const struct ct_map *map = ct_target_map_at(ctx->target, addr);

	if (!(m->kind & CT_MUTEX_SHARED))
		return false;
	return !(m->kind & CT_MUTEX_ROBUST) ||
	       ((!map || map->path) && !ct_module_at(ctx->target, addr));
}

static bool may_be_elsewhere(const struct ct_blocking *ctx, const struct ct_mutex *m, uint64_t addr)
{
	return ct_owner_may_be_elsewhere(ctx, process_shared(ctx, m, addr), addr);
}

/* Which lock path of nptl makes this call? 0: none. */
enum path { PATH_NONE, PATH_PLAIN, PATH_ROBUST, PATH_PI };

static enum path lock_path(const struct ct_futex_op *op, const struct ct_syscall *call)
{
	uint32_t expected = (uint32_t)call->args[2];

	if (op->pi)
		return PATH_PI;
	if (!op->waits || call->args[0] % 4)
		return PATH_NONE;
	if (expected & FUTEX_WAITERS && expected & FUTEX_TID_MASK && !op->is_private)
		return PATH_ROBUST;
	return (expected & CT_MUTEX_PP_WORD) == 2 ? PATH_PLAIN : PATH_NONE;
}

static bool path_fits(enum path path, const struct ct_futex_op *op, const struct ct_syscall *call,
	const struct ct_mutex *m)
{
	/* What a plain lock expects above 2 is the ceiling of a priority-protecting mutex. */
	uint32_t ceiling = m->kind & CT_MUTEX_PP ? m->lock & ~CT_MUTEX_PP_WORD : 0;

	switch (path) {
	case PATH_PI:
		return m->kind & CT_MUTEX_PI;
	case PATH_ROBUST:
		return (m->kind & CT_MUTEX_ROBUST) && !(m->kind & CT_MUTEX_PI);
	case PATH_PLAIN:
		return !(m->kind & (CT_MUTEX_ROBUST | CT_MUTEX_PI)) &&
		       op->is_private != !!(m->kind & CT_MUTEX_SHARED) &&
		       ((uint32_t)call->args[2] & ~CT_MUTEX_PP_WORD) == ceiling;
	default:
		return false;
	}
}

/* Is this address a mutex for certain, whoever owns it? A frame of pthread_mutex_lock says so. */
static bool called_as_mutex(const struct ct_blocked *blocked)
{
	return ct_blocked_calls(blocked, "pthread_mutex_");
}

/* Frames are known, and none of them is a function that locks a mutex. */
static bool called_as_other(const struct ct_blocked *blocked)
{
	return blocked->n_callers > 1 && blocked->callers[1] && !called_as_mutex(blocked);
}

/* How sure is it that the thread waits for this mutex, and for whom? The text says why. */
static const char *weigh(const struct ct_blocking *ctx, const struct ct_mutex *m,
	const struct ct_blocked *blocked, enum ct_trust *trust)
{
	uint64_t addr = blocked->call.args[0];
	bool called = called_as_mutex(blocked);
	const char *below = called ? " (below pthread_mutex_lock)" : "";
	uint32_t owner = ct_mutex_owner(m);

	*trust = called ? CT_TRUST_LAYOUT : CT_TRUST_INFERRED;
	if (!ct_mutex_held(m))
		return ct_sink_printf(ctx->sink,
			"the futex is the lock word of a mutex%s that is being handed over: no "
			"owner is "
			"recorded",
			below);
	if (ct_sink_thread_by_id(ctx->sink, owner) == CT_NONE)
		return ct_sink_printf(ctx->sink,
			"the futex is the lock word of a mutex%s whose owner field names thread "
			"%u, "
			"which is no thread of this process",
			below, owner);
	*trust = may_be_elsewhere(ctx, m, addr) || ct_mutex_miscounted(m) ? CT_TRUST_INFERRED
									  : CT_TRUST_EXACT;
	return ct_sink_printf(ctx->sink,
		"the futex is the lock word of a mutex%s whose owner field names thread %u, a live "
		"thread%s",
		below, owner,
		ct_mutex_miscounted(m)
			? "; nobody is counted as its user: it was unlocked once too often"
			: "");
}

/*
 * Zeros have the shape of a free mutex, and a stray word may look like the id of a thread that is
 * gone: without a live owner, or with a count of users that no lock leaves behind, a frame must say
 * that it is one.
 */
static bool is_certain(
	const struct ct_blocking *ctx, const struct ct_mutex *m, const struct ct_blocked *blocked)
{
	if (!ct_mutex_held(m) || ct_mutex_miscounted(m))
		return called_as_mutex(blocked);
	return ct_sink_thread_by_id(ctx->sink, ct_mutex_owner(m)) != CT_NONE ||
	       !called_as_other(blocked);
}

/* A thread that sleeps in pthread_mutex_lock, and what it sleeps on cannot be a mutex any more. */
static enum ct_status match_corrupt(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_mutex *m, struct ct_match *ret)
{
	const char *fault = called_as_mutex(blocked) ? ct_mutex_fault(ctx, m) : NULL;

	if (!fault)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_MUTEX,
		.address = blocked->call.args[0],
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_printf(ctx->sink,
			"asleep below pthread_mutex_lock on what is no longer a mutex: %s", fault),
		.timed = blocked->call.args[3]};
	return CT_OK;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	const struct ct_futex_op *op = &blocked->futex;
	struct ct_mutex m;

	enum path path = lock_path(op, &blocked->call);

	if (path == PATH_NONE)
		return ct_mutex_match_delay(ctx, blocked, ret);
	if (ct_read(ctx->target, addr, &m, sizeof(m)))
		return CT_NOT_FOUND;
	if (!ct_mutex_shape(ctx, &m) || !path_fits(path, op, &blocked->call, &m) ||
		!is_certain(ctx, &m, blocked))
		return path == PATH_PLAIN ? match_corrupt(ctx, blocked, &m, ret) : CT_NOT_FOUND;
	*ret = (struct ct_match){
		.kind = CT_WAIT_MUTEX, .address = addr, .timed = blocked->call.args[3]};
	ret->why = weigh(ctx, &m, blocked, &ret->trust);
	ret->outside = process_shared(ctx, &m, addr) && ct_mutex_held(&m) &&
		       ct_sink_thread_by_id(ctx->sink, ct_mutex_owner(&m)) == CT_NONE;
	return CT_OK;
}

static const char *type_name(const struct ct_mutex *m)
{
	static const char *const names[] = {"normal", "recursive", "errorcheck", "adaptive"};

	return names[m->kind & CT_MUTEX_TYPE];
}

static void add_state(const struct ct_blocking *ctx, const struct ct_mutex *m, uint32_t resource)
{
	struct ct_sink *sink = ctx->sink;

	ct_sink_value_text(sink, resource, "type", type_name(m));
	if (m->kind & CT_MUTEX_ROBUST)
		ct_sink_value_bool(sink, resource, "robust", true);
	if (m->kind & CT_MUTEX_PI)
		ct_sink_value_bool(sink, resource, "priority_inheriting", true);
	if (m->kind & CT_MUTEX_PP)
		ct_sink_value_bool(sink, resource, "priority_protect", true);
	if (process_shared(ctx, m, ct_sink_get_resource(sink, resource)->address))
		ct_sink_value_bool(sink, resource, "process_shared", true);
	ct_sink_value_hex(sink, resource, "lock", m->lock);
	ct_sink_value_int(sink, resource, "owner", ct_mutex_owner(m));
	if ((m->kind & CT_MUTEX_TYPE) == CT_MUTEX_RECURSIVE)
		ct_sink_value_int(sink, resource, "depth", m->count);
	/* Waiters of condition variables that will take this mutex again are users too. */
	ct_sink_value_int(sink, resource, "users", m->nusers);
	if (ct_mutex_inconsistent(m))
		ct_sink_value_bool(sink, resource, "inconsistent", true);
}

static void add_owner(const struct ct_blocking *ctx, const struct ct_mutex *m, uint32_t resource)
{
	struct ct_resource *r = ct_sink_get_resource(ctx->sink, resource);
	const struct ct_owner owner = {
		.id = ct_mutex_held(m) && !r->corrupt ? ct_mutex_owner(m) : 0,
		.taken = m->lock,
		.shared = process_shared(ctx, m, r->address),
		.field = m->kind & (CT_MUTEX_ROBUST | CT_MUTEX_PI)
				 ? "the lock word names this thread"
				 : "the owner field names this thread, and the lock word is taken",
		.doubt = ct_mutex_miscounted(m)
				 ? "the owner field names this thread; nobody is counted as a user"
				 : NULL,
	};

	ct_owner_add(ctx, resource, &owner);
}

static enum ct_status read_mutex(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct ct_mutex m;
	bool fresh;

	if (ct_read(ctx->target, addr, &m, sizeof(m)))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_mutex", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_get_resource(ctx->sink, resource)->corrupt = ct_mutex_fault(ctx, &m);
		ct_sink_get_resource(ctx->sink, resource)->corrupt_trust = CT_TRUST_LAYOUT;
		add_state(ctx, &m, resource);
		add_owner(ctx, &m, resource);
	}
	*ret = resource;
	return CT_OK;
}

/* A held mutex whose owner is a thread: what is free or owned by nobody looks like any other data.
 */
static bool recognise(const struct ct_blocking *ctx, uint64_t addr)
{
	struct ct_mutex m;

	return addr % 8 == 0 && !ct_read(ctx->target, addr, &m, sizeof(m)) &&
	       ct_mutex_shape(ctx, &m) && ct_mutex_held(&m) &&
	       ct_sink_thread_by_id(ctx->sink, ct_mutex_owner(&m)) != CT_NONE;
}

static bool possible(const struct ct_blocking *ctx, uint64_t addr)
{
	struct ct_mutex m;

	return !ct_read(ctx->target, addr, &m, sizeof(m)) && ct_mutex_shape(ctx, &m);
}

static bool noteworthy(const struct ct_blocking *ctx, uint64_t addr)
{
	struct ct_mutex m;

	return !ct_read(ctx->target, addr, &m, sizeof(m)) &&
	       (ct_mutex_held(&m) || ct_mutex_fault(ctx, &m));
}

/* libstdc++'s are a pthread_mutex_t and nothing else. */
static const char *const types[] = {"pthread_mutex_t", "std::mutex", "std::recursive_mutex",
	"std::timed_mutex", "std::recursive_timed_mutex", NULL};

const struct ct_primitive ct_primitive_mutex = {
	.name = "pthread_mutex",
	.libcs = CT_IN_GLIBC,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_mutex,
	.recognise = recognise,
	.possible = possible,
	.noteworthy = noteworthy,
	.listed = ct_mutex_listed,
	.scan = &ct_mutex_scan,
	.types = types,
};
