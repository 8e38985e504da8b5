/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/context_types.h"

#include "runtime/go/itabs.h"
#include "runtime/go/types.h"

#define MAX_TYPES   1024
#define MAX_DEPTH   3          /* of structs in structs, down to a context.Context */
#define MAX_MEMBERS (1u << 20) /* that are looked at, of all types */

static const struct {
	const char *name;
	uint8_t kind;
} kinds[] = {
	{"context.backgroundCtx", CT_CONTEXT_BACKGROUND},
	{"context.todoCtx", CT_CONTEXT_TODO},
	{"context.emptyCtx", CT_CONTEXT_EMPTY},
	{"context.cancelCtx", CT_CONTEXT_CANCEL},
	{"context.timerCtx", CT_CONTEXT_TIMER},
	{"context.valueCtx", CT_CONTEXT_VALUE},
	{"context.afterFuncCtx", CT_CONTEXT_AFTER_FUNC},
	{"context.withoutCancelCtx", CT_CONTEXT_WITHOUT_CANCEL},
	{"context.stopCtx", CT_CONTEXT_STOP},
};

struct reader {
	const struct ct_go *go;
	struct ct_arena *arena;
	struct ct_go_context_types *types;
	uint64_t context, canceler; /* interfaces that are known by now */
	uint64_t other[64];         /* and those that are neither, by hash */
	uint32_t n_members;         /* that were looked at */
};

static bool is_named(const struct ct_go *go, uint64_t type, const char *name)
{
	struct ct_go_type t;

	return !ct_go_type_at(go, type, &t) && !strcmp(t.name, name);
}

/* Is it one of the two? */
static bool is_interface(struct reader *r, uint64_t type)
{
	uint64_t *slot = &r->other[type >> 5 & (CT_COUNT(r->other) - 1)];

	if (type == r->context || type == r->canceler)
		return true;
	if (*slot == type)
		return false;
	if (is_named(r->go, type, "context.Context")) {
		r->context = type;
		return true;
	}
	if (is_named(r->go, type, "context.canceler")) {
		r->canceler = type;
		return true;
	}
	*slot = type;
	return false;
}

/* ---- fields ---- */

/* The first context.Context in a struct, and in those that it has inside. */
static bool find_parent(
	struct reader *r, uint64_t type, unsigned depth, uint64_t base, uint64_t *ret)
{
	struct ct_go_member member;
	struct ct_go_type t;

	for (uint32_t i = 0;
		r->n_members < MAX_MEMBERS && ct_go_type_member(r->go, type, i, &member); i++) {
		r->n_members++;
		if (ct_go_type_at(r->go, member.type, &t))
			continue;
		if (!strcmp(t.name, "context.Context")) {
			*ret = base + member.offset;
			return true;
		}
		if (t.kind == CT_GO_KIND_STRUCT && depth < MAX_DEPTH &&
			find_parent(r, member.type, depth + 1, base + member.offset, ret))
			return true;
	}
	return false;
}

static uint32_t offset_of(
	const struct ct_go *go, uint64_t type, const char *name, uint64_t size, uint8_t *kind)
{
	struct ct_go_member member;
	struct ct_go_type t;

	if (!ct_go_type_find_member(go, type, name, &member) || member.offset >= size)
		return CT_GO_ABSENT;
	if (kind)
		*kind = ct_go_type_at(go, member.type, &t) ? 0 : t.kind;
	return (uint32_t)member.offset;
}

/* type: the struct's; own: that of the cancelCtx in it, which is at its start, or the same. */
static void read_fields(
	struct reader *r, uint64_t type, uint64_t own, struct ct_go_context_type *ret)
{
	const struct ct_go *go = r->go;
	uint8_t done = 0, err = 0;
	uint64_t parent;

	if (find_parent(r, type, 0, 0, &parent) && parent < ret->size)
		ret->parent = (uint32_t)parent;
	if (ret->kind == CT_CONTEXT_OTHER)
		return;
	ret->done = offset_of(go, own, "done", ret->size, &done);
	ret->children = offset_of(go, own, "children", ret->size, NULL);
	ret->err = offset_of(go, own, "err", ret->size, &err);
	ret->cause = offset_of(go, own, "cause", ret->size, NULL);
	ret->done_is_chan = done == CT_GO_KIND_CHAN;
	ret->err_is_any = err != CT_GO_KIND_INTERFACE;
	ret->timer = offset_of(go, type, "timer", ret->size, NULL);
	ret->deadline = offset_of(go, type, "deadline", ret->size, NULL);
	ret->key = offset_of(go, type, "key", ret->size, NULL);
	ret->value = offset_of(go, type, "val", ret->size, NULL);
	ret->function = offset_of(go, type, "f", ret->size, NULL);
}

