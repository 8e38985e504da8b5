/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who still has an object that is in a pool: live variables of goroutines, by the maps of their
 * stacks, and what the code that comes next does with them. Where a function has deferred calls, a
 * variable may be live for one that has run already: then only its code tells.
 */
#include "decode/slot_use.h"
#include "runtime/go/heap_pointers.h"
#include "runtime/go/pools_observe.h"

#define MAX_USES 1024
#define MAX_CODE 512 /* bytes looked at */
#define MAX_BAD  1024
#define MAX_LINK 16          /* of an object, times 64 words that may be its link to the pool */
#define SIEVE    16          /* log2 of its bits */
#define STACK    (64u << 10) /* bytes of one that are looked through */

struct search {
	const struct ct_go_pool_items *all;
	struct ct_hash objects;            /* items by address of their object or array */
	uint64_t least, most;              /* of these addresses */
	uint64_t sieve[(1 << SIEVE) / 64]; /* a bit for each of them */
	struct ct_go_g g;
	uint32_t actor;
	ct_go_pool_uses found;
	CT_VEC(uint32_t) pools; /* of each use */
	bool failed, cut;
};

/* ---- which objects count ---- */

/* Readers and writers that were reset to nil: to use them again is harmless. */
static bool is_reset(const struct ct_go_pool_items *all, const struct ct_go_pool_item *item)
{
	static const struct {
		const char *type;
		uint32_t source; /* of the interface with what it reads or writes */
	} rows[] = {{"*bufio.Reader", 24}, {"*bufio.Writer", 48}};
	uint64_t word;

	for (size_t i = 0; i < CT_COUNT(rows); i++)
		if (!strcmp(rows[i].type, all->types.items[item->type].name))
			return !ct_go_heap_read(all->world->heap, item->address + rows[i].source,
				       &word, sizeof(word)) ||
			       !word;
	return false;
}

/* Is it the pool, or what the pool is in? Where a part of the heap is not known, anything may be.
 */
static bool leads_to_pool(const struct ct_go_pool_items *all, uint64_t pool, uint64_t value)
{
	const struct ct_go_heap *heap = all->world->heap;
	struct ct_go_object owner;

	if (value - pool < CT_GO_POOL_SIZE)
		return true;
	if (!ct_go_object_at(heap, pool, &owner))
		return heap->n_bad;
	return value - owner.start < owner.span->elemsize;
}

/* One that links to its pool is used to be put, by whoever has it; so may be one that cannot be
 * read. */
static bool is_linked(const struct ct_go_pool_items *all, const struct ct_go_pool_item *item)
{
	uint64_t pool = all->pools.list.items[item->pool], copy[64], at, bits, value;
	struct ct_go_object object;
	struct ct_go_walk walk;
	const void *view;

	if (!ct_go_object_at(all->world->heap, item->address, &object))
		return all->world->heap->n_bad;
	ct_go_walk_begin(all->world->masks, &object, &walk);
	for (int i = 0; i < MAX_LINK && ct_go_walk_next(&walk, &at, &bits); i++) {
		if (!ct_go_heap_view(all->world->heap, object.span, at,
			    8 * (64 - (unsigned)__builtin_clzll(bits)), copy, &view))
			return true;
		for (; bits; bits &= bits - 1) {
			memcpy(&value, (const uint8_t *)view + 8 * __builtin_ctzll(bits), 8);
			if (value && leads_to_pool(all, pool, value))
				return true;
		}
	}
	return false;
}

static uint32_t sieve_bit(uint64_t address)
{
	return (uint32_t)((address >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SIEVE));
}

static void add_object(struct search *s, uint32_t i, uint64_t address)
{
	uint32_t bit = sieve_bit(address);

	if (!address)
		return;
	s->sieve[bit / 64] |= UINT64_C(1) << (bit % 64);
	s->least = CT_MIN(s->least, address);
	s->most = CT_MAX(s->most, address);
	s->failed |= !ct_hash_insert(&s->objects, ct_hash_u64(address), i);
}

static void add_objects(struct search *s)
{
	for (uint32_t i = 0; i < s->all->list.n && !s->failed; i++) {
		const struct ct_go_pool_item *item = &s->all->list.items[i];

		if ((!item->object && !item->array) || is_reset(s->all, item) ||
			is_linked(s->all, item))
			continue;
		if (item->object)
			add_object(s, i, item->address);
		if (item->array != item->address)
			add_object(s, i, item->array);
	}
}

static const struct ct_go_pool_item *item_at(const struct search *s, uint64_t address)
{
	struct ct_hash_it it = ct_hash_find(&s->objects, ct_hash_u64(address));
	uint32_t i;

	while (ct_hash_next(&s->objects, &it, &i)) {
		const struct ct_go_pool_item *item = &s->all->list.items[i];

		if ((item->object && item->address == address) || item->array == address)
			return item;
	}
	return NULL;
}

/* ---- who uses them ---- */

static bool is_inner(const char *name)
{
	return !strncmp(name, "runtime.", 8) || !strncmp(name, "sync.(*Pool)", 12);
}

