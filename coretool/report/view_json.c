/* SPDX-License-Identifier: Apache-2.0 */
#include "report/view_json.h"

#include "rules/policy.h"

#define MAX_FRAMES 1024 /* of one stack that are looked at */

struct reader {
	struct ct_view_builder b;
	uint32_t *stack_of; /* per stack of the report: the view's */
	size_t n_stacks;
	struct ct_view_lock *locks; /* per resource of the report */
	size_t n_resources;
	struct ct_hash resource_ids; /* indices by their ids */
	const json_t *actors, *resources;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static uint64_t hex_of(const json_t *object, const char *key)
{
	const char *text = text_of(object, key);

	return text ? strtoull(text, NULL, 16) : 0;
}

static uint32_t find(const struct ct_hash *ids, const json_t *list, const char *id)
{
	struct ct_hash_it it = ct_hash_find(ids, id ? ct_hash_bytes(id, strlen(id)) : 0);
	uint32_t i;

	while (id && ct_hash_next(ids, &it, &i)) {
		const char *other = text_of(json_array_get(list, i), "id");

		if (other && !strcmp(other, id))
			return i;
	}
	return CT_NONE;
}

/* Of equal ids the first counts: a list of nothing else costs no more than another. */
static void list_ids(struct reader *r, struct ct_hash *ids, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id = text_of(json_array_get(list, i), "id");

		if (id && find(ids, list, id) == CT_NONE)
			r->b.failed |=
				!ct_hash_insert(ids, ct_hash_bytes(id, strlen(id)), (uint32_t)i);
	}
}

static void read_stack(struct reader *r, size_t index, const json_t *stack)
{
	struct ct_view_frame frames[MAX_FRAMES];
	const json_t *list = json_object_get(stack, "frames");
	uint32_t n = 0;

	for (size_t i = 0; i < json_array_size(list) && n < MAX_FRAMES; i++) {
		const json_t *frame = json_array_get(list, i);

		if (json_is_true(json_object_get(frame, "inlined")))
			continue;
		frames[n++] = (struct ct_view_frame){text_of(frame, "function"),
			text_of(frame, "module"), hex_of(frame, "offset")};
	}
	r->stack_of[index] = ct_view_add_stack(&r->b, frames, n);
}

static uint32_t stack_of_actor(const struct reader *r, const json_t *actor)
{
	const json_t *index = json_object_get(actor, "stack");
	json_int_t i = json_integer_value(index);

	return json_is_integer(index) && i >= 0 && (uint64_t)i < r->n_stacks ? r->stack_of[i]
									     : CT_NONE;
}

static const char *label_of(const json_t *actor)
{
	const char *name = text_of(actor, "name");

	return name ? name : text_of(actor, "start");
}

/* "t:12" is 12. */
static uint64_t number_of(const json_t *actor)
{
	const char *id = text_of(actor, "id");

	return id && id[0] && id[1] == ':' ? strtoull(id + 2, NULL, 10) : 0;
}

static void read_wait(struct reader *r, const json_t *actor, const json_t *wait)
{
	uint32_t resource = find(&r->resource_ids, r->resources, text_of(wait, "resource"));
	uint32_t stack = stack_of_actor(r, actor);

	if (resource == CT_NONE)
		return;
	struct ct_view_lock *lock = &r->locks[resource];
	if (lock->waiters++)
		return;
	lock->waits = text_of(wait, "kind");
	if (stack != CT_NONE)
		lock->place = r->b.stacks.items[stack].place;
}

static void read_hold(struct reader *r, const json_t *actor, const json_t *hold)
{
	uint32_t resource = find(&r->resource_ids, r->resources, text_of(hold, "resource"));
	struct ct_view_lock *lock = resource != CT_NONE ? &r->locks[resource] : NULL;
	const char *label = label_of(actor);

	if (!lock || lock->holder)
		return;
	lock->holder_label = label;
	lock->holder_id = number_of(actor);
	const char *id = text_of(actor, "id");
	lock->holder = ct_arena_printf(r->b.arena, "%s %llu%s%s%s",
		id && *id == 'g' ? "goroutine" : "thread", (unsigned long long)lock->holder_id,
		label ? " (" : "", label ? label : "", label ? ")" : "");
}

static void read_actor(struct reader *r, const json_t *actor)
{
	const json_t *waits = json_object_get(actor, "waits");
	const json_t *holds = json_object_get(actor, "holds");

	ct_view_add_thread(
		&r->b, stack_of_actor(r, actor), text_of(json_array_get(waits, 0), "kind"));
	for (size_t i = 0; i < json_array_size(waits); i++)
		read_wait(r, actor, json_array_get(waits, i));
	for (size_t i = 0; i < json_array_size(holds); i++)
		read_hold(r, actor, json_array_get(holds, i));
}

/* Goroutines that have no record of their own. */
static void read_group(struct reader *r, const json_t *group)
{
	json_int_t n = json_integer_value(json_object_get(group, "count"));
	const char *waits = text_of(json_object_get(group, "key"), "wait");
	uint32_t stack = stack_of_actor(r, group);

	if (stack == CT_NONE || n <= 0 || n > UINT32_MAX / 2)
		return;
	ct_view_add_thread(&r->b, stack, waits);
	uint32_t *count = &r->b.stacks.items[stack].n;
	*count = n - 1 < UINT32_MAX / 2 - (json_int_t)*count ? *count + (uint32_t)(n - 1)
							     : UINT32_MAX / 2;
}

