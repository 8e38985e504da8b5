/* SPDX-License-Identifier: Apache-2.0 */
/* Of a view, what only a Go program has: goroutines, pools, types of its heap. */
#include "base/str.h"
#include "rules/view.h"

#define MAX_FRAMES 512 /* as many as tell two stacks apart */
#define MAX_COUNT  (UINT32_MAX / 2)

const char *ct_view_functions(
	struct ct_view_builder *b, const struct ct_view_frame *frames, uint32_t n)
{
	ct_autostr text = {0};

	for (uint32_t i = 0; i < CT_MIN(n, (uint32_t)MAX_FRAMES); i++) {
		const char *function = ct_view_text(b, frames[i].function);

		ct_str_add(&text, "%s\n", function ? function : "?");
	}
	const char *ret = ct_arena_strndup(b->arena, ct_str_text(&text), text.len);
	b->failed |= text.failed || !ret;
	return ret ? ret : "";
}

/* The first goroutine is the runtime's until it runs the program's main. */
static bool is_of_runtime(const char *functions)
{
	for (const char *line = functions; *line; line += strcspn(line, "\n") + 1)
		if ((strncmp(line, "runtime.", 8) && strncmp(line, "runtime/internal/", 17) &&
			    strncmp(line, "internal/runtime/", 17)) ||
			!strncmp(line, "runtime.main\n", 13))
			return false;
	return *functions;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static uint64_t hash_of_text(const char *text)
{
	return text ? ct_hash_bytes(text, strlen(text)) : 0;
}

static uint32_t find_group(
	const struct ct_view_builder *b, const struct ct_view_group *group, uint64_t hash)
{
	struct ct_hash_it it = ct_hash_find(&b->group_keys, hash);
	uint32_t i;

	while (ct_hash_next(&b->group_keys, &it, &i)) {
		const struct ct_view_group *other = &b->groups.items[i];

		if (other->functions == group->functions && other->stack == group->stack &&
			same_text(other->waits, group->waits) &&
			same_text(other->creator, group->creator))
			return i;
	}
	return CT_NONE;
}

static uint32_t add_group(
	struct ct_view_builder *b, const struct ct_view_group *group, uint64_t hash)
{
	struct ct_view_group *slot = ct_vec_push(&b->groups);

	if (!slot || !ct_hash_insert(&b->group_keys, hash, b->groups.n - 1)) {
		b->failed = true;
		return CT_NONE;
	}
	*slot = *group;
	slot->waits = ct_view_text(b, group->waits);
	slot->kind = ct_view_text(b, group->kind);
	slot->creator = ct_view_text(b, group->creator);
	slot->n = 0;
	return b->groups.n - 1;
}

void ct_view_add_goroutines(
	struct ct_view_builder *b, const struct ct_view_group *group, uint64_t id)
{
	uint64_t hash = ct_hash_u64((uintptr_t)group->functions) ^ hash_of_text(group->waits) ^
			ct_hash_u64(hash_of_text(group->creator) + group->stack);

	if (b->failed || group->stack == CT_NONE || is_of_runtime(group->functions))
		return;
	uint32_t i = find_group(b, group, hash);
	if (i == CT_NONE)
		i = add_group(b, group, hash);
	if (i == CT_NONE)
		return;
	struct ct_view_group *g = &b->groups.items[i];
	g->n = g->n < MAX_COUNT - CT_MIN(group->n, MAX_COUNT) ? g->n + group->n : MAX_COUNT;
	struct ct_view_goroutine *slot = id ? ct_vec_push(&b->ids) : NULL;
	if (slot)
		*slot = (struct ct_view_goroutine){id, i};
	b->failed |= id && !slot;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	uint64_t ret;

	return __builtin_add_overflow(a, b, &ret) ? UINT64_MAX : ret;
}

static void add_amount(struct ct_view_builder *b, struct ct_view_amounts *list,
	const struct ct_view_amount *amount)
{
	const char *name = ct_view_text(b, amount->name ? amount->name : "?");
	uint64_t hash = hash_of_text(name);
	struct ct_hash_it it = ct_hash_find(&list->names, hash);
	uint32_t i;

	while (ct_hash_next(&list->names, &it, &i)) {
		struct ct_view_amount *known = &list->items[i];

		if (strcmp(known->name, name) != 0)
			continue;
		known->objects = sum(known->objects, amount->objects);
		known->bytes = sum(known->bytes, amount->bytes);
		return;
	}
	struct ct_view_amount *slot = ct_vec_push(list);
	if (!slot || !ct_hash_insert(&list->names, hash, list->n - 1))
		b->failed = true;
	else
		*slot = (struct ct_view_amount){name, amount->objects, amount->bytes};
}

void ct_view_add_pool(struct ct_view_builder *b, const struct ct_view_amount *pool)
{
	add_amount(b, &b->pools, pool);
}

void ct_view_add_type(struct ct_view_builder *b, const struct ct_view_amount *type)
{
	add_amount(b, &b->types, type);
}
