/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas and spans out of the target. A core is somebody's file: how much is read is bounded by how
 * much of it there is, and a span counts only where the pages that it claims are its own.
 */
#include <inttypes.h>

#include "runtime/go/heap.h"
#include "runtime/go/record.h"

#define STATE_IN_USE 1 /* mSpanInUse: it has objects; others are stacks or free */
#define NO_SCAN      1 /* in the span's class: no pointers */

/* Of a span of several objects: no size class has over 10 (sizeclasses.go). */
#define MAX_PAGES UINT64_C(16)
/* Each arena has at least this much of a record in memory (struct heapArena). */
#define LEAST_RECORD 65536
/* Objects have 8 bytes at least, so that a core with a heap has fewer than an eighth of this. Of
 * one that is cut off, seven eighths of the heap may be missing. */
#define MORE_OBJECTS (1u << 20)

/* Where the arena with this index begins: arenaBase() of mheap.go. */
static uint64_t arena_start(const struct ct_go_heap *heap, uint64_t index)
{
	uint64_t start = index << CT_GO_ARENA_BITS;

	/* The table's middle is address 0 on this machine; on others it begins there. */
	if (!strcmp(ct_target_arch(heap->target)->name, "x86_64"))
		start -= UINT64_C(1) << 47;
	return start;
}

static bool add_arena(struct ct_go_heap *heap, uint64_t table, uint64_t index, uint64_t *record)
{
	uint64_t start = arena_start(heap, index);

	if (index >> 48 || start >= CT_GO_ADDRESSES || start % CT_GO_ARENA ||
		ct_read_u64(heap->target, table + index * 8, record) || !*record) {
		heap->n_bad++;
		return false;
	}
	uint32_t *slot = &heap->arena_of[start >> CT_GO_ARENA_BITS];
	if (*slot)
		return false;
	heap->arenas[heap->n_arenas] = (struct ct_go_arena){.start = start};
	*slot = ++heap->n_arenas;
	return true;
}

/* The indices of arenas in use: a list, of which user arenas have one more (1.26 on). */
static uint64_t read_list(
	const struct ct_go_heap *heap, enum ct_go_field field, uint64_t most, const uint64_t **ret)
{
	const struct ct_go *go = heap->go;
	uint64_t slice[2];
	const void *view;

	*ret = NULL;
	if (go->layout.offset[field] == CT_GO_ABSENT ||
		ct_read(go->target, go->globals.heap + go->layout.offset[field], slice,
			sizeof(slice)) ||
		!slice[1] || slice[1] > most ||
		ct_view_image(go->target, slice[0], (size_t)slice[1] * 8, &view))
		return 0;
	*ret = view;
	return slice[1];
}

static enum ct_status read_arenas(struct ct_go_heap *heap, uint64_t **records)
{
	static const enum ct_go_field lists[] = {
		CT_GO_MHEAP_ALLARENAS, CT_GO_MHEAP_HEAPARENAS, CT_GO_MHEAP_USERARENAARENAS};
	uint64_t most = ct_target_present(heap->target) / LEAST_RECORD + 1, n = 0, table;
	const uint64_t *items[CT_COUNT(lists)];
	uint64_t counts[CT_COUNT(lists)];

	for (size_t i = 0; i < CT_COUNT(lists); i++)
		n += counts[i] = read_list(heap, lists[i], most, &items[i]);
	if (!n || !ct_go_has(heap->go, HEAPARENA_SPANS) ||
		ct_read_u64(heap->target, heap->go->globals.heap + ct_go_at(heap->go, MHEAP_ARENAS),
			&table))
		return CT_NOT_FOUND;
	heap->arenas = calloc(n, sizeof(*heap->arenas));
	*records = calloc(n, sizeof(**records));
	if (!heap->arenas || !*records)
		return CT_NO_MEMORY;
	for (size_t i = 0; i < CT_COUNT(lists); i++)
		for (uint64_t k = 0; k < counts[i]; k++) {
			uint64_t record, index;

			memcpy(&index, items[i] + k, sizeof(index));
			if (add_arena(heap, table, index, &record))
				(*records)[heap->n_arenas - 1] = record;
		}
	return heap->n_arenas ? CT_OK : CT_NOT_FOUND;
}

