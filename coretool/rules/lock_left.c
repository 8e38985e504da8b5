/* SPDX-License-Identifier: Apache-2.0 */
/* CT121: a lock that a thread held when it went, and nobody waits for it yet. */
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_NAMED 4 /* locks in the title */
#define MAX_STEPS 32

static bool is_left(const struct ct_resource *r)
{
	return r->owner_gone && !r->n_waiters && !r->process_shared;
}

struct left {
	uint64_t owner;
	uint32_t resource;
};

static int by_owner(const void *a, const void *b)
{
	const struct left *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return x->resource < y->resource ? -1 : 1;
}

/* What one thread has left. */
static enum ct_status report(struct ct_findings *out, const struct left *left, uint32_t n)
{
	const struct ct_facts *facts = out->facts;
	struct ct_draft draft = {.rule = &ct_rule_lock_left, .level = CT_P2};
	enum ct_trust worst = CT_TRUST_EXACT;
	ct_autostr names = {0};

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_resource *r = &facts->resources[left[i].resource];
		const char *what = ct_say_resource(out->arena, facts, left[i].resource);

		if (i < MAX_NAMED)
			ct_str_add(&names, "%s%s", i ? ", " : "", what);
		if (i < MAX_STEPS)
			ct_draft_step(&draft,
				ct_arena_printf(out->arena, "%s: %s", what,
					r->owner_why ? r->owner_why
						     : "its owner field names that thread"),
				CT_NONE, left[i].resource, CT_NONE);
		worst = CT_MAX(worst, r->owner_trust);
		ct_draft_resource(&draft, left[i].resource);
	}
	draft.confidence = ct_confidence_of(facts, worst);
	draft.title = ct_arena_printf(out->arena, "%s, still holds %s%s",
		ct_owner_gone_words(out->arena, facts, left->resource), ct_str_text(&names),
		n > MAX_NAMED ? ct_arena_printf(out->arena, " and %u more", n - MAX_NAMED) : "");
	draft.message = ct_arena_printf(out->arena,
		"%s: nobody waits yet, and whoever does will wait for ever", draft.title);
	draft.hint = "A thread exited, or was cancelled, between lock and unlock; or fork() copied "
		     "the lock while another thread held it.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	ct_autofree struct left *left = calloc((size_t)facts->n_resources + 1, sizeof(*left));
	uint32_t n = 0;

	(void)graph, (void)policy;
	if (!left)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < facts->n_resources; i++)
		if (is_left(&facts->resources[i]))
			left[n++] = (struct left){facts->resources[i].owner_gone, i};
	if (n)
		qsort(left, n, sizeof(*left), by_owner);
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && left[end].owner == left[i].owner &&
				  left[i].owner != CT_OWNER_UNNAMED;)
			end++;
		enum ct_status status = report(out, left + i, end - i);
		if (status)
			return status;
	}
	return CT_OK;
}

const struct ct_rule ct_rule_lock_left = {
	.id = "CT121",
	.name = "lock-left-held",
	.summary = "a thread has ended with a lock in its hands, and nobody waits for it yet",
	.help = "The owner field of a lock names a thread that is not in this process. Whoever "
		"locks "
		"it next will wait for ever.",
	.silent_when =
		"The lock is robust and its next user will be told; it is process-shared; the "
		"list of threads is incomplete; somebody waits (CT103).",
	.level = CT_P2,
	.wants = CT_WANT_HELD,
	.run = run,
};
