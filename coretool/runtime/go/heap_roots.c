/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of packages: the linker has a mask for those that may hold pointers. */
#include "runtime/go/heap_roots.h"

#define CHUNK 64u /* words */

struct section { /* of a module's variables */
	enum ct_go_field start, end, mask;
};

static const struct section sections[] = {
	{CT_GO_MODULEDATA_DATA, CT_GO_MODULEDATA_EDATA, CT_GO_MODULEDATA_GCDATAMASK},
	{CT_GO_MODULEDATA_BSS, CT_GO_MODULEDATA_EBSS, CT_GO_MODULEDATA_GCBSSMASK},
};

static bool visit_words(const struct ct_go_heap *heap, uint64_t at, uint64_t bits,
	ct_go_root_visit *visit, void *arg)
{
	uint64_t words[CHUNK];
	unsigned n = 64 - (unsigned)__builtin_clzll(bits);

	if (ct_read(heap->target, at, words, n * sizeof(*words)))
		return false;
	for (; bits; bits &= bits - 1) {
		unsigned i = (unsigned)__builtin_ctzll(bits);
		const struct ct_go_root root = {
			.kind = CT_GO_ROOT_VARIABLE, .at = at + 8 * i, .value = words[i]};

		if (words[i])
			visit(arg, &root);
	}
	return true;
}

/* The mask is a bitvector: how many bits, and where. */
static bool visit_section(const struct ct_go_heap *heap, uint64_t moduledata,
	const struct section *section, ct_go_root_visit *visit, void *arg)
{
	const struct ct_go *go = heap->go;
	uint64_t start = ct_go_word(go, moduledata, section->start), bits;
	uint64_t end = ct_go_word(go, moduledata, section->end);
	uint32_t offset = go->layout.offset[section->mask], n;
	const void *view;

	if (offset == CT_GO_ABSENT || start > end ||
		ct_read_u32(go->target, moduledata + offset, &n) || n > (end - start) / 8 ||
		ct_read_u64(go->target, moduledata + offset + 8, &bits) || (n && !bits) ||
		ct_view_image(go->target, bits, ((size_t)n + 7) / 8, &view)) {
		ct_target_note(go->target, CT_NOTE_DAMAGED, "Go heap",
			"the mask of the variables at 0x%llx could not be read: what only they "
			"keep alive looks unreachable",
			(unsigned long long)start);
		return false;
	}
	bool all = true;
	for (uint64_t i = 0; i < n; i += CHUNK) {
		uint64_t chunk = ct_go_bits(view, i, n);

		if (chunk)
			all &= visit_words(heap, start + 8 * i, chunk, visit, arg);
	}
	if (!all)
		ct_target_note(go->target, CT_NOTE_DAMAGED, "Go heap",
			"not all variables at 0x%llx could be read: what only they keep alive "
			"looks unreachable",
			(unsigned long long)start);
	return all;
}

bool ct_go_roots_variables(const struct ct_go_heap *heap, ct_go_root_visit *visit, void *arg)
{
	const struct ct_go_tables *tables = &heap->go->tables;
	bool all = true;

	for (uint32_t i = 0; i < tables->n; i++)
		for (size_t k = 0; k < CT_COUNT(sections); k++)
			all &= visit_section(
				heap, tables->list[i].moduledata, &sections[k], visit, arg);
	return all;
}
