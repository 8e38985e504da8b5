/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the function table is. No section name is needed: moduledata lies in memory that the
 * program writes, and its first word points to pclntab, which begins with a magic number. So each
 * word of that memory which points into the module is followed.
 */
#include "runtime/go/table.h"

#define MAX_FUNCTIONS (1u << 24)

/* Offsets in moduledata, which are the same in all versions of a format (layouts/). */
struct places {
	uint32_t magic;
	uint16_t names, units, files, pcs, functions, ftab, minpc, maxpc, text;
};

static const struct places places[] = {
	[CT_GO_FORMAT_2] = {0xfffffffb, 0, 0, 48, 0, 0, 24, 80, 88, 96},
	[CT_GO_FORMAT_16] = {0xfffffffa, 8, 32, 56, 80, 104, 128, 160, 168, 176},
	[CT_GO_FORMAT_18] = {0xfffffff0, 8, 32, 56, 80, 104, 128, 160, 168, 176},
	[CT_GO_FORMAT_20] = {0xfffffff1, 8, 32, 56, 80, 104, 128, 160, 168, 176},
};

/* magic, 0, 0, instruction size quantum, pointer size */
static bool read_header(struct ct_target *target, uint64_t pclntab, enum ct_go_format *format,
	uint64_t *n_functions)
{
	uint8_t header[16];
	uint32_t magic;

	if (pclntab % 8 || ct_read(target, pclntab, header, sizeof(header)))
		return false;
	memcpy(&magic, header, sizeof(magic));
	memcpy(n_functions, header + 8, sizeof(*n_functions));
	if (header[4] || header[5] || (header[6] != 1 && header[6] != 4) || header[7] != 8)
		return false;
	for (size_t i = 0; i < CT_COUNT(places); i++)
		if (places[i].magic == magic) {
			*format = (enum ct_go_format)i;
			return *n_functions && *n_functions < MAX_FUNCTIONS;
		}
	return false;
}

static bool read_slice(
	struct ct_target *target, uint64_t slice, size_t size, struct ct_go_bytes *ret)
{
	uint64_t at[2];
	const void *bytes;
	size_t len;

	if (ct_read(target, slice, at, sizeof(at)) || !ct_mul((size_t)at[1], size, &len) ||
		ct_view_image(target, at[0], len, &bytes))
		return false;
	*ret = (struct ct_go_bytes){len ? bytes : NULL, len};
	return true;
}

static bool read_slices(struct ct_target *target, const struct places *p, uint64_t moduledata,
	struct ct_go_table *t)
{
	size_t row = t->format <= CT_GO_FORMAT_16 ? 16 : 8;

	if (!read_slice(target, moduledata + p->ftab, row, &t->ftab) ||
		!read_slice(target, moduledata + p->functions, 1, &t->functions) ||
		!read_slice(target, moduledata + p->files, t->format == CT_GO_FORMAT_2 ? 4 : 1,
			&t->files))
		return false;
	if (t->format == CT_GO_FORMAT_2) { /* one table holds all */
		t->names = t->pcs = t->functions;
		return true;
	}
	return read_slice(target, moduledata + p->names, 1, &t->names) &&
	       read_slice(target, moduledata + p->units, 4, &t->units) &&
	       read_slice(target, moduledata + p->pcs, 1, &t->pcs);
}

enum ct_status ct_go_table_read(
	struct ct_target *target, uint64_t moduledata, struct ct_go_table *ret)
{
	struct ct_go_table t = {.moduledata = moduledata};
	uint64_t n, n_ftab;

	if (ct_read_u64(target, moduledata, &t.pclntab) ||
		!read_header(target, t.pclntab, &t.format, &n))
		return CT_NOT_FOUND;
	const struct places *p = &places[t.format];
	if (ct_read_u64(target, moduledata + p->ftab + 8, &n_ftab) || n_ftab != n + 1 ||
		ct_read_u64(target, moduledata + p->minpc, &t.minpc) ||
		ct_read_u64(target, moduledata + p->maxpc, &t.maxpc) ||
		ct_read_u64(target, moduledata + p->text, &t.text) || t.text > t.minpc ||
		t.minpc >= t.maxpc)
		return CT_NOT_FOUND;
	t.n_functions = (uint32_t)n;
	if (!read_slices(target, p, moduledata, &t))
		return CT_NOT_FOUND;
	*ret = t;
	return CT_OK;
}

#define BLOCK 65536 /* bytes that are looked at in one piece; a multiple of 8 */

/* Looks for moduledata in [start, end) of memory that the source itself has. */
static enum ct_status search(struct ct_target *target, const struct ct_module *module,
	uint64_t start, uint64_t end, struct ct_go_table *ret)
{
	ct_autofree uint8_t *copy = malloc(BLOCK);

	if (!copy)
		return CT_NO_MEMORY;
	for (uint64_t at = (start + 7) & ~UINT64_C(7); at + 8 <= end;) {
		size_t n = (size_t)CT_MIN(end - at, (uint64_t)BLOCK) & ~(size_t)7;
		const void *bytes = copy;

		if (ct_view(target, at, n, &bytes) && ct_read(target, at, copy, n))
			n = 8;
		else
			for (size_t i = 0; i < n; i += 8) {
				uint64_t word;

				memcpy(&word, (const uint8_t *)bytes + i, sizeof(word));
				if (word - module->start < module->end - module->start &&
					!(word % 8) && !ct_go_table_read(target, at + i, ret))
					return CT_OK;
			}
		at += n;
	}
	return CT_NOT_FOUND;
}

enum ct_status ct_go_table_find(
	struct ct_target *target, const struct ct_module *module, struct ct_go_table *ret)
{
	for (size_t i = 0; i < ct_target_n_maps(target); i++) {
		const struct ct_map *map = ct_target_map(target, i);
		enum ct_status status;

		/* Read-only after relocation, too: what was written to is in the core. */
		if (map->start < module->start || map->end > module->end || !map->present)
			continue;
		if (map->prot >= 0 && map->prot & 4)
			continue;
		status = search(target, module, map->start, map->start + map->present, ret);
		if (status != CT_NOT_FOUND)
			return status;
	}
	return CT_NOT_FOUND;
}
