/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator on code that keeps to the calling conventions of Go. */
#include "evaluate_stage.h"

static const struct ct_event_row rows[] = {
	{"take", CT_CALL_ACQUIRES, 0},
	{"give", CT_CALL_RELEASES, 0},
	{"wake", CT_CALL_COUNTS, 0},
	{"wait_for", CT_CALL_SENDS, 0},
	{"guard", CT_CALL_RECEIVES, 0},
	{"try_take", CT_CALL_SELECTS, 0},
};
/* As try_take, where arguments are on the stack. */
static const struct ct_event_row by_kind = {"try_take", CT_CALL_SELECTS_BY_KIND, 0};
static bool g_on_stack;
static const uint8_t *const functions[] = {take, give, wake, wait_for, guard, try_take};

CODE(clears, "movq $0,(%rdi)\n ret");

static struct ct_callee go_callee(void *arg, uint64_t target, uint64_t slot, bool is_call)
{
	for (size_t i = 0; i < CT_COUNT(functions); i++)
		if (target == ADDRESS(functions[i]))
			return (struct ct_callee){.kind = CT_CALLEE_EVENT,
				.entry = target,
				.row = g_on_stack && functions[i] == try_take ? &by_kind : &rows[i],
				.args = 16};
	if (target == ADDRESS(clears))
		return (struct ct_callee){.kind = CT_CALLEE_ENTER, .entry = target, .spares = true};
	return stage_callee(arg, target, slot, is_call);
}

/* The evaluation of code with the two locks on its stack. */
static struct ct_evaluation begin(const struct ct_code_abi *abi, const uint8_t *code)
{
	const struct ct_code_view view = {.read = stage_read,
		.callee = go_callee,
		.wanted = stage_wanted,
		.writable = stage_writable,
		.abi = abi,
		.counted = true};
	struct ct_evaluation in = stage_frame(code);

	memset(g_stage_stack, 0, sizeof(g_stage_stack));
	g_stage_stack[DEAD + 8] = ADDRESS(g_locks[0]);
	g_stage_stack[DEAD + 9] = ADDRESS(g_locks[1]);
	in.regs.known = UINT64_C(1) << SP;
	g_on_stack = abi == &ct_code_abi_go_stack;
	g_stage_ev = ct_evaluator_new(&ct_arch_x86_64, &view);
	assert_non_null(g_stage_ev);
	return in;
}

static void check(const struct ct_code_abi *abi, const uint8_t *code, const char *expected)
{
	struct ct_evaluation in = begin(abi, code);

	check_paths(&in, expected);
	ct_evaluator_free(g_stage_ev);
}

/* The first argument is in rax; only the stack outlives a call, no register does. */
CODE(in_registers, "mov 64(%rsp),%rax\n mov 72(%rsp),%rbx\n call give\n mov %rbx,%rax\n"
		   "call take\n mov 72(%rsp),%rax\n call take\n ret");
CODE(two_results, "mov 72(%rsp),%rbx\n mov 80(%rsp),%rax\n ret");
CODE(by_results, "call two_results\n mov %rax,%rcx\n mov %rbx,%rax\n call give\n"
		 "mov %rcx,%rax\n call take\n ret");
CODE(by_closure, "mov 8(%rdx),%rax\n call give\n ret");
CODE(calls_closure, "sub $16,%rsp\n lea by_closure(%rip),%rax\n mov %rax,(%rsp)\n"
		    "mov 80(%rsp),%rax\n mov %rax,8(%rsp)\n mov %rsp,%rdx\n mov (%rdx),%rcx\n"
		    "call *%rcx\n ret");
CODE(counts_down, "mov 64(%rsp),%rax\n mov $-1,%rbx\n call wake\n ret");
CODE(counts_up, "mov 64(%rsp),%rax\n mov $2,%rbx\n call wake\n ret");

static void registers(void **state)
{
	(void)state;
	check(&ct_code_abi_go, in_registers, "R0 A1 ret");
	check(&ct_code_abi_go, by_results, "R0 ret");
	check(&ct_code_abi_go, calls_closure, "R0 ret");
	check(&ct_code_abi_go, counts_down, "D0 ret");
	check(&ct_code_abi_go, counts_up, "U0 ret");
}

CODE(on_stack, "mov 64(%rsp),%rax\n mov %rax,(%rsp)\n call give\n mov (%rsp),%rax\n"
	       "mov 72(%rsp),%rcx\n mov %rcx,(%rsp)\n call take\n ret");

static void stack(void **state)
{
	(void)state;
	check(&ct_code_abi_go_stack, on_stack, "R0 A1 ret");
}

/* Each unlock counts, and a TryLock acquires. */
CODE(unlocks_twice, "mov 64(%rsp),%rax\n mov $-1,%ecx\n lock xadd %ecx,(%rax)\n mov $-1,%ecx\n"
		    "lock xadd %ecx,(%rax)\n ret");
CODE(tries, "mov 64(%rsp),%rdx\n mov (%rdx),%eax\n mov %eax,%ecx\n or $1,%ecx\n"
	    "lock cmpxchg %ecx,(%rdx)\n sete %al\n ret");

