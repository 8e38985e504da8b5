/* SPDX-License-Identifier: Apache-2.0 */
/* A heap of Go made by hand: one arena, spans in it as a test wants them, and their bytes. */
#ifndef FAKE_GO_HEAP_H
#define FAKE_GO_HEAP_H

#include "fake_target.h"
#include "runtime/go/heap.h"

#define ARENA  UINT64_C(0xc000000000)
#define PAGES  2048
#define BITMAP (CT_GO_ARENA / 8)

static struct ct_go go = {.version = {.major = 1, .minor = 22}};
static uint8_t *heap_memory; /* of all pages from ARENA on */

static inline struct ct_go_heap *new_heap(struct ct_target *target)
{
	struct ct_go_heap *heap = calloc(1, sizeof(*heap));

	go.target = target;
	heap->go = &go;
	heap->target = target;
	pthread_mutex_init(&heap->lock, NULL);
	heap->arena_of = calloc(CT_GO_ADDRESSES >> CT_GO_ARENA_BITS, sizeof(*heap->arena_of));
	heap->arenas = calloc(1, sizeof(*heap->arenas));
	heap->spans = calloc(PAGES, sizeof(*heap->spans));
	heap->arena_of[ARENA >> CT_GO_ARENA_BITS] = 1;
	heap->n_arenas = 1;
	heap->arenas[0].start = ARENA;
	heap->arenas[0].spans = calloc(CT_GO_ARENA_PAGES, sizeof(uint32_t));
	heap_memory = calloc(PAGES, CT_GO_PAGE);
	return heap;
}

static inline void close_heap(struct ct_go_heap *heap)
{
	ct_go_heap_close(heap);
	free(heap_memory);
}

static inline struct ct_go_span *add_span(struct ct_go_heap *heap, uint64_t page, uint64_t pages,
	uint64_t elemsize, enum ct_go_pointer_map map)
{
	struct ct_go_span *s = &heap->spans[heap->n_spans++];

	*s = (struct ct_go_span){.start = ARENA + page * CT_GO_PAGE,
		.elemsize = elemsize,
		.n = (uint32_t)(pages * CT_GO_PAGE / elemsize),
		.first = heap->n_objects,
		.map = (uint8_t)map,
		.class = 1};
	s->limit = s->start + s->n * elemsize;
	s->freeindex = s->n;
	s->data = heap_memory + page * CT_GO_PAGE;
	for (uint64_t i = 0; i < pages; i++)
		heap->arenas[0].spans[page + i] = heap->n_spans;
	heap->n_objects += s->n;
	return s;
}

static inline struct ct_go_object object_at(const struct ct_go_heap *heap, uint64_t addr)
{
	struct ct_go_object object = {0};

	assert_true(ct_go_object_at(heap, addr, &object));
	return object;
}

static inline void set_word(uint64_t addr, uint64_t value)
{
	memcpy(heap_memory + (addr - ARENA), &value, sizeof(value));
}

#endif
