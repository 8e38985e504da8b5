/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about pools of Go on facts told by hand, and when they stay silent. */
#include "story.h"

#include "facts/go.h"
#include "facts/go_pools.h"
#include "rules/policy.h"
#include "rules/rules.h"

static const struct ct_go_pool_type_count kinds[] = {{"*bytes.Buffer", 4}, {"*strings.Builder", 1}};

static struct ct_go_pool quiet_pool(struct story *s)
{
	bool fresh;

	return (struct ct_go_pool){.address = 0x5000,
		.name = "main.buffers",
		.types = kinds,
		.n_types = 1,
		.n_objects = 5,
		.median = 1024,
		.n_referenced = CT_NONE,
		.resource = ct_sink_resource(s->sink, "go_pool", 0x5000, &fresh)};
}

struct told {
	struct ct_facts *facts;
	struct ct_document *doc;
	const struct ct_finding *finding; /* the only one, or NULL */
};

static struct story begin(bool guessed)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_POOLS);

	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4", .guessed = guessed});
	return s;
}

static struct told judge(
	struct story *s, const struct ct_go_pool *pool, bool deep, const struct ct_policy *policy)
{
	struct told t = {.facts = NULL};
	struct ct_error err;

	ct_sink_go_pools(s->sink,
		&(struct ct_fact_go_pools){.items = pool, .n = 1, .n_objects = 5, .deep = deep});
	t.facts = story_end(s);
	assert_int_equal(ct_detect(t.facts, policy, &t.doc, &err), CT_OK);
	assert_true(t.doc->n_findings <= 1);
	t.finding = t.doc->n_findings ? &t.doc->findings[0] : NULL;
	return t;
}

static void done(struct told *t)
{
	ct_document_free(t->doc);
	ct_facts_free(t->facts);
}

static void expect(
	struct told *t, const char *rule, enum ct_level level, enum ct_confidence confidence)
{
	assert_non_null(t->finding);
	assert_string_equal(t->finding->rule, rule);
	assert_int_equal(t->finding->level, level);
	assert_int_equal(t->finding->confidence, confidence);
	assert_int_equal(t->finding->n_resources, 1);
	assert_non_null(strstr(t->finding->title, "main.buffers"));
}

static void a_quiet_pool(void **state)
{
	struct story s = begin(false);
	struct ct_go_pool pool = quiet_pool(&s);
	struct told t = judge(&s, &pool, false, NULL);

	(void)state;
	assert_null(t.finding);
	done(&t);
}

static void put_twice(void **state)
{
	static const struct ct_go_pooled twice = {.address = 0xc000,
		.type = "*bytes.Buffer",
		.copies = 2,
		.processor = 1,
		.other_processor = 2,
		.other_place = CT_GO_POOL_VICTIM_SHARED};

	(void)state;
	for (int guessed = 0; guessed < 2; guessed++) {
		struct story s = begin(guessed);
		struct ct_go_pool pool = quiet_pool(&s);

		pool.doubles = &twice;
		pool.n_doubles = 1;
		struct told t = judge(&s, &pool, false, NULL);
		expect(&t, "CT215", CT_P0, guessed ? CT_LIKELY : CT_PROVEN);
		assert_int_equal(t.finding->n_steps, 1);
		assert_non_null(strstr(
			t.finding->steps[0].text, "private to P1 and as a victim shared by P2"));
		assert_null(strstr(t.finding->steps[0].text, "times in all"));
		done(&t);
	}
}

/* A live process ran on while its pools were read; and an array that three slices have. */
static void put_three_times(void **state)
{
	static const struct ct_go_pooled thrice = {
		.address = 0xc000, .array = 0xe000, .type = "*[]uint8", .copies = 3};

	(void)state;
	for (int still = 0; still < 2; still++) {
		struct story s = begin(false);
		struct ct_go_pool pool = quiet_pool(&s);

		pool.doubles = &thrice;
		pool.n_doubles = 1;
		ct_sink_target(s.sink)->still = still;
		struct told t = judge(&s, &pool, false, NULL);
		expect(&t, "CT215", CT_P0, still ? CT_PROVEN : CT_LIKELY);
		assert_null(strstr(t.finding->title, "at least"));
		assert_non_null(strstr(t.finding->steps[0].text, "elements are at 0xe000"));
		assert_non_null(strstr(t.finding->steps[0].text, "3 times in all"));
		done(&t);
	}
}

/* What is listed is not all, and is not said to be. */
static void more_than_are_listed(void **state)
{
	static const struct ct_go_pooled many[2] = {
		{.type = "*bytes.Buffer", .bytes = 2 << 20, .copies = 2},
		{.type = "*bytes.Buffer", .bytes = 1 << 20, .copies = 2}};

	(void)state;
	for (int large = 0; large < 2; large++) {
		struct story s = begin(false);
		struct ct_go_pool pool = quiet_pool(&s);

		pool.doubles = pool.large = many;
		pool.n_doubles = large ? 0 : 2;
		pool.n_large = large ? 2 : 0;
		pool.more_doubles = pool.more_large = true;
		struct told t = judge(&s, &pool, false, NULL);
		expect(&t, large ? "CT224" : "CT215", large ? CT_P2 : CT_P0,
			large ? CT_LIKELY : CT_PROVEN);
		assert_non_null(strstr(t.finding->title, "at least 2"));
		done(&t);
	}
}

