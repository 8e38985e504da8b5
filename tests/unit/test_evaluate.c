/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator of machine code on code of the test's own. */
#include "evaluate_stage.h"

static void check_code(const uint8_t *code, const char *expected)
{
	struct ct_evaluation in = stage_frame(code);

	check_paths(&in, expected);
}

/* ---- calls ---- */

CODE(gives, "call give\n mov %rbx,%rdi\n call take\n ret");
CODE(gives_by_jump, "jmp give");
CODE(exits, "call give\n call stop_all\n call take");
CODE(waits, "mov %rdi,%rsi\n lea 64(%rdi),%rdi\n call wait_for\n ret");
CODE(wakes, "call wake\n ret");
CODE(callee_of_two,
	"test %rsi,%rsi\n je 1f\n call give\n mov $1,%eax\n ret\n1: xor %eax,%eax\n ret");
CODE(calls_two, "push %r12\n mov %rdi,%r12\n call callee_of_two\n test %eax,%eax\n jne 1f\n"
		"mov %r12,%rdi\n call take\n1: pop %r12\n ret");
CODE(traps, "call give\n ud2");
CODE(far_jump, "mov (%rbx),%rax\n jmp *%rcx");

static void calls(void **state)
{
	(void)state;
	check_code(gives, "R0 A1 ret");
	check_code(gives_by_jump, "R0 ret");
	check_code(exits, "R0 out");
	check_code(waits, "R0 A0 ret");
	check_code(wakes, "S0 ret");
	/* What a callee returns tells its paths apart. */
	check_code(calls_two, "A0 ret|R0 ret");
	check_code(traps, "R0 out");
	check_code(far_jump, "lost");
}

/* ---- branches ---- */

CODE(known_branch, "mov $3,%eax\n cmp $5,%eax\n jb 1f\n call take\n ret\n1: call give\n ret");
CODE(signed_branch, "mov $-3,%eax\n cmp $5,%eax\n jg 1f\n call give\n ret\n1: call take\n ret");
CODE(unknown_branch, "cmp $5,%eax\n je 1f\n call take\n ret\n1: call give\n ret");
CODE(loop_forever, "1: mov %rbx,%r12\n call foreign\n mov %r12,%rdi\n call give\n jmp 1b");
CODE(loop_counts, "xor %ecx,%ecx\n1: inc %ecx\n cmp $2,%ecx\n jne 1b\n call give\n ret");
CODE(selects, "mov %rbx,%rax\n test %ecx,%ecx\n cmovne %rax,%rdi\n call give\n ret");
CODE(sets, "xor %eax,%eax\n mov $1,%ecx\n test %ecx,%ecx\n setne %al\n test %eax,%eax\n"
	   "je 1f\n call give\n1: ret");

static void branches(void **state)
{
	(void)state;
	check_code(known_branch, "R0 ret");
	check_code(signed_branch, "R0 ret");
	check_code(unknown_branch, "A0 ret|R0 ret");
	check_code(loop_forever, "");
	check_code(loop_counts, "R0 ret");
	check_code(selects, "R0 ret|R1 ret");
	check_code(sets, "R0 ret");
}

/* A try that failed is another path, and a flag that was saved says which one it is. */
CODE(saved_flag, "push %r12\n push %r13\n mov %rdi,%r12\n call try_take\n xor %r13d,%r13d\n"
		 "test %eax,%eax\n sete %r13b\n call foreign\n test %r13d,%r13d\n je 1f\n"
		 "mov %r12,%rdi\n call give\n1: pop %r13\n pop %r12\n ret");
CODE(guarded, "push %r12\n mov %rdi,%r12\n call guard\n test %eax,%eax\n je 1f\n mov %r12,%rdi\n"
	      "call give\n1: pop %r12\n ret");
/* What a callee constructs on the stack of its caller says it, too. */
CODE(callee_that_constructs,
	"test %rsi,%rsi\n movl $1,(%rdi)\n je 1f\n movl $0,(%rdi)\n1: mov %rdi,%rax\n ret");