static void atomics(void **state)
{
	(void)state;
	check(&ct_code_abi_go, unlocks_twice, "D0 D0 ret");
	check(&ct_code_abi_go, tries, "A0 ret|ret");
}

/* What is received is not what was there before; a nil channel is no case. */
CODE(receives, "mov 64(%rsp),%rax\n lea 80(%rsp),%rbx\n call guard\n mov 80(%rsp),%rcx\n"
	       "test %rcx,%rcx\n je 1f\n mov 72(%rsp),%rax\n call give\n1: ret");
CODE(selects, "sub $64,%rsp\n mov 128(%rsp),%rax\n mov %rax,(%rsp)\n movq $0,16(%rsp)\n"
	      "mov 136(%rsp),%rax\n mov %rax,32(%rsp)\n movq $0,40(%rsp)\n mov %rsp,%rax\n"
	      "mov $1,%edi\n mov $2,%esi\n call try_take\n ret");

/* Of 40 bytes each: the first sends, the second is the default, the third receives, the last is
 * nil. */
CODE(selects_by_kind,
	"sub $192,%rsp\n mov 256(%rsp),%rax\n mov %rax,24(%rsp)\n movw $2,40(%rsp)\n"
	"movq $0,64(%rsp)\n movw $3,80(%rsp)\n mov 264(%rsp),%rax\n mov %rax,104(%rsp)\n"
	"movq $0,112(%rsp)\n movw $1,120(%rsp)\n movq $0,144(%rsp)\n movw $1,160(%rsp)\n"
	"lea 24(%rsp),%rax\n mov %rax,(%rsp)\n movq $0,8(%rsp)\n movq $4,16(%rsp)\n"
	"call try_take\n ret");
/* A case of no kind is none. */
CODE(selects_nothing, "sub $64,%rsp\n mov 128(%rsp),%rax\n mov %rax,24(%rsp)\n movw $0,40(%rsp)\n"
		      "lea 24(%rsp),%rax\n mov %rax,(%rsp)\n movq $0,8(%rsp)\n"
		      "movq $1,16(%rsp)\n call try_take\n ret");
/* What clears memory keeps all registers, of which calls preserve none. */
CODE(keeps, "mov 64(%rsp),%rdx\n lea 72(%rsp),%rdi\n call clears\n mov %rdx,(%rsp)\n call give\n"
	    "mov 72(%rsp),%rax\n test %rax,%rax\n je 1f\n mov %rdx,(%rsp)\n call take\n1: ret");

static void channels(void **state)
{
	(void)state;
	check(&ct_code_abi_go, receives, "D0 R1 ret|D0 ret");
	check(&ct_code_abi_go, selects, "U0 D1 ret");
	check(&ct_code_abi_go_stack, selects_by_kind, "U0 D1 ret");
	check(&ct_code_abi_go_stack, selects_nothing, "ret");
	check(&ct_code_abi_go_stack, keeps, "R0 ret");
}

/* With 7 on the stack at [DEAD + 10]. */
static bool is_idle(const uint8_t *code)
{
	struct ct_evaluation in = begin(&ct_code_abi_go, code);

	g_stage_stack[DEAD + 10] = 7;
	assert_int_equal(ct_evaluate(g_stage_ev, &in), CT_OK);
	bool ret = ct_evaluate_is_idle(g_stage_ev);
	ct_evaluator_free(g_stage_ev);
	return ret;
}

#define ROUND "mov 64(%rsp),%rax\n call take\n jmp 1b\n"
CODE(looks, "1: " ROUND);
CODE(writes_again, "1: movq $7,80(%rsp)\n" ROUND);
CODE(clears_first, "1: movq $0,80(%rsp)\n movq $7,80(%rsp)\n" ROUND);
CODE(below_the_stack, "1: movq $9,-8(%rsp)\n" ROUND);
CODE(counts_on, "1: mov 80(%rsp),%rdx\n inc %rdx\n mov %rdx,80(%rsp)\n" ROUND);
CODE(computes, "1: xor %edx,%edx\n 2: mov 88(%rsp,%rdx,8),%rsi\n lea 5(%rsi,%rsi,4),%rsi\n"
	       "mov %rsi,88(%rsp,%rdx,8)\n inc %rdx\n cmp $4,%rdx\n jl 2b\n" ROUND);
CODE(keeps_what_it_gave, "1: mov 64(%rsp),%rax\n call wait_for\n mov %rax,80(%rsp)\n jmp 1b\n");
CODE(writes_elsewhere, "1: lea g_stage_data(%rip),%rdx\n movq $7,(%rdx)\n" ROUND);

/* Nothing comes of a loop that leaves its stack as it was. */
static void idle_loops(void **state)
{
	(void)state;
	assert_true(is_idle(looks));
	assert_true(is_idle(writes_again));
	assert_true(is_idle(clears_first));
	assert_true(is_idle(below_the_stack));
	assert_false(is_idle(counts_on));
	assert_false(is_idle(computes));
	assert_false(is_idle(keeps_what_it_gave));
	assert_false(is_idle(writes_elsewhere));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers),
		cmocka_unit_test(stack),
		cmocka_unit_test(atomics),
		cmocka_unit_test(channels),
		cmocka_unit_test(idle_loops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
