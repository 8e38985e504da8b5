/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_spinlock_t of glibc 2.31 to 2.43 on x86-64: an int that is 1 when it is free, and counted
 * down by all who ask for it (sysdeps/x86_64/nptl/pthread_spin_lock.S, later x86/nptl). In musl it
 * is 0 when it is free, and EBUSY. Who waits runs, in the loop of pthread_spin_lock; who has it is
 * recorded nowhere.
 */
#include <errno.h>

#include "blocking/rows.h"

static bool is_free(const struct ct_blocking *ctx, int32_t word)
{
	return word == (ctx->libc->kind == CT_LIBC_MUSL ? 0 : 1);
}

static bool read_word(const struct ct_blocking *ctx, uint64_t addr, int32_t *ret)
{
	uint32_t word;

	if (addr % 4 || ct_read_u32(ctx->target, addr, &word))
		return false;
	*ret = (int32_t)word;
	return ctx->libc->kind == CT_LIBC_MUSL ? *ret == 0 || *ret == EBUSY : *ret <= 1;
}

/* The frames were not read wrong: the innermost one is where the thread is. */
static bool in_lock_function(const struct ct_blocked *blocked)
{
	const char *name = blocked->n_callers ? blocked->callers[0] : NULL;

	return name && !strcmp(name + strspn(name, "_"), "pthread_spin_lock");
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	const struct ct_arch *arch = ct_target_arch(ctx->target);
	uint64_t pc = ct_reg(blocked->regs, arch->pc), lock;
	uint8_t code[CT_ARCH_CODE_BEFORE];
	int32_t word;

	if (!arch->spins || !in_lock_function(blocked) ||
		!ct_libc_owns(ctx->target, ctx->libc, pc) ||
		ct_read(ctx->target, pc, code, sizeof(code)) ||
		!arch->spins(blocked->regs, code, &lock) || !read_word(ctx, lock, &word) ||
		is_free(ctx, word))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_SPIN,
		.address = lock,
		.trust = CT_TRUST_EXACT,
		.why = ct_sink_string(ctx->sink, "it runs in the loop of pthread_spin_lock, and "
						 "the lock is taken; by whom is "
						 "not recorded")};
	return CT_OK;
}

static enum ct_status read_spin(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	int32_t word;
	bool fresh;

	if (!read_word(ctx, addr, &word))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_spin", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh)
		ct_sink_value_int(ctx->sink, resource, "word", word);
	*ret = resource;
	return CT_OK;
}

static uint32_t count_holders(const struct ct_blocking *ctx, uint64_t addr)
{
	int32_t word;

	return read_word(ctx, addr, &word) && !is_free(ctx, word);
}

static const struct ct_event_row events[] = {
	{"pthread_spin_lock", CT_CALL_ACQUIRES, 0},
	{"pthread_spin_trylock", CT_CALL_TRIES, 0},
	{"pthread_spin_unlock", CT_CALL_RELEASES, 0},
};

static const char *const types[] = {"pthread_spinlock_t", NULL};

static const struct ct_possession possession = {.mode = CT_HOLD_EXCLUSIVE, .count = count_holders};

const struct ct_primitive ct_primitive_spin = {
	.name = "pthread_spin",
	.spins = true,
	.match = match,
	.read = read_spin,
	.types = types,
	.events = events,
	.n_events = CT_COUNT(events),
	.possession = &possession,
};
