/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of which there is no view is copied, and not without end. */
#include "fake_target.h"
#include "target/target.h"

#define MUCH ((size_t)100 << 20)

static void what_has_no_view_is_copied(void **state)
{
	const void *view;

	put(DATA, "bytes", 6);
	assert_int_equal(ct_view_image(*state, DATA, 6, &view), CT_OK);
	assert_string_equal(view, "bytes");
	assert_int_equal(ct_view_image(*state, NOWHERE, 6, &view), CT_FAULT);
}

static enum ct_status read_anything(void *self, uint64_t addr, void *buf, size_t len)
{
	(void)self, (void)addr, (void)buf, (void)len;
	return CT_OK;
}

static int start_endless(void **state)
{
	static const struct ct_options options = {.no_debuginfod = true};
	static struct ct_source_ops ops;
	struct ct_target *target;
	struct ct_error err;

	ops = fake;
	ops.read = read_anything;
	if (ct_target_open((struct ct_source){.ops = &ops}, &options, &target, &err))
		return -1;
	*state = target;
	return 0;
}

/* Whoever asks goes by what a core says, which may be damaged. */
static void copies_have_an_end(void **state)
{
	const void *view;

	assert_int_equal(ct_view_image(*state, DATA, (size_t)1 << 40, &view), CT_FAULT);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ct_view_image(*state, DATA, MUCH, &view), CT_OK);
	assert_int_equal(ct_view_image(*state, DATA, MUCH, &view), CT_FAULT);
	assert_int_equal(ct_view_image(*state, DATA, 16, &view), CT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_has_no_view_is_copied, start, close_target),
		cmocka_unit_test_setup_teardown(copies_have_an_end, start_endless, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
