/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hangs on objects beside their own words: finalizers, cleanups and weak pointers, in a list
 * for each span (runtime/mheap.go), and finalizers and cleanups that wait to be run
 * (runtime/mfinal.go, mcleanup.go).
 */
#include "runtime/go/heap_roots.h"

#define MAX_SPECIALS (1u << 24) /* of all spans */
#define MAX_BLOCKS   (1u << 20)

/* struct finblock and finalizer, the same from 1.14 to 1.27 on machines with 64 bits. */
#define BLOCK_LINK  0
#define BLOCK_COUNT 16
#define BLOCK_FIRST 24
#define BLOCK_SIZE  4096
#define FINALIZER   40 /* bytes: function, object, size of results, two types */

/* struct cleanupQueue and cleanupBlock, since 1.25. Of each cleanup a block has the function alone
 * (1.25), or three words (1.26 on). */
#define CLEANUPS_ALL   128
#define CLEANUPS_LINK  16
#define CLEANUPS_COUNT 24
#define CLEANUPS_FIRST 32
#define CLEANUPS_SIZE  512

/* What the kinds of 1.27 are in other versions; 0: it has no such kind. */
struct kinds {
	unsigned since; /* minor version */
	uint8_t finalizer, weak, cleanup;
};

static const struct kinds versions[] = {
	{0, 1, 0, 0},
	{23, 1, 2, 0},
	{24, 1, 2, 6},
	{25, 2, 3, 7},
};

static const struct kinds *kinds_of(const struct ct_go *go)
{
	const struct kinds *best = &versions[0];

	for (size_t i = 0; i < CT_COUNT(versions); i++)
		if (ct_go_since(go, versions[i].since))
			best = &versions[i];
	return best;
}

struct visitor {
	const struct ct_go_heap *heap;
	struct ct_go_masks *masks;
	ct_go_root_visit *visit;
	void *arg;
	uint32_t n_left;
	bool missed; /* something */
};

struct round { /* a walk along a list, that ends where it comes back to (Brent) */
	uint64_t mark;
	uint32_t n;
};

static bool comes_back(struct round *r, uint64_t at)
{
	if (at == r->mark)
		return true;
	if (!(r->n & (r->n - 1)))
		r->mark = at;
	r->n++;
	return false;
}

static void visit_word(struct visitor *v, enum ct_go_root_kind kind, uint64_t at)
{
	struct ct_go_root root = {.kind = (uint8_t)kind, .at = at};

	if (ct_read_u64(v->heap->target, at, &root.value))
		v->missed = true;
	else if (root.value)
		v->visit(v->arg, &root);
}

/* object: that the weak pointer points to. */
static void visit_weak(struct visitor *v, uint64_t at, uint64_t object)
{
	struct ct_go_root root = {.kind = CT_GO_ROOT_WEAK, .at = at, .object = object};

	if (ct_read_u64(v->heap->target, at, &root.value))
		v->missed = true;
	else
		v->visit(v->arg, &root);
}

/* All that the object refers to. */
static void visit_inside(struct visitor *v, const struct ct_go_object *object)
{
	struct ct_go_walk walk;
	uint64_t at, bits;

	ct_go_walk_begin(v->masks, object, &walk);
	while (ct_go_walk_next(&walk, &at, &bits))
		for (; bits; bits &= bits - 1)
			visit_word(
				v, CT_GO_ROOT_FINALIZER, at + 8 * (unsigned)__builtin_ctzll(bits));
}

static void visit_special(struct visitor *v, const struct ct_go_span *span, uint64_t at)
{
	const struct ct_go *go = v->heap->go;
	const struct kinds *kinds = kinds_of(go);
	uint8_t kind = 0;
	uint64_t offset = 0;

	if (ct_go_u8(go, at, CT_GO_SPECIAL_KIND, &kind) ||
		ct_read(go->target, at + ct_go_at(go, SPECIAL_OFFSET), &offset,
			ct_go_since(go, 24) ? 8 : 2)) {
		v->missed = true;
		return;
	}
	if (kind && kind == kinds->finalizer) {
		struct ct_go_object object;

		if (offset < span->limit - span->start &&
			ct_go_object_at(v->heap, span->start + offset, &object))
			visit_inside(v, &object);
		visit_word(v, CT_GO_ROOT_FINALIZER, at + ct_go_at(go, SPECIALFINALIZER_FN));
	} else if (kind && kind == kinds->weak) {
		visit_weak(v, at + ct_go_at(go, SPECIALWEAKHANDLE_HANDLE), span->start + offset);
	} else if (kind && kind == kinds->cleanup) {
		uint64_t cleanup = ct_go_at(go, SPECIALCLEANUP_CLEANUP);

		if (cleanup == CT_GO_ABSENT) {
			visit_word(v, CT_GO_ROOT_CLEANUP, at + ct_go_at(go, SPECIALCLEANUP_FN));
			return;
		}
		for (unsigned i = 0; i < 3; i++) /* cleanupFn: call, function, argument */
			visit_word(v, CT_GO_ROOT_CLEANUP, at + cleanup + 8 * i);
	}
}

