/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/diff.h"

#include "base/str.h"
#include "rules/diff_words.h"
#include "rules/policy.h"

#define MAX_NOTES 4

struct differ {
	const struct ct_view *old, *new;
	const struct ct_policy *policy;
	struct ct_arena *arena;
	struct ct_diff *diff;
	bool same_process, ignore_current, failed;
	CT_VEC(struct ct_diff_finding) findings;
	CT_VEC(struct ct_diff_stack) stacks;
	CT_VEC(struct ct_diff_lock) locks;
};

const char *ct_change_name(enum ct_change change)
{
	static const char *const names[] = {"came", "grew", "stayed", "shrank", "went"};

	_Static_assert(CT_COUNT(names) == CT_N_CHANGES, "one name for each change");
	return names[change];
}

static enum ct_change change_of(uint32_t old, uint32_t new)
{
	if (!old)
		return CT_CAME;
	if (!new)
		return CT_WENT;
	return new > old ? CT_GREW : new < old ? CT_SHRANK : CT_STAYED;
}

/* Is a change left out because it was there before? */
static bool is_current(const struct differ *d, enum ct_change change)
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
	struct differ *d, const struct ct_view_finding *old, const struct ct_view_finding *new)
{
	const struct ct_view_finding *f = new ? new : old;
	enum ct_change change = !old ? CT_CAME : !new ? CT_WENT : CT_STAYED;
	const char *ignored = f->ignored_by         ? f->ignored_by
			      : knows(d->policy, f) ? "--baseline"
						    : NULL;

