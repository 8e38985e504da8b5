/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_join of glibc: the joiner sleeps on a word of the target's struct pthread. Up to 2.41
 * that is its tid, which the kernel clears when the thread exits; in 2.43 it is joinstate, and 2
 * says "joinable". The target is an actor whose struct pthread we have seen, so that two facts
 * agree.
 */
#include "blocking/primitive.h"
#include "blocking/rows.h"

#define JOINSTATE_JOINABLE 2 /* nptl/descr.h of 2.43 */

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	const struct ct_libc_layout *layout = ctx->libc->layout;
	uint64_t word = blocked->call.args[0], expected = (uint32_t)blocked->call.args[2];
	struct ct_futex_op op;
	uint32_t value;

	if (!layout || ct_futex_decode(ct_target_arch(ctx->target), &blocked->call, &op) ||
		!op.waits || ct_read_u32(ctx->target, word, &value))
		return CT_NOT_FOUND;
	uint32_t by_tid = ct_sink_actor_by_object(ctx->sink, word - layout->tid);
	uint32_t by_state = ct_sink_actor_by_object(ctx->sink, word - layout->joinstate);
	uint64_t object;
	if (by_tid != CT_NONE && expected == value &&
		value == ct_sink_get_actor(ctx->sink, by_tid)->id)
		object = word - layout->tid;
	else if (by_state != CT_NONE && expected == JOINSTATE_JOINABLE && value == expected)
		object = word - layout->joinstate;
	else
		return CT_NOT_FOUND;
	uint32_t target = ct_sink_actor_by_object(ctx->sink, object);
	/* pthread_join refuses to wait for its own thread (EDEADLK). */
	if (target == blocked->actor)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){
		.kind = CT_WAIT_JOIN,
		.address = object,
		.trust = CT_TRUST_EXACT,
		.why = ct_sink_printf(ctx->sink,
			"the futex is the %s of thread %llu, a live thread",
			object == word - layout->tid ? "tid field" : "join state",
			(unsigned long long)ct_sink_get_actor(ctx->sink, target)->id),
		.timed = blocked->call.args[3] != 0,
	};
	return CT_OK;
}

/* A thread as a resource: it is held by itself for as long as it lives. */
static enum ct_status read_thread(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	uint32_t actor = ct_sink_actor_by_object(ctx->sink, addr);
	bool fresh;

	if (actor == CT_NONE)
		return CT_NOT_FOUND;
	uint32_t resource = ct_sink_resource(ctx->sink, "thread", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	if (!fresh)
		return CT_OK;
	struct ct_resource *r = ct_sink_get_resource(ctx->sink, resource);
	r->is_actor = true;
	r->holders = CT_HOLDERS_COMPLETE;
	r->name = ct_sink_printf(ctx->sink, "thread %llu",
		(unsigned long long)ct_sink_get_actor(ctx->sink, actor)->id);
	ct_sink_hold(ctx->sink, &(struct ct_hold){.actor = actor,
					.resource = resource,
					.trust = CT_TRUST_EXACT,
					.took_frame = CT_NONE,
					.why = ct_sink_string(ctx->sink, "it has not exited")});
	return CT_OK;
}

static bool recognise(const struct ct_blocking *ctx, uint64_t addr)
{
	return ct_sink_actor_by_object(ctx->sink, addr) != CT_NONE;
}

const struct ct_primitive ct_primitive_join = {
	.name = "join",
	.match = match,
	.read = read_thread,
	.recognise = recognise,
};
