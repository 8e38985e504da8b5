/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "facts/sink_internal.h"

/* Longer strings out of a target are cut: nobody reads more, and a hostile file has more. */
#define MAX_STRING ((size_t)4096)

struct ct_sink *ct_sink_new(unsigned wants)
{
	struct ct_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->facts = ct_arena_new(&sink->arena, struct ct_facts);
	if (!sink->facts) {
		free(sink);
		return NULL;
	}
	sink->facts->wants = wants;
	sink->facts->target.signal.actor = CT_NONE;
	sink->values_of = CT_NONE;
	return sink;
}

void ct_sink_free(struct ct_sink *sink)
{
	if (!sink)
		return;
	struct ct_hash *hashes[] = {&sink->value_keys, &sink->actor_ids, &sink->actor_objects,
		&sink->resource_keys, &sink->stack_keys, &sink->site_keys, &sink->string_keys};

	for (size_t i = 0; i < CT_COUNT(hashes); i++)
		ct_hash_free(hashes[i]);
	ct_vec_free(&sink->actors);
	ct_vec_free(&sink->waits);
	ct_vec_free(&sink->holds);
	ct_vec_free(&sink->peers);
	ct_vec_free(&sink->panics);
	ct_vec_free(&sink->resources);
	ct_vec_free(&sink->stacks);
	ct_vec_free(&sink->sites);
	ct_vec_free(&sink->modules);
	ct_vec_free(&sink->notes);
	ct_vec_free(&sink->strings);
	ct_vec_free(&sink->values);
	ct_vec_free(&sink->value_lists);
	ct_vec_free(&sink->reasons);
	ct_vec_free(&sink->label_sets);
	ct_arena_free(&sink->arena);
	free(sink);
}

void ct_sink_redact(struct ct_sink *sink, bool redact)
{
	sink->redact = redact;
}

struct ct_arena *ct_sink_arena(struct ct_sink *sink)
{
	return &sink->arena;
}

struct ct_fact_target *ct_sink_target(struct ct_sink *sink)
{
	return &sink->facts->target;
}

static const char *sink_intern(struct ct_sink *sink, const char *s, size_t len)
{
	uint64_t hash = ct_hash_bytes(s, len);
	struct ct_hash_it it = ct_hash_find(&sink->string_keys, hash);
	uint32_t i;

	while (ct_hash_next(&sink->string_keys, &it, &i))
		if (!strcmp(sink->strings.items[i], s))
			return sink->strings.items[i];
	const char *copy = ct_arena_strndup(&sink->arena, s, len);
	const char **slot = ct_vec_push(&sink->strings);
	if (!copy || !slot || !ct_hash_insert(&sink->string_keys, hash, sink->strings.n - 1)) {
		sink->failed = true;
		return "";
	}
	return *slot = copy;
}

const char *ct_sink_string(struct ct_sink *sink, const char *s)
{
	ct_autostr clean = {0};
	size_t len = s ? strlen(s) : 0;

	if (!s)
		return NULL;
	if (len <= MAX_STRING && ct_str_is_plain(s, len))
		return sink_intern(sink, s, len);
	ct_str_add_clean(&clean, s, len, MAX_STRING);
	sink->failed |= clean.failed;
	return sink_intern(sink, ct_str_text(&clean), clean.len);
}

const char *ct_sink_printf(struct ct_sink *sink, const char *fmt, ...)
{
	ct_autostr text = {0};
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(&text, fmt, args);
	va_end(args);
	sink->failed |= text.failed;
	return ct_sink_string(sink, ct_str_text(&text));
}

const char *ct_sink_secret(struct ct_sink *sink, const char *s)
{
	return s && sink->redact ? ct_sink_printf(sink, CT_REDACTED, strlen(s))
				 : ct_sink_string(sink, s);
}

/* There may be a million of them, and seldom is anybody looked for by its object among them. */
static bool is_sleeper(const struct ct_actor *actor)
{
	return actor->kind == CT_ACTOR_GOROUTINE && actor->state == CT_STATE_WAITING;
}

