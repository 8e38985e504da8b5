/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hangs on objects beside their own words: their finalizers, cleanups and weak pointers, and
 * finalizers and cleanups that wait to be run (runtime/mfinal.go, mcleanup.go).
 */
#include "runtime/go/heap_roots.h"
#include "runtime/go/specials.h"

#define MAX_BLOCKS (1u << 20)

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

struct visitor {
	const struct ct_go_heap *heap;
	struct ct_go_masks *masks;
	ct_go_root_visit *visit;
	void *arg;
	bool missed; /* something */
	bool lost;   /* its memory, at that */
};

static void lose(struct visitor *v)
{
	v->missed = v->lost = true;
}

static void visit_word(struct visitor *v, enum ct_go_root_kind kind, uint64_t at)
{
	struct ct_go_root root = {.kind = (uint8_t)kind, .at = at};

	if (ct_read_u64(v->heap->target, at, &root.value))
		lose(v);
	else if (root.value)
		v->visit(v->arg, &root);
}

/* object: that the weak pointer points to. */
static void visit_weak(struct visitor *v, uint64_t at, uint64_t object)
{
	struct ct_go_root root = {.kind = CT_GO_ROOT_WEAK, .at = at, .object = object};

	if (ct_read_u64(v->heap->target, at, &root.value))
		lose(v);
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

static void visit_finalizer(struct visitor *v, const struct ct_go_special *special)
{
	struct ct_go_object object;

	if (ct_go_special_object(v->heap, special, &object))
		visit_inside(v, &object);
	visit_word(
		v, CT_GO_ROOT_FINALIZER, special->at + ct_go_at(v->heap->go, SPECIALFINALIZER_FN));
}

static void visit_cleanup(struct visitor *v, const struct ct_go_special *special)
{
	const struct ct_go *go = v->heap->go;

	if (!ct_go_has(go, SPECIALCLEANUP_CLEANUP)) {
		visit_word(v, CT_GO_ROOT_CLEANUP, special->at + ct_go_at(go, SPECIALCLEANUP_FN));
		return;
	}
	for (unsigned i = 0; i < 3; i++) /* cleanupFn: call, function, argument */
		visit_word(v, CT_GO_ROOT_CLEANUP,
			special->at + ct_go_at(go, SPECIALCLEANUP_CLEANUP) + 8 * i);
}

static void visit_special(void *arg, const struct ct_go_special *special)
{
	struct visitor *v = arg;

	switch ((enum ct_go_special_kind)special->kind) {
	case CT_GO_SPECIAL_FINALIZER:
		visit_finalizer(v, special);
		break;
	case CT_GO_SPECIAL_WEAK:
		visit_weak(v, special->at + ct_go_at(v->heap->go, SPECIALWEAKHANDLE_HANDLE),
			special->span->start + special->offset);
		break;
	case CT_GO_SPECIAL_CLEANUP:
		visit_cleanup(v, special);
		break;
	case CT_GO_SPECIAL_PROFILE: /* of no object in the heap */
	case CT_GO_SPECIAL_OTHER:
		break;
	}
}

/* Is there a block, each of whose finalizers is a function of the program? */
static bool is_block(struct visitor *v, uint64_t at, uint32_t *n)
{
	const struct ct_go *go = v->heap->go;
	struct ct_go_function function;
	uint64_t closure, pc;

	v->lost |= ct_read_u32(go->target, at + BLOCK_COUNT, n) != CT_OK;
	if (v->lost || *n > (BLOCK_SIZE - BLOCK_FIRST) / FINALIZER)
		return false;
	for (uint32_t i = 0; i < *n; i++) {
		v->lost |= ct_read_u64(go->target, at + BLOCK_FIRST + i * FINALIZER, &closure) ||
			   ct_read_u64(go->target, closure, &pc);
		if (v->lost || !ct_go_function_at(&go->tables, pc, &function) ||
			function.entry != pc)
			return false;
	}
	return true;
}

static void visit_finalizers(struct visitor *v)
{
	const struct ct_go *go = v->heap->go;
	struct ct_go_round round = {0};
	uint64_t at = 0;
	uint32_t n;

	if (!go->globals.allfin)
		v->missed = true;
	else if (ct_read_u64(go->target, go->globals.allfin, &at))
		lose(v);
	for (uint32_t i = 0; at && i < MAX_BLOCKS && !ct_go_comes_back(&round, at); i++) {
		if (!is_block(v, at, &n)) {
			v->missed = true;
			return;
		}
		for (uint32_t k = 0; k < n; k++) {
			visit_word(v, CT_GO_ROOT_QUEUED, at + BLOCK_FIRST + k * FINALIZER);
			visit_word(v, CT_GO_ROOT_QUEUED, at + BLOCK_FIRST + k * FINALIZER + 8);
		}
		if (ct_read_u64(go->target, at + BLOCK_LINK, &at)) {
			lose(v);
			return;
		}
	}
	v->missed |= at != 0;
}

static void visit_cleanups(struct visitor *v)
{
	const struct ct_go *go = v->heap->go;
	uint32_t words = ct_go_since(go, 26) ? 3 : 1, n;
	struct ct_go_round round = {0};
	uint64_t at = 0;

	if (!ct_go_since(go, 25))
		return; /* to 1.24 they are among the finalizers */
	if (!go->globals.cleanups)
		v->missed = true;
	else if (ct_read_u64(go->target, go->globals.cleanups + CLEANUPS_ALL, &at))
		lose(v);
	for (uint32_t i = 0; at && i < MAX_BLOCKS && !ct_go_comes_back(&round, at); i++) {
		if (ct_read_u32(go->target, at + CLEANUPS_COUNT, &n)) {
			lose(v);
			return;
		}
		if (n > (CLEANUPS_SIZE - CLEANUPS_FIRST) / 8 / words) {
			v->missed = true;
			return;
		}
		for (uint32_t k = 0; k < n * words; k++)
			visit_word(v, CT_GO_ROOT_QUEUED, at + CLEANUPS_FIRST + 8 * k);
		if (ct_read_u64(go->target, at + CLEANUPS_LINK, &at)) {
			lose(v);
			return;
		}
	}
	v->missed |= at != 0;
}

static bool knows_lists(const struct ct_go *go)
{
	return ct_go_has(go, MSPAN_SPECIALS) && ct_go_has(go, SPECIAL_NEXT) &&
	       ct_go_has(go, SPECIAL_OFFSET) && ct_go_has(go, SPECIAL_KIND);
}

enum ct_status ct_go_roots_specials(const struct ct_go_heap *heap, struct ct_go_masks *masks,
	ct_go_root_visit *visit, void *arg)
{
	struct visitor v = {.heap = heap, .masks = masks, .visit = visit, .arg = arg};

	if (!knows_lists(heap->go))
		v.missed = true;
	else if (!ct_go_specials(heap, visit_special, &v))
		lose(&v);
	visit_finalizers(&v);
	visit_cleanups(&v);
	if (v.lost)
		ct_target_note(heap->target, CT_NOTE_DAMAGED, "Go heap",
			"not all finalizers, cleanups and weak pointers could be read: what only "
			"they keep alive looks unreachable");
	return v.lost ? CT_FAULT : v.missed ? CT_NOT_FOUND : CT_OK;
}
