/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of goroutines in memory made by hand: those that were walked before, and those whose
 * variables lie over each other. */
#include "fake_target.h"
#include "go_code.h"
#include "runtime/go/heap_roots.h"
#include "runtime/go/known_stacks.h"

#define STACK       DATA
#define OTHER_STACK (DATA + 0x400)
#define THIRD_STACK (DATA + 0x600)
#define MAPS        (DATA + 0x800) /* what FUNCDATA counts from */
#define PARK        24u            /* sizes of frames, without their return addresses */
#define WORK        40u
#define LOOP        16u

struct scene {
	struct go_code code;
	struct ct_go go;
	struct ct_go_known_stacks *known;
	uint64_t park, work, loop, fault, exit; /* where each goes on */
};

static void begin(struct scene *s, struct ct_target *target)
{
	code_begin(&s->code);
	s->park = code_add(&s->code, "runtime.gopark", PARK) + 0x20;
	s->work = code_add(&s->code, "main.work", WORK) + 0x20;
	s->loop = code_add(&s->code, "main.loop", LOOP) + 0x20;
	s->fault = code_add(&s->code, "runtime.sigpanic", LOOP) + 0x20;
	s->exit = code_add(&s->code, "runtime.goexit", 0) + 1;
	s->go = (struct ct_go){.target = target,
		.version = {.major = 1, .minor = 24, .text = "go1.24"},
		.tables = {&s->code.table, 1}};
	memset(s->go.layout.offset, 0xff, sizeof(s->go.layout.offset));
	s->known = ct_go_known_stacks_new(&s->go);
	assert_non_null(s->known);
}

struct walked {
	struct ct_unwound_frame frames[4];
	struct ct_unwound unwound;
};

/* gopark() at sp, called by the function that goes on at pc with a frame of that size, by goexit():
 * in memory, and as the unwinder has it. */
static void lay(const struct scene *s, uint64_t sp, uint64_t pc, uint32_t size, struct walked *ret)
{
	uint64_t first = sp + PARK + 8, second = first + size + 8;

	put(first - 8, &pc, sizeof(pc));
	put(second - 8, &s->exit, sizeof(s->exit));
	*ret = (struct walked){
		.frames = {{.pc = s->park, .cfa = first, .trust = CT_FRAME_CFI},
			{.pc = pc, .cfa = second, .trust = CT_FRAME_PCLNTAB, .is_call = true},
			{.pc = s->exit,
				.cfa = second + 8,
				.trust = CT_FRAME_PCLNTAB,
				.is_call = true}}};
	ret->unwound =
		(struct ct_unwound){.frames = ret->frames, .n = 3, .n_total = 3, .root = true};
}

static void the_same_elsewhere(void **state)
{
	struct scene s;
	struct walked here, there, another;

	begin(&s, *state);
	lay(&s, STACK, s.work, WORK, &here);
	lay(&s, OTHER_STACK, s.work, WORK, &there);
	lay(&s, THIRD_STACK, s.loop, LOOP, &another);
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, STACK), CT_NONE);
	ct_go_learn_stack(s.known, &here.unwound, STACK, 7);
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, STACK), 7);
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, OTHER_STACK), 7);
	/* Another caller, of which it learns then. */
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, THIRD_STACK), CT_NONE);
	ct_go_learn_stack(s.known, &another.unwound, THIRD_STACK, 8);
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, THIRD_STACK), 8);
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, STACK), 7);
	ct_go_known_stacks_free(s.known);
}

/* The same words, but not the same frames. */
static void not_the_same(void **state)
{
	struct scene s;
	struct walked here;
	uint64_t elsewhere;

	begin(&s, *state);
	lay(&s, STACK, s.work, WORK, &here);
	ct_go_learn_stack(s.known, &here.unwound, STACK, 7);
	assert_int_equal(ct_go_known_stack(s.known, s.park + 1, false, STACK), CT_NONE);
	assert_int_equal(ct_go_known_stack(s.known, s.park, true, STACK), CT_NONE);
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, STACK + 4), CT_NONE);
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, STACK + 8), CT_NONE);
	/* Its memory ends, or the addresses do. */
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, DATA_END - 16), CT_NONE);
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, UINT64_MAX - 15), CT_NONE);
	/* It returns to another place of the function. */
	elsewhere = s.work + 1;
	put(STACK + PARK, &elsewhere, sizeof(elsewhere));
	assert_int_equal(ct_go_known_stack(s.known, s.park, false, STACK), CT_NONE);
	ct_go_known_stacks_free(s.known);
}

/* What more than sizes of frames led to is no rule for others. */
static void not_learned(void **state)
{
	struct scene s;
	struct walked w;

	begin(&s, *state);
	for (unsigned what = 0; what < 7; what++) {
		lay(&s, STACK, what == 6 ? s.fault : s.work, what == 6 ? LOOP : WORK, &w);
		w.unwound.root = what != 0;
		w.unwound.n_total += what == 1;
		w.frames[1].is_signal = what == 2;
		w.frames[1].trust = what == 3 ? CT_FRAME_CFI : CT_FRAME_PCLNTAB;
		w.frames[1].cfa += what == 4 ? 8 : 0;
		w.unwound.n -= what == 5;
		ct_go_learn_stack(s.known, &w.unwound, STACK, 7);
		assert_int_equal(ct_go_known_stack(s.known, s.park, false, STACK), CT_NONE);
	}
	ct_go_known_stacks_free(s.known);
}

