/* SPDX-License-Identifier: Apache-2.0 */
/* What is different between two reports: the answer, then findings, locks and places. */
#include <inttypes.h>

#include "report/text.h"
#include "rules/diff.h"

#define SHOWN 10 /* of each kind, without -v */

static void write_side(struct ct_text *t, const char *which, const struct ct_view *view)
{
	ct_text_add(t, "%s  %s: %s, %u thread%s", which, view->path ? view->path : "?",
		view->verdict, view->n_threads, view->n_threads == 1 ? "" : "s");
	if (view->n_goroutines)
		ct_text_add(t, ", %u goroutine%s", view->n_goroutines,
			view->n_goroutines == 1 ? "" : "s");
	ct_text_add(t, "%s", view->partial ? ", in part only" : "");
	ct_text_end(t);
}

/* A heading before the first; false: enough was said. */
static bool begin(struct ct_text *t, const char *heading, uint32_t *shown, uint32_t n)
{
	if (*shown == SHOWN && !t->verbose) {
		ct_text_say(t, "  … %u more (-v)", n - *shown);
		return false;
	}
	if (!(*shown)++)
		ct_text_head(t, "%s", heading);
	return true;
}

static uint32_t count(const struct ct_diff *diff, enum ct_change change)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < diff->n_findings; i++)
		n += diff->findings[i].change == change;
	return n;
}

static void write_findings(struct ct_text *t, const char *heading, enum ct_change change)
{
	const struct ct_diff *diff = t->document->diff;
	uint32_t shown = 0, n = count(diff, change);

	for (uint32_t i = 0; i < diff->n_findings; i++) {
		const struct ct_diff_finding *d = &diff->findings[i];
		const struct ct_view_finding *f = d->new ? d->new : d->old;

		if (d->change != change)
			continue;
		if (!begin(t, heading, &shown, n))
			return;
		ct_text_add(t, "  %s %s, %s, %s", f->rule, f->name, ct_level_name(f->level),
			f->confidence);
		if (d->ignored_by)
			ct_text_add(t, " (ignored: %s)", d->ignored_by);
		ct_text_add(t, ": %s", f->title ? f->title : "");
		ct_text_end(t);
	}
}

static void write_lock(struct ct_text *t, const struct ct_diff_lock *d)
{
	const struct ct_view_lock *l = d->new ? d->new : d->old;
	uint32_t before = d->old ? d->old->waiters : 0, after = d->new ? d->new->waiters : 0;

	if (l->name)
		ct_text_add(t, "  %s (%s)", l->name, l->kind);
	else
		ct_text_add(t, "  a %s%s%s", l->kind, l->place ? " that is waited for in " : "",
			l->place ? l->place : "");
	ct_text_add(t, ": %u wait%s, before %u", after, after == 1 ? "s" : "", before);
	if (d->new && d->new->holder)
		ct_text_add(t, "; held by %s", d->new->holder);
	if (d->other_holder)
		ct_text_add(t, ", before by %s", d->old->holder);
	ct_text_end(t);
}

static void write_locks(struct ct_text *t)
{
	const struct ct_diff *diff = t->document->diff;
	uint32_t shown = 0;

	for (uint32_t i = 0; i < diff->n_locks; i++)
		if (begin(t, "Locks", &shown, diff->n_locks))
			write_lock(t, &diff->locks[i]);
		else
			return;
}

