/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the runtime that are longer than memory, or that name one thing often; and what is
 * believed to be a channel, or a timer. */
#include "fake_target.h"
#include "go_code.h"
#include "runtime/go/contexts.h"
#include "runtime/go/heap_roots.h"
#include "runtime/go/panic.h"
#include "runtime/go/pools.h"
#include "runtime/go/profiles.h"
#include "runtime/go/requests.h"
#include "runtime/go/timers.h"
#include "runtime/go/waits.h"

#define LISTS  DATA
#define LIST   (DATA + 0x40)
#define G      (DATA + 0xc00)
#define G_STEP 0x100
#define P      (DATA + 0x400)
#define HEAP   (DATA + 0x500)
#define TIMER  (DATA + 0x600)
#define CHAN   (DATA + 0x700)
#define TYPES  (DATA + 0x800)
#define ELEM   (TYPES + 0x40)
#define MODULE (DATA + 0x900)
#define ARG    (DATA + 0xa00)

static void word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

static void slice(uint64_t at, uint64_t first, uint64_t n)
{
	word(at, first);
	word(at + 8, n);
	word(at + 16, n);
}

static struct ct_go new_go(struct ct_target *target)
{
	static const struct ct_module module = {.start = CODE, .end = CODE + 0x1000};
	struct ct_go go = {.module = &module,
		.target = target,
		.version = {.major = 1, .minor = 24, .text = "go1.24"}};

	memset(go.layout.offset, 0xff, sizeof(go.layout.offset));
	return go;
}

/* ---- the list of goroutines ---- */

static uint32_t site(void *arg, uint64_t pc, bool is_call)
{
	(void)arg, (void)pc, (void)is_call;
	return CT_NONE;
}

static struct ct_go_observation observe(const struct ct_go *go)
{
	struct ct_go_observation o = {.go = go,
		.target = go->target,
		.sink = ct_sink_new(CT_WANT_GOROUTINES),
		.site = site};

	assert_int_equal(ct_go_observe(&o), CT_OK);
	ct_sink_free(o.sink);
	return o;
}

static struct ct_go list_of_each(
	struct ct_target *target, uint32_t n, uint32_t different, uint32_t step)
{
	struct ct_go go = new_go(target);

	go.layout.offset[CT_GO_G_STACK_LO] = 0;
	go.layout.offset[CT_GO_G_STACK_HI] = 8;
	go.layout.offset[CT_GO_G_GOID] = 16;
	go.layout.offset[CT_GO_G_ATOMICSTATUS] = 24;
	go.layout.offset[CT_GO_G_SIZE] = G_STEP;
	go.globals.allgs = LISTS;
	slice(LISTS, LIST, n);
	for (uint32_t i = 0; i < n; i++)
		word(LIST + 8 * i, G + i % different * step);
	for (uint32_t i = 0; i < different; i++) {
		word(G + i * step, DATA);
		word(G + i * step + 8, DATA + 0x100);
		word(G + i * step + 16, i + 1);
		word(G + i * step + 24, CT_GO_WAITING);
	}
	return go;
}

static struct ct_go list_of(struct ct_target *target, uint32_t n, uint32_t different)
{
	return list_of_each(target, n, different, G_STEP);
}

static void goroutines_that_are_listed_often(void **state)
{
	struct ct_go go = list_of(*state, 4, 4);
	struct ct_go_observation o = observe(&go);

	assert_int_equal(o.n, 4);
	assert_int_equal(o.missing.n_goroutines, 0);
	/* One after the other, or by turns. */
	for (uint32_t different = 1; different < 4; different++) {
		go = list_of(*state, 100, different);
		o = observe(&go);
		assert_int_equal(o.n, different);
		assert_int_equal(o.missing.n_goroutines, 100 - different);
		assert_int_equal(o.missing.n_listed, 100);
	}
}

/* Records that lie in each other, and stacks: no more than memory has room for. */
static void goroutines_that_share_memory(void **state)
{
	const uint32_t room = sizeof(memory) / G_STEP + 1;
	struct ct_go go = list_of_each(*state, room + 8, room + 8, 0x20);
	struct ct_go_observation o = observe(&go);

	assert_int_equal(o.n, room);
	assert_int_equal(o.missing.n_goroutines, 8);
	go = list_of(*state, 4, 4);
	for (uint32_t i = 0; i < 4; i++)
		word(G + i * G_STEP + 8, DATA + (UINT64_C(20) << 20));
	o = observe(&go);
	assert_int_equal(o.n, 3);
	assert_int_equal(o.missing.n_goroutines, 1);
	/* But where it goes on its own stack is known, the rest of that may be missing. */
	go.layout.offset[CT_GO_G_SCHED_SP] = 32;
	for (uint32_t i = 0; i < 4; i++)
		word(G + i * G_STEP + 32, DATA + (UINT64_C(20) << 20) - 0x100);
	o = observe(&go);
	assert_int_equal(o.n, 4);
}

