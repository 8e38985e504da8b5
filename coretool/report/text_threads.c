/* SPDX-License-Identifier: Apache-2.0 */
/* The threads, those with the same stack together: the stacks of findings, then the others, or all
 * of them. */
#include "report/text.h"
#include "rules/words.h"

#define FINDING_STACKS 6 /* stacks of one report's findings */
#define FINDING_FRAMES 12
#define OTHER_GROUPS   10
#define OWN_LINES      16 /* members of a group that get a line of their own */
#define WHO_COLUMN     34
#define HOLDS_SHOWN    8

static bool holds_locks(const struct ct_text *t, uint32_t actor)
{
	const struct ct_actor *a = &t->facts->actors[actor];

	for (uint32_t i = 0; i < a->n_holds; i++) {
		uint32_t hold = t->facts->holds_by_actor[a->first_hold + i];

		if (!t->facts->resources[t->facts->holds[hold].resource].is_actor)
			return true;
	}
	return false;
}

/* "; holds g_a, g_b and 5 more locks" */
static void add_holds(struct ct_text *t, uint32_t actor)
{
	const struct ct_actor *a = &t->facts->actors[actor];
	uint32_t shown = 0, more = 0, last = CT_NONE;

	for (uint32_t i = 0; i < a->n_holds; i++) {
		uint32_t hold = t->facts->holds_by_actor[a->first_hold + i];
		uint32_t resource = t->facts->holds[hold].resource;

		/* A reader that waits to write has the lock in two ways. */
		if (t->facts->resources[resource].is_actor || resource == last)
			continue;
		last = resource;
		if (shown == HOLDS_SHOWN && !t->verbose) {
			more++;
			continue;
		}
		ct_text_add(t, "%s%s", shown++ ? ", " : "; holds ",
			ct_say_resource(&t->words, t->facts, resource));
	}
	if (more)
		ct_text_add(t, " and %u more lock%s", more, more == 1 ? "" : "s");
}

/* The thread for which the process was stopped stands alone in its group. */
static void add_signal(struct ct_text *t, const uint32_t *actors, uint32_t n)
{
	const struct ct_fact_signal *signal = &t->facts->target.signal;

	if (n == 1 && signal->number && signal->actor == actors[0])
		ct_text_add(t, "   <- took %s", signal->name ? signal->name : "the signal");
}

static void write_who(struct ct_text *t, const uint32_t *actors, uint32_t n, bool all)
{
	const struct ct_actor *first = &t->facts->actors[actors[0]];
	const struct ct_wait *wait = ct_text_first_wait(t, actors[0]);

	ct_text_paint(t, CT_PAINT_BOLD);
	ct_text_add(t, "  ");
	ct_text_who(t, actors, n, all);
	ct_text_plain(t);
	if (n == 1 && first->lwp && first->lwp != first->id)
		ct_text_add(t, " [LWP %llu]", (unsigned long long)first->lwp);
	ct_text_add(t, " ");
	ct_text_doing(t, actors, n);
	if (all && n == 1 && wait && ct_text_has_holder(t, wait)) {
		ct_text_add(t, ", ");
		ct_text_holder(t, wait, false);
	}
	if (n == 1)
		add_holds(t, actors[0]);
	add_signal(t, actors, n);
	ct_text_end(t);
}

/* Members whose locks the line of the group cannot tell. */
static void write_members(struct ct_text *t, const struct ct_group *group)
{
	bool differ = ct_text_count_objects(t, group->actors, group->n) > 1;
	uint32_t lines = 0, more = 0;

	for (uint32_t i = 0; i < group->n; i++) {
		if (!differ && !holds_locks(t, group->actors[i]))
			continue;
		if (lines == OWN_LINES && !t->verbose) {
			more++;
			continue;
		}
		ct_text_add(t, "    %s ", ct_say_actor(&t->words, t->facts, group->actors[i]));
		ct_text_doing(t, &group->actors[i], 1);
		add_holds(t, group->actors[i]);
		ct_text_end(t);
		lines++;
	}
	if (more)
		ct_text_say(t,
			"    … and %u more that wait for or hold something of their own (-v)",
			more);
}

/* A group with its frames. */
static void write_group(
	struct ct_text *t, const struct ct_group *group, uint32_t max_frames, bool all)
{
	uint32_t stack = t->facts->actors[group->actors[0]].stack;

