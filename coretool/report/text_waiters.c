/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those who wait, together with others that wait for the same holder: those of one finding, or all
 * that the findings have not told of, by where their chain ends: the end with most behind it first,
 * from there outwards.
 */
#include "report/text.h"
#include "rules/words.h"

#define GROUPS_SHOWN 8

/* A group that waits for what one actor holds, and the end of its chain. */
struct link {
	const struct ct_group *group;
	uint32_t root;   /* CT_NONE: a cycle, or an owner that is gone */
	bool in_cycle;   /* the chain ends in a cycle */
	bool open;       /* it ends at an object that nobody is known to hold */
	uint32_t behind; /* actors that wait for the end */
	uint32_t behind_holder;
};

static bool is_behind(const struct ct_text *t, uint32_t actor)
{
	const struct ct_wait *wait = ct_text_first_wait(t, actor);

	if (t->graph->root[actor] != actor || t->graph->cycle_of[actor] != CT_NONE)
		return true;
	/* Other reports have a part for these. */
	return wait && wait->resource != CT_NONE && t->document->sections == CT_SECTION_CHAINS;
}

/* Cycles, then owners that are gone, then those that can go on. */
static int compare_ends(const struct link *x, const struct link *y)
{
	if (x->in_cycle != y->in_cycle)
		return x->in_cycle ? -1 : 1;
	if (x->open != y->open)
		return x->open ? 1 : -1;
	if (x->open)
		return 0;
	if ((x->root == CT_NONE) != (y->root == CT_NONE))
		return x->root == CT_NONE ? -1 : 1;
	if (x->behind != y->behind)
		return x->behind < y->behind ? 1 : -1;
	return (x->root > y->root) - (x->root < y->root);
}

static int by_end(const void *a, const void *b)
{
	const struct link *x = a, *y = b;
	int ends = compare_ends(x, y);

	if (ends)
		return ends;
	/* Along the chain, from its end outwards. */
	if (x->behind_holder != y->behind_holder)
		return x->behind_holder < y->behind_holder ? 1 : -1;
	return (x->group > y->group) - (x->group < y->group);
}

static void write_head(struct ct_text *t, const struct link *link, uint32_t n)
{
	const char *s = t->graph->n_cycles > 1 ? "s" : "";
	/* Without the findings those in the cycle are here too. */
	bool members = !(t->document->sections & CT_SECTION_FINDINGS);

	ct_text_gap(t);
	ct_text_paint(t, CT_PAINT_BOLD);
	if (link->open)
		ct_text_add(t, "For what has no known holder");
	else if (link->root != CT_NONE)
		ct_text_add(t, "Behind %s", ct_say_actor(&t->words, t->facts, link->root));
	else if (link->in_cycle)
		ct_text_add(t, "%s the cycle%s", members ? "In and behind" : "Behind", s);
	else
		ct_text_add(t, "Behind an owner that is gone");
	ct_text_plain(t);
	if (link->root != CT_NONE && !link->open) {
		ct_text_add(t, ", which ");
		ct_text_doing(t, &link->root, 1);
		ct_text_place(t, &link->root, 1);
		t->told[link->root] = true;
	}
	const char *what = ct_say_kind(t->facts, link->group->actors, 1);
	ct_text_add(t, ": %u %s%s", n, what, n == 1 ? "" : "s");
	ct_text_end(t);
}

/* Who waits for what and where; on a second line who holds it. */
static void write_group(struct ct_text *t, const struct ct_group *group)
{
	const struct ct_wait *wait = ct_text_first_wait(t, group->actors[0]);
	bool one_object = ct_text_count_objects(t, group->actors, group->n) == 1;

	ct_text_add(t, "  ");
	ct_text_who(t, group->actors, group->n, t->verbose);
	ct_text_add(t, " ");
	ct_text_doing(t, group->actors, group->n);
	ct_text_place(t, group->actors, group->n);
	ct_text_end(t);
	if (!ct_text_has_holder(t, wait))
		return;
	ct_text_add(t, "    ");
	ct_text_holder(t, wait, one_object);
	ct_text_end(t);
}

static uint32_t count_behind(const struct link *links, uint32_t n)
{
	uint32_t ret = 0;

	for (uint32_t i = 0; i < n && !compare_ends(&links[0], &links[i]); i++)
		ret += links[i].group->n;
	return ret;
}

/* heads: tells, before the groups with one end, what that end is. */
static void write_links(struct ct_text *t, const struct link *links, uint32_t n, bool heads)
{
	uint32_t shown = t->verbose ? n : CT_MIN(n, (uint32_t)GROUPS_SHOWN), more = 0;

	for (uint32_t i = 0; i < shown; i++) {
		if (heads && (!i || compare_ends(&links[i - 1], &links[i])))
			write_head(t, &links[i], count_behind(links + i, n - i));
		write_group(t, links[i].group);
	}
	for (uint32_t i = shown; i < n; i++)
		more += links[i].group->n;
	if (more)
		ct_text_say(t, "  … and %u more that wait for other objects (-v)", more);
}

static struct link make_link(const struct ct_text *t, const struct ct_group *group)
{
	uint32_t first = group->actors[0], root = t->graph->root[first];
	uint32_t resource = ct_text_first_wait(t, first)->resource;
	const struct ct_resource *r = &t->facts->resources[resource];
	struct link ret = {.group = group,
		.root = root,
		.in_cycle = t->graph->cycle_of[first] != CT_NONE,
		.open = root == first,
		.behind = root != CT_NONE ? t->graph->behind[root] : 0};

	if (r->n_holds) {
		uint32_t hold = t->facts->holds_by_resource[r->first_hold];

		ret.behind_holder = t->graph->behind[t->facts->holds[hold].actor];
	}
	return ret;
}

void ct_text_waiters(struct ct_text *t, const bool *skip, bool heads)
{
	ct_autofree struct link *links = NULL;
	struct ct_groups groups;

	if (ct_groups_make(t->facts, skip, ct_group_by_holder, &groups)) {
		t->failed = true;
		return;
	}
	links = calloc((size_t)groups.n + 1, sizeof(*links));
	if (links) {
		for (uint32_t i = 0; i < groups.n; i++)
			links[i] = make_link(t, &groups.groups[i]);
		qsort(links, groups.n, sizeof(*links), by_end);
		write_links(t, links, groups.n, heads);
		for (uint32_t i = 0; i < groups.n_actors; i++)
			t->told[groups.members[i]] = true;
	}
	t->failed |= !links;
	ct_groups_free(&groups);
}

void ct_text_chains(struct ct_text *t)
{
	ct_autofree bool *skip = NULL;

	if (!t->graph)
		return;
	skip = calloc((size_t)t->facts->n_actors + 1, sizeof(*skip));
	if (!skip) {
		t->failed = true;
		return;
	}
	for (uint32_t i = 0; i < t->facts->n_actors; i++)
		skip[i] = t->told[i] || !is_behind(t, i);
	ct_text_waiters(t, skip, true);
}
