/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pointers that are used into pages that the heap has given back, and into slots of spans in use in
 * which no object is. The collector would end the process when it comes to one: "found bad pointer
 * in Go heap" (badPointer() of mbitmap.go), "found pointer to free object" (reportZombies() of
 * mgcsweep.go; it checks all spans each time that it sweeps them).
 *
 * Objects that are dead may have such: what they pointed to was swept before them. So who has the
 * pointer is a root that is surely used, or is reached from one through exact maps alone; and no
 * collection may be under way. Pages of stacks are no objects' either, and may be pointed to.
 */
#include "runtime/go/bad_pointers.h"

#include "runtime/go/heap_path.h"
#include "runtime/go/heap_world.h"

#define STATE_DEAD   0 /* mSpanDead: given back */
#define STATE_IN_USE 1 /* mSpanInUse; the third are stacks */

/* allocCount: 16 bits right before the class, in all versions that have a table. */
#define ALLOC_COUNT_BEFORE 2

enum account { /* of a span's slots */
	ACCOUNT_UNKNOWN,
	ACCOUNT_SOUND,
	ACCOUNT_NOT_SOUND,
};

struct search {
	struct ct_go_world *w;
	uint8_t *accounts; /* enum account, of each span */
	struct ct_go_bad_pointer *items;
	uint32_t n;
	uint32_t asked; /* id + 1 of the object whose map was looked at last, */
	bool exact;     /* and what it was */
};

/*
 * Would the collector take the pointer for a bad one (findObject() of mbitmap.go)? The page names
 * who had it last, which may be the record of another span by now. One that names none was never
 * used: as of memory that is not its own, the runtime lets pointers into it pass.
 */
static bool is_freed(const struct ct_go_heap *heap, uint64_t addr)
{
	const struct ct_go *go = heap->go;
	uint64_t index = (addr + (UINT64_C(1) << 47)) >> CT_GO_ARENA_BITS;
	uint64_t page = addr / CT_GO_PAGE % CT_GO_ARENA_PAGES, table, record, span, start, n;
	uint8_t state;

	if (ct_read_u64(heap->target, go->globals.heap + ct_go_at(go, MHEAP_ARENAS), &table) ||
		ct_read_u64(heap->target, table + index * 8, &record) ||
		ct_read_u64(
			heap->target, record + ct_go_at(go, HEAPARENA_SPANS) + page * 8, &span) ||
		!span || ct_go_u8(go, span, CT_GO_MSPAN_STATE, &state))
		return false;
	/* A record that is empty was never one, or is missing. */
	if (ct_go_u64(go, span, CT_GO_MSPAN_STARTADDR, &start) || !start)
		return false;
	if (state != STATE_IN_USE)
		return state == STATE_DEAD;
	/* Also of one that the list of all spans has not, if it has the page, nothing is said. */
	return !ct_go_u64(go, span, CT_GO_MSPAN_NPAGES, &n) && addr - start >= n * CT_GO_PAGE;
}

/* Is the span neither being swept, nor in a state that is none? (mheap.go: sweepgen) */
static bool is_settled(const struct ct_go_heap *heap, const struct ct_go_span *span)
{
	const struct ct_go *go = heap->go;
	uint32_t now, of;

	if (ct_go_u32(go, go->globals.heap, CT_GO_MHEAP_SWEEPGEN, &now) ||
		ct_go_u32(go, span->at, CT_GO_MSPAN_SWEEPGEN, &of))
		return false;
	/* It waits to be swept; it was; some P has it, and it waits, or was. */
	return of == now - 2 || of == now || of == now + 1 || of == now + 3;
}

/*
 * Has it as many objects as the span itself counts? Of memory that is damaged, or of one that a
 * thread is just changing, it is not known which slots are free.
 */
static bool has_its_count(const struct ct_go_heap *heap, const struct ct_go_span *span)
{
	const struct ct_go *go = heap->go;
	uint32_t n = 0;
	uint16_t count;

	if (ct_read(heap->target, span->at + ct_go_at(go, MSPAN_SPANCLASS) - ALLOC_COUNT_BEFORE,
		    &count, sizeof(count)))
		return false;
	for (uint32_t i = 0; i < span->n; i++)
		n += ct_go_is_allocated(span, i);
	return n == count;
}

static bool is_sound(struct search *s, const struct ct_go_span *span)
{
	const struct ct_go_heap *heap = s->w->heap;
	uint8_t *account = &s->accounts[span - heap->spans];

	if (*account == ACCOUNT_UNKNOWN)
		*account = is_settled(heap, span) && has_its_count(heap, span) ? ACCOUNT_SOUND
									       : ACCOUNT_NOT_SOUND;
	return *account == ACCOUNT_SOUND;
}

