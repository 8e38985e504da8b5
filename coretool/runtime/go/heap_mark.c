/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_mark.h"

#include <unistd.h>

#include "runtime/go/heap_grey.h"

#define MAX_THREADS 16
#define SMALL_HEAP  (UINT64_C(32) << 20) /* bytes: one thread is faster */
#define AHEAD       32                   /* a power of two, above twice the next */
#define STEP        8                    /* others that have their turn while one is fetched */

struct found { /* a pointer into an arena */
	uint64_t addr;
	const uint32_t *number;        /* where that of its span is */
	const struct ct_go_span *span; /* once it has been looked up; NULL: none */
};

struct worker {
	struct ct_go_mark *mark;
	struct ct_go_masks masks;
	struct ct_go_grey_hands hands;
	struct ct_go_grey_object taken[AHEAD]; /* from those in hand */
	struct found found[AHEAD];
	/* Ever, of those two rings: what came in, what got halfway, what came out. */
	uint32_t n_taken, n_fetched, n_scanned;
	uint32_t n_found, n_named, n_reached;
	uint64_t guessed, unread, to_free, bytes;
};

struct ct_go_mark {
	const struct ct_go_heap *heap;
	unsigned n_threads;
	_Atomic uint64_t *marked; /* a bit for each object */
	struct ct_go_grey grey;
	struct worker *first;      /* the caller's own */
	struct ct_go_watch *watch; /* NULL: none */
	struct ct_go_marked sums;  /* of workers that have ended */
	uint64_t bytes;            /* that were marked by them, beside those marked alone */
};

static bool is_set(const _Atomic uint64_t *bits, uint32_t id)
{
	return atomic_load_explicit(&bits[id / 64], memory_order_relaxed) >> (id % 64) & 1;
}

/* False: it was set. */
static bool set_bit(_Atomic uint64_t *bits, uint32_t id)
{
	uint64_t bit = UINT64_C(1) << (id % 64);

	return !(atomic_fetch_or_explicit(&bits[id / 64], bit, memory_order_relaxed) & bit);
}

/* ---- looking into objects ---- */

static void watched(struct ct_go_watch *watch, uint32_t id)
{
	if (watch->objects[id / 64] >> (id % 64) & 1)
		watch->reached[atomic_fetch_add(&watch->n_reached, 1)] = id;
}

/* The object at addr, if it is in the span, is marked, and to be looked into. */
static void reach_in(struct worker *w, const struct ct_go_span *s, uint64_t addr)
{
	struct ct_go_mark *m = w->mark;

	if (!s || addr < s->start || addr >= s->limit)
		return;
	uint32_t slot = ct_go_slot(s, addr), id = s->first + slot;
	if (is_set(m->marked, id))
		return;
	if (!ct_go_is_allocated(s, slot)) {
		w->to_free++;
		return;
	}
	if (!set_bit(m->marked, id))
		return;
	w->bytes += s->elemsize;
	if (m->watch)
		watched(m->watch, id);
	if (s->map != CT_GO_MAP_NONE)
		ct_go_grey_add(&w->hands, s, id);
}

static void reach(struct worker *w, uint64_t addr)
{
	reach_in(w, ct_go_span_at(w->mark->heap, addr), addr);
}

static void fetch_span(const struct ct_go_span *span)
{
	__builtin_prefetch(span);
	__builtin_prefetch((const uint8_t *)(span + 1) - 1);
}

static void name_span(struct worker *w)
{
	struct found *f = &w->found[w->n_named++ % AHEAD];

	f->span = *f->number ? &w->mark->heap->spans[*f->number - 1] : NULL;
	if (f->span)
		fetch_span(f->span);
}

static void reach_found(struct worker *w)
{
	const struct found *f = &w->found[w->n_reached++ % AHEAD];

	reach_in(w, f->span, f->addr);
}

/*
 * A pointer leads anywhere. So it is not followed at once: where its span's number is, then its
 * span, are fetched while others are looked at.
 */
