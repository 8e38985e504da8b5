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

#include "blocking/rows.h"
#include "target/symbols.h"

#define KIND_TYPE    0x3u
#define KIND_ROBUST  0x10u
#define KIND_PI      0x20u
#define KIND_PP      0x40u
#define KIND_SHARED  0x80u
#define KIND_ELISION 0x300u /* 2.31 … 2.41 set these on any mutex */
#define KIND_ALL     (KIND_TYPE | KIND_ROBUST | KIND_PI | KIND_PP | KIND_SHARED | KIND_ELISION)

#define TYPE_NORMAL    0u
#define TYPE_RECURSIVE 1u
#define TYPE_ADAPTIVE  3u

#define PP_WORD   0x7ffffu /* above it the ceiling: PTHREAD_MUTEX_PRIO_CEILING_SHIFT is 19 */
#define MAX_USERS 65536u
#define MAX_TID   ((uint32_t)4 * 1024 * 1024)

/* The head of pthread_mutex_t: the same on x86-64 and aarch64, except that the latter's spins is an
 * int. */
struct mutex {
	uint32_t lock, count, owner, nusers, kind;
	int16_t spins, elision;
	uint64_t prev, next;
};

_Static_assert(sizeof(struct mutex) == 40, "as in nptl's struct_mutex.h");

static uint32_t lock_owner(const struct mutex *m)
{
	return m->kind & (KIND_ROBUST | KIND_PI) ? m->lock & FUTEX_TID_MASK : m->owner;
}

static bool shape_of_lock(const struct mutex *m)
{
	if (m->kind & (KIND_ROBUST | KIND_PI))
		return lock_owner(m) <= MAX_TID;
	return (m->kind & KIND_PP ? m->lock & PP_WORD : m->lock) <= 2;
}

/* Can these 40 bytes be a mutex that somebody uses? An owner is not asked for. */
static bool has_shape(const struct mutex *m)
{
	uint32_t type = m->kind & KIND_TYPE;

	if (m->kind & ~KIND_ALL || m->owner > MAX_TID || m->nusers > MAX_USERS || m->spins < 0)
		return false;
	if (m->kind & KIND_PI && m->kind & KIND_PP)
		return false;
	if (type != TYPE_ADAPTIVE && m->spins)
		return false;
	if (!(m->kind & KIND_ROBUST) && (m->prev || m->next))
		return false;
	if (type != TYPE_RECURSIVE && m->count > 1)
		return false;
	return shape_of_lock(m);
}

/* Held: the two words that name the owner agree, and somebody is counted as its user. */
static bool has_owner(const struct mutex *m)
{
	uint32_t owner = lock_owner(m);

	return m->lock && owner && m->nusers && (m->owner == owner || m->kind & KIND_ROBUST);
}

static bool process_shared(const struct mutex *m)
{
	return m->kind & KIND_SHARED;
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
	return (expected & PP_WORD) == 2 ? PATH_PLAIN : PATH_NONE;
}

static bool path_fits(enum path path, const struct ct_futex_op *op, const struct ct_syscall *call,
	const struct mutex *m)
{
	/* What a plain lock expects above 2 is the ceiling of a priority-protecting mutex. */
	uint32_t ceiling = m->kind & KIND_PP ? m->lock & ~PP_WORD : 0;

	switch (path) {
	case PATH_PI:
		return m->kind & KIND_PI;
	case PATH_ROBUST:
		return (m->kind & KIND_ROBUST) && !(m->kind & KIND_PI);
	case PATH_PLAIN:
		return !(m->kind & (KIND_ROBUST | KIND_PI)) &&
		       op->is_private != process_shared(m) &&
		       ((uint32_t)call->args[2] & ~PP_WORD) == ceiling;
	default:
		return false;
	}
}

/*
 * glibc makes these calls inside of itself. A program that calls futex through syscall() has a lock
 * of its own, however like a mutex it may look.
 */
static bool made_by_libc(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	uint64_t pc = ct_reg(blocked->regs, ct_target_arch(ctx->target)->pc);
	struct ct_symbol symbol;

	if (!ct_libc_owns(ctx->target, pc))
		return false;
	if (blocked->n_callers && blocked->callers[0])
		return strcmp(blocked->callers[0], "syscall") != 0;
	return ct_symbol_at(ctx->target, pc, CT_SYMBOL_CODE, &symbol) ||
	       strcmp(symbol.name, "syscall") != 0;
}

