/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.Cond.Wait: the goroutine is in the list of the Cond (notifyList of runtime/sema.go).
 * Since 1.26 its sudog says in which one; before, its stack has the address, and the list itself
 * shows that it is the right one. The first that is found tells of all the others in the same list.
 */
#include "runtime/go/waits.h"

/* How many got a ticket and were not woken: those that are on their way into the list count, too.
 */
static uint32_t n_tickets(const struct ct_go *go, uint64_t list)
{
	uint32_t wait, notify;

	return ct_go_u32(go, list, CT_GO_NOTIFYLIST_WAIT, &wait) ||
			       ct_go_u32(go, list, CT_GO_NOTIFYLIST_NOTIFY, &notify)
		       ? 0
		       : wait - notify;
}

/* Is g in the list at addr? Then all that are in it are known. */
static bool read_list(struct ct_go_waiter *w, uint64_t list)
{
	const struct ct_go *go = w->o->go;
	struct ct_go_sudog sudog;
	CT_VEC(uint64_t) found = {0};
	uint64_t at = ct_go_word(go, list, CT_GO_NOTIFYLIST_HEAD);
	uint64_t tail = ct_go_word(go, list, CT_GO_NOTIFYLIST_TAIL), last = 0;
	bool is_in = false;

	while (at && !ct_go_sudog_at(go, at, &sudog) && ct_go_may_search(w)) {
		uint64_t *slot = found.n < ct_go_n_goroutines(go) ? ct_vec_push(&found) : NULL;

		if (!slot)
			break;
		*slot = sudog.g;
		is_in |= sudog.g == w->g->at;
		w->waits->searched += !is_in;
		last = at;
		at = sudog.next;
	}
	/* Other memory may point to a sudog, too. */
	is_in &= !at && last == tail && found.n <= n_tickets(go, list);
	for (uint32_t i = 0; is_in && i < found.n; i++)
		if (!ct_go_park(w->waits, found.items[i], list, 0))
			break;
	ct_vec_free(&found);
	return is_in;
}

/* A list has a head and a tail when somebody waits; and what it is part of is in no stack. */
static bool may_be_list(const struct ct_go_waiter *w, uint64_t list)
{
	const struct ct_go *go = w->o->go;

	return (list < w->g->stack_low || list >= w->g->stack_high) && n_tickets(go, list) &&
	       ct_go_word(go, list, CT_GO_NOTIFYLIST_HEAD) % 8 == 0 &&
	       ct_go_word(go, list, CT_GO_NOTIFYLIST_TAIL) % 8 == 0;
}

static uint64_t find_list(struct ct_go_waiter *w)
{
	uint64_t words[CT_GO_STACK_WORDS];
	uint32_t notify = ct_go_at(w->o->go, COND_NOTIFY);
	uint64_t list = ct_go_parked_at(w->waits, w->g->at);
	size_t n = list ? 0 : ct_go_stack_words(w, words);

	for (size_t i = 0; i < n && ct_go_may_search(w); i++) {
		w->waits->searched++;
		if (words[i] < 4096 || words[i] % 4)
			continue;
		/* Of the list itself, or of the Cond that it is in. */
		if (may_be_list(w, words[i]) && read_list(w, words[i]))
			return words[i];
		if (may_be_list(w, words[i] + notify) && read_list(w, words[i] + notify))
			return words[i] + notify;
	}
	return list;
}

/* Since 1.26: the element of its own sudog. */
static uint64_t list_of_sudog(const struct ct_go_waiter *w)
{
	struct ct_go_sudog sudog;

	return w->g->waiting && !ct_go_sudog_at(w->o->go, w->g->waiting, &sudog) &&
			       sudog.g == w->g->at
		       ? sudog.elem
		       : 0;
}

enum ct_status ct_go_wait_cond(struct ct_go_waiter *w)
{
	uint64_t list = list_of_sudog(w);
	struct ct_wait wait = {.kind = CT_WAIT_COND,
		.trust = CT_TRUST_EXACT,
		.resource = CT_NONE,
		.why = "it waits until Signal or Broadcast is called"};
	bool fresh;

	if (!list)
		list = find_list(w);
	if (!list) {
		wait.kind = CT_WAIT_OTHER;
		wait.why = "it waits for a Cond (or is being woken); which one was not found";
		return ct_go_add_wait(w, wait);
	}
	wait.resource = ct_sink_resource(
		w->o->sink, "go_cond", list - ct_go_at(w->o->go, COND_NOTIFY), &fresh);
	if (wait.resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh)
		ct_sink_value_int(w->o->sink, wait.resource, "waiters", n_tickets(w->o->go, list));
	return ct_go_add_wait(w, wait);
}
