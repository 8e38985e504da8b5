/* SPDX-License-Identifier: Apache-2.0 */
/* Pointers that are used into memory of the heap in which no object is, and those that only look
 * so.
 */
#include "fake_go_heap.h"
#include "fake_go_module.h"

#include "runtime/go/bad_pointers.h"

#define PHASE     DATA           /* the collector's */
#define MODULE    (DATA + 0x10)  /* its record */
#define VARIABLES (DATA + 0x100) /* two words, and what the mask says of them */
#define MASK      (DATA + 0x110)
#define MHEAP     (DATA + 0x120) /* the record of the heap, and where it leads to */
#define RECORD    (DATA + 0x200) /* of the arena: a span for each page */
#define SPAN      (DATA + 0x800) /* that had the freed pages */
#define G         (DATA + 0x900) /* a goroutine, */
#define STACK     (DATA + 0xa00) /* and four words of its stack */

#define MANY      (DATA + 0xc00) /* variables */
#define SLOTS     (DATA + 0xb00) /* the record of a span with free slots */
#define SWEEPGEN  8              /* of the heap */
#define SLOT_PAGE 12
#define SLOT_SIZE 1024
#define FREE_SLOT 5

#define LIVE_PAGE  0 /* objects of 16 bytes, each a pointer and a number */
#define FREED_PAGE 8
#define FREED      (ARENA + FREED_PAGE * CT_GO_PAGE + 0x30)
#define IN_USE     1
#define MANUAL     2 /* what stacks are */

static const struct {
	enum ct_go_field id;
	uint32_t offset;
} fields[] = {
	{CT_GO_MHEAP_ARENAS, 0},
	{CT_GO_MHEAP_SWEEPGEN, 16},
	{CT_GO_HEAPARENA_SPANS, 0},
	{CT_GO_MSPAN_STATE, 0},
	{CT_GO_MSPAN_STARTADDR, 8},
	{CT_GO_MSPAN_NPAGES, 16},
	{CT_GO_MSPAN_SWEEPGEN, 24},
	{CT_GO_MSPAN_SPANCLASS, 30},
	{CT_GO_G_SIZE, 32},
	{CT_GO_G_ATOMICSTATUS, 0},
	{CT_GO_G_GOID, 8},
	{CT_GO_G_STACK_LO, 16},
	{CT_GO_G_STACK_HI, 24},
};

struct stage {
	struct ct_go_table table;
	struct ct_go_observation o;
	struct ct_go_heap *heap;
	struct ct_go_masks *masks;
	struct ct_go_span *live;
	struct ct_go_world world;
	uint8_t bits[CT_GO_PAGE / 64], alloc;
};

static void set_u64(uint64_t addr, uint64_t value)
{
	memcpy(memory + (addr - DATA), &value, sizeof(value));
}

static void set_layout(void)
{
	for (size_t i = 0; i < CT_COUNT(go.layout.offset); i++)
		go.layout.offset[i] = CT_GO_ABSENT;
	set_module_layout(&go.layout);
	for (size_t i = 0; i < CT_COUNT(fields); i++)
		go.layout.offset[fields[i].id] = fields[i].offset;
}

/* Two variables: the first leads to the first object, which leads to the second. */
static void set_variables(struct stage *s)
{
	s->table = (struct ct_go_table){.moduledata = MODULE};
	go.tables = (struct ct_go_tables){.list = &s->table, .n = 1};
	set_u64(MODULE, VARIABLES);
	set_u64(MODULE + 8, VARIABLES + 16);
	set_u64(MODULE + 16, 2);
	set_u64(MODULE + 24, MASK);
	set_u64(MODULE + 32, VARIABLES + 16);
	set_u64(MODULE + 40, VARIABLES + 16);
	memory[MASK - DATA] = 3;
	set_u64(VARIABLES, s->live->start);
	set_word(s->live->start, s->live->start + 16);
}

/* The pages that were freed name the span that they were of. */
static void set_freed(void)
{
	uint64_t index = (ARENA + (UINT64_C(1) << 47)) >> CT_GO_ARENA_BITS;

	go.globals.heap = MHEAP;
	set_u64(MHEAP, MHEAP + 8 - 8 * index);
	set_u64(MHEAP + 8, RECORD);
	set_u64(RECORD + 8 * FREED_PAGE, SPAN);
	memory[SPAN - DATA] = 0;
	set_u64(SPAN + 8, ARENA + FREED_PAGE * CT_GO_PAGE);
}

/* The record of the span is that of another by now, or was never given back. */
static void set_span(uint8_t state, uint64_t page)
{
	memory[SPAN - DATA] = state;
	set_u64(SPAN + 8, ARENA + page * CT_GO_PAGE);
	set_u64(SPAN + 16, 1);
}