/* ---- variables on the stack ---- */

static void visit(void *arg, const struct ct_go_root *root)
{
	(void)arg, (void)root;
}

/* The function's table says of n variables of 32 bytes that all begin at the same place. */
static uint32_t guessed_of(
	struct scene *s, struct ct_target *target, uint64_t n, uint32_t *n_objects)
{
	struct ct_go_observation o = {.go = &s->go, .target = target};
	struct ct_go_g g = {.at = DATA + 0xf00,
		.goid = 1,
		.stack_low = STACK,
		.stack_high = STACK + PARK + 8 + WORK + 8 + 8,
		.sp = STACK,
		.pc = s->park,
		.status = CT_GO_WAITING};
	const int32_t record[4] = {-32, 32, 32, 0}, locals[2] = {1, 0};
	struct ct_go_stacks stacks;
	struct walked w;

	lay(s, STACK, s->work, WORK, &w);
	put(MAPS, locals, sizeof(locals));
	put(MAPS + 8, &n, sizeof(n));
	for (uint64_t i = 0; i < n; i++)
		put(MAPS + 16 + 16 * i, record, sizeof(record));
	s->code.table.gofunc = MAPS;
	code_put(&s->code, 0, 44 + 4, 0); /* locals of gopark() */
	code_put(&s->code, 1, 44 + 4, 0);
	code_put(&s->code, 1, 44 + 8, 8); /* variables of work() */
	assert_true(ct_go_stacks_init(&stacks, &o));
	assert_int_equal(ct_go_roots_goroutine(&stacks, &g, visit, NULL), CT_OK);
	uint32_t n_guessed = stacks.n_guessed;
	*n_objects = stacks.objects.n;
	ct_go_stacks_free(&stacks);
	return n_guessed;
}

static void variables_over_each_other(void **state)
{
	struct scene s;
	uint32_t n;

	begin(&s, *state);
	assert_int_equal(guessed_of(&s, *state, 1, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(guessed_of(&s, *state, 60, &n), 1);
	assert_int_equal(n, 2); /* of 88 bytes */
	ct_go_known_stacks_free(s.known);
}

#define VALUE UINT64_C(0xc000001000) /* of a variable of work() */

struct seen {
	uint32_t n;
	bool guessed;
};

static void look_for_value(void *arg, const struct ct_go_root *root)
{
	struct seen *seen = arg;

	if (root->value != VALUE)
		return;
	seen->n++;
	seen->guessed = root->guessed;
}

static void put_word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

/* Of gopark(), whose map is known or not, a word points to a variable of work(), and, if own, so
 * does another one of work() itself. */
static struct seen see_value(struct ct_target *target, bool exact, bool own)
{
	struct scene s;
	struct ct_go_observation o = {.go = &s.go, .target = target};
	struct ct_go_g g = {.at = DATA + 0xf00,
		.stack_low = STACK,
		.stack_high = STACK + PARK + 8 + WORK + 8 + 8,
		.sp = STACK,
		.status = CT_GO_WAITING};
	const int32_t record[4] = {-32, 32, 8, 0};
	const int32_t parks[3] = {1, 1, 1}, works[3] = {1, 1, own};
	uint64_t variable = STACK + PARK + 8;
	struct seen seen = {0};
	struct ct_go_stacks stacks;
	struct walked w;

	begin(&s, target);
	g.pc = s.park;
	lay(&s, STACK, s.work, WORK, &w);
	put(MAPS, parks, sizeof(parks));
	put_word(MAPS + 16, 1);
	put(MAPS + 24, record, sizeof(record));
	put(MAPS + 48, works, sizeof(works));
	put_word(MAPS + 80, MAPS + 96); /* read-only data, and the variable's mask in it */
	put_word(MAPS + 96, 1);
	s.code.table.gofunc = MAPS;
	s.code.table.moduledata = MAPS + 80;
	s.go.layout.offset[CT_GO_MODULEDATA_RODATA] = 0;
	if (exact)
		code_put(&s.code, 0, 44 + 4, 0);
	code_put(&s.code, 1, 44 + 4, 48);
	code_put(&s.code, 1, 44 + 8, 16);
	put_word(STACK + 8, variable);
	put_word(variable, VALUE);
	put_word(variable + 24, variable);
	assert_true(ct_go_stacks_init(&stacks, &o));
	assert_int_equal(ct_go_roots_goroutine(&stacks, &g, look_for_value, &seen), CT_OK);
	ct_go_stacks_free(&stacks);
	ct_go_known_stacks_free(s.known);
	return seen;
}

/* What only a word leads to that may be no pointer may be used no more. */
static void what_leads_to_a_variable(void **state)
{
	for (int exact = 0; exact < 2; exact++)
		for (int own = 0; own < 2; own++) {
			struct seen seen = see_value(*state, exact, own);

			assert_int_equal(seen.n, 1);
			assert_int_equal(seen.guessed, !exact && !own);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_elsewhere, start, close_target),
		cmocka_unit_test_setup_teardown(not_the_same, start, close_target),
		cmocka_unit_test_setup_teardown(not_learned, start, close_target),
		cmocka_unit_test_setup_teardown(what_leads_to_a_variable, start, close_target),
		cmocka_unit_test_setup_teardown(variables_over_each_other, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
