/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines that wait for nothing but what other goroutines do, and the objects that it is about.
 */
#include "runtime/go/leaks.h"
#include "runtime/go/waits.h"

#define MAIN 1 /* goroutine: the first of all */

static bool is_candidate_kind(uint8_t kind)
{
	switch ((enum ct_wait_kind)kind) {
	case CT_WAIT_MUTEX:
	case CT_WAIT_RWLOCK_READ:
	case CT_WAIT_RWLOCK_WRITE:
	case CT_WAIT_COND:
	case CT_WAIT_SEND:
	case CT_WAIT_RECV:
	case CT_WAIT_WAITGROUP:
	case CT_WAIT_ONCE:
		return true;
	default:
		return false;
	}
}

/* Does the actor wait in its waits [first, end) for nothing but other goroutines? */
static bool waits_for_goroutines(
	const struct ct_go_hunt *h, uint32_t first, uint32_t end, bool *never)
{
	*never = first < end;
	for (uint32_t i = first; i < end; i++) {
		const struct ct_wait *wait = ct_sink_get_wait(h->o->sink, i);

		if (wait->never)
			continue;
		/* Less than that, and it may be another object that it waits for. */
		if (!is_candidate_kind(wait->kind) || wait->timed || wait->outside ||
			wait->resource == CT_NONE || wait->trust > CT_TRUST_LAYOUT)
			return false;
		*never = false;
	}
	return first < end;
}

/* A main() that has started all it has to waits so until the process is ended: "<-make(chan bool)"
 * is as good as "select {}" for that. */
static bool is_parked_main(
	const struct ct_go_hunt *h, const struct ct_actor *a, uint32_t first, uint32_t n)
{
	return a->id == MAIN && n == 1 && ct_sink_get_wait(h->o->sink, first)->kind == CT_WAIT_RECV;
}

/* Many wait for one object: it is looked up once for all, and they are in a list. */
static bool add_need(struct ct_go_hunt *h, uint32_t blocked, uint32_t resource)
{
	struct ct_go_need *a = ct_vec_push(&h->needs);
	struct ct_go_object object;
	uint32_t head;

	if (!a)
		return false;
	*a = (struct ct_go_need){CT_NONE, blocked, CT_NONE};
	if (!ct_go_object_at(
		    h->world->heap, ct_sink_get_resource(h->o->sink, resource)->address, &object))
		return true;
	a->object = object.id;
	struct ct_hash_it it = ct_hash_find(&h->heads, ct_hash_u64(object.id));
	while (ct_hash_next(&h->heads, &it, &head))
		if (h->needs.items[head].object == object.id) {
			a->next = h->needs.items[head].next;
			h->needs.items[head].next = h->needs.n - 1;
			return true;
		}
	return ct_hash_insert(&h->heads, ct_hash_u64(object.id), h->needs.n - 1);
}

static enum ct_status add_blocked(
	struct ct_go_hunt *h, uint32_t actor, uint32_t first, uint32_t end)
{
	const struct ct_actor *a = ct_sink_get_actor(h->o->sink, actor);
	bool never;

	/* What waits inside of a bubble of testing/synctest has a scheduler of its own. */
	if (a->state != CT_STATE_WAITING || a->system || a->carrier != CT_NONE ||
		h->o->waits->bubbles.n || is_parked_main(h, a, first, end - first) ||
		!waits_for_goroutines(h, first, end, &never))
		return CT_OK;
	struct ct_go_blocked *b = ct_vec_push(&h->blocked);
	if (!b)
		return CT_NO_MEMORY;
	*b = (struct ct_go_blocked){.actor = actor, .first = h->needs.n, .never = never};
	for (uint32_t i = first; !never && i < end; i++) {
		const struct ct_wait *wait = ct_sink_get_wait(h->o->sink, i);

		if (!wait->never && !add_need(h, h->blocked.n - 1, wait->resource))
			return CT_NO_MEMORY;
	}
	h->is_blocked[actor - h->o->first] = true;
	return CT_OK;
}

enum ct_status ct_go_find_blocked(struct ct_go_hunt *h)
{
	const struct ct_go_observation *o = h->o;
	uint32_t n = ct_sink_n_waits(o->sink);
	enum ct_status status = CT_OK;

	h->is_blocked = calloc((size_t)o->n + 1, sizeof(*h->is_blocked));
	if (!h->is_blocked)
		return CT_NO_MEMORY;
	for (uint32_t i = 0, end; !status && i < n; i = end) {
		uint32_t actor = ct_sink_get_wait(o->sink, i)->actor;

		for (end = i + 1; end < n && ct_sink_get_wait(o->sink, end)->actor == actor; end++)
			;
		if (actor >= o->first && actor - o->first < o->n &&
			!h->is_blocked[actor - o->first])
			status = add_blocked(h, actor, i, end);
	}
	for (uint32_t i = 0; i < o->n && !h->others; i++)
		h->others = !h->is_blocked[i] && !ct_sink_get_actor(o->sink, o->first + i)->system;
	return status;
}