static void read_lock(struct reader *r, size_t index)
{
	const json_t *resource = json_array_get(r->resources, index);
	const char *kind = text_of(resource, "kind");
	struct ct_view_lock *lock = &r->locks[index];

	/* A joined thread is no lock. */
	if (!lock->waiters || !kind || !strcmp(kind, "thread"))
		return;
	lock->kind = kind;
	if (!json_is_true(json_object_get(resource, "name_of_type")))
		lock->name = text_of(resource, "name");
	lock->address = hex_of(resource, "address");
	if (json_object_get(resource, "owner_gone")) {
		lock->holder = lock->holder_label = "a thread that is gone";
		lock->holder_id =
			(uint64_t)json_integer_value(json_object_get(resource, "owner_gone"));
	}
	ct_view_add_lock(&r->b, lock);
}

static void read_finding(struct reader *r, const json_t *finding)
{
	const char *level = text_of(finding, "level");
	struct ct_view_finding f = {
		.rule = text_of(finding, "rule"),
		.name = text_of(finding, "name"),
		.title = text_of(finding, "title"),
		.fingerprint = text_of(finding, "fingerprint"),
		.confidence = text_of(finding, "confidence"),
		.ignored_by = text_of(finding, "ignored_by"),
		.n_actors = (uint32_t)json_array_size(json_object_get(finding, "actors")),
	};

	/* What cannot be read counts as the worst. */
	if (!level || !ct_level_read(level, &f.level))
		f.level = CT_P0;
	ct_view_add_finding(&r->b, &f);
}

static bool has_libc(const json_t *modules)
{
	for (size_t i = 0; i < json_array_size(modules); i++) {
		const char *path = text_of(json_array_get(modules, i), "path");
		const char *slash = path ? strrchr(path, '/') : NULL;

		if (path && !strcmp(slash ? slash + 1 : path, "libc.so.6"))
			return true;
	}
	return !modules;
}

static void read_head(struct reader *r, const json_t *report, const char *name)
{
	const json_t *target = json_object_get(report, "target");
	const json_t *summary = json_object_get(report, "summary");
	const char *verdict = text_of(summary, "verdict");
	struct ct_view *view = &r->b.view;
	json_int_t threads = json_integer_value(json_object_get(summary, "threads"));

	view->path = ct_view_text(&r->b, name);
	view->exe = ct_view_text(&r->b, text_of(target, "exe"));
	view->headline = ct_view_text(&r->b, text_of(summary, "headline"));
	view->verdict = ct_verdict_name(CT_VERDICT_UNKNOWN);
	for (enum ct_verdict v = 0; verdict && v < CT_N_VERDICTS; v++)
		if (!strcmp(ct_verdict_name(v), verdict))
			view->verdict = ct_verdict_name(v);
	view->pid = json_integer_value(json_object_get(target, "pid"));
	view->n_threads = threads > 0 && threads < UINT32_MAX ? (uint32_t)threads : 0;
	view->partial = json_array_size(json_object_get(target, "partial"));
	view->has_stacks = json_object_get(report, "stacks");
	/* Goroutines in groups do not say each what they wait for and hold. */
	view->has_locks =
		r->resources && r->actors && !json_array_size(json_object_get(report, "groups"));
	r->b.is_static = !has_libc(json_object_get(report, "modules"));
}

static void read_all(struct reader *r, const json_t *report, const char *name)
{
	const json_t *stacks = json_object_get(report, "stacks");
	const json_t *findings = json_object_get(report, "findings");
	const json_t *groups = json_object_get(report, "groups");

	read_head(r, report, name);
	list_ids(r, &r->resource_ids, r->resources);
	for (size_t i = 0; i < r->n_stacks; i++)
		read_stack(r, i, json_array_get(stacks, i));
	for (size_t i = 0; i < json_array_size(r->actors); i++)
		read_actor(r, json_array_get(r->actors, i));
	for (size_t i = 0; i < json_array_size(groups); i++)
		read_group(r, json_array_get(groups, i));
	for (size_t i = 0; i < r->n_resources; i++)
		read_lock(r, i);
	for (size_t i = 0; i < json_array_size(findings); i++)
		read_finding(r, json_array_get(findings, i));
	/* Quick reports have an empty list of stacks. */
	r->b.view.has_stacks &= r->n_stacks || !json_array_size(r->actors);
}

enum ct_status ct_view_of_json(const char *text, size_t len, const char *name,
	struct ct_arena *arena, struct ct_view *ret, struct ct_error *err)
{
	struct reader r = {.b = {.arena = arena}};
	json_t *report;
	enum ct_status status = ct_json_read_report(text, len, name, &report, err);

	if (status)
		return status;
	r.actors = json_object_get(report, "actors");
	r.resources = json_object_get(report, "resources");
	r.n_stacks = json_array_size(json_object_get(report, "stacks"));
	r.n_resources = json_array_size(r.resources);
	r.stack_of = calloc(r.n_stacks + 1, sizeof(*r.stack_of));
	r.locks = calloc(r.n_resources + 1, sizeof(*r.locks));
	r.b.failed = !r.stack_of || !r.locks;
	if (!r.b.failed)
		read_all(&r, report, name);
	status = ct_view_finish(&r.b, ret);
	free(r.stack_of);
	free(r.locks);
	ct_hash_free(&r.resource_ids);
	json_decref(report);
	return status ? ct_fail(err, status, "%s: out of memory", name) : CT_OK;
}
