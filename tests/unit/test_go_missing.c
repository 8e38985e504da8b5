/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a Go program where parts of its heap are missing: that they are. */
#include "fake_go_heap.h"

#include "runtime/go/heap_world.h"
#include "runtime/go/pools_observe.h"

#define G     DATA
#define STACK (DATA + 0x100)
#define DEFER (DATA + 0x200)

struct stage {
	struct ct_go_heap *heap;
	struct ct_go_masks *masks;
	struct ct_go_observation o;
	struct ct_go_world world;
};

static void begin(struct stage *s, struct ct_target *target)
{
	memset(memory, 0, sizeof(memory));
	for (size_t i = 0; i < CT_COUNT(go.layout.offset); i++)
		go.layout.offset[i] = CT_GO_ABSENT;
	*s = (struct stage){.heap = new_heap(target), .masks = calloc(1, sizeof(*s->masks))};
	s->masks->heap = s->heap;
	s->o = (struct ct_go_observation){.go = &go, .target = target};
	s->world = (struct ct_go_world){.o = &s->o, .heap = s->heap, .masks = s->masks};
}

static void end(struct stage *s)
{
	free(s->masks);
	close_heap(s->heap);
}

/* How much an object leads to is not known where its words are not; what has no pointers leads to
 * nothing. */
static void objects_of_pools(void **state)
{
	static const struct {
		enum ct_go_pointer_map map;
		bool there;
		uint32_t n_unread;
	} rows[] = {
		{CT_GO_MAP_UNKNOWN, true, 0},
		{CT_GO_MAP_UNKNOWN, false, 1},
		{CT_GO_MAP_NONE, false, 0},
	};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct stage s;
		struct ct_go_pool_items items = {.world = &s.world, .o = &s.o};

		begin(&s, *state);
		struct ct_go_span *span = add_span(s.heap, 0, 1, 64, rows[i].map);
		if (!rows[i].there)
			span->data = NULL;
		struct ct_go_pool_item *item = ct_vec_push(&items.list);
		assert_non_null(item);
		*item = (struct ct_go_pool_item){.address = span->start};
		assert_int_equal(ct_go_pools_size(&items), CT_OK);
		assert_int_equal(items.n_unread, rows[i].n_unread);
		assert_int_equal(item->bytes, 64);
		ct_vec_free(&items.list);
		end(&s);
	}
}

static void no_root(void *arg, const struct ct_go_root *root)
{
	(void)arg;
	(void)root;
}

static void put_word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

/* Behind a deferred call whose record is missing, or ends, there may be others. */
static void deferred_calls(void **state)
{
	static const struct {
		uint64_t first, next;
		bool partial;
	} rows[] = {
		{0, 0, false}, {DEFER, 0, false}, {NOWHERE, 0, true}, {DEFER, NOWHERE, true},
		{DEFER, DATA_END - 8, true}, /* its link is there, its function is not */
	};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const struct ct_go_g g = {.at = G,
			.goid = 7,
			.status = CT_GO_COPYSTACK,
			.stack_low = STACK,
			.stack_high = STACK + 32};
		struct stage s;

		begin(&s, *state);
		go.layout.offset[CT_GO_G_DEFER] = 0;
		go.layout.offset[CT_GO_DEFER_LINK] = 0;
		go.layout.offset[CT_GO_DEFER_FN] = 8;
		go.version.minor = 22;
		put_word(G, rows[i].first);
		put_word(DEFER, rows[i].next);
		assert_true(ct_go_stacks_init(&s.world.stacks, &s.o));
		assert_int_equal(ct_go_roots_goroutine(&s.world.stacks, &g, no_root, NULL), CT_OK);
		assert_int_equal(s.world.stacks.partial, rows[i].partial);
		ct_go_stacks_free(&s.world.stacks);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(objects_of_pools),
		TEST(deferred_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
