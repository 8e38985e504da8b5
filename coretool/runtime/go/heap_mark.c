/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_mark.h"

#include <stdatomic.h>
#include <unistd.h>

#define MAX_THREADS   16
#define SMALL_HEAP    (UINT64_C(32) << 20) /* bytes: one thread is faster */
#define STACK         1024                 /* entries that a thread has of its own */
#define CHUNK         (STACK / 2)          /* that go to others at once */
#define MAX_CHUNKS    256                  /* that wait for somebody */
#define AHEAD         32                   /* a power of two, above twice the next */
#define STEP          8                    /* others that have their turn while one is fetched */
#define WORTH_SHARING 64                   /* entries */

struct entry { /* an object that is marked and was not looked into */
	uint32_t span, slot;
};

struct chunk {
	struct chunk *next;
	uint32_t n;
	struct entry items[CHUNK];
};

struct found { /* a pointer into an arena */
	uint64_t addr;
	const uint32_t *number;        /* where that of its span is */
	const struct ct_go_span *span; /* once it has been looked up; NULL: none */
};

struct worker {
	struct ct_go_mark *mark;
	struct ct_go_masks masks;
	struct entry stack[STACK];
	struct entry taken[AHEAD]; /* from the stack */
	struct found found[AHEAD];
	uint32_t n; /* on the stack */
	/* Ever, of those two rings: what came in, what got halfway, what came out. */
	uint32_t n_taken, n_fetched, n_scanned;
	uint32_t n_found, n_named, n_reached;
	uint64_t guessed, unread, to_free, bytes;
};

struct ct_go_mark {
	const struct ct_go_heap *heap;
	unsigned n_threads;
	_Atomic uint64_t *marked, *grey; /* a bit for each object; grey: to be looked into */
	_Atomic uint8_t *has_grey;       /* per span */
	struct worker *first;            /* the caller's own */
	struct ct_go_watch *watch;       /* NULL: none */
	/* Under the lock: */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct chunk *full, *empty;
	unsigned n_chunks, n_idle;
	bool done;
	uint32_t grey_at;        /* span to look at next */
	_Atomic uint32_t n_grey; /* spans with grey objects */
	_Atomic unsigned n_hungry;
	struct ct_go_marked sums; /* of workers that have ended */
	uint64_t bytes;           /* that were marked by them, beside those marked alone */
};

/* ---- bits ---- */

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

static void make_grey(struct ct_go_mark *m, struct entry e)
{
	set_bit(m->grey, m->heap->spans[e.span].first + e.slot);
	if (!atomic_exchange(&m->has_grey[e.span], 1))
		atomic_fetch_add(&m->n_grey, 1);
}

/* ---- the queue ---- */

/* Hands half of the stack to whoever wants it; what the queue has no room for becomes grey. */
static void share(struct worker *w)
{
	struct ct_go_mark *m = w->mark;
	struct chunk *c;
	uint32_t n = CT_MIN(w->n - w->n / 2, (uint32_t)CHUNK);

	w->n -= n;
	pthread_mutex_lock(&m->lock);
	c = m->empty;
	if (c)
		m->empty = c->next;
	else if (m->n_chunks < MAX_CHUNKS && (c = malloc(sizeof(*c))))
		m->n_chunks++;
	if (c) {
		memcpy(c->items, w->stack + w->n, n * sizeof(*c->items));
		c->n = n;
		c->next = m->full;
		m->full = c;
		pthread_cond_signal(&m->changed);
	}
	pthread_mutex_unlock(&m->lock);
	for (uint32_t i = 0; !c && i < n; i++)
		make_grey(m, w->stack[w->n + i]);
}

static void push(struct worker *w, uint32_t span, uint32_t slot)
{
	if (w->n == STACK)
		share(w);
	w->stack[w->n++] = (struct entry){span, slot};
}

/* Grey objects of one span onto the stack; the lock is held. */
static void take_grey(struct worker *w)
{
	struct ct_go_mark *m = w->mark;
	uint32_t n = m->heap->n_spans, span = m->grey_at;

	for (uint32_t i = 0; i < n && !atomic_load(&m->has_grey[span]); i++)
		span = span + 1 == n ? 0 : span + 1;
	m->grey_at = span;
	if (!atomic_exchange(&m->has_grey[span], 0))
		return;
	atomic_fetch_sub(&m->n_grey, 1);
	const struct ct_go_span *s = &m->heap->spans[span];
	for (uint32_t id = s->first, end = s->first + s->n; id < end;) {
		_Atomic uint64_t *word = &m->grey[id / 64];
		uint64_t bits = atomic_load(word) & (UINT64_MAX << (id % 64));

		if (end / 64 == id / 64)
			bits &= (UINT64_C(1) << (end % 64)) - 1;
		atomic_fetch_and(word, ~bits);
		for (; bits; bits &= bits - 1) {
			uint32_t slot = (id & ~63u) + (uint32_t)__builtin_ctzll(bits) - s->first;

			if (w->n < STACK)
				w->stack[w->n++] = (struct entry){span, slot};
			else
				make_grey(m, (struct entry){span, slot});
		}
		id = (id | 63u) + 1;
	}
}