CODE(constructed, "push %r12\n mov %rdi,%r12\n sub $16,%rsp\n mov %rsp,%rdi\n"
		  "call callee_that_constructs\n testb $1,(%rsp)\n jne 1f\n mov %r12,%rdi\n"
		  "call give\n1: add $16,%rsp\n pop %r12\n ret");

static void outcomes(void **state)
{
	(void)state;
	check_code(constructed, "R0 ret|ret");
	check_code(saved_flag, "A0 R0 ret|ret");
	check_code(guarded, "A0 R0 ret|ret");
}

/* ---- memory ---- */

CODE(bytes,
	"movabs $0x1122334455667788,%rax\n mov %rax,-8(%rsp)\n movb $0x99,-6(%rsp)\n"
	"cmpl $0x55997788,-8(%rsp)\n jne 1f\n cmpw $0x5599,-6(%rsp)\n jne 1f\n call give\n ret\n"
	"1: call take\n ret");
CODE(spilled, "mov %rdi,-16(%rsp)\n xor %edi,%edi\n mov -16(%rsp),%rdi\n call give\n ret");
CODE(in_vector, "movq %rdi,%xmm0\n movq %rbx,%xmm1\n punpcklqdq %xmm1,%xmm0\n"
		"movaps %xmm0,-32(%rsp)\n mov -24(%rsp),%rdi\n call give\n ret");
CODE(zeroed, "lea -64(%rsp),%rdi\n mov $4,%ecx\n xor %eax,%eax\n rep stosq\n cmpq $0,-40(%rsp)\n"
	     "jne 1f\n mov %rbx,%rdi\n call give\n1: ret");
CODE(dead, "mov -8(%rsp),%rdi\n call give\n ret");
CODE(pushed, "push %rdi\n push %rbx\n pop %rax\n pop %rdi\n call give\n mov %rax,%rdi\n ret");
CODE(framed, "push %rbp\n mov %rsp,%rbp\n sub $32,%rsp\n mov %rdi,-8(%rbp)\n call foreign\n"
	     "mov -8(%rbp),%rdi\n call give\n leave\n ret");

static void memory(void **state)
{
	(void)state;
	g_stage_stack[DEAD - 1] = ADDRESS(g_locks[0]); /* a slot that an earlier call has left */
	check_code(bytes, "R0 ret");
	check_code(spilled, "R0 ret");
	check_code(in_vector, "R1 ret");
	check_code(zeroed, "R1 ret");
	check_code(dead, "ret");
	check_code(pushed, "R0 ret");
	check_code(framed, "R0 ret");
}

/* ---- arithmetic ---- */

CODE(sums, "mov %rdi,%rax\n add $0x20,%rax\n sub $0x30,%rax\n lea 0x10(%rax),%rdi\n call give\n"
	   "ret");
CODE(shifts, "mov $0x10,%eax\n shl $2,%eax\n shr $1,%eax\n xor $0x20,%eax\n or $0x3,%eax\n"
	     "and $0x1,%eax\n neg %eax\n not %eax\n movslq %eax,%rax\n add %rax,%rdi\n call give\n"
	     "ret");
CODE(multiplies, "mov $64,%eax\n imul $-1,%eax,%eax\n cdqe\n lea 64(%rdi,%rax,1),%rdi\n call give\n"
		 "ret");
CODE(narrow, "mov $0x1ff,%eax\n movzbl %al,%ecx\n movsbl %al,%edx\n lea (%rcx,%rdx),%eax\n"
	     "sub $0xfe,%eax\n movslq %eax,%rax\n add %rax,%rdi\n call give\n ret");

static void arithmetic(void **state)
{
	(void)state;
	check_code(sums, "R0 ret");
	check_code(shifts, "R0 ret");
	check_code(multiplies, "R0 ret");
	check_code(narrow, "R0 ret");
}

/* ---- atomic instructions ---- */

