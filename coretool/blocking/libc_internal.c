/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock of glibc's own without an owner (lll_lock of lowlevellock.h): of time zones, of the list
 * of fork handlers, of stacks, of a thread's descriptor. Where it is tells which one, by symbols of
 * libc where there are any.
 */
#include "blocking/rows.h"
#include "target/symbols.h"

/* Where a descriptor has its lock (pthread.lock): 2.31 to 2.41; 2.43. */
static const uint16_t descriptor_lock[] = {1560, 1568};

static uint32_t descriptor_around(const struct ct_blocking *ctx, uint64_t addr)
{
	for (size_t i = 0; i < CT_COUNT(descriptor_lock); i++) {
		uint32_t actor = ct_sink_actor_by_object(ctx->sink, addr - descriptor_lock[i]);

		if (actor != CT_NONE)
			return actor;
	}
	return CT_NONE;
}

/* A variable of libc's; in a static program all that is known not to be the program's own. */
static bool is_variable(const struct ct_blocking *ctx, uint64_t addr)
{
	return ct_libc_owns(ctx->target, ctx->libc, addr) &&
	       (ct_module_named(ctx->target, "libc.so.6") ||
		       ct_module_at(ctx->target, addr) != ct_module_main(ctx->target));
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];

	if (!ct_blocked_in_lll(blocked) ||
		(!is_variable(ctx, addr) && descriptor_around(ctx, addr) == CT_NONE))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_LIBC,
		.address = addr,
		.trust = CT_TRUST_INFERRED,
		.why = ct_sink_string(ctx->sink,
			"libc's own code sleeps on a variable of its own, as it does for a lock; "
			"who has it is not recorded")};
	return CT_OK;
}

const char *ct_libc_internal_name(const struct ct_blocking *ctx, uint64_t addr)
{
	const struct ct_module *module = ct_module_at(ctx->target, addr);
	uint32_t actor = descriptor_around(ctx, addr);
	struct ct_symbol symbol;

	if (actor != CT_NONE)
		return ct_sink_printf(ctx->sink,
			"libc internal lock (in the descriptor of thread %llu)",
			(unsigned long long)ct_sink_get_actor(ctx->sink, actor)->id);
	if (!ct_symbol_at(ctx->target, addr, CT_SYMBOL_DATA, &symbol) && symbol.start == addr)
		return ct_sink_printf(ctx->sink, "libc internal lock %s", symbol.name);
	if (!module)
		return NULL;
	return ct_sink_printf(ctx->sink, "libc internal lock (%s+0x%llx)", module->name,
		(unsigned long long)(addr - (module->bias_known ? module->bias : module->start)));
}

enum ct_status ct_libc_internal_read(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	uint32_t word;
	bool fresh;

	if (ct_read_u32(ctx->target, addr, &word))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "libc_internal", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_get_resource(ctx->sink, resource)->name = ct_libc_internal_name(ctx, addr);
		ct_sink_value_int(ctx->sink, resource, "lock", (int32_t)word);
	}
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_libc_internal = {
	.name = "libc_internal",
	.libcs = CT_IN_GLIBC,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = ct_libc_internal_read,
	.possession = &ct_lll_possession,
};
