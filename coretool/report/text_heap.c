/* SPDX-License-Identifier: Apache-2.0 */
/* What lives in the heap of a Go program, by type, and where that was allocated. */
#include <inttypes.h>
#include <math.h>

#include "facts/go.h"
#include "report/text.h"
#include "rules/heap_places.h"

#define TYPES_SHOWN  40 /* without -v */
#define PLACES_SHOWN 3  /* of one type; likewise */
#define LARGE_ERROR  .5 /* part of a number that is too much for it to be told */

static bool any_sampled(const struct ct_fact_go_heap *heap)
{
	for (uint32_t i = 0; i < heap->n_types; i++)
		if (heap->types[i].sampled)
			return true;
	return false;
}

/* How it is known where objects were allocated, or why it is not. */
static void write_sampling(struct ct_text *t, const struct ct_fact_go_heap *heap)
{
	int64_t rate = t->facts->go ? t->facts->go->heap_rate : CT_GO_RATE_UNKNOWN;
	bool any = any_sampled(heap);

	if (!rate && any)
		ct_text_say(t,
			"The heap profile is off by now (runtime.MemProfileRate is 0): it tells of "
			"objects that were sampled before.");
	else if (!rate)
		ct_text_say(t,
			"The heap profile is off (runtime.MemProfileRate is 0): nothing tells "
			"where objects were allocated.");
	else if (rate == 1)
		ct_text_say(t,
			"The heap profile has every object that was allocated since it is so "
			"(runtime.MemProfileRate is 1).");
	else if (rate > 0)
		ct_text_say(t,
			"The heap profile has sampled one object in %" PRId64
			" bytes; \"about\" is what the sampled ones stand for, as pprof scales.",
			rate);
	else if (any)
		ct_text_say(t, "It is not known how often the heap profile has sampled.");
}

static void write_place(struct ct_text *t, const struct ct_go_heap_type *type,
	const struct ct_heap_place *place, bool scales)
{
	double error = sqrt(place->variance) / place->bytes;

	ct_text_add(t, "%24s%" PRIu64 " of %" PRIu64 " sampled", "", place->sampled, type->sampled);
	if (scales && place->variance > 0 && error <= LARGE_ERROR)
		ct_text_add(t, ", about %.0f bytes (± %.0f %%)", place->bytes, 100 * error);
	else if (scales && place->variance <= 0)
		ct_text_add(t, ", %.0f bytes", place->bytes);
	ct_text_add(t, ": %s", ct_go_say_place(&t->words, &place->place));
	ct_text_end(t);
}

static void write_places(struct ct_text *t, const struct ct_go_heap_type *type)
{
	ct_autofree struct ct_heap_place *places =
		calloc((size_t)type->n_allocations + 1, sizeof(*places));
	bool scales = ct_heap_scales(t->facts, type);
	uint32_t n = places ? ct_heap_places(t->facts, type, places) : 0;
	uint32_t shown = t->verbose ? n : CT_MIN(n, (uint32_t)PLACES_SHOWN);

	t->failed |= !places;
	for (uint32_t i = 0; i < shown; i++)
		write_place(t, type, &places[i], scales);
	if (shown < n)
		ct_text_say(t, "%24s… %" PRIu32 " more places (-v)", "", n - shown);
	if (n && !scales && t->facts->go && t->facts->go->heap_rate > 0)
		ct_text_say(t,
			"%24sat the rate of now about %.0f would have been sampled: these stand "
			"for themselves alone",
			"", type->expected);
}

void ct_text_heap(struct ct_text *t)
{
	const struct ct_fact_go_heap *heap = t->facts->go_heap;

	if (!heap) {
		ct_text_say(
			t, "There is no heap: this is no Go program, or one that cannot be read.");
		return;
	}
	ct_text_head(t,
		"Live: %" PRIu64 " objects, %" PRIu64 " bytes; not reached: %" PRIu64
		" objects, %" PRIu64 " bytes; spans: %" PRIu64 " bytes",
		heap->objects, heap->bytes, heap->garbage_objects, heap->garbage_bytes,
		heap->span_bytes);
	if (heap->guessed_objects || heap->guessed_stacks)
		ct_text_say(t,
			"Of %" PRIu64 " objects and %" PRIu32
			" stacks every word counts as a pointer: some that is told to live may be "
			"garbage.",
			heap->guessed_objects, heap->guessed_stacks);
	write_sampling(t, heap);
	uint32_t n = t->verbose ? heap->n_types : CT_MIN(heap->n_types, (uint32_t)TYPES_SHOWN);
	if (n)
		ct_text_head(t, "       bytes    objects  type");
	for (uint32_t i = 0; i < n; i++) {
		ct_text_say(t, "%12" PRIu64 " %10" PRIu64 "  %s", heap->types[i].bytes,
			heap->types[i].objects, heap->types[i].name);
		write_places(t, &heap->types[i]);
	}
	if (n < heap->n_types)
		ct_text_say(t, "  … %" PRIu32 " more (-v)", heap->n_types - n);
}
