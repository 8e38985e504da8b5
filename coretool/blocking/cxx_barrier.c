/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/cxx_barrier.h"

#define NODE          64u /* bytes, with a ticket for each round: */
#define MOST_EXPECTED (1 << 20)
#define MOST_COUNTED  4096 /* who are expected, for those who came to be counted */

struct tree {
	int64_t expected;
	uint64_t nodes;
	int64_t adjustment; /* of who has left for good, from the next phase on */
	uint8_t completion, phase;
};

/*
 * In the first round two come to each node, but one to the last of an odd number. A ticket is the
 * phase before the first of them, then one more, and two more when the node is complete.
 */
static uint32_t count_arrived(const struct ct_blocking *ctx, const struct tree *tree)
{
	uint32_t n = (uint32_t)tree->expected, arrived = 0;

	if (n > MOST_COUNTED)
		return CT_NONE;
	for (uint32_t i = 0; i < (n + 1) / 2; i++) {
		bool alone = i == n / 2;
		uint8_t ticket, steps;

		if (ct_read(ctx->target, tree->nodes + i * NODE, &ticket, 1))
			return CT_NONE;
		steps = (uint8_t)(ticket - tree->phase);
		if (steps > 2 || (alone && steps == 1))
			return CT_NONE;
		arrived += alone ? steps / 2 : steps;
	}
	return arrived < n ? arrived : CT_NONE;
}

bool ct_cxx_barrier_read(const struct ct_blocking *ctx, uint64_t addr, struct ct_cxx_barrier *ret)
{
	struct tree tree;

	if (addr % 8 || ct_read(ctx->target, addr, &tree, CT_CXX_PHASE + 1) || tree.expected <= 0 ||
		tree.expected > MOST_EXPECTED || tree.adjustment > 0 ||
		tree.adjustment < -tree.expected || !tree.nodes || tree.nodes % NODE)
		return false;
	*ret = (struct ct_cxx_barrier){(uint32_t)tree.expected, count_arrived(ctx, &tree)};
	return true;
}
