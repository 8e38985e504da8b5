/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's lists of what is known about single objects, and of those that were sampled the
 * stacks that allocated them. */
#include "fake_go_heap.h"
#include "go_code.h"
#include "runtime/go/allocations.h"
#include "runtime/go/heap_observe.h"

#define SPAN_RECORD DATA /* of the first span; that of the second is behind it */
#define SPECIAL     (DATA + 0x100)
#define STEP        0x40
#define BUCKET      (DATA + 0x800)
#define SIZE        48 /* bytes of an object */
#define RECORD      24 /* bytes of a special of 1.24 */
#define N           4

static void word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

struct stage {
	struct go_code code;
	struct ct_go_heap *heap;
	struct ct_go_observation o;
	struct ct_go_world world;
};

static uint32_t add_site(void *arg, uint64_t pc, bool is_call)
{
	bool fresh;

	return ct_sink_site(((struct stage *)arg)->o.sink, pc, is_call, &fresh);
}

static uint64_t bucket(unsigned i)
{
	return BUCKET + i * 0x80;
}

static void put_bucket(unsigned i, uint64_t size, uint64_t pc)
{
	word(bucket(i) + 16, 1);
	word(bucket(i) + 32, size);
	word(bucket(i) + 40, 2);
	word(bucket(i) + 48, CODE + 5);
	word(bucket(i) + 56, pc);
}

static uint64_t special(unsigned i)
{
	return SPECIAL + i * STEP;
}

/* The last one of its list. */
static void put_special(unsigned i, uint64_t offset, uint8_t kind, uint64_t record)
{
	word(special(i), 0);
	word(special(i) + 8, offset);
	put(special(i) + 16, &kind, 1);
	word(special(i) + RECORD, record);
}

/* Objects 0 to 3 of the first span were sampled: the first two of one bucket, the others of
 * another. All live but the last. */
static struct stage *begin(struct ct_target *target)
{
	struct stage *s = calloc(1, sizeof(*s));

	memset(memory, 0, sizeof(memory));
	memset(go.layout.offset, 0xff, sizeof(go.layout.offset));
	go.version.minor = 24;
	go.layout.offset[CT_GO_MSPAN_SPECIALS] = 0;
	go.layout.offset[CT_GO_SPECIAL_NEXT] = 0;
	go.layout.offset[CT_GO_SPECIAL_OFFSET] = 8;
	go.layout.offset[CT_GO_SPECIAL_KIND] = 16;
	go.layout.offset[CT_GO_SPECIAL_SIZE] = RECORD;
	code_begin(&s->code);
	code_add(&s->code, "runtime.mallocgc", 8);
	code_add(&s->code, "main.load", 8);
	go.tables = (struct ct_go_tables){&s->code.table, 1};
	s->heap = new_heap(target);
	add_span(s->heap, 0, 1, SIZE, CT_GO_MAP_NONE)->at = SPAN_RECORD;
	add_span(s->heap, 1, 1, SIZE, CT_GO_MAP_NONE)->at = SPAN_RECORD + 8;
	s->o = (struct ct_go_observation){.go = &go,
		.target = target,
		.sink = ct_sink_new(CT_WANT_GOROUTINES),
		.site = add_site,
		.arg = s};
	s->world = (struct ct_go_world){
		.o = &s->o, .heap = s->heap, .mark = ct_go_mark_new(s->heap, 1)};
	put_bucket(0, SIZE, CODE + CODE_SIZE + 5);
	put_bucket(1, SIZE, CODE + CODE_SIZE + 9);
	word(SPAN_RECORD, special(0));
	for (unsigned i = 0; i < N; i++) {
		put_special(i, i * SIZE, 3, bucket(i / 2));
		if (i + 1 < N) {
			word(special(i), special(i + 1));
			ct_go_mark_root(s->world.mark, ARENA + (uint64_t)i * SIZE);
		}
	}
	assert_int_equal(ct_go_mark_run(s->world.mark), CT_OK);
	return s;
}

static void end(struct stage *s)
{
	ct_go_mark_free(s->world.mark);
	ct_sink_free(s->o.sink);
	close_heap(s->heap);
	free(s);
}

