/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins what the program headers say of memory with what NT_FILE says of files. A kernel core has a
 * PT_LOAD for each mapping, often without bytes; gdb's gcore leaves out the PT_LOAD of unchanged
 * text, so that only NT_FILE knows of it.
 */
#include <elf.h>
#include <sys/mman.h>

#include "source/core_file.h"

static int by_load_start(const void *a, const void *b)
{
	const struct ct_core_load *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static int by_mapping_start(const void *a, const void *b)
{
	const struct ct_core_mapping *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/*
 * Sorts, and ends overlaps: no process has two mappings in one place. A length without bytes gives
 * way to a segment that starts inside of it; of two with bytes the second does.
 */
static void tidy_loads(struct ct_core *core)
{
	uint32_t kept = 0;

	qsort(core->loads.items, core->loads.n, sizeof(*core->loads.items), by_load_start);
	for (uint32_t i = 0; i < core->loads.n; i++) {
		struct ct_core_load *load = &core->loads.items[i];
		struct ct_core_load *before = kept ? &core->loads.items[kept - 1] : NULL;

		if (before && load->start < before->end) {
			ct_core_damaged(core, "two segments overlap at 0x%llx",
				(unsigned long long)load->start);
			if (load->start == before->start ||
				load->start - before->start < before->present)
				continue;
			before->end = load->start;
		}
		core->loads.items[kept++] = *load;
	}
	core->loads.n = kept;
}

static void tidy_mappings(struct ct_core *core)
{
	uint32_t kept = 0;

	qsort(core->mappings.items, core->mappings.n, sizeof(*core->mappings.items),
		by_mapping_start);
	for (uint32_t i = 0; i < core->mappings.n; i++) {
		struct ct_core_mapping *mapping = &core->mappings.items[i];

		if (kept && mapping->start < core->mappings.items[kept - 1].end)
			continue;
		core->mappings.items[kept++] = *mapping;
	}
	core->mappings.n = kept;
}

static int prot_of(uint32_t flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

static bool add_map(struct ct_core *core, uint64_t start, uint64_t end,
	const struct ct_core_load *load, const struct ct_core_mapping *mapping)
{
	struct ct_map *map = ct_vec_push(&core->maps);

	if (!map)
		return false;
	map->start = start;
	map->end = end;
	map->present = load ? CT_MIN(load->present, end - start) : 0;
	map->prot = load ? prot_of(load->flags) : -1;
	if (mapping) {
		map->path = mapping->path;
		map->file_offset = mapping->file_offset + (start - mapping->start);
	}
	return true;
}

void ct_core_tidy(struct ct_core *core)
{
	if (core->loads.n)
		tidy_loads(core);
	if (core->mappings.n)
		tidy_mappings(core);
}

enum ct_status ct_core_join_maps(struct ct_core *core)
{
	uint32_t m = 0;
	uint64_t done = 0; /* all addresses below are dealt with */

	for (uint32_t l = 0; l <= core->loads.n; l++) {
		const struct ct_core_load *load = l < core->loads.n ? &core->loads.items[l] : NULL;
		uint64_t until = load ? load->start : UINT64_MAX;

		/* Files mapped before this load that no load stands for. */
		for (; m < core->mappings.n && core->mappings.items[m].start < until; m++) {
			const struct ct_core_mapping *mapping = &core->mappings.items[m];
			uint64_t start = CT_MAX(mapping->start, done);
			uint64_t end = CT_MIN(mapping->end, until);

			if (start < end && !add_map(core, start, end, NULL, mapping))
				return CT_NO_MEMORY;
			if (mapping->end > until)
				break;
		}
		if (!load)
			break;
		const struct ct_core_mapping *mapping =
			m < core->mappings.n && core->mappings.items[m].start <= load->start &&
					core->mappings.items[m].end > load->start
				? &core->mappings.items[m]
				: NULL;
		if (!add_map(core, load->start, load->end, load, mapping))
			return CT_NO_MEMORY;
		done = load->end;
	}
	return CT_OK;
}
