/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines that nobody can wake, those of one place together, with what they keep alive. */
#include <inttypes.h>

#include "facts/go.h"
#include "report/groups.h"
#include "report/text.h"

#define GROUPS_SHOWN 20 /* without -v */
#define FRAMES_SHOWN 20

static void write_group(struct ct_text *t, const struct ct_group *group,
	const struct ct_go_leak *leaks, const uint32_t *leak_of)
{
	uint32_t stack = t->facts->actors[group->actors[0]].stack;
	uint64_t bytes = 0, stacks = 0;

	for (uint32_t i = 0; i < group->n; i++) {
		bytes += leaks[leak_of[group->actors[i]]].bytes;
		stacks += leaks[leak_of[group->actors[i]]].stack;
	}
	ct_text_who_does(t, group->actors, group->n);
	ct_text_say(t, "    %s %" PRIu64 " bytes alive, and %" PRIu64 " of stacks",
		group->n == 1 ? "keeps" : "keep", bytes, stacks);
	if (stack != CT_NONE)
		ct_text_stack(t, stack, t->verbose ? UINT32_MAX : FRAMES_SHOWN,
			group->n == 1 ? group->actors[0] : CT_NONE);
	ct_text_creator(t, group->actors[0], group->n == 1);
}

static void write_head(struct ct_text *t, const struct ct_fact_go *go)
{
	uint64_t bytes = 0, stacks = 0;

	for (uint32_t i = 0; i < go->n_leaks; i++) {
		bytes += go->leaks[i].bytes;
		stacks += go->leaks[i].stack;
	}
	ct_text_head(t,
		"Leaked: %" PRIu32 " goroutine%s; kept by them alone: %" PRIu64
		" bytes, and %" PRIu64 " of stacks",
		go->n_leaks, go->n_leaks == 1 ? "" : "s", bytes, stacks);
	if (go->n_leaks && go->leaks_doubt)
		ct_text_say(t, "That is not proven, as %s.", go->leaks_doubt);
}

void ct_text_leaks(struct ct_text *t)
{
	const struct ct_fact_go *go = t->facts->go;
	struct ct_groups groups;

	if (!go) {
		ct_text_say(t, "This is no Go program, or one that cannot be read.");
		return;
	}
	size_t n = (size_t)t->facts->n_actors + 1;
	ct_autofree uint32_t *leak_of = calloc(n, sizeof(*leak_of));
	ct_autofree bool *skip = malloc(n);
	if (!leak_of || !skip) {
		t->failed = true;
		return;
	}
	memset(skip, true, n);
	for (uint32_t i = 0; i < go->n_leaks; i++) {
		leak_of[go->leaks[i].actor] = i;
		skip[go->leaks[i].actor] = false;
	}
	if (ct_groups_make(t->facts, skip, ct_group_by_all, &groups)) {
		t->failed = true;
		return;
	}
	write_head(t, go);
	uint32_t shown = t->verbose ? groups.n : CT_MIN(groups.n, (uint32_t)GROUPS_SHOWN);
	for (uint32_t i = 0; i < shown; i++)
		write_group(t, &groups.groups[i], go->leaks, leak_of);
	if (shown < groups.n)
		ct_text_say(t, "  … %" PRIu32 " groups more (-v)", groups.n - shown);
	ct_groups_free(&groups);
}
