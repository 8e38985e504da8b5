/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timers that no P lists: since 1.23 a channel's timer is in a list only while somebody waits
 * for it. Such a channel and its timer point to each other.
 */
#include "runtime/go/leaks.h"
#include "runtime/go/timers.h"

#define LISTED   1u  /* in state, 1.23 on */
#define ZOMBIE   4u  /* the same: nobody waits for it, or it was stopped */
#define IN_TIMER 16  /* offset of the timer in timeTimer (runtime/time.go): c, init */
#define MAX_SLOT 128 /* size class of a timeTimer: 112 with the fields of 1.23 to 1.27 */

/* The timer in the object, where it is set and nobody waits for it; 0: it is none. */
static uint64_t idle_timer(const struct ct_go_heap *heap, const struct ct_go_object *object)
{
	const struct ct_go *go = heap->go;
	uint64_t copy, channel, timer = object->start + IN_TIMER;
	const void *view;
	uint8_t state;

	if (!ct_go_heap_view(heap, object->span, object->start, sizeof(copy), &copy, &view))
		return 0;
	memcpy(&channel, view, sizeof(channel));
	if (!ct_go_span_at(heap, channel) || ct_go_word(go, channel, CT_GO_HCHAN_TIMER) != timer ||
		ct_go_u8(go, timer, CT_GO_TIMER_STATE, &state) ||
		((state & LISTED) && !(state & ZOMBIE)))
		return 0;
	return ct_go_timer_when(go, timer) > 0 ? timer : 0;
}

void ct_go_each_idle_timer(const struct ct_go_mark *mark, bool marked,
	const struct ct_go_heap *heap, void (*look)(void *arg, uint64_t timer), void *arg)
{
	if (ct_go_at(heap->go, HCHAN_TIMER) == CT_GO_ABSENT)
		return;
	for (uint32_t i = 0; i < heap->n_spans; i++) {
		const struct ct_go_span *s = &heap->spans[i];

		if (s->map == CT_GO_MAP_NONE || s->elemsize > MAX_SLOT ||
			s->elemsize <= IN_TIMER + ct_go_at(heap->go, TIMER_SEQ))
			continue;
		for (uint32_t k = 0; k < s->n; k++) {
			const struct ct_go_object object = {
				s, s->start + k * s->elemsize, k, s->first + k};
			uint64_t timer = ct_go_mark_has(mark, object.id) == marked
						 ? idle_timer(heap, &object)
						 : 0;

			if (timer)
				look(arg, timer);
		}
	}
}
