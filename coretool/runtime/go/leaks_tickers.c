/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickers that run, and that nothing has but leaked goroutines and the runtime's lists of timers.
 * The lists are not followed to tickers while the hunt marks what can go on reaches: a ticker leads
 * to its channel alone, and who waits there waits for a time, so that this changes nothing for who
 * is leaked. What is not marked in the end, and is by what the leaked ones reach, is theirs.
 */
#include "runtime/go/leaks.h"
#include "runtime/go/timers.h"

static void add_ticker(void *arg, uint64_t timer)
{
	struct ct_go_hunt *h = arg;
	struct ct_go_kept_ticker *slot;

	if (!ct_go_is_ticker(h->o->go, timer))
		return;
	slot = ct_vec_push(&h->tickers);
	if (slot)
		*slot = (struct ct_go_kept_ticker){.timer = timer, .actor = CT_NONE};
	h->no_memory |= !slot;
}

/* What other timers call may wake somebody, or stop a ticker. */
static void add_listed(const struct ct_go *go, void *arg, uint64_t timer)
{
	struct ct_go_hunt *h = arg;

	if (ct_go_timer_runs(go, timer) && ct_go_is_ticker(go, timer))
		add_ticker(h, timer);
	else
		ct_go_mark_root(h->mark, timer);
}

static void hide_array(void *arg, uint64_t array)
{
	struct ct_go_hunt *h = arg;

	ct_go_world_hide_at(h->world, h->mark, array);
}

void ct_go_mark_timers(struct ct_go_hunt *h)
{
	/* Lists that cannot be read to their end lead to all that is in them. */
	if (ct_go_each_timer(h->o->go, add_listed, h))
		ct_go_each_timer_array(h->o->go, hide_array, h);
	else
		h->tickers.n = 0;
}

/* ---- which of them nothing that can go on has ---- */

/* The objects of a ticker and of its channel; false: something has the channel, as who has the
 * ticker does, or they are no objects of the heap. */
static bool is_unreached(const struct ct_go_hunt *h, uint64_t timer, struct ct_go_object ret[2])
{
	uint64_t channel = ct_go_timer_argument(h->o->go, timer);

	return ct_go_object_at(h->world->heap, timer, &ret[0]) &&
	       ct_go_object_at(h->world->heap, channel, &ret[1]) &&
	       !ct_go_mark_has(h->mark, ret[1].id);
}

static int by_object(const void *a, const void *b)
{
	const struct ct_go_ticker_part *x = a, *y = b;

	return (x->object > y->object) - (x->object < y->object);
}

enum ct_status ct_go_watch_tickers(struct ct_go_hunt *h)
{
	uint32_t n = 0;

	if (!h->o->timers)
		return CT_OK;
	ct_go_each_idle_timer(h->mark, false, h->world->heap, add_ticker, h);
	uint32_t *reached = realloc(
		h->watch.reached, (2 * (size_t)h->tickers.n + 1) * sizeof(*h->watch.reached));
	h->parts = calloc(2 * (size_t)h->tickers.n + 1, sizeof(*h->parts));
	if (reached)
		h->watch.reached = reached;
	if (!reached || !h->parts || h->no_memory)
		return CT_NO_MEMORY;
	memset(h->watch.objects, 0,
		((size_t)h->world->heap->n_objects / 64 + 1) * sizeof(*h->watch.objects));
	for (uint32_t i = 0; i < h->tickers.n; i++) {
		struct ct_go_object objects[2];

		if (!is_unreached(h, h->tickers.items[i].timer, objects))
			continue;
		for (unsigned k = 0; k < 2; k++) {
			uint32_t id = objects[k].id;

			h->watch.objects[id / 64] |= UINT64_C(1) << (id % 64);
			h->parts[n++] = (struct ct_go_ticker_part){id, i};
		}
	}
	h->n_parts = n;
	if (n)
		qsort(h->parts, n, sizeof(*h->parts), by_object);
	return CT_OK;
}

void ct_go_tell_tickers(struct ct_go_hunt *h, uint32_t actor)
{
	for (uint32_t i = 0; i < h->watch.n_reached; i++) {
		uint32_t object = h->watch.reached[i], lo = 0, hi = h->n_parts;

		CT_BISECT(lo, hi, mid, h->parts[mid].object < object);
		for (; lo < h->n_parts && h->parts[lo].object == object; lo++) {
			struct ct_go_kept_ticker *t = &h->tickers.items[h->parts[lo].ticker];

			if (t->actor == CT_NONE)
				t->actor = actor;
		}
	}
	h->watch.n_reached = 0;
}

enum ct_status ct_go_keep_tickers(struct ct_go_hunt *h)
{
	for (uint32_t i = 0; i < h->tickers.n; i++) {
		struct ct_go_kept_ticker *slot;

		if (h->tickers.items[i].actor == CT_NONE)
			continue;
		slot = ct_vec_push(&h->o->kept_tickers);
		if (!slot)
			return CT_NO_MEMORY;
		*slot = h->tickers.items[i];
	}
	return CT_OK;
}
