/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/operands.h"
#include "runtime/go/types.h"

uint64_t ct_go_type_made_by(const struct ct_go *go, const char *function, const char *name)
{
	struct ct_go_operands operands;
	uint64_t found = 0;

	if (!ct_go_operands_of(go, function, false, &operands))
		for (uint32_t i = 0; i < operands.n && !found; i++) {
			const struct ct_go_operand *operand = &operands.items[i];
			struct ct_go_type type;

			if (!operand->size && !ct_go_type_at(go, operand->address, &type) &&
				type.kind == CT_GO_KIND_STRUCT && !strcmp(type.name, name))
				found = operand->address;
		}
	ct_go_operands_free(&operands);
	return found;
}

bool ct_go_type_offsets(
	const struct ct_go *go, uint64_t type, const struct ct_go_wanted_member *members, size_t n)
{
	struct ct_go_type head;

	if (ct_go_type_at(go, type, &head))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct ct_go_member member;

		if (!ct_go_type_find_member(go, type, members[i].name, &member) ||
			member.offset >= UINT32_MAX || member.offset >= head.size)
			return false;
		*members[i].offset = (uint32_t)member.offset;
	}
	return true;
}
