/* SPDX-License-Identifier: Apache-2.0 */
/* The goroutines, those that do the same in the same place together. */
#include "report/text.h"
#include "rules/words.h"

#define GROUPS_SHOWN 10 /* of a full report */
#define STACKS_SHOWN 20 /* of the command's own, without -v */
#define FRAMES_SHOWN 20
#define WHO_COLUMN   34

/* Without -v the runtime's own are left out, unless they are all that was asked for. */
static uint32_t choose(const struct ct_text *t, bool *skip, uint32_t *n_system)
{
	const struct ct_selection *selection = &t->document->selection;
	uint32_t n = 0;

	*n_system = 0;
	for (uint32_t i = 0; i < t->facts->n_actors; i++) {
		const struct ct_actor *a = &t->facts->actors[i];

		skip[i] = a->kind != CT_ACTOR_GOROUTINE || (selection->skip && selection->skip[i]);
		if (skip[i])
			continue;
		if (a->system && !t->verbose) {
			skip[i] = true;
			(*n_system)++;
		}
		n += !skip[i];
	}
	return n;
}

static void write_stack(struct ct_text *t, const struct ct_group *group)
{
	uint32_t stack = t->facts->actors[group->actors[0]].stack;

	ct_text_who_does(t, group->actors, group->n);
	ct_text_why(t, group->actors, group->n);
	if (stack != CT_NONE)
		ct_text_stack(t, stack, t->verbose ? UINT32_MAX : FRAMES_SHOWN,
			group->n == 1 ? group->actors[0] : CT_NONE);
	ct_text_creator(t, group->actors[0], group->n == 1);
}

/* What the members of a group have in common when that is not the place. */
static void add_key(struct ct_text *t, uint32_t actor)
{
	const struct ct_actor *a = &t->facts->actors[actor];
	uint32_t creator = ct_goroutine_creator(t->facts, actor);

	switch (t->document->selection.by) {
	case CT_BY_STATE:
		ct_text_add(t, "%s", ct_actor_state_name(a->state));
		break;
	case CT_BY_WAIT:
		ct_text_add(t, "%s",
			a->reason ? t->facts->reasons[a->reason] : ct_actor_state_name(a->state));
		break;
	case CT_BY_CREATOR:
		if (creator == CT_NONE)
			ct_text_add(t, "created by nobody who is known");
		else
			ct_text_add(t, "created by %s()", t->facts->sites[creator].function);
		break;
	default:
		ct_text_add(
			t, "%s", a->labels ? t->facts->label_sets[a->labels] : "without labels");
	}
}

static void write_key(struct ct_text *t, const struct ct_group *group)
{
	ct_text_add(t, "  ");
	ct_text_who(t, group->actors, group->n, t->verbose);
	ct_text_pad(t, WHO_COLUMN);
	add_key(t, group->actors[0]);
	ct_text_end(t);
}

static void write_line(struct ct_text *t, const struct ct_group *group)
{
	ct_text_add(t, "  ");
	ct_text_who(t, group->actors, group->n, false);
	ct_text_pad(t, WHO_COLUMN);
	ct_text_doing(t, group->actors, group->n);
	ct_text_place(t, group->actors, group->n);
	ct_text_end(t);
}

static void write_groups(struct ct_text *t, const struct ct_groups *groups, bool stacks)
{
	const struct ct_selection *selection = &t->document->selection;
	bool keys = stacks && selection->by > CT_BY_STACK;
	uint32_t most = stacks ? STACKS_SHOWN : GROUPS_SHOWN, shown = 0;
	bool all = t->verbose || keys || (stacks && selection->full);
	uint32_t n = all ? groups->n : CT_MIN(groups->n, most);

	for (uint32_t i = 0; i < n; i++) {
		if (stacks && !keys && i)
			ct_text_gap(t);
		(keys ? write_key : stacks ? write_stack : write_line)(t, &groups->groups[i]);
		shown += groups->groups[i].n;
	}
	if (n < groups->n)
		ct_text_say(t, "  … %u more in %u other places (%s)", groups->n_actors - shown,
			groups->n - n, stacks ? "-v" : "coretool goroutines");
}

/* --full: each is a group of its own. */
static bool by_itself(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	(void)facts;
	*ret = actor;
	return true;
}

static void write_all(struct ct_text *t, const bool *skip, bool stacks)
{
	const struct ct_selection *selection = &t->document->selection;
	struct ct_groups groups;

	if (ct_groups_make(t->facts, skip,
		    selection->full && stacks ? by_itself : ct_group_goroutines(selection->by),
		    &groups)) {
		t->failed = true;
		return;
	}
	write_groups(t, &groups, stacks);
	ct_groups_free(&groups);
}

static void write_one(struct ct_text *t, uint64_t id)
{
	for (uint32_t i = 0; i < t->facts->n_actors; i++)
		if (t->facts->actors[i].kind == CT_ACTOR_GOROUTINE && t->facts->actors[i].id == id)
			ct_text_goroutine(t, i);
}

void ct_text_goroutines(struct ct_text *t)
{
	ct_autofree bool *skip = calloc((size_t)t->facts->n_actors + 1, sizeof(*skip));
	const struct ct_selection *selection = &t->document->selection;
	bool stacks = t->document->sections & CT_SECTION_GOROUTINES;
	uint32_t n_system;

	if (!skip) {
		t->failed = true;
		return;
	}
	if (selection->one) {
		write_one(t, selection->one);
		return;
	}
	uint32_t n = choose(t, skip, &n_system);
	if (!t->document->summary.n_goroutines) {
		if (stacks)
			ct_text_say(t,
				"There are no goroutines: this is no Go program, or one that "
				"cannot be read.");
		return;
	}
	ct_text_head(t, "Goroutines: %u%s", n, t->verbose ? "" : " of the program's own");
	if (n_system)
		ct_text_say(t, "  and %u of the runtime (-v)", n_system);
	if (selection->n_skipped)
		ct_text_say(t, "  and %u that were not asked for", selection->n_skipped);
	write_all(t, skip, stacks);
}
