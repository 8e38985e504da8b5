/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap of a Go program as its allocator keeps it (runtime/mheap.go, malloc.go): arenas of 64
 * MiB, divided into spans, each divided into slots of one size. A slot that is allocated is an
 * object; where in it pointers are is heap_pointers.h's subject, what reaches it heap_mark.h's.
 *
 * Objects are numbered through all spans: a bit or a word for each is enough to remember anything
 * about them. Nothing here changes once ct_go_heap_open() has made it, so threads may share it, as
 * long as they read memory by ct_go_heap_view() and ct_go_heap_read() alone.
 */
#ifndef CT_RUNTIME_GO_HEAP_H
#define CT_RUNTIME_GO_HEAP_H

#include <pthread.h>

#include "runtime/go/go.h"

#define CT_GO_PAGE        UINT64_C(8192)
#define CT_GO_ARENA_BITS  26
#define CT_GO_ARENA       (UINT64_C(1) << CT_GO_ARENA_BITS)
#define CT_GO_ARENA_PAGES (CT_GO_ARENA / CT_GO_PAGE)
#define CT_GO_ADDRESSES   (UINT64_C(1) << 47) /* of user space */

/* Where the pointers of a span's objects are recorded. */
enum ct_go_pointer_map {
	CT_GO_MAP_NONE,    /* there are none */
	CT_GO_MAP_PAIRS,   /* the arena's bitmap, two bits a word (to 1.19) */
	CT_GO_MAP_ARENA,   /* the arena's bitmap, one bit a word (1.20 and 1.21) */
	CT_GO_MAP_SPAN,    /* a bitmap at the span's end (1.22 on, up to 512 bytes) */
	CT_GO_MAP_HEADER,  /* by the type that the first word names (1.22 on) */
	CT_GO_MAP_LARGE,   /* by the type that the span names (1.22 on) */
	CT_GO_MAP_UNKNOWN, /* this version's way is not known: every word may be one */
};

struct ct_go_span {
	uint64_t at;           /* of its mspan */
	uint64_t start, limit; /* objects are in [start, limit) */
	uint64_t elemsize;     /* of a slot */
	uint64_t type;         /* of the object, for CT_GO_MAP_LARGE; 0: not set yet */
	const uint8_t *data;   /* [start, limit) in place; NULL: to be read piece by piece */
	const uint8_t *alloc; /* allocBits; NULL: not readable, then all slots count as allocated */
	const uint8_t *bits;  /* for CT_GO_MAP_SPAN: one bit a word from start on */
	uint32_t first, n;    /* numbers of its objects are [first, first + n) */
	uint32_t freeindex;   /* slots before it are allocated */
	uint32_t magic;       /* 2^32 / elemsize, rounded up; 0: that is not exact enough */
	uint8_t map;          /* enum ct_go_pointer_map */
	uint8_t class;        /* size class; 0: one large object */
};

struct ct_go_arena {
	uint64_t start;
	uint32_t *spans;        /* per page: index of the span + 1; 0: none in use */
	const uint8_t *bitmap;  /* for CT_GO_MAP_PAIRS and CT_GO_MAP_ARENA, else NULL */
	const uint8_t *no_more; /* for CT_GO_MAP_ARENA: per 64 words, that no pointer follows */
};

struct ct_go_heap {
	const struct ct_go *go;
	struct ct_target *target;
	uint32_t *arena_of; /* per 64 MiB of the address space: index of the arena + 1 */
	struct ct_go_arena *arenas;
	struct ct_go_span *spans; /* by address */
	uint32_t n_arenas, n_spans;
	uint32_t n_objects;           /* slots, allocated or not */
	uint32_t n_bad;               /* spans and arenas that could not be read, or are none */
	uint32_t n_unknown;           /* spans whose pointer maps could not be found */
	uint64_t bytes;               /* of all spans in use */
	pthread_mutex_t lock;         /* for reads that are no views, and for late */
	struct ct_go_late_mask *late; /* of types whose masks the runtime has not made */
};

