/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of open-coded defers, in the bytes of each format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/go/defers.h"

static bool decode(const uint8_t *bytes, size_t len, unsigned minor, struct ct_go_open_defers *ret)
{
	return ct_go_open_defers_decode(bytes, len, minor, ret);
}

/* Arguments of at most 16 bytes; bits at 0x21; two: one without, one with an argument. */
static void with_arguments(void **state)
{
	static const uint8_t table[] = {16, 0x21, 2, 0, 0x18, 0, 8, 0x10, 1, 0x08, 8, 0};
	/* An int32, then a string: its words go to where the call has words 1 and 2. */
	static const uint8_t string[] = {24, 0x31, 1, 24, 0x18, 2, 0x28, 4, 0, 0x10, 16, 8};
	static const uint8_t small[] = {1, 0x21, 1, 1, 0x18, 1, 0x08, 1, 0};
	struct ct_go_open_defers d;

	(void)state;
	assert_true(decode(table, sizeof(table), 15, &d));
	assert_int_equal(d.bits, 0x21);
	assert_int_equal(d.n, 2);
	assert_int_equal(d.closures[0], 0x18);
	assert_int_equal(d.bit[0], 1);
	assert_false(d.takes[0]);
	assert_int_equal(d.closures[1], 0x10);
	assert_int_equal(d.bit[1], 0);
	assert_true(d.takes[1]);
	assert_int_equal(d.args[1][0], 0x08);
	assert_false(decode(table, sizeof(table) - 1, 15, &d));
	assert_true(decode(string, sizeof(string), 15, &d));
	assert_int_equal(d.args[0][0], 0);
	assert_int_equal(d.args[0][1], 0x10);
	assert_int_equal(d.args[0][2], 0x08);
	assert_int_equal(d.args[0][3], 0);
	/* A bool is no pointer, but it is an argument. */
	assert_true(decode(small, sizeof(small), 15, &d));
	assert_true(d.takes[0]);
	assert_int_equal(d.args[0][0], 0);
}

/* 0xc9 0x01 is 201: numbers go over bytes. */
static void as_a_list(void **state)
{
	static const uint8_t table[] = {0xc9, 0x01, 3, 0x18, 0x10, 0x08, 0x55};
	static const uint8_t many[] = {1, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct ct_go_open_defers d;

	(void)state;
	assert_true(decode(table, sizeof(table), 19, &d));
	assert_int_equal(d.bits, 201);
	assert_int_equal(d.n, 3);
	assert_int_equal(d.closures[0], 0x18);
	assert_int_equal(d.bit[0], 2);
	assert_int_equal(d.closures[2], 0x08);
	assert_int_equal(d.bit[2], 0);
	assert_false(decode(many, sizeof(many), 21, &d));
}

static void as_slots(void **state)
{
	static const uint8_t table[] = {0x11, 0x10};
	static const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct ct_go_open_defers d;

	(void)state;
	assert_true(decode(table, sizeof(table), 22, &d));
	assert_int_equal(d.bits, 0x11);
	/* The first slot is the lowest; there is room for two of them. */
	assert_int_equal(d.n, 2);
	assert_int_equal(d.bit[0], 1);
	assert_int_equal(d.closures[0], 0x08);
	assert_int_equal(d.bit[1], 0);
	assert_int_equal(d.closures[1], 0x10);
	assert_false(decode(endless, sizeof(endless), 22, &d));
	assert_false(decode(NULL, 0, 22, &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_arguments),
		cmocka_unit_test(as_a_list),
		cmocka_unit_test(as_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
