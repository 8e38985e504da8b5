/* SPDX-License-Identifier: Apache-2.0 */
/* CT218 on accesses told by hand, and when it stays silent. */
#include "story.h"

#include "facts/crash.h"
#include "facts/go.h"
#include "facts/races.h"
#include "rules/rules.h"

#define PLACE UINT64_C(0xc000010000)

enum { MOST = 1000 };

struct scene {
	struct story story;
	struct ct_access accesses[MOST];
	uint32_t n, module;
};

static struct scene *begin(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->story = story_begin(CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES);
	s->module = ct_sink_module(s->story.sink,
		&(struct ct_fact_module){.path = "/srv/shop", .base = 0x400000, .found = "none"});
	return s;
}

/* rights: "r", "w", "rw"; of an actor of its own in this function. */
static struct ct_access *add(
	struct scene *s, bool is_go, const char *rights, uint64_t address, uint32_t size)
{
	struct ct_access *one = &s->accesses[s->n++];
	uint64_t id = s->n + 10;
	bool fresh;
	uint32_t site = ct_sink_site(s->story.sink, 0x400000 + id, false, &fresh);

	ct_sink_get_site(s->story.sink, site)->function = "main.sell";
	ct_sink_get_site(s->story.sink, site)->module = s->module;
	*one = (struct ct_access){.actor = is_go ? story_goroutine(&s->story, id, CT_STATE_RUNNING)
						 : story_thread(&s->story, id, "till"),
		.site = site,
		.address = address,
		.size = size,
		.read = strchr(rights, 'r'),
		.write = strchr(rights, 'w'),
		.is_go = is_go,
		.text = "told by hand"};
	return one;
}

static void in_function(struct scene *s, const struct ct_access *of, const char *name)
{
	ct_sink_get_site(s->story.sink, of->site)->function = name;
}

/* The number of findings, and of the actors of the first one. Takes the scene. */
static uint32_t judge(struct scene *s, uint32_t *n_actors)
{
	struct ct_document *doc = NULL;
	struct ct_facts *facts;
	struct ct_error err;
	uint32_t n = 0;

	ct_sink_races(s->story.sink, &(struct ct_fact_races){.accesses = s->accesses, .n = s->n});
	facts = story_end(&s->story);
	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	for (uint32_t i = 0; i < doc->n_findings; i++) {
		const struct ct_finding *f = &doc->findings[i];

		if (strcmp(f->rule, "CT218") != 0)
			continue;
		assert_int_equal(f->level, CT_P1);
		assert_in_range(f->n_steps, 2, 8);
		assert_int_equal(f->confidence, CT_LIKELY);
		if (!n++ && n_actors)
			*n_actors = f->n_actors;
	}
	ct_document_free(doc);
	ct_facts_free(facts);
	free(s);
	return n;
}

static uint32_t pair(bool go_a, const char *a, bool go_b, const char *b)
{
	struct scene *s = begin();

	add(s, go_a, a, PLACE, 8);
	add(s, go_b, b, PLACE, 8);
	return judge(s, NULL);
}

static void in_go_one_that_writes_is_enough(void **state)
{
	(void)state;
	assert_int_equal(pair(true, "rw", true, "rw"), 1);
	assert_int_equal(pair(true, "w", true, "r"), 1);
	assert_int_equal(pair(true, "r", true, "w"), 1);
	assert_int_equal(pair(true, "r", true, "r"), 0);
}

/* There a plain move may be atomic, and a reader may look again. */
static void elsewhere_both_must_write_and_one_change(void **state)
{
	(void)state;
	assert_int_equal(pair(false, "rw", false, "rw"), 1);
	assert_int_equal(pair(false, "rw", false, "w"), 1);
	assert_int_equal(pair(false, "w", false, "rw"), 1);
	assert_int_equal(pair(false, "w", false, "w"), 0);
	assert_int_equal(pair(false, "w", false, "r"), 0);
	assert_int_equal(pair(false, "rw", false, "r"), 0);
	assert_int_equal(pair(true, "w", false, "r"), 0);
	assert_int_equal(pair(true, "rw", false, "w"), 1);
}

