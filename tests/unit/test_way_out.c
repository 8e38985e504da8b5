/* SPDX-License-Identifier: Apache-2.0 */
/* Ways out of functions, found by following their code: of functions written by hand. */
#include "decode/way_out.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Indices of x86-64's registers. */
enum { BX = 3, BP = 6, SP = 7, R12 = 12, R13 = 13 };

/* Where each test begins is labelled; the linker keeps what is between begin and end together. */
__asm__("	.pushsection .text\n"
	"	.globl code_begin, code_end\n"
	"	.globl stub, saving, by_moves, aligned, fails_first, fails_padded, endless, tail, "
	"far_tail\n"
	"	.globl around, lost, both, traps, enters, entered, enters_by_fp, "
	"entered_by_fp\n"
	"code_begin:\n"
	/* A system call. */
	"stub:	syscall\n	ret\n"
	/* Behind a call in a function that saves two registers and has 24 bytes of its own. */
	"	push %rbx\n	push %r12\n	sub $24, %rsp\n	call stub\n"
	"saving:	mov %rax, %rbx\n	test %ebx, %ebx\n	js 1f\n	mov $1, %r12d\n"
	"1:	add $24, %rsp\n	pop %r12\n	pop %rbx\n	ret\n"
	"by_moves:	mov 8(%rsp), %rbx\n	mov 16(%rsp), %rbp\n	add $24, %rsp\n	ret\n"
	/* A stack pointer of its own alignment, back by the frame pointer. */
	"aligned:	and $-32, %rsp\n	sub %rax, %rsp\n	call stub\n"
	"	lea -16(%rbp), %rsp\n	pop %rbx\n	pop %r12\n	pop %rbp\n	ret\n"
	/* The way to the check's failure comes first, and leads into the next function. */
	"fails_first:	sub %fs:0x28, %rax\n	jne 2f\n	add $8, %rsp\n	nop\n	nop\n	"
	"nop\n	pop %rbx\n"
	"	ret\n"
	"2:	call failure\n"
	"	push %r13\n	pop %r13\n	ret\n"
	"fails_padded:	sub %fs:0x28, %rax\n	jne 2f\n	add $8, %rsp\n	nop\n	nop\n	"
	"nop\n	nop\n"
	"	pop %rbx\n	ret\n"
	"2:	call stub\n"
	"	nopw 0x0(%rax,%rax,1)\n	ret\n"
	"endless:	call stub\n	jmp endless\n"
	"tail:	pop %rbx\n	jmp *%rax\n"
	"far_tail:	add $8, %rsp\n	jmp 3f\n"
	"	ud2\n"
	"3:	push %r13\n	call stub\n	pop %r13\n	ret\n"
	"around:	push %rbx\n	push %rbx\n	call stub\n	pop %rcx\n	pop "
	"%rbx\n	add $16, %rsp\n	ret\n"
	"lost:	mov %rcx, %rsp\n	ret\n"
	/* Two ends with other depths: both are given, the near one first. */
	"both:	test %eax, %eax\n	je 4f\n	pop %rbx\n	ret\n"
	"4:	pop %rcx\n	pop %rcx\n	nop\n	nop\n	ret\n"
	"traps:	xor %edi, %edi\n	hlt\n"
	/* No way out: to be found from the entry. A branch leads over another depth. */
	"enters:	push %rbx\n	push %r12\n	sub $24, %rsp\n	mov %edi, %ebx\n"
	"	test %ebx, %ebx\n	je 5f\n	push %rax\n	call stub\n	pop %rax\n"
	"5:	call failure\n"
	"entered:	hlt\n"
	"enters_by_fp:	push %rbp\n	mov %rsp, %rbp\n	push %r12\n	sub %rax, %rsp\n"
	"	call stub\n"
	"entered_by_fp:	hlt\n"
	"	ret\n"
	"failure:	hlt\n"
	"	.skip 64, 0xf4\n"
	"code_end:\n"
	"	.popsection\n");

extern const uint8_t code_begin[], code_end[], stub[], saving[], by_moves[], aligned[],
	fails_first[], fails_padded[], endless[], tail[], far_tail[], around[], lost[], both[],
	traps[], enters[], entered[], enters_by_fp[], entered_by_fp[];

static size_t read_code(void *arg, uint64_t addr, uint8_t *buf, size_t len)
{
	uint64_t begin = (uint64_t)(uintptr_t)code_begin, end = (uint64_t)(uintptr_t)code_end;

	(void)arg;
	if (addr < begin || addr >= end)
		return 0;
	len = CT_MIN(len, end - addr);
	memcpy(buf, code_begin + (addr - begin), len);
	return len;
}

/* As the target does it: what begins with a trap. */
static bool no_return(void *arg, uint64_t target, uint64_t slot)
{
	uint8_t first = 0;

	(void)slot;
	return read_code(arg, target, &first, 1) && first == 0xf4;
}

