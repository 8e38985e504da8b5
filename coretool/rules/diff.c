/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "rules/diff_internal.h"
#include "rules/diff_words.h"
#include "rules/policy.h"

#define MAX_NOTES 5

const char *ct_change_name(enum ct_change change)
{
	static const char *const names[] = {"came", "grew", "stayed", "shrank", "went"};

	_Static_assert(CT_COUNT(names) == CT_N_CHANGES, "one name for each change");
	return names[change];
}

enum ct_change ct_change_of(uint64_t old, uint64_t new)
{
	if (!old)
		return CT_CAME;
	if (!new)
		return CT_WENT;
	return new > old ? CT_GREW : new < old ? CT_SHRANK : CT_STAYED;
}

bool ct_diff_is_current(const struct ct_differ *d, enum ct_change change)
{
	return d->ignore_current && change != CT_CAME && change != CT_GREW;
}

static bool knows(const struct ct_policy *policy, const struct ct_view_finding *f)
{
	for (size_t i = 0; policy && f->fingerprint && i < policy->known.n; i++)
		if (!strcmp(policy->known.items[i], f->fingerprint))
			return true;
	return false;
}

static void record_finding(
	struct ct_differ *d, const struct ct_view_finding *old, const struct ct_view_finding *new)
{
	const struct ct_view_finding *f = new ? new : old;
	enum ct_change change = !old ? CT_CAME : !new ? CT_WENT : CT_STAYED;
	const char *ignored = f->ignored_by         ? f->ignored_by
			      : knows(d->policy, f) ? "--baseline"
						    : NULL;

	if (ct_diff_is_current(d, change))
		return;
	if (ignored)
		d->diff->n_ignored++;
	else
		d->diff->n_changes[change]++;
	if (!ignored && change == CT_CAME)
		d->diff->n_new[f->level]++;
	struct ct_diff_finding *slot = ct_vec_push(&d->findings);
	if (slot)
		*slot = (struct ct_diff_finding){change, old, new, ignored};
	d->failed |= !slot;
}

/* A pile that is new in whole and large enough is a finding of the new core's own. */
static bool is_told(const struct ct_differ *d, const struct ct_view_finding *growth)
{
	for (uint32_t i = 0; i < d->findings.n; i++) {
		const struct ct_view_finding *f = d->findings.items[i].new;

		if (f && !d->findings.items[i].old && !strcmp(f->rule, growth->rule) &&
			f->n_actors == growth->n_actors)
			return true;
	}
	return false;
}

static void add_finding(void *self, uint32_t old, uint32_t new)
{
	struct ct_differ *d = self;

	record_finding(d, old != CT_NONE ? &d->old->findings[old] : NULL,
		new != CT_NONE ? &d->new->findings[new] : NULL);
}

static void add_stack(void *self, uint32_t o, uint32_t n)
{
	struct ct_differ *d = self;
	const struct ct_view_stack *old = o != CT_NONE ? &d->old->stacks[o] : NULL;
	const struct ct_view_stack *new = n != CT_NONE ? &d->new->stacks[n] : NULL;
	uint32_t before = old ? old->n : 0, after = new ? new->n : 0;
	enum ct_change change = ct_change_of(before, after);
	bool skip = before == after || ct_diff_is_current(d, change);
	struct ct_diff_stack *slot = skip ? NULL : ct_vec_push(&d->stacks);

	if (slot)
		*slot = (struct ct_diff_stack){change, old, new};
	d->failed |= !skip && !slot;
}

/* Thread ids mean the same only in one process; else the name, or the function it started in. */
static bool has_other_holder(
	const struct ct_differ *d, const struct ct_view_lock *old, const struct ct_view_lock *new)
{
	if (!old->holder || !new->holder)
		return false;
	if (d->same_process)
		return old->holder_id != new->holder_id;
	return old->holder_label &&
	       new->holder_label &&strcmp(old->holder_label, new->holder_label) != 0;
}

static void add_lock(void *self, uint32_t o, uint32_t n)
{
	struct ct_differ *d = self;
	const struct ct_view_lock *old = o != CT_NONE ? &d->old->locks[o] : NULL;
	const struct ct_view_lock *new = n != CT_NONE ? &d->new->locks[n] : NULL;
	enum ct_change change = ct_change_of(old ? old->waiters : 0, new ? new->waiters : 0);
	bool other = old && new &&has_other_holder(d, old, new);
	bool skip = (change == CT_STAYED && !other) || ct_diff_is_current(d, change);
	struct ct_diff_lock *slot = skip ? NULL : ct_vec_push(&d->locks);

	if (slot)
		*slot = (struct ct_diff_lock){change, old, new, other};
	d->failed |= !skip && !slot;
}

