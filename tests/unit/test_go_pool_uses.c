/* SPDX-License-Identifier: Apache-2.0 */
/* Who still has an object that is in a pool, and of which objects that is not told. */
#include "fake_go_heap.h"
#include "go_code.h"
#include "runtime/go/pools_observe.h"

#define POOL   DATA /* a variable of a package */
#define G      (DATA + 0x200)
#define STACK  (DATA + 0x400)
#define MAPS   (DATA + 0x800) /* what FUNCDATA counts from */
#define PARK   24u            /* sizes of frames, without their return addresses */
#define WORK   40u
#define SIZE   1024 /* bytes of an object */
#define OBJECT ARENA
#define OWNER  (ARENA + CT_GO_PAGE)     /* an object with a pool in it */
#define LOST   (ARENA + 8 * CT_GO_PAGE) /* memory of which no span is known */

struct stage {
	struct go_code code;
	struct ct_go_observation o;
	struct ct_go_world world;
	struct ct_go_masks masks;
	struct ct_go_pool_items items;
	struct ct_go_span *span;
};

static void set_u64(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

static void set_goroutine(uint64_t pc)
{
	static const enum ct_go_field fields[] = {CT_GO_G_ATOMICSTATUS, CT_GO_G_GOID,
		CT_GO_G_STACK_LO, CT_GO_G_STACK_HI, CT_GO_G_SCHED_SP, CT_GO_G_SCHED_PC,
		CT_GO_G_SIZE};
	const uint64_t values[] = {
		CT_GO_WAITING, 7, STACK, STACK + PARK + 8 + WORK + 8 + 8, STACK, pc};

	memset(go.layout.offset, 0xff, sizeof(go.layout.offset));
	for (size_t i = 0; i < CT_COUNT(fields); i++)
		go.layout.offset[fields[i]] = (uint32_t)(8 * i);
	for (size_t i = 0; i < CT_COUNT(values); i++)
		set_u64(G + 8 * i, values[i]);
}

/* A goroutine is in gopark(), called by work(), which has one variable: the object. */
static void set_stack(struct stage *s)
{
	const int32_t map[3] = {1, 1, 1};

	code_begin(&s->code);
	uint64_t park = code_add(&s->code, "runtime.gopark", PARK) + 0x20;
	uint64_t work = code_add(&s->code, "main.work", WORK) + 0x20;
	uint64_t end = code_add(&s->code, "runtime.goexit", 0) + 1;

	put(MAPS, map, sizeof(map));
	s->code.table.gofunc = MAPS;
	code_put(&s->code, 1, 44 + 4, 0);
	set_u64(STACK + PARK, work);
	set_u64(STACK + PARK + 8 + 24, OBJECT);
	set_u64(STACK + PARK + 8 + WORK, end);
	set_goroutine(park);
}

/* It is in the pool at this address. */
static struct stage *begin(struct ct_target *target, uint64_t pool)
{
	struct stage *s = calloc(1, sizeof(*s));

	memset(memory, 0, sizeof(memory));
	s->world.heap = new_heap(target);
	set_stack(s);
	go.version.minor = 24;
	go.tables = (struct ct_go_tables){&s->code.table, 1};
	s->span = add_span(s->world.heap, 0, 1, SIZE, CT_GO_MAP_UNKNOWN);
	add_span(s->world.heap, 1, 1, SIZE, CT_GO_MAP_UNKNOWN);
	s->masks.heap = s->world.heap;
	s->world.o = &s->o;
	s->world.masks = &s->masks;
	s->o = (struct ct_go_observation){
		.go = &go, .target = target, .sink = ct_sink_new(CT_WANT_POOLS), .n = 1};
	s->o.first = ct_sink_actor(s->o.sink,
		&(struct ct_actor){.kind = CT_ACTOR_GOROUTINE, .object = G, .stack = CT_NONE});
	assert_true(ct_go_stacks_init(&s->world.stacks, &s->o));
	s->items.o = &s->o;
	s->items.world = &s->world;
	*(uint64_t *)ct_vec_push(&s->items.pools.list) = pool;
	*(struct ct_go_pool_type *)ct_vec_push(&s->items.types) =
		(struct ct_go_pool_type){.name = "*main.member"};
	*(struct ct_go_pool_item *)ct_vec_push(&s->items.list) =
		(struct ct_go_pool_item){.address = OBJECT, .object = true};
	return s;
}

/* How many uses there are. */
static uint32_t end(struct stage *s)
{
	uint32_t first[3] = {0};
	ct_go_pool_uses found = {0};

	assert_int_equal(ct_go_pools_uses(&s->items, &found, first), CT_OK);
	uint32_t n = found.n;
	if (n) {
		assert_int_equal(found.items[0].actor, s->o.first);
		assert_int_equal(found.items[0].address, OBJECT);
		assert_false(found.items[0].will);
	}
	ct_vec_free(&found);
	ct_vec_free(&s->items.pools.list);
	ct_vec_free(&s->items.types);
	ct_vec_free(&s->items.list);
	ct_go_stacks_free(&s->world.stacks);
	ct_sink_free(s->o.sink);
	close_heap(s->world.heap);
	free(s);
	return n;
}

/* Who has an object that knows its pool is used to put it himself. */
static void objects_that_lead_to_their_pool(void **state)
{
	static const struct {
		uint64_t pool;
		uint32_t word; /* of the object, */
		uint64_t value;
		uint32_t n_bad; /* parts of the heap that are not known */
		uint32_t uses;
	} rows[] = {
		{POOL, 0, 0, 0, 1},
		{POOL, 0, POOL, 0, 0},
		{POOL, 0, POOL + 8, 0, 0}, /* a field of it */
		{POOL, 0, POOL + 0x100, 0, 1},
		{POOL, 70, POOL, 0, 0},
		{OWNER + 8, 0, OWNER + 512, 0, 0}, /* what is beside it */
		{OWNER + 8, 0, OWNER + SIZE, 0, 1},
		{LOST, 0, LOST + 256, 0, 1},
		{LOST, 0, LOST + 256, 1, 0}, /* it may be beside it */
		{POOL, 0, OWNER, 1, 0},
	};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct stage *s = begin(*state, rows[i].pool);

		set_word(OBJECT + 8 * rows[i].word, rows[i].value);
		s->world.heap->n_bad = rows[i].n_bad;
		assert_int_equal(end(s), rows[i].uses);
	}
}

/* What cannot be read may lead to it. */
static void objects_that_are_missing(void **state)
{
	struct stage *s = begin(*state, POOL);

	s->span->data = NULL;
	assert_int_equal(end(s), 0);
	for (uint32_t n_bad = 0; n_bad < 2; n_bad++) {
		s = begin(*state, POOL);
		s->world.heap->arenas[0].spans[0] = 0;
		s->world.heap->n_bad = n_bad;
		assert_int_equal(end(s), !n_bad);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			objects_that_lead_to_their_pool, start, close_target),
		cmocka_unit_test_setup_teardown(objects_that_are_missing, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
