/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/heap_places.h"

#include <math.h>

#include "facts/go.h"

/* How far the number of samples may be from the one expected: standard deviations, and more where
 * that is near 0. */
#define DEVIATIONS 5
#define FEW        2

#define LEAST_CHANCE 1e-18 /* where the rate is not known, or none */

static int by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_line(const struct ct_line *a, const struct ct_line *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	int order = by_text(a->function, b->function);
	if (!order)
		order = by_text(a->file, b->file);
	return order ? order : a->line < b->line ? -1 : a->line > b->line;
}

static int by_place(const void *a, const void *b)
{
	const struct ct_heap_place *x = a, *y = b;
	int order = by_line(x->place.at, y->place.at);

	return order ? order : by_line(x->place.caller, y->place.caller);
}

static int by_bytes(const void *a, const void *b)
{
	const struct ct_heap_place *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return by_place(a, b);
}

uint32_t ct_heap_places(
	const struct ct_facts *facts, const struct ct_go_heap_type *type, struct ct_heap_place *ret)
{
	int64_t rate = facts->go ? facts->go->heap_rate : CT_GO_RATE_UNKNOWN;
	uint32_t n = 0;

	for (uint32_t i = 0; i < type->n_allocations; i++) {
		const struct ct_go_allocation *a = &type->allocations[i];
		double size = (double)a->size, sampled = (double)a->sampled;
		double chance = CT_MAX(ct_go_sample_chance(rate, size), LEAST_CHANCE);

		ret[i] = (struct ct_heap_place){ct_go_place_of(facts, a->stack), a->sampled,
			sampled * size / chance,
			sampled * size * size * (1 - chance) / (chance * chance)};
	}
	if (type->n_allocations)
		qsort(ret, type->n_allocations, sizeof(*ret), by_place);
	for (uint32_t i = 0; i < type->n_allocations; i++) {
		if (!n || by_place(&ret[n - 1], &ret[i])) {
			ret[n++] = ret[i];
			continue;
		}
		ret[n - 1].sampled += ret[i].sampled;
		ret[n - 1].bytes += ret[i].bytes;
		ret[n - 1].variance += ret[i].variance;
	}
	/* No more than all there are. */
	for (uint32_t i = 0; i < n; i++)
		ret[i].bytes = CT_MIN(ret[i].bytes, (double)type->bytes);
	if (n)
		qsort(ret, n, sizeof(*ret), by_bytes);
	return n;
}

bool ct_heap_scales(const struct ct_facts *facts, const struct ct_go_heap_type *type)
{
	return facts->go && facts->go->heap_rate > 0 && !facts->go_heap->samples_missing &&
	       fabs((double)type->sampled - type->expected) <=
		       DEVIATIONS * sqrt(type->expected) + FEW;
}