static void read_type(struct reader *r, uint64_t type, struct ct_go_context_type *ret)
{
	struct ct_go_member inside;
	struct ct_go_type t;

	*ret = (struct ct_go_context_type){.type = type,
		.name = "",
		.parent = CT_GO_ABSENT,
		.done = CT_GO_ABSENT,
		.children = CT_GO_ABSENT,
		.err = CT_GO_ABSENT,
		.cause = CT_GO_ABSENT,
		.timer = CT_GO_ABSENT,
		.deadline = CT_GO_ABSENT,
		.key = CT_GO_ABSENT,
		.value = CT_GO_ABSENT,
		.function = CT_GO_ABSENT};
	if (ct_go_type_at(r->go, type, &t))
		return;
	/* Of another kind, a word that is the value: nothing is known of what is in it. */
	bool pointer = t.kind == CT_GO_KIND_POINTER;
	if (pointer && ct_go_type_at(r->go, ct_go_type_elem(r->go, type), &t))
		return;
	ret->name = ct_arena_strndup(r->arena, t.name, strlen(t.name));
	ret->size = t.size;
	for (size_t i = 0; i < CT_COUNT(kinds); i++)
		if (!strcmp(t.name, kinds[i].name))
			ret->kind = kinds[i].kind;
	if (t.kind != CT_GO_KIND_STRUCT || t.size > UINT32_MAX)
		return;
	uint64_t own = t.at;
	if (ct_go_type_find_member(r->go, t.at, "cancelCtx", &inside) && !inside.offset)
		own = inside.type;
	read_fields(r, t.at, own, ret);
}

/* ---- tables ---- */

/* Index of a type, which is added when it is new; CT_NONE: no memory, or too many. */
static uint32_t add_type(struct reader *r, uint64_t type)
{
	struct ct_go_context_types *types = r->types;

	/* Few programs have more than twenty; those of one type stand mostly side by side. */
	for (uint32_t i = types->list.n; i-- > 0 && types->list.n - i <= 256;)
		if (types->list.items[i].type == type)
			return i;
	struct ct_go_context_type *slot =
		types->list.n < MAX_TYPES ? ct_vec_push(&types->list) : NULL;
	if (!slot)
		return CT_NONE;
	read_type(r, type, slot);
	return slot->name ? types->list.n - 1 : CT_NONE;
}

static bool add_table(void *arg, const struct ct_go_itab *itab)
{
	struct reader *r = arg;

	if (!is_interface(r, itab->interface))
		return true;
	uint32_t type = add_type(r, itab->type);
	struct ct_go_context_table *slot = type == CT_NONE ? NULL : ct_vec_push(&r->types->keys);
	if (!slot)
		return false;
	*slot = (struct ct_go_context_table){itab->at, type, itab->interface == r->context};
	return ct_hash_insert(&r->types->tables, ct_hash_u64(itab->at), r->types->keys.n - 1);
}

enum ct_status ct_go_context_types_read(
	const struct ct_go *go, struct ct_arena *arena, struct ct_go_context_types *ret)
{
	struct reader r = {.go = go, .arena = arena, .types = ret};

	*ret = (struct ct_go_context_types){0};
	if (ct_go_each_itab(go, add_table, &r))
		return CT_OK;
	if (ret->list.n < MAX_TYPES)
		return CT_NO_MEMORY;
	ct_target_note(go->target, CT_NOTE_LIMIT, "Go contexts",
		"there are more than %u types of contexts: those of other types are not told",
		MAX_TYPES);
	return CT_OK;
}

void ct_go_context_types_free(struct ct_go_context_types *types)
{
	ct_vec_free(&types->list);
	ct_vec_free(&types->keys);
	ct_hash_free(&types->tables);
}

uint32_t ct_go_context_type_of(
	const struct ct_go_context_types *types, uint64_t table, bool *is_context)
{
	struct ct_hash_it it = ct_hash_find(&types->tables, ct_hash_u64(table));
	uint32_t i;

	while (ct_hash_next(&types->tables, &it, &i)) {
		if (types->keys.items[i].at != table)
			continue;
		if (is_context)
			*is_context = types->keys.items[i].is_context;
		return types->keys.items[i].type;
	}
	return CT_NONE;
}

const struct ct_go_context_type *ct_go_context_type_kind(
	const struct ct_go_context_types *types, enum ct_context_kind kind)
{
	for (uint32_t i = 0; i < types->list.n; i++)
		if (types->list.items[i].kind == kind)
			return &types->list.items[i];
	return NULL;
}