	if (is_current(d, change))
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
static bool is_told(const struct differ *d, const struct ct_view_finding *growth)
{
	for (uint32_t i = 0; i < d->findings.n; i++) {
		const struct ct_view_finding *f = d->findings.items[i].new;

		if (f && !d->findings.items[i].old && !strcmp(f->rule, growth->rule) &&
			f->n_actors == growth->n_actors)
			return true;
	}
	return false;
}

static void add_finding(struct differ *d, uint32_t old, uint32_t new)
{
	record_finding(d, old != CT_NONE ? &d->old->findings[old] : NULL,
		new != CT_NONE ? &d->new->findings[new] : NULL);
}

static void add_stack(struct differ *d, uint32_t o, uint32_t n)
{
	const struct ct_view_stack *old = o != CT_NONE ? &d->old->stacks[o] : NULL;
	const struct ct_view_stack *new = n != CT_NONE ? &d->new->stacks[n] : NULL;
	uint32_t before = old ? old->n : 0, after = new ? new->n : 0;
	enum ct_change change = change_of(before, after);
	bool skip = before == after || is_current(d, change);
	struct ct_diff_stack *slot = skip ? NULL : ct_vec_push(&d->stacks);

	if (slot)
		*slot = (struct ct_diff_stack){change, old, new};
	d->failed |= !skip && !slot;
}

/* Thread ids mean the same only in one process; else the name, or the function it started in. */
static bool has_other_holder(
	const struct differ *d, const struct ct_view_lock *old, const struct ct_view_lock *new)
{
	if (!old->holder || !new->holder)
		return false;
	if (d->same_process)
		return old->holder_id != new->holder_id;
	return old->holder_label &&
	       new->holder_label &&strcmp(old->holder_label, new->holder_label) != 0;
}

static void add_lock(struct differ *d, uint32_t o, uint32_t n)
{
	const struct ct_view_lock *old = o != CT_NONE ? &d->old->locks[o] : NULL;
	const struct ct_view_lock *new = n != CT_NONE ? &d->new->locks[n] : NULL;
	enum ct_change change = change_of(old ? old->waiters : 0, new ? new->waiters : 0);
	bool other = old && new &&has_other_holder(d, old, new);
	bool skip = (change == CT_STAYED && !other) || is_current(d, change);
	struct ct_diff_lock *slot = skip ? NULL : ct_vec_push(&d->locks);

	if (slot)
		*slot = (struct ct_diff_lock){change, old, new, other};
	d->failed |= !skip && !slot;
}

/* What a lock is known by: its key; without one, in the same process, its address. NULL: nothing.
 */
static const char *lock_key(struct differ *d, const struct ct_view_lock *lock)
{
	if (lock->key || !d->same_process)
		return lock->key;
	return ct_arena_printf(
		d->arena, "%s 0x%llx", lock->kind, (unsigned long long)lock->address);
}

/* Things of one kind by their keys, to be paired. */
struct keys {
	const char **items; /* NULL: it goes with none and is not told */
	uint32_t n;
};

/* The old ones by key: a list for each, whose head is with the first that was met. */
struct lists {
	struct ct_hash hash;
	uint32_t *head, *next;
};

/* The one that stands for all with this key, or CT_NONE. */
static uint32_t list_of(const struct lists *lists, const struct keys *keys, const char *key)
{
	struct ct_hash_it it = ct_hash_find(&lists->hash, ct_hash_bytes(key, strlen(key)));
	uint32_t i;

	while (ct_hash_next(&lists->hash, &it, &i))
		if (!strcmp(keys->items[i], key))
			return i;
	return CT_NONE;
}

static bool make_lists(const struct keys *old, struct lists *ret)
{
	ret->head = malloc(((size_t)old->n + 1) * sizeof(*ret->head));
	ret->next = malloc(((size_t)old->n + 1) * sizeof(*ret->next));
	for (uint32_t i = old->n; ret->head && ret->next && i-- > 0;) {
		const char *key = old->items[i];
		uint32_t list = key ? list_of(ret, old, key) : CT_NONE;

		if (!key)
			continue;
		ret->next[i] = list == CT_NONE ? CT_NONE : ret->head[list];
		ret->head[list == CT_NONE ? i : list] = i;
		if (list == CT_NONE &&
			!ct_hash_insert(&ret->hash, ct_hash_bytes(key, strlen(key)), i))
			return false;
	}
	return ret->head && ret->next;
}

/* Calls add for each pair with one key, and for each that goes with none: CT_NONE is the other. */
static void pair(struct differ *d, const struct keys *old, const struct keys *new,
	void (*add)(struct differ *d, uint32_t old, uint32_t new))
{
	struct lists lists = {0};
	ct_autofree bool *paired = calloc((size_t)old->n + 1, sizeof(*paired));
	bool ok = paired && make_lists(old, &lists);

	for (uint32_t i = 0; ok && i < new->n; i++) {
		if (!new->items[i])
			continue;
		uint32_t list = list_of(&lists, old, new->items[i]);
		uint32_t other = list != CT_NONE ? lists.head[list] : CT_NONE;

		if (other != CT_NONE) {
			lists.head[list] = lists.next[other];
			paired[other] = true;
		}
		add(d, other, i);
	}
	for (uint32_t i = 0; ok && i < old->n; i++)
		if (!paired[i] && old->items[i])
			add(d, i, CT_NONE);
	d->failed |= !ok;
	ct_hash_free(&lists.hash);
	free(lists.head);
	free(lists.next);
}

static struct keys new_keys(struct differ *d, uint32_t n)
{
	struct keys keys = {ct_arena_new_array(d->arena, (size_t)n + 1, const char *), n};

	d->failed |= !keys.items;
	return keys.items ? keys : (struct keys){0};
}

/* Where one has no fingerprint, all go by their rules: else it would be new. */
static bool have_fingerprints(const struct ct_view *view)
{
	for (uint32_t i = 0; i < view->n_findings; i++)
		if (!view->findings[i].fingerprint)
			return false;
	return true;
}

static struct keys keys_of_findings(struct differ *d, const struct ct_view *view, bool fingerprints)
{
	struct keys keys = new_keys(d, view->n_findings);

	for (uint32_t i = 0; i < keys.n; i++)
		keys.items[i] =
			fingerprints ? view->findings[i].fingerprint : view->findings[i].rule;
	return keys;
}

static struct keys keys_of_stacks(struct differ *d, const struct ct_view *view)
{
	struct keys keys = new_keys(d, view->n_stacks);

	for (uint32_t i = 0; i < keys.n; i++)
		keys.items[i] = view->stacks[i].key;
	return keys;
}

static struct keys keys_of_locks(struct differ *d, const struct ct_view *view)
{
	struct keys keys = new_keys(d, view->n_locks);