/* The list and the runtime's own count of it. */
static void goroutines_that_are_not_listed(void **state)
{
	static const struct {
		uint64_t count;
		uint32_t listed, bad;
	} rows[] = {{4, 4, 0}, {3, 4, 0}, {6, 6, 2}, {1, 4, 0}, {UINT64_C(1) << 40, 4, 0}};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct ct_go go = list_of(*state, 4, 4);

		go.globals.allglen = ARG;
		word(ARG, rows[i].count);
		struct ct_go_observation o = observe(&go);
		assert_int_equal(o.n, 4);
		assert_int_equal(o.missing.n_listed, rows[i].listed);
		assert_int_equal(o.missing.n_goroutines, rows[i].bad);
	}
}

/* ---- the list of threads ---- */

static void threads_that_are_listed_often(void **state)
{
	static const struct {
		uint64_t behind; /* the third */
		uint32_t n;
	} rows[] = {{0, 3}, {G, 3}, {G + G_STEP, 3}, {G + 2 * G_STEP, 3}};
	struct ct_go go = new_go(*state);

	go.layout.offset[CT_GO_M_ALLLINK] = 0;
	go.globals.allm = LISTS;
	word(LISTS, G);
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct ct_go_observation o = {.go = &go, .target = *state};

		for (uint32_t k = 0; k < 3; k++)
			word(G + k * G_STEP, k < 2 ? G + (k + 1) * G_STEP : rows[i].behind);
		assert_int_equal(ct_go_read_machines(&o), CT_OK);
		assert_int_equal(o.n_machines, rows[i].n);
		assert_non_null(ct_go_machine_at(&o, G + 2 * G_STEP));
		free(o.machines);
	}
	/* Each lies in the one before. */
	struct ct_go_observation o = {.go = &go, .target = *state};
	for (uint32_t k = 0; k < 0x80; k++)
		word(G + 8 * k, G + 8 * (k + 1));
	assert_int_equal(ct_go_read_machines(&o), CT_OK);
	assert_int_equal(o.n_machines, sizeof(memory) / 256);
	free(o.machines);
}

/* ---- timers ---- */

static void count(const struct ct_go *go, void *arg, uint64_t timer)
{
	(void)go, (void)timer;
	++*(uint32_t *)arg;
}

static struct ct_go timers_of(struct ct_target *target, uint64_t n_ps, uint64_t n)
{
	struct ct_go go = new_go(target);

	go.layout.offset[CT_GO_P_TIMERS] = 16;
	go.layout.offset[CT_GO_TIMERS_HEAP] = 8;
	go.layout.offset[CT_GO_TIMER_WHEN] = 0;
	go.globals.allp = LISTS;
	slice(LISTS, LIST, n_ps);
	for (uint64_t i = 0; i < n_ps && i < 100; i++)
		word(LIST + 8 * i, P);
	slice(P + 16 + 8, HEAP, n);
	for (uint64_t i = 0; i < n && i < 8; i++)
		word(HEAP + 16 * i, TIMER);
	return go;
}

static void timers_that_cannot_be_read(void **state)
{
	struct ct_go go = timers_of(*state, 1, 8);
	uint32_t n = 0;

	assert_true(ct_go_each_timer(&go, count, &n));
	assert_int_equal(n, 8);
	/* The heap is behind what there is of memory: the others are told. */
	n = 0;
	slice(P + 16 + 8, DATA_END - 16, 8);
	word(DATA_END - 16, TIMER);
	assert_false(ct_go_each_timer(&go, count, &n));
	assert_int_equal(n, 1);
	/* One of them is nowhere. */
	n = 0;
	go = timers_of(*state, 1, 8);
	word(HEAP + 16, NOWHERE);
	assert_false(ct_go_each_timer(&go, count, &n));
	assert_int_equal(n, 7);
	/* The P is, or the list of Ps. */
	n = 0;
	word(LIST, NOWHERE);
	assert_false(ct_go_each_timer(&go, count, &n));
	word(LISTS, NOWHERE);
	assert_false(ct_go_each_timer(&go, count, &n));
	go.globals.allp = 0;
	assert_false(ct_go_each_timer(&go, count, &n));
	assert_int_equal(n, 0);
}