/* What a lock is known by: its key; without one, in the same process, its address. NULL: nothing.
 */
static const char *lock_key(struct ct_differ *d, const struct ct_view_lock *lock)
{
	if (lock->key || !d->same_process)
		return lock->key;
	return ct_arena_printf(
		d->arena, "%s 0x%llx", lock->kind, (unsigned long long)lock->address);
}

struct ct_keys ct_diff_keys(struct ct_differ *d, uint32_t n)
{
	struct ct_keys keys = {ct_arena_new_array(d->arena, (size_t)n + 1, const char *), n};

	d->failed |= !keys.items;
	return keys.items ? keys : (struct ct_keys){0};
}

/* Where one has no fingerprint, all go by their rules: else it would be new. */
static bool have_fingerprints(const struct ct_view *view)
{
	for (uint32_t i = 0; i < view->n_findings; i++)
		if (!view->findings[i].fingerprint)
			return false;
	return true;
}

static struct ct_keys keys_of_findings(
	struct ct_differ *d, const struct ct_view *view, bool fingerprints)
{
	struct ct_keys keys = ct_diff_keys(d, view->n_findings);

	for (uint32_t i = 0; i < keys.n; i++)
		keys.items[i] =
			fingerprints ? view->findings[i].fingerprint : view->findings[i].rule;
	return keys;
}

static struct ct_keys keys_of_stacks(struct ct_differ *d, const struct ct_view *view)
{
	struct ct_keys keys = ct_diff_keys(d, view->n_stacks);

	for (uint32_t i = 0; i < keys.n; i++)
		keys.items[i] = view->stacks[i].key;
	return keys;
}

static struct ct_keys keys_of_locks(struct ct_differ *d, const struct ct_view *view)
{
	struct ct_keys keys = ct_diff_keys(d, view->n_locks);

	for (uint32_t i = 0; i < keys.n; i++)
		keys.items[i] = lock_key(d, &view->locks[i]);
	return keys;
}

static void note(struct ct_differ *d, const char **notes, const char *text)
{
	notes[d->diff->n_notes++] = text;
}

static void compare(struct ct_differ *d)
{
	const struct ct_view *old = d->old, *new = d->new;
	const char **notes = ct_arena_new_array(d->arena, MAX_NOTES, const char *);

	if (!notes)
		return;
	d->diff->notes = notes;
	bool fingerprints = have_fingerprints(old) && have_fingerprints(new);
	struct ct_keys a = keys_of_findings(d, old, fingerprints);
	struct ct_keys b = keys_of_findings(d, new, fingerprints);
	d->failed |= !ct_pair(&a, &b, add_finding, d);
	if (!fingerprints)
		note(d, notes,
			"a finding has no fingerprint: findings are compared by their rules alone");
	if (old->has_stacks && new->has_stacks) {
		a = keys_of_stacks(d, old);
		b = keys_of_stacks(d, new);
		d->failed |= !ct_pair(&a, &b, add_stack, d);
		ct_diff_goroutines(d);
	} else {
		note(d, notes, "one of them has no stacks: stacks are not compared");
	}
	/* Without stacks a lock has no name, and no place where it is waited for. */
	if (old->has_locks && new->has_locks && old->has_stacks == new->has_stacks) {
		a = keys_of_locks(d, old);
		b = keys_of_locks(d, new);
		d->failed |= !ct_pair(&a, &b, add_lock, d);
	} else {
		note(d, notes, "they do not tell alike of locks: locks are not compared");
	}
	ct_diff_amounts(d);
	if (old->has_types != new->has_types || old->has_pools != new->has_pools)
		note(d, notes,
			"one of them does not tell of the heap or of pools: these are not "
			"compared");
	if (old->partial || new->partial)
		note(d, notes,
			"one of them was analysed in part: what seems to have come or gone may "
			"only have been missing");
}

static void add_pile(struct ct_differ *d, const struct ct_pile *pile)
{
	const struct ct_view_finding *f = ct_diff_growth(pile, d->policy, d->arena);

	if (f && !is_told(d, f))
		record_finding(d, NULL, f);
}

/* What CT122 cannot see in one core alone. */
static void add_growth(struct ct_differ *d)
{
	for (uint32_t i = 0; i < d->stacks.n; i++) {
		const struct ct_diff_stack *s = &d->stacks.items[i];

		if (s->new)
			add_pile(d, &(struct ct_pile){"threads", s->new->key, s->new->place,
					    s->new->waits, s->old ? s->old->n : 0, s->new->n});
	}
	for (uint32_t i = 0; i < d->goroutines.n; i++) {
		const struct ct_diff_goroutines *g = &d->goroutines.items[i];

		add_pile(d, &(struct ct_pile){"goroutines", g->functions, g->place, g->group->kind,
				    g->old, g->new});
	}
}