/* ---- the lists ---- */

struct seen {
	uint32_t n;
	uint8_t kind;
	uint64_t offset;
};

static void see(void *arg, const struct ct_go_special *s)
{
	*(struct seen *)arg = (struct seen){((struct seen *)arg)->n + 1, s->kind, s->offset};
}

static void kinds_have_other_numbers_in_other_versions(void **state)
{
	enum {
		X,
		F = CT_GO_SPECIAL_FINALIZER,
		W = CT_GO_SPECIAL_WEAK,
		C = CT_GO_SPECIAL_CLEANUP,
		P = CT_GO_SPECIAL_PROFILE
	};
	static const struct {
		uint8_t minor, kinds[10];
	} rows[] = {
		{15, {X, F, P}},
		{22, {X, F, P}},
		{23, {X, F, W, P}},
		{24, {X, F, W, P, X, X, C}},
		{25, {X, X, F, W, P, X, X, C}},
		{27, {X, X, F, W, P, X, X, C}},
	};
	struct stage *s = begin(*state);

	for (size_t i = 0; i < CT_COUNT(rows); i++)
		for (uint8_t k = 0; k < CT_COUNT(rows[i].kinds); k++) {
			struct seen seen = {0};

			go.version.minor = rows[i].minor;
			/* To 1.23 the offset has two bytes. */
			put_special(0, rows[i].minor < 24 ? 0xff0030 : 0x30, k, 0);
			assert_true(ct_go_specials(s->heap, see, &seen));
			assert_int_equal(seen.n, rows[i].kinds[k] != X);
			assert_int_equal(seen.kind, rows[i].kinds[k]);
			assert_int_equal(seen.offset, seen.n ? 0x30 : 0);
		}
	end(s);
}

static void lists_of_all_spans_or_of_one(void **state)
{
	struct stage *s = begin(*state);
	struct seen seen = {0};

	word(SPAN_RECORD + 8, special(N));
	put_special(N, SIZE, 1, 0);
	assert_true(ct_go_specials(s->heap, see, &seen));
	assert_int_equal(seen.n, N + 1);
	seen.n = 0;
	assert_true(ct_go_specials_of(s->heap, &s->heap->spans[1], see, &seen));
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.kind, CT_GO_SPECIAL_FINALIZER);
	word(SPAN_RECORD + 8, NOWHERE);
	assert_false(ct_go_specials(s->heap, see, &seen));
	end(s);
}

/* ---- who was sampled ---- */

static uint32_t row_by_parity(const struct ct_go_world *world, const struct ct_go_object *object)
{
	(void)world;
	return object->index % 2;
}

static uint32_t one_row(const struct ct_go_world *world, const struct ct_go_object *object)
{
	(void)world;
	(void)object;
	return 7;
}

static void samples_by_row_and_stack(void **state)
{
	struct stage *s = begin(*state);
	struct ct_go_allocations found = {0}, rows = {0};

	assert_int_equal(ct_go_allocations_list(&s->world, one_row, &found), CT_OK);
	assert_false(found.missing);
	assert_int_equal(found.list.n, 2); /* the last object does not live */
	for (uint32_t i = 0; i < found.list.n; i++) {
		const struct ct_go_row_allocation *a = &found.list.items[i];
		const struct ct_stack *stack = ct_sink_get_stack(s->o.sink, a->allocation.stack);

		assert_int_equal(a->row, 7);
		assert_int_equal(a->allocation.size, SIZE);
		assert_int_equal(a->allocation.sampled, i ? 1 : 2);
		assert_int_equal(stack->n_frames, 2);
		assert_int_equal(ct_sink_get_site(s->o.sink, stack->frames[1].site)->pc,
			CODE + CODE_SIZE + (i ? 9 : 5));
	}
	assert_int_equal(ct_go_allocations_list(&s->world, row_by_parity, &rows), CT_OK);
	assert_int_equal(rows.list.n, 3);
	assert_int_equal(rows.list.items[1].row, 1);
	assert_int_equal(rows.list.items[1].allocation.stack, found.list.items[0].allocation.stack);
	ct_vec_free(&found.list);
	ct_vec_free(&rows.list);
	end(s);
}