/* Is what the record says possible at all? */
static bool read_span(struct ct_go_heap *heap, uint64_t at, struct ct_go_span *s)
{
	const struct ct_go *go = heap->go;
	size_t width = ct_go_since(go, 22) ? 2 : 8; /* of counts */
	struct ct_go_record r;

	if (ct_go_record(go, at, CT_GO_MSPAN_SIZE, &r)) {
		heap->n_bad++;
		return false;
	}
	if ((uint8_t)ct_go_field(&r, CT_GO_MSPAN_STATE, 1, 0) != STATE_IN_USE)
		return false;
	uint64_t pages = ct_go_get(&r, MSPAN_NPAGES), n;
	uint8_t class = (uint8_t)ct_go_field(&r, CT_GO_MSPAN_SPANCLASS, 1, 0);
	*s = (struct ct_go_span){
		.at = at,
		.start = ct_go_get(&r, MSPAN_STARTADDR),
		.limit = ct_go_get(&r, MSPAN_LIMIT),
		.elemsize = ct_go_get(&r, MSPAN_ELEMSIZE),
		.type = ct_go_get(&r, MSPAN_LARGETYPE),
		.map = class & NO_SCAN ? CT_GO_MAP_NONE : CT_GO_MAP_UNKNOWN,
		.class = class >> 1,
	};
	n = ct_go_field(&r, CT_GO_MSPAN_NELEMS, width, 0);
	uint64_t free = ct_go_field(&r, CT_GO_MSPAN_FREEINDEX, width, 0);
	if (!pages || pages > (n > 1 ? MAX_PAGES : CT_GO_ADDRESSES / CT_GO_PAGE) ||
		s->start % CT_GO_PAGE || s->start >= CT_GO_ADDRESSES || s->limit <= s->start ||
		s->limit - s->start > pages * CT_GO_PAGE || s->elemsize < 8 || s->elemsize % 8 ||
		s->elemsize > pages * CT_GO_PAGE || !n ||
		n > (s->limit - s->start + s->elemsize - 1) / s->elemsize || free > n ||
		n >= UINT32_MAX) {
		heap->n_bad++;
		return false;
	}
	/* A large object's slot is all of its pages, also where they are more than its type. */
	s->limit = CT_MIN(s->limit, s->start + n * s->elemsize);
	/* Little of it is for the bits, or is left over. */
	if (pages * CT_GO_PAGE > 2 * (s->limit - s->start) + CT_GO_PAGE) {
		heap->n_bad++;
		return false;
	}
	s->n = (uint32_t)n;
	s->freeindex = (uint32_t)free;
	return true;
}

static void add_views(struct ct_go_heap *heap, struct ct_go_span *s)
{
	const void *view;
	uint64_t bits = ct_go_word(heap->go, s->at, CT_GO_MSPAN_ALLOCBITS);

	if (!ct_view(heap->target, s->start, (size_t)(s->limit - s->start), &view))
		s->data = view;
	if (bits && !ct_view_image(heap->target, bits, ((size_t)s->n + 7) / 8, &view)) {
		s->alloc = view;
		ct_want(heap->target, bits, ((uint64_t)s->n + 7) / 8);
	}
	/* Exact while offset * elemsize < 2^32, as a rounded reciprocal is (computed in divMul). */
	uint64_t bytes = s->limit - s->start;
	if (s->elemsize < UINT32_MAX && bytes < UINT32_MAX && bytes * s->elemsize < UINT32_MAX)
		s->magic = (uint32_t)(((UINT64_C(1) << 32) + s->elemsize - 1) / s->elemsize);
}

static struct ct_go_span *push_span(struct ct_go_heap *heap, uint32_t *cap)
{
	if (heap->n_spans == *cap) {
		uint32_t more = *cap ? *cap * 2 : 1024;
		struct ct_go_span *grown = realloc(heap->spans, (size_t)more * sizeof(*grown));

		if (!grown || more < *cap)
			return NULL;
		heap->spans = grown;
		*cap = more;
	}
	return &heap->spans[heap->n_spans];
}

static uint64_t pages_of(const struct ct_go_span *s)
{
	return (s->limit - s->start + CT_GO_PAGE - 1) / CT_GO_PAGE;
}

/* How many pages from page on the table says to be of the span at record. */
static uint32_t own_pages(const uint64_t *table, uint32_t page, uint64_t record)
{
	uint32_t n = page;

	while (n < CT_GO_ARENA_PAGES && table[n] == record)
		n++;
	return n - page;
}