/* Is this address a mutex for certain, whoever owns it? A frame of pthread_mutex_lock says so. */
static bool called_as_mutex(const struct ct_blocked *blocked)
{
	return ct_blocked_calls(blocked, "pthread_mutex_");
}

static const char *describe_owner(const struct ct_blocking *ctx, const struct mutex *m,
	const struct ct_blocked *blocked, enum ct_trust *trust)
{
	uint32_t owner = lock_owner(m);
	bool live = ct_sink_thread_by_id(ctx->sink, owner) != CT_NONE;

	*trust = CT_TRUST_LAYOUT;
	if (!has_owner(m))
		return ct_sink_printf(ctx->sink, "the futex is the lock word of a mutex; it is "
						 "being handed over, no owner is "
						 "recorded");
	if (!live)
		return ct_sink_printf(ctx->sink,
			"the futex is the lock word of a mutex whose owner field names thread %u, "
			"which is not in this process",
			owner);
	*trust = CT_TRUST_EXACT;
	return ct_sink_printf(ctx->sink,
		"the futex is the lock word of a mutex%s whose owner field names thread %u, a live "
		"thread",
		called_as_mutex(blocked) ? " (below pthread_mutex_lock)" : "", owner);
}

/*
 * A normal PI mutex locked again by its owner: the kernel answers EDEADLK and glibc then sleeps for
 * good on a zero word on its own stack (nptl, futex delay in pthread_mutex_lock_full). The mutex is
 * still in a saved register.
 */
static enum ct_status match_pi_delay(const struct ct_blocking *ctx,
	const struct ct_blocked *blocked, const struct ct_futex_op *op, struct ct_match *ret)
{
	const struct ct_arch *arch = ct_target_arch(ctx->target);
	uint64_t sp = ct_reg(blocked->regs, arch->sp), word = blocked->call.args[0];
	uint64_t slots[96];
	uint32_t value, self = (uint32_t)ct_sink_get_actor(ctx->sink, blocked->actor)->id;
	size_t n = 0;

	if (op->pi || !op->waits || blocked->call.args[2] || blocked->call.args[3] ||
		word - sp > 512 || ct_read_u32(ctx->target, word, &value) || value)
		return CT_NOT_FOUND;
	for (unsigned i = 0; i < arch->n_dwarf; i++)
		slots[n++] = ct_reg(blocked->regs, arch->dwarf_to_reg[i]);
	for (uint64_t at = sp; n < CT_COUNT(slots) && !ct_read_u64(ctx->target, at, &slots[n]);
		at += 8)
		n++;
	for (size_t i = 0; i < n; i++) {
		struct mutex m;

		if (slots[i] % 8 || ct_read(ctx->target, slots[i], &m, sizeof(m)) ||
			!has_shape(&m) || !(m.kind & KIND_PI) || !has_owner(&m) ||
			lock_owner(&m) != self)
			continue;
		*ret = (struct ct_match){.kind = CT_WAIT_MUTEX,
			.address = slots[i],
			.trust = CT_TRUST_LAYOUT,
			.why = ct_sink_printf(ctx->sink,
				"asleep for good inside pthread_mutex_lock, which keeps a pointer "
				"to a "
				"priority-inheriting mutex that this thread owns already")};
		return CT_OK;
	}
	return CT_NOT_FOUND;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	struct ct_futex_op op;
	struct mutex m;

	if (ct_futex_decode(ct_target_arch(ctx->target), &blocked->call, &op))
		return CT_NOT_FOUND;
	enum path path = lock_path(&op, &blocked->call);
	if (path == PATH_NONE)
		return match_pi_delay(ctx, blocked, &op, ret);
	if (ct_read(ctx->target, addr, &m, sizeof(m)) || !has_shape(&m) ||
		!path_fits(path, &op, &blocked->call, &m) || !made_by_libc(ctx, blocked))
		return CT_NOT_FOUND;
	/* Without an owner the shape is too weak (zeroes have it): only a frame tells then. */
	if (!has_owner(&m) && !called_as_mutex(blocked))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){
		.kind = CT_WAIT_MUTEX, .address = addr, .timed = blocked->call.args[3]};
	ret->why = describe_owner(ctx, &m, blocked, &ret->trust);
	ret->outside = process_shared(&m) && has_owner(&m) &&
		       ct_sink_thread_by_id(ctx->sink, lock_owner(&m)) == CT_NONE;
	return CT_OK;
}

