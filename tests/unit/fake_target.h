/* SPDX-License-Identifier: Apache-2.0 */
/* A target made of one array, and calls in it. */
#ifndef FAKE_TARGET_H
#define FAKE_TARGET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "blocking/syscall.h"

#define DATA     UINT64_C(0x7f0000001000) /* readable */
#define OTHER    UINT64_C(0x7f0000001800)
#define DATA_END UINT64_C(0x7f0000002000)
#define NOWHERE  UINT64_C(0x7fff00000000)
#define INFINITE UINT64_MAX

static uint8_t memory[DATA_END - DATA];
static const struct ct_arch *machine = &ct_arch_x86_64;

static enum ct_status fake_process(void *self, struct ct_process *ret)
{
	(void)self;
	*ret = (struct ct_process){.arch = machine, .kind = "core", .path = "fake", .still = true};
	return CT_OK;
}

static enum ct_status fake_next_map(void *self, size_t *cur, struct ct_map *ret)
{
	(void)self;
	if ((*cur)++)
		return CT_DONE;
	*ret = (struct ct_map){
		.start = DATA, .end = DATA_END, .present = sizeof(memory), .prot = 3};
	return CT_OK;
}

static enum ct_status fake_next_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	(void)self;
	(void)cur;
	(void)ret;
	return CT_DONE;
}

static enum ct_status fake_read(void *self, uint64_t addr, void *buf, size_t len)
{
	(void)self;
	if (addr < DATA || !ct_within(addr - DATA, len, sizeof(memory)))
		return CT_FAULT;
	memcpy(buf, memory + (addr - DATA), len);
	return CT_OK;
}

static enum ct_status fake_auxv(void *self, uint64_t type, uint64_t *ret)
{
	(void)self;
	(void)type;
	(void)ret;
	return CT_NOT_FOUND;
}

static void fake_close(void *self)
{
	(void)self;
}

static const struct ct_source_ops fake = {
	.name = "fake",
	.process = fake_process,
	.next_map = fake_next_map,
	.next_thread = fake_next_thread,
	.read = fake_read,
	.auxv = fake_auxv,
	.close = fake_close,
};

static inline int open_target(void **state)
{
	static const struct ct_options options = {.no_debuginfod = true};
	struct ct_error err;
	struct ct_target *target;

	if (ct_target_open((struct ct_source){.ops = &fake}, &options, &target, &err))
		return -1;
	*state = target;
	return 0;
}

static inline int close_target(void **state)
{
	ct_target_close(*state);
	return 0;
}

static inline int start(void **state)
{
	memset(memory, 0, sizeof(memory));
	machine = &ct_arch_x86_64;
	return open_target(state);
}

static inline int start_on_arm(void **state)
{
	memset(memory, 0, sizeof(memory));
	machine = &ct_arch_aarch64;
	return open_target(state);
}

static inline void put(uint64_t addr, const void *data, size_t len)
{
	memcpy(memory + (addr - DATA), data, len);
}

static inline void put_pair(uint64_t addr, int64_t a, int64_t b)
{
	int64_t pair[] = {a, b};

	put(addr, pair, sizeof(pair));
}

struct args {
	uint64_t of[6];
};

static inline struct ct_syscall call_of(const char *name, struct args args)
{
	struct ct_syscall call = {.number = ct_syscall_number(machine, name),
		.args_known = CT_ALL_ARGS,
		.number_known = true};

	assert_true(call.number >= 0);
	memcpy(call.args, args.of, sizeof(call.args));
	return call;
}

static inline void check_call(
	struct ct_target *target, const struct ct_syscall *call, const char *expected)
{
	struct ct_arena arena;
	const char *text;

	ct_arena_init(&arena);
	assert_int_equal(ct_syscall_text(target, call, &arena, &text), CT_OK);
	assert_string_equal(text, expected);
	ct_arena_free(&arena);
}

static inline void check(void **state, const char *expected, const char *name, struct args args)
{
	struct ct_syscall call = call_of(name, args);

	check_call(*state, &call, expected);
}

static inline struct ct_syscall_info describe(void **state, const char *name, struct args args)
{
	struct ct_syscall call = call_of(name, args);
	struct ct_syscall_info info;

	ct_syscall_describe(*state, &call, &info);
	assert_string_equal(info.name, name);
	return info;
}

#define CHECK(expected, name, ...) check(state, expected, name, (struct args){{__VA_ARGS__}})
#define DESCRIBE(name, ...)        describe(state, name, (struct args){{__VA_ARGS__}})

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, close_target)

#endif
