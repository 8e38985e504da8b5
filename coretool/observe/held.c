/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The locks that are held, also those that nobody waits for. First what glibc and the kernel have
 *on record, which is exact; then what a search of all memory finds by its shape alone. Other data
 *may look like a lock, so a hit is told only where more speaks for it, or at least nothing against
 *it:
 *
 *	debug-info   a variable or member of that type is there
 *	inferred     a variable of that size is there, or its owner has a pointer to it
 *	guess        nothing; but it counts as many users as are known, and its page is not full of
 *	             numbers that could be ids
 *	not told     on a dead part of a stack, or where the page is
 */
#include "observe/held.h"

#include <inttypes.h>

#include "base/hash.h"
#include "blocking/cond.h"
#include "blocking/owner.h"
#include "target/object_name.h"
#include "target/symbols.h"

#define MOST_ALIKE  16u /* words near a hit that name a thread as well as it does */
#define ALIKE_GONE  4u  /* and near one that names a thread that is gone */
#define MOST_STRIDE 4096u
#define PAGE        4096u
#define ANALYZE_MOST                                                                               \
	(UINT64_C(1) << 30) /* bytes, unless all were asked for: see docs/held-locks.md */
#define ASKED_MOST  (UINT64_C(64) << 20) /* where each read is a question to a debugger */
#define ASKED_WHOLE (UINT64_C(512) << 20)

struct held {
	struct ct_observation *o;
	struct ct_dead_stacks *stacks;
	CT_VEC(struct ct_held_hit) hits;
	CT_VEC(uint64_t) cond_mutexes; /* one for each waiter of a condition variable; sorted */
	bool no_memory;
};

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void find_cond_mutexes(struct held *h)
{
	struct ct_sink *sink = h->o->sink;

	for (uint32_t i = 0; i < ct_sink_n_waits(sink); i++) {
		const struct ct_wait *wait = ct_sink_get_wait(sink, i);
		uint64_t mutex = 0;

		if (wait->kind == CT_WAIT_COND && wait->resource != CT_NONE)
			mutex = ct_cond_mutex(&h->o->blocking, wait->actor,
				ct_sink_get_resource(sink, wait->resource)->address);
		uint64_t *slot = mutex ? ct_vec_push(&h->cond_mutexes) : NULL;
		if (slot)
			*slot = mutex;
		h->no_memory |= mutex && !slot;
	}
	if (h->cond_mutexes.n)
		qsort(h->cond_mutexes.items, h->cond_mutexes.n, sizeof(uint64_t), by_number);
}

/* How many wait for condition variables with this mutex: they are its users, too. */
static uint32_t cond_users(const struct held *h, uint64_t addr)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->cond_mutexes.n && h->cond_mutexes.items[i] <= addr; i++)
		n += h->cond_mutexes.items[i] == addr;
	return n;
}

/* Is the hit worth more thought? Not when it is known already, nor on a dead stack. */
static bool is_news(struct held *h, const struct ct_scan_hit *hit)
{
	return !ct_sink_has_resource(h->o->sink, hit->addr) &&
	       (hit->actor != CT_NONE || ct_owner_may_be_gone(&h->o->blocking)) &&
	       (!hit->users || cond_users(h, hit->addr) == hit->users) &&
	       !ct_dead_stacks_have(h->stacks, hit->addr);
}

/* What its name says of an object in a module. */
static struct ct_held_evidence evidence_of_name(struct held *h, const struct ct_scan_hit *hit)
{
	const struct ct_scan *scan = hit->primitive->scan;
	struct ct_symbol symbol;

	if (!(h->o->plan->wants & CT_WANT_NAMES))
		return (struct ct_held_evidence){0};
	if (!ct_object_is(h->o->target, hit->addr, hit->primitive->types))
		return (struct ct_held_evidence){CT_TRUST_DEBUG_INFO,
			"debug information says that this is a lock of this kind"};
	if (!ct_symbol_at(h->o->target, hit->addr, CT_SYMBOL_DATA, &symbol) &&
		symbol.start == hit->addr && symbol.size == scan->size)
		return (struct ct_held_evidence){
			CT_TRUST_INFERRED, "a variable of just this size is there"};
	return (struct ct_held_evidence){0};
}

static int by_addr(const void *a, const void *b)
{
	const struct ct_held_hit *x = a, *y = b;

	return (x->scan.addr > y->scan.addr) - (x->scan.addr < y->scan.addr);
}

/* Three at equal distances are an array of what holds them. */
static void mark_rows(struct held *h)
{
	struct ct_held_hit *hits = h->hits.items;

	if (h->hits.n)
		qsort(hits, h->hits.n, sizeof(*hits), by_addr);
	for (uint32_t i = 1; i + 1 < h->hits.n; i++) {
		uint64_t before = hits[i].scan.addr - hits[i - 1].scan.addr;

		if (before > MOST_STRIDE || hits[i + 1].scan.addr - hits[i].scan.addr != before)
			continue;
		for (uint32_t k = i - 1; k <= i + 1; k++)
			hits[k].in_row = true;
	}
}

