/* SPDX-License-Identifier: Apache-2.0 */
/* What the document says as a whole: target, summary, findings, notes; rows of a catalogue. */
#include <inttypes.h>
#include <time.h>

#include "report/json.h"
#include "report/record.h"

static json_t *json_signal(const struct ct_json *j, const struct ct_fact_signal *signal)
{
	struct ct_record r = ct_record_new();

	ct_record_int(&r, "number", signal->number);
	ct_record_text(&r, "name", signal->name);
	ct_record_text(&r, "code", signal->code);
	if (signal->actor != CT_NONE)
		ct_record_add(&r, "actor", ct_json_actor_id(j, signal->actor));
	if (signal->has_address)
		ct_record_hex(&r, "address", signal->address);
	if (signal->sender_pid)
		ct_record_int(&r, "sender_pid", signal->sender_pid);
	return ct_record_done(&r);
}

static void add_time(struct ct_record *r, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	char text[64];

	if (seconds && gmtime_r(&when, &tm) &&
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		ct_record_text(r, "time", text);
}

static void add_strings(
	struct ct_record *r, const char *name, const char *cut, const struct ct_fact_strings *s)
{
	if (!s->asked)
		return;
	ct_record_texts(r, name, s->items, s->n);
	if (s->cut || s->why)
		ct_record_bool(r, cut, true);
}

json_t *ct_json_target(const struct ct_json *j, uint32_t index)
{
	const struct ct_fact_target *target = &j->facts->target;
	struct ct_record r = ct_record_new();

	(void)index;
	ct_record_text(&r, "source", target->source);
	ct_record_text(&r, "path", target->path);
	ct_record_text(&r, "exe", target->exe);
	if (target->pid > 0)
		ct_record_int(&r, "pid", target->pid);
	ct_record_text(&r, "arch", target->arch);
	ct_record_bool(&r, "still", target->still);
	if (target->main_exited)
		ct_record_bool(&r, "main_exited", true);
	if (target->memory_shared)
		ct_record_bool(&r, "memory_shared", true);
	add_time(&r, target->time);
	ct_record_texts(&r, "runtimes", target->runtimes, target->n_runtimes);
	if (j->facts->go)
		ct_record_add(&r, "go", ct_json_go(j->facts->go));
	if (target->n_partial)
		ct_record_texts(&r, "partial", target->partial, target->n_partial);
	if (target->signal.number)
		ct_record_add(&r, "signal", json_signal(j, &target->signal));
	add_strings(&r, "args", "args_cut", &target->args);
	add_strings(&r, "env", "env_cut", &target->env);
	return ct_record_done(&r);
}

static json_t *json_counts(const struct ct_summary *summary)
{
	struct ct_record r = ct_record_new();

	for (enum ct_level level = 0; level < CT_N_LEVELS; level++)
		ct_record_int(&r, ct_level_name(level), summary->n_findings[level]);
	ct_record_int(&r, "ignored", summary->n_ignored);
	return ct_record_done(&r);
}

json_t *ct_json_summary(const struct ct_json *j, uint32_t index)
{
	const struct ct_summary *summary = &j->document->summary;
	struct ct_record r = ct_record_new();

	(void)index;
	ct_record_text(&r, "verdict", ct_verdict_name(summary->verdict));
	ct_record_text(&r, "headline", summary->headline);
	ct_record_int(&r, "threads", summary->n_threads);
	ct_record_int(&r, "goroutines", summary->n_goroutines);
	if (summary->n_exited)
		ct_record_int(&r, "exited", summary->n_exited);
	ct_record_add(&r, "findings", json_counts(summary));
	if ((j->document->sections & CT_JSON_LEAKS) && ct_json_has_leaks(j->document))
		ct_record_add(&r, "leaks", ct_json_leak_counts(j));
	return ct_record_done(&r);
}

json_t *ct_json_explained(const struct ct_json *j, uint32_t index)
{
	const struct ct_document *document = j->document;
	struct ct_record r = ct_record_new();

	(void)index;
	ct_record_hex(&r, "address", document->explained);
	json_t *facts = ct_record_list(&r, "facts");
	for (uint32_t i = 0; i < document->n_explanations; i++) {
		struct ct_record fact = ct_record_new();

		ct_record_text(&fact, "key", document->explanations[i].key);
		ct_record_text(&fact, "text", document->explanations[i].text);
		ct_record_push(&r, facts, ct_record_done(&fact));
	}
	return ct_record_done(&r);
}

static json_t *json_step(const struct ct_json *j, const struct ct_step *step)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "text", step->text);
	if (step->actor != CT_NONE) {
		ct_record_add(&r, "actor", ct_json_actor_id(j, step->actor));
		ct_json_add_frame(j, &r, "frame", step->actor, step->frame);
	}
	if (step->resource != CT_NONE)
		ct_record_add(&r, "resource", ct_json_resource_id(j, step->resource));
	return ct_record_done(&r);
}

static void add_members(const struct ct_json *j, struct ct_record *r, const struct ct_finding *f)
{
	json_t *actors = ct_record_list(r, "actors");
	json_t *resources = ct_record_list(r, "resources");
	json_t *cycles = ct_record_list(r, "cycles");
	json_t *steps = ct_record_list(r, "steps");

	for (uint32_t i = 0; i < f->n_actors; i++)
		ct_record_push(r, actors, ct_json_actor_id(j, f->actors[i]));
	for (uint32_t i = 0; i < f->n_resources; i++)
		ct_record_push(r, resources, ct_json_resource_id(j, f->resources[i]));
	for (uint32_t i = 0; i < f->n_cycles; i++)
		ct_record_push(r, cycles, json_integer(f->cycles[i]));
	for (uint32_t i = 0; i < f->n_steps; i++)
		ct_record_push(r, steps, json_step(j, &f->steps[i]));
}

json_t *ct_json_finding(const struct ct_json *j, uint32_t index)
{
	const struct ct_finding *f = &j->document->findings[index];
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "rule", f->rule);
	ct_record_text(&r, "name", f->name);
	ct_record_text(&r, "level", ct_level_name(f->level));
	ct_record_text(&r, "confidence", ct_confidence_name(f->confidence));
	ct_record_text(&r, "title", f->title);
	ct_record_text(&r, "message", f->message);
	ct_record_text(&r, "hint", f->hint);
	ct_record_text(&r, "other_side", f->other_side);
	add_members(j, &r, f);
	ct_record_text(&r, "fingerprint", f->fingerprint);
	if (f->has_retained)
		ct_record_int(&r, "retained_bytes", (json_int_t)f->retained);
	if (f->stacks)
		ct_record_int(&r, "stack_bytes", (json_int_t)f->stacks);
	/* null, not left out: scripts select the findings that count by this field. */
	ct_record_add(&r, "ignored_by", f->ignored_by ? ct_json_text(f->ignored_by) : json_null());
	return ct_record_done(&r);
}

json_t *ct_json_note(const struct ct_json *j, uint32_t index)
{
	const struct ct_note *note = ct_document_note(j->document, index);
	struct ct_record r = ct_record_new();

	ct_record_add(&r, "code", json_sprintf("CT%u", note->code));
	ct_record_text(&r, "about", note->about);
	ct_record_text(&r, "text", note->text);
	return ct_record_done(&r);
}

json_t *ct_json_row(const struct ct_json *j, uint32_t index)
{
	const struct ct_catalogue_row *row = &j->document->rows[index];
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "type", row->type);
	for (uint32_t i = 0; i < row->n_fields; i++)
		ct_record_text(&r, row->fields[i].key, row->fields[i].text);
	return ct_record_done(&r);
}