	write_who(t, group->actors, group->n, all);
	if (all && group->n > 1)
		write_members(t, group);
	if (stack != CT_NONE)
		ct_text_stack(t, stack, max_frames, group->n == 1 ? group->actors[0] : CT_NONE);
}

static void write_all(struct ct_text *t, const struct ct_groups *groups)
{
	for (uint32_t i = 0; i < groups->n; i++) {
		if (i)
			ct_text_gap(t);
		write_group(t, &groups->groups[i], UINT32_MAX, true);
	}
}

/* The stacks of those that the findings are about, as far as they are needed to see how they came
 * there. */
static void write_finding_stacks(struct ct_text *t, bool *skip)
{
	struct ct_groups groups;

	for (uint32_t i = 0; i < t->facts->n_actors; i++)
		skip[i] = !t->found[i] || t->facts->actors[i].stack == CT_NONE;
	if (ct_groups_make(t->facts, skip, ct_group_by_stack, &groups)) {
		t->failed = true;
		return;
	}
	if (groups.n)
		ct_text_head(t, "Stacks");
	for (uint32_t i = 0; i < CT_MIN(groups.n, (uint32_t)FINDING_STACKS); i++)
		write_group(t, &groups.groups[i], FINDING_FRAMES, false);
	if (groups.n > FINDING_STACKS)
		ct_text_say(t, "  … %u more stacks (coretool threads)", groups.n - FINDING_STACKS);
	ct_groups_free(&groups);
}

/* Of a Go program they say little: the goroutines stand above. */
static void write_number(struct ct_text *t, const struct ct_groups *groups)
{
	ct_text_gap(t);
	ct_text_say(t, "%u %sOS thread%s (coretool threads)", groups->n_actors,
		groups->n_actors < t->document->summary.n_threads ? "other " : "",
		groups->n_actors == 1 ? "" : "s");
}

/* Everybody else: a line for each place. */
static void write_rest(struct ct_text *t, const struct ct_groups *groups)
{
	uint32_t n = CT_MIN(groups->n, (uint32_t)OTHER_GROUPS), shown = 0;

	ct_text_head(t, "%s: %u",
		groups->n_actors < t->facts->n_actors ? "The other threads" : "The threads",
		groups->n_actors);
	for (uint32_t i = 0; i < n; i++) {
		const struct ct_group *group = &groups->groups[i];

		ct_text_add(t, "  ");
		ct_text_who(t, group->actors, group->n, false);
		ct_text_pad(t, WHO_COLUMN);
		ct_text_doing(t, group->actors, group->n);
		ct_text_place(t, group->actors, group->n);
		add_signal(t, group->actors, group->n);
		ct_text_end(t);
		shown += group->n;
	}
	if (n < groups->n)
		ct_text_say(t, "  … %u more in %u other places (-v)", groups->n_actors - shown,
			groups->n - n);
}

static void write_sorted(struct ct_text *t, const bool *skip,
	void (*write)(struct ct_text *, const struct ct_groups *))
{
	struct ct_groups groups;

	if (ct_groups_make(t->facts, skip, ct_group_by_stack, &groups)) {
		t->failed = true;
		return;
	}
	if (groups.n)
		write(t, &groups);
	ct_groups_free(&groups);
}

void ct_text_threads(struct ct_text *t)
{
	const struct ct_summary *summary = &t->document->summary;
	ct_autofree bool *skip = NULL;

	skip = calloc((size_t)t->facts->n_actors + 1, sizeof(*skip));
	if (!skip) {
		t->failed = true;
		return;
	}
	for (uint32_t i = 0; i < t->facts->n_actors; i++)
		skip[i] = t->facts->actors[i].kind != CT_ACTOR_THREAD;
	if (t->verbose || (t->document->sections & CT_SECTION_ALL_STACKS)) {
		ct_text_head(t, "Threads: %u", summary->n_threads);
		if (summary->n_exited)
			ct_text_say(t, "  and %u that ha%s exited without being joined",
				summary->n_exited, summary->n_exited == 1 ? "s" : "ve");
		write_sorted(t, skip, write_all);
		return;
	}
	for (uint32_t i = 0; i < t->facts->n_actors; i++)
		skip[i] |= t->told[i];
	write_sorted(t, skip, t->facts->go ? write_number : write_rest);
	write_finding_stacks(t, skip);
}