static bool is_bad(struct search *s, uint64_t value)
{
	const struct ct_go_heap *heap = s->w->heap;
	const struct ct_go_span *span;

	if (!ct_go_in_arena(heap, value))
		return false;
	span = ct_go_span_at(heap, value);
	if (!span)
		return is_freed(heap, value);
	return !ct_go_is_allocated(span, ct_go_slot(span, value)) && is_sound(s, span);
}

/* Is it known of each word of the object whether it is a pointer? */
static bool has_exact_map(struct search *s, const struct ct_go_object *object)
{
	struct ct_go_walk walk;
	uint64_t at, bits;

	if (s->asked == object->id + 1)
		return s->exact;
	ct_go_walk_begin(s->w->masks, object, &walk);
	while (!walk.guessed && ct_go_walk_next(&walk, &at, &bits))
		;
	s->asked = object->id + 1;
	return s->exact = !walk.guessed;
}

static bool is_full(const struct search *s)
{
	return s->n == CT_GO_BAD_POINTERS;
}

static bool look(void *arg, const struct ct_go_object *from, uint64_t at, uint64_t value)
{
	struct search *s = arg;

	if (is_bad(s, value) && has_exact_map(s, from))
		s->items[s->n++] =
			(struct ct_go_bad_pointer){.from = *from, .at = at, .value = value};
	return is_full(s);
}

static void look_at_root(void *arg, const struct ct_go_root *root)
{
	struct search *s = arg;

	if (!is_full(s) && ct_go_root_is_used(root) && is_bad(s, root->value))
		s->items[s->n++] = (struct ct_go_bad_pointer){
			.at = root->at, .value = root->value, .root = *root};
}

static void look_at_all(struct search *s)
{
	const struct ct_go_heap *heap = s->w->heap;

	for (uint32_t i = 0; i < heap->n_spans && !is_full(s); i++) {
		const struct ct_go_span *span = &heap->spans[i];

		if (span->map == CT_GO_MAP_NONE || span->map == CT_GO_MAP_UNKNOWN)
			continue;
		for (uint32_t k = 0; k < span->n; k++)
			if (ct_go_mark_has(s->w->mark, span->first + k) &&
				ct_go_each_pointer(heap, s->w->masks,
					&(struct ct_go_object){span,
						span->start + k * span->elemsize, k,
						span->first + k},
					look, s))
				return;
	}
}

/* Was each object on the way read by an exact map, from where it is surely used? */
static bool is_exact(struct search *s, const struct ct_go_path *path)
{
	for (uint32_t i = 0; i < path->steps.n; i++) {
		struct ct_go_object object;

		ct_go_object_get(s->w->heap, path->steps.items[i].id, &object);
		if (!has_exact_map(s, &object))
			return false;
	}
	return path->steps.n && path->root.value && ct_go_root_is_used(&path->root);
}

static bool is_quiet(const struct ct_go_world *w)
{
	const struct ct_go *go = w->heap->go;
	uint32_t phase;

	return go->globals.gcphase && !ct_read_u32(go->target, go->globals.gcphase, &phase) &&
	       !phase && !w->heap->n_bad && ct_go_has(go, HEAPARENA_SPANS) &&
	       ct_go_has(go, MSPAN_STATE);
}

/* Keeps those that surely are used: ret[0 … *n) of s->n. */
static enum ct_status keep_used(struct search *s, struct ct_go_bad_pointer *ret, uint32_t *n)
{
	struct ct_go_world *w = s->w;
	enum ct_status status = CT_OK;

	for (uint32_t i = 0; !status && i < s->n; i++) {
		struct ct_go_path path = {0};
		bool used = !ret[i].from.span;

		if (!used)
			status = ct_go_path_find(
				w->heap, w->masks, ct_go_world_roots, w, ret[i].from.id, &path);
		if (!status && !used) {
			used = is_exact(s, &path);
			ret[i].root = path.root;
		}
		if (!status && used)
			ret[(*n)++] = ret[i];
		if (status == CT_NOT_FOUND)
			status = CT_OK;
		ct_vec_free(&path.steps);
	}
	return status;
}

enum ct_status ct_go_find_bad_pointers(
	struct ct_go_world *w, struct ct_go_bad_pointer *ret, uint32_t *n, bool *more)
{
	struct search s = {.w = w, .items = ret};

	*n = 0;
	*more = false;
	if (!is_quiet(w))
		return CT_OK;
	s.accounts = calloc(w->heap->n_spans + (size_t)1, sizeof(*s.accounts));
	if (!s.accounts)
		return CT_NO_MEMORY;
	enum ct_status status = ct_go_world_roots(w, look_at_root, &s);
	if (!status) {
		look_at_all(&s);
		*more = is_full(&s);
		status = keep_used(&s, ret, n);
	}
	free(s.accounts);
	return status;
}
