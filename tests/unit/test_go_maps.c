/* SPDX-License-Identifier: Apache-2.0 */
/* What of arguments is saved, which functions are operations on maps, and how maps look. */
#include "fake_target.h"
#include "runtime/go/arguments.h"
#include "runtime/go/maps.h"

#define CODE      UINT64_C(0x400000)
#define CODE_SIZE 0x40u
#define INFO      (DATA + 0x400) /* FUNCDATA: which arguments are saved */
#define FRAME     (DATA + 0x800)
#define MAP       (DATA + 0xa00)

/* One function with all four columns and all seven FUNCDATA. */
struct scene {
	struct ct_go_table table;
	uint32_t ftab[2];
	uint8_t function[44 + 4 * 4 + 4 * 7];
	uint8_t pcs[16];
	char names[16];
	struct ct_go go;
	struct ct_unwound_frame frame;
};

static void put_field(struct scene *s, uint32_t offset, uint32_t value)
{
	memcpy(s->function + offset, &value, sizeof(value));
}

/* Up to its 16th byte no column says anything, up to the 32nd what set says, then -1 again. */
static void begin(struct scene *s, struct ct_target *target, uint8_t set)
{
	const uint8_t pcs[] = {0, 0, 16, (uint8_t)(2 * (set + 1)), 16, (uint8_t)(2 * (set + 1) - 1),
		(uint8_t)(CODE_SIZE - 32), 1, 0};

	*s = (struct scene){.names = "runtime.map"};
	memcpy(s->pcs, pcs, sizeof(pcs));
	put_field(s, 28, 4);
	put_field(s, 44 + 4 * 3, 1);
	for (uint32_t i = 0; i < 7; i++)
		put_field(s, 60 + 4 * i, i == 6 ? 0x400 : UINT32_MAX);
	s->function[43] = 7;
	s->table = (struct ct_go_table){.format = CT_GO_FORMAT_20,
		.text = CODE,
		.minpc = CODE,
		.maxpc = CODE + CODE_SIZE,
		.gofunc = DATA,
		.n_functions = 1,
		.names = {(const uint8_t *)s->names, sizeof(s->names)},
		.pcs = {s->pcs, sizeof(s->pcs)},
		.functions = {s->function, sizeof(s->function)},
		.ftab = {(const uint8_t *)s->ftab, sizeof(s->ftab)}};
	s->go = (struct ct_go){
		.target = target, .version = {.major = 1, .minor = 24}, .tables = {&s->table, 1}};
	s->frame = (struct ct_unwound_frame){
		.pc = CODE + 20, .cfa = FRAME, .trust = CT_FRAME_PCLNTAB, .is_call = true};
	put(INFO, "\0\x02\x05", 3);
	for (uint64_t i = 0; i < 9; i++)
		put(FRAME + 8 * i, &(uint64_t){0x1000 + i}, 8);
}

static bool has(const struct scene *s, unsigned index)
{
	uint64_t value = 0;
	bool known = ct_go_argument(&s->go, &s->frame, index, &value);

	assert_true(!known || value == 0x1000 + index);
	return known;
}

static void what_is_saved(void **state)
{
	struct scene s;

	begin(&s, *state, 1); /* the set that has the second one */
	assert_false(has(&s, 0));
	assert_true(has(&s, 1));
	assert_false(has(&s, 2));
	s.frame.is_call = false;
	assert_true(has(&s, 1));
	begin(&s, *state, 2); /* the first and the third */
	assert_true(has(&s, 0));
	assert_false(has(&s, 1));
	assert_true(has(&s, 2));
	begin(&s, *state, 0); /* there is no set at 0 */
	put(INFO, "\x18", 1);
	assert_false(has(&s, 6));
	/* The place is that of the call, not the one behind it. */
	begin(&s, *state, 1);
	put(INFO, "\0\0", 2);
	s.frame.pc = CODE + 32;
	assert_false(has(&s, 1));
	s.frame.pc = CODE + 33;
	assert_true(has(&s, 1));
	/* More than eight. */
	begin(&s, *state, 1);
	put(INFO, "\0\0\x01", 3);
	assert_false(has(&s, 0));
	assert_true(has(&s, 8));
}

