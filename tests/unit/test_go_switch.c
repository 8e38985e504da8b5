/* SPDX-License-Identifier: Apache-2.0 */
/* A goroutine that runs, and is caught in the function that changes to the thread's own stack, and
 * back: with its own stack still, or again. */
#include "code_target.h"
#include "runtime/go/frames.h"
#include "runtime/go/heap_roots.h"
#include "runtime/go/observe.h"
#include "target/unwind.h"

#define STACK     (DATA + 0x400)
#define STACK_END (STACK + 0x40)
#define THREAD    (DATA + 0x800) /* its own stack */
#define MACHINE   (DATA + 0xe00)
#define VALUE     UINT64_C(0xc000001000) /* what work() has in a variable */
#define WORK      40u

enum { SP = 7, PC = 16 };

static struct ct_regs regs;

static enum ct_status one_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	(void)self;
	if ((*cur)++)
		return CT_DONE;
	*ret = (struct ct_thread){.lwp = 1, .regs = &regs, .stopped = true};
	return CT_OK;
}

struct scene {
	struct go_code code;
	struct ct_go go;
	struct ct_go_machine m;
	struct ct_go_g g;
	struct ct_go_observation o;
	struct ct_target *target;
	uint64_t work, end; /* where they go on */
};

static int open_process(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->target = open_code(one_thread);
	*state = s;
	return 0;
}

static int close_process(void **state)
{
	struct scene *s = *state;

	ct_unwinder_free(s->o.unwinder);
	ct_vec_free(&s->o.own);
	ct_vec_free(&s->o.joined);
	ct_target_close(s->target);
	free(s);
	return 0;
}

static void put_word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

/* At sp in the function of that name, which work() has called, and that goexit(). */
static void stand(struct scene *s, const char *name, uint64_t sp)
{
	code_begin(&s->code);
	uint64_t pc = code_add(&s->code, name, 0) + 0x20;
	s->work = code_add(&s->code, "main.work", WORK) + 0x20;
	s->end = code_add(&s->code, "runtime.goexit", 0) + 1;

	s->go = (struct ct_go){.target = s->target,
		.version = {.major = 1, .minor = 24, .text = "go1.24"},
		.tables = {&s->code.table, 1}};
	memset(s->go.layout.offset, 0xff, sizeof(s->go.layout.offset));
	s->m = (struct ct_go_machine){.at = MACHINE};
	s->g = (struct ct_go_g){.at = DATA,
		.goid = 1,
		.m = MACHINE,
		.stack_low = STACK,
		.stack_high = STACK_END,
		.status = CT_GO_RUNNING};
	put_word(STACK, s->work);
	put_word(STACK + 16, VALUE);
	put_word(STACK + 8 + WORK, s->end);
	regs = (struct ct_regs){0};
	ct_reg_set(&regs, PC, pc);
	ct_reg_set(&regs, SP, sp);
	s->o.go = &s->go;
	s->o.target = s->target;
	s->o.machines = &s->m;
	s->o.n_machines = 1;
	if (!s->o.unwinder)
		s->o.unwinder = ct_unwinder_new(s->target, 64);
	ct_unwinder_shape(s->o.unwinder, ct_go_frame_shape, &s->go);
}

static const char *const changing[] = {"runtime.systemstack", "runtime.mcall", "runtime.morestack"};

static void it_has_been_called(void **state)
{
	struct scene *s = *state;
	struct ct_unwound stack;
	struct ct_regs at;

	for (size_t i = 0; i < CT_COUNT(changing); i++) {
		stand(s, changing[i], STACK);
		assert_int_equal(ct_go_unwind(&s->o, &s->g, &at, &stack), CT_OK);
		assert_true(stack.root);
		assert_int_equal(stack.n, 3);
		assert_string_equal(ct_go_frame_name(&s->go, &stack.frames[0]), changing[i]);
		assert_string_equal(ct_go_frame_name(&s->go, &stack.frames[1]), "main.work");
		assert_true(stack.frames[1].is_call);
		assert_string_equal(ct_go_frame_name(&s->go, &stack.frames[2]), "runtime.goexit");
	}
}

/* Behind these nothing is that has called them, whatever stands there. */
static void others_have_not(void **state)
{
	struct scene *s = *state;
	struct ct_unwound stack;
	struct ct_regs at;

	stand(s, "runtime.gogo", STACK);
	assert_int_equal(ct_go_unwind(&s->o, &s->g, &at, &stack), CT_OK);
	assert_int_equal(stack.n, 1);
	stand(s, "runtime.goexit", STACK);
	assert_int_equal(ct_go_unwind(&s->o, &s->g, &at, &stack), CT_OK);
	assert_int_equal(stack.n, 1);
}

/* On the thread's own stack what stands behind it is of another time. That may lie below the
 * goroutine's, right behind it, or above. */
static void on_another_stack_it_has_not(void **state)
{
	static const uint64_t sps[] = {DATA + 0x100, STACK - 8, STACK_END - 8, THREAD};
	struct scene *s = *state;
	struct ct_unwound stack;
	struct ct_regs at;

	for (size_t i = 0; i < CT_COUNT(sps); i++) {
		stand(s, "runtime.systemstack", sps[i]);
		put_word(sps[i], s->work);
		put_word(sps[i] + 8 + WORK, s->end);
		s->g.syscall_pc = ct_reg(&regs, PC);
		s->g.syscall_sp = sps[i];
		assert_int_equal(ct_go_unwind(&s->o, &s->g, &at, &stack), CT_OK);
		assert_int_equal(stack.n, 1);
	}
}

static void look_for_value(void *arg, const struct ct_go_root *root)
{
	if (root->value == VALUE && root->guessed)
		++*(uint32_t *)arg;
}

/* What its callers have counts, whatever it is. From the end of a stack nothing goes on, and where
 * a goroutine has left its stack by a call its callers are known. */
static void what_its_callers_have(void **state)
{
	static const struct {
		const char *name;
		enum ct_go_status status;
		uint32_t seen, guessed;
	} rows[] = {{"runtime.systemstack", CT_GO_RUNNING, 1, 1},
		{"main.leaf", CT_GO_RUNNING, 1, 0}, {"runtime.goexit", CT_GO_WAITING, 0, 0}};
	struct scene *s = *state;

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct ct_go_stacks stacks;
		uint32_t seen = 0;

		stand(s, rows[i].name, STACK);
		s->g.status = rows[i].status;
		s->g.pc = ct_reg(&regs, PC) - (rows[i].status == CT_GO_RUNNING);
		s->g.sp = STACK;
		assert_true(ct_go_stacks_init(&stacks, &s->o));
		assert_int_equal(
			ct_go_roots_goroutine(&stacks, &s->g, look_for_value, &seen), CT_OK);
		assert_int_equal(seen, rows[i].seen);
		assert_int_equal(stacks.n_guessed, rows[i].guessed);
		ct_go_stacks_free(&stacks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_has_been_called, open_process, close_process),
		cmocka_unit_test_setup_teardown(others_have_not, open_process, close_process),
		cmocka_unit_test_setup_teardown(
			on_another_stack_it_has_not, open_process, close_process),
		cmocka_unit_test_setup_teardown(what_its_callers_have, open_process, close_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