	for (uint32_t i = 0; i < keys.n; i++)
		keys.items[i] = lock_key(d, &view->locks[i]);
	return keys;
}

static void note(struct differ *d, const char **notes, const char *text)
{
	notes[d->diff->n_notes++] = text;
}

static void compare(struct differ *d)
{
	const struct ct_view *old = d->old, *new = d->new;
	const char **notes = ct_arena_new_array(d->arena, MAX_NOTES, const char *);

	if (!notes)
		return;
	d->diff->notes = notes;
	bool fingerprints = have_fingerprints(old) && have_fingerprints(new);
	struct keys a = keys_of_findings(d, old, fingerprints);
	struct keys b = keys_of_findings(d, new, fingerprints);
	pair(d, &a, &b, add_finding);
	if (!fingerprints)
		note(d, notes,
			"a finding has no fingerprint: findings are compared by their rules alone");
	if (old->has_stacks && new->has_stacks) {
		a = keys_of_stacks(d, old);
		b = keys_of_stacks(d, new);
		pair(d, &a, &b, add_stack);
	} else {
		note(d, notes, "one of them has no stacks: stacks are not compared");
	}
	/* Without stacks a lock has no name, and no place where it is waited for. */
	if (old->has_locks && new->has_locks && old->has_stacks == new->has_stacks) {
		a = keys_of_locks(d, old);
		b = keys_of_locks(d, new);
		pair(d, &a, &b, add_lock);
	} else {
		note(d, notes, "they do not tell alike of locks: locks are not compared");
	}
	if (old->partial || new->partial)
		note(d, notes,
			"one of them was analysed in part: what seems to have come or gone may "
			"only have been missing");
}

/* What CT122 cannot see in one core alone. */
static void add_growth(struct differ *d)
{
	for (uint32_t i = 0; i < d->stacks.n; i++) {
		const struct ct_view_finding *f =
			ct_diff_growth(&d->stacks.items[i], d->policy, d->arena);

		if (f && !is_told(d, f))
			record_finding(d, NULL, f);
	}
}

static int64_t delta_of(uint32_t old, uint32_t new)
{
	int64_t delta = (int64_t) new - old;

	return delta < 0 ? -delta : delta;
}

static int by_change(enum ct_change a, enum ct_change b, int64_t delta_a, int64_t delta_b)
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
	int order = by_change(x->change, y->change, g->level, f->level);

	return order ? order : strcmp(name_of(f), name_of(g));
}

static int compare_stacks(const void *a, const void *b)
{
	const struct ct_diff_stack *x = a, *y = b;
	int order = by_change(x->change, y->change,
		delta_of(x->old ? x->old->n : 0, x->new ? x->new->n : 0),
		delta_of(y->old ? y->old->n : 0, y->new ? y->new->n : 0));

	return order ? order
		     : strcmp((x->new ? x->new : x->old)->key, (y->new ? y->new : y->old)->key);
}

static int compare_locks(const void *a, const void *b)
{
	const struct ct_diff_lock *x = a, *y = b;
	int order = by_change(x->change, y->change,
		delta_of(x->old ? x->old->waiters : 0, x->new ? x->new->waiters : 0),
		delta_of(y->old ? y->old->waiters : 0, y->new ? y->new->waiters : 0));
	const struct ct_view_lock *l = x->new ? x->new : x->old, *m = y->new ? y->new : y->old;

	if (order || !l->key || !m->key)
		return order ? order : (l->address > m->address) - (l->address < m->address);
	return strcmp(l->key, m->key);
}

#define SETTLE(d, what)                                                                            \
	do {                                                                                       \
		if ((d)->what.n)                                                                   \
			qsort((d)->what.items, (d)->what.n, sizeof(*(d)->what.items),              \
				compare_##what);                                                   \
		(d)->diff->what = ct_arena_copy(                                                   \
			(d)->arena, (d)->what.items, (d)->what.n * sizeof(*(d)->what.items));      \
		(d)->diff->n_##what = (d)->what.n;                                                 \
		(d)->failed |= !(d)->diff->what;                                                   \
		ct_vec_free(&(d)->what);                                                           \
	} while (0)

static void settle(struct differ *d)
{
	SETTLE(d, findings);
	SETTLE(d, stacks);
	SETTLE(d, locks);
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
	struct differ d = {.old = old,
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
