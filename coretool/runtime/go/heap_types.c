/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_types.h"

#include "runtime/go/types.h"

#define TINY          16 /* bytes: several values without pointers share such an object */
#define SMALL         512
#define MAX_SWISS_DIR 65536

enum ct_status ct_go_typing_init(struct ct_go_typing *t, const struct ct_go_heap *heap,
	const struct ct_go_mark *mark, struct ct_go_masks *masks)
{
	*t = (struct ct_go_typing){.heap = heap, .mark = mark, .masks = masks};
	t->of = calloc((size_t)heap->n_objects + 1, sizeof(*t->of));
	return t->of ? CT_OK : CT_NO_MEMORY;
}

void ct_go_typing_free(struct ct_go_typing *t)
{
	free(t->of);
	ct_vec_free(&t->known);
	ct_vec_free(&t->fields);
	ct_vec_free(&t->todo);
	ct_hash_free(&t->keys);
}

uint64_t ct_go_object_data(const struct ct_go_object *object)
{
	return object->start + (object->span->map == CT_GO_MAP_HEADER ? 8 : 0);
}

static bool is_tiny(const struct ct_go_span *s)
{
	return s->map == CT_GO_MAP_NONE && s->elemsize == TINY;
}

/* Whether a slot of this size is what the allocator takes for so much: the next smaller one is at
 * most so much smaller (runtime/sizeclasses.go). */
static bool fills(const struct ct_go_span *s, uint64_t size)
{
	uint64_t most = s->elemsize / 6;

	if (!s->class)
		most = CT_GO_PAGE;
	else if (s->elemsize <= 256)
		most = s->elemsize <= 32 ? 8 : 16;
	return size <= s->elemsize && s->elemsize - size < most;
}

/* Can the object be that, or as many of it as there is room for, when a pointer to it is at addr?
 */
static bool can_be(
	const struct ct_go_object *object, const struct ct_go_known *known, uint64_t addr)
{
	const struct ct_go_span *s = object->span;

	if (known->form > CT_GO_FORM_ARRAY && known->form != CT_GO_FORM_BYTES)
		return true;
	if (s->map != CT_GO_MAP_UNKNOWN && known->pointers != (s->map != CT_GO_MAP_NONE))
		return false;
	if (known->form == CT_GO_FORM_VALUE)
		return fills(s, known->size);
	if (known->form == CT_GO_FORM_ARRAY)
		return known->size && known->size <= s->elemsize &&
		       (addr - ct_go_object_data(object)) % known->size == 0;
	return true;
}

/* The first thing that is known stays; but a larger one begins with what it embeds. */
static bool is_better(const struct ct_go_typing *t, uint32_t now, uint32_t known)
{
	const struct ct_go_known *old = &t->known.items[now], *other = &t->known.items[known];

	return old->form == CT_GO_FORM_VALUE && other->form == CT_GO_FORM_VALUE &&
	       other->size > old->size;
}

static void set(
	struct ct_go_typing *t, const struct ct_go_object *object, uint32_t known, uint64_t addr)
{
	uint32_t *slot;

	if (known == CT_NONE || is_tiny(object->span) || !ct_go_mark_has(t->mark, object->id))
		return;
	if (t->known.items[known].channel) {
		uint64_t type = ct_go_word(t->heap->go, object->start, CT_GO_HCHAN_ELEMTYPE);
		uint32_t of = ct_go_typing_add(t, type, CT_GO_FORM_CHAN);

		known = of == CT_NONE ? known : of;
	}
	if (!can_be(object, &t->known.items[known], addr) ||
		(t->of[object->id] && !is_better(t, t->of[object->id] - 1, known)))
		return;
	slot = ct_vec_push(&t->todo);
	if (!slot) {
		t->failed = true;
		return;
	}
	*slot = object->id;
	t->of[object->id] = known + 1;
}

void ct_go_typing_points(struct ct_go_typing *t, uint64_t addr, uint32_t known, bool inside)
{
	struct ct_go_object object;

	if (known != CT_NONE && ct_go_object_at(t->heap, addr, &object) &&
		(inside || addr == ct_go_object_data(&object) || addr == object.start))
		set(t, &object, known, addr);
}