/* A heap that all Ps share, of more timers than there is memory for. */
static void timers_that_are_listed_often(void **state)
{
	struct ct_go go = timers_of(*state, 100, 8);
	uint32_t n = 0;

	assert_false(ct_go_each_timer(&go, count, &n));
	assert_true(n <= sizeof(memory) / 64);
	n = 0;
	go = timers_of(*state, 1, UINT64_C(1) << 40);
	assert_false(ct_go_each_timer(&go, count, &n));
	assert_int_equal(n, 0);
}

/* ---- pools ---- */

static bool see(void *arg, const struct ct_go_pool_value *value)
{
	(void)value;
	++*(uint32_t *)arg;
	return true;
}

/* It has places for more Ps than there have been. */
static void pools_of_too_many(void **state)
{
	struct ct_go go = new_go(*state);
	uint64_t pool = P, places = HEAP, list = LISTS + 24;
	struct ct_go_pools pools;
	uint32_t n = 0;
	const struct ct_go_pool_visit visit = {&n, see, NULL};

	slice(LISTS, list, 1);
	word(list, pool);
	word(pool, places);
	word(pool + 8, 8);
	for (uint32_t i = 0; i < 8; i++) {
		word(places + 128 * i, TYPES);
		word(places + 128 * i + 8, DATA);
	}
	go.globals.allpools = LISTS;
	for (uint64_t most = 0; most <= 2; most += 2) {
		n = 0;
		go.globals.allp = most ? ARG : 0;
		slice(ARG, DATA, most);
		assert_int_equal(ct_go_pools_find(&go, &pools), CT_OK);
		assert_int_equal(ct_go_pools_walk(&go, &pools, &visit), CT_OK);
		assert_int_equal(n, most ? most : 8);
		assert_int_equal(pools.n_bad, most != 0);
		ct_go_pools_free(&pools);
	}
}

/* ---- the channel that was closed already ---- */

struct closed {
	struct go_code code;
	struct ct_go go;
	struct ct_go_observation o;
	uint32_t actor;
};

enum {
	QCOUNT = 0,
	DATAQSIZ = 8,
	ELEMSIZE = 24,
	CLOSED = 28,
	ELEMTYPE = 32,
	SENDX = 40,
	RECVX = 48
};
enum { RECVQ = 56, SENDQ = 64, SIZE = 80 };

/* A closed channel of int, room for 4, that is the first argument of chansend(). */
static void close_channel(struct closed *c, struct ct_target *target)
{
	static const struct {
		enum ct_go_field field;
		uint32_t offset;
	} rows[] = {{CT_GO_HCHAN_QCOUNT, QCOUNT}, {CT_GO_HCHAN_DATAQSIZ, DATAQSIZ},
		{CT_GO_HCHAN_ELEMSIZE, ELEMSIZE}, {CT_GO_HCHAN_CLOSED, CLOSED},
		{CT_GO_HCHAN_ELEMTYPE, ELEMTYPE}, {CT_GO_HCHAN_SENDX, SENDX},
		{CT_GO_HCHAN_RECVX, RECVX}, {CT_GO_HCHAN_RECVQ_FIRST, RECVQ},
		{CT_GO_HCHAN_SENDQ_FIRST, SENDQ}, {CT_GO_HCHAN_SIZE, SIZE},
		{CT_GO_MODULEDATA_TYPES, 0}, {CT_GO_MODULEDATA_ETYPES, 8}};
	const uint8_t name[] = {0, 3, 'i', 'n', 't'};
	const uint32_t at = 8, closed = 1;
	const uint16_t size = 8;

	memset(memory, 0, sizeof(memory));
	code_begin(&c->code);
	(void)code_add(&c->code, "runtime.gopanic", 16);
	(void)code_add(&c->code, "runtime.chansend", 16);
	c->code.table.moduledata = MODULE;
	c->go = new_go(target);
	for (size_t i = 0; i < CT_COUNT(rows); i++)
		c->go.layout.offset[rows[i].field] = rows[i].offset;
	c->go.tables = (struct ct_go_tables){&c->code.table, 1};
	word(MODULE, TYPES);
	word(MODULE + 8, TYPES + 0x100);
	put(TYPES + 8, name, sizeof(name));
	word(ELEM, 8);
	put(ELEM + 40, &at, sizeof(at));
	word(CHAN + DATAQSIZ, 4);
	put(CHAN + ELEMSIZE, &size, sizeof(size));
	put(CHAN + CLOSED, &closed, sizeof(closed));
	word(CHAN + ELEMTYPE, ELEM);
	word(ARG, CHAN);
}

