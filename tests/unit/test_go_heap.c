/* SPDX-License-Identifier: Apache-2.0 */
/* Objects, pointer maps of each kind, and the mark, in a heap made by hand. */
#include "fake_go_heap.h"
#include "runtime/go/heap_mark.h"
#include "target/target.h"

/* All pointer words of the object at addr, as offsets. */
static size_t pointers(
	struct ct_go_heap *heap, uint64_t addr, uint64_t *ret, size_t max, bool *guessed)
{
	struct ct_go_masks *masks = calloc(1, sizeof(*masks));
	struct ct_go_object object = object_at(heap, addr);
	struct ct_go_walk walk;
	uint64_t at, bits;
	size_t n = 0;

	masks->heap = heap;
	ct_go_walk_begin(masks, &object, &walk);
	while (ct_go_walk_next(&walk, &at, &bits))
		for (; bits; bits &= bits - 1) {
			assert_true(n < max);
			ret[n++] = at + 8 * (unsigned)__builtin_ctzll(bits) - object.start;
		}
	*guessed = walk.guessed;
	free(masks);
	return n;
}

static void assert_pointers(
	struct ct_go_heap *heap, uint64_t addr, const uint64_t *wanted, size_t n)
{
	uint64_t found[64];
	bool guessed;

	assert_int_equal(pointers(heap, addr, found, CT_COUNT(found), &guessed), n);
	assert_false(guessed);
	assert_memory_equal(found, wanted, n * sizeof(*wanted));
}

/* A type's descriptor, at DATA + 64 * index; its mask is behind all of them. */
static uint64_t add_type(unsigned index, uint64_t size, uint64_t pointer_bytes, const uint8_t *mask,
	size_t mask_size, uint8_t tflag, uint8_t kind)
{
	uint64_t at = 64 * index, bits = DATA + 0x800 + 64 * index;

	memcpy(memory + at, &size, 8);
	memcpy(memory + at + 8, &pointer_bytes, 8);
	memory[at + 20] = tflag;
	memory[at + 23] = kind;
	memcpy(memory + at + 32, &bits, 8);
	memcpy(memory + (bits - DATA), mask, mask_size);
	return DATA + at;
}

static void bits_of_any_alignment(void **state)
{
	static const uint8_t bytes[] = {0x01, 0x80, 0xff, 0x00, 0xaa, 0x55, 0x0f, 0xf0, 0x81, 0x3c};

	(void)state;
	assert_int_equal(ct_go_bits(bytes, 0, 1), 1);
	assert_int_equal(ct_go_bits(bytes, 15, 16), 1);
	assert_int_equal(ct_go_bits(bytes, 16, 80), UINT64_C(0x3c81f00f55aa00ff));
	assert_int_equal(ct_go_bits(bytes, 12, 80), UINT64_C(0xc81f00f55aa00ff8));
	assert_int_equal(ct_go_bits(bytes, 72, 80), 0x3c);
	assert_int_equal(ct_go_bits(bytes, 80, 80), 0);
}

/* Pointers at 0 and 24, more behind each word up to the fourth; then nothing. */
static void bits_in_pairs(void **state)
{
	static const uint8_t pairs[] = {0xf9, 0x00, 0xff};
	static const uint8_t second[] = {0xd0 | 0x0d, 0x10};
	bool more = true;

	(void)state;
	assert_int_equal(ct_go_pair_bits(pairs, 0, 12, true, &more), 9);
	assert_false(more);
	more = true;
	assert_int_equal(ct_go_pair_bits(second, 0, 5, true, &more), 0x0d);
	assert_true(more);
	assert_int_equal(ct_go_pair_bits(second, 0, 5, false, &more), 1);
	assert_false(more);
}

