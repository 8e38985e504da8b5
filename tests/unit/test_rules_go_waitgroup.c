/* SPDX-License-Identifier: Apache-2.0 */
/* What CT212 says of WaitGroups, and CT210 of others that are leaked, on facts told by hand, and
 * when they stay silent. */
#include "story.h"

#include "facts/go.h"
#include "rules/rules.h"

struct told {
	struct story story;
	struct ct_go_leak leaks[8];
	uint32_t n_leaks, n_groups;
	enum ct_trust trust; /* of the next wait */
	const char *doubt;
	struct ct_facts *facts;
	struct ct_document *doc;
};

static struct told *begin(void)
{
	struct told *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->story = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_LEAKS);
	return t;
}

static uint32_t goroutine(struct told *t, uint64_t id)
{
	return story_goroutine(&t->story, id, CT_STATE_WAITING);
}

/* It waits for a WaitGroup of its own; peer: who would call Done, or CT_NONE. */
static void awaits(struct told *t, uint32_t actor, uint32_t peer)
{
	struct ct_sink *sink = t->story.sink;
	bool fresh;
	uint32_t resource =
		ct_sink_resource(sink, "go_waitgroup", 0x1000 + 16u * t->n_groups++, &fresh);

	ct_sink_value_int(sink, resource, "counter", 2);
	uint32_t wait = ct_sink_wait(sink, &(struct ct_wait){.kind = CT_WAIT_WAITGROUP,
						   .trust = (uint8_t)t->trust,
						   .actor = actor,
						   .resource = resource,
						   .why = "told by hand"});
	if (peer != CT_NONE)
		ct_sink_peer(sink, wait,
			&(struct ct_peer){.actor = peer,
				.trust = CT_TRUST_INFERRED,
				.why = "frame #1 told by hand"});
}

static void leaked(struct told *t, uint32_t actor)
{
	t->leaks[t->n_leaks++] =
		(struct ct_go_leak){.actor = actor, .bytes = 100u + actor, .stack = 2048};
}

static const struct ct_finding *find(const struct told *t, const char *rule)
{
	for (uint32_t i = 0; i < t->doc->n_findings; i++)
		if (!strcmp(t->doc->findings[i].rule, rule))
			return &t->doc->findings[i];
	return NULL;
}

static const struct ct_finding *judge(struct told *t)
{
	struct ct_error err;

	ct_sink_go(t->story.sink, &(struct ct_fact_go){.version = "go1.24.4",
					  .leaks = ct_arena_copy(ct_sink_arena(t->story.sink),
						  t->leaks, sizeof(t->leaks)),
					  .n_leaks = t->n_leaks,
					  .leaks_doubt = t->doubt});
	t->facts = story_end(&t->story);
	assert_int_equal(ct_detect(t->facts, NULL, &t->doc, &err), CT_OK);
	return find(t, "CT212");
}

static void done(struct told *t)
{
	ct_document_free(t->doc);
	ct_facts_free(t->facts);
	free(t);
}

/* What those keep who wait; not what those do who would call Done. */
static void what_they_keep_is_told(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 2; n++) {
		struct told *t = begin();
		uint32_t waiters[2] = {goroutine(t, 7), goroutine(t, 8)}, worker = goroutine(t, 9);

		leaked(t, worker);
		for (uint32_t i = 0; i < n; i++) {
			awaits(t, waiters[i], worker);
			leaked(t, waiters[i]);
		}
		const struct ct_finding *f = judge(t);
		assert_non_null(f);
		assert_true(f->has_retained);
		assert_int_equal(f->retained, n == 1 ? 100 : 201);
		assert_int_equal(f->stacks, n * 2048);
		assert_non_null(strstr(f->message,
			n == 1 ? "; it keeps 100 bytes alive that nothing else does, and 2048 of "
				 "stacks"
			       : "; they keep 201 bytes alive that nothing else does, and 4096 of "
				 "stacks"));
		done(t);
	}
}

static void nobody_is_left(void **state)
{
	struct told *t = begin();
	uint32_t waiter = goroutine(t, 7);

	(void)state;
	awaits(t, waiter, CT_NONE);
	leaked(t, waiter);
	const struct ct_finding *f = judge(t);
	assert_non_null(f);
	assert_int_equal(f->level, CT_P1);
	assert_int_equal(f->confidence, CT_PROVEN);
	assert_int_equal(f->n_actors, 1);
	assert_non_null(strstr(f->title, "whose counter is 2, and nobody is left"));
	done(t);
}

static void who_would_call_done_is_named(void **state)
{
	struct told *t = begin();
	uint32_t waiter = goroutine(t, 7), worker = goroutine(t, 8);

	(void)state;
	awaits(t, waiter, worker);
	leaked(t, waiter);
	leaked(t, worker);
	t->doubt = "the garbage collector is at work";
	const struct ct_finding *f = judge(t);
	assert_non_null(f);
	assert_int_equal(f->n_actors, 2);
	assert_int_equal(f->confidence, CT_LIKELY);
	assert_non_null(strstr(f->title, "those who would call Done wait for ever themselves"));
	assert_non_null(strstr(f->steps[1].text, "goroutine 8 would call Done (frame #1"));
	assert_non_null(strstr(f->message, "not proven, as the garbage collector is at work"));
	done(t);
}

/* Who would call Done is not leaked: that it waits for ever is not said. */
static void a_peer_that_is_not_leaked_is_not_named(void **state)
{
	struct told *t = begin();
	uint32_t waiter = goroutine(t, 7), worker = goroutine(t, 8);

	(void)state;
	awaits(t, waiter, worker);
	leaked(t, waiter);
	const struct ct_finding *f = judge(t);
	assert_non_null(f);
	assert_int_equal(f->n_actors, 1);
	assert_int_equal(f->n_steps, 1);
	assert_null(strstr(f->message, "wait for ever themselves"));
	done(t);
}

