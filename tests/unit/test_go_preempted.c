/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a goroutine that was stopped between two instructions, and stacks that do not have
 * them. */
#include "fake_target.h"
#include "go_code.h"
#include "runtime/go/preempted.h"

#define STACK     (DATA + 0x800)
#define STACK_END (DATA + 0xc00)
#define INNER     (STACK + 0x20)  /* frame pointer of asyncPreempt2 */
#define OUTER     (STACK + 0x200) /* of asyncPreempt */

enum { PREEMPT2, PREEMPT, WORK, RBP = 6, SP = 7, PC = 16 };

struct scene {
	struct go_code code;
	struct ct_go go;
	struct ct_go_g g;
};

static const uint8_t large[] = {
	0x55, 0x48, 0x89, 0xe5, 0x9c, 0x48, 0x81, 0xec, 0x70, 1, 0, 0, 0x48, 0x89, 0x04, 0x24};
static const uint8_t small[] = {
	0x55, 0x48, 0x89, 0xe5, 0x9c, 0x48, 0x83, 0xec, 0x70, 0x48, 0x89, 0x04, 0x24};

/* ax, cx, dx, bx, si, di, r8 to r15, as DWARF counts them */
static const unsigned saved[] = {0, 2, 1, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

static uint64_t function(uint32_t i)
{
	return DATA + i * CODE_SIZE;
}

static void put_word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

/* size: of the frame below the flags. */
static void begin(
	struct scene *s, struct ct_target *target, const void *code, size_t len, uint64_t size)
{
	code_begin(&s->code);
	code_add(&s->code, "runtime.asyncPreempt2", 24);
	code_add(&s->code, "runtime.asyncPreempt", 24);
	code_add(&s->code, "main.work", 24);
	s->code.table.text = s->code.table.minpc = DATA;
	s->code.table.maxpc = function(3);
	s->go = (struct ct_go){.target = target, .tables = {&s->code.table, 1}};
	s->g = (struct ct_go_g){.pc = function(PREEMPT2) + 0x40,
		.fp = INNER,
		.stack_low = STACK,
		.stack_high = STACK_END};
	put(function(PREEMPT), code, len);
	put_word(INNER, OUTER);
	put_word(INNER + 8, function(PREEMPT) + 0x60);
	put_word(OUTER, 0x5555);
	put_word(OUTER + 8, function(WORK) + 0x11);
	for (uint64_t i = 0; i < 14; i++)
		put_word(OUTER - 8 - size + 8 * i, 0x1000 + i);
}

static void registers_are_on_the_stack(void **state)
{
	struct scene s;
	struct ct_regs regs;

	for (int is_small = 0; is_small < 2; is_small++) {
		if (is_small)
			begin(&s, *state, small, sizeof(small), 0x70);
		else
			begin(&s, *state, large, sizeof(large), 0x170);
		assert_int_equal(ct_go_preempted(&s.go, &s.g, &regs), CT_OK);
		for (size_t i = 0; i < CT_COUNT(saved); i++)
			assert_true(ct_reg(&regs, saved[i]) == 0x1000 + i);
		assert_true(ct_reg(&regs, RBP) == 0x5555);
		assert_true(ct_reg(&regs, SP) == OUTER + 16);
		assert_true(ct_reg(&regs, PC) == function(WORK) + 0x11);
		/* 16 general ones and the pc, and no segment. */
		assert_true(regs.known == 0x1ffff);
	}
}

static void most_stop_at_a_call(void **state)
{
	struct scene s;
	struct ct_regs regs;

	begin(&s, *state, large, sizeof(large), 0x170);
	s.g.pc = function(WORK);
	assert_int_equal(ct_go_preempted(&s.go, &s.g, &regs), CT_NOT_FOUND);
}

static void what_is_not_as_it_should_be(void **state)
{
	static const uint8_t other[16] = {0x55, 0x48, 0x89, 0xe5, 0x90};
	struct scene s;
	struct ct_regs regs;

	begin(&s, *state, other, sizeof(other), 0x170);
	assert_int_equal(ct_go_preempted(&s.go, &s.g, &regs), CT_FAULT);
	begin(&s, *state, large, sizeof(large), 0x170);
	put_word(INNER + 8, function(WORK) + 0x60); /* not called by asyncPreempt */
	assert_int_equal(ct_go_preempted(&s.go, &s.g, &regs), CT_FAULT);
	begin(&s, *state, large, sizeof(large), 0x170);
	put(function(PREEMPT) + 8, "\x10\0\0", 4); /* no room for registers */
	assert_int_equal(ct_go_preempted(&s.go, &s.g, &regs), CT_FAULT);
}

/* Frames that are not on the goroutine's stack, or not all of them. */
static void what_is_not_on_its_stack(void **state)
{
	static const uint64_t inner[] = {0, STACK - 8, STACK_END, STACK_END - 8, INNER + 4,
		UINT64_MAX - 7},
			      outer[] = {STACK + 0x170, STACK_END - 8, OUTER + 1, 0, NOWHERE};
	struct scene s;
	struct ct_regs regs;

	for (size_t i = 0; i < CT_COUNT(inner); i++) {
		begin(&s, *state, large, sizeof(large), 0x170);
		s.g.fp = inner[i];
		assert_int_equal(ct_go_preempted(&s.go, &s.g, &regs), CT_FAULT);
	}
	for (size_t i = 0; i < CT_COUNT(outer); i++) {
		begin(&s, *state, large, sizeof(large), 0x170);
		put_word(INNER, outer[i]);
		assert_int_equal(ct_go_preempted(&s.go, &s.g, &regs), CT_FAULT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(registers_are_on_the_stack, start, close_target),
		cmocka_unit_test_setup_teardown(most_stop_at_a_call, start, close_target),
		cmocka_unit_test_setup_teardown(what_is_not_as_it_should_be, start, close_target),
		cmocka_unit_test_setup_teardown(what_is_not_on_its_stack, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
