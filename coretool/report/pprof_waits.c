/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutines as samples: how many have one stack, wait, creator and set of labels. Of those that
 * wait also how long at least, all of them together: what a block profile would have, had their
 * waits ended now.
 */
#include "report/groups.h"
#include "report/pprof_writer.h"
#include "report/shown.h"
#include "rules/words.h"

/* The program's own labels. */
static void put_own_labels(struct ct_pprof *w, const char *labels)
{
	while (*labels) {
		ct_autostr key = {0}, value = {0};

		labels = ct_label_take(labels, &key, &value);
		w->failed |= key.failed || value.failed;
		ct_pprof_label(w, ct_str_text(&key), ct_str_text(&value));
	}
}

static void put_labels(struct ct_pprof *w, uint32_t actor)
{
	const struct ct_actor *a = &w->facts->actors[actor];
	uint32_t creator = ct_goroutine_creator(w->facts, actor);

	ct_pprof_label(w, "state", ct_actor_state_name(a->state));
	ct_pprof_label(w, "wait", a->reason ? w->facts->reasons[a->reason] : NULL);
	ct_pprof_label(w, "creator", creator != CT_NONE ? w->facts->sites[creator].function : NULL);
	if (a->labels)
		put_own_labels(w, w->facts->label_sets[a->labels]);
}

/* What runtime's own block profile counts, too: not sleep, nor I/O. */
static bool waits_for_others(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	if (a->kind != CT_ACTOR_GOROUTINE || a->system || !a->n_waits)
		return false;
	switch (facts->waits[a->first_wait].kind) {
	case CT_WAIT_IO:
	case CT_WAIT_SLEEP:
	case CT_WAIT_SIGNAL:
	case CT_WAIT_CHILD:
	case CT_WAIT_OTHER:
		return false;
	default:
		return true;
	}
}

static uint64_t since(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_wait *wait = &facts->waits[facts->actors[actor].first_wait];

	return wait->has_since ? wait->since_ns : 0;
}

static enum ct_status make_groups(
	const struct ct_document *document, bool waiting, struct ct_groups *ret)
{
	const struct ct_facts *facts = document->facts;
	ct_autofree bool *skip = calloc((size_t)facts->n_actors + 1, sizeof(*skip));

	if (!skip)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < facts->n_actors; i++)
		skip[i] =
			!ct_shows_stack_of(document, i) || (waiting && !waits_for_others(facts, i));
	return ct_groups_make(facts, skip, ct_group_by_all, ret);
}

static void put_group(struct ct_pprof *w, const struct ct_group *group, bool waiting)
{
	int64_t values[2] = {group->n, 0};
	uint64_t sum = 0;

	for (uint32_t i = 0; waiting && i < group->n; i++)
		if (__builtin_add_overflow(sum, since(w->facts, group->actors[i]), &sum))
			sum = UINT64_MAX;
	values[1] = (int64_t)CT_MIN(sum, (uint64_t)INT64_MAX);
	put_labels(w, group->actors[0]);
	ct_pprof_sample(w, w->facts->actors[group->actors[0]].stack, 0, values, waiting ? 2 : 1);
}

static enum ct_status put_groups(struct ct_pprof *w, bool waiting)
{
	struct ct_groups groups;
	enum ct_status status = make_groups(w->document, waiting, &groups);

	if (status)
		return status;
	for (uint32_t i = 0; i < groups.n; i++)
		put_group(w, &groups.groups[i], waiting);
	ct_groups_free(&groups);
	return CT_OK;
}

enum ct_status ct_pprof_goroutines(struct ct_pprof *w)
{
	static const struct ct_pprof_type type = {"goroutine", "count"};

	ct_pprof_types(w, &type, 1);
	ct_pprof_period(w, type, 1);
	return put_groups(w, false);
}

enum ct_status ct_pprof_waits(struct ct_pprof *w)
{
	static const struct ct_pprof_type types[] = {
		{"contentions", "count"}, {"delay", "nanoseconds"}};

	ct_pprof_types(w, types, CT_COUNT(types));
	ct_pprof_period(w, types[0], 1);
	ct_pprof_comment(w, "goroutines that wait now; delays are lower bounds, 0 where the "
			    "runtime has not noted the time");
	return put_groups(w, true);
}