static bool index_object(struct ct_sink *sink, uint32_t actor)
{
	uint64_t object = sink->actors.items[actor].object;

	return !object || ct_hash_insert(&sink->actor_objects, ct_hash_u64(object), actor);
}

uint32_t ct_sink_actor(struct ct_sink *sink, const struct ct_actor *actor)
{
	struct ct_actor *slot = ct_vec_push(&sink->actors);
	uint32_t index = sink->actors.n - 1;

	if (slot)
		*slot = *actor;
	/* By their numbers only threads are looked for. */
	if (!slot ||
		(actor->kind == CT_ACTOR_THREAD &&
			!ct_hash_insert(&sink->actor_ids, ct_hash_u64(actor->id), index)) ||
		(!is_sleeper(actor) && !index_object(sink, index))) {
		sink->failed = true;
		return CT_NONE;
	}
	slot->first_wait = sink->waits.n;
	slot->n_waits = 0;
	return index;
}

/* Never NULL once the actor is there: a failure is kept, and what is written then is lost. */
struct ct_actor_thread *ct_sink_thread(struct ct_sink *sink, uint32_t actor)
{
	struct ct_actor *a = &sink->actors.items[actor];

	if (!a->thread) {
		a->thread = ct_arena_new(&sink->arena, struct ct_actor_thread);
		if (!a->thread) {
			sink->failed = true;
			a->thread = &sink->lost;
		}
		a->thread->call.number = -1;
	}
	return a->thread;
}

struct ct_actor *ct_sink_get_actor(struct ct_sink *sink, uint32_t actor)
{
	return &sink->actors.items[actor];
}

uint8_t ct_sink_reason(struct ct_sink *sink, const char *reason)
{
	const char *text = ct_sink_string(sink, reason);
	uint32_t i = 0;

	if (!sink->reasons.n)
		(void)!ct_vec_push(&sink->reasons);
	for (i = 1; i < sink->reasons.n; i++)
		if (sink->reasons.items[i] == text)
			return (uint8_t)i;
	const char **slot = i <= UINT8_MAX ? ct_vec_push(&sink->reasons) : NULL;
	if (!slot)
		return 0;
	*slot = text;
	return (uint8_t)i;
}

uint32_t ct_sink_labels(struct ct_sink *sink, const char *labels)
{
	const char **slot;

	if (!sink->label_sets.n)
		(void)!ct_vec_push(&sink->label_sets);
	slot = ct_vec_push(&sink->label_sets);
	if (!slot) {
		sink->failed = true;
		return 0;
	}
	*slot = ct_sink_secret(sink, labels);
	return sink->label_sets.n - 1;
}

uint32_t ct_sink_n_actors(const struct ct_sink *sink)
{
	return sink->actors.n;
}

static uint32_t find_thread(const struct ct_sink *sink, uint64_t id, bool exited)
{
	struct ct_hash_it it = ct_hash_find(&sink->actor_ids, ct_hash_u64(id));
	uint32_t i;

	while (ct_hash_next(&sink->actor_ids, &it, &i))
		if (sink->actors.items[i].id == id &&
			sink->actors.items[i].kind == CT_ACTOR_THREAD &&
			(sink->actors.items[i].state == CT_STATE_ZOMBIE) == exited &&
			sink->actors.items[i].id_source != CT_ID_FOREIGN)
			return i;
	return CT_NONE;
}

uint32_t ct_sink_thread_by_id(const struct ct_sink *sink, uint64_t id)
{
	return find_thread(sink, id, false);
}

uint32_t ct_sink_exited_by_id(const struct ct_sink *sink, uint64_t id)
{
	return id ? find_thread(sink, id, true) : CT_NONE;
}

static uint32_t find_object(const struct ct_sink *sink, uint64_t object)
{
	struct ct_hash_it it = ct_hash_find(&sink->actor_objects, ct_hash_u64(object));
	uint32_t i;

	while (ct_hash_next(&sink->actor_objects, &it, &i))
		if (sink->actors.items[i].object == object)
			return i;
	return CT_NONE;
}

