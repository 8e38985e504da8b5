/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/allocations.h"

#include "runtime/go/profile_stack.h"

struct known_bucket {
	uint64_t at, size;
	uint32_t stack; /* CT_NONE: it is no bucket */
};

struct collector {
	struct ct_go_world *world;
	ct_go_row_of *row_of;
	struct ct_go_allocations *ret;
	struct ct_go_profile_stack scratch;
	CT_VEC(struct known_bucket) buckets;
	struct ct_hash by_address, by_row; /* of buckets; of ret->list */
	uint32_t n_pcs;
	uint32_t last_bucket;
	const struct ct_go_span *span; /* of the object before, */
	uint32_t last_id;              /* and its number */
	enum ct_status status;
};

/* Every sampled object's bucket has its size; its stack begins in the allocator. */
static bool is_sample(const struct ct_go *go, const struct ct_go_bucket *bucket, uint64_t size)
{
	struct ct_go_function function;
	uint64_t pc;

	return bucket->size == size && bucket->n && !ct_read_u64(go->target, bucket->stack, &pc) &&
	       ct_go_function_at(&go->tables, pc - 1, &function);
}

static enum ct_status read_stack(struct ct_go_profile_stack *scratch, uint64_t at, uint64_t size,
	uint32_t *n_pcs, uint32_t *ret)
{
	const struct ct_go *go = scratch->o->go;
	struct ct_go_bucket bucket;

	if (!ct_go_bucket_at(go, at, CT_GO_PROFILE_HEAP, &bucket) ||
		!is_sample(go, &bucket, size) || *n_pcs + bucket.n > CT_GO_MAX_PROFILE_PCS)
		return CT_FAULT;
	*n_pcs += (uint32_t)bucket.n;
	return ct_go_profile_stack_add(scratch, &bucket, ret);
}

/* struct specialprofile: a special, and the bucket. */
static bool read_address(const struct ct_go *go, const struct ct_go_special *special, uint64_t *ret)
{
	return !ct_read_u64(go->target, special->at + ct_go_at(go, SPECIAL_SIZE), ret);
}

enum ct_status ct_go_allocation_stack(
	struct ct_go_world *world, const struct ct_go_special *special, uint32_t *ret)
{
	ct_autofree struct ct_go_profile_stack *scratch = calloc(1, sizeof(*scratch));
	uint32_t n_pcs = 0;
	uint64_t at;

	if (!scratch)
		return CT_NO_MEMORY;
	scratch->o = world->o;
	if (!read_address(world->o->go, special, &at))
		return CT_FAULT;
	return read_stack(scratch, at, special->span->elemsize, &n_pcs, ret);
}

static uint32_t add_bucket(struct collector *c, uint64_t at, uint64_t size)
{
	struct known_bucket *known =
		c->buckets.n < CT_GO_MAX_BUCKETS ? ct_vec_push(&c->buckets) : NULL;

	if (!known) {
		if (c->buckets.n < CT_GO_MAX_BUCKETS)
			c->status = CT_NO_MEMORY;
		return CT_NONE;
	}
	*known = (struct known_bucket){at, size, CT_NONE};
	enum ct_status status = read_stack(&c->scratch, at, size, &c->n_pcs, &known->stack);
	if (status == CT_NO_MEMORY ||
		!ct_hash_insert(&c->by_address, ct_hash_u64(at), c->buckets.n - 1))
		c->status = CT_NO_MEMORY;
	return c->buckets.n - 1;
}

static uint32_t find_bucket(const struct collector *c, uint64_t at)
{
	struct ct_hash_it it = ct_hash_find(&c->by_address, ct_hash_u64(at));
	uint32_t i;

	if (c->last_bucket < c->buckets.n && c->buckets.items[c->last_bucket].at == at)
		return c->last_bucket;
	while (ct_hash_next(&c->by_address, &it, &i))
		if (c->buckets.items[i].at == at)
			return i;
	return CT_NONE;
}

/* Number of the bucket at this address, which is of objects of that size; CT_NONE: there is none.
 */
static uint32_t bucket_at(struct collector *c, uint64_t at, uint64_t size)
{
	uint32_t i = find_bucket(c, at);

	if (i == CT_NONE)
		i = add_bucket(c, at, size);
	if (i == CT_NONE)
		return CT_NONE;
	c->last_bucket = i;
	return c->buckets.items[i].stack != CT_NONE && c->buckets.items[i].size == size ? i
											: CT_NONE;
}

static void count(struct collector *c, uint32_t row, uint32_t bucket)
{
	const struct known_bucket *b = &c->buckets.items[bucket];
	uint64_t hash = ct_hash_u64((uint64_t)row << 32 | bucket);
	struct ct_hash_it it = ct_hash_find(&c->by_row, hash);
	uint32_t i;

	while (ct_hash_next(&c->by_row, &it, &i)) {
		struct ct_go_row_allocation *a = &c->ret->list.items[i];

		if (a->row == row && a->allocation.stack == b->stack &&
			a->allocation.size == b->size) {
			a->allocation.sampled++;
			return;
		}
	}
	struct ct_go_row_allocation *added = ct_vec_push(&c->ret->list);
	if (!added || !ct_hash_insert(&c->by_row, hash, c->ret->list.n - 1)) {
		c->status = CT_NO_MEMORY;
		return;
	}
	*added = (struct ct_go_row_allocation){row, {b->stack, 1, b->size}};
}

/* The lists are in the order of the objects, and have each once. */
static bool comes_next(struct collector *c, const struct ct_go_object *object)
{
	if (c->span == object->span && object->id <= c->last_id)
		return false;
	c->span = object->span;
	c->last_id = object->id;
	return true;
}

static void see(void *arg, const struct ct_go_special *special)
{
	struct collector *c = arg;
	struct ct_go_object object;
	uint64_t at;

	if (c->status || special->kind != CT_GO_SPECIAL_PROFILE)
		return;
	if (!ct_go_special_object(c->world->heap, special, &object) || !comes_next(c, &object) ||
		!read_address(c->world->o->go, special, &at)) {
		c->ret->missing = true;
		return;
	}
	if (!ct_go_mark_has(c->world->mark, object.id))
		return;
	uint32_t bucket = bucket_at(c, at, object.span->elemsize);
	if (bucket == CT_NONE)
		c->ret->missing = true;
	else
		count(c, c->row_of(c->world, &object), bucket);
}

enum ct_status ct_go_allocations_list(
	struct ct_go_world *world, ct_go_row_of *row_of, struct ct_go_allocations *ret)
{
	ct_autofree struct collector *c = calloc(1, sizeof(*c));

	if (!c)
		return CT_NO_MEMORY;
	*c = (struct collector){
		.world = world, .row_of = row_of, .ret = ret, .scratch = {.o = world->o}};
	if (!ct_go_specials(world->heap, see, c))
		ret->missing = true;
	enum ct_status status = c->status;
	ct_vec_free(&c->buckets);
	ct_hash_free(&c->by_address);
	ct_hash_free(&c->by_row);
	return status;
}