/* Two goroutines have an object of the pool; one of them in two variables. */
static void used_after(void **state)
{
	struct story s = begin(false);
	uint32_t actors[2];
	struct ct_go_pool_use uses[3];
	struct ct_go_pool pool = quiet_pool(&s);
	struct ct_error err;
	struct ct_document *doc = NULL;

	(void)state;
	for (int i = 0; i < 2; i++) {
		actors[i] = story_thread(&s, 18 + (uint64_t)i, "worker");
		ct_sink_get_actor(s.sink, actors[i])->kind = CT_ACTOR_GOROUTINE;
	}
	for (int i = 0; i < 3; i++)
		uses[i] = (struct ct_go_pool_use){.actor = actors[i == 2],
			.frame = CT_NONE,
			.address = 0xc000,
			.type = "*bytes.Buffer",
			.why = "its code reads through it next",
			.will = i < 2};
	pool.uses = uses;
	pool.n_uses = 3;
	ct_sink_go_pools(s.sink, &(struct ct_fact_go_pools){.items = &pool, .n = 1});
	struct ct_facts *facts = story_end(&s);
	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	assert_int_equal(doc->n_findings, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct ct_finding *f = &doc->findings[i];

		assert_string_equal(f->rule, "CT216");
		assert_int_equal(f->level, i ? CT_P2 : CT_P1);
		assert_int_equal(f->confidence, i ? CT_POSSIBLE : CT_LIKELY);
		assert_int_equal(f->n_actors, 1);
		assert_int_equal(f->n_steps, 1);
		assert_int_equal(f->actors[0], actors[i]);
		assert_non_null(strstr(f->title, i ? "still has" : "goes on to use"));
	}
	ct_document_free(doc);
	ct_facts_free(facts);
}

static void several_types(void **state)
{
	struct story s = begin(false);
	struct ct_go_pool pool = quiet_pool(&s);

	(void)state;
	pool.n_types = 2;
	struct told t = judge(&s, &pool, false, NULL);
	expect(&t, "CT225", CT_P2, CT_PROVEN);
	done(&t);
}

/* The largest of the pool has so many bytes. */
static struct told with_large(
	uint64_t bytes, uint64_t median, bool deep, const struct ct_policy *policy)
{
	static struct ct_go_pooled large;
	static struct ct_go_pool pool;
	struct story s = begin(false);

	large = (struct ct_go_pooled){.type = "*bytes.Buffer", .bytes = bytes, .copies = 1};
	pool = quiet_pool(&s);
	pool.large = &large;
	pool.n_large = 1;
	pool.median = median;
	return judge(&s, &pool, deep, policy);
}

static void grown_objects(void **state)
{
	static const struct {
		uint64_t bytes, median;
		bool fires;
	} cases[] = {
		{1 << 20, 1 << 20, true},                   /* by itself */
		{(1 << 20) - 1, 1 << 19, false},            /* not yet, and as the others */
		{64 << 10, 8 << 10, true},                  /* beside the others */
		{(64 << 10) - 1, 8 << 10, false},           /* not quite */
		{8 << 10, 64, false},                       /* small */
		{16 << 10, 64, true}, {16 << 10, 0, false}, /* of the others nothing is known */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct told t = with_large(cases[i].bytes, cases[i].median, i % 2, NULL);

		if (cases[i].fires)
			expect(&t, "CT224", CT_P2, i % 2 ? CT_PROVEN : CT_LIKELY);
		else
			assert_null(t.finding);
		done(&t);
	}
}

static void sizes_are_policy(void **state)
{
	struct ct_setting own[] = {{.name = "pool-object", .value = 4},
		{.name = "pool-times", .value = 100}, {.name = "pool-least", .value = 1}};
	struct ct_policy object = {.thresholds = own, .n_thresholds = 1};
	struct ct_policy times = {.thresholds = own + 1, .n_thresholds = 2};

	(void)state;
	struct told t = with_large(4096, 4096, true, &object);
	expect(&t, "CT224", CT_P2, CT_PROVEN);
	done(&t);
	t = with_large(99 * 1000, 1000, true, &times);
	assert_null(t.finding);
	done(&t);
	t = with_large(1600, 16, true, &times);
	expect(&t, "CT224", CT_P2, CT_PROVEN);
	done(&t);
}

/* What is missing may be what others share with the object, or those that it is beside. */
static void large_ones_where_memory_is_missing(void **state)
{
	static const char *const missing[] = {"a part of memory is not in the core"};
	static const struct ct_go_pooled large = {
		.type = "*bytes.Buffer", .bytes = 4 << 20, .copies = 2};

	(void)state;
	for (int partial = 0; partial < 2; partial++)
		for (int twice = 0; twice < 2; twice++) {
			struct story s = begin(false);
			struct ct_go_pool pool = quiet_pool(&s);

			ct_sink_target(s.sink)->partial = (const char **)missing;
			ct_sink_target(s.sink)->n_partial = (uint32_t)partial;
			*(twice ? &pool.doubles : &pool.large) = &large;
			*(twice ? &pool.n_doubles : &pool.n_large) = 1;
			struct told t = judge(&s, &pool, true, NULL);
			/* That an object is there twice is no matter of what is not. */
			assert_int_equal(t.finding != NULL, twice || !partial);
			if (t.finding)
				assert_string_equal(t.finding->rule, twice ? "CT215" : "CT224");
			done(&t);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_pool),
		cmocka_unit_test(put_twice),
		cmocka_unit_test(put_three_times),
		cmocka_unit_test(more_than_are_listed),
		cmocka_unit_test(used_after),
		cmocka_unit_test(several_types),
		cmocka_unit_test(grown_objects),
		cmocka_unit_test(sizes_are_policy),
		cmocka_unit_test(large_ones_where_memory_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
