/* SPDX-License-Identifier: Apache-2.0 */
/* CT112 and CT121 on facts told by hand. */
#include "story.h"

#include "rules/rules.h"

static const struct ct_finding *find(const struct ct_document *doc, const char *rule)
{
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, rule))
			return &doc->findings[i];
	return NULL;
}

static struct ct_document *judge(struct story *s, struct ct_facts **facts)
{
	struct ct_document *doc = NULL;
	struct ct_error err;

	*facts = story_end(s);
	assert_int_equal(ct_detect(*facts, NULL, &doc, &err), CT_OK);
	return doc;
}

static void done(struct ct_document *doc, struct ct_facts *facts)
{
	ct_document_free(doc);
	ct_facts_free(facts);
}

/* The locks that thread 99 had, when it was. */
static struct ct_resource *leave(struct story *s, uint64_t address, enum ct_trust trust)
{
	struct ct_resource *r = ct_sink_get_resource(
		s->sink, story_mutex(s, address, address == 0x1000 ? "g_a" : "g_b"));

	r->owner_gone = 99;
	r->owner_trust = trust;
	return r;
}

static void what_one_thread_has_left_is_one_finding(void **state)
{
	struct story s = story_begin(CT_WANT_HELD);
	struct ct_facts *facts;

	(void)state;
	story_thread(&s, 12, "billing");
	leave(&s, 0x1000, CT_TRUST_DEBUG_INFO);
	leave(&s, 0x2000, CT_TRUST_GUESS);
	leave(&s, 0x3000, CT_TRUST_DEBUG_INFO)->owner_gone = 98;
	struct ct_document *doc = judge(&s, &facts);

	assert_int_equal(doc->n_findings, 2);
	const struct ct_finding *f = find(doc, "CT121");
	assert_int_equal(f->level, CT_P2);
	for (uint32_t i = 0; i < 2; i++) {
		f = &doc->findings[i];
		assert_int_equal(f->n_actors, 0);
		/* The worse of two, where two are told together. */
		assert_int_equal(f->confidence, f->n_resources == 2 ? CT_POSSIBLE : CT_PROVEN);
	}
	done(doc, facts);
}

static void a_waiter_makes_it_another_matter(void **state)
{
	struct story s = story_begin(CT_WANT_HELD);
	struct ct_facts *facts;

	(void)state;
	story_thread(&s, 12, "billing");
	leave(&s, 0x1000, CT_TRUST_EXACT);
	story_waits(&s, 0, 0, CT_TRUST_EXACT)->owner_gone = 99;
	leave(&s, 0x2000, CT_TRUST_EXACT)->process_shared = true;
	struct ct_document *doc = judge(&s, &facts);

	assert_null(find(doc, "CT121"));
	assert_non_null(find(doc, "CT103"));
	done(doc, facts);
}

static void a_damaged_lock_is_as_sure_as_that_it_is_one(void **state)
{
	struct story s = story_begin(CT_WANT_HELD);
	struct ct_facts *facts;

	(void)state;
	story_thread(&s, 12, "billing");
	struct ct_resource *r = ct_sink_get_resource(s.sink, story_mutex(&s, 0x1000, "g_a"));
	r->corrupt = "its kind is 0x5a, which is none";
	r->corrupt_trust = CT_TRUST_INFERRED;
	struct ct_document *doc = judge(&s, &facts);
	const struct ct_finding *f = find(doc, "CT112");

	assert_non_null(f);
	assert_int_equal(f->level, CT_P1);
	assert_int_equal(f->confidence, CT_LIKELY);
	assert_string_equal(f->title, "g_a is damaged: its kind is 0x5a, which is none");
	done(doc, facts);
}

static void who_waits_for_a_damaged_lock_is_named(void **state)
{
	struct story s = story_begin(CT_WANT_HELD);
	struct ct_facts *facts;

	(void)state;
	story_thread(&s, 12, "billing");
	ct_sink_get_resource(s.sink, story_mutex(&s, 0x1000, "g_a"))->corrupt = "its owner is odd";
	story_waits(&s, 0, 0, CT_TRUST_LAYOUT);
	struct ct_document *doc = judge(&s, &facts);
	const struct ct_finding *f = find(doc, "CT112");

	assert_non_null(f);
	assert_int_equal(f->confidence, CT_PROVEN);
	assert_int_equal(f->n_actors, 1);
	assert_int_equal(f->actors[0], 0);
	assert_null(find(doc, "CT103"));
	done(doc, facts);
}

static void a_sound_lock_is_not_mentioned(void **state)
{
	struct story s = story_begin(CT_WANT_HELD);
	struct ct_facts *facts;

	(void)state;
	story_thread(&s, 12, "billing");
	story_holds(&s, 0, story_mutex(&s, 0x1000, "g_a"), CT_TRUST_DEBUG_INFO);
	struct ct_document *doc = judge(&s, &facts);

	assert_int_equal(doc->n_findings, 0);
	done(doc, facts);
}

/* The fingerprint of what thread 99 has left: a lock of this name, or in the heap without one. */
static void fingerprint_of(const char *name, uint64_t address, uint64_t offset, char *ret)
{
	struct story s = story_begin(CT_WANT_HELD);
	struct ct_facts *facts;

	story_thread(&s, 12, "billing");
	struct ct_resource *r = leave(&s, address, CT_TRUST_DEBUG_INFO);
	r->name = name;
	r->place = name ? CT_PLACE_UNKNOWN : CT_PLACE_HEAP;
	r->block = ct_arena_copy(ct_sink_arena(s.sink), &(struct ct_heap_block){offset, 64},
		sizeof(struct ct_heap_block));
	struct ct_document *doc = judge(&s, &facts);
	ct_document_fingerprint(doc);
	assert_non_null(find(doc, "CT121")->fingerprint);
	strcpy(ret, find(doc, "CT121")->fingerprint);
	done(doc, facts);
}

static void its_fingerprint_is_of_names_without_addresses(void **state)
{
	char a[32], b[32];

	(void)state;
	fingerprint_of("g_lock", 0x1000, 0, a);
	fingerprint_of("g_lock", 0x9000, 0, b);
	assert_string_equal(a, b);
	fingerprint_of("g_other", 0x1000, 0, b);
	assert_string_not_equal(a, b);
	fingerprint_of("the lock of the FILE at 0x5500", 0x1000, 0, a);
	fingerprint_of("the lock of the FILE at 0x77aa00", 0x2000, 0, b);
	assert_string_equal(a, b);
	fingerprint_of(NULL, 0x1000, 24, a);
	fingerprint_of(NULL, 0x3000, 24, b);
	assert_string_equal(a, b);
	fingerprint_of(NULL, 0x1000, 32, b);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_fingerprint_is_of_names_without_addresses),
		cmocka_unit_test(what_one_thread_has_left_is_one_finding),
		cmocka_unit_test(a_waiter_makes_it_another_matter),
		cmocka_unit_test(a_damaged_lock_is_as_sure_as_that_it_is_one),
		cmocka_unit_test(who_waits_for_a_damaged_lock_is_named),
		cmocka_unit_test(a_sound_lock_is_not_mentioned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