static void visit_spans(struct visitor *v)
{
	const struct ct_go *go = v->heap->go;

	for (uint32_t i = 0; i < v->heap->n_spans && v->n_left; i++) {
		const struct ct_go_span *span = &v->heap->spans[i];
		struct round round = {0};
		uint64_t at = 0;

		if (span->n)
			v->missed |= ct_go_u64(go, span->at, CT_GO_MSPAN_SPECIALS, &at) != CT_OK;
		for (; at && v->n_left; v->n_left--) {
			if (comes_back(&round, at)) {
				v->missed = true;
				break;
			}
			visit_special(v, span, at);
			if (ct_go_u64(go, at, CT_GO_SPECIAL_NEXT, &at)) {
				v->missed = true;
				break;
			}
		}
	}
	v->missed |= !v->n_left;
}

/* Is there a block, each of whose finalizers is a function of the program? */
static bool is_block(const struct ct_go *go, uint64_t at, uint32_t *n)
{
	struct ct_go_function function;
	uint64_t closure, pc;

	if (ct_read_u32(go->target, at + BLOCK_COUNT, n) ||
		*n > (BLOCK_SIZE - BLOCK_FIRST) / FINALIZER)
		return false;
	for (uint32_t i = 0; i < *n; i++)
		if (ct_read_u64(go->target, at + BLOCK_FIRST + i * FINALIZER, &closure) ||
			ct_read_u64(go->target, closure, &pc) ||
			!ct_go_function_at(&go->tables, pc, &function) || function.entry != pc)
			return false;
	return true;
}

static void visit_finalizers(struct visitor *v)
{
	const struct ct_go *go = v->heap->go;
	struct round round = {0};
	uint64_t at = 0;
	uint32_t n;

	if (!go->globals.allfin || ct_read_u64(go->target, go->globals.allfin, &at))
		v->missed = true;
	for (uint32_t i = 0; at && i < MAX_BLOCKS && !comes_back(&round, at); i++) {
		if (!is_block(go, at, &n)) {
			v->missed = true;
			return;
		}
		for (uint32_t k = 0; k < n; k++) {
			visit_word(v, CT_GO_ROOT_QUEUED, at + BLOCK_FIRST + k * FINALIZER);
			visit_word(v, CT_GO_ROOT_QUEUED, at + BLOCK_FIRST + k * FINALIZER + 8);
		}
		if (ct_read_u64(go->target, at + BLOCK_LINK, &at)) {
			v->missed = true;
			return;
		}
	}
	v->missed |= at != 0;
}

static void visit_cleanups(struct visitor *v)
{
	const struct ct_go *go = v->heap->go;
	uint32_t words = ct_go_since(go, 26) ? 3 : 1, n;
	struct round round = {0};
	uint64_t at = 0;

	if (!ct_go_since(go, 25))
		return; /* to 1.24 they are among the finalizers */
	if (!go->globals.cleanups ||
		ct_read_u64(go->target, go->globals.cleanups + CLEANUPS_ALL, &at))
		v->missed = true;
	for (uint32_t i = 0; at && i < MAX_BLOCKS && !comes_back(&round, at); i++) {
		if (ct_read_u32(go->target, at + CLEANUPS_COUNT, &n) ||
			n > (CLEANUPS_SIZE - CLEANUPS_FIRST) / 8 / words) {
			v->missed = true;
			return;
		}
		for (uint32_t k = 0; k < n * words; k++)
			visit_word(v, CT_GO_ROOT_QUEUED, at + CLEANUPS_FIRST + 8 * k);
		if (ct_read_u64(go->target, at + CLEANUPS_LINK, &at)) {
			v->missed = true;
			return;
		}
	}
	v->missed |= at != 0;
}

bool ct_go_roots_specials(const struct ct_go_heap *heap, struct ct_go_masks *masks,
	ct_go_root_visit *visit, void *arg)
{
	struct visitor v = {heap, masks, visit, arg, MAX_SPECIALS, false};

	visit_spans(&v);
	visit_finalizers(&v);
	visit_cleanups(&v);
	return !v.missed;
}