/*
 * The span that begins at the page, of which the next n are one record's. Pages that are free still
 * name whoever had them last, which may be a span in use elsewhere, or right behind them: *taken is
 * how many pages are done with.
 */
static enum ct_status add_span(struct ct_go_heap *heap, const struct ct_go_arena *arena,
	uint64_t record, uint64_t at, uint64_t start, uint32_t n, uint32_t *cap, uint32_t *taken)
{
	struct ct_go_span *s = push_span(heap, cap);
	bool ends = start + n * CT_GO_PAGE < arena->start + CT_GO_ARENA;

	*taken = 1;
	if (!s)
		return CT_NO_MEMORY;
	if (!read_span(heap, at, s) || s->start != start)
		return CT_NOT_FOUND;
	if (n < pages_of(s) && ends) {
		heap->n_bad++;
		return CT_NOT_FOUND;
	}
	*taken = (uint32_t)CT_MIN((uint64_t)n, pages_of(s));
	add_views(heap, s);
	ct_go_heap_find_map(heap, s, arena, record);
	heap->n_spans++;
	return CT_OK;
}

/* All spans that begin in this arena; one that began in an earlier one goes on. */
static enum ct_status read_pages(
	struct ct_go_heap *heap, struct ct_go_arena *arena, uint64_t record, uint32_t *cap)
{
	uint64_t at = record + ct_go_at(heap->go, HEAPARENA_SPANS);
	ct_autofree uint64_t *table = malloc(CT_GO_ARENA_PAGES * sizeof(*table));

	arena->spans = calloc(CT_GO_ARENA_PAGES, sizeof(*arena->spans));
	if (!table || !arena->spans)
		return CT_NO_MEMORY;
	if (ct_read(heap->target, at, table, CT_GO_ARENA_PAGES * sizeof(*table))) {
		heap->n_bad++;
		return CT_OK;
	}
	ct_go_heap_find_bitmap(heap, arena, record);
	for (uint32_t page = 0, n; page < CT_GO_ARENA_PAGES; page += n) {
		uint64_t start = arena->start + page * CT_GO_PAGE;
		struct ct_go_span *last = heap->n_spans ? &heap->spans[heap->n_spans - 1] : NULL;
		uint32_t own = own_pages(table, page, table[page]);
		enum ct_status status = CT_OK;

		n = own;
		if (!table[page])
			continue;
		if (page || !last || last->at != table[page] || start >= last->limit)
			status = add_span(heap, arena, record, table[page], start, own, cap, &n);
		if (status == CT_NO_MEMORY)
			return status;
		for (uint32_t i = 0; !status && i < n; i++)
			arena->spans[page + i] = heap->n_spans;
	}
	return CT_OK;
}

/* Drops spans that claim pages which are not their own, or more objects than a target of this size
 * may have: there is memory of ours for each object. Numbers the objects. What is left lies side by
 * side, so that what is wanted of it is no more than there is. */
static void number_objects(struct ct_go_heap *heap)
{
	uint64_t next = 0, most = ct_target_present(heap->target);

	most = CT_MIN(most, (uint64_t)UINT32_MAX - MORE_OBJECTS) + MORE_OBJECTS;

	for (uint32_t i = 0; i < heap->n_spans; i++) {
		struct ct_go_span *s = &heap->spans[i];
		uint64_t last = (s->limit - 1) & ~(CT_GO_PAGE - 1);
		uint32_t arena = heap->arena_of[last >> CT_GO_ARENA_BITS];

		if (!arena ||
			heap->arenas[arena - 1].spans[last / CT_GO_PAGE % CT_GO_ARENA_PAGES] !=
				i + 1 ||
			next + s->n >= most) {
			s->n = 0;
			s->limit = s->start;
			heap->n_bad++;
		}
		if (s->n && s->map != CT_GO_MAP_NONE)
			ct_want(heap->target, s->start, s->limit - s->start);
		s->first = (uint32_t)next;
		next += s->n;
		heap->bytes += s->limit - s->start;
		heap->n_unknown += s->n && s->map == CT_GO_MAP_UNKNOWN;
	}
	heap->n_objects = (uint32_t)next;
}