CODE(cmpxchg_takes,
	"xor %eax,%eax\n mov $1,%ecx\n lock cmpxchg %ecx,(%rdi)\n jne 1f\n ret\n1: ud2");
CODE(cmpxchg_gives,
	"mov $1,%eax\n xor %ecx,%ecx\n lock cmpxchg %ecx,(%rdi)\n jne 1f\n ret\n1: ud2");
CODE(cmpxchg_counts, "mov (%r8),%eax\n lea 1(%rax),%ecx\n lock cmpxchg %ecx,(%rdi)\n jne 1f\n ret\n"
		     "1: ud2");
CODE(xchg_takes, "mov $1,%eax\n xchg %eax,(%rdi)\n test %eax,%eax\n jne 1f\n ret\n1: ud2");
CODE(xchg_gives, "xor %eax,%eax\n xchg %eax,(%rdi)\n ret");
CODE(counts, "lock incl (%rdi)\n lock decl (%rbx)\n ret");
CODE(adds, "mov $-1,%eax\n lock xadd %eax,(%rdi)\n mov $0xc0000001,%esi\n lock xadd %esi,(%rbx)\n"
	   "ret");
CODE(long_word, "lock decq (%rdi)\n ret");
CODE(gives_twice, "xor %eax,%eax\n xchg %eax,(%rdi)\n xor %eax,%eax\n xchg %eax,(%rdi)\n ret");

static void atomics(void **state)
{
	(void)state;
	check_code(cmpxchg_takes, "A0 ret|out");
	check_code(cmpxchg_gives, "R0 ret|out");
	check_code(cmpxchg_counts, "U0 ret|out");
	check_code(xchg_takes, "A0 ret|out");
	check_code(xchg_gives, "R0 ret");
	check_code(counts, "U0 D1 ret");
	check_code(adds, "D0 R1 ret");
	check_code(long_word, "ret"); /* a reference count */
	check_code(gives_twice, "R0 ret");
}

/* ---- the past ---- */

/* The second argument chooses one of an array of locks. */
CODE(from_array, "push %rbx\n push %r12\n mov %rdi,%rbx\n mov %rsi,%r12\n shl $6,%rsi\n"
		 "add %rsi,%rdi\n call take\n call foreign\n"
		 "from_array_at: pop %r12\n pop %rbx\n ret");
extern const uint8_t from_array_at[];
/* Takes only if a flag says so, which it keeps. */
CODE(if_flag, "push %rbx\n mov %esi,%ebx\n test %esi,%esi\n je 1f\n call take\n"
	      "1: call foreign\nif_flag_at: pop %rbx\n ret");
extern const uint8_t if_flag_at[];
CODE(from_global, "mov g_stage_data(%rip),%rdi\n call take\n call foreign\nfrom_global_at: ret");
extern const uint8_t from_global_at[];

static struct ct_evaluation past_of(const uint8_t *code, const uint8_t *at, uint64_t frame_size)
{
	struct ct_evaluation in = stage_frame(code);

	in.past = true;
	in.stop = ADDRESS(at);
	ct_reg_set(&in.regs, SP, ADDRESS(g_stage_stack + DEAD) + frame_size);
	return in;
}

/* The object of the only event of the only path that fits; 0: none fits or is known. */
static uint64_t object_of_past(
	const struct ct_evaluation *in, const struct ct_regs *regs, uint64_t frame_size)
{
	uint64_t low = ADDRESS(g_stage_stack + DEAD), object = 0, found = 0;

	assert_int_equal(ct_evaluate(g_stage_ev, in), CT_OK);
	for (uint32_t p = 0; p < ct_evaluate_n_paths(g_stage_ev); p++) {
		if (ct_path_end(g_stage_ev, p) != CT_PATH_ARRIVES ||
			!ct_path_bind(g_stage_ev, p, regs, low, low + frame_size + 8))
			continue;
		uint32_t e = ct_path_last_event(g_stage_ev, p);
		assert_int_equal(found++, 0);
		if (e != CT_NONE)
			assert_true(ct_path_resolve(
				g_stage_ev, ct_code_event(g_stage_ev, e)->object, &object));
	}
	return object;
}