static void write_functions(struct ct_text *t, const char *key)
{
	for (const char *line = key ? key : ""; *line;) {
		size_t len = strcspn(line, "\n");

		ct_text_say(t, "      %.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void write_stack(struct ct_text *t, const struct ct_diff_stack *d)
{
	const struct ct_view_stack *s = d->new ? d->new : d->old;
	uint32_t before = d->old ? d->old->n : 0, after = d->new ? d->new->n : 0;

	ct_text_add(t, "  %u thread%s, before %u, in %s", after, after == 1 ? "" : "s", before,
		s->place);
	if (s->waits)
		ct_text_add(t, " (waits: %s)", s->waits);
	ct_text_end(t);
	if (t->verbose)
		write_functions(t, s->key);
}

static void write_stacks(struct ct_text *t)
{
	const struct ct_diff *diff = t->document->diff;
	uint32_t shown = 0;

	for (uint32_t i = 0; i < diff->n_stacks; i++)
		if (begin(t, "Places", &shown, diff->n_stacks))
			write_stack(t, &diff->stacks[i]);
		else
			return;
}

static void write_place(struct ct_text *t, const struct ct_diff_goroutines *g)
{
	ct_text_add(t, "  %u, before %u, in %s", g->new, g->old, g->place);
	if (g->group->waits)
		ct_text_add(t, " (%s)", g->group->waits);
	if (g->group->creator)
		ct_text_add(t, ", made by %s()", g->group->creator);
	if (t->document->diff->by_number && g->new && !g->ignored_by)
		ct_text_add(t, "; %u new", g->n_added);
	if (g->ignored_by)
		ct_text_add(t, " (ignored: %s)", g->ignored_by);
	ct_text_end(t);
	if (t->verbose)
		write_functions(t, g->functions);
}

/* Those that count, before the others. */
static void write_goroutines(struct ct_text *t)
{
	const struct ct_diff *diff = t->document->diff;
	uint32_t shown = 0, n = 0;

	while (n < diff->n_goroutines && (t->verbose || !diff->goroutines[n].ignored_by))
		n++;
	for (uint32_t i = 0; i < n; i++)
		if (begin(t, "Goroutines", &shown, n))
			write_place(t, &diff->goroutines[i]);
		else
			return;
}

/* Of what grew; with -v of the rest, too. */
static void write_amounts(struct ct_text *t, const char *heading,
	const struct ct_diff_amount *amounts, uint32_t n, bool has_bytes)
{
	uint32_t shown = 0;

	while (!t->verbose && n && amounts[n - 1].change > CT_STAYED)
		n--;
	for (uint32_t i = 0; i < n; i++) {
		const struct ct_view_amount none = {0};
		const struct ct_view_amount *old = amounts[i].old ? amounts[i].old : &none;
		const struct ct_view_amount *new = amounts[i].new ? amounts[i].new : &none;

		if (!begin(t, heading, &shown, n))
			return;
		ct_text_add(t, "  %s: %" PRIu64 " object%s", new->name ? new->name : old->name,
			new->objects, new->objects == 1 ? "" : "s");
		if (has_bytes)
			ct_text_add(t, ", %" PRIu64 " bytes", new->bytes);
		ct_text_add(t, "; before %" PRIu64, old->objects);
		if (has_bytes)
			ct_text_add(t, ", %" PRIu64 " bytes", old->bytes);
		ct_text_end(t);
	}
}

void ct_text_diff(struct ct_text *t)
{
	const struct ct_diff *diff = t->document->diff;

	ct_text_paint(t, CT_PAINT_BOLD);
	ct_text_add(t, "%s", diff->headline);
	ct_text_plain(t);
	ct_text_end(t);
	if (!t->document->sections)
		return;
	write_side(t, "old", diff->old);
	write_side(t, "new", diff->new);
	write_findings(t, "New findings", CT_CAME);
	write_findings(t, "Findings that are still there", CT_STAYED);
	write_findings(t, "Findings that are gone", CT_WENT);
	write_locks(t);
	write_stacks(t);
	write_goroutines(t);
	write_amounts(t, "Pools that grew", diff->pools, diff->n_pools, diff->pool_bytes);
	write_amounts(t, "Types of the heap that grew", diff->types, diff->n_types, true);
	for (uint32_t i = 0; i < diff->n_notes; i++) {
		if (!i)
			ct_text_head(t, "Notes");
		ct_text_say(t, "  %s", diff->notes[i]);
	}
	ct_text_policy(t);
}