/* Is it told? */
static bool is_told(struct closed *c)
{
	struct ct_unwound_frame frames[] = {{.pc = CODE + 0x20, .cfa = DATA + 0x20},
		{.pc = CODE + CODE_SIZE + 0x20, .cfa = ARG, .is_call = true}};
	const struct ct_unwound stack = {.frames = frames, .n = 2, .n_total = 2};
	const struct ct_go_g g = {.at = G, .goid = 1};

	c->o = (struct ct_go_observation){
		.go = &c->go, .target = c->go.target, .sink = ct_sink_new(CT_WANT_GOROUTINES)};
	assert_int_equal(ct_go_waits_new(&c->o), CT_OK);
	uint32_t resource = ct_go_panic_channel(&c->o, &g, CT_NONE, &stack, 0);
	bool told =
		resource != CT_NONE && ct_sink_get_resource(c->o.sink, resource)->address == CHAN;
	ct_go_waits_free(c->o.waits);
	ct_sink_free(c->o.sink);
	return told;
}

static void a_channel_that_was_closed(void **state)
{
	/* Words, and one of each that no closed channel has. */
	static const struct {
		uint64_t at, value;
	} wrong[] = {{CHAN + QCOUNT, 5}, {CHAN + SENDX, 4}, {CHAN + RECVX, 4}, {CHAN + RECVQ, DATA},
		{CHAN + SENDQ, DATA}, {CHAN + ELEMTYPE, 0}, {CHAN + ELEMTYPE, DATA}, {ELEM, 16},
		{CHAN + ELEMSIZE, 8}, {CHAN + ELEMSIZE, UINT64_C(2) << 32 | 8}, {ARG, 0},
		{ARG, CHAN + 4}, {ARG, NOWHERE}, {MODULE, 0}};
	struct closed c;

	close_channel(&c, *state);
	assert_true(is_told(&c));
	for (size_t i = 0; i < CT_COUNT(wrong); i++) {
		close_channel(&c, *state);
		word(wrong[i].at, wrong[i].value);
		assert_false(is_told(&c));
	}
	/* Without room there are no positions. */
	close_channel(&c, *state);
	word(CHAN + DATAQSIZ, 0);
	assert_true(is_told(&c));
	word(CHAN + SENDX, 1);
	assert_false(is_told(&c));
}

/* ---- profiles ---- */

#define BUCKET_STEP 0x40

/* Three waits; the list goes on at `behind` in the end. */
static struct ct_facts *profile_of(struct ct_target *target, uint64_t behind)
{
	struct ct_go go = new_go(target);
	struct ct_go_observation o = {.go = &go,
		.target = target,
		.sink = ct_sink_new(CT_WANT_GOROUTINES | CT_WANT_PROFILES),
		.site = site};
	struct ct_facts *facts;
	struct ct_error err;

	go.globals.bbuckets = LISTS;
	word(LISTS, HEAP);
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t at = HEAP + i * BUCKET_STEP;
		double n = 2 + i;

		word(at + 8, i < 2 ? at + BUCKET_STEP : behind);
		word(at + 16, CT_GO_PROFILE_BLOCK + 1);
		word(at + 40, 0);
		put(at + 48, &n, sizeof(n));
		word(at + 56, 1000);
	}
	assert_int_equal(ct_go_observe_profiles(&o), CT_OK);
	assert_int_equal(ct_sink_finish(o.sink, &facts, &err), CT_OK);
	return facts;
}

static void profiles_that_come_back(void **state)
{
	static const struct {
		uint64_t behind;
		uint32_t n;
		bool cut;
	} rows[] = {{0, 3, false}, {NOWHERE, 3, true}, {HEAP, 0, true},
		{HEAP + BUCKET_STEP, 0, true}, {HEAP + 2 * BUCKET_STEP, 0, true}};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct ct_facts *facts = profile_of(*state, rows[i].behind);
		const struct ct_go_profile *p = &facts->go_profiles->profiles[CT_GO_PROFILE_BLOCK];

		assert_true(p->found);
		assert_int_equal(p->n, rows[i].n);
		assert_int_equal(p->cut, rows[i].cut);
		ct_facts_free(facts);
	}
}