uint32_t ct_sink_actor_by_object(struct ct_sink *sink, uint64_t object)
{
	uint32_t found = find_object(sink, object);

	if (found != CT_NONE || sink->n_indexed == sink->actors.n)
		return found;
	for (; sink->n_indexed < sink->actors.n; sink->n_indexed++)
		if (is_sleeper(&sink->actors.items[sink->n_indexed]))
			sink->failed |= !index_object(sink, sink->n_indexed);
	return find_object(sink, object);
}

/* Thousands of channels are in the same state. */
static const struct ct_value *sink_intern_values(struct ct_sink *sink)
{
	size_t bytes = (size_t)sink->values.n * sizeof(*sink->values.items);
	uint64_t hash = ct_hash_bytes(sink->values.items, bytes);
	struct ct_hash_it it = ct_hash_find(&sink->value_keys, hash);
	uint32_t i;

	while (ct_hash_next(&sink->value_keys, &it, &i)) {
		const struct sink_values *list = &sink->value_lists.items[i];

		if (list->n == sink->values.n && !memcmp(list->values, sink->values.items, bytes))
			return list->values;
	}
	struct sink_values *slot = ct_vec_push(&sink->value_lists);
	const struct ct_value *copy = ct_arena_copy(&sink->arena, sink->values.items, bytes);
	if (!slot || !copy || !ct_hash_insert(&sink->value_keys, hash, sink->value_lists.n - 1)) {
		sink->failed = true;
		return NULL;
	}
	*slot = (struct sink_values){copy, sink->values.n};
	return copy;
}

/* The values of the last resource move into the arena when the next one begins. */
void ct_sink_settle_values(struct ct_sink *sink)
{
	if (sink->values_of == CT_NONE)
		return;
	struct ct_resource *r = &sink->resources.items[sink->values_of];

	r->n_values = (uint16_t)sink->values.n;
	r->values = sink->values.n ? sink_intern_values(sink) : NULL;
	sink->values.n = 0;
	sink->values_of = CT_NONE;
}

uint32_t ct_sink_resource(struct ct_sink *sink, const char *kind, uint64_t address, bool *fresh)
{
	uint64_t hash = ct_hash_u64(address);
	struct ct_hash_it it = ct_hash_find(&sink->resource_keys, hash);
	uint32_t i;

	*fresh = false;
	while (ct_hash_next(&sink->resource_keys, &it, &i)) {
		const struct ct_resource *r = &sink->resources.items[i];

		if (r->address == address && !strcmp(r->kind, kind))
			return i;
	}
	ct_sink_settle_values(sink);
	struct ct_resource *slot = ct_vec_push(&sink->resources);
	uint32_t index = sink->resources.n - 1;
	if (!slot || !ct_hash_insert(&sink->resource_keys, hash, index)) {
		sink->failed = true;
		return CT_NONE;
	}
	slot->kind = kind;
	slot->address = address;
	slot->owner_exited = CT_NONE;
	slot->place_actor = CT_NONE;
	sink->values_of = index;
	*fresh = true;
	return index;
}

bool ct_sink_has_resource(const struct ct_sink *sink, uint64_t address)
{
	struct ct_hash_it it = ct_hash_find(&sink->resource_keys, ct_hash_u64(address));
	uint32_t i;

	while (ct_hash_next(&sink->resource_keys, &it, &i))
		if (sink->resources.items[i].address == address)
			return true;
	return false;
}

struct ct_resource *ct_sink_get_resource(struct ct_sink *sink, uint32_t resource)
{
	return &sink->resources.items[resource];
}

uint32_t ct_sink_n_resources(const struct ct_sink *sink)
{
	return sink->resources.n;
}

