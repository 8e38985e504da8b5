/* SPDX-License-Identifier: Apache-2.0 */
/* What only goroutines have, and groups of them. */
#include <inttypes.h>

#include "base/str.h"
#include "report/json.h"
#include "rules/words.h"

#define SAMPLES 5

json_t *ct_json_labels(const char *labels)
{
	struct ct_record r = ct_record_new();

	while (*labels) {
		ct_autostr key = {0}, value = {0};

		labels = ct_label_take(labels, &key, &value);
		ct_record_text(&r, ct_str_text(&key), ct_str_text(&value));
		r.failed |= key.failed || value.failed;
	}
	return ct_record_done(&r);
}

/* As a traceback has it: the function as a whole, and where the go statement stands. */
json_t *ct_json_creator(const struct ct_json *j, uint32_t actor, bool by_whom)
{
	const struct ct_actor *a = &j->facts->actors[actor];
	const struct ct_site *site = &j->facts->sites[ct_goroutine_creator(j->facts, actor)];
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "function", site->function);
	if (site->n_lines && site->lines[0].file) {
		ct_record_text(&r, "file", site->lines[0].file);
		if (site->lines[0].line)
			ct_record_int(&r, "line", site->lines[0].line);
	}
	if (by_whom && a->creator)
		ct_record_add(&r, "actor", json_sprintf("g:%" PRIu64, a->creator));
	return ct_record_done(&r);
}

void ct_json_add_goroutine(const struct ct_json *j, struct ct_record *r, uint32_t actor)
{
	const struct ct_actor *a = &j->facts->actors[actor];

	if (a->reason)
		ct_record_text(r, "wait_reason", j->facts->reasons[a->reason]);
	if (a->locked)
		ct_record_bool(r, "locked", true);
	if (a->bubble)
		ct_record_int(r, "bubble", a->bubble);
	if (a->labels)
		ct_record_add(r, "labels", ct_json_labels(j->facts->label_sets[a->labels]));
	if (ct_goroutine_creator(j->facts, actor) != CT_NONE)
		ct_record_add(r, "created_by", ct_json_creator(j, actor, true));
}

/* The function that made all of them, or NULL. */
static const char *common_creator(const struct ct_facts *facts, const struct ct_group *group)
{
	uint32_t first = ct_goroutine_creator(facts, group->actors[0]);
	const char *name = first != CT_NONE ? facts->sites[first].function : NULL;

	for (uint32_t i = 1; name && i < group->n; i++) {
		uint32_t other = ct_goroutine_creator(facts, group->actors[i]);

		if (other == CT_NONE ||
			(other != first && strcmp(facts->sites[other].function, name)))
			return NULL;
	}
	return name;
}

/* What its members have in common, besides the stack. */
static json_t *json_key(const struct ct_json *j, const struct ct_group *group)
{
	const struct ct_actor *a = &j->facts->actors[group->actors[0]];
	enum ct_grouping by = j->document->selection.by;
	struct ct_record r = ct_record_new();

	if (by == CT_BY_PLACE || by == CT_BY_STATE || (by == CT_BY_WAIT && !a->reason))
		ct_record_text(&r, "state", ct_actor_state_name(a->state));
	if ((by == CT_BY_PLACE || (by == CT_BY_WAIT && !a->reason)) && a->n_waits)
		ct_record_text(&r, "wait", ct_wait_kind_name(j->facts->waits[a->first_wait].kind));
	if ((by == CT_BY_PLACE || by == CT_BY_WAIT) && a->reason)
		ct_record_text(&r, "wait_reason", j->facts->reasons[a->reason]);
	if (by == CT_BY_CREATOR || by == CT_BY_PLACE)
		ct_record_text(&r, "created_by", common_creator(j->facts, group));
	if (by == CT_BY_LABEL && a->labels)
		ct_record_add(&r, "labels", ct_json_labels(j->facts->label_sets[a->labels]));
	return ct_record_done(&r);
}

/* The stack that all of them have, or CT_NONE. */
static uint32_t common_stack(const struct ct_facts *facts, const struct ct_group *group)
{
	uint32_t stack = facts->actors[group->actors[0]].stack;

	for (uint32_t i = 1; i < group->n; i++)
		if (facts->actors[group->actors[i]].stack != stack)
			return CT_NONE;
	return stack;
}

static void add_since(const struct ct_json *j, struct ct_record *r, const struct ct_group *group)
{
	uint64_t min = UINT64_MAX, max = 0;

	for (uint32_t i = 0; i < group->n; i++) {
		const struct ct_actor *a = &j->facts->actors[group->actors[i]];
		const struct ct_wait *wait = a->n_waits ? &j->facts->waits[a->first_wait] : NULL;

		if (!wait || !wait->has_since)
			continue;
		min = CT_MIN(min, wait->since_ns);
		max = CT_MAX(max, wait->since_ns);
	}
	if (min > max)
		return;
	struct ct_record since = ct_record_new();
	ct_record_int(&since, "min", (int64_t)min);
	ct_record_int(&since, "max", (int64_t)max);
	ct_record_add(r, "since_ns", ct_record_done(&since));
}

json_t *ct_json_group(const struct ct_json *j, uint32_t index)
{
	const struct ct_group *group = &j->groups.groups[index];
	uint32_t stack = common_stack(j->facts, group);
	struct ct_record r = ct_record_new();

	ct_record_add(&r, "key", json_key(j, group));
	ct_record_int(&r, "count", group->n);
	if (stack != CT_NONE && (j->document->sections & CT_JSON_STACKS))
		ct_record_int(&r, "stack", stack);
	json_t *sample = ct_record_list(&r, "sample");
	for (uint32_t i = 0; i < CT_MIN(group->n, (uint32_t)SAMPLES); i++)
		ct_record_push(&r, sample, ct_json_actor_id(j, group->actors[i]));
	add_since(j, &r, group);
	bool differs = false;
	const char *why = j->document->selection.by <= CT_BY_STACK
				  ? ct_group_why(j->facts, group->actors, group->n, &differs)
				  : NULL;
	if (why)
		ct_record_text(&r, "why", why);
	if (why && differs)
		ct_record_bool(&r, "why_differs", true);
	return ct_record_done(&r);
}
