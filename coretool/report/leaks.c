/* SPDX-License-Identifier: Apache-2.0 */
#include "report/leaks.h"

#include "rules/policy.h"

enum { COUNTED, IGNORED };

bool ct_leaks_asked(const struct ct_document *document)
{
	return document->facts && document->facts->go && document->facts->wants & CT_WANT_LEAKS;
}

static bool tells_of_leaks(const struct ct_finding *finding)
{
	static const char *const rules[] = {"CT204", "CT210", "CT212"};

	for (size_t i = 0; i < CT_COUNT(rules); i++)
		if (!strcmp(finding->rule, rules[i]))
			return true;
	return false;
}

/* A goroutine does not count when findings speak of it and none of them counts. */
static void ignore_by_findings(const struct ct_document *document, const char **ignored_by)
{
	for (uint32_t i = 0; i < document->n_findings; i++)
		for (uint32_t k = 0; k < document->findings[i].n_actors; k++)
			if (tells_of_leaks(&document->findings[i]))
				ignored_by[document->findings[i].actors[k]] =
					document->findings[i].ignored_by;
	for (uint32_t i = 0; i < document->n_findings; i++)
		for (uint32_t k = 0; k < document->findings[i].n_actors; k++)
			if (tells_of_leaks(&document->findings[i]) &&
				!document->findings[i].ignored_by)
				ignored_by[document->findings[i].actors[k]] = NULL;
}

static void judge(const struct ct_document *document, const char **ignored_by)
{
	const struct ct_fact_go *go = document->facts->go;

	ignore_by_findings(document, ignored_by);
	for (uint32_t i = 0; i < go->n_leaks; i++) {
		const char *option =
			ct_policy_skips(document->policy, document->facts, go->leaks[i].actor);

		if (option)
			ignored_by[go->leaks[i].actor] = option;
	}
}

static void count_ignored(struct ct_leak_groups *ret, const char *option, uint32_t n)
{
	for (unsigned i = 0; i < CT_LEAK_IGNORERS; i++) {
		struct ct_leak_ignorer *slot = &ret->ignored[i];

		if (slot->option && strcmp(slot->option, option) != 0)
			continue;
		slot->option = option;
		slot->n += n;
		return;
	}
}

static void add_part(struct ct_leak_groups *ret, unsigned part, const char *const *ignored_by)
{
	const struct ct_groups *groups = &ret->parts[part];

	for (uint32_t i = 0; i < groups->n; i++) {
		struct ct_leak_group *g = &ret->items[ret->n++];

		*g = (struct ct_leak_group){.group = &groups->groups[i],
			.ignored_by = ignored_by[groups->groups[i].actors[0]]};
		for (uint32_t k = 0; k < g->group->n; k++) {
			g->bytes += ret->leaks[ret->leak_of[g->group->actors[k]]].bytes;
			g->stacks += ret->leaks[ret->leak_of[g->group->actors[k]]].stack;
		}
		if (part == IGNORED) {
			count_ignored(ret, g->ignored_by, g->group->n);
			continue;
		}
		ret->bytes += g->bytes;
		ret->stacks += g->stacks;
	}
}

static enum ct_status make_parts(const struct ct_facts *facts, struct ct_leak_groups *ret,
	const char *const *ignored_by, bool *skip)
{
	const struct ct_fact_go *go = facts->go;

	for (unsigned part = COUNTED; part <= IGNORED; part++) {
		memset(skip, true, facts->n_actors);
		for (uint32_t i = 0; i < go->n_leaks; i++)
			skip[go->leaks[i].actor] =
				(ignored_by[go->leaks[i].actor] != NULL) != (part == IGNORED);
		if (ct_groups_make(facts, skip, ct_group_by_all, &ret->parts[part]))
			return CT_NO_MEMORY;
	}
	ret->n_counted = ret->parts[COUNTED].n_actors;
	ret->n_ignored = ret->parts[IGNORED].n_actors;
	ret->items = calloc(
		(size_t)ret->parts[COUNTED].n + ret->parts[IGNORED].n + 1, sizeof(*ret->items));
	if (!ret->items)
		return CT_NO_MEMORY;
	add_part(ret, COUNTED, ignored_by);
	add_part(ret, IGNORED, ignored_by);
	return CT_OK;
}

enum ct_status ct_leak_groups_make(const struct ct_document *document, struct ct_leak_groups *ret)
{
	*ret = (struct ct_leak_groups){0};
	if (!ct_leaks_asked(document))
		return CT_OK;
	const struct ct_facts *facts = document->facts;
	size_t n = (size_t)facts->n_actors + 1;
	ct_autofree const char **ignored_by = calloc(n, sizeof(*ignored_by));
	ct_autofree bool *skip = calloc(n, sizeof(*skip));
	ret->leaks = facts->go->leaks;
	ret->leak_of = calloc(n, sizeof(*ret->leak_of));
	enum ct_status status = CT_NO_MEMORY;
	if (ignored_by && skip && ret->leak_of) {
		for (uint32_t i = 0; i < facts->go->n_leaks; i++)
			ret->leak_of[facts->go->leaks[i].actor] = i;
		judge(document, ignored_by);
		status = make_parts(facts, ret, ignored_by, skip);
	}
	if (status)
		ct_leak_groups_free(ret);
	return status;
}

void ct_leak_groups_free(struct ct_leak_groups *groups)
{
	ct_groups_free(&groups->parts[COUNTED]);
	ct_groups_free(&groups->parts[IGNORED]);
	free(groups->leak_of);
	free(groups->items);
	*groups = (struct ct_leak_groups){0};
}