static const char *type_name(const struct mutex *m)
{
	static const char *const names[] = {"normal", "recursive", "errorcheck", "adaptive"};

	return names[m->kind & KIND_TYPE];
}

static void add_state(const struct ct_blocking *ctx, const struct mutex *m, uint32_t resource)
{
	struct ct_sink *sink = ctx->sink;

	ct_sink_value_text(sink, resource, "type", type_name(m));
	if (m->kind & KIND_ROBUST)
		ct_sink_value_bool(sink, resource, "robust", true);
	if (m->kind & KIND_PI)
		ct_sink_value_bool(sink, resource, "priority_inheriting", true);
	if (m->kind & KIND_PP)
		ct_sink_value_bool(sink, resource, "priority_protect", true);
	if (process_shared(m))
		ct_sink_value_bool(sink, resource, "process_shared", true);
	ct_sink_value_hex(sink, resource, "lock", m->lock);
	ct_sink_value_int(sink, resource, "owner", lock_owner(m));
	if ((m->kind & KIND_TYPE) == TYPE_RECURSIVE)
		ct_sink_value_int(sink, resource, "depth", m->count);
	/* Waiters of condition variables that will take this mutex again are users too. */
	ct_sink_value_int(sink, resource, "users", m->nusers);
}

/* Can "no such thread" be said at all? Not when threads or their ids may be missing. */
static bool ids_are_sure(const struct ct_blocking *ctx)
{
	return ct_target_process(ctx->target)->all_threads &&
	       (ctx->libc->ids_complete || ctx->libc->ids_are_lwps);
}

static void add_owner(const struct ct_blocking *ctx, const struct mutex *m, uint32_t resource)
{
	struct ct_resource *r = ct_sink_get_resource(ctx->sink, resource);
	uint32_t owner = lock_owner(m), actor = ct_sink_thread_by_id(ctx->sink, owner);

	r->process_shared = process_shared(m);
	if (!has_owner(m)) {
		r->holders = m->lock ? CT_HOLDERS_UNKNOWN : CT_HOLDERS_COMPLETE;
		return;
	}
	if (actor == CT_NONE) {
		bool gone = !r->process_shared && ids_are_sure(ctx);

		r->holders = gone ? CT_HOLDERS_COMPLETE : CT_HOLDERS_UNKNOWN;
		r->owner_gone = gone ? owner : 0;
		if (r->process_shared)
			ct_sink_note(ctx->sink, CT_NOTE_NOT_ASKED,
				ct_sink_printf(ctx->sink, "0x%llx", (unsigned long long)r->address),
				"this process-shared mutex is held by thread %u of another process",
				owner);
		return;
	}
	r->holders = CT_HOLDERS_COMPLETE;
	ct_sink_hold(ctx->sink,
		&(struct ct_hold){.actor = actor,
			.resource = resource,
			.mode = CT_HOLD_EXCLUSIVE,
			.trust = CT_TRUST_EXACT,
			.took_frame = CT_NONE,
			.why = ct_sink_printf(ctx->sink,
				m->kind & (KIND_ROBUST | KIND_PI)
					? "the lock word and the owner field name this thread"
					: "the owner field names this thread, and the lock word is "
					  "taken")});
}

static enum ct_status read_mutex(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct mutex m;
	bool fresh;

	if (ct_read(ctx->target, addr, &m, sizeof(m)))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_mutex", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
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
	struct mutex m;

	return addr % 8 == 0 && !ct_read(ctx->target, addr, &m, sizeof(m)) && has_shape(&m) &&
	       has_owner(&m) && ct_sink_thread_by_id(ctx->sink, lock_owner(&m)) != CT_NONE;
}

const struct ct_primitive ct_primitive_mutex = {
	.name = "pthread_mutex",
	.match = match,
	.read = read_mutex,
	.recognise = recognise,
};
