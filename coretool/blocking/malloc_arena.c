/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of an arena of malloc: the first word of a struct malloc_state (malloc/malloc.c). It
 * records no owner. But all arenas are in a ring with the main one, which is a variable of libc's:
 * other data is not.
 */
#include "blocking/rows.h"
#include "target/modules.h"

#define MOST_ARENAS 4096u
#define ALIGNMENT   8u

/* Where a malloc_state has the next one: 2.31 to 2.41; 2.43, which has no fast bins. */
static const uint16_t next_at[] = {2160, 2072};

/* Is addr in a ring of arenas? *is_main: it is the main one, whose place is in libc. */
static bool in_ring(const struct ct_blocking *ctx, uint64_t addr, uint16_t offset, bool *is_main)
{
	bool has_main = false;
	uint64_t at = addr;

	*is_main = ct_libc_owns(ctx->target, ctx->libc, addr);
	for (uint32_t n = 0; n < MOST_ARENAS; n++) {
		has_main |= ct_libc_owns(ctx->target, ctx->libc, at);
		if (at % ALIGNMENT || ct_read_u64(ctx->target, at + offset, &at) || !at)
			return false;
		if (at == addr)
			return has_main;
	}
	return false;
}

static bool is_arena(const struct ct_blocking *ctx, uint64_t addr, bool *is_main)
{
	for (size_t i = 0; i < CT_COUNT(next_at); i++)
		if (in_ring(ctx, addr, next_at[i], is_main))
			return true;
	return false;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	bool is_main;

	if (!ct_blocked_in_lll(blocked) || !is_arena(ctx, addr, &is_main))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_LIBC,
		.address = addr,
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_string(ctx->sink,
			"the futex is the lock of one of malloc's arenas; who has it is not "
			"recorded")};
	return CT_OK;
}

static enum ct_status read_arena(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	bool fresh, is_main;
	uint32_t word;

	if (ct_read_u32(ctx->target, addr, &word) || !is_arena(ctx, addr, &is_main))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, CT_MALLOC_ARENA, addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		struct ct_resource *r = ct_sink_get_resource(ctx->sink, resource);

		r->holders = word ? CT_HOLDERS_UNKNOWN : CT_HOLDERS_COMPLETE;
		r->name =
			is_main ? ct_sink_string(ctx->sink, "the lock of malloc's main arena")
				: ct_sink_printf(ctx->sink, "the lock of malloc's arena at 0x%llx",
					  (unsigned long long)addr);
		ct_sink_value_int(ctx->sink, resource, "lock", word);
	}
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_malloc_arena = {
	.name = CT_MALLOC_ARENA,
	.libcs = CT_IN_GLIBC,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_arena,
	.possession = &ct_lll_possession,
};