static void arena_of_pairs(void **state)
{
	struct ct_target *target = *state;
	struct ct_go_heap *heap = new_heap(target);
	ct_autofree uint8_t *bitmap = calloc(BITMAP, 2);
	const uint64_t base = ARENA + 2 * CT_GO_PAGE + 96;

	add_span(heap, 2, 1, 96, CT_GO_MAP_PAIRS);
	heap->arenas[0].bitmap = bitmap;
	/* Words of the second object: 1036 … 1047; pointers at 0, 5 and 8, which is the last. */
	bitmap[2 * 256 + 3] = 0xf1;
	bitmap[2 * 256 + 4] = 0xf2;
	bitmap[2 * 256 + 5] = 0x11;
	assert_pointers(heap, base, (uint64_t[]){0, 40, 64}, 3);
	/* The first object has none, whatever follows. */
	assert_pointers(heap, base - 1, NULL, 0);
	close_heap(heap);
}

static void arena_of_bits(void **state)
{
	struct ct_target *target = *state;
	struct ct_go_heap *heap = new_heap(target);
	ct_autofree uint8_t *bitmap = calloc(BITMAP, 1), *no_more = calloc(BITMAP / 8, 1);

	struct ct_go_span *s = add_span(heap, 0, 1, 2048, CT_GO_MAP_ARENA);
	heap->arenas[0].bitmap = bitmap;
	heap->arenas[0].no_more = no_more;
	bitmap[0] = 0x81;
	bitmap[8] = 0x02;
	bitmap[16] = 0xff; /* not of this object: it was of one before */
	no_more[0] = 0x02;
	assert_pointers(heap, s->start, (uint64_t[]){0, 56, 8 * 65}, 3);
	bitmap[32 + 31] = 0x80;
	assert_pointers(heap, s->start + 2048, (uint64_t[]){2040}, 1);
	close_heap(heap);
}

static void bits_in_the_span(void **state)
{
	struct ct_target *target = *state;
	struct ct_go_heap *heap = new_heap(target);
	uint8_t bits[128] = {0};

	struct ct_go_span *s = add_span(heap, 0, 1, 80, CT_GO_MAP_SPAN);
	s->bits = bits;
	/* The third object's words are 20 … 29; the next one's first is a pointer, too. */
	bits[2] = 0x90;
	bits[3] = 0x60;
	assert_pointers(heap, s->start + 200, (uint64_t[]){0, 24, 72}, 3);
	assert_pointers(heap, s->start + 240, (uint64_t[]){0}, 1);
	close_heap(heap);
}

static void types_in_headers(void **state)
{
	static const uint8_t second[] = {0x02}, all[] = {0x01},
			     wide[] = {0x05, 0, 0, 0, 0, 0, 0, 0, 1};
	struct ct_target *target = *state;
	struct ct_go_heap *heap = new_heap(target);
	uint64_t found[1024];
	bool guessed;

	uint64_t pair = add_type(1, 24, 16, second, 1, 0, 25);
	uint64_t pointer = add_type(2, 8, 8, all, 1, 0, 22);
	uint64_t large = add_type(3, 8 * 70, 8 * 65, wide, 9, 0, 25);
	struct ct_go_span *s = add_span(heap, 0, 1, 1024, CT_GO_MAP_HEADER);
	/* Elements of three words: the second of each. */
	set_word(s->start, pair);
	assert_int_equal(pointers(heap, s->start, found, CT_COUNT(found), &guessed), 42);
	assert_int_equal(found[0], 16);
	assert_int_equal(found[1], 40);
	assert_int_equal(found[41], 8 + 41 * 24 + 8);
	assert_false(guessed);
	set_word(s->start + 1024, pointer);
	assert_int_equal(pointers(heap, s->start + 1024, found, CT_COUNT(found), &guessed), 127);
	assert_int_equal(found[126], 8 + 126 * 8);
	set_word(s->start + 2048, large);
	assert_pointers(heap, s->start + 2048, (uint64_t[]){8, 24, 8 + 64 * 8}, 3);
	/* Nothing was written yet. */
	assert_pointers(heap, s->start + 3072, NULL, 0);
	close_heap(heap);
}

