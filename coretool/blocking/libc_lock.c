/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recursive locks of glibc's own (struct {int lock, count; void *owner}): of a FILE, of the
 * list of FILEs, of exit. The owner is the struct pthread of the thread that has it (sysdeps/nptl,
 * libc-lockP.h and stdio-lock.h; 2.31 to 2.43). What is counted is how often it is taken, from 2.41
 * on without the first time.
 */
#include "blocking/rows.h"

struct libc_lock {
	uint32_t lock, count;
	uint64_t owner;
};

#define CONTENDED 2u
#define MOST      (1u << 20) /* times that a thread has it */

/* struct _IO_FILE of libio: where it has the address of its lock, and where fopen puts that. */
#define FILE_LOCK 136u
#define FOPENED   224u

/* The thread that has it, or CT_NONE. */
static uint32_t owner_of(const struct ct_blocking *ctx, uint64_t addr, struct libc_lock *ret)
{
	if (addr % 8 || ct_read(ctx->target, addr, ret, sizeof(*ret)) || !ret->lock ||
		ret->lock > CONTENDED || ret->count > MOST || !ret->owner)
		return CT_NONE;
	return ct_sink_actor_by_object(ctx->sink, ret->owner);
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	struct libc_lock lock;
	struct ct_futex_op op;

	if (ct_futex_decode(ct_target_arch(ctx->target), &blocked->call, &op) || !op.waits ||
		op.pi || (uint32_t)blocked->call.args[2] != CONTENDED || blocked->call.args[3] ||
		!ct_blocked_in_libc(ctx, blocked))
		return CT_NOT_FOUND;
	uint32_t owner = owner_of(ctx, addr, &lock);
	if (owner == CT_NONE)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_LIBC,
		.address = addr,
		.trust = CT_TRUST_EXACT,
		.why = ct_sink_printf(ctx->sink,
			"the futex is a lock of libc's own whose owner field points to the "
			"descriptor of thread %llu",
			(unsigned long long)ct_sink_get_actor(ctx->sink, owner)->id)};
	return CT_OK;
}

/* fopen makes a FILE and its lock in one piece. */
static void name_lock(const struct ct_blocking *ctx, struct ct_resource *r)
{
	uint64_t file = r->address - FOPENED, lock;

	if (!ct_read_u64(ctx->target, file + FILE_LOCK, &lock) && lock == r->address)
		r->name = ct_sink_printf(
			ctx->sink, "the lock of the FILE at 0x%llx", (unsigned long long)file);
}

static enum ct_status read_lock(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct libc_lock lock;
	bool fresh;
	uint32_t owner = owner_of(ctx, addr, &lock);

	if (owner == CT_NONE)
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "libc_lock", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		struct ct_resource *r = ct_sink_get_resource(ctx->sink, resource);

		ct_sink_value_int(ctx->sink, resource, "count", lock.count);
		r->holders = CT_HOLDERS_COMPLETE;
		name_lock(ctx, r);
		ct_sink_hold(
			ctx->sink, &(struct ct_hold){.actor = owner,
					   .resource = resource,
					   .trust = CT_TRUST_EXACT,
					   .took_frame = CT_NONE,
					   .why = ct_sink_string(ctx->sink,
						   "the owner field points to its descriptor")});
	}
	*ret = resource;
	return CT_OK;
}

static bool recognise(const struct ct_blocking *ctx, uint64_t addr)
{
	struct libc_lock lock;

	return owner_of(ctx, addr, &lock) != CT_NONE;
}

const struct ct_primitive ct_primitive_libc_lock = {
	.name = "libc_lock",
	.match = match,
	.read = read_lock,
	.recognise = recognise,
};
