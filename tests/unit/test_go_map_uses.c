/* SPDX-License-Identifier: Apache-2.0 */
/* Which goroutines stand in an operation on a map, and on which. */
#include "code_target.h"
#include "runtime/go/frames.h"
#include "runtime/go/observe.h"
#include "target/unwind.h"

#define G         DATA
#define G_STEP    0x80
#define MAP       (DATA + 0x800)
#define OTHER_MAP (DATA + 0x880)
#define STACK     (DATA + 0xa00)
#define STEP      0x100
#define FRAME     32u /* bytes of each, with its return address */

enum function { PARK, ASSIGN, LOOK_UP, LOCK, HASH, PUT, END };

static const char *const names[] = {"runtime.gopark", "runtime.mapassign", "runtime.mapaccess1",
	"sync.(*Mutex).Lock", "main.hash", "main.put", "runtime.goexit"};

struct stage {
	struct go_code code;
	struct ct_go go;
	struct ct_go_observation o;
	uint64_t pcs[CT_COUNT(names)];
};

static void set_u64(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

static uint32_t add_site(void *arg, uint64_t pc, const char *name)
{
	struct stage *s = arg;
	bool fresh;
	uint32_t site = ct_sink_site(s->o.sink, pc, false, &fresh);

	ct_sink_get_site(s->o.sink, site)->function = name;
	return site;
}

/* Maps as 1.16 has them, whose functions have their arguments on the stack: of one entry each. */
static void begin(struct stage *s, struct ct_target *target)
{
	static const enum ct_go_field fields[] = {CT_GO_G_ATOMICSTATUS, CT_GO_G_GOID,
		CT_GO_G_STACK_LO, CT_GO_G_STACK_HI, CT_GO_G_SCHED_SP, CT_GO_G_SCHED_PC,
		CT_GO_G_SIZE};

	*s = (struct stage){.go = {.target = target,
				    .version = {.major = 1, .minor = 16, .text = "go1.16"},
				    .tables = {&s->code.table, 1}}};
	code_begin(&s->code);
	for (size_t i = 0; i < CT_COUNT(names); i++)
		s->pcs[i] = code_add(&s->code, names[i], FRAME - 8) + 0x20;
	s->pcs[END] -= 0x1f;
	memset(s->go.layout.offset, 0xff, sizeof(s->go.layout.offset));
	for (size_t i = 0; i < CT_COUNT(fields); i++)
		s->go.layout.offset[fields[i]] = (uint32_t)(8 * i);
	s->o = (struct ct_go_observation){.go = &s->go,
		.target = target,
		.sink = ct_sink_new(CT_WANT_GOROUTINES),
		.unwinder = ct_unwinder_new(target, 64)};
	ct_unwinder_shape(s->o.unwinder, ct_go_frame_shape, &s->go);
	for (uint64_t at = MAP; at <= OTHER_MAP; at += OTHER_MAP - MAP) {
		set_u64(at, 1);
		set_u64(at + 16, DATA + 0xf00);
	}
}

/* A goroutine in these functions, the innermost first; the one behind `of` was called with the map.
 */
static void add(struct stage *s, enum ct_go_status status, const enum function *functions,
	unsigned n, unsigned of, uint64_t map)
{
	uint64_t g = G + s->o.n * G_STEP, sp = STACK + s->o.n * STEP;
	const uint64_t values[] = {status, s->o.n + 1, sp, sp + STEP, sp, s->pcs[functions[0]]};
	struct ct_frame frames[8];

	for (size_t i = 0; i < CT_COUNT(values); i++)
		set_u64(g + 8 * i, values[i]);
	for (unsigned i = 0; i < n; i++) {
		frames[i] = (struct ct_frame){
			.site = add_site(s, s->pcs[functions[i]], names[functions[i]])};
		set_u64(sp + FRAME * (i + 1) - 8, s->pcs[i + 1 < n ? functions[i + 1] : END]);
	}
	set_u64(sp + FRAME * (of + 1) + 8, map);
	ct_sink_actor(
		s->o.sink, &(struct ct_actor){.kind = CT_ACTOR_GOROUTINE,
				   .object = g,
				   .stack = ct_sink_stack(s->o.sink,
					   &(struct ct_stack){.frames = frames, .n_frames = n})});
	s->o.n++;
}

static const struct ct_fact_go_maps *observe(struct stage *s, struct ct_facts **facts)
{
	struct ct_error err;

	assert_int_equal(ct_go_observe_map_uses(&s->o), CT_OK);
	assert_int_equal(ct_sink_finish(s->o.sink, facts, &err), CT_OK);
	ct_unwinder_free(s->o.unwinder);
	ct_vec_free(&s->o.own);
	ct_vec_free(&s->o.joined);
	return (*facts)->go_maps;
}

static void who_is_in_which(void **state)
{
	static const enum function write[] = {PARK, ASSIGN, PUT}, read[] = {PARK, LOOK_UP, PUT},
				   /* The runtime's own looks up for who assigns. */
		both[] = {PARK, LOOK_UP, ASSIGN, PUT};
	struct ct_facts *facts;
	struct stage s;

	begin(&s, *state);
	set_u64(OTHER_MAP + 8, 4); /* it is being written */
	add(&s, CT_GO_WAITING, write, 3, 1, OTHER_MAP);
	add(&s, CT_GO_RUNNABLE, read, 3, 1, MAP);
	add(&s, CT_GO_WAITING, read, 3, 1, OTHER_MAP);
	add(&s, CT_GO_WAITING, both, 4, 1, MAP);
	add(&s, CT_GO_WAITING, read, 3, 1, NOWHERE);
	const struct ct_fact_go_maps *found = observe(&s, &facts);
	const struct ct_go_map_use wanted[] = {
		{.actor = 4, .frame = 2},
		{.actor = 1, .frame = 2, .map = MAP},
		{.actor = 3, .frame = 3, .map = MAP, .writes = true},
		{.actor = 0, .frame = 2, .map = OTHER_MAP, .writes = true, .marked = true},
		{.actor = 2, .frame = 2, .map = OTHER_MAP, .marked = true},
	};
	assert_int_equal(found->n, CT_COUNT(wanted));
	assert_true(found->exact);
	for (size_t i = 0; i < CT_COUNT(wanted); i++) {
		assert_int_equal(found->uses[i].actor, wanted[i].actor);
		assert_int_equal(found->uses[i].frame, wanted[i].frame);
		assert_true(found->uses[i].map == wanted[i].map);
		assert_int_equal(found->uses[i].writes, wanted[i].writes);
		assert_int_equal(found->uses[i].marked, wanted[i].marked);
		assert_null(found->uses[i].type);
	}
	ct_facts_free(facts);
}

/* One function of a map's calls another: the innermost says which map it is. */
static void one_below_the_other(void **state)
{
	static const enum function calls[] = {PARK, ASSIGN, LOOK_UP, PUT};
	struct ct_facts *facts;
	struct stage s;

	begin(&s, *state);
	s.go.layout_trust = CT_GO_LAYOUT_NEAREST;
	add(&s, CT_GO_WAITING, calls, 4, 1, MAP);
	set_u64(STACK + 3 * FRAME + 8, OTHER_MAP);
	const struct ct_fact_go_maps *found = observe(&s, &facts);
	assert_int_equal(found->n, 1);
	assert_true(found->uses[0].map == MAP);
	assert_true(found->uses[0].writes);
	/* How maps look may be otherwise in such a version. */
	assert_false(found->exact);
	ct_facts_free(facts);
}

static void who_is_in_none(void **state)
{
	static const enum function lock[] = {PARK, LOCK, PUT}, hash[] = {PARK, HASH, ASSIGN, PUT},
				   write[] = {PARK, ASSIGN, PUT}, bottom[] = {PARK, ASSIGN};
	struct ct_facts *facts;
	struct stage s;

	begin(&s, *state);
	add(&s, CT_GO_WAITING, lock, 3, 1, MAP);
	add(&s, CT_GO_WAITING, hash, 4, 2, MAP);
	/* Its thread is missing: where it last left its stack may be long ago. */
	add(&s, CT_GO_RUNNING, write, 3, 1, MAP);
	add(&s, CT_GO_DEAD, write, 3, 1, MAP);
	add(&s, CT_GO_WAITING, bottom, 2, 1, MAP); /* none of the program's code is below */
	assert_null(observe(&s, &facts));
	ct_facts_free(facts);
}

static int open_process(void **state)
{
	*state = open_code(NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_in_which, open_process, close_target),
		cmocka_unit_test_setup_teardown(one_below_the_other, open_process, close_target),
		cmocka_unit_test_setup_teardown(who_is_in_none, open_process, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