/* All are, or nothing is said: then it must have come to a call. */
static void what_the_column_leaves_out(void **state)
{
	struct scene s;

	begin(&s, *state, 1);
	s.frame.pc = CODE + 40;
	assert_true(has(&s, 0));
	s.frame.is_call = false;
	assert_false(has(&s, 0));
	/* The first two are saved at once. */
	begin(&s, *state, 1);
	put(INFO, "\x10\x01", 2);
	assert_true(has(&s, 0));
	assert_true(has(&s, 1));
	assert_true(has(&s, 2));
	assert_false(has(&s, 3));
	s.frame.is_call = false;
	assert_false(has(&s, 1));
	assert_true(has(&s, 2));
}

static void what_is_not_known(void **state)
{
	struct scene s;

	begin(&s, *state, 1);
	s.frame.cfa = 0;
	assert_false(has(&s, 1));
	begin(&s, *state, 1);
	s.frame.trust = CT_FRAME_FP;
	assert_false(has(&s, 1));
	s.frame.trust = CT_FRAME_SCAN;
	assert_false(has(&s, 1));
	begin(&s, *state, 1);
	s.frame.pc = CODE + CODE_SIZE + 1;
	assert_false(has(&s, 1));
	begin(&s, *state, 1);
	s.frame.cfa = NOWHERE;
	assert_false(has(&s, 1));
	begin(&s, *state, 1);
	put_field(&s, 60 + 4 * 6, UINT32_MAX); /* no table */
	assert_false(has(&s, 1));
	begin(&s, *state, 1);
	put_field(&s, 28, 3); /* no column */
	assert_false(has(&s, 1));
	begin(&s, *state, 1);
	put(INFO, "\x04", 1); /* no offset of a word */
	assert_false(has(&s, 1));
}

/* Up to 1.16 they are all on the stack, and no table is asked. */
static void arguments_on_the_stack(void **state)
{
	struct scene s;

	begin(&s, *state, 1);
	put_field(&s, 60 + 4 * 6, UINT32_MAX);
	s.go.version.minor = 16;
	assert_true(has(&s, 0));
	assert_true(has(&s, 1));
	s.go.version.minor = 17;
	assert_false(has(&s, 1));
}

static void which_functions_use_maps(void **state)
{
	static const struct {
		const char *name;
		bool writes, iterates;
		uint8_t at, type_at;
	} cases[] = {
		{"runtime.mapassign_fast64ptr", true, false, 1, 0},
		{"runtime.mapdelete", true, false, 1, 0},
		{"runtime.mapclear", true, false, 1, 0},
		{"runtime.mapaccess2_faststr", false, false, 1, 0},
		{"runtime.mapiterinit", false, false, 1, 0},
		{"runtime.mapIterStart", false, false, 1, 0},
		{"runtime.mapiternext", false, true, 0, 0},
		{"runtime.mapIterNext", false, true, 0, 0},
		{"internal/runtime/maps.(*Iter).Next", false, true, 0, 0},
		{"internal/runtime/maps.(*Map).PutSlot", true, false, 0, 1},
		{"internal/runtime/maps.(*Map).Delete", true, false, 0, 1},
		{"internal/runtime/maps.(*Map).Clear", true, false, 0, 1},
	};
	static const char *const others[] = {"runtime.mallocgc", "main.runtime.mapassign",
		"reflect.mapassign", "internal/runtime/maps.(*table).rehash", ""};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		const struct ct_go_map_operation *op = ct_go_map_operation(cases[i].name);

		assert_non_null(op);
		assert_int_equal(op->writes, cases[i].writes);
		assert_int_equal(op->iterates, cases[i].iterates);
		assert_int_equal(op->at, cases[i].at);
		assert_int_equal(op->type_at, cases[i].type_at);
		assert_int_equal(op->until, i == 6 ? 24 : 0);
		assert_true(ct_go_map_calls(cases[i].name));
	}
	for (size_t i = 0; i < CT_COUNT(others); i++)
		assert_null(ct_go_map_operation(others[i]));
}

static void what_they_call(void **state)
{
	static const char *const inner[] = {"runtime.memhash", "type:.eq.main.article",
		"type..hash.main.article", "internal/runtime/maps.memHashAES",
		"internal/bytealg.Equal", "memeqbody", "aeshashbody"};
	static const char *const outer[] = {"main.look", "reflect.mapassign", "", "runtime.gopanic",
		"runtime.sigpanic", "runtime.panicmemAddr", "runtime.goPanicIndex", "runtime.throw",
		"runtime.fatal", "internal/runtime/maps.fatal"};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(inner); i++)
		assert_true(ct_go_map_calls(inner[i]));
	for (size_t i = 0; i < CT_COUNT(outer); i++)
		assert_false(ct_go_map_calls(outer[i]));
}