static uint64_t count(struct stage *s, bool *missing)
{
	struct ct_go_allocations found = {0};
	uint64_t n = 0;

	assert_int_equal(ct_go_allocations_list(&s->world, one_row, &found), CT_OK);
	for (uint32_t i = 0; i < found.list.n; i++)
		n += found.list.items[i].allocation.sampled;
	*missing = found.missing;
	ct_vec_free(&found.list);
	return n;
}

/* What cannot be a sample is left out, and that is said. */
static void damaged_samples(void **state)
{
	static const struct {
		uint64_t at, value;
		uint32_t n;
	} rows[] = {
		{BUCKET + 16, 2, 1},        /* of another profile */
		{BUCKET + 32, 64, 1},       /* of objects of another size */
		{BUCKET + 40, 0, 1},        /* without a stack */
		{BUCKET + 40, 1153, 1},     /* with one that is too deep */
		{BUCKET + 48, CODE - 1, 1}, /* that begins in no function */
		{BUCKET + 48, 1 + CODE + 2 * CODE_SIZE, 1},
		{SPECIAL + RECORD, NOWHERE, 2},
		{SPECIAL + RECORD, BUCKET + 4, 2},
		{SPECIAL + 8, CT_GO_PAGE, 2}, /* in no object of the span */
		{SPECIAL + 8, SIZE, 2},       /* the same object as the next one */
		{SPECIAL + 8, 2 * SIZE, 1},   /* after the next one, and the same as another */
		{SPECIAL, NOWHERE, 1},
		{SPECIAL + STEP, SPECIAL, 2},
	};
	bool missing;

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct stage *s = begin(*state);

		assert_int_equal(count(s, &missing), 3);
		assert_false(missing);
		word(rows[i].at, rows[i].value);
		assert_int_equal(count(s, &missing), rows[i].n);
		assert_true(missing);
		end(s);
	}
}

/* What another object of another size says came from there did not. */
static void a_bucket_is_of_one_size(void **state)
{
	struct stage *s = begin(*state);
	struct ct_go_span *other = &s->heap->spans[1];
	bool missing;

	word(SPAN_RECORD + 8, special(N));
	put_special(N, 0, 3, bucket(0));
	ct_go_mark_root(s->world.mark, other->start);
	assert_int_equal(ct_go_mark_run(s->world.mark), CT_OK);
	assert_int_equal(count(s, &missing), 4);
	assert_false(missing);
	other->elemsize = SIZE + 16;
	assert_int_equal(count(s, &missing), 3);
	assert_true(missing);
	end(s);
}

static void the_stack_of_one_object(void **state)
{
	struct stage *s = begin(*state);
	struct ct_go_special one = {special(0), &s->heap->spans[0], 0, CT_GO_SPECIAL_PROFILE};
	uint32_t stack = CT_NONE;

	assert_int_equal(ct_go_allocation_stack(&s->world, &one, &stack), CT_OK);
	assert_int_equal(ct_sink_get_stack(s->o.sink, stack)->n_frames, 2);
	word(BUCKET + 32, SIZE + 16);
	assert_int_equal(ct_go_allocation_stack(&s->world, &one, &stack), CT_FAULT);
	one.at = NOWHERE;
	assert_int_equal(ct_go_allocation_stack(&s->world, &one, &stack), CT_FAULT);
	end(s);
}

/* ---- what is told of one object ---- */

#define CLOSURE (DATA + 0xe00) /* of the program's function */

/* The last object, which nothing leads to, so that no way to it is looked for. */
static const struct ct_fact_go_object *explain(struct stage *s, struct ct_facts **facts)
{
	const uint64_t address = ARENA + (N - 1) * SIZE;
	struct ct_error err;

	s->world.masks = calloc(1, sizeof(*s->world.masks));
	s->world.masks->heap = s->heap;
	assert_int_equal(
		ct_go_typing_init(&s->world.typing, s->heap, s->world.mark, s->world.masks), CT_OK);
	s->world.marked = s->world.typed = true;
	s->o.world = &s->world;
	assert_int_equal(ct_go_observe_heap(&s->o, false, address), CT_OK);
	ct_go_typing_free(&s->world.typing);
	free(s->world.masks);
	assert_int_equal(ct_sink_finish(s->o.sink, facts, &err), CT_OK);
	s->o.sink = NULL;
	return (*facts)->go_object;
}

