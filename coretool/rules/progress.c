/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/progress.h"

#include "facts/go_context.h"

#define MAX_DEPTH 16 /* from one that waits to the one that lets it go on */
#define MAX_STEPS 4096
#define MAX_ABOVE 64 /* contexts, one derived from the other */

/* Without anybody's help. */
static bool goes_on(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	if (a->state != CT_STATE_WAITING || !a->n_waits)
		return true;
	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct ct_wait *wait = &facts->waits[a->first_wait + i];

		if (wait->timed || wait->outside)
			return true;
	}
	return false;
}

bool ct_wait_is_lock(uint8_t kind)
{
	return kind == CT_WAIT_MUTEX || kind == CT_WAIT_RWLOCK_READ ||
	       kind == CT_WAIT_RWLOCK_WRITE || kind == CT_WAIT_RWLOCK;
}

/* Of the element that its channel has; NULL: it has none, or that is not known. */
static const char *element_of(const struct ct_facts *facts, const struct ct_wait *wait)
{
	const struct ct_value *elem = ct_resource_value(&facts->resources[wait->resource], "elem");

	return elem ? elem->text : NULL;
}

bool ct_wait_is_for_end(const struct ct_facts *facts, const struct ct_wait *wait)
{
	const char *elem = wait->kind == CT_WAIT_RECV ? element_of(facts, wait) : NULL;

	return elem && !strcmp(elem, "struct {}");
}

/* Of the many that wait few wait at a Done(): only those are looked for among all contexts. */
static bool may_be_done(const struct ct_facts *facts, const struct ct_wait *wait)
{
	return wait->resource != CT_NONE && wait->kind == CT_WAIT_RECV &&
	       (!element_of(facts, wait) || ct_wait_is_for_end(facts, wait));
}

/* Is it for the end of a context that has a deadline, as far as it is known? */
static bool ends_by_deadline(const struct ct_facts *facts, const struct ct_wait *wait)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;

	if (!c || !may_be_done(facts, wait))
		return false;
	for (uint32_t i = 0; i < c->n_contexts; i++) {
		uint32_t at = c->contexts[i].done == wait->resource ? i : CT_NONE;

		for (unsigned n = 0; at != CT_NONE && n < MAX_ABOVE; n++) {
			if (c->contexts[at].deadline)
				return true;
			at = c->contexts[at].parent;
		}
		if (at != CT_NONE)
			return true;
	}
	return false;
}

struct walk {
	const struct ct_facts *facts;
	uint32_t path[MAX_DEPTH]; /* who waits for whom */
	unsigned n;               /* steps that were made */
};

static bool may_go_on(struct walk *w, uint32_t actor, unsigned depth);

/* Of several who may have it one that goes on is enough; of a lock whose holder is no more than
 * guessed nobody knows when it is free. */
static bool may_be_free(struct walk *w, const struct ct_wait *wait, unsigned depth)
{
	const struct ct_facts *facts = w->facts;
	const struct ct_resource *r = &facts->resources[wait->resource];
	bool known = !ct_wait_is_lock(wait->kind);

	for (uint32_t i = 0; i < r->n_holds; i++) {
		const struct ct_hold *hold =
			&facts->holds[facts->holds_by_resource[r->first_hold + i]];

		if (!ct_hold_blocks(wait, hold))
			continue;
		if (may_go_on(w, hold->actor, depth))
			return true;
		known |= hold->trust != CT_TRUST_GUESS;
	}
	return !known;
}

/* Who would end it may be in what is missing. */
static bool may_end(struct walk *w, const struct ct_wait *wait, unsigned depth)
{
	const struct ct_facts *facts = w->facts;

	if (facts->target.n_partial || ends_by_deadline(facts, wait))
		return true;
	for (uint32_t k = 0; k < wait->n_peers; k++)
		if (may_go_on(w, facts->peers[wait->first_peer + k].actor, depth))
			return true;
	return wait->resource != CT_NONE && may_be_free(w, wait, depth);
}

/* In a circle nobody does. Where the search ends it is not known. */
static bool may_go_on(struct walk *w, uint32_t actor, unsigned depth)
{
	const struct ct_actor *a = &w->facts->actors[actor];

	for (unsigned i = 0; i < depth; i++)
		if (w->path[i] == actor)
			return false;
	if (goes_on(w->facts, actor) || depth >= MAX_DEPTH || w->n++ >= MAX_STEPS)
		return true;
	w->path[depth] = actor;
	for (uint32_t i = 0; i < a->n_waits; i++)
		if (may_end(w, &w->facts->waits[a->first_wait + i], depth + 1))
			return true;
	return false;
}

bool ct_may_go_on(const struct ct_facts *facts, uint32_t actor)
{
	return may_go_on(&(struct walk){.facts = facts}, actor, 0);
}

bool ct_wait_may_end(const struct ct_facts *facts, const struct ct_wait *wait)
{
	return may_end(&(struct walk){.facts = facts, .path = {wait->actor}}, wait, 1);
}

static int compare(const struct ct_late *x, const struct ct_late *y)
{
	if (x->made != y->made)
		return x->made < y->made ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return (int)x->goes_on - (int)y->goes_on;
}

static int by_place(const void *a, const void *b)
{
	const struct ct_late *x = a, *y = b;
	int order = compare(x, y);

	return order ? order : (x->i > y->i) - (x->i < y->i);
}

enum ct_status ct_late_by_place(struct ct_findings *out, struct ct_late *late, uint32_t n,
	enum ct_status (*report)(struct ct_findings *out, const struct ct_late *late, uint32_t n))
{
	enum ct_status status = CT_OK;

	if (n)
		qsort(late, n, sizeof(*late), by_place);
	for (uint32_t i = 0, end; !status && i < n; i = end) {
		for (end = i + 1; end < n && !compare(&late[i], &late[end]); end++)
			;
		status = report(out, &late[i], end - i);
	}
	return status;
}