struct head {
	uint64_t word[6];
	bool is_map, marked;
};

static void check_heads(struct ct_target *target, uint8_t minor, const struct head *heads, size_t n)
{
	const struct ct_go go = {.target = target, .version = {.major = 1, .minor = minor}};

	for (size_t i = 0; i < n; i++) {
		bool marked = !heads[i].marked;

		put(MAP, heads[i].word, sizeof(heads[i].word));
		assert_int_equal(ct_go_map_marked(&go, MAP, &marked), heads[i].is_map);
		assert_true(!heads[i].is_map || marked == heads[i].marked);
		assert_false(ct_go_map_marked(&go, NOWHERE, &marked));
		put(MAP + 4, heads[i].word, sizeof(heads[i].word));
		assert_false(ct_go_map_marked(&go, MAP + 4, &marked));
	}
}

static void maps_up_to_1_23(void **state)
{
	static const struct head heads[] = {
		{{9, 0x0100, 0xc000010000}, true, false},
		{{9, 0x0104, 0xc000010000}, true, true},
		{{9, 0x010f, 0xc000010000, 0xc000020000}, true, true},
		{{32, 0x0103, 0xc000010000}, true, false},
		/* More than fit; flags that there are not; no buckets; buckets nowhere. */
		{{33, 0x0104, 0xc000010000}, false, false},
		{{9, 0x0114, 0xc000010000}, false, false},
		{{9, 0x3004, 0xc000010000}, false, false},
		{{9, 0x0104, 0}, false, false},
		{{9, 0x0104, 0, 0xc000020000}, false, false},
		{{9, 0x0104, 0xc000010001}, false, false},
		{{9, 0x0104, 0xc000010000, 0xc000020001}, false, false},
		{{9, 0x0104, 0xc000010000, 0xc000010000}, false, false},
	};

	check_heads(*state, 23, heads, CT_COUNT(heads));
}

static void maps_since_1_24(void **state)
{
	static const struct head heads[] = {
		{{8, 1, 0xc000010000, 0, 0}, true, false},
		{{8, 1, 0xc000010000, 0, 0x14000}, true, true},
		{{9, 1, 0xc000010000, 1, 0x1014000}, true, true},
		{{90, 1, 0xc000010000, 4, 0x13e02}, true, true},
		{{90, 1, 0xc000010000, 4, 0x3e02}, true, false},
		/* More than fit in one group; numbers that do not go together, or are none. */
		{{9, 1, 0xc000010000, 0, 0x14000}, false, false},
		{{8, 1, 0xc000010000, 0, 0x13f01}, false, false},
		{{8, 1, 0xc000010000, 0, 0x14001}, false, false},
		{{8, 1, 0xc000010000, 3, 0x10000}, false, false},
		{{8, 1, 0xc000010000, 0, 0x13f00}, false, false},
		{{90, 1, 0xc000010000, 3, 0x13e02}, false, false},
		{{90, 1, 0xc000010000, 4, 0x13f02}, false, false},
		{{90, 1, 0xc000010000, UINT64_C(1) << 48, 0x11030}, false, false},
		{{90, 1, 0xc000010000, 4, 0x23e02}, false, false},
		{{90, 1, 0xc000010000, 4, 0x2013e02}, false, false},
		{{90, 1, 0xc000010000, 4, 0x100013e02}, false, false},
		{{90, 1, 0, 4, 0x13e02}, false, false},
		{{90, 1, 0xc000010004, 4, 0x13e02}, false, false},
	};

	check_heads(*state, 24, heads, CT_COUNT(heads));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_saved, start, close_target),
		cmocka_unit_test_setup_teardown(what_the_column_leaves_out, start, close_target),
		cmocka_unit_test_setup_teardown(what_is_not_known, start, close_target),
		cmocka_unit_test_setup_teardown(arguments_on_the_stack, start, close_target),
		cmocka_unit_test(which_functions_use_maps),
		cmocka_unit_test(what_they_call),
		cmocka_unit_test_setup_teardown(maps_up_to_1_23, start, close_target),
		cmocka_unit_test_setup_teardown(maps_since_1_24, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