static bool is_told(const struct ct_held_hit *hit)
{
	if (hit->evidence.why || hit->in_row)
		return true;
	return hit->scan.alike <= (hit->scan.actor == CT_NONE ? ALIKE_GONE : MOST_ALIKE);
}

static void add_hit(struct held *h, const struct ct_held_hit *hit)
{
	static const char shape[] = "its bytes are those of a lock that thread %u holds%s%s";
	struct ct_sink *sink = h->o->sink;
	uint32_t before = ct_sink_n_holds(sink), resource;

	if (hit->scan.primitive->read(&h->o->blocking, hit->scan.addr, &resource))
		return;
	enum ct_trust trust = hit->evidence.why ? hit->evidence.trust : CT_TRUST_GUESS;
	const char *why = ct_sink_printf(sink, shape, hit->scan.owner,
		hit->evidence.why ? ", and " : "; nothing else says that it is one",
		hit->evidence.why ? hit->evidence.why : "");
	for (uint32_t i = before; i < ct_sink_n_holds(sink); i++) {
		struct ct_hold *hold = ct_sink_get_hold(sink, i);

		hold->trust = CT_MAX(hold->trust, trust);
		hold->why = why;
	}
	struct ct_resource *r = ct_sink_get_resource(sink, resource);
	r->owner_trust = trust;
	r->owner_why = r->owner_gone ? why : NULL;
}

static uint64_t limit_of(struct ct_observation *o)
{
	bool whole = o->plan->wants & CT_WANT_WHOLE;

	if (!ct_target_has_view(o->target))
		return whole ? ASKED_WHOLE : ASKED_MOST;
	return whole ? UINT64_MAX : ANALYZE_MOST;
}

static void note_limits(struct ct_observation *o, const struct ct_scan_found *found)
{
	if (found->left)
		ct_sink_note(o->sink, CT_NOTE_LIMIT, "held locks",
			"%" PRIu64
			" MB of memory were searched for locks that nobody waits for, the "
			"largest mappings were left out (%" PRIu64 " MB)%s",
			found->searched >> 20, found->left >> 20,
			o->plan->wants & CT_WANT_WHOLE ? "" : "; coretool locks searches more");
	if (found->too_many)
		ct_sink_note(o->sink, CT_NOTE_LIMIT, "held locks",
			"memory is full of what looks like held locks; not all were looked at");
}

static int by_scan_addr(const void *a, const void *b)
{
	const struct ct_scan_hit *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* What holds the other locks of a page is no reason to doubt one. */
static void forgive_neighbours(struct ct_scan_found *found)
{
	struct ct_scan_hit *hits = found->hits.items;

	if (found->hits.n)
		qsort(hits, found->hits.n, sizeof(*hits), by_scan_addr);
	for (uint32_t i = 0, end; i < found->hits.n; i = end) {
		for (end = i + 1;
			end < found->hits.n && hits[end].addr / PAGE == hits[i].addr / PAGE;)
			end++;
		for (uint32_t k = i; k < end; k++)
			hits[k].alike -= CT_MIN(hits[k].alike, end - i - 1);
	}
}

static void judge(struct held *h, struct ct_scan_found *found)
{
	forgive_neighbours(found);
	for (uint32_t i = 0; i < found->hits.n && !h->no_memory; i++) {
		if (!is_news(h, &found->hits.items[i]))
			continue;
		struct ct_held_hit *slot = ct_vec_push(&h->hits);

		h->no_memory |= !slot;
		if (slot)
			*slot = (struct ct_held_hit){.scan = found->hits.items[i],
				.evidence = evidence_of_name(h, &found->hits.items[i])};
	}
	mark_rows(h);
	if (h->hits.n)
		ct_held_find_pointers(h->o, h->hits.items, h->hits.n);
	for (uint32_t i = 0; i < h->hits.n; i++)
		if (is_told(&h->hits.items[i]))
			add_hit(h, &h->hits.items[i]);
}

static enum ct_status search(struct ct_observation *o)
{
	struct held h = {.o = o, .stacks = ct_dead_stacks_new(o)};
	struct ct_scan_found found;

	ct_scan_memory(&o->blocking, limit_of(o), &found);
	h.no_memory = !h.stacks || found.no_memory;
	if (!h.no_memory) {
		find_cond_mutexes(&h);
		judge(&h, &found);
		note_limits(o, &found);
	}
	ct_vec_free(&found.hits);
	ct_vec_free(&h.hits);
	ct_vec_free(&h.cond_mutexes);
	ct_dead_stacks_free(h.stacks);
	return h.no_memory ? CT_NO_MEMORY : CT_OK;
}

enum ct_status ct_observe_held(struct ct_observation *o)
{
	if (!(o->plan->wants & CT_WANT_HELD))
		return CT_OK;
	for (size_t i = 0; i < ct_n_primitives; i++)
		if (ct_primitives[i]->listed && ct_primitive_applies(ct_primitives[i], &o->libc))
			ct_primitives[i]->listed(&o->blocking);
	/* Without glibc's descriptors, ids and locks are of another kind. */
	if (!o->libc.layout)
		return CT_OK;
	if (o->plan->wants & CT_WANT_NAMES)
		ct_held_find_typed(o);
	return search(o);
}