/* A span of eight slots, of which the first two, and two of the others, are objects. */
static struct ct_go_span *add_slots(struct stage *s)
{
	struct ct_go_span *span = add_span(s->heap, SLOT_PAGE, 1, SLOT_SIZE, CT_GO_MAP_NONE);

	span->at = SLOTS;
	span->freeindex = 2;
	s->alloc = 0x51; /* the bit of the second does not count any more */
	span->alloc = &s->alloc;
	memory[SLOTS - DATA + 24] = SWEEPGEN;
	memory[SLOTS - DATA + 28] = 4;
	set_u64(MHEAP + 16, SWEEPGEN);
	return span;
}

static uint64_t slot(uint32_t i)
{
	return ARENA + SLOT_PAGE * CT_GO_PAGE + i * SLOT_SIZE + 16;
}

static struct stage *begin(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	memset(memory, 0, sizeof(memory));
	set_layout();
	s->heap = new_heap(*state);
	s->live = add_span(s->heap, LIVE_PAGE, 1, 16, CT_GO_MAP_SPAN);
	memset(s->bits, 0x55, sizeof(s->bits));
	s->live->bits = s->bits;
	set_variables(s);
	set_freed();
	go.globals.gcphase = PHASE;
	s->masks = calloc(1, sizeof(*s->masks));
	s->masks->heap = s->heap;
	s->o = (struct ct_go_observation){.go = &go, .target = *state};
	s->world = (struct ct_go_world){.o = &s->o, .heap = s->heap, .masks = s->masks};
	return s;
}

static uint32_t find(struct stage *s, struct ct_go_bad_pointer ret[CT_GO_BAD_POINTERS])
{
	uint32_t n;
	bool more;

	assert_int_equal(ct_go_world_mark(&s->world), CT_OK);
	assert_int_equal(ct_go_find_bad_pointers(&s->world, ret, &n, &more), CT_OK);
	assert_int_equal(more, n == CT_GO_BAD_POINTERS);
	ct_go_mark_free(s->world.mark);
	ct_go_stacks_free(&s->world.stacks);
	free(s->masks);
	close_heap(s->heap);
	free(s);
	return n;
}

static void a_live_object_points_to_freed_pages(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];
	struct stage *s = begin(state);
	uint64_t object = s->live->start + 16;

	set_word(object, FREED);
	assert_int_equal(find(s, found), 1);
	assert_int_equal(found[0].from.start, object);
	assert_int_equal(found[0].at, object);
	assert_int_equal(found[0].value, FREED);
	assert_int_equal(found[0].root.kind, CT_GO_ROOT_VARIABLE);
	assert_int_equal(found[0].root.at, VARIABLES);
}

static void its_record_is_another_s_by_now(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];

	for (uint64_t page = FREED_PAGE - 1; page <= FREED_PAGE + 1; page++) {
		struct stage *s = begin(state);

		set_word(s->live->start + 16, FREED);
		set_span(IN_USE, page);
		assert_int_equal(find(s, found), page != FREED_PAGE);
	}
}

enum spoil {
	SPOIL_NOTHING,
	SPOIL_DEAD,     /* nothing leads to the object */
	SPOIL_STACK,    /* the page is one of a stack */
	SPOIL_NEVER,    /* no span ever had the page */
	SPOIL_USED,     /* a span has it */
	SPOIL_UNLISTED, /* one has it that the list of all has not */
	SPOIL_STATE,    /* there is no such state */
	SPOIL_SIZE,     /* how many pages it has, or where it begins, is not in the core */
	SPOIL_START,
	SPOIL_EMPTY,     /* the record of the span is missing */
	SPOIL_ELSEWHERE, /* it is memory that is not the heap's */
	SPOIL_NUMBER,    /* the word is no pointer */
	SPOIL_PHASE,     /* a collection is under way, */
	SPOIL_NO_PHASE,  /* or may be */
	SPOIL_SPANS,     /* a span could not be read */
	SPOIL_MAP,       /* of what is on the way every word counts, */
	SPOIL_BITMAP,    /* or where its pointers are is not in the core */
	SPOIL_UNKNOWN,   /* this version has no such record */
	SPOIL_END,
};