static void only_what_is_allocated_was_allocated_by_somebody(void **state)
{
	static const uint8_t none[CT_GO_PAGE / SIZE / 8 + 1];

	for (unsigned i = 0; i < 4; i++) {
		struct stage *s = begin(*state);
		struct ct_facts *facts;

		if (i == 1) { /* a free slot */
			s->heap->spans[0].freeindex = N - 1;
			s->heap->spans[0].alloc = none;
		} else if (i == 2) {
			word(bucket(1) + 32, SIZE + 16);
		} else if (i == 3) { /* only the one before it was sampled */
			word(special(N - 2), 0);
		}
		const struct ct_fact_go_object *o = explain(s, &facts);
		assert_int_equal(o->allocated, i != 1);
		assert_int_equal(o->allocation != CT_NONE, i == 0);
		assert_int_equal(o->n_has, 0);
		ct_facts_free(facts);
		end(s);
	}
}

static void what_an_object_has(void **state)
{
	static const struct {
		uint8_t minor, kind;
		uint64_t function;
		const char *has;
	} rows[] = {
		{24, 1, CLOSURE, "a finalizer: main.load()"},
		{24, 1, CLOSURE + 8, "a finalizer"}, /* not where a function begins */
		{24, 1, NOWHERE, "a finalizer"},
		{24, 2, CLOSURE, "a weak pointer to it"},
		{24, 6, CLOSURE, "a cleanup"},
		{26, 7, CLOSURE, "a cleanup: main.load()"},
		{26, 8, CLOSURE, NULL},
	};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct stage *s = begin(*state);
		struct ct_facts *facts;

		go.version.minor = rows[i].minor;
		go.layout.offset[CT_GO_SPECIALFINALIZER_FN] = RECORD;
		if (rows[i].minor > 24)
			go.layout.offset[CT_GO_SPECIALCLEANUP_CLEANUP] = RECORD - 8;
		word(CLOSURE, CODE + CODE_SIZE);
		word(CLOSURE + 8, CODE + CODE_SIZE + 1);
		put_special(N - 1, (N - 1) * SIZE, rows[i].kind, rows[i].function);
		const struct ct_fact_go_object *o = explain(s, &facts);
		assert_int_equal(o->n_has, rows[i].has != NULL);
		assert_int_equal(o->allocation, CT_NONE);
		if (rows[i].has)
			assert_string_equal(o->has[0], rows[i].has);
		ct_facts_free(facts);
		end(s);
	}
}

/* An object was allocated once. Of the others some are told, and how many more there are. */
static void no_object_has_records_without_end(void **state)
{
	struct stage *s = begin(*state);
	struct ct_facts *facts;

	go.layout.offset[CT_GO_SPECIALFINALIZER_FN] = RECORD;
	put_special(N, (N - 1) * SIZE, 3, bucket(0));
	for (unsigned i = N + 1; i < 2 * N + 9; i++)
		put_special(i, (N - 1) * SIZE, 1, NOWHERE);
	for (unsigned i = N - 1; i < 2 * N + 8; i++)
		word(special(i), special(i + 1));
	const struct ct_fact_go_object *o = explain(s, &facts);
	assert_int_equal(o->n_has, 9);
	assert_string_equal(o->has[0], "a finalizer");
	assert_string_equal(o->has[8], "4 more of these");
	const struct ct_stack *stack = &facts->stacks[o->allocation];
	assert_int_equal(facts->sites[stack->frames[1].site].pc, CODE + CODE_SIZE + 9);
	ct_facts_free(facts);
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_is_allocated_was_allocated_by_somebody),
		TEST(what_an_object_has),
		TEST(no_object_has_records_without_end),
		TEST(kinds_have_other_numbers_in_other_versions),
		TEST(lists_of_all_spans_or_of_one),
		TEST(samples_by_row_and_stack),
		TEST(damaged_samples),
		TEST(a_bucket_is_of_one_size),
		TEST(the_stack_of_one_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
