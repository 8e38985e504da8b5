/* SPDX-License-Identifier: Apache-2.0 */
/* Leaked goroutines in groups, and each with what it keeps alive. */
#include "report/json.h"
#include "rules/other_side.h"
#include "rules/words.h"

static json_t *json_bytes(struct ct_record *r, uint64_t retained, uint64_t stacks)
{
	ct_record_int(r, "retained_bytes", (json_int_t)retained);
	ct_record_int(r, "stack_bytes", (json_int_t)stacks);
	return ct_record_done(r);
}

/* Where a person would say that they wait; NULL: no such place is known. */
static json_t *json_place(const struct ct_json *j, uint32_t actor)
{
	uint32_t stack = j->facts->actors[actor].stack, frame = ct_own_frame(j->facts, actor);
	struct ct_record r = ct_record_new();

	if (stack != CT_NONE && frame != CT_NONE) {
		const struct ct_site *site =
			&j->facts->sites[j->facts->stacks[stack].frames[frame].site];
		const struct ct_line *line = ct_own_line(site);

		ct_record_text(
			&r, "function", line && line->function ? line->function : site->function);
		if (line && line->file)
			ct_record_text(&r, "file", line->file);
		if (line && line->file && line->line)
			ct_record_int(&r, "line", line->line);
	}
	return ct_record_done(&r);
}

static void add_members(
	const struct ct_json *j, struct ct_record *r, const struct ct_leak_group *group)
{
	json_t *list = ct_record_list(r, "goroutines");

	for (uint32_t i = 0; i < group->group->n; i++) {
		uint32_t actor = group->group->actors[i];
		const struct ct_go_leak *leak = &j->leaks.leaks[j->leaks.leak_of[actor]];
		struct ct_record member = ct_record_new();

		ct_record_add(&member, "actor", ct_json_actor_id(j, actor));
		ct_record_push(r, list, json_bytes(&member, leak->bytes, leak->stack));
	}
}

bool ct_json_has_leaks(const struct ct_document *document)
{
	return ct_leaks_asked(document);
}

json_t *ct_json_leak(const struct ct_json *j, uint32_t index)
{
	const struct ct_leak_group *group = &j->leaks.items[index];
	uint32_t first = group->group->actors[0];
	const struct ct_actor *a = &j->facts->actors[first];
	struct ct_record r = ct_record_new();
	struct ct_arena words = {0};

	ct_record_int(&r, "count", group->group->n);
	if (a->n_waits)
		ct_record_text(&r, "wait", ct_wait_kind_name(j->facts->waits[a->first_wait].kind));
	if (a->reason)
		ct_record_text(&r, "wait_reason", j->facts->reasons[a->reason]);
	ct_record_add(&r, "waits_at", json_place(j, first));
	if (ct_goroutine_creator(j->facts, first) != CT_NONE)
		ct_record_add(&r, "created_by", ct_json_creator(j, first, group->group->n == 1));
	if (a->labels)
		ct_record_add(&r, "labels", ct_json_labels(j->facts->label_sets[a->labels]));
	ct_record_text(&r, "other_side", ct_say_object_and_other_side(&words, j->facts, first));
	ct_arena_free(&words);
	ct_record_add(&r, "ignored_by",
		group->ignored_by ? ct_json_text(group->ignored_by) : json_null());
	add_members(j, &r, group);
	return json_bytes(&r, group->bytes, group->stacks);
}

json_t *ct_json_leak_counts(const struct ct_json *j)
{
	const struct ct_fact_go *go = j->facts->go;
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "not_known", go->leaks_unknown);
	if (go->n_leaks)
		ct_record_text(&r, "not_proven", go->leaks_doubt);
	ct_record_int(&r, "goroutines", j->leaks.n_counted);
	ct_record_int(&r, "ignored", j->leaks.n_ignored);
	return json_bytes(&r, j->leaks.bytes, j->leaks.stacks);
}
