/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of malloc, on heaps made by hand: whole ones, and such that only look like one. */
#include "fake_target.h"

#include "blocking/libc_heap.h"

#define IN_USE 1u /* the chunk before */
#define CHUNK  0x50u

static void put_word(uint64_t addr, uint64_t value)
{
	put(addr, &value, sizeof(value));
}

/* Chunks of CHUNK bytes to the end of the page; the rest is the last one. */
static void make_heap(void)
{
	memset(memory, 0, sizeof(memory));
	for (uint64_t at = DATA; at < DATA_END; at += CHUNK)
		put_word(at + 8, CT_MIN(DATA_END - at, UINT64_C(0x50)) | IN_USE);
}

static enum ct_status ask(struct ct_target *target, uint64_t addr, struct ct_libc_block *ret)
{
	struct ct_heap_walk walk = {.target = target, .budget = 1000};

	return ct_libc_block_at(&walk, addr, ret);
}

static void a_chain_leads_to_the_block(void **state)
{
	struct ct_heap_walk walk = {.target = *state, .budget = 1000};
	struct ct_libc_block block;

	make_heap();
	for (unsigned i = 0; i < 10; i++) {
		uint64_t chunk = DATA + i * CHUNK;

		assert_int_equal(ct_libc_block_at(&walk, chunk + 16, &block), CT_OK);
		assert_int_equal(block.start, chunk + 16);
		assert_int_equal(block.size, CHUNK - 8);
		assert_false(block.free);
		/* The next one's first word is still its own. */
		assert_int_equal(ct_libc_block_at(&walk, chunk + CHUNK + 7, &block), CT_OK);
		assert_int_equal(block.start, chunk + 16);
	}
	/* Back again, and its header. */
	assert_int_equal(ct_libc_block_at(&walk, DATA + 20, &block), CT_OK);
	assert_int_equal(block.start, DATA + 16);
	assert_int_equal(ask(*state, DATA + 9, &block), CT_NOT_FOUND);
	assert_int_equal(ask(*state, NOWHERE, &block), CT_NOT_FOUND);
}

static void what_was_freed_says_so(void **state)
{
	struct ct_libc_block block;

	make_heap();
	put_word(DATA + 3 * CHUNK + 8, CHUNK); /* the one before it is free */
	assert_int_equal(ask(*state, DATA + 2 * CHUNK + 16, &block), CT_OK);
	assert_true(block.free);
}

static void the_rest_of_a_heap_is_no_block(void **state)
{
	struct ct_libc_block block;

	make_heap();
	put_word(DATA + 10 * CHUNK + 8, (DATA_END - DATA - 10 * CHUNK) | IN_USE);
	assert_int_equal(ask(*state, DATA + 10 * CHUNK + 32, &block), CT_NOT_FOUND);
	assert_int_equal(ask(*state, DATA + 9 * CHUNK + 32, &block), CT_OK);
}

static void no_chain_no_block(void **state)
{
	static const uint64_t sizes[] = {
		0, 8, IN_USE, 0x10 | IN_USE, 0x58 | IN_USE, 0x10000 | IN_USE, UINT64_MAX};
	struct ct_heap_walk walk = {.target = *state, .budget = 5};
	struct ct_libc_block block;

	for (size_t i = 0; i < CT_COUNT(sizes); i++) {
		make_heap();
		put_word(DATA + 12 * CHUNK + 8, sizes[i]);
		assert_int_equal(ask(*state, DATA + 14 * CHUNK + 16, &block), CT_NOT_FOUND);
		assert_int_equal(ask(*state, DATA + 2 * CHUNK + 16, &block), CT_OK);
	}
	/* One that ends soon is no heap at all. */
	make_heap();
	put_word(DATA + 3 * CHUNK + 8, 8);
	assert_int_equal(ask(*state, DATA + 16, &block), CT_NOT_FOUND);
	make_heap();
	assert_int_equal(ct_libc_block_at(&walk, DATA + 14 * CHUNK + 16, &block), CT_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_chain_leads_to_the_block),
		TEST(what_was_freed_says_so),
		TEST(the_rest_of_a_heap_is_no_block),
		TEST(no_chain_no_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
