/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/rows.h"
#include "target/symbols.h"

#define LLL_CONTENDED 2u /* the word of a lock that somebody waits for (lowlevellock.h) */

const struct ct_primitive *const ct_primitives[] = {
	&ct_primitive_mutex, &ct_primitive_rwlock, &ct_primitive_join, &ct_primitive_cond,
	&ct_primitive_sem, &ct_primitive_spin, &ct_primitive_once, &ct_primitive_libc_lock,
	&ct_primitive_malloc_arena, &ct_primitive_libc_internal, &ct_primitive_barrier,
	&ct_primitive_musl_mutex, &ct_primitive_musl_rwlock, &ct_primitive_musl_cond,
	&ct_primitive_musl_barrier, &ct_primitive_musl_file, &ct_primitive_musl_internal,
	&ct_primitive_gomp_lock, &ct_primitive_gomp_barrier, &ct_primitive_gomp_task,
	&ct_primitive_cxx_guard, &ct_primitive_cxx_future, &ct_primitive_cxx_latch,
	&ct_primitive_cxx_barrier, &ct_primitive_cxx_semaphore, &ct_primitive_cxx_atomic,
	&ct_primitive_rust_mutex, &ct_primitive_rust_rwlock, &ct_primitive_rust_barrier,
	&ct_primitive_rust_cond, &ct_primitive_rust_once, &ct_primitive_rust_scope,
	&ct_primitive_rust_channel, &ct_primitive_rust_park,
	&ct_primitive_futex, /* takes what is left */
};
const size_t ct_n_primitives = CT_COUNT(ct_primitives);

bool ct_blocked_calls(const struct ct_blocked *blocked, const char *prefix)
{
	for (size_t i = 0; i < blocked->n_callers; i++) {
		const char *name = blocked->callers[i];

		if (!name)
			continue;
		name += strspn(name, "_");
		if (!strncmp(name, prefix, strlen(prefix)))
			return true;
	}
	return false;
}

/* Was the call made inside of the C library, and not by its syscall()? */
static bool in_libc(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	uint64_t pc = ct_reg(blocked->regs, ct_target_arch(ctx->target)->pc);
	struct ct_symbol symbol;

	if (!ct_libc_owns(ctx->target, ctx->libc, pc))
		return false;
	if (blocked->n_callers && blocked->callers[0])
		return strcmp(blocked->callers[0], "syscall") != 0;
	return ct_symbol_at(ctx->target, pc, CT_SYMBOL_CODE, &symbol) ||
	       strcmp(symbol.name, "syscall") != 0;
}

bool ct_blocked_in_lll(const struct ct_blocked *blocked)
{
	const struct ct_futex_op *op = &blocked->futex;

	return op->waits && !op->pi && op->is_private &&
	       (uint32_t)blocked->call.args[2] == LLL_CONTENDED && !blocked->call.args[3];
}

/* What all rows would ask of a sleeper; false: it does not sleep in a futex. */
static bool settle(const struct ct_blocking *ctx, struct ct_blocked *blocked)
{
	if (ct_futex_decode(ct_target_arch(ctx->target), &blocked->call, &blocked->futex))
		return false;
	blocked->in_libc = in_libc(ctx, blocked);
	return true;
}

/* Can it be one of these that the thread is blocked in? */
static bool may_block(const struct ct_primitive *primitive, const struct ct_blocking *ctx,
	const struct ct_blocked *blocked)
{
	return primitive->spins == blocked->runs && ct_primitive_applies(primitive, ctx->libc) &&
	       (primitive->place == CT_SLEEPS_ANYWHERE ||
		       blocked->in_libc == (primitive->place == CT_SLEEPS_IN_LIBC));
}

static uint32_t count_lll_holders(const struct ct_blocking *ctx, uint64_t addr)
{
	uint32_t word;

	return !ct_read_u32(ctx->target, addr, &word) && word && word <= LLL_CONTENDED;
}

const struct ct_possession ct_lll_possession = {
	.mode = CT_HOLD_EXCLUSIVE, .inlined = true, .in_libc = true, .count = count_lll_holders};

enum ct_status ct_primitive_match(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_primitive **primitive, struct ct_match *ret)
{
	const struct ct_primitive *best = NULL;
	struct ct_match best_match = {0};
	struct ct_blocked asked = *blocked;

	if (!asked.runs && !settle(ctx, &asked))
		return CT_NOT_FOUND;
	for (size_t i = 0; i < ct_n_primitives; i++) {
		struct ct_match match;

		if (!may_block(ct_primitives[i], ctx, &asked) ||
			(best && ct_primitives[i]->last_resort))
			continue;
		enum ct_status status = ct_primitives[i]->match(ctx, &asked, &match);

		if (status == CT_NO_MEMORY)
			return status;
		if (status)
			continue;
		if (best && match.trust == best_match.trust)
			ct_sink_note(ctx->sink, CT_NOTE_TWO_CLAIMS,
				ct_sink_printf(
					ctx->sink, "0x%llx", (unsigned long long)match.address),
				"it looks like a %s as much as like a %s; taken for the first",
				best->name, ct_primitives[i]->name);
		if (!best || match.trust < best_match.trust) {
			best = ct_primitives[i];
			best_match = match;
		}
	}
	if (!best)
		return CT_NOT_FOUND;
	*primitive = best;
	*ret = best_match;
	return CT_OK;
}
