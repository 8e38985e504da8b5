/* SPDX-License-Identifier: Apache-2.0 */
/* Exception tables by hand: whole, cut off, and written by somebody who means harm. */
#include "fake_target.h"
#include "target/functions.h"

#define ENTRY UINT64_C(0x400000)

/* The pad of the call that returns to ENTRY + ret_at by the table at addr; 0: it has none. */
static uint64_t pad_by(void **state, uint64_t addr, uint64_t ret_at)
{
	struct ct_functions *functions = ct_functions_new(*state);
	const struct ct_function function = {ENTRY, ENTRY + 0x100, addr};
	uint64_t pad = 0;

	assert_non_null(functions);
	if (ct_landing_pad(functions, &function, ENTRY + ret_at, &pad))
		pad = 0;
	ct_functions_free(functions);
	return pad;
}

/* No base, no types, uleb128; two call sites: [0x10, 0x18) has a pad, [0x20, 0x24) has none. */
static const uint8_t good[] = {0xff, 0xff, 0x01, 8, 0x10, 8, 0x40, 0, 0x20, 4, 0, 0};

static void whole(void **state)
{
	put(DATA, good, sizeof(good));
	assert_int_equal(pad_by(state, DATA, 0x18), ENTRY + 0x40);
	assert_int_equal(pad_by(state, DATA, 0x10), 0);
	assert_int_equal(pad_by(state, DATA, 0x19), 0);
	assert_int_equal(pad_by(state, DATA, 0x22), 0);
	assert_int_equal(pad_by(state, 0, 0x18), 0);
}

/* At the end of what can be read: the header alone, and all of it. */
static void cut_off(void **state)
{
	for (size_t n = 1; n < sizeof(good); n++) {
		put(DATA_END - n, good, n);
		assert_int_equal(pad_by(state, DATA_END - n, 0x18), 0);
	}
	put(DATA_END - sizeof(good), good, sizeof(good));
	assert_int_equal(pad_by(state, DATA_END - sizeof(good), 0x18), ENTRY + 0x40);
}

static void hostile(void **state)
{
	static const uint8_t endless[] = {0xff, 0xff, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
	uint8_t bytes[sizeof(memory)];

	put(DATA, endless, sizeof(endless));
	assert_int_equal(pad_by(state, DATA, 0x18), 0);
	/* Whatever is there, it comes to an end. */
	for (unsigned fill = 0; fill < 256; fill++) {
		memset(bytes, (int)fill, sizeof(bytes));
		put(DATA, bytes, sizeof(bytes));
		(void)pad_by(state, DATA, 0x18);
		(void)pad_by(state, DATA_END - 3, 0x18);
	}
	(void)pad_by(state, NOWHERE, 0x18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(whole), TEST(cut_off), TEST(hostile)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
