/* SPDX-License-Identifier: Apache-2.0 */
/* What the facts say of contexts: their errors, deadlines and keys, and the goroutines that have
 * them in their frames. */
#include <inttypes.h>
#include <time.h>

#include "runtime/go/context_value.h"
#include "runtime/go/requests.h"
#include "runtime/go/types.h"
#include "runtime/go/waits.h"

#define MAX_ERROR    256
#define MONOTONIC    (UINT64_C(1) << 63) /* of time.Time.wall: ext is nanoseconds since the start */
#define SECONDS_1885 INT64_C(2682288000) /* to 1970: wall counts from there */
#define SECONDS_1    INT64_C(62135596800) /* to 1970, from the first year: ext counts from there */
#define NANO_MASK    ((UINT64_C(1) << 30) - 1)

struct telling {
	struct ct_go_observation *o;
	struct ct_go_contexts *contexts;
	struct ct_go_context *facts;
	uint32_t *dones; /* of facts: those at whose Done() somebody waits */
	uint32_t n_dones;
	int64_t clock;    /* nanotime() was at least this; 0: not known */
	uint64_t last[2]; /* error that was read last, and what is said of it */
	const char *last_error;
};

/* ---- errors ---- */

/* Those of std begin with their text; of others only the type is told. */
static const char *read_error(struct telling *t, uint64_t type, uint64_t value)
{
	struct ct_sink *sink = t->o->sink;
	char text[MAX_ERROR];
	struct ct_go_type known;

	if (!type || ct_go_type_at(t->o->go, type, &known))
		return "an error that cannot be read";
	if (!strcmp(known.name, "context.deadlineExceededError"))
		return "context deadline exceeded";
	if ((strcmp(known.name, "*errors.errorString") != 0 &&
		    strcmp(known.name, "*fmt.wrapError") != 0) ||
		!ct_go_string(t->o->target, value, text, sizeof(text)))
		return ct_sink_printf(sink, "an error of type %s", known.name);
	return strcmp(text, "context canceled") ? ct_sink_secret(sink, text) : "context canceled";
}

/* NULL: there is none. */
static const char *say_error(struct telling *t, uint64_t at, uint32_t field, bool is_any)
{
	uint64_t words[2];

	if (field == CT_GO_ABSENT || ct_read(t->o->target, at + field, words, sizeof(words)) ||
		!words[0])
		return NULL;
	if (!t->last_error || words[0] != t->last[0] || words[1] != t->last[1]) {
		t->last_error =
			read_error(t, ct_go_dynamic_type(t->o->go, words[0], is_any), words[1]);
		memcpy(t->last, words, sizeof(words));
	}
	return t->last_error;
}

static void tell_errors(struct telling *t, const struct ct_go_found_context *x,
	const struct ct_go_context_type *type, struct ct_go_context *ret)
{
	ret->err = say_error(t, x->at, type->err, type->err_is_any);
	ret->cause = ret->err ? say_error(t, x->at, type->cause, false) : NULL;
	if (ret->cause && !strcmp(ret->cause, ret->err))
		ret->cause = NULL;
}

/* ---- deadlines ---- */

struct instant {
	int64_t seconds;  /* since 1970 */
	int64_t nanotime; /* the runtime's clock; 0: not known */
};

static bool read_deadline(const struct telling *t, uint64_t at, struct instant *ret)
{
	uint64_t epoch = 0, words[2];

	if (ct_read(t->o->target, at, words, sizeof(words)) || !(words[0] | words[1]))
		return false;
	ret->nanotime = 0;
	if (!(words[0] & MONOTONIC)) {
		ret->seconds = (int64_t)(words[1] - (uint64_t)SECONDS_1);
		return true;
	}
	ret->seconds = (int64_t)((words[0] & ~MONOTONIC) >> 30) - SECONDS_1885;
	if (t->o->go->globals.epoch)
		(void)!ct_read_u64(t->o->target, t->o->go->globals.epoch, &epoch);
	/* A process that is older than a century, or than its machine, has no such clock. */
	if (epoch && (int64_t)epoch > 0 && (int64_t)epoch <= t->clock &&
		words[1] < UINT64_C(100) * 366 * 86400 * 1000000000)
		ret->nanotime = (int64_t)(epoch + words[1]);
	return true;
}