/* No type, one that does not fit, a program: every word counts, and it is said. */
static void types_that_cannot_be_used(void **state)
{
	static const uint8_t mask[] = {0x01};
	struct ct_target *target = *state;
	struct ct_go_heap *heap = new_heap(target);
	uint64_t found[128];
	bool guessed;

	const uint64_t types[] = {NOWHERE, add_type(1, 4096, 8, mask, 1, 0, 25),
		add_type(2, 16, 24, mask, 1, 0, 25), add_type(3, 512, 512, mask, 1, 0, 25 | 64),
		add_type(4, 0, 0, mask, 1, 0, 25)};
	struct ct_go_span *s = add_span(heap, 0, 1, 1024, CT_GO_MAP_HEADER);
	for (unsigned i = 0; i < CT_COUNT(types); i++) {
		set_word(s->start + 1024 * i, types[i]);
		assert_int_equal(
			pointers(heap, s->start + 1024 * i, found, CT_COUNT(found), &guessed), 128);
		assert_true(guessed);
	}
	/* Since 1.24 a mask may be made when it is asked for: there is where it is, or nothing. */
	go.version.minor = 24;
	uint64_t late = add_type(5, 512, 512, mask, 1, 16, 25), at = DATA + 0x800 + 64;
	set_word(s->start, late);
	memset(memory + 0x800 + 64 * 5, 0, 8);
	assert_int_equal(pointers(heap, s->start, found, CT_COUNT(found), &guessed), 128);
	assert_true(guessed);
	memcpy(memory + 0x800 + 64 * 5, &at, 8);
	assert_pointers(heap, s->start, (uint64_t[]){8}, 1);
	go.version.minor = 22;
	close_heap(heap);
}

/* A struct of an interface, a number, and three interfaces, whose mask was not made yet. */
static void masks_on_demand(void **state)
{
	static const uint8_t second[] = {0x02};
	struct ct_go_heap *heap = new_heap(*state);
	uint64_t interface = add_type(6, 16, 16, second, 1, 0, 20);
	uint64_t array = add_type(8, 48, 48, second, 1, 16, 17);
	uint64_t type = add_type(10, 72, 72, second, 1, 16, 25);
	uint64_t number = add_type(12, 8, 0, second, 1, 0, 2);
	uint64_t found[16], fields[] = {0, interface, 0, 0, number, 16, 0, array, 24};
	bool guessed;

	memset(memory + 0x800 + 64 * 8, 0, 8);
	memset(memory + 0x800 + 64 * 10, 0, 8);
	memcpy(memory + 64 * 8 + 48, (uint64_t[]){interface, 0, 3}, 24);
	memcpy(memory + 64 * 10 + 56, (uint64_t[]){DATA + 0x600, 3}, 16);
	memcpy(memory + 0x600, fields, sizeof(fields));
	go.version.minor = 27;
	struct ct_go_span *s = add_span(heap, 0, 1, 80, CT_GO_MAP_HEADER);
	set_word(s->start, type);
	assert_pointers(heap, s->start, (uint64_t[]){16, 40, 56, 72}, 4);
	close_heap(heap);

	/* A field that is not inside of it; more elements than it has room for; itself as its
	 * field. */
	const uint64_t wrong[][2] = {{DATA + 0x600 + 64, 32}, {DATA + 64 * 8 + 64, UINT64_MAX},
		{DATA + 0x600 + 56, type}};
	for (unsigned i = 0; i < CT_COUNT(wrong); i++) {
		uint64_t right;

		heap = new_heap(*state);
		s = add_span(heap, 0, 1, 80, CT_GO_MAP_HEADER);
		set_word(s->start, type);
		memcpy(&right, memory + (wrong[i][0] - DATA), 8);
		memcpy(memory + (wrong[i][0] - DATA), &wrong[i][1], 8);
		assert_int_equal(pointers(heap, s->start, found, CT_COUNT(found), &guessed), 10);
		assert_true(guessed);
		memcpy(memory + (wrong[i][0] - DATA), &right, 8);
		close_heap(heap);
	}
	go.version.minor = 22;
}

