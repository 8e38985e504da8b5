/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/diff_words.h"

#include "base/str.h"
#include "rules/policy.h"

#define RULE "CT122"

/* For what somebody holds: threads that wait for work are no pile. */
static bool is_behind_lock(const char *waits)
{
	for (enum ct_wait_kind kind = 0; waits && kind < CT_N_WAIT_KINDS; kind++)
		if (!strcmp(ct_wait_kind_name(kind), waits))
			return ct_wait_kind_has_holder(kind) && kind != CT_WAIT_JOIN;
	return false;
}

const struct ct_view_finding *ct_diff_growth(
	const struct ct_pile *pile, const struct ct_policy *policy, struct ct_arena *arena)
{
	uint32_t level = ct_policy_level(policy, RULE);

	if (level == CT_RULE_OFF || pile->new < ct_policy_threshold(policy, CT_THRESHOLD_PILE_UP) ||
		pile->new / 2 < pile->old || !is_behind_lock(pile->waits))
		return NULL;
	struct ct_view_finding *ret = ct_arena_new(arena, struct ct_view_finding);
	if (!ret)
		return NULL;
	*ret = (struct ct_view_finding){
		.rule = RULE,
		.name = "stack-pile-up",
		.title = ct_arena_printf(arena, "%u %s wait for a lock in %s, before %u", pile->new,
			pile->what, pile->place, pile->old),
		.fingerprint = ct_arena_printf(arena, "%016llx",
			(unsigned long long)(ct_hash_bytes(pile->key, strlen(pile->key)) ^
					     ct_hash_bytes(RULE, strlen(RULE)))),
		.level = level < CT_N_LEVELS ? level : CT_P2,
		.confidence = ct_confidence_name(CT_LIKELY),
		.n_actors = pile->new,
	};
	return ret->title && ret->fingerprint ? ret : NULL;
}

static void add_clause(struct ct_str *s, const char *text)
{
	ct_str_add(s, "%s%s", s->len ? "; " : "", text);
}

/* "2 new findings (CT101 lock-cycle, CT103 dead-owner)" */
static void add_new_findings(const struct ct_diff *diff, struct ct_str *s)
{
	uint32_t n = diff->n_changes[CT_CAME], named = 0;

	if (!n)
		return;
	ct_str_add(s, "%s%u new finding%s (", s->len ? "; " : "", n, n == 1 ? "" : "s");
	for (uint32_t i = 0; i < diff->n_findings && named < 3; i++) {
		const struct ct_diff_finding *f = &diff->findings[i];

		if (f->change == CT_CAME && !f->ignored_by)
			ct_str_add(s, "%s%s %s", named++ ? ", " : "", f->new->rule, f->new->name);
	}
	ct_str_add(s, "%s)", n > named ? ", …" : "");
}

/* Of the lock with the most waiters more, if any has; a condition variable is none. */
static bool add_lock(const struct ct_diff *diff, struct ct_str *s)
{
	uint32_t best = 0, more = 0;

	for (uint32_t i = 0; i < diff->n_locks; i++) {
		const struct ct_diff_lock *l = &diff->locks[i];
		uint32_t before = l->old ? l->old->waiters : 0;
		uint32_t after = l->new ? l->new->waiters : 0;

		if (after > before && after - before > more && is_behind_lock(l->new->waits)) {
			best = i;
			more = after - before;
		}
	}
	if (!more)
		return false;
	const struct ct_view_lock *lock = diff->locks[best].new;
	ct_str_add(s, "%s%u more thread%s for ", s->len ? "; " : "", more,
		more == 1 ? " waits" : "s wait");
	if (lock->name)
		ct_str_add(s, "%s", lock->name);
	else
		ct_str_add(s, "a %s%s%s", lock->kind, lock->place ? " in " : "",
			lock->place ? lock->place : "");
	return true;
}

/* "5 new goroutines, 3 of them in main.worker()" */
static bool add_goroutines(const struct ct_diff *diff, struct ct_str *s)
{
	const struct ct_diff_goroutines *best = NULL;

	for (uint32_t i = 0; i < diff->n_goroutines; i++) {
		const struct ct_diff_goroutines *g = &diff->goroutines[i];

		if (!g->ignored_by && g->n_added > (best ? best->n_added : 0))
			best = g;
	}
	if (!best)
		return false;
	ct_str_add(s, "%s%u new goroutine%s", s->len ? "; " : "", diff->n_added,
		diff->n_added == 1 ? "" : "s");
	if (best->n_added < diff->n_added)
		ct_str_add(s, ", %u of them", best->n_added);
	ct_str_add(s, " in %s", best->place);
	return true;
}

/* Of the place with the most threads more. They are sorted. */
static void add_stack(const struct ct_diff *diff, struct ct_str *s)
{
	const struct ct_view_stack *best = NULL;
	uint32_t more = 0;

	for (uint32_t i = 0; i < diff->n_stacks; i++) {
		const struct ct_diff_stack *k = &diff->stacks[i];
		uint32_t before = k->old ? k->old->n : 0, after = k->new ? k->new->n : 0;

		if (after > before && after - before > more) {
			best = k->new;
			more = after - before;
		}
	}
	if (best)
		ct_str_add(s, "%s%u more thread%s in %s", s->len ? "; " : "", more,
			more == 1 ? "" : "s", best->place);
}

/* What is gone is said when nothing worse is. */
static void add_gone(const struct ct_diff *diff, struct ct_str *s)
{
	uint32_t n = diff->n_changes[CT_WENT];

	if (n)
		ct_str_add(s, "%s%u finding%s less", s->len ? "; " : "", n, n == 1 ? "" : "s");
	if (!s->len && diff->old->n_threads != diff->new->n_threads)
		ct_str_add(s, "%u threads, before %u", diff->new->n_threads, diff->old->n_threads);
	if (!s->len && diff->old->n_goroutines != diff->new->n_goroutines)
		ct_str_add(s, "%u goroutines, before %u", diff->new->n_goroutines,
			diff->old->n_goroutines);
	if (!s->len && (diff->n_locks || diff->n_stacks || diff->n_goroutines))
		add_clause(s, "fewer wait, or others");
}

const char *ct_diff_headline(const struct ct_diff *diff, struct ct_arena *arena)
{
	const char *old = diff->old->verdict, *new = diff->new->verdict;
	ct_autostr text = {0}, clauses = {0};

	add_new_findings(diff, &clauses);
	bool lock = add_lock(diff, &clauses), goroutines = add_goroutines(diff, &clauses);
	if (!lock && !goroutines)
		add_stack(diff, &clauses);
	add_gone(diff, &clauses);
	if (!clauses.len)
		add_clause(&clauses, diff->n_changes[CT_STAYED]
					     ? "the same findings, locks and stacks as before"
					     : "nothing has come or gone");
	if (strcmp(old, new) != 0)
		ct_str_add(&text, "%s, before %s: ", new, old);
	else
		ct_str_add(&text, "%s as before: ", new);
	ct_str_add(&text, "%s", ct_str_text(&clauses));
	if (text.failed || clauses.failed)
		return NULL;
	return ct_arena_strndup(arena, ct_str_text(&text), text.len);
}
