/* SPDX-License-Identifier: Apache-2.0 */
/* futex and its relatives, as text and as what they wait for. */
#include "fake_target.h"

static void test_futex(void **state)
{
	put_pair(DATA, 3600, 5);
	CHECK("futex(0x7f0000001800, FUTEX_WAIT_PRIVATE, 2, NULL)", "futex", OTHER, 0x80, 2);
	CHECK("futex(0x7f0000001800, FUTEX_WAIT, 2147483653, {tv_sec=3600, tv_nsec=5})", "futex",
		OTHER, 0, 0x80000005, DATA);
	CHECK("futex(0x7f0000001800, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 0, "
	      "{tv_sec=3600, tv_nsec=5}, NULL, FUTEX_BITSET_MATCH_ANY)",
		"futex", OTHER, 0x189, 0, DATA, 0, UINT32_MAX);
	CHECK("futex(0x7f0000001800, FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME, 7, NULL, NULL, 0x3)",
		"futex", OTHER, 0x109, 7, 0, 0, 3);
	CHECK("futex(0x7f0000001800, FUTEX_LOCK_PI_PRIVATE, NULL)", "futex", OTHER, 0x86, 99, 0);
	CHECK("futex(0x7f0000001800, FUTEX_LOCK_PI2_PRIVATE, {tv_sec=3600, tv_nsec=5})", "futex",
		OTHER, 0x8d, 0, DATA);
	CHECK("futex(0x7f0000001800, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 4, NULL, 0x7f0000001810)",
		"futex", OTHER, 0x8b, 4, 0, OTHER + 16);
	CHECK("futex(0x7f0000001800, FUTEX_WAKE_PRIVATE, 1)", "futex", OTHER, 0x81, 1);
	CHECK("futex(0x7f0000001800, 0x5f, 1)", "futex", OTHER, 0x5f, 1);
	CHECK("futex(0x7f0000001800, FUTEX_WAIT_PRIVATE, 2, 0x7fff00000000)", "futex", OTHER, 0x80,
		2, NOWHERE);
}

static void test_futex_described(void **state)
{
	struct ct_syscall_info info;

	put_pair(DATA, 3, 500);
	info = DESCRIBE("futex", OTHER, 0x80, 2);
	assert_int_equal(info.class, CT_CLASS_FUTEX);
	assert_false(info.timed || info.timeout_known || info.fd_known);
	info = DESCRIBE("futex", OTHER, 0x80, 2, DATA);
	assert_true(info.timed && info.timeout_known && !info.absolute);
	assert_int_equal(info.timeout_ns, 3000000500);
	info = DESCRIBE("futex", OTHER, 0x189, 2, DATA);
	assert_true(info.timed && info.timeout_known && info.absolute);
	info = DESCRIBE("futex", OTHER, 0x189, 2, NOWHERE);
	assert_true(info.timed && !info.timeout_known);
	info = DESCRIBE("futex", OTHER, 0x86, 0, DATA);
	assert_true(info.timed && info.absolute);
	info = DESCRIBE(
		"futex", OTHER, 0x81, 1, 5); /* the fourth argument of FUTEX_WAKE is nothing */
	assert_false(info.timed);
	info = DESCRIBE("futex_waitv", OTHER, 2, 0, DATA, 1);
	assert_true(info.class == CT_CLASS_FUTEX && info.timed && info.absolute);
}

static void test_futex_op(void **state)
{
	struct ct_futex_op op = ct_futex_op_decode(0x189);
	struct ct_syscall call = call_of("futex", (struct args){{OTHER, 0x86}});

	(void)state;
	assert_int_equal(op.op, CT_FUTEX_WAIT_BITSET);
	assert_string_equal(op.name, "FUTEX_WAIT_BITSET");
	assert_true(op.is_private && op.realtime && op.waits && !op.pi && op.absolute);
	op = ct_futex_op_decode(0);
	assert_true(!op.is_private && !op.realtime && op.waits && !op.pi && !op.absolute);
	op = ct_futex_op_decode(6);
	assert_true(!op.is_private && op.waits && op.pi && op.absolute);
	op = ct_futex_op_decode(0x87); /* unlock */
	assert_true(op.is_private && !op.waits && op.pi);
	op = ct_futex_op_decode(UINT64_C(0xdeadbeef00000080)); /* an int to the kernel */
	assert_true(op.op == CT_FUTEX_WAIT && op.is_private && op.waits);
	op = ct_futex_op_decode(14);
	assert_true(!op.name && !op.waits && !op.pi);
	op = ct_futex_op_decode(UINT64_MAX);
	assert_true(!op.name && !op.waits && !op.pi);

	assert_int_equal(ct_futex_decode(machine, &call, &op), CT_OK);
	assert_true(op.op == CT_FUTEX_LOCK_PI && op.is_private);
	call.number_known = false;
	assert_int_equal(ct_futex_decode(machine, &call, &op), CT_NOT_FOUND);
	call = call_of("read", (struct args){{3}});
	assert_int_equal(ct_futex_decode(machine, &call, &op), CT_NOT_FOUND);
}

static void test_futex_waitv(void **state)
{
	static const struct {
		uint64_t val, uaddr;
		uint32_t flags, reserved;
	} waiters[] = {{1, OTHER, 0x82, 0}, {0, OTHER + 4, 0x2, 0}};

	put(DATA, waiters, sizeof(waiters));
	CHECK("futex_waitv([{val=1, uaddr=0x7f0000001800, flags=FUTEX2_SIZE_U32|FUTEX2_PRIVATE}, "
	      "{val=0, uaddr=0x7f0000001804, flags=FUTEX2_SIZE_U32}], 2, 0, NULL, CLOCK_MONOTONIC)",
		"futex_waitv", DATA, 2, 0, 0, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_futex),
		TEST(test_futex_described),
		TEST(test_futex_op),
		TEST(test_futex_waitv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
