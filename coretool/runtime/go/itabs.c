/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/itabs.h"

#define BATCH 512 /* entries read at a time */

/* itabTableType: how many slots, how many of them are used, the slots. */
bool ct_go_each_itab(
	const struct ct_go *go, bool (*look)(void *arg, const struct ct_go_itab *itab), void *arg)
{
	uint64_t table, head[2], slots[BATCH];

	if (!go->globals.itabs || ct_read_u64(go->target, go->globals.itabs, &table) ||
		ct_read(go->target, table, head, sizeof(head)))
		return true;
	head[0] = CT_MIN(head[0], (uint64_t)CT_GO_MAX_ITABS);
	for (uint64_t i = 0, n; i < head[0]; i += n) {
		n = CT_MIN(head[0] - i, (uint64_t)BATCH);
		if (ct_read(go->target, table + sizeof(head) + 8 * i, slots, (size_t)n * 8))
			return true;
		for (uint64_t k = 0; k < n; k++) {
			struct ct_go_itab itab = {.at = slots[k]};
			uint64_t words[2];

			if (!itab.at || ct_read(go->target, itab.at, words, sizeof(words)))
				continue;
			itab.interface = words[0];
			itab.type = words[1];
			if (!look(arg, &itab))
				return false;
		}
	}
	return true;
}