static void those_of_one_place_are_one_finding(void **state)
{
	struct told *t = begin();

	(void)state;
	for (uint64_t id = 7; id < 10; id++) {
		uint32_t waiter = goroutine(t, id);

		awaits(t, waiter, CT_NONE);
		leaked(t, waiter);
	}
	const struct ct_finding *f = judge(t);
	assert_non_null(f);
	assert_int_equal(f->n_actors, 3);
	done(t);
}

/* Each differs from the next in where it was made, or where it waits: none are of one place. */
static void those_of_other_places_are_others(void **state)
{
	struct told *t = begin();
	struct ct_sink *sink = t->story.sink;
	uint32_t n = 0;

	(void)state;
	for (uint64_t id = 7; id < 11; id++) {
		uint32_t waiter = goroutine(t, id), made;
		struct ct_frame frame = {.site = CT_NONE};
		bool fresh;

		made = ct_sink_site(sink, 0x401000 + 16 * (id % 2), true, &fresh);
		frame.site = ct_sink_site(sink, 0x402000 + 16 * (id / 9), true, &fresh);
		ct_sink_get_site(sink, made)->function = "main.serve";
		ct_sink_get_actor(sink, waiter)->created_at = made;
		ct_sink_get_actor(sink, waiter)->stack = ct_sink_stack(
			sink, &(struct ct_stack){.frames = &frame, .n_frames = 1, .n_total = 1});
		awaits(t, waiter, CT_NONE);
		leaked(t, waiter);
	}
	(void)judge(t);
	for (uint32_t i = 0; i < t->doc->n_findings; i++)
		n += !strcmp(t->doc->findings[i].rule, "CT212");
	assert_int_equal(n, 4);
	done(t);
}

/* As sure as the least sure of all that it speaks of. */
static void one_wait_in_doubt_is_for_all(void **state)
{
	(void)state;
	for (uint32_t in_doubt = 0; in_doubt < 3; in_doubt++) {
		struct told *t = begin();

		for (uint32_t i = 0; i < 2; i++) {
			uint32_t waiter = goroutine(t, 7 + i);

			t->trust = i + 1 == in_doubt ? CT_TRUST_INFERRED : CT_TRUST_EXACT;
			awaits(t, waiter, CT_NONE);
			leaked(t, waiter);
		}
		const struct ct_finding *f = judge(t);
		assert_non_null(f);
		assert_int_equal(f->n_actors, 2);
		assert_non_null(strstr(f->title, "2 goroutines wait for WaitGroups"));
		assert_int_equal(f->confidence, in_doubt ? CT_LIKELY : CT_PROVEN);
		assert_null(strstr(f->message, "not proven"));
		done(t);
	}
}

static void workers_that_can_go_on_are_waited_for(void **state)
{
	struct told *t = begin();
	uint32_t waiter = goroutine(t, 7), worker = goroutine(t, 8);

	(void)state;
	/* Only the worker is leaked, and it waits for no WaitGroup. */
	awaits(t, waiter, worker);
	leaked(t, worker);
	assert_null(judge(t));
	done(t);
}

/* Those of a circle are told by CT204; who is leaked beside it, and by a guess, is likely. */
static void a_circle_is_not_told_twice(void **state)
{
	static const enum ct_trust trusts[] = {CT_TRUST_INFERRED, CT_TRUST_EXACT};
	struct told *t = begin();
	uint32_t actors[4], locks[2];
	bool fresh;

	(void)state;
	/* Somebody can run: that they all wait for ever is not what is found. */
	ct_sink_get_actor(t->story.sink, goroutine(t, 1))->state = CT_STATE_RUNNING;
	for (uint32_t i = 0; i < 4; i++)
		leaked(t, actors[i] = goroutine(t, 18 + i));
	for (uint32_t i = 0; i < 2; i++) {
		locks[i] = story_mutex(&t->story, 0x2000 + 16 * i, NULL);
		story_holds(&t->story, actors[i], locks[i], CT_TRUST_INFERRED);
	}
	for (uint32_t i = 0; i < 2; i++) {
		story_waits(&t->story, actors[i], locks[1 - i], CT_TRUST_EXACT);
		story_waits(&t->story, actors[2 + i],
			ct_sink_resource(t->story.sink, "go_chan", 0x3000 + 16 * i, &fresh),
			trusts[i])
			->kind = CT_WAIT_RECV;
	}
	assert_null(judge(t));
	assert_non_null(find(t, "CT204"));
	assert_int_equal(find(t, "CT204")->n_actors, 2);
	const struct ct_finding *f = find(t, "CT210");
	assert_non_null(f);
	assert_int_equal(t->doc->n_findings, 2);
	assert_int_equal(f->n_actors, 2);
	assert_int_equal(f->confidence, CT_LIKELY);
	done(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_left),
		cmocka_unit_test(what_they_keep_is_told),
		cmocka_unit_test(who_would_call_done_is_named),
		cmocka_unit_test(a_peer_that_is_not_leaked_is_not_named),
		cmocka_unit_test(those_of_one_place_are_one_finding),
		cmocka_unit_test(those_of_other_places_are_others),
		cmocka_unit_test(one_wait_in_doubt_is_for_all),
		cmocka_unit_test(workers_that_can_go_on_are_waited_for),
		cmocka_unit_test(a_circle_is_not_told_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