static void bytes_must_be_the_same(void **state)
{
	static const struct {
		uint64_t at;
		uint32_t size, expected;
	} others[] = {{PLACE + 3, 1, 1}, {PLACE + 4, 1, 0}, {PLACE - 4, 4, 0}, {PLACE - 4, 5, 1},
		{PLACE - 8, 64, 1}, {PLACE + 8, 8, 0}};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(others); i++) {
		struct scene *s = begin();

		add(s, true, "w", PLACE, 4);
		add(s, true, "w", others[i].at, others[i].size);
		assert_int_equal(judge(s, NULL), others[i].expected);
	}
}

/* Of one place are those whose bytes are connected: only they who race are named. */
static void who_is_beside_does_not_race(void **state)
{
	struct scene *s = begin();
	uint32_t n = 0;

	(void)state;
	add(s, true, "r", PLACE, 16);
	add(s, true, "w", PLACE, 4);
	add(s, true, "r", PLACE + 8, 8);
	assert_int_equal(judge(s, &n), 1);
	assert_int_equal(n, 2);
}

static void one_alone_does_not_race(void **state)
{
	struct scene *s = begin();

	(void)state;
	add(s, true, "w", PLACE, 8);
	add(s, true, "r", PLACE, 8)->actor = s->accesses[0].actor;
	assert_int_equal(judge(s, NULL), 0);
}

static void the_same_constant_is_no_race(void **state)
{
	(void)state;
	for (int64_t second = 0; second < 2; second++) {
		struct scene *s = begin();
		struct ct_access *a = add(s, true, "w", PLACE, 1), *b = add(s, true, "w", PLACE, 1);

		a->has_constant = b->has_constant = true;
		a->constant = 1;
		b->constant = second;
		assert_int_equal(judge(s, NULL), !second);
	}
	for (int i = 0; i < 2; i++) {
		struct scene *wide = begin();

		/* 1 as four bytes, and as two of them, or as four from the second on */
		for (int k = 0; k < 2; k++) {
			struct ct_access *one = add(wide, true, "w", PLACE + k * i, k > i ? 2 : 4);

			one->has_constant = true;
			one->constant = 1;
		}
		assert_int_equal(judge(wide, NULL), 1);
	}
	struct scene *s = begin();
	add(s, true, "w", PLACE, 1)->has_constant = true;
	add(s, true, "w", PLACE, 1);
	assert_int_equal(judge(s, NULL), 1);
}

static uint32_t with_lock(enum ct_hold_mode first, enum ct_hold_mode second, bool same)
{
	struct scene *s = begin();
	uint32_t a = add(s, true, "rw", PLACE, 8)->actor, b = add(s, true, "rw", PLACE, 8)->actor;
	uint32_t one = story_mutex(&s->story, 0x1000, "g_lock");
	uint32_t two = same ? one : story_mutex(&s->story, 0x2000, "g_other");
	const struct ct_hold holds[] = {{.actor = a, .resource = one, .mode = first},
		{.actor = b, .resource = two, .mode = second}};

	for (size_t i = 0; i < CT_COUNT(holds); i++) {
		struct ct_hold hold = holds[i];

		hold.took_frame = CT_NONE;
		hold.why = "told by hand";
		ct_sink_hold(s->story.sink, &hold);
	}
	return judge(s, NULL);
}

/* One that both have to read with keeps nobody apart. */
static void a_common_lock_keeps_apart(void **state)
{
	(void)state;
	assert_int_equal(with_lock(CT_HOLD_EXCLUSIVE, CT_HOLD_EXCLUSIVE, true), 0);
	assert_int_equal(with_lock(CT_HOLD_EXCLUSIVE, CT_HOLD_SHARED, true), 0);
	assert_int_equal(with_lock(CT_HOLD_SHARED, CT_HOLD_SHARED, true), 1);
	assert_int_equal(with_lock(CT_HOLD_EXCLUSIVE, CT_HOLD_EXCLUSIVE, false), 1);
}