static void find(struct worker *w, uint64_t addr)
{
	const uint32_t *number = ct_go_span_number(w->mark->heap, addr);

	if (!number)
		return;
	__builtin_prefetch(number);
	w->found[w->n_found++ % AHEAD] = (struct found){addr, number, NULL};
	if (w->n_found - w->n_named > STEP)
		name_span(w);
	if (w->n_named - w->n_reached > STEP)
		reach_found(w);
}

static void reach_all_found(struct worker *w)
{
	while (w->n_named != w->n_found)
		name_span(w);
	while (w->n_reached != w->n_named)
		reach_found(w);
}

static void find_all(struct worker *w, const uint8_t *words, uint64_t bits)
{
	for (; bits; bits &= bits - 1) {
		uint64_t value;

		memcpy(&value, words + 8 * __builtin_ctzll(bits), 8);
		if (value)
			find(w, value);
	}
}

/* What is most: objects of up to 64 words, by the span's own bitmap, without a walk. */
static void scan_small(struct worker *w, const struct ct_go_span *s, uint64_t offset)
{
	uint64_t n = s->elemsize / 8,
		 bits = ct_go_bits(s->bits, offset / 8, (s->limit - s->start) / 8);

	find_all(w, s->data + offset, n < 64 ? bits & ((UINT64_C(1) << n) - 1) : bits);
}

static void scan(struct worker *w, const struct ct_go_object *object)
{
	const struct ct_go_heap *heap = w->mark->heap;
	uint64_t copy[64], at, bits;
	struct ct_go_walk walk;
	const void *view;

	if (object->span->map == CT_GO_MAP_SPAN && object->span->data) {
		scan_small(w, object->span, object->start - object->span->start);
		return;
	}
	ct_go_walk_begin(&w->masks, object, &walk);
	while (ct_go_walk_next(&walk, &at, &bits)) {
		unsigned n = 64 - (unsigned)__builtin_clzll(bits);

		if (!ct_go_heap_view(heap, object->span, at, n * 8, copy, &view)) {
			w->unread++;
			continue;
		}
		find_all(w, view, bits);
	}
	w->guessed += walk.guessed;
}

static void fetch(struct worker *w)
{
	const struct ct_go_grey_object *o = &w->taken[w->n_fetched++ % AHEAD];
	const struct ct_go_span *s = &w->mark->heap->spans[o->span];
	uint64_t offset = o->slot * s->elemsize;

	if (s->data)
		__builtin_prefetch(s->data + offset);
	if (s->map == CT_GO_MAP_SPAN)
		__builtin_prefetch(s->bits + offset / 64);
}

/* The one that was taken in hand longest ago. Its span, then it and its map are fetched while
 * others are looked into. */
static bool next(struct worker *w, struct ct_go_grey_object *ret)
{
	struct ct_go_grey_object o;

	while (w->n_taken - w->n_scanned < 2 * STEP && ct_go_grey_next(&w->hands, &o)) {
		fetch_span(&w->mark->heap->spans[o.span]);
		w->taken[w->n_taken++ % AHEAD] = o;
		if (w->n_taken - w->n_fetched > STEP)
			fetch(w);
	}
	if (w->n_taken == w->n_scanned)
		return false;
	if (w->n_fetched == w->n_scanned)
		fetch(w);
	*ret = w->taken[w->n_scanned++ % AHEAD];
	return true;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct ct_go_mark *m = w->mark;
	struct ct_go_grey_object o;

	do {
		while (next(w, &o)) {
			const struct ct_go_span *s = &m->heap->spans[o.span];
			const struct ct_go_object object = {
				s, s->start + o.slot * s->elemsize, o.slot, s->first + o.slot};

			scan(w, &object);
		}
		reach_all_found(w);
	} while (ct_go_grey_more(&w->hands));
	return NULL;
}

/* ---- all of it ---- */

static struct worker *new_worker(struct ct_go_mark *m)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w) {
		w->mark = m;
		w->masks.heap = m->heap;
		w->hands.grey = &m->grey;
	}
	return w;
}

static void add_up(struct ct_go_mark *m, struct worker *w)
{
	m->sums.guessed += w->guessed;
	m->sums.unread += w->unread;
	m->sums.to_free += w->to_free;
	m->bytes += w->bytes;
	w->guessed = w->unread = w->to_free = w->bytes = 0;
}

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)CT_MIN(n, MAX_THREADS);
}