/* ---- what hangs on objects ---- */

static void see_root(void *arg, const struct ct_go_root *root)
{
	(void)root;
	++*(uint32_t *)arg;
}

/* Three weak pointers into one span, and a queue of finalizers without any. */
static void specials_that_come_back(void **state)
{
	static const struct {
		uint64_t behind, block; /* the third; the block */
		uint32_t most;
		enum ct_status status;
	} rows[] = {{0, 0, 3, CT_OK}, {NOWHERE, 0, 3, CT_FAULT}, {HEAP, 0, 9, CT_FAULT},
		{HEAP + 2 * BUCKET_STEP, 0, 6, CT_FAULT}, {0, ARG, 3, CT_NOT_FOUND},
		{0, NOWHERE, 3, CT_FAULT}};
	struct ct_go go = new_go(*state);
	struct ct_go_span span = {.at = P, .start = DATA, .limit = DATA_END, .n = 1};
	const struct ct_go_heap heap = {.go = &go, .target = *state, .spans = &span, .n_spans = 1};

	go.layout.offset[CT_GO_MSPAN_SPECIALS] = 0;
	go.layout.offset[CT_GO_SPECIAL_NEXT] = 0;
	go.layout.offset[CT_GO_SPECIAL_OFFSET] = 8;
	go.layout.offset[CT_GO_SPECIAL_KIND] = 16;
	go.layout.offset[CT_GO_SPECIALWEAKHANDLE_HANDLE] = 24;
	go.globals.allfin = LISTS;
	word(LISTS, ARG);
	word(P, HEAP);
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		uint32_t n = 0;

		for (uint32_t k = 0; k < 3; k++) {
			uint64_t at = HEAP + k * BUCKET_STEP;

			word(at, k < 2 ? at + BUCKET_STEP : rows[i].behind);
			word(at + 16, 2);
			word(at + 24, TYPES);
		}
		word(ARG, rows[i].block);
		assert_int_equal(ct_go_roots_specials(&heap, NULL, see_root, &n), rows[i].status);
		assert_in_range(n, 3, rows[i].most);
	}
}

/* ---- contexts ---- */

#define N_DERIVED (1u << 20)

/* Each is derived from the next one of the list, and all are over. */
static void contexts_that_are_derived_very_often(void **state)
{
	struct ct_go go = new_go(*state);
	struct ct_go_observation o = {.go = &go, .target = *state};
	struct ct_go_context_type type = {.kind = CT_CONTEXT_CANCEL, .key = CT_GO_ABSENT};
	struct ct_go_contexts contexts = {.go = &go};
	struct ct_go_outlived_list found = {0};
	const struct ct_go_uses uses = {0};

	contexts.types.list.items = &type;
	contexts.types.list.n = 1;
	contexts.list.items = calloc(N_DERIVED, sizeof(*contexts.list.items));
	contexts.list.n = N_DERIVED;
	for (uint32_t i = 0; i < N_DERIVED; i++)
		contexts.list.items[i] = (struct ct_go_found_context){
			.parent = i + 1 < N_DERIVED ? i + 1 : CT_NONE, .cancelled = true};
	assert_int_equal(ct_go_outlived_find(&o, NULL, &contexts, &uses, &found), CT_OK);
	assert_int_equal(found.list.n, 0);
	free(contexts.list.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			goroutines_that_are_listed_often, start, close_target),
		cmocka_unit_test_setup_teardown(goroutines_that_share_memory, start, close_target),
		cmocka_unit_test_setup_teardown(
			goroutines_that_are_not_listed, start, close_target),
		cmocka_unit_test_setup_teardown(profiles_that_come_back, start, close_target),
		cmocka_unit_test_setup_teardown(specials_that_come_back, start, close_target),
		cmocka_unit_test_setup_teardown(
			contexts_that_are_derived_very_often, start, close_target),
		cmocka_unit_test_setup_teardown(threads_that_are_listed_often, start, close_target),
		cmocka_unit_test_setup_teardown(timers_that_cannot_be_read, start, close_target),
		cmocka_unit_test_setup_teardown(timers_that_are_listed_often, start, close_target),
		cmocka_unit_test_setup_teardown(pools_of_too_many, start, close_target),
		cmocka_unit_test_setup_teardown(a_channel_that_was_closed, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
