/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_grey.h"

#define WORTH_SHARING 8 /* spans: fewer are looked at sooner than another thread wakes up */

bool ct_go_grey_open(const struct ct_go_heap *heap, struct ct_go_grey *ret)
{
	*ret = (struct ct_go_grey){.heap = heap, .empty = true};
	pthread_mutex_init(&ret->lock, NULL);
	pthread_cond_init(&ret->changed, NULL);
	ret->bits = calloc((size_t)heap->n_objects / 64 + 1, sizeof(*ret->bits));
	ret->waiting = calloc((size_t)heap->n_spans + 1, sizeof(*ret->waiting));
	ret->queue = calloc((size_t)heap->n_spans + 1, sizeof(*ret->queue));
	return ret->bits && ret->waiting && ret->queue;
}

void ct_go_grey_close(struct ct_go_grey *grey)
{
	free(grey->bits);
	free(grey->waiting);
	free(grey->queue);
	if (!grey->heap)
		return;
	pthread_cond_destroy(&grey->changed);
	pthread_mutex_destroy(&grey->lock);
}

void ct_go_grey_share(struct ct_go_grey *grey, unsigned n_threads)
{
	pthread_mutex_lock(&grey->lock);
	grey->n_threads = n_threads;
	grey->done = false;
	pthread_mutex_unlock(&grey->lock);
}

/* ---- the queue; its lock is held ---- */

static void put(struct ct_go_grey_hands *h)
{
	struct ct_go_grey *grey = h->grey;

	for (uint32_t i = 0; i < h->n_given; i++)
		grey->queue[grey->n_in++ % grey->heap->n_spans] = h->given[i];
	h->n_given = 0;
}

static void take(struct ct_go_grey_hands *h)
{
	struct ct_go_grey *grey = h->grey;
	uint64_t share = (grey->n_in - grey->n_out + grey->n_threads - 1) / grey->n_threads;

	h->n_taken = (uint32_t)CT_MIN(share, (uint64_t)CT_GO_GREY_BATCH);
	for (uint32_t i = 0; i < h->n_taken; i++)
		h->taken[i] = grey->queue[grey->n_out++ % grey->heap->n_spans];
}

/* What is left is for the next who waits. */
static void tell(struct ct_go_grey *grey)
{
	grey->empty = grey->n_in == grey->n_out;
	if (!grey->empty && grey->n_idle)
		pthread_cond_signal(&grey->changed);
}

static void wait(struct ct_go_grey *grey)
{
	grey->n_idle++;
	while (grey->n_in == grey->n_out && !grey->done) {
		if (grey->n_idle == grey->n_threads) {
			grey->done = true;
			pthread_cond_broadcast(&grey->changed);
		} else {
			pthread_cond_wait(&grey->changed, &grey->lock);
		}
	}
	grey->n_idle--;
}

/* ---- hands ---- */

static void give(struct ct_go_grey_hands *h)
{
	pthread_mutex_lock(&h->grey->lock);
	put(h);
	tell(h->grey);
	pthread_mutex_unlock(&h->grey->lock);
}

void ct_go_grey_add(struct ct_go_grey_hands *h, const struct ct_go_span *span, uint32_t id)
{
	struct ct_go_grey *grey = h->grey;
	uint32_t number = (uint32_t)(span - grey->heap->spans);

	/* In this order: whoever takes a span first says that it waits no more. */
	atomic_fetch_or(&grey->bits[id / 64], UINT64_C(1) << (id % 64));
	if (grey->waiting[number] || atomic_exchange(&grey->waiting[number], 1))
		return;
	h->given[h->n_given++] = number;
	if (h->n_given == CT_GO_GREY_BATCH ||
		(h->n_given >= WORTH_SHARING &&
			atomic_load_explicit(&grey->n_idle, memory_order_relaxed)))
		give(h);
}

static void begin_span(struct ct_go_grey_hands *h)
{
	h->span = h->taken[h->at++];
	const struct ct_go_span *s = &h->grey->heap->spans[h->span];

	atomic_exchange(&h->grey->waiting[h->span], 0);
	h->id = s->first;
	h->end = s->first + s->n;
}

/* Those that are in one word of the bits; spans share words. */
static void take_word(struct ct_go_grey_hands *h)
{
	_Atomic uint64_t *word = &h->grey->bits[h->id / 64];
	uint64_t own = UINT64_MAX << (h->id % 64);

	h->base = h->id & ~63u;
	if (h->end / 64 == h->id / 64)
		own &= (UINT64_C(1) << (h->end % 64)) - 1;
	h->id = h->end - h->base > 64 ? h->base + 64 : h->end;
	if (*word & own)
		h->bits = atomic_fetch_and(word, ~own) & own;
}

bool ct_go_grey_next(struct ct_go_grey_hands *h, struct ct_go_grey_object *ret)
{
	while (!h->bits) {
		if (h->id < h->end)
			take_word(h);
		else if (h->at < h->n_taken)
			begin_span(h);
		else
			return false;
	}
	uint32_t id = h->base + (uint32_t)__builtin_ctzll(h->bits);
	h->bits &= h->bits - 1;
	*ret = (struct ct_go_grey_object){h->span, id - h->grey->heap->spans[h->span].first};
	return true;
}

bool ct_go_grey_more(struct ct_go_grey_hands *h)
{
	struct ct_go_grey *grey = h->grey;

	h->at = 0;
	if (h->n_given && grey->empty && (h->n_given < WORTH_SHARING || !grey->n_idle)) {
		memcpy(h->taken, h->given, h->n_given * sizeof(*h->given));
		h->n_taken = h->n_given;
		h->n_given = 0;
		return true;
	}
	pthread_mutex_lock(&grey->lock);
	put(h);
	wait(grey);
	take(h);
	tell(grey);
	pthread_mutex_unlock(&grey->lock);
	return h->n_taken;
}