/* An interface: a type, or a table of methods that names one, and a value or a pointer to it. */
static void by_interface(struct ct_go_typing *t, uint64_t first, uint64_t value)
{
	const struct ct_go *go = t->heap->go;
	struct ct_go_type_head head, other;
	uint64_t table[2];

	if (first < 4096 || first % 8 || ct_go_span_at(t->heap, first))
		return;
	if (!ct_go_type_head(go, first, &head)) {
		if (ct_read(go->target, first, table, sizeof(table)) ||
			!ct_go_type_head(go, table[0], &other) ||
			other.kind != CT_GO_KIND_INTERFACE || !ct_go_type_head(go, table[1], &head))
			return;
		first = table[1];
	}
	if (head.direct)
		ct_go_typing_points(t, value, ct_go_typing_behind(t, first), false);
	else
		ct_go_typing_points(t, value, ct_go_typing_add(t, first, CT_GO_FORM_VALUE), false);
}

void ct_go_typing_root(struct ct_go_typing *t, const struct ct_go_root *root)
{
	uint64_t first;

	if (root->at && (root->kind == CT_GO_ROOT_VARIABLE || root->kind == CT_GO_ROOT_STACK) &&
		ct_go_span_at(t->heap, root->value) &&
		!ct_read_u64(t->heap->target, root->at - 8, &first))
		by_interface(t, first, root->value);
}

void ct_go_typing_runtime(struct ct_go_typing *t, uint64_t addr, const char *name)
{
	struct ct_go_object object;

	if (ct_go_object_at(t->heap, addr, &object) && ct_go_mark_has(t->mark, object.id))
		set(t, &object, ct_go_typing_add(t, (uint64_t)(uintptr_t)name, CT_GO_FORM_RUNTIME),
			addr);
}

/* Those that name their type, or their function. */
static void by_header(struct ct_go_typing *t, const struct ct_go_object *object)
{
	const struct ct_go_span *s = object->span;
	struct ct_go_function function;
	uint64_t first = s->type;

	const void *view;

	if (s->map != CT_GO_MAP_LARGE) {
		if (!ct_go_heap_view(t->heap, s, object->start, 8, &first, &view))
			return;
		memcpy(&first, view, sizeof(first));
	}
	if (s->map == CT_GO_MAP_LARGE || s->map == CT_GO_MAP_HEADER)
		set(t, object, ct_go_typing_add(t, first, CT_GO_FORM_VALUE),
			ct_go_object_data(object));
	else if (s->elemsize <= SMALL && !is_tiny(s) &&
		 ct_go_function_at(&t->heap->go->tables, first, &function) &&
		 function.entry == first)
		set(t, object, ct_go_typing_add(t, first, CT_GO_FORM_CLOSURE), object->start);
}

/* The interfaces that the object has: pointers behind a word that is none. */
static void by_words(struct ct_go_typing *t, const struct ct_go_object *object)
{
	uint64_t at, bits, copy[65], last = 0;
	struct ct_go_walk walk;

	ct_go_walk_begin(t->masks, object, &walk);
	while (!walk.guessed && ct_go_walk_next(&walk, &at, &bits)) {
		unsigned n = 64 - (unsigned)__builtin_clzll(bits);
		uint64_t from = at == object->start ? at : at - 8, word[2];
		uint64_t alone = bits & ~(bits << 1);
		const void *view;

		if (last == at) /* the word before is a pointer */
			alone &= ~UINT64_C(1);
		last = bits >> 63 ? at + 512 : 0;
		if (at == object->start)
			alone &= ~UINT64_C(1);
		if (!alone || !ct_go_heap_view(t->heap, object->span, from,
				      (size_t)(at + n * 8 - from), copy, &view))
			continue;
		for (; alone; alone &= alone - 1) {
			unsigned i = (unsigned)__builtin_ctzll(alone) - (from == at);

			memcpy(word, (const uint8_t *)view + 8 * i, sizeof(word));
			if (ct_go_span_at(t->heap, word[1]))
				by_interface(t, word[0], word[1]);
		}
	}
}

/* Tables of a map, and their groups (1.24 on): the head leads to either. */
static void by_map(struct ct_go_typing *t, const struct ct_go_object *object, uint64_t type)
{
	uint64_t map[4], table, data, group;
	struct ct_go_object directory;

	if (!ct_go_since(t->heap->go, 24) ||
		!ct_go_heap_read(t->heap, object->start, map, sizeof(map)) ||
		ct_read_u64(t->heap->target, type + 64, &group))
		return;
	uint32_t groups = ct_go_typing_add(t, group, CT_GO_FORM_ARRAY);
	if (!map[3]) { /* dirLen: one group */
		ct_go_typing_points(t, map[2], groups, false);
		return;
	}
	if (!ct_go_object_at(t->heap, map[2], &directory))
		return;
	ct_go_typing_runtime(t, map[2], "directory of a map");
	for (uint64_t i = 0; i < CT_MIN(map[3], (uint64_t)MAX_SWISS_DIR); i++) {
		if (!ct_go_heap_read(t->heap, map[2] + 8 * i, &table, 8) || !table)
			break;
		ct_go_typing_runtime(t, table, "table of a map");
		if (ct_go_heap_read(t->heap, table + 16, &data, 8))
			ct_go_typing_points(t, data, groups, false);
	}
}

