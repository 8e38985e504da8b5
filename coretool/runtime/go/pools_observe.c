/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/pools_observe.h"

#include <inttypes.h>

#include "runtime/go/types.h"
#include "target/object_name.h"

#define MAX_LARGE 64   /* that are told of a pool */
#define LEAST     4096 /* bytes of what is told as large */

/* ---- what there is ---- */

/* Index of the type; CT_NONE: it is none, or there is no memory, which *failed says. */
static uint32_t type_of(struct ct_go_pool_items *items, uint64_t type, bool *failed)
{
	uint64_t hash = ct_hash_u64(type);
	struct ct_hash_it it = ct_hash_find(&items->type_keys, hash);
	struct ct_go_pool_type read;
	char name[CT_GO_TYPE_NAME];
	uint32_t i;

	while (ct_hash_next(&items->type_keys, &it, &i))
		if (items->types.items[i].type == type)
			return i;
	if (!ct_go_pool_type_read(items->o->go, type, &read, name))
		return CT_NONE;
	i = items->types.n;
	struct ct_go_pool_type *slot = ct_vec_push(&items->types);
	if (!slot || !ct_hash_insert(&items->type_keys, hash, i)) {
		*failed = true;
		return CT_NONE;
	}
	*slot = read;
	slot->name = ct_sink_string(items->o->sink, name);
	return i;
}

static bool in_heap(const struct ct_go_pool_items *items, uint64_t address)
{
	struct ct_go_object object;

	return items->world && ct_go_object_at(items->world->heap, address, &object) &&
	       ct_go_is_allocated(object.span, object.index);
}

static bool take_down(void *arg, const struct ct_go_pool_value *value)
{
	struct ct_go_pool_items *items = arg;
	bool failed = false;
	uint32_t index = type_of(items, value->type, &failed);

	if (index == CT_NONE) {
		items->pools.n_bad += !failed;
		return !failed;
	}
	struct ct_go_pool_item *item = ct_vec_push(&items->list);
	if (item)
		*item = (struct ct_go_pool_item){.address = value->value,
			.type = index,
			.pool = value->pool,
			.processor = value->processor,
			.place = value->place};
	return item;
}

/* Which of them can be had twice. */
static void find_objects(struct ct_go_pool_items *items)
{
	for (uint32_t i = 0; i < items->list.n; i++) {
		struct ct_go_pool_item *item = &items->list.items[i];
		const struct ct_go_pool_type *type = &items->types.items[item->type];
		struct ct_go_slice slice;

		item->object = type->direct && !type->empty && in_heap(items, item->address);
		if (ct_go_pool_slice(items->o->go, type, item->address, &slice) &&
			in_heap(items, slice.at))
			item->array = slice.at;
	}
}

/* ---- one pool ---- */

struct pool { /* being told */
	const struct ct_go_pool_items *all;
	const struct ct_go_pool_item *items;
	uint32_t first, n;
	struct ct_arena *arena;
};

static int by_part(const void *a, const void *b)
{
	const struct ct_go_pool_part *x = a, *y = b;

	return x->processor < y->processor ? -1 : x->processor > y->processor;
}

/* Victims come behind what is there now, so a P may come twice. */
static void add_parts(const struct pool *p, struct ct_go_pool *ret)
{
	struct ct_go_pool_part *parts =
		ct_arena_new_array(p->arena, (size_t)p->n + 1, struct ct_go_pool_part);
	uint32_t n = 0, kept = 0;

	for (uint32_t i = 0; parts && i < p->n; i++) {
		if (!n || parts[n - 1].processor != p->items[i].processor)
			parts[n++].processor = p->items[i].processor;
		parts[n - 1].n[p->items[i].place]++;
	}
	if (n)
		qsort(parts, n, sizeof(*parts), by_part);
	for (uint32_t i = 0; i < n; i++) {
		if (kept && parts[kept - 1].processor == parts[i].processor)
			for (unsigned k = 0; k < CT_GO_N_POOL_PLACES; k++)
				parts[kept - 1].n[k] += parts[i].n[k];
		else
			parts[kept++] = parts[i];
	}
	ret->parts = parts;
	ret->n_parts = kept;
}

