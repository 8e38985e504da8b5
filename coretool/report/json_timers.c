/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of timers of a Go program. */
#include "report/json.h"
#include "rules/words.h"

#define SAMPLES 5

bool ct_json_has_timers(const struct ct_document *document)
{
	return document->facts->go_timers;
}

static json_t *json_function(const struct ct_json *j, uint32_t index)
{
	const struct ct_site *site = &j->facts->sites[index];
	const struct ct_line *line = site->n_lines ? &site->lines[site->n_lines - 1] : NULL;
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "function", site->function);
	if (line && line->file)
		ct_record_text(&r, "file", line->file);
	if (line && line->line)
		ct_record_int(&r, "line", line->line);
	return ct_record_done(&r);
}

static void add_deadline(struct ct_record *r, const struct ct_timer_group *group)
{
	const struct ct_go_timer *first = group->first;

	if (group->n == 1 && first->fd >= 0)
		ct_record_int(r, "fd", first->fd);
	if (first->mode)
		ct_record_text(r, "mode", first->mode == CT_MODE_READ ? "read" : "write");
}

static void add_waiters(const struct ct_json *j, struct ct_record *r, uint32_t index)
{
	uint32_t actors[CT_JSON_WAITERS],
		n = ct_timer_waiters(j->facts, &j->timers.groups[index], actors, CT_JSON_WAITERS);

	if (!n)
		return;
	ct_record_int(r, "n_waiters", n);
	json_t *list = ct_record_list(r, "waiters");
	for (uint32_t i = 0; i < CT_MIN(n, (uint32_t)CT_JSON_WAITERS); i++)
		ct_record_push(r, list, ct_json_actor_id(j, actors[i]));
}

static void add_keepers(
	const struct ct_json *j, struct ct_record *r, const struct ct_timer_group *group)
{
	if (!group->n_keepers)
		return;
	ct_record_int(r, "n_leaked_keepers", group->n_keepers);
	json_t *list = ct_record_list(r, "leaked_keepers");
	for (uint32_t i = 0; i < CT_MIN(group->n_keepers, (uint32_t)CT_JSON_WAITERS); i++)
		ct_record_push(r, list, ct_json_actor_id(j, group->keepers[i]));
}

json_t *ct_json_timer(const struct ct_json *j, uint32_t index)
{
	const struct ct_timer_group *group = &j->timers.groups[index];
	const struct ct_go_timer *first = group->first;
	const struct ct_fact_go_timers *facts = j->facts->go_timers;
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "kind", ct_go_timer_kind_name(first->kind));
	ct_record_int(&r, "count", group->n);
	if (first->site != CT_NONE)
		ct_record_add(&r, "calls", json_function(j, first->site));
	if (first->period)
		ct_record_int(&r, "period_ns", first->period);
	if (facts->clock && !first->endless) {
		ct_record_int(&r, "first_ns", first->fires);
		ct_record_int(&r, "last_ns", group->last);
	}
	add_deadline(&r, group);
	add_waiters(j, &r, index);
	add_keepers(j, &r, group);
	if (first->idle)
		ct_record_bool(&r, "listed", false);
	if (facts->measured) {
		ct_record_int(&r, "alone", group->n_alone);
		ct_record_int(&r, "retained", (int64_t)group->retained);
		ct_record_int(&r, "largest", (int64_t)group->largest);
	}
	json_t *sample = ct_record_list(&r, "sample");
	for (uint32_t i = 0; i < CT_MIN(group->n, (uint32_t)SAMPLES); i++) {
		const struct ct_go_timer *t = &facts->timers[group->members[i]];
		struct ct_record one = ct_record_new();

		ct_record_hex(&one, "address", t->address);
		ct_record_hex(&one, "object", t->object);
		ct_record_push(&r, sample, ct_record_done(&one));
	}
	return ct_record_done(&r);
}