static struct ct_ways_out ways_from(const uint8_t *code)
{
	static const struct ct_way_view view = {NULL, read_code, no_return};
	struct ct_ways_out out;
	uint64_t steps = 0;

	assert_int_equal(
		ct_ways_out_find(&ct_arch_x86_64, &view, (uint64_t)(uintptr_t)code, &steps, &out),
		CT_OK);
	assert_true(steps > 0);
	return out;
}

static bool is_same(const struct ct_way *way, unsigned reg)
{
	return way->same >> reg & 1;
}

/* Where reg was saved, from the CFA; 0: nowhere. */
static int saved_at(const struct ct_way *way, unsigned reg)
{
	for (size_t i = 0; i < way->n_saved; i++)
		if (way->saved[i].reg == reg)
			return way->saved[i].at;
	return 0;
}

static struct ct_way only_way(const uint8_t *code, unsigned base, int cfa)
{
	struct ct_ways_out out = ways_from(code);

	assert_int_equal(out.n, 1);
	assert_false(out.never_returns);
	assert_int_equal(out.ways[0].base, base);
	assert_int_equal(out.ways[0].cfa, cfa);
	return out.ways[0];
}

static void a_stub_changes_nothing(void **state)
{
	struct ct_way way = only_way(stub, SP, 8);

	(void)state;
	assert_int_equal(way.same, ct_arch_x86_64.preserved);
	assert_int_equal(way.n_saved, 0);
}

static void saved_registers_are_found(void **state)
{
	struct ct_way way = only_way(saving, SP, 48);

	(void)state;
	assert_int_equal(saved_at(&way, BX), -16);
	assert_int_equal(saved_at(&way, R12), -24);
	assert_false(is_same(&way, BX) || is_same(&way, R12));
	assert_true(is_same(&way, BP) && is_same(&way, R13));
	way = only_way(by_moves, SP, 32);
	assert_int_equal(saved_at(&way, BX), -24);
	assert_int_equal(saved_at(&way, BP), -16);
}

static void a_frame_pointer_leads_back(void **state)
{
	struct ct_way way = only_way(aligned, BP, 16);

	(void)state;
	assert_int_equal(saved_at(&way, BP), -16);
	assert_int_equal(saved_at(&way, R12), -24);
	assert_int_equal(saved_at(&way, BX), -32);
}

static void a_call_that_never_returns_is_no_way(void **state)
{
	(void)state;
	struct ct_way way = only_way(fails_first, SP, 24);
	assert_int_equal(saved_at(&way, BX), -16);
}

/* Nothing is known of what is called, but it is followed by padding: the other way comes first. */
static void padding_makes_a_way_unlikely(void **state)
{
	struct ct_ways_out out = ways_from(fails_padded);

	(void)state;
	assert_int_equal(out.n, 2);
	assert_int_equal(out.ways[0].cfa, 24);
	assert_int_equal(out.ways[1].cfa, 8);
}

static void a_loop_has_no_way_out(void **state)
{
	struct ct_ways_out out = ways_from(endless);

	(void)state;
	assert_int_equal(out.n, 0);
	assert_true(out.never_returns);
	out = ways_from(traps);
	assert_int_equal(out.n, 0);
	assert_true(out.never_returns);
}

static void a_jump_to_another_function_is_a_way(void **state)
{
	struct ct_way way = only_way(tail, SP, 16);

	(void)state;
	assert_int_equal(saved_at(&way, BX), -16);
	way = only_way(far_tail, SP, 16);
	assert_true(is_same(&way, R13));
}

static void what_is_pushed_on_the_way_is_popped(void **state)
{
	struct ct_way way = only_way(around, SP, 24);

	(void)state;
	assert_true(is_same(&way, BX));
}

static void a_lost_stack_pointer_is_no_claim(void **state)
{
	struct ct_ways_out out = ways_from(lost);

	(void)state;
	assert_int_equal(out.n, 0);
	assert_false(out.never_returns);
}

static void several_ways_near_ones_first(void **state)
{
	struct ct_ways_out out = ways_from(both);

	(void)state;
	assert_int_equal(out.n, 2);
	assert_int_equal(out.ways[0].cfa, 16);
	assert_int_equal(out.ways[1].cfa, 24);
}

static enum ct_status way_in(const uint8_t *entry, const uint8_t *pc, struct ct_way *ret)
{
	static const struct ct_way_view view = {NULL, read_code, no_return};
	uint64_t steps = 0;

	return ct_way_in_find(&ct_arch_x86_64, &view, (uint64_t)(uintptr_t)entry,
		(uint64_t)(uintptr_t)pc, &steps, ret);
}

