/* SPDX-License-Identifier: Apache-2.0 */
/* The locks: by who holds them, those with the most waiters first; then those that nobody is known
 * to hold. */
#include <inttypes.h>

#include "report/text.h"
#include "rules/words.h"

struct holder {
	uint32_t actor;
	uint32_t waiters; /* of all that it holds */
	uint32_t n_locks, n_probable;
};

static bool is_lock_hold(const struct ct_facts *facts, const struct ct_hold *hold)
{
	return !facts->resources[hold->resource].is_actor;
}

static int most_waiters_first(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->waiters != y->waiters)
		return x->waiters < y->waiters ? 1 : -1;
	return x->actor < y->actor ? -1 : 1;
}

/* Those who hold something; returns how many. */
static uint32_t find_holders(const struct ct_facts *facts, struct holder *ret)
{
	uint32_t n = 0;

	for (uint32_t a = 0; a < facts->n_actors; a++) {
		struct holder holder = {.actor = a};
		uint32_t last = CT_NONE;

		for (uint32_t i = 0; i < facts->actors[a].n_holds; i++) {
			const struct ct_hold *hold =
				&facts->holds[facts->holds_by_actor[facts->actors[a].first_hold +
								    i]];

			/* One that is held in two ways, to write and to read, is one lock. */
			if (!is_lock_hold(facts, hold) || hold->resource == last)
				continue;
			last = hold->resource;
			holder.n_locks++;
			holder.n_probable += hold->trust > CT_TRUST_LAYOUT;
			holder.waiters += facts->resources[hold->resource].n_waiters;
		}
		if (holder.n_locks)
			ret[n++] = holder;
	}
	if (n)
		qsort(ret, n, sizeof(*ret), most_waiters_first);
	return n;
}

/* "; 5 threads (14-18) wait for it" */
static void add_waiters(struct ct_text *t, const struct ct_resource *r)
{
	ct_autofree uint32_t *actors = NULL;

	if (!r->n_waiters)
		return;
	actors = calloc(r->n_waiters, sizeof(*actors));
	if (!actors) {
		t->failed = true;
		return;
	}
	for (uint32_t i = 0; i < r->n_waiters; i++)
		actors[i] = t->facts->waits[t->facts->waits_by_resource[r->first_waiter + i]].actor;
	ct_text_add(t, "; ");
	if (r->n_waiters == 1)
		ct_text_add(t, "%s", ct_say_carried(&t->words, t->facts, actors[0]));
	else
		ct_text_who(t, actors, r->n_waiters, t->verbose);
	ct_text_add(t, " wait%s for it", r->n_waiters == 1 ? "s" : "");
}

/* "type normal, lock 0x2, owner 13" */
static void write_state(struct ct_text *t, const struct ct_resource *r)
{
	if (!t->verbose || !r->n_values)
		return;
	ct_text_add(t, "      %s at 0x%" PRIx64, r->kind, r->address);
	for (uint32_t i = 0; i < r->n_values; i++) {
		const struct ct_value *v = &r->values[i];

		switch (v->type) {
		case CT_VALUE_TEXT:
			ct_text_add(t, ", %s %s", v->key, v->text);
			break;
		case CT_VALUE_INT:
			ct_text_add(t, ", %s %" PRId64, v->key, v->number);
			break;
		case CT_VALUE_HEX:
			ct_text_add(t, ", %s 0x%" PRIx64, v->key, (uint64_t)v->number);
			break;
		case CT_VALUE_BOOL:
			ct_text_add(t, ", %s%s", v->number ? "" : "not ", v->key);
			break;
		}
	}
	ct_text_end(t);
}

static void write_hold(struct ct_text *t, const struct ct_hold *hold)
{
	const struct ct_resource *r = &t->facts->resources[hold->resource];
	const char *took = ct_say_function(&t->words, t->facts, hold->actor, hold->took_frame);

	ct_text_add(t, "    %s%s", hold->trust > CT_TRUST_LAYOUT ? "probably " : "",
		ct_say_resource(&t->words, t->facts, hold->resource));
	if (!r->name && r->where)
		ct_text_add(t, ", %s", r->where);
	if (hold->mode == CT_HOLD_SHARED)
		ct_text_add(t, ", shared");
	if (hold->trust > CT_TRUST_LAYOUT)
		ct_text_add(t, " (%s)", ct_trust_name(hold->trust));
	if (took)
		ct_text_add(t, ", %staken in %s", hold->trust > CT_TRUST_LAYOUT ? "" : "probably ",
			took);
	add_waiters(t, r);
	ct_text_end(t);
	if (t->verbose && hold->why)
		ct_text_say(t, "      known because %s", hold->why);
	write_state(t, r);
}

/* "2 locks", "2 locks, probably", "3 locks (1 of them probably)" */
static void add_count(struct ct_text *t, uint32_t n, uint32_t n_probable)
{
	ct_text_add(
		t, "%s%u lock%s", n && n == n_probable ? "probably " : "", n, n == 1 ? "" : "s");
	if (n_probable && n_probable < n)
		ct_text_add(t, " (%u of them probably)", n_probable);
}