static void sink_value(struct ct_sink *sink, uint32_t resource, struct ct_value value)
{
	struct ct_value *slot = resource == sink->values_of ? ct_vec_push(&sink->values) : NULL;

	if (!slot || sink->values.n > UINT16_MAX) {
		sink->failed = true;
		return;
	}
	/* One by one: holes would count when equal lists are looked for. */
	slot->key = value.key;
	slot->type = value.type;
	slot->text = value.text;
	slot->number = value.number;
}

void ct_sink_value_int(struct ct_sink *sink, uint32_t resource, const char *key, int64_t number)
{
	sink_value(sink, resource, (struct ct_value){key, CT_VALUE_INT, NULL, number});
}

void ct_sink_value_hex(struct ct_sink *sink, uint32_t resource, const char *key, uint64_t number)
{
	sink_value(sink, resource, (struct ct_value){key, CT_VALUE_HEX, NULL, (int64_t)number});
}

void ct_sink_value_bool(struct ct_sink *sink, uint32_t resource, const char *key, bool value)
{
	sink_value(sink, resource, (struct ct_value){key, CT_VALUE_BOOL, NULL, value});
}

void ct_sink_value_text(struct ct_sink *sink, uint32_t resource, const char *key, const char *text)
{
	sink_value(sink, resource,
		(struct ct_value){key, CT_VALUE_TEXT, ct_sink_string(sink, text), 0});
}

uint32_t ct_sink_wait(struct ct_sink *sink, const struct ct_wait *wait)
{
	struct ct_wait *slot = ct_vec_push(&sink->waits);

	if (!slot) {
		sink->failed = true;
		return CT_NONE;
	}
	*slot = *wait;
	struct ct_actor *actor = &sink->actors.items[wait->actor];
	if (!actor->n_waits++)
		actor->first_wait = sink->waits.n - 1;
	return sink->waits.n - 1;
}

const struct ct_wait *ct_sink_get_wait(const struct ct_sink *sink, uint32_t wait)
{
	return &sink->waits.items[wait];
}

uint32_t ct_sink_n_waits(const struct ct_sink *sink)
{
	return sink->waits.n;
}

void ct_sink_peer(struct ct_sink *sink, uint32_t wait, const struct ct_peer *peer)
{
	struct sink_peer *slot = ct_vec_push(&sink->peers);

	if (slot)
		*slot = (struct sink_peer){*peer, wait};
	else
		sink->failed = true;
}

uint32_t ct_sink_hold(struct ct_sink *sink, const struct ct_hold *hold)
{
	struct ct_hold *slot = ct_vec_push(&sink->holds);

	if (!slot) {
		sink->failed = true;
		return CT_NONE;
	}
	*slot = *hold;
	return sink->holds.n - 1;
}

uint32_t ct_sink_n_holds(const struct ct_sink *sink)
{
	return sink->holds.n;
}

struct ct_hold *ct_sink_get_hold(struct ct_sink *sink, uint32_t hold)
{
	return &sink->holds.items[hold];
}

uint32_t ct_sink_site(struct ct_sink *sink, uint64_t pc, bool is_call, bool *fresh)
{
	uint64_t hash = ct_hash_u64(pc * 2 + is_call);
	struct ct_hash_it it = ct_hash_find(&sink->site_keys, hash);
	uint32_t i;

	*fresh = false;
	while (ct_hash_next(&sink->site_keys, &it, &i))
		if (sink->sites.items[i].pc == pc && sink->sites.items[i].is_call == is_call)
			return i;
	struct ct_site *slot = ct_vec_push(&sink->sites);
	uint32_t index = sink->sites.n - 1;
	if (!slot || !ct_hash_insert(&sink->site_keys, hash, index)) {
		sink->failed = true;
		return CT_NONE;
	}
	slot->pc = pc;
	slot->is_call = is_call;
	slot->module = CT_NONE;
	*fresh = true;
	return index;
}

struct ct_site *ct_sink_get_site(struct ct_sink *sink, uint32_t site)
{
	return &sink->sites.items[site];
}