/* Slot index of span: where it is, and its number. */
struct ct_go_object {
	const struct ct_go_span *span;
	uint64_t start; /* address of the slot */
	uint32_t index; /* of the slot in its span */
	uint32_t id;    /* its number */
};

/*
 * Reads arenas and spans. CT_NOT_FOUND: the heap's own record was not found; notes of the target
 * say why. The caller frees *ret with ct_go_heap_close().
 */
CT_WARN_UNUSED enum ct_status ct_go_heap_open(const struct ct_go *go, struct ct_go_heap **ret);
void ct_go_heap_close(struct ct_go_heap *heap);

/* Is it memory that the heap has made its own, whatever for? */
static inline bool ct_go_in_arena(const struct ct_go_heap *heap, uint64_t addr)
{
	return addr < CT_GO_ADDRESSES && heap->arena_of[addr >> CT_GO_ARENA_BITS];
}

/* Where there is, +1, the number of the span that addr's page is in, 0: none; NULL: no arena. */
static inline const uint32_t *ct_go_span_number(const struct ct_go_heap *heap, uint64_t addr)
{
	uint32_t arena;

	if (addr >= CT_GO_ADDRESSES || !(arena = heap->arena_of[addr >> CT_GO_ARENA_BITS]))
		return NULL;
	return &heap->arenas[arena - 1].spans[addr / CT_GO_PAGE % CT_GO_ARENA_PAGES];
}

/* The span in use that addr is in, or NULL. */
static inline const struct ct_go_span *ct_go_span_at(const struct ct_go_heap *heap, uint64_t addr)
{
	const uint32_t *number = ct_go_span_number(heap, addr);

	if (!number || !*number)
		return NULL;
	const struct ct_go_span *s = &heap->spans[*number - 1];
	return addr >= s->start && addr < s->limit ? s : NULL;
}

/* The slot of the span that addr is in, which it is. */
static inline uint32_t ct_go_slot(const struct ct_go_span *s, uint64_t addr)
{
	uint64_t offset = addr - s->start;

	return s->magic ? (uint32_t)(offset * s->magic >> 32)
			: (uint32_t)(s->n == 1 ? 0 : offset / s->elemsize);
}

/* Is the slot in use, as far as its span knows? Before a span is swept it also is when the object
 * was garbage at the end of the last cycle. */
static inline bool ct_go_is_allocated(const struct ct_go_span *s, uint32_t slot)
{
	return slot < s->freeindex || !s->alloc || (s->alloc[slot >> 3] >> (slot & 7) & 1);
}

/* The slot, allocated or not, that addr is in; false: addr is in no span of objects. */
static inline bool ct_go_object_at(
	const struct ct_go_heap *heap, uint64_t addr, struct ct_go_object *ret)
{
	const struct ct_go_span *s = ct_go_span_at(heap, addr);

	if (!s)
		return false;
	ret->span = s;
	ret->index = ct_go_slot(s, addr);
	ret->start = s->start + ret->index * s->elemsize;
	ret->id = s->first + ret->index;
	return true;
}

/* The object with this number, which is below n_objects. */
void ct_go_object_get(const struct ct_go_heap *heap, uint32_t id, struct ct_go_object *ret);

/* Memory of the span, inside of [start, limit); false: not readable. copy: len bytes, used where
 * there is no view. For all threads. */
bool ct_go_heap_view(const struct ct_go_heap *heap, const struct ct_go_span *span, uint64_t addr,
	size_t len, void *copy, const void **ret);
bool ct_go_heap_read(const struct ct_go_heap *heap, uint64_t addr, void *buf, size_t len);

/* Fills in where the objects' pointers are. (heap_maps.c) */
void ct_go_heap_find_map(struct ct_go_heap *heap, struct ct_go_span *span,
	const struct ct_go_arena *arena, uint64_t heap_arena);
/* Fills in the arena's own bitmaps. (heap_maps.c) */
void ct_go_heap_find_bitmap(
	const struct ct_go_heap *heap, struct ct_go_arena *arena, uint64_t heap_arena);

#endif
