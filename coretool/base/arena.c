/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdio.h>

#define CT_ARENA_BLOCK ((size_t)64 * 1024)
#define CT_ARENA_ALIGN ((size_t)16)

struct ct_arena_block {
	struct ct_arena_block *next;
	size_t size;
	_Alignas(16) unsigned char bytes[];
};

struct ct_arena_adopted {
	struct ct_arena_adopted *next;
	void *memory;
};

void ct_arena_init(struct ct_arena *arena)
{
	*arena = (struct ct_arena){0};
}

void ct_arena_free(struct ct_arena *arena)
{
	struct ct_arena_block *block = arena->blocks;

	/* What tells of adopted memory lies in the blocks. */
	for (struct ct_arena_adopted *a = arena->adopted; a; a = a->next)
		free(a->memory);
	while (block) {
		struct ct_arena_block *next = block->next;
		free(block);
		block = next;
	}
	ct_arena_init(arena);
}

void ct_arena_reset(struct ct_arena *arena)
{
	struct ct_arena_block *keep = arena->blocks;

	if (!keep)
		return;
	for (; arena->adopted; arena->adopted = arena->adopted->next)
		free(arena->adopted->memory);
	arena->blocks = keep->next;
	keep->next = NULL;
	bool failed = arena->failed;
	ct_arena_free(arena);
	arena->blocks = keep;
	arena->size = keep->size;
	arena->failed = failed;
}

static bool arena_grow(struct ct_arena *arena, size_t size)
{
	size_t want = CT_MAX(size, CT_ARENA_BLOCK), total;
	struct ct_arena_block *block;

	if (!ct_add(want, sizeof(*block), &total) || !(block = malloc(total))) {
		arena->failed = true;
		return false;
	}
	block->next = arena->blocks;
	block->size = want;
	arena->blocks = block;
	arena->used = 0;
	arena->size = want;
	return true;
}

void *ct_arena_alloc(struct ct_arena *arena, size_t size)
{
	uint64_t rounded;

	if (!ct_align(size ? size : 1, CT_ARENA_ALIGN, &rounded)) {
		arena->failed = true;
		return NULL;
	}
	if (!arena->blocks || rounded > arena->size - arena->used)
		if (!arena_grow(arena, rounded))
			return NULL;
	void *ret = arena->blocks->bytes + arena->used;
	arena->used += rounded;
	return memset(ret, 0, rounded);
}

void *ct_arena_array(struct ct_arena *arena, size_t n, size_t size)
{
	size_t total;

	if (!ct_mul(n, size, &total)) {
		arena->failed = true;
		return NULL;
	}
	return ct_arena_alloc(arena, total);
}

void *ct_arena_copy(struct ct_arena *arena, const void *data, size_t size)
{
	void *ret = ct_arena_alloc(arena, size);

	if (ret && size)
		memcpy(ret, data, size);
	return ret;
}

void *ct_arena_adopt(struct ct_arena *arena, void *memory)
{
	struct ct_arena_adopted *a = ct_arena_new(arena, struct ct_arena_adopted);

	if (!a) {
		free(memory);
		return NULL;
	}
	*a = (struct ct_arena_adopted){arena->adopted, memory};
	arena->adopted = a;
	return memory;
}

char *ct_arena_strndup(struct ct_arena *arena, const char *s, size_t len)
{
	char *ret = ct_arena_alloc(arena, len + 1);

	if (ret && len)
		memcpy(ret, s, len);
	return ret;
}

char *ct_arena_vprintf(struct ct_arena *arena, const char *fmt, va_list args)
{
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	char *ret = len < 0 ? NULL : ct_arena_alloc(arena, (size_t)len + 1);
	if (ret)
		vsnprintf(ret, (size_t)len + 1, fmt, args);
	return ret;
}

char *ct_arena_printf(struct ct_arena *arena, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	char *ret = ct_arena_vprintf(arena, fmt, args);
	va_end(args);
	return ret;
}