static void past(void **state)
{
	struct ct_evaluation in = past_of(from_array, from_array_at, 16);
	struct ct_regs regs = {0};

	(void)state;
	ct_reg_set(&regs, BX, ADDRESS(g_locks));
	ct_reg_set(&regs, 12, 1);
	assert_int_equal(object_of_past(&in, &regs, 16), ADDRESS(g_locks[1]));
	ct_reg_set(&regs, 12, 0);
	assert_int_equal(object_of_past(&in, &regs, 16), ADDRESS(g_locks[0]));
	/* Today's value of a variable stands for the one of then. */
	g_stage_data[0] = ADDRESS(g_locks[1]);
	in = past_of(from_global, from_global_at, 0);
	assert_int_equal(object_of_past(&in, &regs, 0), ADDRESS(g_locks[1]));
}

/* A lock is taken, and then is called who nobody knows; or the other way round. */
CODE(calls_unknown, "push %rbx\n mov %rsi,%rbx\n call take\n call *8(%rbx)\n call foreign\n"
		    "calls_unknown_at: pop %rbx\n ret");
extern const uint8_t calls_unknown_at[];
CODE(calls_before, "push %rbx\n mov %rsi,%rbx\n call *8(%rbx)\n call take\n call foreign\n"
		   "calls_before_at: pop %rbx\n ret");
extern const uint8_t calls_before_at[];

static enum ct_event_kind last_of_past(const struct ct_evaluation *in)
{
	assert_int_equal(ct_evaluate(g_stage_ev, in), CT_OK);
	assert_int_equal(ct_evaluate_n_paths(g_stage_ev), 1);
	assert_int_equal(ct_path_end(g_stage_ev, 0), CT_PATH_ARRIVES);
	return ct_code_event(g_stage_ev, ct_path_last_event(g_stage_ev, 0))->kind;
}

/* What was called after the lock was taken may have released it: it is not sure that it did not. */
static void past_opaque(void **state)
{
	struct ct_evaluation in = past_of(calls_unknown, calls_unknown_at, 8);

	(void)state;
	assert_int_equal(last_of_past(&in), CT_EVENT_OPAQUE);
	in = past_of(calls_before, calls_before_at, 8);
	assert_int_equal(last_of_past(&in), CT_EVENT_ACQUIRE);
}

/* A path is rejected where the frame shows that its branch was not taken. */
static void past_contradicted(void **state)
{
	struct ct_evaluation in = past_of(if_flag, if_flag_at, 8);
	struct ct_regs regs = {0};

	(void)state;
	ct_reg_set(&regs, BX, 0);
	assert_int_equal(object_of_past(&in, &regs, 8), 0);
	assert_int_equal(ct_path_end(g_stage_ev, 0), CT_PATH_ARRIVES);
}

/* ---- whatever the bytes are ---- */

static uint64_t g_seed = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
	g_seed ^= g_seed << 13;
	g_seed ^= g_seed >> 7;
	g_seed ^= g_seed << 17;
	return g_seed;
}

enum { ROUNDS = 3000, NOISE = 256, BUDGET = 500 };

