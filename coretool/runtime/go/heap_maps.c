/* SPDX-License-Identifier: Apache-2.0 */
/* Where the pointer maps of a span's objects are, by what the layout of this version has. */
#include "runtime/go/heap.h"

#define ARENA_WORDS   (CT_GO_ARENA / 8)
#define BITMAP_OBJECT 512 /* bytes: larger ones begin with their type (1.22 on) */
#define INLINE_MARKS  128 /* bytes at the span's end, behind its bitmap (spanInlineMarkBits) */

static const uint8_t *view_of(const struct ct_go_heap *heap, uint64_t at, size_t len)
{
	const void *view;

	ct_want(heap->target, at, len);
	return ct_view_image(heap->target, at, len, &view) ? NULL : view;
}

void ct_go_heap_find_bitmap(
	const struct ct_go_heap *heap, struct ct_go_arena *arena, uint64_t heap_arena)
{
	const struct ct_go *go = heap->go;
	bool pairs = ct_go_at(go, HEAPARENA_NOMOREPTRS) == CT_GO_ABSENT;
	uint64_t bitmap = heap_arena + ct_go_at(go, HEAPARENA_BITMAP);

	if (ct_go_at(go, HEAPARENA_BITMAP) == CT_GO_ABSENT)
		return;
	arena->bitmap = view_of(heap, bitmap, ARENA_WORDS / (pairs ? 4 : 8));
	if (pairs)
		return;
	arena->no_more = view_of(
		heap, heap_arena + ct_go_at(go, HEAPARENA_NOMOREPTRS), ARENA_WORDS / 64 / 8);
	if (!arena->no_more)
		arena->bitmap = NULL;
}

/* Does the page belong to a span that has its mark bits in its own end? False: that is not known.
 */
static bool read_inline_marks(const struct ct_go_heap *heap, const struct ct_go_span *span,
	uint64_t heap_arena, bool *ret)
{
	uint32_t field = ct_go_at(heap->go, HEAPARENA_PAGEUSESPANINLINEMARKBITS);
	uint64_t page = span->start % CT_GO_ARENA / CT_GO_PAGE;
	uint8_t byte = 0;

	if (field != CT_GO_ABSENT && ct_read(heap->target, heap_arena + field + page / 8, &byte, 1))
		return false;
	*ret = byte >> page % 8 & 1;
	return true;
}

/* heapBitsInSpan(), spanHeapBitsRange() of mbitmap.go. Where they are not found, any word may be a
 * pointer. */
static void find_in_span(
	const struct ct_go_heap *heap, struct ct_go_span *span, uint64_t heap_arena)
{
	uint64_t pages = ct_go_word(heap->go, span->at, CT_GO_MSPAN_NPAGES);
	uint64_t size = pages * CT_GO_PAGE / 64, end = span->start + pages * CT_GO_PAGE;
	bool inline_marks;

	if (!read_inline_marks(heap, span, heap_arena, &inline_marks))
		return;
	if (inline_marks)
		end -= INLINE_MARKS;
	span->bits = view_of(heap, end - size, (size_t)size);
	if (span->bits && span->limit - span->start <= size * 64)
		span->map = CT_GO_MAP_SPAN;
}

void ct_go_heap_find_map(struct ct_go_heap *heap, struct ct_go_span *span,
	const struct ct_go_arena *arena, uint64_t heap_arena)
{
	if (span->map == CT_GO_MAP_NONE)
		return;
	if (span->elemsize <= BITMAP_OBJECT && heap->go->layout_trust == CT_GO_LAYOUT_NEAREST) {
		/* Where bitmaps are has changed three times. */
		span->map = CT_GO_MAP_UNKNOWN;
	} else if (ct_go_at(heap->go, HEAPARENA_BITMAP) != CT_GO_ABSENT) {
		if (arena->bitmap)
			span->map = arena->no_more ? CT_GO_MAP_ARENA : CT_GO_MAP_PAIRS;
	} else if (ct_go_at(heap->go, MSPAN_LARGETYPE) == CT_GO_ABSENT) {
		span->map = CT_GO_MAP_UNKNOWN;
	} else if (span->elemsize <= BITMAP_OBJECT) {
		find_in_span(heap, span, heap_arena);
	} else {
		span->map = span->class ? CT_GO_MAP_HEADER : CT_GO_MAP_LARGE;
	}
}
