/* SPDX-License-Identifier: Apache-2.0 */
/* The goroutines, those that do the same in the same place together. */
#include "report/text.h"
#include "rules/words.h"

#define GROUPS_SHOWN 10 /* of a full report */
#define STACKS_SHOWN 20 /* of the command's own, without -v */
#define FRAMES_SHOWN 20
#define WHO_COLUMN   34

/* Without -v the runtime's own are left out. */
static uint32_t choose(const struct ct_text *t, bool *skip, uint32_t *n_system)
{
	uint32_t n = 0;

	*n_system = 0;
	for (uint32_t i = 0; i < t->facts->n_actors; i++) {
		const struct ct_actor *a = &t->facts->actors[i];

		skip[i] = a->kind != CT_ACTOR_GOROUTINE || (a->system && !t->verbose);
		*n_system += a->kind == CT_ACTOR_GOROUTINE && a->system;
		n += !skip[i];
	}
	return n;
}

/* "created by main.serve() serve.go:88 of goroutine 1" */
static void write_creator(struct ct_text *t, const struct ct_group *group)
{
	const struct ct_actor *a = &t->facts->actors[group->actors[0]];
	const struct ct_site *site =
		a->created_at != CT_NONE ? &t->facts->sites[a->created_at] : NULL;
	const struct ct_line *line = site && site->n_lines ? &site->lines[0] : NULL;

	if (!site || !site->function)
		return;
	ct_text_add(t, "      created by %s()", line ? line->function : site->function);
	if (line && line->file)
		ct_text_add(t, " at %s:%u", line->file, line->line);
	if (group->n == 1 && a->creator)
		ct_text_add(t, " in goroutine %llu", (unsigned long long)a->creator);
	ct_text_end(t);
}

static void write_stack(struct ct_text *t, const struct ct_group *group)
{
	uint32_t stack = t->facts->actors[group->actors[0]].stack;

	ct_text_paint(t, CT_PAINT_BOLD);
	ct_text_add(t, "  ");
	ct_text_who(t, group->actors, group->n, t->verbose);
	ct_text_plain(t);
	ct_text_add(t, " ");
	ct_text_doing(t, group->actors, group->n);
	ct_text_end(t);
	if (stack != CT_NONE)
		ct_text_stack(t, stack, t->verbose ? UINT32_MAX : FRAMES_SHOWN,
			group->n == 1 ? group->actors[0] : CT_NONE);
	write_creator(t, group);
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
	uint32_t most = stacks ? STACKS_SHOWN : GROUPS_SHOWN, shown = 0;
	uint32_t n = t->verbose ? groups->n : CT_MIN(groups->n, most);

	for (uint32_t i = 0; i < n; i++) {
		if (stacks && i)
			ct_text_gap(t);
		(stacks ? write_stack : write_line)(t, &groups->groups[i]);
		shown += groups->groups[i].n;
	}
	if (n < groups->n)
		ct_text_say(t, "  … %u more in %u other places (%s)", groups->n_actors - shown,
			groups->n - n, stacks ? "-v" : "coretool goroutines");
}

void ct_text_goroutines(struct ct_text *t)
{
	ct_autofree bool *skip = calloc((size_t)t->facts->n_actors + 1, sizeof(*skip));
	bool stacks = t->document->sections & CT_SECTION_GOROUTINES;
	struct ct_groups groups;
	uint32_t n_system;

	if (!skip) {
		t->failed = true;
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
	if (ct_groups_make(t->facts, skip, ct_group_by_stack, &groups)) {
		t->failed = true;
		return;
	}
	ct_text_head(t, "Goroutines: %u%s", n, t->verbose ? "" : " of the program's own");
	if (n_system && !t->verbose)
		ct_text_say(t, "  and %u of the runtime (-v)", n_system);
	write_groups(t, &groups, stacks);
	ct_groups_free(&groups);
}