static void hostile(void **state)
{
	static const uint8_t openings[][3] = {{0xe8}, {0x0f, 0x84}, {0xf0, 0x0f, 0xb1}, {0x74},
		{0xeb, 0xfe}, {0xf3, 0x48, 0xab}, {0xff, 0xd0}, {0x48, 0x89, 0x04}};
	uint8_t *noise = (uint8_t *)g_stage_stack;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct ct_evaluation in = stage_frame(noise);

		for (int i = 0; i < NOISE; i++)
			noise[i] = (uint8_t)(next_random() >> 24);
		for (int i = 0; i < NOISE / 16; i++)
			memcpy(noise + next_random() % NOISE,
				openings[next_random() % CT_COUNT(openings)], sizeof(openings[0]));
		in.pc += (uint64_t)round % 8;
		in.past = round % 2;
		in.stop = ADDRESS(noise + NOISE);
		in.max_steps = BUDGET;
		/* The cache believes that code does not change. */
		assert_int_equal(stage_tear_down(NULL), 0);
		assert_int_equal(stage_set_up(NULL), 0);
		assert_int_equal(ct_evaluate(g_stage_ev, &in), CT_OK);
		assert_true(ct_evaluator_steps(g_stage_ev) <= 16 * BUDGET);
		for (uint32_t p = 0; p < ct_evaluate_n_paths(g_stage_ev); p++)
			(void)ct_path_bind(g_stage_ev, p, &in.regs, in.dead_high, in.stack_high);
	}
}

/* A hundred branches on unknowns have more paths than there are atoms. */
CODE(explodes,
	".rept 100\n cmp $5,%eax\n je 1f\n inc %ecx\n1: mov %ecx,%eax\n .endr\n call give\n ret");

static void bounded(void **state)
{
	struct ct_evaluation in = stage_frame(explodes);

	(void)state;
	assert_int_equal(ct_evaluate(g_stage_ev, &in), CT_OK);
	assert_true(ct_evaluator_steps(g_stage_ev) <= 2000 * 16);
}

/* What a budget of so many steps allows: all callees, and code that is met for the first time. */
static uint64_t most_steps(uint32_t budget, size_t code)
{
	return 8 * (uint64_t)budget + 4 * code + 64;
}

/* Every load goes along all stores: together a million of them. */
CODE(long_lists, ".rept 1000\n mov %eax,-64(%rsp)\n .endr\n"
		 ".rept 900\n mov 8(%rdx),%ecx\n .endr\n call give\n ret");

static void long_lists_are_paid_for(void **state)
{
	struct ct_evaluation in = stage_frame(long_lists);

	(void)state;
	in.max_steps = 4000;
	assert_int_equal(ct_evaluate(g_stage_ev, &in), CT_OK);
	assert_false(ct_evaluate_cut(g_stage_ev));
	assert_true(ct_evaluator_steps(g_stage_ev) > 1900 + 900 * 1000 / 64);
	in.max_steps = 2000;
	assert_int_equal(stage_tear_down(NULL), 0);
	assert_int_equal(stage_set_up(NULL), 0);
	assert_int_equal(ct_evaluate(g_stage_ev, &in), CT_OK);
	assert_true(ct_evaluate_cut(g_stage_ev));
	assert_true(ct_evaluator_steps(g_stage_ev) <=
		    most_steps(2000, (size_t)(long_lists_end - long_lists)));
}

/* A thousand stores, then many paths to the same place. */
CODE(much_to_compare, ".rept 1000\n mov %ebx,8(%rsp)\n .endr\n"
		      ".rept 8\n cmp $5,%eax\n je 1f\n call give\n 1: mov %ecx,%eax\n .endr\n"
		      ".globl much_to_compare_stop\nmuch_to_compare_stop: call take\n ret");

/* What it compares is a sum of sixteen thousand terms. */
CODE(doubles,
	"mov %rbx,%rax\n .rept 14\n add %rax,%rax\n .endr\n cmp %rcx,%rax\n je 1f\n call give\n"
	"1: .globl doubles_stop\ndoubles_stop: call take\n ret");

extern const uint8_t much_to_compare_stop[], doubles_stop[];

