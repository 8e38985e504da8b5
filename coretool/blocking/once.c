/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_once of glibc 2.31 to 2.43 and of musl, and so std::call_once. The control word says that
 * somebody runs the initialiser, and the cleanup handler of that thread names the control: in musl
 * and in glibc 2.31 it is the handler's argument, from 2.36 on the argument points to {routine,
 * control} (nptl/pthread_once.c; src/thread/pthread_once.c).
 */
#include "blocking/cleanup.h"
#include "blocking/rows.h"
#include "target/modules.h"

/* What a waiter finds in the control word. */
static const struct {
	uint32_t mask, in_progress;
} states[] = {
	[CT_LIBC_GLIBC] = {3, 1}, /* the bits above count forks */
	[CT_LIBC_MUSL] = {UINT32_MAX, 3},
};

#define MOST_FORKS (1u << 20)

static bool runs(const struct ct_blocking *ctx, uint32_t actor, uint64_t control)
{
	struct ct_cleanup cleanups[CT_MAX_CLEANUPS];
	size_t n = ct_cleanups(ctx, actor, cleanups);
	uint64_t pointed;

	for (size_t i = 0; i < n; i++)
		if (cleanups[i].arg == control ||
			(!ct_read_u64(ctx->target, cleanups[i].arg + 8, &pointed) &&
				pointed == control))
			return true;
	return false;
}

static uint32_t look_for_runner(const struct ct_blocking *ctx, uint64_t control)
{
	for (uint32_t i = 0; i < ct_sink_n_actors(ctx->sink); i++)
		if (ct_sink_get_actor(ctx->sink, i)->state != CT_STATE_ZOMBIE &&
			runs(ctx, i, control))
			return i;
	return CT_NONE;
}

/*
 * The thread that runs the initialiser, or CT_NONE. All threads may wait for the same word, be it a
 * control or a barrier's.
 */
static uint32_t find_runner(const struct ct_blocking *ctx, uint64_t control)
{
	if (!ctx->runners)
		return look_for_runner(ctx, control);
	struct ct_runner *slot = &ctx->runners[control / 4 % CT_RUNNERS_KEPT];
	if (slot->control != control)
		*slot = (struct ct_runner){control, look_for_runner(ctx, control)};
	return slot->actor;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	const struct ct_futex_op *op = &blocked->futex;
	uint32_t word;

	if (!op->waits || op->pi || !op->is_private || blocked->call.args[3] || addr % 4 ||
		ct_read_u32(ctx->target, addr, &word) ||
		(word & states[ctx->libc->kind].mask) != states[ctx->libc->kind].in_progress ||
		word != (uint32_t)blocked->call.args[2])
		return CT_NOT_FOUND;
	bool called = ct_blocked_calls(blocked, "pthread_once");
	bool known = find_runner(ctx, addr) != CT_NONE;
	if (!called && !known)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_ONCE,
		.address = addr,
		.trust = known ? CT_TRUST_EXACT : CT_TRUST_LAYOUT,
		.why = ct_sink_string(ctx->sink,
			known ? "the futex is the control word of an initialisation under way"
			      : "asleep below pthread_once on a control word that says that "
				"somebody runs the initialiser")};
	return CT_OK;
}

static enum ct_status read_once(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	uint32_t word;
	bool fresh;

	if (ct_read_u32(ctx->target, addr, &word))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_once", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	if (!fresh)
		return CT_OK;
	uint32_t runner = find_runner(ctx, addr);
	if (runner != CT_NONE) {
		ct_sink_get_resource(ctx->sink, resource)->holders = CT_HOLDERS_COMPLETE;
		ct_sink_hold(ctx->sink,
			&(struct ct_hold){.actor = runner,
				.resource = resource,
				.trust = CT_TRUST_EXACT,
				.took_frame = CT_NONE,
				.why = ct_sink_string(ctx->sink,
					"its cleanup handler of pthread_once names this control "
					"word")});
	}
	return CT_OK;
}

/*
 * The control word that a handler of libc's names: that of an initialisation under way; 0: none.
 * From 2.36 on, the argument begins with the initialiser, which records of others do not; before,
 * libpthread was a file of its own.
 */
static uint64_t control_of(const struct ct_blocking *ctx, const struct ct_cleanup *cleanup)
{
	uint64_t routine, control;
	uint32_t word;

	/* In musl a count of a semaphore's waiters could be such a word. */
	if (ctx->libc->kind != CT_LIBC_GLIBC ||
		!ct_libc_owns(ctx->target, ctx->libc, cleanup->routine) ||
		ct_read_u64(ctx->target, cleanup->arg, &routine))
		return 0;
	if (!ct_module_at(ctx->target, routine) ||
		ct_read_u64(ctx->target, cleanup->arg + sizeof(routine), &control))
		control = ct_module_named(ctx->target, "libpthread.so.0") &&
					  ct_module_at(ctx->target, cleanup->arg)
				  ? cleanup->arg
				  : 0;
	if (!control || control % 4 || ct_read_u32(ctx->target, control, &word))
		return 0;
	return (word & states[CT_LIBC_GLIBC].mask) == states[CT_LIBC_GLIBC].in_progress &&
			       word >> 2 < MOST_FORKS
		       ? control
		       : 0;
}

static void listed(const struct ct_blocking *ctx)
{
	uint32_t n = ct_sink_n_actors(ctx->sink), resource;

	for (uint32_t i = 0; i < n; i++) {
		struct ct_cleanup cleanups[CT_MAX_CLEANUPS];
		size_t n_cleanups = ct_cleanups(ctx, i, cleanups);

		for (size_t k = 0; k < n_cleanups; k++) {
			uint64_t control = control_of(ctx, &cleanups[k]);

			if (control)
				(void)!read_once(ctx, control, &resource);
		}
	}
}

const struct ct_primitive ct_primitive_once = {
	.name = "pthread_once",
	.libcs = CT_IN_GLIBC | CT_IN_MUSL,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_once,
	.listed = listed,
};