static int by_count(const void *a, const void *b)
{
	const struct ct_go_pool_type_count *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* known: of each type, its place in *types + 1; all 0, and left so. */
static void add_types(const struct pool *p, uint32_t *known, struct ct_go_pool *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++)
		if (!known[p->items[i].type])
			known[p->items[i].type] = ++n;
	struct ct_go_pool_type_count *types =
		ct_arena_new_array(p->arena, (size_t)n + 1, struct ct_go_pool_type_count);
	for (uint32_t i = 0; types && i < p->n; i++) {
		struct ct_go_pool_type_count *slot = &types[known[p->items[i].type] - 1];

		slot->name = p->all->types.items[p->items[i].type].name;
		slot->n++;
	}
	for (uint32_t i = 0; i < p->n; i++)
		known[p->items[i].type] = 0;
	if (types && n)
		qsort(types, n, sizeof(*types), by_count);
	ret->types = types;
	ret->n_types = types ? n : 0;
}

struct size {
	uint64_t bytes;
	uint32_t item;
};

static int by_size(const void *a, const void *b)
{
	const struct size *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

/* The largest objects, and how large the one in the middle is. */
static bool add_sizes(const struct pool *p, struct ct_go_pool *ret)
{
	ct_autofree struct size *sizes = calloc((size_t)p->n + 1, sizeof(*sizes));
	struct ct_go_pooled *large = ct_arena_new_array(p->arena, MAX_LARGE, struct ct_go_pooled);

	if (!sizes || !large)
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		sizes[i] = (struct size){p->items[i].bytes, i};
		ret->bytes += p->items[i].bytes;
	}
	qsort(sizes, p->n, sizeof(*sizes), by_size);
	/* Of two the smaller one. */
	ret->median = p->n ? sizes[p->n / 2].bytes : 0;
	for (uint32_t i = 0; i < p->n && sizes[i].bytes >= LEAST; i++) {
		ret->more_large = i == MAX_LARGE;
		if (ret->more_large)
			break;
		const struct ct_go_pool_item *item = &p->items[sizes[i].item];

		large[ret->n_large++] = (struct ct_go_pooled){.address = item->address,
			.array = item->array,
			.bytes = item->bytes,
			.type = p->all->types.items[item->type].name,
			.processor = item->processor,
			.place = item->place,
			.copies = 1};
	}
	ret->large = large;
	return true;
}

/* "main.buffers"; of one in the heap what it is in. */
static const char *name_pool(const struct ct_go_pool_items *all, uint64_t at)
{
	struct ct_sink *sink = all->o->sink;
	struct ct_go_object object;
	struct ct_go_type type;
	uint64_t word = 0;
	const char *name, *field;
	bool from_dwarf;

	if (!all->world || !ct_go_object_at(all->world->heap, at, &object)) {
		if (ct_object_name(all->o->target, at, ct_sink_arena(sink), &name, &from_dwarf))
			return NULL;
		/* DWARF says which field of it is there. */
		size_t len = strlen(name), cut = strlen(".local");
		field = len > cut && !strcmp(name + len - cut, ".local") ? name + len - cut
									 : name + len;
		return ct_sink_printf(sink, "%.*s", (int)(field - name), name);
	}
	if (object.span->map == CT_GO_MAP_LARGE)
		word = object.span->type;
	else if (object.span->map == CT_GO_MAP_HEADER)
		(void)!ct_go_heap_read(all->world->heap, object.start, &word, sizeof(word));
	if (word && !ct_go_type_at(all->o->go, word, &type))
		return ct_sink_printf(sink, "in a %s at 0x%" PRIx64, type.name, object.start);
	return ct_sink_printf(sink, "in an object of %" PRIu64 " bytes at 0x%" PRIx64,
		object.span->elemsize, object.start);
}

/* The function of the closure that New is; NULL: it is nil. */
static const char *name_new(const struct ct_go_pool_items *all, uint64_t at)
{
	const struct ct_go *go = all->o->go;
	struct ct_go_function function;
	uint64_t closure = 1, code;

	if (!ct_read_u64(go->target, at + CT_GO_POOL_SIZE - 8, &closure) && !closure)
		return NULL;
	if (ct_read_u64(go->target, closure, &code) ||
		!ct_go_function_at(&go->tables, code, &function))
		return "a function that is not known";
	return ct_sink_string(all->o->sink, ct_go_function_name(&function));
}

/* One that a rule may speak of. */
static uint32_t add_resource(const struct ct_go_pool_items *all, const struct ct_go_pool *pool)
{
	struct ct_sink *sink = all->o->sink;
	bool fresh;

	if (!pool->n_doubles && !pool->n_large && !pool->n_uses && pool->n_types < 2)
		return CT_NONE;
	uint32_t resource = ct_sink_resource(sink, "go_pool", pool->address, &fresh);
	if (resource != CT_NONE && fresh)
		ct_sink_get_resource(sink, resource)->name = pool->name;
	return resource;
}

