/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/specials.h"

#define MAX_SPECIALS (1u << 24) /* of all spans */

/* What the kinds are called in a version; 0: it has no such kind. */
struct kinds {
	unsigned since; /* minor version */
	uint8_t finalizer, weak, cleanup, profile;
};

static const struct kinds versions[] = {
	{0, 1, 0, 0, 2},
	{23, 1, 2, 0, 3},
	{24, 1, 2, 6, 3},
	{25, 2, 3, 7, 4},
};

static uint8_t kind_of(const struct ct_go *go, uint8_t number)
{
	const struct kinds *v = &versions[0];

	for (size_t i = 0; i < CT_COUNT(versions); i++)
		if (ct_go_since(go, versions[i].since))
			v = &versions[i];
	if (!number)
		return CT_GO_SPECIAL_OTHER;
	return number == v->finalizer ? CT_GO_SPECIAL_FINALIZER
	       : number == v->weak    ? CT_GO_SPECIAL_WEAK
	       : number == v->cleanup ? CT_GO_SPECIAL_CLEANUP
	       : number == v->profile ? CT_GO_SPECIAL_PROFILE
				      : CT_GO_SPECIAL_OTHER;
}

struct walk {
	const struct ct_go_heap *heap;
	ct_go_special_visit *visit;
	void *arg;
	uint32_t n_left;
};

static bool visit_one(struct walk *w, const struct ct_go_span *span, uint64_t at)
{
	const struct ct_go *go = w->heap->go;
	struct ct_go_special special = {.at = at, .span = span};
	uint8_t number;

	if (ct_go_u8(go, at, CT_GO_SPECIAL_KIND, &number) ||
		ct_read(go->target, at + ct_go_at(go, SPECIAL_OFFSET), &special.offset,
			ct_go_since(go, 24) ? 8 : 2))
		return false;
	special.kind = kind_of(go, number);
	if (special.kind != CT_GO_SPECIAL_OTHER)
		w->visit(w->arg, &special);
	return true;
}

static bool visit_span(struct walk *w, const struct ct_go_span *span)
{
	const struct ct_go *go = w->heap->go;
	struct ct_go_round round = {0};
	uint64_t at = 0;
	bool all = true;

	if (span->n && ct_go_u64(go, span->at, CT_GO_MSPAN_SPECIALS, &at))
		return false;
	for (; at; w->n_left--) {
		if (!w->n_left || ct_go_comes_back(&round, at))
			return false;
		all &= visit_one(w, span, at);
		if (ct_go_u64(go, at, CT_GO_SPECIAL_NEXT, &at))
			return false;
	}
	return all;
}

bool ct_go_specials_of(const struct ct_go_heap *heap, const struct ct_go_span *span,
	ct_go_special_visit *visit, void *arg)
{
	struct walk w = {heap, visit, arg, MAX_SPECIALS};

	return visit_span(&w, span);
}

bool ct_go_specials(const struct ct_go_heap *heap, ct_go_special_visit *visit, void *arg)
{
	struct walk w = {heap, visit, arg, MAX_SPECIALS};
	bool all = true;

	for (uint32_t i = 0; i < heap->n_spans; i++)
		all &= visit_span(&w, &heap->spans[i]);
	return all;
}

bool ct_go_special_object(const struct ct_go_heap *heap, const struct ct_go_special *special,
	struct ct_go_object *ret)
{
	const struct ct_go_span *span = special->span;

	return special->offset < span->limit - span->start &&
	       ct_go_object_at(heap, span->start + special->offset, ret);
}
