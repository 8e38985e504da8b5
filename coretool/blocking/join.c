/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_join: the joiner sleeps on a word of the target's struct pthread. In glibc up to 2.41
 * that is its tid, which the kernel clears when the thread exits; in 2.43 it is joinstate, and in
 * musl detach_state, where 2 says "joinable", and 1 "exiting" (up to 1.2.1 "joinable"). The target
 * is an actor whose struct pthread we have seen, so that two facts agree.
 */
#include "blocking/primitive.h"
#include "blocking/rows.h"

/* src/internal/pthread_impl.h of musl since 1.2.2. */
#define JOINSTATE_EXITING 1

/* The thread whose descriptor has the futex as its tid, or as its join state; 0: none. */
static uint64_t find_target(const struct ct_blocking *ctx, uint64_t word, uint32_t expected)
{
	const struct ct_libc_layout *layout = ctx->libc->layout;
	uint64_t object = word - layout->joinstate;
	uint32_t value, actor = ct_sink_actor_by_object(ctx->sink, object);

	if (ct_read_u32(ctx->target, word, &value) || value != expected)
		return 0;
	if (actor != CT_NONE &&
		(value == layout->joinable ||
			(value == JOINSTATE_EXITING && layout->kind == CT_LIBC_MUSL)))
		return object;
	object = word - layout->tid;
	actor = ct_sink_actor_by_object(ctx->sink, object);
	return actor != CT_NONE && value == ct_sink_get_actor(ctx->sink, actor)->id ? object : 0;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	const struct ct_libc_layout *layout = ctx->libc->layout;
	uint64_t word = blocked->call.args[0];

	if (!layout || !blocked->futex.waits)
		return CT_NOT_FOUND;
	uint64_t object = find_target(ctx, word, (uint32_t)blocked->call.args[2]);
	if (!object)
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
	.libcs = CT_IN_GLIBC | CT_IN_MUSL,
	.match = match,
	.read = read_thread,
	.recognise = recognise,
};