/* Behind a call that never comes back: what pushes on the way has popped again. */
static void the_entry_tells_where_no_way_leads_out(void **state)
{
	struct ct_way way;

	(void)state;
	assert_int_equal(way_in(enters, entered, &way), CT_OK);
	assert_int_equal(way.base, SP);
	assert_int_equal(way.cfa, 48);
	assert_int_equal(saved_at(&way, BX), -16);
	assert_true(is_same(&way, BP) && is_same(&way, R13));
	assert_false(is_same(&way, BX));
	/* Pushed, but still the caller's. */
	assert_true(is_same(&way, R12));
	assert_int_equal(way_in(enters_by_fp, entered_by_fp, &way), CT_OK);
	assert_int_equal(way.base, BP);
	assert_int_equal(way.cfa, 16);
	assert_int_equal(saved_at(&way, BP), -16);
	/* A trap that is the whole function. */
	assert_int_equal(way_in(traps, traps, &way), CT_OK);
	assert_int_equal(way.cfa, 8);
}

static void an_entry_that_does_not_lead_there_tells_nothing(void **state)
{
	struct ct_way way;

	(void)state;
	assert_int_equal(way_in(stub, entered, &way), CT_NOT_FOUND);
	assert_int_equal(way_in(entered, enters, &way), CT_NOT_FOUND);
	assert_int_equal(way_in(endless, entered, &way), CT_NOT_FOUND);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

struct noise {
	uint8_t bytes[4096];
};

static size_t read_noise(void *arg, uint64_t addr, uint8_t *buf, size_t len)
{
	const struct noise *noise = arg;

	if (addr >= sizeof(noise->bytes))
		return 0;
	len = CT_MIN(len, sizeof(noise->bytes) - addr);
	memcpy(buf, noise->bytes + addr, len);
	return len;
}

static bool returns(void *arg, uint64_t target, uint64_t slot)
{
	(void)arg, (void)target, (void)slot;
	return false;
}

/* Any bytes: it ends, within its budget, with offsets that cannot overflow. */
static void any_bytes_end_soon(void **state)
{
	/* What moves the stack, jumps and branches, more often than chance has it. */
	static const uint8_t often[] = {0x50, 0x58, 0x48, 0x81, 0xec, 0x83, 0xc4, 0xe8, 0xe9, 0xeb,
		0x74, 0x75, 0xc9, 0xc3, 0x0f, 0x84, 0x89, 0x8b, 0x8d, 0xff, 0x24, 0x5d, 0xe5};
	struct noise noise;
	const struct ct_way_view view = {&noise, read_noise, returns};
	uint32_t seed = 17;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct ct_ways_out out;
		uint64_t steps = 0;

		for (size_t i = 0; i < sizeof(noise.bytes); i++) {
			uint32_t r = next_random(&seed);

			noise.bytes[i] = r % 3 ? often[r % CT_COUNT(often)] : (uint8_t)(r >> 8);
		}
		assert_int_equal(
			ct_ways_out_find(&ct_arch_x86_64, &view, round % 64, &steps, &out), CT_OK);
		assert_true(steps <= 3000 && out.n <= CT_MAX_WAYS);
		for (size_t i = 0; i < out.n; i++)
			assert_true(out.ways[i].n_saved <= CT_WAY_SAVED &&
				    (out.ways[i].base == SP || out.ways[i].base == BP));
		struct ct_way way = {0};
		enum ct_status in = ct_way_in_find(
			&ct_arch_x86_64, &view, round % 64, 64 + round % 256, &steps, &way);
		assert_true(steps <= 6000 && way.n_saved <= CT_WAY_SAVED);
		assert_true(
			in == CT_NOT_FOUND || (in == CT_OK && (way.base == SP || way.base == BP)));
	}
}

static void other_machines_have_none(void **state)
{
	static const struct ct_way_view view = {NULL, read_code, no_return};
	struct ct_ways_out out;
	uint64_t steps = 0;

	(void)state;
	assert_int_equal(
		ct_ways_out_find(&ct_arch_aarch64, &view, (uint64_t)(uintptr_t)stub, &steps, &out),
		CT_OK);
	assert_int_equal(out.n, 0);
	assert_false(out.never_returns);
	assert_int_equal(steps, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stub_changes_nothing),
		cmocka_unit_test(saved_registers_are_found),
		cmocka_unit_test(a_frame_pointer_leads_back),
		cmocka_unit_test(a_call_that_never_returns_is_no_way),
		cmocka_unit_test(padding_makes_a_way_unlikely),
		cmocka_unit_test(a_loop_has_no_way_out),
		cmocka_unit_test(a_jump_to_another_function_is_a_way),
		cmocka_unit_test(what_is_pushed_on_the_way_is_popped),
		cmocka_unit_test(a_lost_stack_pointer_is_no_claim),
		cmocka_unit_test(several_ways_near_ones_first),
		cmocka_unit_test(the_entry_tells_where_no_way_leads_out),
		cmocka_unit_test(an_entry_that_does_not_lead_there_tells_nothing),
		cmocka_unit_test(any_bytes_end_soon),
		cmocka_unit_test(other_machines_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
