/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A futex that no other primitive knows: shown as what it is. Who will wake it is not recorded
 * anywhere.
 */
#include "blocking/rows.h"

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint32_t word;

	bool readable = !ct_read_u32(ctx->target, blocked->call.args[0], &word);
	*ret = (struct ct_match){
		.kind = CT_WAIT_FUTEX,
		.address = blocked->call.args[0],
		.trust = CT_TRUST_EXACT, /* the kernel says so; nothing more is claimed */
		.why = ct_sink_string(ctx->sink,
			!readable           ? "asleep on a futex whose memory is not in the core"
			: blocked->futex.pi ? "asleep on a priority-inheriting futex"
					    : "asleep on a futex of no shape that is known here"),
		.timed = blocked->call.args[3] != 0,
	};
	return CT_OK;
}

static enum ct_status read_futex(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	uint32_t value;
	bool fresh, readable = !ct_read_u32(ctx->target, addr, &value);
	uint32_t resource = ct_sink_resource(ctx->sink, "futex", addr, &fresh);

	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh && readable)
		ct_sink_value_hex(ctx->sink, resource, "word", value);
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_futex = {
	.name = "futex",
	.match = match,
	.read = read_futex,
	.recognise = NULL,
	.last_resort = true,
};
