/* SPDX-License-Identifier: Apache-2.0 */
/* The contexts of a Go program. */
#include "facts/go_context.h"
#include "report/json.h"
#include "rules/contexts.h"

#define SAMPLES 5

static void add_waiters(const struct ct_json *j, struct ct_record *r, const struct ct_go_context *x)
{
	const struct ct_resource *done = x->done == CT_NONE ? NULL : &j->facts->resources[x->done];

	if (!done || !done->n_waiters)
		return;
	ct_record_int(r, "n_waiters", done->n_waiters);
	json_t *list = ct_record_list(r, "waiters");
	for (uint32_t i = 0; i < CT_MIN(done->n_waiters, (uint32_t)SAMPLES); i++) {
		uint32_t wait = j->facts->waits_by_resource[done->first_waiter + i];

		ct_record_push(r, list, ct_json_actor_id(j, j->facts->waits[wait].actor));
	}
}

/* Those that have it in a frame, and wait for something else. */
static void add_ignoring(
	const struct ct_json *j, struct ct_record *r, const struct ct_go_context *x)
{
	const struct ct_fact_go_contexts *c = j->facts->go_contexts;
	json_t *list = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->n_uses; i++) {
		const struct ct_go_context_use *use =
			&c->uses[c->uses_by_context[x->first_use + i]];

		if (!ct_context_use_ignores(j->facts, use))
			continue;
		if (!list)
			list = ct_record_list(r, "ignored_by");
		if (n++ < SAMPLES)
			ct_record_push(r, list, ct_json_actor_id(j, use->actor));
	}
	if (n)
		ct_record_int(r, "n_ignored_by", n);
}

json_t *ct_json_context(const struct ct_json *j, uint32_t index)
{
	const struct ct_go_context *x = &j->facts->go_contexts->contexts[index];
	struct ct_record r = ct_record_new();

	ct_record_int(&r, "index", index);
	ct_record_hex(&r, "address", x->address);
	ct_record_text(&r, "kind", ct_context_kind_name((enum ct_context_kind)x->kind));
	ct_record_text(&r, "go_type", x->type);
	ct_record_bool(&r, "named", x->named);
	if (x->parent != CT_NONE)
		ct_record_int(&r, "parent", x->parent);
	ct_record_text(&r, "key", x->key);
	ct_record_text(&r, "value", x->value);
	ct_record_text(&r, "text", x->text);
	ct_record_text(&r, "err", x->err);
	ct_record_text(&r, "cause", x->cause);
	ct_record_text(&r, "deadline", x->deadline);
	if (x->overdue_ns)
		ct_record_int(&r, "overdue_ns", x->overdue_ns);
	if (x->n_children)
		ct_record_int(&r, "children", x->n_children);
	if (x->lost)
		ct_record_bool(&r, "lost", true);
	add_waiters(j, &r, x);
	add_ignoring(j, &r, x);
	return ct_record_done(&r);
}