static uint64_t delta_of(uint32_t old, uint32_t new)
{
	return old < new ? new - old : old - new;
}

int ct_diff_order(enum ct_change a, enum ct_change b, uint64_t delta_a, uint64_t delta_b)
{
	if (a != b)
		return a < b ? -1 : 1;
	return delta_a < delta_b ? 1 : delta_a > delta_b ? -1 : 0;
}

static const char *name_of(const struct ct_view_finding *f)
{
	return f->fingerprint ? f->fingerprint : f->rule;
}

static int compare_findings(const void *a, const void *b)
{
	const struct ct_diff_finding *x = a, *y = b;
	const struct ct_view_finding *f = x->new ? x->new : x->old, *g = y->new ? y->new : y->old;
	int order = ct_diff_order(x->change, y->change, g->level, f->level);

	return order ? order : strcmp(name_of(f), name_of(g));
}

static int compare_stacks(const void *a, const void *b)
{
	const struct ct_diff_stack *x = a, *y = b;
	int order = ct_diff_order(x->change, y->change,
		delta_of(x->old ? x->old->n : 0, x->new ? x->new->n : 0),
		delta_of(y->old ? y->old->n : 0, y->new ? y->new->n : 0));

	return order ? order
		     : strcmp((x->new ? x->new : x->old)->key, (y->new ? y->new : y->old)->key);
}

static int compare_locks(const void *a, const void *b)
{
	const struct ct_diff_lock *x = a, *y = b;
	int order = ct_diff_order(x->change, y->change,
		delta_of(x->old ? x->old->waiters : 0, x->new ? x->new->waiters : 0),
		delta_of(y->old ? y->old->waiters : 0, y->new ? y->new->waiters : 0));
	const struct ct_view_lock *l = x->new ? x->new : x->old, *m = y->new ? y->new : y->old;

	if (order || !l->key || !m->key)
		return order ? order : (l->address > m->address) - (l->address < m->address);
	return strcmp(l->key, m->key);
}

#define SORT(d, what)                                                                              \
	do {                                                                                       \
		if ((d)->what.n)                                                                   \
			qsort((d)->what.items, (d)->what.n, sizeof(*(d)->what.items),              \
				compare_##what);                                                   \
	} while (0)

#define KEEP(d, what)                                                                              \
	do {                                                                                       \
		(d)->diff->what = ct_arena_copy(                                                   \
			(d)->arena, (d)->what.items, (d)->what.n * sizeof(*(d)->what.items));      \
		(d)->diff->n_##what = (d)->what.n;                                                 \
		(d)->failed |= !(d)->diff->what;                                                   \
		ct_vec_free(&(d)->what);                                                           \
	} while (0)

static void settle(struct ct_differ *d)
{
	SORT(d, findings);
	SORT(d, stacks);
	SORT(d, locks);
	KEEP(d, findings);
	KEEP(d, stacks);
	KEEP(d, locks);
	KEEP(d, goroutines);
	KEEP(d, pools);
	KEEP(d, types);
}

static bool same_process(const struct ct_view *old, const struct ct_view *new)
{
	return old->pid > 0 && old->pid == new->pid && old->exe &&new->exe &&
	       !strcmp(old->exe, new->exe);
}

enum ct_status ct_diff_views(const struct ct_view *old, const struct ct_view *new,
	const struct ct_policy *policy, bool ignore_current, struct ct_document **ret,
	struct ct_error *err)
{
	struct ct_arena arena = {0};
	struct ct_document *doc = ct_arena_new(&arena, struct ct_document);

	if (!doc)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	doc->arena = arena;
	doc->kind = CT_DOCUMENT_DIFF;
	doc->policy = policy;
	struct ct_diff *diff = ct_arena_new(&doc->arena, struct ct_diff);
	struct ct_differ d = {.old = old,
		.new = new,
		.policy = policy,
		.arena = &doc->arena,
		.diff = diff,
		.same_process = same_process(old, new),
		.ignore_current = ignore_current};
	if (diff) {
		diff->old = old;
		diff->new = new;
		compare(&d);
		add_growth(&d);
		settle(&d);
		diff->headline = ct_diff_headline(diff, d.arena);
	}
	doc->diff = diff;
	if (d.failed || doc->arena.failed) {
		ct_document_free(doc);
		return ct_fail(err, CT_NO_MEMORY, "out of memory while comparing");
	}
	*ret = doc;
	return CT_OK;
}
