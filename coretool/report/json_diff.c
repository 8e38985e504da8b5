/* SPDX-License-Identifier: Apache-2.0 */
/* The records of coretool-diff/1; docs/coretool-diff-1.schema.json describes them. */
#include "report/json.h"
#include "rules/diff.h"

static void add_pair(struct ct_record *r, const char *key, uint64_t old, uint64_t new)
{
	struct ct_record pair = ct_record_new();

	ct_record_int(&pair, "old", (int64_t)CT_MIN(old, (uint64_t)INT64_MAX));
	ct_record_int(&pair, "new", (int64_t)CT_MIN(new, (uint64_t)INT64_MAX));
	ct_record_add(r, key, ct_record_done(&pair));
}

/* Nothing when neither is known. */
static void add_texts(struct ct_record *r, const char *key, const char *old, const char *new)
{
	struct ct_record pair = ct_record_new();

	ct_record_text(&pair, "old", old);
	ct_record_text(&pair, "new", new);
	if (old || new)
		ct_record_add(r, key, ct_record_done(&pair));
	else
		json_decref(ct_record_done(&pair));
}

static json_t *json_counts(const struct ct_diff *diff)
{
	struct ct_record r = ct_record_new();

	ct_record_int(&r, "came", diff->n_changes[CT_CAME]);
	ct_record_int(&r, "stayed", diff->n_changes[CT_STAYED]);
	ct_record_int(&r, "went", diff->n_changes[CT_WENT]);
	ct_record_int(&r, "ignored", diff->n_ignored);
	return ct_record_done(&r);
}

static json_t *json_new(const struct ct_diff *diff)
{
	struct ct_record r = ct_record_new();

	for (enum ct_level level = 0; level < CT_N_LEVELS; level++)
		ct_record_int(&r, ct_level_name(level), diff->n_new[level]);
	return ct_record_done(&r);
}

json_t *ct_json_diff_summary(const struct ct_json *j, uint32_t index)
{
	const struct ct_diff *diff = j->document->diff;
	struct ct_record r = ct_record_new();

	(void)index;
	ct_record_text(&r, "headline", diff->headline);
	add_texts(&r, "verdict", diff->old->verdict, diff->new->verdict);
	add_pair(&r, "threads", diff->old->n_threads, diff->new->n_threads);
	if (diff->old->n_goroutines || diff->new->n_goroutines) {
		add_pair(&r, "goroutines", diff->old->n_goroutines, diff->new->n_goroutines);
		ct_record_int(&r, "new_goroutines", diff->n_added);
		ct_record_bool(&r, "by_number", diff->by_number);
	}
	ct_record_add(&r, "findings", json_counts(diff));
	ct_record_add(&r, "new", json_new(diff));
	return ct_record_done(&r);
}

static json_t *json_side(const struct ct_view *view)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "path", view->path);
	ct_record_text(&r, "exe", view->exe);
	if (view->pid > 0)
		ct_record_int(&r, "pid", view->pid);
	ct_record_text(&r, "headline", view->headline);
	ct_record_bool(&r, "partial", view->partial);
	return ct_record_done(&r);
}

json_t *ct_json_diff_old(const struct ct_json *j, uint32_t index)
{
	(void)index;
	return json_side(j->document->diff->old);
}

json_t *ct_json_diff_new(const struct ct_json *j, uint32_t index)
{
	(void)index;
	return json_side(j->document->diff->new);
}

json_t *ct_json_diff_finding(const struct ct_json *j, uint32_t index)
{
	const struct ct_diff_finding *d = &j->document->diff->findings[index];
	const struct ct_view_finding *f = d->new ? d->new : d->old;
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "change", ct_change_name(d->change));
	ct_record_text(&r, "rule", f->rule);
	ct_record_text(&r, "name", f->name);
	ct_record_text(&r, "level", ct_level_name(f->level));
	ct_record_text(&r, "confidence", f->confidence);
	ct_record_text(&r, "title", f->title);
	add_pair(&r, "threads", d->old ? d->old->n_actors : 0, d->new ? d->new->n_actors : 0);
	ct_record_text(&r, "fingerprint", f->fingerprint);
	ct_record_add(&r, "ignored_by", d->ignored_by ? ct_json_text(d->ignored_by) : json_null());
	return ct_record_done(&r);
}

static void add_functions(struct ct_record *r, const char *key)
{
	json_t *functions = ct_record_list(r, "functions");

	for (const char *line = key; line && *line; line += strcspn(line, "\n") + 1)
		ct_record_push(r, functions, json_stringn(line, strcspn(line, "\n")));
}

json_t *ct_json_diff_stack(const struct ct_json *j, uint32_t index)
{
	const struct ct_diff_stack *d = &j->document->diff->stacks[index];
	const struct ct_view_stack *s = d->new ? d->new : d->old;
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "change", ct_change_name(d->change));
	add_pair(&r, "threads", d->old ? d->old->n : 0, d->new ? d->new->n : 0);
	ct_record_text(&r, "place", s->place);
	ct_record_text(&r, "waits", s->waits);
	add_functions(&r, s->key);
	return ct_record_done(&r);
}

json_t *ct_json_diff_goroutines(const struct ct_json *j, uint32_t index)
{
	const struct ct_diff_goroutines *g = &j->document->diff->goroutines[index];
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "change", ct_change_name(g->change));
	add_pair(&r, "goroutines", g->old, g->new);
	ct_record_int(&r, "new", g->n_added);
	ct_record_text(&r, "place", g->place);
	ct_record_text(&r, "waits", g->group->waits);
	ct_record_text(&r, "created_by", g->group->creator);
	add_functions(&r, g->functions);
	ct_record_add(&r, "ignored_by", g->ignored_by ? ct_json_text(g->ignored_by) : json_null());
	return ct_record_done(&r);
}

static json_t *json_amount(const struct ct_diff_amount *d, bool has_bytes)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "change", ct_change_name(d->change));
	ct_record_text(&r, "name", (d->new ? d->new : d->old)->name);
	add_pair(&r, "objects", d->old ? d->old->objects : 0, d->new ? d->new->objects : 0);
	if (has_bytes)
		add_pair(&r, "bytes", d->old ? d->old->bytes : 0, d->new ? d->new->bytes : 0);
	return ct_record_done(&r);
}

json_t *ct_json_diff_pool(const struct ct_json *j, uint32_t index)
{
	return json_amount(&j->document->diff->pools[index], j->document->diff->pool_bytes);
}

json_t *ct_json_diff_type(const struct ct_json *j, uint32_t index)
{
	return json_amount(&j->document->diff->types[index], true);
}

json_t *ct_json_diff_lock(const struct ct_json *j, uint32_t index)
{
	const struct ct_diff_lock *d = &j->document->diff->locks[index];
	const struct ct_view_lock *l = d->new ? d->new : d->old;
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "change", ct_change_name(d->change));
	ct_record_text(&r, "kind", l->kind);
	ct_record_text(&r, "name", l->name);
	ct_record_text(&r, "place", l->place);
	add_pair(&r, "waiters", d->old ? d->old->waiters : 0, d->new ? d->new->waiters : 0);
	add_texts(&r, "holder", d->old ? d->old->holder : NULL, d->new ? d->new->holder : NULL);
	ct_record_bool(&r, "other_holder", d->other_holder);
	return ct_record_done(&r);
}

json_t *ct_json_diff_note(const struct ct_json *j, uint32_t index)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "text", j->document->diff->notes[index]);
	return ct_record_done(&r);
}
