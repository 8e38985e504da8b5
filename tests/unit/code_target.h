/* SPDX-License-Identifier: Apache-2.0 */
/* A fake target in which the code of a table of functions is mapped: stacks are followed through
 * such code alone. */
#ifndef CODE_TARGET_H
#define CODE_TARGET_H

#include "fake_target.h"
#include "go_code.h"

static inline enum ct_status code_next_map(void *self, size_t *cur, struct ct_map *ret)
{
	size_t rest = *cur - 1;

	if (!(*cur)++) {
		*ret = (struct ct_map){
			.start = CODE, .end = CODE + CODE_MAX * CODE_SIZE, .prot = 5};
		return CT_OK;
	}
	return fake_next_map(self, &rest, ret);
}

/* next_thread: NULL: there are no threads. */
static inline struct ct_target *open_code(
	enum ct_status (*next_thread)(void *self, size_t *cur, struct ct_thread *ret))
{
	static const struct ct_options options = {.no_debuginfod = true};
	static struct ct_source_ops ops;
	struct ct_target *target;
	struct ct_error err;

	memset(memory, 0, sizeof(memory));
	ops = fake;
	ops.next_map = code_next_map;
	ops.next_thread = next_thread ? next_thread : fake_next_thread;
	assert_int_equal(
		ct_target_open((struct ct_source){.ops = &ops}, &options, &target, &err), CT_OK);
	return target;
}

#endif
