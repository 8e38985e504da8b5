/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code and constants out of a module's file, for memory that the core leaves out. Writable segments
 * never: what the program made of them is not in the file.
 */
#include "target/module_private.h"

/*
 * Is what is mapped at addr the file at this offset? The length for which that holds, at most len;
 * 0: no. A program may have put other memory in the place of a segment; the core's mappings tell
 * where it names files at all.
 */
static size_t mapped_len(struct ct_module_files *files, uint64_t addr, uint64_t offset, size_t len)
{
	const struct ct_map *map = ct_target_map_at(files->target, addr);

	if (!map)
		return files->target->modules->maps_have_paths ? 0 : len;
	if (files->target->modules->maps_have_paths &&
		(!map->path || map->file_offset + (addr - map->start) != offset ||
			strcmp(map->path, files->module->path) != 0))
		return 0;
	return (size_t)CT_MIN((uint64_t)len, map->end - addr);
}

static const struct ct_module_segment *segment_at(
	const struct ct_module_files *files, uint64_t vaddr, size_t len)
{
	for (uint32_t i = 0; i < files->n_segments; i++) {
		const struct ct_module_segment *segment = &files->segments[i];

		if (!segment->writable && vaddr >= segment->vaddr &&
			ct_within(vaddr - segment->vaddr, len, segment->size))
			return segment;
	}
	return NULL;
}

enum ct_status ct_module_view(
	const struct ct_module *module, uint64_t addr, size_t len, const void **ret)
{
	struct ct_module_files *files = ct_module_open(module);
	uint64_t vaddr = addr - module->bias;
	size_t done = 0, n;

	if (!files->file.bytes || !module->bias_known)
		return CT_FAULT;
	const struct ct_module_segment *segment = segment_at(files, vaddr, len);
	if (!segment)
		return CT_FAULT;
	uint64_t offset = segment->offset + (vaddr - segment->vaddr);
	for (; done < len; done += n) {
		n = mapped_len(files, addr + done, offset + done, len - done);
		if (!n)
			return CT_FAULT;
	}
	*ret = (const uint8_t *)files->file.bytes + offset;
	return files->file.guard.damaged ? CT_FAULT : CT_OK;
}

enum ct_status ct_module_read(const struct ct_module *module, uint64_t addr, void *buf, size_t len)
{
	const void *bytes;

	if (ct_module_view(module, addr, len, &bytes))
		return CT_FAULT;
	memcpy(buf, bytes, len);
	return ct_module_open(module)->file.guard.damaged ? CT_FAULT : CT_OK;
}
