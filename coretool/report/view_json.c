/* SPDX-License-Identifier: Apache-2.0 */
#include "report/view_json.h"

#include "rules/policy.h"

#define MAX_FRAMES 1024 /* of one stack that are looked at */

struct reader {
	struct ct_view_builder b;
	uint32_t *stack_of;        /* per stack of the report: the view's */
	const char **functions_of; /* and its functions, with those inlined */
	size_t n_stacks;
	struct ct_view_lock *locks; /* per resource of the report */
	size_t n_resources;
	struct ct_hash resource_ids; /* indices by their ids */
	const json_t *actors, *resources;
	bool has_goroutines;
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
	struct ct_view_frame frames[MAX_FRAMES], all[MAX_FRAMES];
	const json_t *list = json_object_get(stack, "frames");
	uint32_t n = 0, n_all = 0;

	for (size_t i = 0; i < json_array_size(list) && n_all < MAX_FRAMES; i++) {
		const json_t *frame = json_array_get(list, i);

		all[n_all] = (struct ct_view_frame){text_of(frame, "function"),
			text_of(frame, "module"), hex_of(frame, "offset")};
		if (!json_is_true(json_object_get(frame, "inlined")))
			frames[n++] = all[n_all];
		n_all++;
	}
	r->stack_of[index] = ct_view_add_stack(&r->b, frames, n);
	if (r->has_goroutines)
		r->functions_of[index] = ct_view_functions(&r->b, all, n_all);
}

/* The index in the report, or CT_NONE. */
static uint32_t index_of_stack(const struct reader *r, const json_t *actor)
{
	const json_t *index = json_object_get(actor, "stack");
	json_int_t i = json_integer_value(index);

	return json_is_integer(index) && i >= 0 && (uint64_t)i < r->n_stacks ? (uint32_t)i
									     : CT_NONE;
}

static uint32_t stack_of_actor(const struct reader *r, const json_t *actor)
{
	uint32_t i = index_of_stack(r, actor);

	return i != CT_NONE ? r->stack_of[i] : CT_NONE;
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

/* A goroutine, or several. where: what says the state and the wait of it. */
static void read_goroutines(struct reader *r, const json_t *record, const json_t *where,
	const char *kind, const char *creator, uint32_t n)
{
	const char *state = text_of(where, "state"), *reason = text_of(where, "wait_reason");
	uint32_t stack = index_of_stack(r, record);

	if (stack == CT_NONE || !r->functions_of[stack])
		return;
	const struct ct_view_group group = {
		.stack = r->stack_of[stack],
		.functions = r->functions_of[stack],
		.waits = reason                               ? reason
			 : state && !strcmp(state, "syscall") ? state
							      : NULL,
		.kind = kind,
		.creator = creator,
		.n = n,
	};
	ct_view_add_goroutines(&r->b, &group, record == where ? number_of(record) : 0);
}

static bool is_goroutine(const json_t *actor)
{
	const char *kind = text_of(actor, "kind");

	return kind && !strcmp(kind, "goroutine");
}

static void read_actor(struct reader *r, const json_t *actor)
{
	bool system = json_is_true(json_object_get(actor, "system"));
	const json_t *waits = json_object_get(actor, "waits");
	const json_t *holds = json_object_get(actor, "holds");
	const char *kind = text_of(json_array_get(waits, 0), "kind");

	if (is_goroutine(actor))
		read_goroutines(r, actor, actor, kind,
			text_of(json_object_get(actor, "created_by"), "function"), 1);
	else if (!system && !text_of(actor, "runs"))
		ct_view_add_thread(&r->b, stack_of_actor(r, actor), kind);
	for (size_t i = 0; !system && i < json_array_size(waits); i++)
		read_wait(r, actor, json_array_get(waits, i));
	for (size_t i = 0; i < json_array_size(holds); i++)
		read_hold(r, actor, json_array_get(holds, i));
}

/* Goroutines that have no record of their own. */
static void read_group(struct reader *r, const json_t *group)
{
	json_int_t n = json_integer_value(json_object_get(group, "count"));
	const json_t *key = json_object_get(group, "key");

	if (n > 0 && n <= UINT32_MAX / 2)
		read_goroutines(r, group, key, text_of(key, "wait"), text_of(key, "created_by"),
			(uint32_t)n);
}

static uint64_t count_of(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

static void read_pools(struct reader *r, const json_t *pools)
{
	r->b.view.has_pools = r->b.view.has_pool_bytes = pools;
	for (size_t i = 0; i < json_array_size(pools); i++) {
		const json_t *p = json_array_get(pools, i);
		const char *name = text_of(p, "name");
		const struct ct_view_amount pool = {name ? name : text_of(p, "new"),
			count_of(p, "objects"), count_of(p, "bytes")};

		r->b.view.has_pool_bytes &= json_object_get(p, "bytes") != NULL;
		if (pool.name)
			ct_view_add_pool(&r->b, &pool);
	}
}

static void read_types(struct reader *r, const json_t *types)
{
	r->b.view.has_types = types;
	for (size_t i = 0; i < json_array_size(types); i++) {
		const json_t *t = json_array_get(types, i);
		const struct ct_view_amount type = {
			text_of(t, "name"), count_of(t, "objects"), count_of(t, "bytes")};

		ct_view_add_type(&r->b, &type);
	}
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
	uint64_t threads = count_of(summary, "threads"),
		 goroutines = count_of(summary, "goroutines");

	view->path = ct_view_text(&r->b, name);
	view->exe = ct_view_text(&r->b, text_of(target, "exe"));
	view->headline = ct_view_text(&r->b, text_of(summary, "headline"));
	view->verdict = ct_verdict_name(CT_VERDICT_UNKNOWN);
	for (enum ct_verdict v = 0; verdict && v < CT_N_VERDICTS; v++)
		if (!strcmp(ct_verdict_name(v), verdict))
			view->verdict = ct_verdict_name(v);
	view->pid = json_integer_value(json_object_get(target, "pid"));
	view->n_threads = threads < UINT32_MAX ? (uint32_t)threads : 0;
	view->n_goroutines = goroutines < UINT32_MAX ? (uint32_t)goroutines : 0;
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
	r->has_goroutines = r->b.view.n_goroutines;
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
	read_pools(r, json_object_get(report, "pools"));
	read_types(r, json_object_get(json_object_get(report, "heap"), "types"));
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
	r.functions_of = calloc(r.n_stacks + 1, sizeof(*r.functions_of));
	r.b.failed = !r.stack_of || !r.locks || !r.functions_of;
	if (!r.b.failed)
		read_all(&r, report, name);
	status = ct_view_finish(&r.b, ret);
	free(r.stack_of);
	free(r.functions_of);
	free(r.locks);
	ct_hash_free(&r.resource_ids);
	json_decref(report);
	return status ? ct_fail(err, status, "%s: out of memory", name) : CT_OK;
}