/* Of so many locks that not all are compared none may be the same. */
static void many_locks_may_keep_apart(void **state)
{
	(void)state;
	for (uint64_t n = 16; n <= 17; n++) {
		struct scene *s = begin();
		uint32_t actor = add(s, true, "rw", PLACE, 8)->actor;

		add(s, true, "rw", PLACE, 8);
		for (uint64_t i = 0; i < n; i++) {
			const struct ct_hold hold = {.actor = actor,
				.resource = story_mutex(&s->story, 0x1000 + 64 * i, "g_lock"),
				.mode = CT_HOLD_EXCLUSIVE,
				.took_frame = CT_NONE,
				.why = "told by hand"};

			ct_sink_hold(s->story.sink, &hold);
		}
		assert_int_equal(judge(s, NULL), n == 16);
	}
}

static uint32_t by_function(const char *name)
{
	struct scene *s = begin();

	in_function(s, add(s, true, "rw", PLACE, 8), "main.sell");
	in_function(s, add(s, true, "rw", PLACE, 8), name);
	return judge(s, NULL);
}

static void libraries_of_synchronisation_do_not_race(void **state)
{
	static const char *const silent[] = {"runtime.chansend", "internal/runtime/atomic.Load",
		"runtime/internal/atomic.Store", "sync.(*Mutex).Lock",
		"internal/sync.(*Mutex).Lock"};

	(void)state;
	assert_int_equal(by_function("main.count"), 1);
	assert_int_equal(by_function("runtimes.count"), 1);
	for (size_t i = 0; i < CT_COUNT(silent); i++)
		assert_int_equal(by_function(silent[i]), 0);
	struct scene *s = begin();
	add(s, false, "rw", PLACE, 8);
	ct_sink_get_site(s->story.sink, add(s, false, "rw", PLACE, 8)->site)->module = CT_NONE;
	assert_int_equal(judge(s, NULL), 0);
}

static void counters_of_coverage_do_not_race(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scene *s = begin();

		add(s, false, "rw", PLACE, 8)->object = i ? "__gcov0.main+0x8" : "g_gcov";
		add(s, false, "rw", PLACE, 8)->object = s->accesses[0].object;
		assert_int_equal(judge(s, NULL), !i);
	}
}

/* Threads that ran on while others were read were not there at one time. */
static void nothing_is_said_of_what_moves(void **state)
{
	struct scene *s = begin();

	(void)state;
	ct_sink_target(s->story.sink)->still = false;
	add(s, true, "rw", PLACE, 8);
	add(s, true, "rw", PLACE, 8);
	assert_int_equal(judge(s, NULL), 0);
}

static void each_place_is_one_finding(void **state)
{
	struct scene *s = begin();
	uint32_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < MOST; i++)
		add(s, true, "rw", PLACE + (i < MOST / 2 ? 0 : 0x100), 8)->place = i >= MOST / 2;
	assert_int_equal(judge(s, &n), 2);
	assert_int_equal(n, MOST / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_go_one_that_writes_is_enough),
		cmocka_unit_test(elsewhere_both_must_write_and_one_change),
		cmocka_unit_test(bytes_must_be_the_same),
		cmocka_unit_test(who_is_beside_does_not_race),
		cmocka_unit_test(one_alone_does_not_race),
		cmocka_unit_test(the_same_constant_is_no_race),
		cmocka_unit_test(a_common_lock_keeps_apart),
		cmocka_unit_test(many_locks_may_keep_apart),
		cmocka_unit_test(libraries_of_synchronisation_do_not_race),
		cmocka_unit_test(counters_of_coverage_do_not_race),
		cmocka_unit_test(nothing_is_said_of_what_moves),
		cmocka_unit_test(each_place_is_one_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