static int by_start(const void *a, const void *b)
{
	const struct ct_go_arena *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* The order of the list is that in which arenas were made. */
static enum ct_status sort_arenas(struct ct_go_heap *heap, uint64_t *records)
{
	ct_autofree uint64_t *by_address = malloc(heap->n_arenas * sizeof(*by_address));

	if (!by_address)
		return CT_NO_MEMORY;
	qsort(heap->arenas, heap->n_arenas, sizeof(*heap->arenas), by_start);
	for (uint32_t i = 0; i < heap->n_arenas; i++) {
		uint32_t *slot = &heap->arena_of[heap->arenas[i].start >> CT_GO_ARENA_BITS];

		by_address[i] = records[*slot - 1];
	}
	for (uint32_t i = 0; i < heap->n_arenas; i++)
		heap->arena_of[heap->arenas[i].start >> CT_GO_ARENA_BITS] = i + 1;
	memcpy(records, by_address, heap->n_arenas * sizeof(*records));
	return CT_OK;
}

/* The records of spans lie apart, and are read before all else. What the spans have is wanted as
 * they are read, and fetched by who marks. */
static void fetch_spans(const struct ct_go_heap *heap, const uint64_t *records)
{
	uint64_t offset = ct_go_at(heap->go, HEAPARENA_SPANS), at, last = 0;

	for (uint32_t i = 0; i < heap->n_arenas; i++)
		ct_want(heap->target, records[i] + offset, CT_GO_ARENA_PAGES * sizeof(at));
	ct_fetch(heap->target);
	for (uint32_t i = 0; i < heap->n_arenas; i++)
		for (uint32_t page = 0; page < CT_GO_ARENA_PAGES; page++, last = at)
			if (!ct_read_u64(heap->target, records[i] + offset + 8ull * page, &at) &&
				at && at != last)
				ct_want(heap->target, at, ct_go_at(heap->go, MSPAN_SIZE));
	ct_fetch(heap->target);
}

static enum ct_status read_heap(struct ct_go_heap *heap)
{
	ct_autofree uint64_t *records = NULL;
	uint32_t cap = 0;
	enum ct_status status = read_arenas(heap, &records);

	if (!status)
		status = sort_arenas(heap, records);
	if (!status)
		fetch_spans(heap, records);
	for (uint32_t i = 0; !status && i < heap->n_arenas; i++)
		status = read_pages(heap, &heap->arenas[i], records[i], &cap);
	if (!status)
		number_objects(heap);
	return status;
}

static void note_heap(const struct ct_go_heap *heap, enum ct_status status)
{
	const char *version = heap->go->version.text;

	/* Of a version that is known it is there, unless memory is missing. */
	bool known = heap->go->layout_trust != CT_GO_LAYOUT_NEAREST &&
		     ct_go_has(heap->go, MHEAP_ARENAS) && ct_go_has(heap->go, MSPAN_SIZE);
	if (status == CT_NOT_FOUND)
		ct_target_note(heap->target, known ? CT_NOTE_DAMAGED : CT_NOTE_UNKNOWN_RUNTIME,
			"Go heap", "%s: the record of the heap %s: nothing is known of objects",
			version, known ? "is missing or damaged" : "was not found");
	if (heap->n_bad)
		ct_target_note(heap->target, CT_NOTE_DAMAGED, "Go heap",
			"%" PRIu32 " spans or arenas could not be read: their objects are missing",
			heap->n_bad);
	if (heap->n_unknown)
		ct_target_note(heap->target, CT_NOTE_GUESSED_LAYOUT, "Go heap",
			"of %" PRIu32
			" spans it is not known where pointers are: every word counts",
			heap->n_unknown);
}

enum ct_status ct_go_heap_open(const struct ct_go *go, struct ct_go_heap **ret)
{
	struct ct_go_heap *heap = calloc(1, sizeof(*heap));
	enum ct_status status = CT_NOT_FOUND;

	*ret = NULL;
	if (!heap)
		return CT_NO_MEMORY;
	heap->go = go;
	heap->target = go->target;
	pthread_mutex_init(&heap->lock, NULL);
	/* Only what is touched of it costs anything. */
	heap->arena_of = calloc(CT_GO_ADDRESSES >> CT_GO_ARENA_BITS, sizeof(*heap->arena_of));
	if (!heap->arena_of)
		status = CT_NO_MEMORY;
	else if (go->globals.heap && ct_go_at(go, MSPAN_SIZE) != CT_GO_ABSENT)
		status = read_heap(heap);
	note_heap(heap, status);
	if (status)
		ct_go_heap_close(heap);
	else
		*ret = heap;
	return status;
}