static void spoil(struct stage *s, enum spoil how)
{
	uint64_t object = s->live->start + 16;

	switch (how) {
	case SPOIL_DEAD:
		set_word(s->live->start, 0);
		break;
	case SPOIL_STACK:
		memory[SPAN - DATA] = MANUAL;
		break;
	case SPOIL_NEVER:
		set_u64(RECORD + 8 * FREED_PAGE, 0);
		break;
	case SPOIL_USED:
		add_span(s->heap, FREED_PAGE, 1, 32, CT_GO_MAP_NONE);
		break;
	case SPOIL_UNLISTED:
		set_span(IN_USE, FREED_PAGE);
		break;
	case SPOIL_EMPTY:
		set_u64(SPAN + 8, 0);
		break;
	case SPOIL_STATE:
		set_span(7, 0);
		break;
	case SPOIL_SIZE:
		set_span(IN_USE, 0);
		go.layout.offset[CT_GO_MSPAN_NPAGES] = DATA_END - SPAN;
		break;
	case SPOIL_START:
		set_span(IN_USE, 0);
		go.layout.offset[CT_GO_MSPAN_STARTADDR] = DATA_END - SPAN;
		break;
	case SPOIL_ELSEWHERE:
		set_word(object, FREED + CT_GO_ARENA);
		break;
	case SPOIL_NUMBER:
		set_word(object, 0);
		set_word(object + 8, FREED);
		break;
	case SPOIL_PHASE:
		set_u64(PHASE, 1);
		break;
	case SPOIL_NO_PHASE:
		go.globals.gcphase = NOWHERE;
		break;
	case SPOIL_SPANS:
		s->heap->n_bad = 1;
		break;
	case SPOIL_MAP:
		s->live->map = CT_GO_MAP_UNKNOWN;
		break;
	case SPOIL_BITMAP:
		s->live->map = CT_GO_MAP_ARENA;
		break;
	case SPOIL_UNKNOWN:
		go.layout.offset[CT_GO_HEAPARENA_SPANS] = CT_GO_ABSENT;
		break;
	default:
		break;
	}
}

static void those_that_only_look_so(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];

	for (int how = SPOIL_NOTHING; how < SPOIL_END; how++) {
		struct stage *s = begin(state);

		set_word(s->live->start + 16, FREED);
		spoil(s, (enum spoil)how);
		uint32_t n = find(s, found);
		if (n != (how == SPOIL_NOTHING))
			fail_msg("%d: %u", how, n);
	}
}

static void a_live_object_points_to_a_free_slot(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];
	static const uint8_t objects = 0x53; /* of the eight */

	for (uint32_t i = 0; i < 8; i++) {
		struct stage *s = begin(state);

		add_slots(s);
		set_word(s->live->start + 16, slot(i));
		uint32_t n = find(s, found);
		assert_int_equal(n, !(objects >> i & 1));
		assert_true(!n || found[0].value == slot(i));
	}
}

/* What is being swept, or is no state at all, is not known. */
static void states_of_a_span(void **state)
{
	static const struct {
		int8_t more; /* than the heap's */
		uint32_t n;
	} cases[] = {{-3, 0}, {-2, 1}, {-1, 0}, {0, 1}, {1, 1}, {2, 0}, {3, 1}, {4, 0}};
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];

	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct stage *s = begin(state);

		add_slots(s);
		memory[SLOTS - DATA + 24] = (uint8_t)(SWEEPGEN + cases[i].more);
		set_word(s->live->start + 16, slot(FREE_SLOT));
		assert_int_equal(find(s, found), cases[i].n);
	}
}

/* Its record counts others than there are; or what tells of them is missing. */
static void slots_of_a_span_that_is_not_sound(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];

	for (int how = 0; how < 9; how++) {
		struct stage *s = begin(state);
		struct ct_go_span *span = add_slots(s);

		if (how == 1)
			memory[SLOTS - DATA + 28] = 5;
		else if (how == 2)
			memory[SLOTS - DATA + 29] = 1;
		else if (how == 3)
			s->alloc = 0x11;
		else if (how == 4)
			go.layout.offset[CT_GO_MHEAP_SWEEPGEN] = CT_GO_ABSENT;
		else if (how == 5)
			go.layout.offset[CT_GO_MSPAN_SWEEPGEN] = CT_GO_ABSENT;
		else if (how == 6)
			go.layout.offset[CT_GO_MSPAN_SPANCLASS] = CT_GO_ABSENT;
		else if (how == 7)
			span->at = NOWHERE;
		else if (how == 8)
			memory[SLOTS - DATA + 28] = 3;
		set_word(s->live->start + 16, slot(FREE_SLOT));
		assert_int_equal(find(s, found), !how);
	}
}

/* Nobody leads to it but the variable itself; what is no pointer by the mask does not count. */
static void a_variable_points_to_where_nothing_is(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];

	for (int how = 0; how < 4; how++) {
		struct stage *s = begin(state);

		add_slots(s);
		set_u64(VARIABLES + 8, how == 1 ? slot(FREE_SLOT) : how == 2 ? slot(0) : FREED);
		if (how == 3)
			memory[MASK - DATA] = 1;
		uint32_t n = find(s, found);
		assert_int_equal(n, how < 2);
		assert_true(!n || (!found[0].from.span && found[0].at == VARIABLES + 8 &&
					  found[0].root.at == VARIABLES + 8));
	}
}

