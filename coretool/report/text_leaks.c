/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines that nobody can wake, those of one place together, with what they keep alive. */
#include <inttypes.h>

#include "report/leaks.h"
#include "report/text.h"

#define GROUPS_SHOWN 20 /* without -v */
#define FRAMES_SHOWN 20

static void write_group(struct ct_text *t, const struct ct_leak_group *leaks)
{
	const struct ct_group *group = leaks->group;
	uint32_t stack = t->facts->actors[group->actors[0]].stack;
	const char *other = ct_text_other_side(t, group->actors, group->n);

	ct_text_who_does(t, group->actors, group->n);
	if (other)
		ct_text_say(t, "    %s", other);
	if (leaks->ignored_by)
		ct_text_say(t, "    ignored by %s", leaks->ignored_by);
	ct_text_say(t, "    %s %" PRIu64 " bytes alive, and %" PRIu64 " of stacks",
		group->n == 1 ? "keeps" : "keep", leaks->bytes, leaks->stacks);
	if (stack != CT_NONE)
		ct_text_stack(t, stack, t->verbose ? UINT32_MAX : FRAMES_SHOWN,
			group->n == 1 ? group->actors[0] : CT_NONE);
	ct_text_creator(t, group->actors[0], group->n == 1);
}

static void write_ignored(struct ct_text *t, const struct ct_leak_groups *groups)
{
	if (!groups->n_ignored)
		return;
	ct_text_add(t, "Ignored are %" PRIu32 " more goroutine%s:", groups->n_ignored,
		groups->n_ignored == 1 ? "" : "s");
	for (uint32_t i = 0; i < CT_LEAK_IGNORERS && groups->ignored[i].option; i++)
		ct_text_add(t, "%s %" PRIu32 " by %s", i ? "," : "", groups->ignored[i].n,
			groups->ignored[i].option);
	ct_text_end(t);
}

static void write_head(struct ct_text *t, const struct ct_leak_groups *groups)
{
	const struct ct_fact_go *go = t->facts->go;

	if (go->leaks_unknown)
		ct_text_head(
			t, "Whether goroutines are leaked is not known: %s", go->leaks_unknown);
	else
		ct_text_head(t,
			"Leaked: %" PRIu32 " goroutine%s; kept by them alone: %" PRIu64
			" bytes, and %" PRIu64 " of stacks",
			groups->n_counted, groups->n_counted == 1 ? "" : "s", groups->bytes,
			groups->stacks);
	if (groups->n && go->leaks_doubt)
		ct_text_say(t, "That is not proven, as %s.", go->leaks_doubt);
	write_ignored(t, groups);
}

void ct_text_leaks(struct ct_text *t)
{
	struct ct_leak_groups groups;

	if (!t->facts->go) {
		ct_text_say(t, "This is no Go program, or one that cannot be read.");
		return;
	}
	if (ct_leak_groups_make(t->document, &groups)) {
		t->failed = true;
		return;
	}
	write_head(t, &groups);
	uint32_t n = t->verbose ? groups.n : groups.parts[0].n;
	uint32_t shown = t->verbose ? n : CT_MIN(n, (uint32_t)GROUPS_SHOWN);
	for (uint32_t i = 0; i < shown; i++)
		write_group(t, &groups.items[i]);
	if (shown < n)
		ct_text_say(t, "  … %" PRIu32 " groups more (-v)", n - shown);
	ct_leak_groups_free(&groups);
}