static const char *say_time(struct ct_sink *sink, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;

	/* Years that have four digits. */
	if (seconds < -SECONDS_1 || seconds > INT64_C(253402300799) || !gmtime_r(&when, &tm))
		return "at a time that is none";
	return ct_sink_printf(sink, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void tell_deadline(struct telling *t, const struct ct_go_found_context *x,
	const struct ct_go_context_type *type, struct ct_go_context *ret)
{
	struct instant when;

	if (type->deadline == CT_GO_ABSENT || !read_deadline(t, x->at + type->deadline, &when))
		return;
	ret->deadline = say_time(t->o->sink, when.seconds);
	if (when.nanotime && t->clock)
		ret->overdue_ns = t->clock - when.nanotime ? t->clock - when.nanotime : 1;
}

/* Whatever ended by its deadline says when the clock was past that: by its own, which is the
 * soonest of all above it. */
static void advance_clock(struct telling *t)
{
	int64_t newest = t->clock;

	for (uint32_t i = 0; i < t->contexts->list.n; i++) {
		const struct ct_go_found_context *x = &t->contexts->list.items[i];
		const struct ct_go_context_type *type = &t->contexts->types.list.items[x->type];
		struct instant when;
		const char *err;

		if (!x->cancelled || x->foreign || type->deadline == CT_GO_ABSENT ||
			!read_deadline(t, x->at + type->deadline, &when))
			continue;
		err = say_error(t, x->at, type->err, type->err_is_any);
		if (err && !strcmp(err, "context deadline exceeded"))
			newest = CT_MAX(newest, when.nanotime);
	}
	t->clock = newest;
}

/* ---- keys ---- */

/* "*http.contextKey \"http-server\"": std and others name keys by a field of this name. */
static const char *say_key(struct telling *t, const struct ct_go_type *type, uint64_t value)
{
	uint64_t elem = type->kind == CT_GO_KIND_POINTER ? ct_go_type_elem(t->o->go, type->at) : 0;
	struct ct_go_member member;
	char text[64];

	if (!elem || !ct_go_type_find_member(t->o->go, elem, "name", &member) || member.offset ||
		!ct_go_string(t->o->target, value, text, sizeof(text)) || !*text)
		return ct_sink_string(t->o->sink, type->name);
	return ct_sink_printf(t->o->sink, "%s %s", type->name, ct_sink_secret(t->o->sink, text));
}

static bool read_any(const struct telling *t, uint64_t at, struct ct_go_any *ret)
{
	uint64_t words[2];

	if (ct_read(t->o->target, at, words, sizeof(words)) ||
		ct_go_type_at(t->o->go, words[0], &ret->type))
		return false;
	ret->word = words[1];
	return true;
}

static void tell_value(struct telling *t, const struct ct_go_found_context *x,
	const struct ct_go_context_type *type, struct ct_go_context *ret)
{
	struct ct_go_any key, value;

	if (type->key == CT_GO_ABSENT || type->value == CT_GO_ABSENT)
		return;
	bool has_key = read_any(t, x->at + type->key, &key);
	bool has_value = read_any(t, x->at + type->value, &value);
	if (has_key)
		ret->key = say_key(t, &key.type, key.word);
	if (has_value)
		ret->value = ct_sink_string(t->o->sink, value.type.name);
	if (has_key && has_value)
		ret->text = ct_go_context_text(t->o, &key, &value);
}

/* ---- all of it ---- */

/* A map begins with how many there are in it. */
static uint32_t count_children(
	const struct telling *t, uint64_t at, const struct ct_go_context_type *type)
{
	uint64_t map, n;

	if (type->children == CT_GO_ABSENT ||
		ct_read_u64(t->o->target, at + type->children, &map) || !map ||
		ct_read_u64(t->o->target, map, &n))
		return 0;
	return (uint32_t)CT_MIN(n, (uint64_t)UINT32_MAX);
}

static void tell(struct telling *t, uint32_t i)
{
	const struct ct_go_found_context *x = &t->contexts->list.items[i];
	const struct ct_go_context_type *type = &t->contexts->types.list.items[x->type];
	struct ct_go_context *ret = &t->facts[i];

	*ret = (struct ct_go_context){.address = x->at,
		.type = type->name,
		.parent = x->parent,
		.cancels = x->cancels,
		.done = CT_NONE,
		.kind = type->kind,
		.named = x->named,
		.lost = x->lost,
		.n_children = count_children(t, x->at, type)};
	tell_errors(t, x, type, ret);
	tell_deadline(t, x, type, ret);
	tell_value(t, x, type, ret);
}

/* One resource has one context. */
static int by_done(const void *a, const void *b, void *arg)
{
	const struct telling *t = arg;
	uint32_t x = t->facts[*(const uint32_t *)a].done, y = t->facts[*(const uint32_t *)b].done;

	return (x > y) - (x < y);
}

/* Whoever waits at the Done() of one; is_done: per resource. */
static void tell_waiters(struct telling *t, bool *is_done)
{
	const struct ct_go_waits *waits = t->o->waits;

	for (uint32_t i = 0; waits && i < waits->channels.n; i++) {
		uint32_t resource = waits->channels.items[i].resource;
		uint32_t context = ct_go_context_by_done(t->contexts, waits->channels.items[i].at);

		if (context == CT_NONE || resource == CT_NONE || is_done[resource])
			continue;
		t->facts[context].done = resource;
		t->dones[t->n_dones++] = context;
		is_done[resource] = true;
	}
	if (t->n_dones)
		qsort_r(t->dones, t->n_dones, sizeof(*t->dones), by_done, t);
}

static enum ct_status tell_uses(
	struct telling *t, struct ct_go_context_use *uses, uint32_t n, uint32_t *by_context)
{
	struct ct_sink *sink = t->o->sink;
	ct_autofree bool *is_done = calloc((size_t)ct_sink_n_resources(sink) + 1, sizeof(*is_done));
	ct_autofree bool *awaits = calloc((size_t)ct_sink_n_actors(sink) + 1, sizeof(*awaits));
	uint32_t at = 0;

	if (!is_done || !awaits)
		return CT_NO_MEMORY;
	tell_waiters(t, is_done);
	for (uint32_t i = 0; i < ct_sink_n_waits(sink); i++) {
		const struct ct_wait *wait = ct_sink_get_wait(sink, i);

		awaits[wait->actor] |= wait->resource != CT_NONE && is_done[wait->resource];
	}
	for (uint32_t i = 0; i < n; i++) {
		uses[i].awaits = awaits[uses[i].actor];
		t->facts[uses[i].context].n_uses++;
	}
	for (uint32_t i = 0; i < t->contexts->list.n; i++) {
		t->facts[i].first_use = at;
		at += t->facts[i].n_uses;
		t->facts[i].n_uses = 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct ct_go_context *context = &t->facts[uses[i].context];

		by_context[context->first_use + context->n_uses++] = i;
	}
	return CT_OK;
}

static enum ct_status add_facts(struct telling *t, const struct ct_go_uses *found,
	const struct ct_go_outlived_list *outlived)
{
	struct ct_arena *arena = ct_sink_arena(t->o->sink);
	uint32_t n = t->contexts->list.n, n_uses = found->list.n;
	struct ct_go_context_use *uses =
		ct_arena_new_array(arena, (size_t)n_uses + 1, struct ct_go_context_use);
	uint32_t *by_context = ct_arena_new_array(arena, (size_t)n_uses + 1, uint32_t);

	t->facts = ct_arena_new_array(arena, (size_t)n + 1, struct ct_go_context);
	t->dones = ct_arena_new_array(arena, (size_t)ct_sink_n_resources(t->o->sink) + 1, uint32_t);
	if (!t->facts || !t->dones || !uses || !by_context)
		return CT_NO_MEMORY;
	if (n_uses)
		memcpy(uses, found->list.items, n_uses * sizeof(*uses));
	t->clock = t->o->waits ? t->o->waits->clock : 0;
	advance_clock(t);
	for (uint32_t i = 0; i < n; i++)
		tell(t, i);
	enum ct_status status = tell_uses(t, uses, n_uses, by_context);
	const struct ct_fact_go_contexts fact = {.contexts = t->facts,
		.uses = uses,
		.uses_by_context = by_context,
		.dones = t->dones,
		.n_dones = t->n_dones,
		.outlived = outlived->list.n
				    ? ct_arena_copy(arena, outlived->list.items,
					      outlived->list.n * sizeof(*outlived->list.items))
				    : NULL,
		.n_outlived = outlived->list.n,
		.outlived_sized = outlived->sized,
		.n_contexts = n,
		.n_uses = n_uses,
		.n_left_out = t->contexts->n_left_out};
	if (!status && fact.n_outlived && !fact.outlived)
		status = CT_NO_MEMORY;
	if (!status)
		ct_sink_go_contexts(t->o->sink, &fact);
	return status;
}

/* Is there one that is cancelled? A look at the heap without a mark tells: what does not live any
 * more counts, too. */
static bool has_cancelled(const struct ct_go_contexts *contexts)
{
	for (uint32_t i = 0; i < contexts->list.n; i++)
		if (contexts->list.items[i].cancelled)
			return true;
	return false;
}

static enum ct_status observe(struct ct_go_observation *o, struct ct_go_world *world,
	struct ct_go_contexts *contexts, struct ct_go_uses *uses)
{
	struct telling t = {.o = o, .contexts = contexts};
	struct ct_go_outlived_list outlived = {0};
	enum ct_status status = ct_go_contexts_find(
		o->go, ct_sink_arena(o->sink), world->heap, world->mark, contexts);

	if (!status)
		status = ct_go_contexts_link(contexts);
	/* Of one goroutine it is told whose Done() it waits at. */
	if (status || (!o->all_contexts && !o->goroutine && !has_cancelled(contexts)))
		return status;
	status = ct_go_uses_find(o, world, contexts, uses);
	if (!status && o->all_contexts)
		status = ct_go_contexts_find_lost(world, contexts);
	if (!status)
		status = ct_go_outlived_find(o, world, contexts, uses, &outlived);
	if (!status && outlived.list.n && (o->all_contexts || world->heap->bytes <= CT_GO_UNASKED))
		status = ct_go_outlived_size(world, &outlived);
	if (!status)
		status = add_facts(&t, uses, &outlived);
	ct_vec_free(&outlived.list);
	return status;
}

enum ct_status ct_go_observe_contexts(struct ct_go_observation *o)
{
	struct ct_go_contexts contexts = {0};
	struct ct_go_uses uses = {0};
	struct ct_go_world *world;
	enum ct_status status = ct_go_world(o, &world);

	if (!status && o->all_contexts)
		status = ct_go_world_mark(world);
	if (!status)
		status = observe(o, world, &contexts, &uses);
	if (contexts.n_unread)
		ct_target_note(o->target, CT_NOTE_DAMAGED, "Go contexts",
			"%" PRIu32 " objects as large as contexts are could not be read: those "
			"among them are missing",
			contexts.n_unread);
	ct_go_contexts_free(&contexts);
	ct_vec_free(&uses.list);
	return status == CT_NO_MEMORY ? status : CT_OK;
}