static void binding_is_paid_for(void **state)
{
	const struct {
		const uint8_t *code, *stop, *end;
	} rows[] = {{much_to_compare, much_to_compare_stop, much_to_compare_end},
		{doubles, doubles_stop, doubles_end}};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct ct_evaluation in = stage_frame(rows[i].code);

		in.past = true;
		in.stop = ADDRESS(rows[i].stop);
		in.stop_exact = true;
		ct_reg_set(&in.regs, BX, 1);
		g_stage_stack[DEAD + 1] = 1; /* as the stores have it */
		assert_int_equal(stage_tear_down(NULL), 0);
		assert_int_equal(stage_set_up(NULL), 0);
		assert_int_equal(ct_evaluate(g_stage_ev, &in), CT_OK);
		uint64_t before = ct_evaluator_steps(g_stage_ev);
		assert_true(ct_evaluate_n_paths(g_stage_ev) >= 2);
		/* As often as a hostile number of objects would have it. */
		for (unsigned round = 0; round < 1000; round++)
			for (uint32_t p = 0; p < ct_evaluate_n_paths(g_stage_ev); p++)
				(void)ct_path_bind(
					g_stage_ev, p, &in.regs, in.dead_high, in.stack_high);
		assert_true(ct_evaluator_steps(g_stage_ev) > before);
		assert_true(ct_evaluate_cut(g_stage_ev));
		assert_true(ct_evaluator_steps(g_stage_ev) <=
			    most_steps(in.max_steps, (size_t)(rows[i].end - rows[i].code)));
	}
}

static void scans(void **state)
{
	struct ct_code_reference ref;
	size_t cur = 0, len = (size_t)(gives_end - gives);
	bool give_seen = false, take_seen = false, atomic_seen = false;

	(void)state;
	while (ct_code_next_reference(gives, len, ADDRESS(gives), &cur, &ref)) {
		give_seen |= ref.target == ADDRESS(give);
		take_seen |= ref.target == ADDRESS(take);
	}
	assert_true(give_seen && take_seen);
	for (cur = 0; ct_code_next_reference(
		     counts, (size_t)(counts_end - counts), ADDRESS(counts), &cur, &ref);)
		atomic_seen |= ref.atomic;
	assert_true(atomic_seen);
	assert_true(ct_code_may_return(g_stage_ev, ADDRESS(gives), ADDRESS(gives_end)));
	assert_false(ct_code_may_return(g_stage_ev, ADDRESS(traps), ADDRESS(traps_end)));
}

/* What libc does to locks of its own, which are at fixed places. */
CODE(changes, "lock cmpxchg %edx, take(%rip)\nxchg %eax, give(%rip)\nlock decl wake(%rip)\n"
	      "lock subl $1, guard(%rip)\nmov %eax, foreign(%rip)\n"
	      "lock cmpxchg %edx, (%rdi)\nret");
CODE(wide, "lock cmpxchg %rdx, (%rdi)\nlock incq (%rdi)\nret");

static void changes_of_variables(void **state)
{
	const uint8_t *const places[] = {take, give, wake, guard};
	size_t len = (size_t)(changes_end - changes), cur = 0, seen = 0;
	struct ct_code_reference ref;
	uint64_t object;

	(void)state;
	while (ct_code_next_change(changes, len, ADDRESS(changes), &cur, &object)) {
		assert_true(seen < CT_COUNT(places));
		assert_int_equal(object, ADDRESS(places[seen++]));
	}
	assert_int_equal(seen, CT_COUNT(places));
	/* Eight bytes are no lock; and no byte behind the end is looked at. */
	for (cur = 0;
		ct_code_next_reference(wide, (size_t)(wide_end - wide), ADDRESS(wide), &cur, &ref);)
		assert_false(ref.atomic);
	for (len = 0, seen = 0; len < 8; len++)
		for (cur = 0; ct_code_next_change(changes, len, ADDRESS(changes), &cur, &object);)
			seen++;
	assert_int_equal(seen, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_of_variables),
		cmocka_unit_test(calls),
		cmocka_unit_test(branches),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(memory),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(atomics),
		cmocka_unit_test(past),
		cmocka_unit_test(past_opaque),
		cmocka_unit_test(past_contradicted),
		cmocka_unit_test(bounded),
		cmocka_unit_test(long_lists_are_paid_for),
		cmocka_unit_test(binding_is_paid_for),
		cmocka_unit_test(scans),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, stage_set_up, stage_tear_down);
}