static void objects_by_address(void **state)
{
	struct ct_target *target = *state;
	struct ct_go_heap *heap = new_heap(target);
	static const uint8_t alloc[] = {0x20};
	struct ct_go_object object = {0};

	struct ct_go_span *s = add_span(heap, 3, 2, 3072, CT_GO_MAP_NONE);
	s->freeindex = 1;
	s->alloc = alloc;
	object = object_at(heap, s->start + 3 * 3072 + 5);
	assert_int_equal(object.index, 3);
	assert_int_equal(object.start, s->start + 3 * 3072);
	ct_go_object_get(heap, object.id, &object);
	assert_int_equal(object.start, s->start + 3 * 3072);
	/* What is left at the end of the pages is no object; nor is what is in no span. */
	assert_false(ct_go_object_at(heap, s->start + 5 * 3072, &object));
	assert_false(ct_go_object_at(heap, s->start - 1, &object));
	assert_false(ct_go_object_at(heap, ARENA + CT_GO_ARENA, &object));
	assert_false(ct_go_object_at(heap, UINT64_MAX, &object));
	assert_true(ct_go_is_allocated(s, 0));
	assert_false(ct_go_is_allocated(s, 1));
	assert_true(ct_go_is_allocated(s, 5));
	close_heap(heap);
}

enum { WIDE = 400000, LIST = 100000, SMALL = 24, SMALL_SPANS = 1536, FIRST_SMALL = 400 };

static uint64_t small_object(uint64_t i)
{
	const uint64_t n = CT_GO_PAGE / SMALL;

	return ARENA + (FIRST_SMALL + i / n) * CT_GO_PAGE + i % n * SMALL;
}

/* A large object leads to half of WIDE small ones, each of which to one of the other half, the last
 * of which begins a list in an order that jumps. Numbers of different spans' objects share words of
 * the bits. */
static struct ct_go_span *add_wide_and_list(struct ct_go_heap *heap, const uint8_t *bits)
{
	static const uint8_t one[] = {0x01};
	struct ct_go_span *large =
		add_span(heap, 0, FIRST_SMALL, FIRST_SMALL * CT_GO_PAGE, CT_GO_MAP_LARGE);

	large->type = add_type(1, 8, 8, one, 1, 0, 22);
	for (unsigned i = 0; i < SMALL_SPANS; i++)
		add_span(heap, FIRST_SMALL + i, 1, SMALL, CT_GO_MAP_SPAN)->bits = bits;
	for (uint64_t i = 0; i < WIDE / 2; i++) {
		set_word(large->start + 8 * i, small_object(i));
		set_word(small_object(i), small_object(WIDE / 2 + i));
	}
	uint64_t at = small_object(WIDE - 1);
	for (uint64_t i = 0; i < LIST; i++) {
		uint64_t to = small_object(WIDE + i * 7919 % LIST);

		set_word(at, to + i % SMALL);
		at = to;
	}
	return large;
}

