/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of packages as roots, and what is known where some of them cannot be read. */
#include "fake_go_module.h"
#include "fake_target.h"
#include "runtime/go/heap_world.h"
#include "target/internal.h"

#define MODULE    DATA           /* the record of the module */
#define VARIABLES (DATA + 0x400) /* 128 words */
#define END       (VARIABLES + 0x400)
#define MASK      (DATA + 0x800)

struct sums {
	uint32_t n;
	uint64_t at, value;
};

static void sum(void *arg, const struct ct_go_root *root)
{
	struct sums *sums = arg;

	assert_int_equal(root->kind, CT_GO_ROOT_VARIABLE);
	sums->n++;
	sums->at += root->at;
	sums->value += root->value;
}

static void set_u64(uint64_t addr, uint64_t value)
{
	memcpy(memory + (addr - DATA), &value, sizeof(value));
}

/* Two pointers in .data, at words 3 and 100; .bss has none. */
static void begin(struct ct_target *target, struct ct_go *go, struct ct_go_table *table)
{
	memset(memory, 0, sizeof(memory));
	*table = (struct ct_go_table){.moduledata = MODULE};
	*go = (struct ct_go){.target = target, .tables = {.list = table, .n = 1}};
	set_module_layout(&go->layout);
	set_u64(MODULE, VARIABLES);
	set_u64(MODULE + 8, END);
	set_u64(MODULE + 16, 128); /* bits, of uint32_t */
	set_u64(MODULE + 24, MASK);
	set_u64(MODULE + 32, END);
	set_u64(MODULE + 40, END + 8);
	set_u64(MODULE + 48, 1);
	set_u64(MODULE + 56, MASK + 64);
	memory[MASK - DATA] = 1 << 3;
	memory[MASK - DATA + 12] = 1 << 4;
	for (uint64_t i = 0; i < 128; i++)
		set_u64(VARIABLES + 8 * i, i);
}

/* Whether all could be read; how many notes there are of what could not. */
static bool visit(
	struct ct_target *target, const struct ct_go *go, struct sums *sums, size_t *notes)
{
	const struct ct_go_heap heap = {.go = go, .target = target};
	size_t before = target->notes.n;

	*sums = (struct sums){0};
	bool all = ct_go_roots_variables(&heap, sum, sums);
	*notes = target->notes.n - before;
	return all;
}

static void those_that_may_be_pointers(void **state)
{
	struct ct_go go;
	struct ct_go_table table;
	struct sums sums;
	size_t notes;

	begin(*state, &go, &table);
	assert_true(visit(*state, &go, &sums, &notes));
	assert_int_equal(notes, 0);
	assert_int_equal(sums.n, 2);
	assert_int_equal(sums.value, 103);
	assert_int_equal(sums.at, 2 * VARIABLES + 8 * 103);
}

/* A program may have no variables without an initial value. */
static void an_empty_section_is_no_gap(void **state)
{
	static const uint64_t masks[] = {MASK + 64, 0};

	for (size_t i = 0; i < CT_COUNT(masks); i++) {
		struct ct_go go;
		struct ct_go_table table;
		struct sums sums;
		size_t notes;

		begin(*state, &go, &table);
		set_u64(MODULE + 40, END);
		set_u64(MODULE + 48, 0);
		set_u64(MODULE + 56, masks[i]);
		assert_true(visit(*state, &go, &sums, &notes));
		assert_int_equal(notes, 0);
		assert_int_equal(sums.n, 2);
	}
}

/* What is missing is said, and the rest is given all the same. */
static void what_cannot_be_read_is_said(void **state)
{
	static const struct {
		uint64_t at, value;
		uint32_t n;
	} cases[] = {
		{MODULE + 24, NOWHERE, 0}, /* the mask */
		{MODULE + 24, 0, 0},       /* it is told to be nowhere */
		{MODULE + 16, 129, 0},     /* more bits than words */
		{MODULE, NOWHERE, 0},      /* the variables end before they begin */
		{MODULE + 56, NOWHERE, 2}, /* that of .bss alone */
		{MODULE + 8, DATA_END, 2}, /* longer than the mask: no pointers there */
	};
	size_t said = 0;

	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct ct_go go;
		struct ct_go_table table;
		struct sums sums;
		size_t notes;

		begin(*state, &go, &table);
		set_u64(cases[i].at, cases[i].value);
		bool harmless = cases[i].at == MODULE + 8;
		assert_int_equal(visit(*state, &go, &sums, &notes), harmless);
		said += notes;
		assert_int_equal(sums.n, cases[i].n);
	}
	assert_int_equal(said, 3); /* for each address once */
}

/* The mask may be there where the variables are not. */
static void variables_that_are_missing(void **state)
{
	struct ct_go go;
	struct ct_go_table table;
	struct sums sums;
	size_t notes;

	begin(*state, &go, &table);
	set_u64(MODULE, DATA_END - 0x200);
	set_u64(MODULE + 8, DATA_END + 0x200);
	assert_false(visit(*state, &go, &sums, &notes));
	assert_int_equal(notes, 1);
}

/* One thing that was not read is enough to leave open what else leads to an object. */
static void a_mark_saw_all_or_not(void **state)
{
	struct ct_go_heap heap = {.target = *state};
	struct ct_go_mark *mark = ct_go_mark_new(&heap, 1);
	struct ct_go_world world = {.heap = &heap};

	assert_non_null(mark);
	assert_true(ct_go_world_saw_all(&world, mark));
	world.missed = true;
	assert_false(ct_go_world_saw_all(&world, mark));
	world.missed = false;
	world.n_bad = 1;
	assert_false(ct_go_world_saw_all(&world, mark));
	world.n_bad = 0;
	heap.n_bad = 1;
	assert_false(ct_go_world_saw_all(&world, mark));
	heap.n_bad = 0;
	world.stacks.partial = true;
	assert_false(ct_go_world_saw_all(&world, mark));
	ct_go_mark_free(mark);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(those_that_may_be_pointers, start, close_target),
		cmocka_unit_test_setup_teardown(an_empty_section_is_no_gap, start, close_target),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_said, start, close_target),
		cmocka_unit_test_setup_teardown(variables_that_are_missing, start, close_target),
		cmocka_unit_test_setup_teardown(a_mark_saw_all_or_not, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