uint32_t ct_sink_n_sites(const struct ct_sink *sink)
{
	return sink->sites.n;
}

static bool same_stack(const struct ct_stack *a, const struct ct_stack *b)
{
	return a->n_frames == b->n_frames && a->n_total == b->n_total && a->root == b->root &&
	       a->skipped_at == b->skipped_at && !a->why == !b->why &&
	       (!a->why || !strcmp(a->why, b->why)) &&
	       (!a->n_frames || !memcmp(a->frames, b->frames, a->n_frames * sizeof(*a->frames)));
}

uint32_t ct_sink_stack(struct ct_sink *sink, const struct ct_stack *stack)
{
	size_t bytes = stack->n_frames * sizeof(*stack->frames);
	uint64_t hash = ct_hash_bytes(stack->frames, bytes) ^ stack->n_total;
	struct ct_hash_it it = ct_hash_find(&sink->stack_keys, hash);
	uint32_t i;

	while (ct_hash_next(&sink->stack_keys, &it, &i))
		if (same_stack(&sink->stacks.items[i], stack)) {
			sink->stacks.items[i].n_actors++;
			return i;
		}
	struct ct_stack *slot = ct_vec_push(&sink->stacks);
	uint32_t index = sink->stacks.n - 1;
	if (!slot || !ct_hash_insert(&sink->stack_keys, hash, index)) {
		sink->failed = true;
		return CT_NONE;
	}
	*slot = *stack;
	slot->frames = ct_arena_copy(&sink->arena, stack->frames, bytes);
	slot->why = ct_sink_string(sink, stack->why);
	slot->n_actors = 1;
	if (!slot->frames)
		slot->n_frames = 0;
	return index;
}

void ct_sink_share_stack(struct ct_sink *sink, uint32_t stack)
{
	sink->stacks.items[stack].n_actors++;
}

const struct ct_stack *ct_sink_get_stack(const struct ct_sink *sink, uint32_t stack)
{
	return &sink->stacks.items[stack];
}

uint32_t ct_sink_n_stacks(const struct ct_sink *sink)
{
	return sink->stacks.n;
}

uint32_t ct_sink_module(struct ct_sink *sink, const struct ct_fact_module *module)
{
	struct ct_fact_module *slot = ct_vec_push(&sink->modules);

	if (!slot) {
		sink->failed = true;
		return CT_NONE;
	}
	*slot = *module;
	return sink->modules.n - 1;
}

void ct_sink_note(struct ct_sink *sink, unsigned code, const char *about, const char *fmt, ...)
{
	ct_autostr text = {0};
	struct ct_note *slot = ct_vec_push(&sink->notes);
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(&text, fmt, args);
	va_end(args);
	if (!slot || text.failed) {
		sink->failed = true;
		return;
	}
	*slot = (struct ct_note){
		code, ct_sink_string(sink, about), ct_sink_string(sink, ct_str_text(&text))};
}

void ct_sink_crash(struct ct_sink *sink, const struct ct_crash *crash)
{
	sink->facts->crash = ct_arena_copy(&sink->arena, crash, sizeof(*crash));
}

bool ct_sink_has_crash(const struct ct_sink *sink)
{
	return sink->facts->crash != NULL;
}

void ct_sink_panic(struct ct_sink *sink, const struct ct_panic *panic)
{
	struct ct_panic *slot = ct_vec_push(&sink->panics);

	if (slot)
		*slot = *panic;
	else
		sink->failed = true;
}

uint32_t ct_sink_n_panics(const struct ct_sink *sink)
{
	return sink->panics.n;
}

const struct ct_panic *ct_sink_get_panic(const struct ct_sink *sink, uint32_t panic)
{
	return &sink->panics.items[panic];
}

const struct ct_panic *ct_sink_panic_of(const struct ct_sink *sink, uint32_t actor)
{
	for (uint32_t i = 0; i < sink->panics.n; i++)
		if (sink->panics.items[i].actor == actor)
			return &sink->panics.items[i];
	return NULL;
}
