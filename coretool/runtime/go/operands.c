/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/operands.h"

#include "base/vec.h"
#include "decode/operand.h"

static bool is_writable(const struct ct_go *go, uint64_t address)
{
	const struct ct_map *map = ct_target_map_at(go->target, address);

	return map && map->prot >= 0 && map->prot & 2 /* PROT_WRITE */;
}

/* The decoder's base of an address relative to the instruction is the machine's pc. */
static bool add(const struct ct_go *go, const struct ct_operand *operand, uint64_t next,
	bool writable, struct ct_go_operands *ret)
{
	struct ct_go_operand *slot;
	uint64_t address = next + (uint64_t)operand->displacement;

	if (operand->base != ct_target_arch(go->target)->pc || operand->index != CT_NO_REG ||
		(writable && !is_writable(go, address)))
		return true;
	slot = ct_vec_push(ret);
	if (!slot)
		return false;
	*slot = (struct ct_go_operand){address, operand->size, operand->read, operand->write};
	return true;
}

enum ct_status ct_go_operands_of(
	const struct ct_go *go, const char *function, bool writable, struct ct_go_operands *ret)
{
	struct ct_go_function f;
	const void *bytes;
	struct ct_instruction insn;

	*ret = (struct ct_go_operands){0};
	if (!ct_go_function_named(&go->tables, function, &f))
		return CT_NOT_FOUND;
	size_t len = (size_t)CT_MIN(f.end - f.entry, (uint64_t)CT_GO_MAX_CODE);
	if (ct_view_image(go->target, f.entry, len, &bytes))
		return CT_NOT_FOUND;
	for (size_t at = 0; at < len; at += insn.length) {
		if (ct_decode((const uint8_t *)bytes + at, len - at, &insn))
			break;
		for (unsigned i = 0; i < insn.n_operands; i++)
			if (!add(go, &insn.operands[i], f.entry + at + insn.length, writable, ret))
				return CT_NO_MEMORY;
	}
	return CT_OK;
}

void ct_go_operands_free(struct ct_go_operands *operands)
{
	ct_vec_free(operands);
}

bool ct_go_operands_have(const struct ct_go_operands *operands, uint64_t address)
{
	for (uint32_t i = 0; i < operands->n; i++)
		if (operands->items[i].address == address)
			return true;
	return false;
}

uint64_t ct_go_operands_run(const struct ct_go_operands *operands, unsigned n)
{
	for (uint32_t i = 0; i < operands->n; i++) {
		unsigned k = 1;

		while (k < n && ct_go_operands_have(operands, operands->items[i].address + 8u * k))
			k++;
		if (k == n)
			return operands->items[i].address;
	}
	return 0;
}