static void more_variables_than_there_is_room_for(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];
	struct stage *s = begin(state);
	uint64_t end = MANY + 8 * (CT_GO_BAD_POINTERS + 4);

	set_u64(MODULE, MANY);
	set_u64(MODULE + 8, end);
	set_u64(MODULE + 16, CT_GO_BAD_POINTERS + 4);
	set_u64(MASK, UINT32_MAX);
	for (uint64_t at = MANY; at < end; at += 8)
		set_u64(at, FREED);
	assert_int_equal(find(s, found), CT_GO_BAD_POINTERS);
}

static void which_roots_are_used(void **state)
{
	static const struct {
		struct ct_go_root root;
		bool used;
	} cases[] = {
		{{.kind = CT_GO_ROOT_VARIABLE}, true},
		{{.kind = CT_GO_ROOT_STACK, .frame = "main.work"}, true},
		{{.kind = CT_GO_ROOT_VARIABLE, .guessed = true}, false},
		{{.kind = CT_GO_ROOT_STACK, .frame = "main.work", .guessed = true}, false},
		{{.kind = CT_GO_ROOT_STACK}, false},
		{{.kind = CT_GO_ROOT_REGISTER, .frame = "main.work"}, false},
		{{.kind = CT_GO_ROOT_DEFERRED, .frame = "main.work"}, false},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++)
		assert_int_equal(ct_go_root_is_used(&cases[i].root), cases[i].used);
}

/* The object itself has an exact map, the one that leads to it has not. */
static void by_way_of_words_that_may_be_no_pointers(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];
	struct stage *s = begin(state);
	struct ct_go_span *vague = add_span(s->heap, 1, 1, 1024, CT_GO_MAP_UNKNOWN);
	uint64_t object = s->live->start + 16;

	set_word(object, FREED);
	set_word(s->live->start, 0);
	set_u64(VARIABLES + 8, vague->start);
	set_word(vague->start + 512, object);
	assert_int_equal(find(s, found), 0);
}

/* A word on a stack that cannot be followed; when a variable has it, too, it is told. */
static void from_a_stack_where_every_word_counts(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];

	for (int variable = 0; variable < 2; variable++) {
		struct stage *s = begin(state);
		uint64_t object = s->live->start + 16;

		set_word(object, FREED);
		set_word(s->live->start, 0);
		s->o.sink = ct_sink_new(0);
		s->o.first = ct_sink_actor(
			s->o.sink, &(struct ct_actor){.kind = CT_ACTOR_GOROUTINE, .object = G});
		s->o.n = 1;
		set_u64(G, CT_GO_COPYSTACK);
		set_u64(G + 8, 7);
		set_u64(G + 16, STACK);
		set_u64(G + 24, STACK + 32);
		set_u64(STACK + 16, object);
		if (variable)
			set_u64(VARIABLES + 8, object);
		assert_true(ct_go_stacks_init(&s->world.stacks, &s->o));
		struct ct_sink *sink = s->o.sink;
		assert_int_equal(find(s, found), variable);
		ct_sink_free(sink);
	}
}

static void no_more_than_there_is_room_for(void **state)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];
	struct stage *s = begin(state);
	struct ct_go_span *wide = add_span(s->heap, 1, 1, 4096, CT_GO_MAP_SPAN);
	ct_autofree uint8_t *all = malloc(CT_GO_PAGE / 64);

	memset(all, 0xff, CT_GO_PAGE / 64);
	wide->bits = all;
	set_u64(VARIABLES + 8, wide->start);
	for (uint64_t i = 0; i < CT_GO_BAD_POINTERS + 4; i++)
		set_word(wide->start + 8 * i, FREED + 8 * i);
	assert_int_equal(find(s, found), CT_GO_BAD_POINTERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_live_object_points_to_freed_pages, start, close_target),
		cmocka_unit_test_setup_teardown(
			its_record_is_another_s_by_now, start, close_target),
		cmocka_unit_test_setup_teardown(those_that_only_look_so, start, close_target),
		cmocka_unit_test_setup_teardown(
			a_live_object_points_to_a_free_slot, start, close_target),
		cmocka_unit_test_setup_teardown(states_of_a_span, start, close_target),
		cmocka_unit_test_setup_teardown(
			slots_of_a_span_that_is_not_sound, start, close_target),
		cmocka_unit_test_setup_teardown(
			a_variable_points_to_where_nothing_is, start, close_target),
		cmocka_unit_test_setup_teardown(
			more_variables_than_there_is_room_for, start, close_target),
		cmocka_unit_test(which_roots_are_used),
		cmocka_unit_test_setup_teardown(
			by_way_of_words_that_may_be_no_pointers, start, close_target),
		cmocka_unit_test_setup_teardown(
			from_a_stack_where_every_word_counts, start, close_target),
		cmocka_unit_test_setup_teardown(
			no_more_than_there_is_room_for, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
