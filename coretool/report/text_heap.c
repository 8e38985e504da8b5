/* SPDX-License-Identifier: Apache-2.0 */
/* What lives in the heap of a Go program, by type. */
#include <inttypes.h>

#include "facts/go_heap.h"
#include "report/text.h"

#define TYPES_SHOWN 40 /* without -v */

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
	uint32_t n = t->verbose ? heap->n_types : CT_MIN(heap->n_types, (uint32_t)TYPES_SHOWN);
	if (n)
		ct_text_head(t, "       bytes    objects  type");
	for (uint32_t i = 0; i < n; i++)
		ct_text_say(t, "%12" PRIu64 " %10" PRIu64 "  %s", heap->types[i].bytes,
			heap->types[i].objects, heap->types[i].name);
	if (n < heap->n_types)
		ct_text_say(t, "  … %" PRIu32 " more (-v)", heap->n_types - n);
}