static void write_holder(struct ct_text *t, const struct holder *holder)
{
	const struct ct_actor *a = &t->facts->actors[holder->actor];
	/* A thread that runs a goroutine does what that does. */
	uint32_t node = ct_graph_node(t->facts, holder->actor);

	ct_text_add(t, "  %s holds ", ct_say_carried(&t->words, t->facts, holder->actor));
	add_count(t, holder->n_locks, holder->n_probable);
	ct_text_add(t, " and ");
	ct_text_doing(t, &node, 1);
	ct_text_end(t);
	for (uint32_t i = 0; i < a->n_holds; i++) {
		const struct ct_hold *hold =
			&t->facts->holds[t->facts->holds_by_actor[a->first_hold + i]];

		if (is_lock_hold(t->facts, hold))
			write_hold(t, hold);
	}
}

static bool is_left(const struct ct_text *t, const struct ct_resource *r)
{
	(void)t;
	return !r->is_actor && !r->n_holds && r->owner_gone;
}

/* Channels and files are waited for, too, and nobody could ever hold them; nor what threads of a
 * runtime rest at. */
static bool is_unheld(const struct ct_text *t, const struct ct_resource *r)
{
	if (r->is_actor || r->n_holds || !r->n_waiters || r->owner_gone)
		return false;
	const struct ct_wait *wait = &t->facts->waits[t->facts->waits_by_resource[r->first_waiter]];
	if (t->facts->actors[wait->actor].system)
		return false;
	switch (wait->kind) {
	case CT_WAIT_SEND:
	case CT_WAIT_RECV:
	case CT_WAIT_IO:
		return false;
	default:
		return true;
	}
}

static void write_left(struct ct_text *t, uint32_t resource)
{
	const struct ct_resource *r = &t->facts->resources[resource];

	ct_text_add(t, ": held by %s", ct_owner_gone_words(&t->words, t->facts, resource));
	if (r->owner_trust > CT_TRUST_LAYOUT)
		ct_text_add(t, ", probably (%s)", ct_trust_name(r->owner_trust));
}

static void write_unheld(struct ct_text *t, uint32_t resource)
{
	const struct ct_resource *r = &t->facts->resources[resource];

	if (r->process_shared)
		ct_text_add(t, ": shared with other processes");
	else
		ct_text_add(t, ": %s",
			r->holders == CT_HOLDERS_COMPLETE ? "held by nobody at this moment"
							  : "held by whom is not recorded");
}

/* What no thread here holds, in two lists: left behind by threads that are gone, and waited for. */
static void write_others(struct ct_text *t, const char *head,
	bool (*is)(const struct ct_text *t, const struct ct_resource *r),
	void (*write)(struct ct_text *t, uint32_t resource))
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->facts->n_resources; i++)
		n += is(t, &t->facts->resources[i]);
	if (n)
		ct_text_head(t, "%s: %u", head, n);
	for (uint32_t i = 0; i < t->facts->n_resources; i++) {
		const struct ct_resource *r = &t->facts->resources[i];

		if (!is(t, r))
			continue;
		ct_text_add(t, "  %s", ct_say_resource(&t->words, t->facts, i));
		if (!r->name && r->where)
			ct_text_add(t, ", %s", r->where);
		write(t, i);
		add_waiters(t, r);
		ct_text_end(t);
		write_state(t, r);
	}
}

static const char *say_holders(const struct ct_text *t, const struct holder *holders, uint32_t n)
{
	const char *word = ct_say_kind(t->facts, &holders[0].actor, 1);

	for (uint32_t i = 1; i < n; i++)
		if (t->facts->actors[holders[i].actor].kind !=
			t->facts->actors[holders[0].actor].kind)
			return "threads and goroutines";
	return n == 1 ? word : *word == 'g' ? "goroutines" : "threads";
}

void ct_text_locks(struct ct_text *t)
{
	ct_autofree struct holder *holders =
		calloc((size_t)t->facts->n_actors + 1, sizeof(*holders));
	uint32_t locks = 0, probable = 0;

	if (!holders) {
		t->failed = true;
		return;
	}
	uint32_t n = find_holders(t->facts, holders);
	for (uint32_t i = 0; i < n; i++) {
		locks += holders[i].n_locks;
		probable += holders[i].n_probable;
	}
	if (n)
		ct_text_head(t,
			probable ? "Locks: %u held by %u %s, %u of them probably"
				 : "Locks: %u held by %u %s",
			locks, n, say_holders(t, holders, n), probable);
	else
		ct_text_head(t, "Locks: no thread is known to hold one");
	for (uint32_t i = 0; i < n; i++)
		write_holder(t, &holders[i]);
	write_others(t, "Locks whose owner is gone", is_left, write_left);
	write_others(t, "Held by no thread that we know", is_unheld, write_unheld);
	if (!(t->facts->wants & CT_WANT_HELD))
		ct_text_say(t, "  Locks that nobody waits for were not looked for.");
}
