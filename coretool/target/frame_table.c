/* SPDX-License-Identifier: Apache-2.0 */
#include "target/frame_table.h"

#include <dwarf.h>

/* The largest programs have under a million functions. */
#define MAX_FDES (1u << 22)

#define SEARCH_PAIR     8
#define SEARCH_ENCODING (DW_EH_PE_datarel | DW_EH_PE_sdata4) /* what every linker writes */

void ct_frame_table_free(struct ct_frame_table *table)
{
	ct_vec_free(&table->list);
	*table = (struct ct_frame_table){0};
}

enum ct_status ct_frame_table_read_header(const uint8_t *data, size_t size, uint64_t addr,
	struct ct_frame_table *table, uint64_t *eh_frame_addr)
{
	struct ct_bytes b = ct_bytes_of(data, size);
	uint8_t version = ct_bytes_u8(&b);
	uint8_t frame_encoding = ct_bytes_u8(&b);
	uint8_t count_encoding = ct_bytes_u8(&b);
	uint8_t search_encoding = ct_bytes_u8(&b);

	*eh_frame_addr = ct_bytes_encoded(&b, frame_encoding, addr + (uint64_t)(b.at - data), addr);
	if (b.failed || version != 1)
		return CT_BAD_INPUT;
	if (count_encoding == DW_EH_PE_omit || search_encoding != SEARCH_ENCODING)
		return CT_OK;
	uint64_t count = ct_bytes_encoded(&b, count_encoding, addr + (uint64_t)(b.at - data), addr);
	if (b.failed)
		return CT_OK;
	table->search = b.at;
	table->n_search = CT_MIN(count, ct_bytes_left(&b) / SEARCH_PAIR);
	table->search_addr = addr;
	return CT_OK;
}

/* One half of the i-th pair, as an address. */
static uint64_t search_value(const struct ct_frame_table *table, uint64_t i, bool entry)
{
	int32_t value;

	memcpy(&value, table->search + i * SEARCH_PAIR + (entry ? 4 : 0), sizeof(value));
	return table->search_addr + (uint64_t)(int64_t)value;
}

static enum ct_status find_by_search(
	const struct ct_frame_table *table, uint64_t addr, uint64_t *entry_at)
{
	uint64_t lo = 0, hi = table->n_search;

	CT_BISECT(lo, hi, mid, search_value(table, mid, false) <= addr);
	if (!lo)
		return CT_NOT_FOUND;
	*entry_at = search_value(table, lo - 1, true) - table->section.addr;
	return CT_OK;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct ct_frame_range *x = a, *y = b;

	return x->start != y->start ? (x->start < y->start ? -1 : 1) : 0;
}

/* All FDEs up to the first entry that makes no sense: behind it nothing can be found. */
static enum ct_status list_all(struct ct_frame_table *table)
{
	struct ct_frame_entry entry;
	struct ct_cie cie = {0};
	uint64_t cie_at = UINT64_MAX;
	bool cie_good = false, sorted = true;

	table->listed = true;
	for (uint64_t at = 0; table->list.n < MAX_FDES; at = entry.next) {
		struct ct_fde fde;

		if (ct_frame_entry_read(&table->section, at, &entry))
			break;
		if (entry.is_cie)
			continue;
		if (entry.cie_at != cie_at) {
			cie_at = entry.cie_at;
			cie_good = ct_cie_read(&table->section, cie_at, &cie) == CT_OK;
		}
		if (!cie_good || ct_fde_read(&table->section, &entry, &cie, &fde))
			continue;
		struct ct_frame_range *range = ct_vec_push(&table->list);
		if (!range)
			return CT_NO_MEMORY;
		*range = (struct ct_frame_range){fde.start, fde.end, at};
		sorted &= table->list.n < 2 || range[-1].start <= fde.start;
	}
	if (!sorted)
		qsort(table->list.items, table->list.n, sizeof(*table->list.items), compare_ranges);
	return CT_OK;
}

static enum ct_status find_by_list(struct ct_frame_table *table, uint64_t addr, uint64_t *entry_at)
{
	enum ct_status status = table->listed ? CT_OK : list_all(table);
	uint32_t lo = 0, hi = table->list.n;

	if (status)
		return status;
	CT_BISECT(lo, hi, mid, table->list.items[mid].start <= addr);
	if (!lo)
		return CT_NOT_FOUND;
	*entry_at = table->list.items[lo - 1].entry_at;
	return CT_OK;
}

/* The entry at entry_at, when it is an FDE that covers addr. */
static bool read_covering(const struct ct_frame_table *table, uint64_t entry_at, uint64_t addr,
	struct ct_cie *cie, struct ct_fde *fde)
{
	struct ct_frame_entry entry;

	return !ct_frame_entry_read(&table->section, entry_at, &entry) && !entry.is_cie &&
	       !ct_cie_read(&table->section, entry.cie_at, cie) &&
	       !ct_fde_read(&table->section, &entry, cie, fde) && fde->start <= addr &&
	       addr < fde->end;
}

enum ct_status ct_frame_table_find(
	struct ct_frame_table *table, uint64_t addr, struct ct_cie *cie, struct ct_fde *fde)
{
	uint64_t entry_at;

	if (!table->section.data)
		return CT_NOT_FOUND;
	if (!find_by_search(table, addr, &entry_at) &&
		read_covering(table, entry_at, addr, cie, fde))
		return CT_OK;
	enum ct_status status = find_by_list(table, addr, &entry_at);
	if (status)
		return status;
	return read_covering(table, entry_at, addr, cie, fde) ? CT_OK : CT_NOT_FOUND;
}