/* Fills the empty stack; false: there is nothing left to do for anybody. */
static bool refill(struct worker *w)
{
	struct ct_go_mark *m = w->mark;

	pthread_mutex_lock(&m->lock);
	m->n_idle++;
	atomic_fetch_add(&m->n_hungry, 1);
	while (!w->n && !m->done) {
		struct chunk *c = m->full;

		if (c) {
			m->full = c->next;
			memcpy(w->stack, c->items, c->n * sizeof(*c->items));
			w->n = c->n;
			c->next = m->empty;
			m->empty = c;
		} else if (atomic_load(&m->n_grey)) {
			take_grey(w);
		} else if (m->n_idle == m->n_threads) {
			m->done = true;
			pthread_cond_broadcast(&m->changed);
		} else {
			pthread_cond_wait(&m->changed, &m->lock);
		}
	}
	m->n_idle--;
	atomic_fetch_sub(&m->n_hungry, 1);
	pthread_mutex_unlock(&m->lock);
	return w->n;
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
		push(w, (uint32_t)(s - m->heap->spans), slot);
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

static void scan(struct worker *w, const struct ct_go_object *object)
{
	const struct ct_go_heap *heap = w->mark->heap;
	uint64_t copy[64], at, bits;
	struct ct_go_walk walk;
	const void *view;

	ct_go_walk_begin(&w->masks, object, &walk);
	while (ct_go_walk_next(&walk, &at, &bits)) {
		unsigned n = 64 - (unsigned)__builtin_clzll(bits);

		if (!ct_go_heap_view(heap, object->span, at, n * 8, copy, &view)) {
			w->unread++;
			continue;
		}
		for (; bits; bits &= bits - 1) {
			uint64_t value;

			memcpy(&value, (const uint8_t *)view + 8 * __builtin_ctzll(bits), 8);
			if (value)
				find(w, value);
		}
	}
	w->guessed += walk.guessed;
}

static void fetch(struct worker *w)
{
	const struct entry *e = &w->taken[w->n_fetched++ % AHEAD];
	const struct ct_go_span *s = &w->mark->heap->spans[e->span];
	uint64_t offset = e->slot * s->elemsize;

	if (s->data)
		__builtin_prefetch(s->data + offset);
	if (s->map == CT_GO_MAP_SPAN)
		__builtin_prefetch(s->bits + offset / 64);
}

/* The one that was taken from the stack longest ago. Its span, then it and its map are fetched
 * while others are looked into. */
static bool next(struct worker *w, struct entry *ret)
{
	if (!w->n && w->n_taken == w->n_scanned)
		reach_all_found(w);
	while (w->n && w->n_taken - w->n_scanned < 2 * STEP) {
		struct entry e = w->stack[--w->n];

		fetch_span(&w->mark->heap->spans[e.span]);
		w->taken[w->n_taken++ % AHEAD] = e;
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
	struct entry e;

	do {
		while (next(w, &e)) {
			const struct ct_go_span *s = &m->heap->spans[e.span];
			const struct ct_go_object object = {
				s, s->start + e.slot * s->elemsize, e.slot, s->first + e.slot};

			scan(w, &object);
			if (w->n > WORTH_SHARING &&
				atomic_load_explicit(&m->n_hungry, memory_order_relaxed))
				share(w);
		}
	} while (refill(w));
	return NULL;
}

/* ---- all of it ---- */

static struct worker *new_worker(struct ct_go_mark *m)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w) {
		w->mark = m;
		w->masks.heap = m->heap;
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
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, NULL);
	m->marked = calloc(words, sizeof(*m->marked));
	m->grey = calloc(words, sizeof(*m->grey));
	m->has_grey = calloc((size_t)heap->n_spans + 1, sizeof(*m->has_grey));
	m->first = new_worker(m);
	if (m->marked && m->grey && m->has_grey && m->first)
		return m;
	ct_go_mark_free(m);
	return NULL;
}

static void free_chunks(struct chunk *c)
{
	while (c) {
		struct chunk *following = c->next;

		free(c);
		c = following;
	}
}

void ct_go_mark_free(struct ct_go_mark *m)
{
	if (!m)
		return;
	free_chunks(m->full);
	free_chunks(m->empty);
	free(m->marked);
	free(m->grey);
	free(m->has_grey);
	free(m->first);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
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
	unsigned n = 1, wanted = m->n_threads;

	ct_fetch(m->heap->target);
	m->done = false;
	pthread_mutex_lock(&m->lock);
	for (; n < wanted; n++) {
		workers[n] = new_worker(m);
		if (!workers[n] || pthread_create(&threads[n], NULL, work, workers[n]))
			break;
	}
	if (n < wanted)
		free(workers[n]);
	m->n_threads = n;
	pthread_mutex_unlock(&m->lock);
	work(m->first);
	for (unsigned i = 1; i < n; i++) {
		pthread_join(threads[i], NULL);
		add_up(m, workers[i]);
		free(workers[i]);
	}
	add_up(m, m->first);
	m->n_threads = wanted;
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