/* By one thread and by three. */
static void mark_all(void **state)
{
	struct ct_target *target = *state;
	const uint64_t ring = small_object(WIDE + LIST); /* garbage, right after the list */
	uint8_t bits[CT_GO_PAGE / 64] = {0};

	for (unsigned i = 0; i < CT_GO_PAGE / SMALL; i++)
		bits[3 * i / 8] |= (uint8_t)(1 << 3 * i % 8);
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		struct ct_go_heap *heap = new_heap(target);
		struct ct_go_marked marked;
		const struct ct_go_span *large = add_wide_and_list(heap, bits);

		set_word(ring, ring);
		struct ct_go_mark *mark = ct_go_mark_new(heap, threads);
		assert_non_null(mark);
		ct_go_mark_root(mark, large->start + 100);
		ct_go_mark_root(mark, 12);
		assert_int_equal(ct_go_mark_run(mark), CT_OK);
		ct_go_mark_count(mark, &marked);
		assert_int_equal(marked.objects, 1 + WIDE + LIST);
		assert_int_equal(marked.bytes, FIRST_SMALL * CT_GO_PAGE + SMALL * (WIDE + LIST));
		assert_int_equal(marked.guessed, 0);
		assert_false(ct_go_mark_has(mark, object_at(heap, ring).id));
		/* More roots may follow. */
		ct_go_mark_root(mark, ring + 3);
		assert_int_equal(ct_go_mark_run(mark), CT_OK);
		ct_go_mark_count(mark, &marked);
		assert_int_equal(marked.objects, 2 + WIDE + LIST);
		ct_go_mark_free(mark);
		close_heap(heap);
	}
}

/* Alone, without itself, up to a slot that is free: the fourth of a list. */
static void mark_parts(void **state)
{
	struct ct_go_heap *heap = new_heap(*state);
	static const uint8_t bits[CT_GO_PAGE / 64] = {0x55, 0x55}, alloc[CT_GO_PAGE / 128] = {0x17};
	struct ct_go_span *s = add_span(heap, 0, 1, 16, CT_GO_MAP_SPAN);
	add_span(heap, 1, 2, 3072, CT_GO_MAP_NONE);
	struct ct_go_mark *mark = ct_go_mark_new(heap, 1);
	struct ct_go_marked marked;

	assert_non_null(mark);
	s->bits = bits;
	s->alloc = alloc;
	s->freeindex = 0;
	for (uint64_t i = 0; i < 4; i++)
		set_word(s->start + 16 * i, s->start + 16 * (i + 1));
	/* Behind the last slot of the next span. */
	set_word(s->start + 16 * 4, s->start + CT_GO_PAGE + 5 * 3072);
	struct ct_go_object first = object_at(heap, s->start),
			    second = object_at(heap, s->start + 16);
	ct_go_mark_inside(mark, &first);
	/* It has been given as a root: that it is marked alone now changes nothing. */
	ct_go_mark_alone(mark, &second);
	assert_int_equal(ct_go_mark_run(mark), CT_OK);
	ct_go_mark_count(mark, &marked);
	assert_int_equal(marked.objects, 2);
	assert_int_equal(marked.to_free, 1);
	assert_false(ct_go_mark_has(mark, first.id));
	assert_true(ct_go_mark_has(mark, first.id + 2));
	assert_int_equal(ct_go_mark_more(mark, s->start + 16 * 4 + 3), 16);
	ct_go_mark_free(mark);
	mark = ct_go_mark_new(heap, 1);
	assert_non_null(mark);
	/* What is marked alone leads nowhere. */
	ct_go_mark_alone(mark, &second);
	assert_int_equal(ct_go_mark_more(mark, s->start), 16);
	assert_false(ct_go_mark_has(mark, first.id + 2));
	ct_go_mark_free(mark);
	close_heap(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bits_of_any_alignment, start, close_target),
		cmocka_unit_test_setup_teardown(bits_in_pairs, start, close_target),
		cmocka_unit_test_setup_teardown(arena_of_pairs, start, close_target),
		cmocka_unit_test_setup_teardown(arena_of_bits, start, close_target),
		cmocka_unit_test_setup_teardown(bits_in_the_span, start, close_target),
		cmocka_unit_test_setup_teardown(types_in_headers, start, close_target),
		cmocka_unit_test_setup_teardown(types_that_cannot_be_used, start, close_target),
		cmocka_unit_test_setup_teardown(masks_on_demand, start, close_target),
		cmocka_unit_test_setup_teardown(objects_by_address, start, close_target),
		cmocka_unit_test_setup_teardown(mark_all, start, close_target),
		cmocka_unit_test_setup_teardown(mark_parts, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
