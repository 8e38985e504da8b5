/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recursive locks of glibc's own (struct {int lock, count; void *owner}): of a FILE, of the
 * list of FILEs, of exit. The owner is the struct pthread of the thread that has it (sysdeps/nptl,
 * libc-lockP.h; 2.31 to 2.43).
 */
#include "blocking/rows.h"

struct libc_lock {
	uint32_t lock, count;
	uint64_t owner;
};

#define CONTENDED 2u

/* The thread that has it, or CT_NONE. */
static uint32_t owner_of(const struct ct_blocking *ctx, uint64_t addr, struct libc_lock *ret)
{
	if (addr % 8 || ct_read(ctx->target, addr, ret, sizeof(*ret)) || !ret->lock ||
		ret->lock > CONTENDED || !ret->count || !ret->owner)
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
		ct_sink_value_int(ctx->sink, resource, "depth", lock.count);
		ct_sink_get_resource(ctx->sink, resource)->holders = CT_HOLDERS_COMPLETE;
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