static void follow_lead(struct ct_go_typing *t, const struct ct_go_object *object,
	const struct ct_go_lead *lead, uint64_t at)
{
	uint64_t end = object->start + object->span->elemsize, offset = lead->offset, value, copy;
	const void *view;

	for (uint32_t i = 0; i < lead->n && end - at >= offset + 8; i++, offset += lead->stride) {
		if (!ct_go_heap_view(t->heap, object->span, at + offset, 8, &copy, &view))
			continue;
		memcpy(&value, view, 8);
		if (value)
			ct_go_typing_points(t, value, lead->known, lead->inside);
	}
}

/* What a typed object leads to. */
static void follow(struct ct_go_typing *t, const struct ct_go_object *object, uint32_t known)
{
	if (!t->known.items[known].flat)
		ct_go_typing_flatten(t, known);
	struct ct_go_known k = t->known.items[known];
	uint64_t end = object->start + object->span->elemsize;

	if (k.form == CT_GO_FORM_MAP && ct_go_since(t->heap->go, 24)) {
		by_map(t, object, k.type);
		return;
	}
	for (uint64_t at = ct_go_object_data(object); k.n && at < end; at += k.size) {
		for (uint32_t i = 0; i < k.n; i++) {
			const struct ct_go_lead lead = t->fields.items[k.first + i];

			follow_lead(t, object, &lead, at);
		}
		if (k.form != CT_GO_FORM_ARRAY || !k.size)
			break;
	}
}

enum ct_status ct_go_typing_run(struct ct_go_typing *t)
{
	struct ct_go_object object;

	for (uint32_t i = 0; i < t->heap->n_spans && !t->failed; i++) {
		object.span = &t->heap->spans[i];
		for (uint32_t k = 0; k < object.span->n && !t->failed; k++) {
			object.id = object.span->first + k;
			if (!ct_go_mark_has(t->mark, object.id))
				continue;
			object.index = k;
			object.start = object.span->start + k * object.span->elemsize;
			by_header(t, &object);
			by_words(t, &object);
		}
	}
	return ct_go_typing_follow(t);
}

enum ct_status ct_go_typing_follow(struct ct_go_typing *t)
{
	struct ct_go_object object;

	while (t->todo.n && !t->failed) {
		uint32_t id = t->todo.items[--t->todo.n];

		ct_go_object_get(t->heap, id, &object);
		follow(t, &object, t->of[id] - 1);
	}
	return t->failed ? CT_NO_MEMORY : CT_OK;
}

static void name_unknown(const struct ct_go_span *s, char *buf, size_t size)
{
	const char *without = s->map == CT_GO_MAP_NONE ? " without pointers" : "";

	if (is_tiny(s))
		snprintf(buf, size, "small values without pointers, in blocks of 16 bytes");
	else if (!s->class)
		snprintf(buf, size, "large objects%s", without);
	else
		snprintf(
			buf, size, "%llu-byte objects%s", (unsigned long long)s->elemsize, without);
}

static void name_typed(enum ct_go_form form, const char *type, char *buf, size_t size)
{
	if (form == CT_GO_FORM_CHAN)
		snprintf(buf, size, strncmp(type, "<-", 2) ? "chan %s" : "chan (%s)", type);
	else
		snprintf(buf, size, "%s%s", form == CT_GO_FORM_ARRAY ? "[]" : "", type);
}

void ct_go_typing_name(
	const struct ct_go_typing *t, const struct ct_go_object *object, char *buf, size_t size)
{
	uint32_t known = t->of[object->id];
	const struct ct_go_known *k = known ? &t->known.items[known - 1] : NULL;
	struct ct_go_function function;
	struct ct_go_type type;

	if (k && k->form == CT_GO_FORM_BYTES)
		snprintf(buf, size, "bytes of strings");
	else if (k && k->form == CT_GO_FORM_RUNTIME)
		snprintf(buf, size, "%s", (const char *)(uintptr_t)k->type);
	else if (k && k->form == CT_GO_FORM_CLOSURE &&
		 ct_go_function_at(&t->heap->go->tables, k->type, &function))
		snprintf(buf, size, "closure of %s", ct_go_function_name(&function));
	else if (k && k->form <= CT_GO_FORM_CHAN && !ct_go_type_at(t->heap->go, k->type, &type))
		name_typed(k->form, type.name, buf, size);
	else
		name_unknown(object->span, buf, size);
}