static enum ct_status tell(
	const struct pool *p, uint64_t at, uint32_t *known, struct ct_go_pool *ret)
{
	ret->address = at;
	ret->name = name_pool(p->all, at);
	ret->make = name_new(p->all, at);
	ret->n_objects = p->n;
	add_parts(p, ret);
	add_types(p, known, ret);
	ret->n_referenced = p->all->deep ? 0 : CT_NONE;
	for (uint32_t i = 0; p->all->deep && i < p->n; i++)
		ret->n_referenced += p->items[i].referenced;
	if (!add_sizes(p, ret) || ct_go_pools_doubles(p->all, p->first, p->n, ret))
		return CT_NO_MEMORY;
	ret->resource = add_resource(p->all, ret);
	return CT_OK;
}

/* ---- all of them ---- */

static int by_bytes(const void *a, const void *b)
{
	const struct ct_go_pool *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	if (x->n_objects != y->n_objects)
		return x->n_objects > y->n_objects ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

static enum ct_status tell_all(const struct ct_go_pool_items *all)
{
	struct ct_arena *arena = ct_sink_arena(all->o->sink);
	uint32_t n = all->pools.list.n, first = 0;
	ct_autofree uint32_t *used = calloc((size_t)n + 2, sizeof(*used));
	ct_go_pool_uses uses = {0};
	struct ct_go_pool *pools = ct_arena_new_array(arena, (size_t)n + 1, struct ct_go_pool);
	ct_autofree uint32_t *known = calloc((size_t)all->types.n + 1, sizeof(*known));
	enum ct_status status =
		pools && known && used ? ct_go_pools_uses(all, &uses, used) : CT_NO_MEMORY;
	const struct ct_go_pool_use *kept =
		ct_arena_copy(arena, uses.items, uses.n * sizeof(*uses.items));

	if (!kept)
		status = CT_NO_MEMORY;
	ct_vec_free(&uses);
	for (uint32_t i = 0; !status && i < n; i++) {
		struct pool p = {.all = all,
			.items = all->list.n ? all->list.items + first : NULL,
			.first = first,
			.arena = arena};

		while (first + p.n < all->list.n && all->list.items[first + p.n].pool == i)
			p.n++;
		first += p.n;
		pools[i] = (struct ct_go_pool){
			.uses = kept + used[i], .n_uses = used[i + 1] - used[i]};
		status = tell(&p, all->pools.list.items[i], known, &pools[i]);
	}
	if (status)
		return status;
	qsort(pools, n, sizeof(*pools), by_bytes);
	const struct ct_fact_go_pools fact = {.items = pools,
		.n = n,
		.n_objects = all->list.n,
		.sized = all->world,
		.deep = all->deep};
	ct_sink_go_pools(all->o->sink, &fact);
	return CT_OK;
}

static void note(const struct ct_go_pool_items *all)
{
	const struct ct_go_pools *pools = &all->pools;
	struct ct_target *target = all->o->target;

	if (pools->n_bad)
		ct_target_note(target, CT_NOTE_DAMAGED, "Go pools",
			"%" PRIu32 " pools, Ps or rings of pools could not be read: what is in "
			"them is missing",
			pools->n_bad);
	if (all->n_unread)
		ct_target_note(target, CT_NOTE_DAMAGED, "Go pools",
			"how much %" PRIu32
			" objects in pools keep alive is not known: part of what they, or others, "
			"lead to could not be read",
			all->n_unread);
	if (pools->cut)
		ct_target_note(target, CT_NOTE_LIMIT, "Go pools",
			"there are more pools or places in them than are looked at");
	if (!all->world && all->list.n)
		ct_target_note(target, CT_NOTE_UNKNOWN_RUNTIME, "Go pools",
			"the heap is not known: neither is how large objects are, nor which are "
			"in a pool twice");
}

enum ct_status ct_go_observe_pools(struct ct_go_observation *o, bool deep)
{
	struct ct_go_pool_items all = {.o = o};
	const struct ct_go_pool_visit visit = {.arg = &all, .value = take_down};
	enum ct_status status = ct_go_pools_find(o->go, &all.pools);

	if (!status)
		status = ct_go_pools_walk(o->go, &all.pools, &visit);
	if (!status && all.list.n)
		status = ct_go_world(o, &all.world);
	if (status == CT_NOT_FOUND)
		status = CT_OK;
	if (!status) {
		find_objects(&all);
		status = deep ? ct_go_pools_look_deep(&all) : ct_go_pools_size(&all);
	}
	if (!status)
		status = tell_all(&all);
	note(&all);
	ct_go_pools_free(&all.pools);
	ct_vec_free(&all.list);
	ct_vec_free(&all.types);
	ct_hash_free(&all.type_keys);
	return status;
}
