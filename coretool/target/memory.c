/* SPDX-License-Identifier: Apache-2.0 */
/* The one reader: the source's bytes where it has them, else the file that was mapped there. */
#include "target/internal.h"

#define MAX_COPIED ((uint64_t)1 << 28) /* bytes of images, in all */

enum ct_status ct_view(struct ct_target *target, uint64_t addr, size_t len, const void **ret)
{
	const struct ct_source *src = &target->source;

	return src->ops->view ? src->ops->view(src->self, addr, len, ret) : CT_FAULT;
}

void ct_want(struct ct_target *target, uint64_t addr, uint64_t len)
{
	const struct ct_source *src = &target->source;

	if (src->ops->want)
		src->ops->want(src->self, addr, len);
}

void ct_fetch(struct ct_target *target)
{
	const struct ct_source *src = &target->source;

	if (src->ops->fetch)
		src->ops->fetch(src->self);
}

#define CACHE_LINE 64

void ct_expect(struct ct_target *target, uint64_t addr, size_t len)
{
	const void *bytes;

	if (!len || ct_view(target, addr, len, &bytes))
		return;
	for (size_t i = 0; i < len; i += CACHE_LINE)
		__builtin_prefetch((const char *)bytes + i);
	__builtin_prefetch((const char *)bytes + len - 1);
}

/* Bytes from addr on that the source itself has, at most len; 0 when it has none there. */
static size_t source_bytes(struct ct_target *target, uint64_t addr, size_t len)
{
	const struct ct_map *map = ct_target_map_at(target, addr);
	uint64_t present_end = map ? map->start + map->present : 0;

	return addr < present_end ? (size_t)CT_MIN((uint64_t)len, present_end - addr) : 0;
}

enum ct_status ct_view_image(struct ct_target *target, uint64_t addr, size_t len, const void **ret)
{
	const struct ct_module *module;

	if (!len || !ct_view(target, addr, len, ret))
		return CT_OK;
	module = ct_module_at(target, addr);
	if (module && !source_bytes(target, addr, len) && !ct_module_view(module, addr, len, ret))
		return CT_OK;
	/* A damaged core has the same asked for often, or what it has not. */
	if (len > MAX_COPIED - target->copied)
		return CT_FAULT;
	target->copied += len;
	void *copy = ct_arena_alloc(&target->arena, len);
	if (!copy)
		return CT_NO_MEMORY;
	*ret = copy;
	return ct_read(target, addr, copy, len);
}

bool ct_target_has_view(const struct ct_target *target)
{
	return target->source.ops->view;
}

enum ct_status ct_target_next_data(
	struct ct_target *target, uint64_t addr, uint64_t end, uint64_t *start, uint64_t *stop)
{
	const struct ct_source *src = &target->source;
	const struct ct_map *map = ct_target_map_at(target, addr);
	uint64_t present_end = map ? map->start + map->present : 0;

	if (addr >= CT_MIN(end, present_end))
		return CT_DONE;
	end = CT_MIN(end, present_end);
	if (src->ops->next_data)
		return src->ops->next_data(src->self, addr, end, start, stop);
	*start = addr;
	*stop = end;
	return CT_OK;
}

/* A range that the source has in part, or not at all: piece by piece. */
static enum ct_status read_pieces(struct ct_target *target, uint64_t addr, uint8_t *to, size_t len)
{
	const struct ct_source *src = &target->source;

	while (len) {
		size_t n = source_bytes(target, addr, len);
		enum ct_status status;

		if (n) {
			status = src->ops->read(src->self, addr, to, n);
		} else {
			const struct ct_module *module = ct_module_at(target, addr);
			const struct ct_map *map = ct_target_map_at(target, addr);
			uint64_t end = map ? map->end : addr + len;

			/* Without a map the module's own segments bound the range. */
			n = (size_t)CT_MIN((uint64_t)len, end - addr);
			status = module ? ct_module_read(module, addr, to, n) : CT_FAULT;
		}
		if (status)
			return status;
		addr += n;
		to += n;
		len -= n;
	}
	return CT_OK;
}

enum ct_status ct_read(struct ct_target *target, uint64_t addr, void *buf, size_t len)
{
	const struct ct_source *src = &target->source;
	uint64_t end;

	if (!ct_add(addr, (uint64_t)len, &end))
		return CT_FAULT;
	if (src->ops->read(src->self, addr, buf, len) == CT_OK)
		return CT_OK;
	return read_pieces(target, addr, buf, len);
}

enum ct_status ct_read_u32(struct ct_target *target, uint64_t addr, uint32_t *ret)
{
	return ct_read(target, addr, ret, sizeof(*ret));
}

enum ct_status ct_read_u64(struct ct_target *target, uint64_t addr, uint64_t *ret)
{
	return ct_read(target, addr, ret, sizeof(*ret));
}

enum ct_status ct_read_string(struct ct_target *target, uint64_t addr, char *buf, size_t size)
{
	size_t len = 0;

	for (; len + 1 < size; len++) {
		if (ct_read(target, addr + len, buf + len, 1)) {
			if (!len)
				return CT_FAULT;
			break;
		}
		if (!buf[len])
			break;
	}
	buf[len] = '\0';
	return CT_OK;
}