struct ct_go_mark *ct_go_mark_new(const struct ct_go_heap *heap, unsigned n_threads)
{
	struct ct_go_mark *m = calloc(1, sizeof(*m));
	size_t words = (size_t)heap->n_objects / 64 + 1;

	if (!m)
		return NULL;
	m->heap = heap;
	m->n_threads = CT_MIN(n_threads ? n_threads : processors(), (unsigned)MAX_THREADS);
	if (!n_threads && heap->bytes < SMALL_HEAP)
		m->n_threads = 1;
	m->marked = calloc(words, sizeof(*m->marked));
	m->first = new_worker(m);
	if (ct_go_grey_open(heap, &m->grey) && m->marked && m->first)
		return m;
	ct_go_mark_free(m);
	return NULL;
}

void ct_go_mark_free(struct ct_go_mark *m)
{
	if (!m)
		return;
	ct_go_grey_close(&m->grey);
	free(m->marked);
	free(m->first);
	free(m);
}

void ct_go_mark_root(struct ct_go_mark *m, uint64_t addr)
{
	reach(m->first, addr);
}

void ct_go_mark_alone(struct ct_go_mark *m, const struct ct_go_object *object)
{
	set_bit(m->marked, object->id);
}

void ct_go_mark_inside(struct ct_go_mark *m, const struct ct_go_object *object)
{
	scan(m->first, object);
	reach_all_found(m->first);
}

void ct_go_mark_watch(struct ct_go_mark *m, struct ct_go_watch *watch)
{
	m->watch = watch;
}

/* Threads that cannot be had are not missed: the others do their work. */
enum ct_status ct_go_mark_run(struct ct_go_mark *m)
{
	struct worker *workers[MAX_THREADS] = {m->first};
	pthread_t threads[MAX_THREADS];
	unsigned n = 1;

	ct_fetch(m->heap->target);
	/* Nobody is to find that all wait before all are there. */
	ct_go_grey_share(&m->grey, MAX_THREADS);
	for (; n < m->n_threads; n++) {
		workers[n] = new_worker(m);
		if (!workers[n] || pthread_create(&threads[n], NULL, work, workers[n]))
			break;
	}
	if (n < m->n_threads)
		free(workers[n]);
	ct_go_grey_share(&m->grey, n);
	work(m->first);
	for (unsigned i = 1; i < n; i++) {
		pthread_join(threads[i], NULL);
		add_up(m, workers[i]);
		free(workers[i]);
	}
	add_up(m, m->first);
	return CT_OK;
}

uint64_t ct_go_mark_rest(struct ct_go_mark *m)
{
	unsigned n = m->n_threads;
	uint64_t before = m->bytes;

	m->n_threads = 1;
	(void)!ct_go_mark_run(m);
	m->n_threads = n;
	return m->bytes - before;
}

uint64_t ct_go_mark_more(struct ct_go_mark *m, uint64_t addr)
{
	reach(m->first, addr);
	return ct_go_mark_rest(m);
}

bool ct_go_mark_has(const struct ct_go_mark *m, uint32_t id)
{
	return is_set(m->marked, id);
}

void ct_go_mark_count(const struct ct_go_mark *m, struct ct_go_marked *ret)
{
	*ret = m->sums;
	for (uint32_t i = 0; i < m->heap->n_spans; i++) {
		const struct ct_go_span *s = &m->heap->spans[i];
		uint64_t n = 0;

		for (uint32_t id = s->first; id < s->first + s->n;) {
			uint64_t bits =
				atomic_load_explicit(&m->marked[id / 64], memory_order_relaxed) >>
				(id % 64);
			uint32_t in_word = CT_MIN(64 - id % 64, s->first + s->n - id);

			if (in_word < 64)
				bits &= (UINT64_C(1) << in_word) - 1;
			n += (uint64_t)__builtin_popcountll(bits);
			id += in_word;
		}
		ret->objects += n;
		ret->bytes += n * s->elemsize;
	}
}
