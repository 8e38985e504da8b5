/* SPDX-License-Identifier: Apache-2.0 */
/* CT203, CT204 and CT211 on goroutines told by hand, and when they stay silent. */
#include "story.h"

#include "facts/go.h"
#include "rules/rules.h"

static uint32_t count(const struct ct_document *doc, const char *rule)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < doc->n_findings; i++)
		n += !strcmp(doc->findings[i].rule, rule);
	return n;
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

static struct story begin(uint32_t n_functions)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);

	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4", .n_functions = n_functions});
	return s;
}

static uint32_t goroutine(struct story *s, uint64_t id)
{
	return ct_sink_actor(s->sink, &(struct ct_actor){.kind = CT_ACTOR_GOROUTINE,
					      .state = CT_STATE_WAITING,
					      .id = id,
					      .carrier = CT_NONE,
					      .runs = CT_NONE,
					      .stack = CT_NONE,
					      .start_site = CT_NONE,
					      .created_at = CT_NONE});
}

static struct ct_wait *waits(
	struct story *s, uint32_t actor, enum ct_wait_kind kind, uint32_t resource)
{
	struct ct_wait *wait = &s->waits[s->n_waits++];

	assert_true(s->n_waits <= STORY_MAX);
	*wait = (struct ct_wait){
		.kind = (uint8_t)kind, .actor = actor, .resource = resource, .why = "told by hand"};
	return wait;
}

static uint32_t mutex(struct story *s, uint64_t address)
{
	bool fresh;

	return ct_sink_resource(s->sink, "go_mutex", address, &fresh);
}

static void hold(struct story *s, uint32_t actor, uint32_t resource, enum ct_trust trust)
{
	ct_sink_hold(s->sink, &(struct ct_hold){.actor = actor,
				      .resource = resource,
				      .trust = trust,
				      .took_frame = CT_NONE,
				      .why = "it will call Unlock"});
}

static void a_circle_of_goroutines_is_go_s_rule(void **state)
{
	struct story s = begin(1);
	struct ct_facts *facts;
	uint32_t one = goroutine(&s, 18), two = goroutine(&s, 19);
	uint32_t a = mutex(&s, 0x1000), b = mutex(&s, 0x2000);

	(void)state;
	hold(&s, one, a, CT_TRUST_INFERRED);
	hold(&s, two, b, CT_TRUST_INFERRED);
	waits(&s, one, CT_WAIT_MUTEX, b);
	waits(&s, two, CT_WAIT_MUTEX, a);
	struct ct_document *doc = judge(&s, &facts);
	assert_int_equal(count(doc, "CT204"), 1);
	assert_int_equal(count(doc, "CT101"), 0);
	assert_int_equal(doc->findings[0].confidence, CT_LIKELY);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_DEADLOCK);
	done(doc, facts);
}

static void one_that_waits_for_itself_is_go_s_rule(void **state)
{
	struct story s = begin(1);
	struct ct_facts *facts;
	uint32_t one = goroutine(&s, 18), a = mutex(&s, 0x1000);

	(void)state;
	hold(&s, one, a, CT_TRUST_INFERRED);
	waits(&s, one, CT_WAIT_MUTEX, a);
	struct ct_document *doc = judge(&s, &facts);
	assert_int_equal(count(doc, "CT204"), 1);
	assert_int_equal(count(doc, "CT102"), 0);
	done(doc, facts);
}

/* Two that wait to receive, and what may still happen beside them. */
static uint32_t asleep(uint32_t n_functions, bool foreign, enum ct_wait_kind last, bool timed)
{
	struct story s = begin(n_functions);
	struct ct_facts *facts;
	uint32_t one, two, n;

	if (foreign)
		story_thread(&s, 12, "made by C");
	one = goroutine(&s, 1);
	two = goroutine(&s, 18);
	waits(&s, one, CT_WAIT_RECV, mutex(&s, 0x1000));
	waits(&s, two, last, mutex(&s, 0x2000))->timed = timed;
	struct ct_document *doc = judge(&s, &facts);
	n = count(doc, "CT203");
	if (n)
		assert_int_equal(doc->summary.verdict, CT_VERDICT_DEADLOCK);
	assert_int_equal(count(doc, "CT110"), 0);
	done(doc, facts);
	return n;
}

static void all_asleep_when_nothing_can_happen(void **state)
{
	(void)state;
	assert_int_equal(asleep(0, false, CT_WAIT_RECV, false), 1);
	assert_int_equal(asleep(1, false, CT_WAIT_RECV, false), 0);
	assert_int_equal(asleep(CT_NONE, false, CT_WAIT_RECV, false), 0);
	assert_int_equal(asleep(0, true, CT_WAIT_RECV, false), 0);
	assert_int_equal(asleep(0, false, CT_WAIT_IO, false), 0);
	assert_int_equal(asleep(0, false, CT_WAIT_SLEEP, false), 0);
	assert_int_equal(asleep(0, false, CT_WAIT_RECV, true), 0);
}

static uint32_t never(uint64_t id, enum ct_wait_kind kind, bool is_never)
{
	struct story s = begin(1);
	struct ct_facts *facts;
	uint32_t n;

	waits(&s, goroutine(&s, id), kind, CT_NONE)->never = is_never;
	struct ct_document *doc = judge(&s, &facts);
	n = count(doc, "CT211");
	done(doc, facts);
	return n;
}

static void nil_channels_and_empty_selects(void **state)
{
	(void)state;
	assert_int_equal(never(18, CT_WAIT_RECV, true), 1);
	assert_int_equal(never(18, CT_WAIT_SEND, true), 1);
	assert_int_equal(never(18, CT_WAIT_SELECT, true), 1);
	assert_int_equal(never(1, CT_WAIT_RECV, true), 1);
	/* How main waits until the program is stopped. */
	assert_int_equal(never(1, CT_WAIT_SELECT, true), 0);
	assert_int_equal(never(18, CT_WAIT_SELECT, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_circle_of_goroutines_is_go_s_rule),
		cmocka_unit_test(one_that_waits_for_itself_is_go_s_rule),
		cmocka_unit_test(all_asleep_when_nothing_can_happen),
		cmocka_unit_test(nil_channels_and_empty_selects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
