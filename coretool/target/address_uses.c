/* SPDX-License-Identifier: Apache-2.0 */
#include "target/address_uses.h"

#include <dwarf.h>

#include "target/symbols.h"

#define MAX_USES       (4 * 1024 * 1024)
#define LOCATION_SIZE  9   /* of DW_OP_addr and the address */
#define MAX_UNITS      256 /* looked at for one address */
#define BYTES_PER_STEP 64  /* the search as compared to reading DIEs */

bool ct_address_is_data(struct ct_dwarf *dwarf, uint64_t address)
{
	const struct ct_module *module = dwarf->module;
	uint64_t addr = address + dwarf->bias;
	struct ct_symbol symbol;

	return addr >= module->start && addr < module->end &&
	       !ct_symbol_at(dwarf->target, addr, CT_SYMBOL_DATA, &symbol) && symbol.start == addr;
}

static void add_use(struct ct_dwarf *dwarf, const uint8_t *address, uint32_t unit, bool in_table)
{
	struct ct_address_use use = {.unit = unit, .in_table = in_table};

	memcpy(&use.address, address, sizeof(use.address));
	if (!ct_address_is_data(dwarf, use.address))
		return;
	if (dwarf->uses.n == MAX_USES) {
		ct_target_note(dwarf->target, CT_NOTE_LIMIT, dwarf->module->path,
			"has too many variables; some are named by their symbols only");
		return;
	}
	struct ct_address_use *slot = ct_vec_push(&dwarf->uses);
	if (slot)
		*slot = use;
}

/* Addresses in .debug_info itself: operands of DW_OP_addr, alone in their expression. */
static void search_info(struct ct_dwarf *dwarf)
{
	static const uint8_t mark[] = {LOCATION_SIZE, DW_OP_addr};
	size_t size;
	const uint8_t *info = ct_dwarf_section(dwarf, ".debug_info", &size);
	const uint8_t *p = info;

	if (!info || !ct_dwarf_spend(dwarf, size / BYTES_PER_STEP))
		return;
	while ((p = memmem(p, (size_t)(info + size - p), mark, sizeof(mark)))) {
		size_t at = (size_t)(p++ - info);
		const struct ct_unit *unit = ct_dwarf_unit_of(dwarf, at);

		if (unit && ct_within(at, 1 + LOCATION_SIZE, size))
			add_use(dwarf, info + at + sizeof(mark),
				(uint32_t)(unit - dwarf->units.items), false);
	}
}

struct table_part {
	uint64_t base;
	uint32_t unit; /* the first one that uses it */
};

static int compare_parts(const void *left, const void *right)
{
	const struct table_part *a = left, *b = right;

	if (a->base != b->base)
		return a->base < b->base ? -1 : 1;
	return a->unit < b->unit ? -1 : a->unit > b->unit;
}

/* Addresses in .debug_addr, where each unit has its part (DWARF 5, 7.27). */
static void search_table(struct ct_dwarf *dwarf)
{
	CT_VEC(struct table_part) parts = {0};
	size_t size;
	const uint8_t *table = ct_dwarf_section(dwarf, ".debug_addr", &size);

	if (!table || !ct_dwarf_spend(dwarf, size / BYTES_PER_STEP + dwarf->units.n))
		return;
	for (uint32_t i = 0; i < dwarf->units.n; i++) {
		struct ct_unit *unit = &dwarf->units.items[i];
		struct table_part *part;

		if (!ct_die_number(&unit->die, DW_AT_addr_base, &unit->addr_base))
			continue;
		part = ct_vec_push(&parts);
		if (part)
			*part = (struct table_part){unit->addr_base, i};
	}
	if (parts.n)
		qsort(parts.items, parts.n, sizeof(parts.items[0]), compare_parts);
	for (uint32_t i = 0; i < parts.n;) {
		const struct table_part *part = &parts.items[i];

		while (i < parts.n && parts.items[i].base == part->base)
			i++;
		uint64_t end = i < parts.n ? parts.items[i].base : size;
		for (uint64_t at = part->base; ct_within(at, 8, CT_MIN(end, size)); at += 8)
			add_use(dwarf, table + at, part->unit, true);
	}
	ct_vec_free(&parts);
}

static int compare_uses(const void *left, const void *right)
{
	const struct ct_address_use *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->unit < b->unit ? -1 : a->unit > b->unit;
}

static const struct ct_address_use *first_use(const struct ct_dwarf *dwarf, uint64_t address)
{
	uint32_t lo = 0, hi = dwarf->uses.n;

	CT_BISECT(lo, hi, mid, dwarf->uses.items[mid].address < address);
	return &dwarf->uses.items[lo];
}

bool ct_address_uses_visit(struct ct_dwarf *dwarf, uint64_t address,
	bool (*visit)(struct ct_dwarf *dwarf, struct ct_unit *unit, uint64_t address))
{
	if (!dwarf->has_uses) {
		dwarf->has_uses = true;
		search_info(dwarf);
		search_table(dwarf);
		if (dwarf->uses.n)
			qsort(dwarf->uses.items, dwarf->uses.n, sizeof(dwarf->uses.items[0]),
				compare_uses);
	}
	const struct ct_address_use *end = dwarf->uses.items + dwarf->uses.n;
	int n = 0;
	for (const struct ct_address_use *use = first_use(dwarf, address);
		use < end && use->address == address; use++) {
		struct ct_unit *unit = &dwarf->units.items[use->unit];
		uint64_t base = unit->addr_base;

		do {
			if (n++ == MAX_UNITS)
				return false;
			if (visit(dwarf, unit, address))
				return true;
			unit++;
		} while (use->in_table && unit < dwarf->units.items + dwarf->units.n &&
			 unit->addr_base == base);
	}
	return false;
}
