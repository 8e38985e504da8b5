/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once. Allocations are zeroed and aligned to 16 bytes. */
#ifndef CT_BASE_ARENA_H
#define CT_BASE_ARENA_H

#include <stdarg.h>

#include "base/base.h"

struct ct_arena_block;
struct ct_arena_adopted;

struct ct_arena {
	struct ct_arena_block *blocks; /* newest first */
	size_t used, size;             /* of the newest block */
	struct ct_arena_adopted *adopted;
	bool failed; /* an allocation failed since init: checked once, at the end */
};

void ct_arena_init(struct ct_arena *arena);
void ct_arena_free(struct ct_arena *arena);

/* Forgets everything but keeps one block: for scratch memory that is reused per thread. */
void ct_arena_reset(struct ct_arena *arena);

/* NULL when out of memory; arena->failed stays set. */
void *ct_arena_alloc(struct ct_arena *arena, size_t size);
void *ct_arena_array(struct ct_arena *arena, size_t n, size_t size);
void *ct_arena_copy(struct ct_arena *arena, const void *data, size_t size);
/* Takes memory of malloc()'s over: it is freed with the rest; at once when that fails, and the
 * result is NULL then. */
void *ct_arena_adopt(struct ct_arena *arena, void *memory);
char *ct_arena_strndup(struct ct_arena *arena, const char *s, size_t len);
CT_PRINTF(2, 3) char *ct_arena_printf(struct ct_arena *arena, const char *fmt, ...);
CT_PRINTF(2, 0) char *ct_arena_vprintf(struct ct_arena *arena, const char *fmt, va_list args);

#define ct_arena_new(arena, type)          ((type *)ct_arena_alloc((arena), sizeof(type)))
#define ct_arena_new_array(arena, n, type) ((type *)ct_arena_array((arena), (n), sizeof(type)))

#endif