/* Does the code that is gone back to use it, before anything else can happen? */
static bool will_use(const struct ct_go *go, const struct ct_go_root *root,
	const struct ct_go_function *function, const char **how)
{
	size_t n = (size_t)CT_MIN(function->end - root->pc, (uint64_t)MAX_CODE);
	struct ct_go_function callee;
	const void *code;

	if (ct_target_arch(go->target) != &ct_arch_x86_64 || !n || root->at < root->sp ||
		ct_view_image(go->target, root->pc, n, &code))
		return false;
	struct ct_slot_use use = ct_slot_use_of(code, n, root->pc, (int64_t)(root->at - root->sp));
	*how = "its code reads or writes through it next";
	if (use.through)
		return true;
	if (!ct_go_since(go, 17) || !use.passed ||
		!ct_go_function_at(&go->tables, use.passed, &callee) ||
		is_inner(ct_go_function_name(&callee)))
		return false;
	*how = ct_go_function_name(&callee);
	return true;
}

static const char *say(struct search *s, const struct ct_go_root *root, bool will, const char *how)
{
	struct ct_sink *sink = s->all->o->sink;

	if (!will)
		return ct_sink_printf(
			sink, "a variable of %s() that is live points to it", root->frame);
	if (strchr(how, ' '))
		return ct_sink_printf(sink, "%s() has it in a variable, and %s", root->frame, how);
	return ct_sink_printf(
		sink, "%s() has it in a variable, and calls %s with it next", root->frame, how);
}

static void visit(void *arg, const struct ct_go_root *root)
{
	struct search *s = arg;
	const struct ct_go *go = s->all->o->go;
	const struct ct_go_pool_item *item = item_at(s, root->value);
	struct ct_go_function function;
	const char *how = NULL;

	if (!item || root->kind != CT_GO_ROOT_STACK || root->guessed || !root->sp || !root->frame ||
		is_inner(root->frame) || !ct_go_function_at(&go->tables, root->pc - 1, &function))
		return;
	bool will = will_use(go, root, &function, &how);
	if (!will && ct_go_function_deferreturn(&function))
		return;
	s->cut = s->found.n == MAX_USES;
	if (s->cut)
		return;
	struct ct_go_pool_use *use = ct_vec_push(&s->found);
	uint32_t *pool = use ? ct_vec_push(&s->pools) : NULL;
	if (!pool) {
		s->failed = true;
		return;
	}
	*pool = item->pool;
	*use = (struct ct_go_pool_use){.actor = s->actor,
		.frame = ct_go_frame_of(s->all->o, s->actor, root->pc),
		.address = root->value,
		.type = s->all->types.items[item->type].name,
		.why = say(s, root, will, how),
		.will = will};
}

/* Is any of the addresses in its stack? Most have none, and need no maps. */
static bool may_have(const struct search *s)
{
	uint64_t sp = s->g.status == CT_GO_SYSCALL ? s->g.syscall_sp : s->g.sp, word;
	uint64_t size = s->g.stack_high - sp;
	const void *view;

	if (sp < s->g.stack_low || sp > s->g.stack_high || size > STACK ||
		ct_view(s->all->o->target, sp, (size_t)size, &view))
		return true;
	for (uint64_t at = 0; at + 8 <= size; at += 8) {
		memcpy(&word, (const uint8_t *)view + at, 8);
		if (word - s->least > s->most - s->least)
			continue;
		uint32_t bit = sieve_bit(word);
		if (s->sieve[bit / 64] >> (bit % 64) & 1)
			return true;
	}
	return false;
}

static enum ct_status search_stacks(struct search *s)
{
	const struct ct_go_observation *o = s->all->o;
	uint32_t n_bad = 0;
	enum ct_status status = CT_OK;

	for (uint32_t i = 0; i < o->n && n_bad < MAX_BAD && status != CT_NO_MEMORY && !s->failed;
		i++) {
		s->actor = o->first + i;
		status = ct_go_goroutine_at(
			o->go, ct_sink_get_actor(o->sink, s->actor)->object, &s->g);
		if (!status && s->g.status != CT_GO_RUNNING && may_have(s))
			status = ct_go_roots_goroutine(&s->all->world->stacks, &s->g, visit, s);
		n_bad += status == CT_FAULT;
	}
	return s->failed || status == CT_NO_MEMORY ? CT_NO_MEMORY : CT_OK;
}

/* By pool, in the order in which they were found. */
static bool sort(struct search *s, ct_go_pool_uses *ret, uint32_t *first)
{
	for (uint32_t i = 0; i < s->found.n; i++) {
		if (!ct_vec_push(ret))
			return false;
		first[s->pools.items[i] + 2]++;
	}
	for (uint32_t i = 0; i < s->all->pools.list.n; i++)
		first[i + 2] += first[i + 1];
	for (uint32_t i = 0; i < s->found.n; i++)
		ret->items[first[s->pools.items[i] + 1]++] = s->found.items[i];
	return true;
}

enum ct_status ct_go_pools_uses(
	const struct ct_go_pool_items *items, ct_go_pool_uses *ret, uint32_t *first)
{
	struct search s = {.all = items, .least = UINT64_MAX};
	enum ct_status status = CT_OK;

	if (!items->world)
		return CT_OK;
	add_objects(&s);
	if (s.objects.n)
		status = search_stacks(&s);
	if (!status && (s.failed || !sort(&s, ret, first)))
		status = CT_NO_MEMORY;
	if (s.cut)
		ct_target_note(items->o->target, CT_NOTE_LIMIT, "Go pools",
			"more variables point to objects in pools than are told");
	ct_hash_free(&s.objects);
	ct_vec_free(&s.found);
	ct_vec_free(&s.pools);
	return status;
}
