/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about goroutines on facts told by hand, and when they stay silent. */
#include "story.h"

#include "facts/crash.h"
#include "facts/go.h"
#include "rules/policy.h"
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
	return story_goroutine(s, id, CT_STATE_WAITING);
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

/* The runtime has found out by itself: the innermost functions of the thread that died of it. */
static void died_of_it(struct story *s)
{
	static const char *const functions[] = {"runtime.throw", "runtime.checkdead"};
	struct ct_frame frames[CT_COUNT(functions)];
	uint32_t thread = story_thread(s, 12, NULL);
	bool fresh;

	memset(frames, 0, sizeof(frames));
	for (uint32_t i = 0; i < CT_COUNT(functions); i++) {
		frames[i].site = ct_sink_site(s->sink, 0x5000 + 16 * i, i, &fresh);
		ct_sink_get_site(s->sink, frames[i].site)->function =
			ct_sink_string(s->sink, functions[i]);
	}
	const struct ct_stack stack = {
		.frames = frames, .n_frames = CT_COUNT(frames), .n_total = CT_COUNT(frames)};
	ct_sink_get_actor(s->sink, thread)->stack = ct_sink_stack(s->sink, &stack);
}

/* How sure CT203 is of one that waits; 0: it is silent. */
static unsigned sure(bool said, bool partial, bool still)
{
	static const char *const parts[] = {"a part"};
	struct story s = begin(0);
	struct ct_facts *facts;
	unsigned ret = 0;

	waits(&s, goroutine(&s, 1), CT_WAIT_RECV, mutex(&s, 0x1000));
	if (said)
		died_of_it(&s);
	ct_sink_target(s.sink)->partial = parts;
	ct_sink_target(s.sink)->n_partial = partial;
	ct_sink_target(s.sink)->still = still;
	struct ct_document *doc = judge(&s, &facts);
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, "CT203"))
			ret = 1u + doc->findings[i].confidence;
	done(doc, facts);
	return ret;
}

/* Where a part is missing more may be in it; the runtime's own word is worth more than ours. */
static void all_asleep_is_as_sure_as_it_is_known(void **state)
{
	(void)state;
	assert_int_equal(sure(false, false, true), 1 + CT_LIKELY);
	assert_int_equal(sure(false, true, true), 0);
	assert_int_equal(sure(true, false, true), 1 + CT_PROVEN);
	assert_int_equal(sure(true, true, true), 1 + CT_PROVEN);
	assert_int_equal(sure(true, false, false), 1 + CT_LIKELY);
}

/*
 * One has a lock and sends; who would receive needs the lock. A thread of the runtime's runs. A
 * pending timer may have somebody else receive.
 */
static void knot_of_two(uint32_t n_functions, enum ct_confidence confidence, const char *end)
{
	struct story s = begin(n_functions);
	uint32_t thread = story_thread(&s, 12, NULL);
	const struct ct_go_thread threads[] = {{.actor = thread, .runs = CT_NONE}};
	uint32_t one = goroutine(&s, 1), two = goroutine(&s, 18), lock = mutex(&s, 0x1000);
	const struct ct_finding *found = NULL;
	struct ct_facts *facts;
	bool fresh;
	uint32_t chan = ct_sink_resource(s.sink, "go_chan", 0x2000, &fresh);

	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4",
				   .n_functions = n_functions,
				   .threads = threads,
				   .n_threads = 1});
	hold(&s, one, lock, CT_TRUST_INFERRED);
	waits(&s, two, CT_WAIT_MUTEX, lock);
	uint32_t wait = ct_sink_wait(s.sink, &(struct ct_wait){.kind = CT_WAIT_SEND,
						     .actor = one,
						     .resource = chan,
						     .why = "told by hand"});
	ct_sink_peer(s.sink, wait,
		&(struct ct_peer){
			.actor = two, .trust = CT_TRUST_INFERRED, .why = "it will receive"});
	struct ct_document *doc = judge(&s, &facts);
	assert_int_equal(count(doc, "CT203"), n_functions ? 0 : 1);
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, "CT204"))
			found = &doc->findings[i];
	assert_non_null(found);
	assert_int_equal(found->confidence, confidence);
	assert_int_equal(found->level, confidence == CT_POSSIBLE ? CT_P2 : CT_P0);
	if (!strstr(found->message, end))
		fail_msg("%s", found->message);
	assert_int_equal(!strstr(found->message, "if nobody else"), !n_functions);
	done(doc, facts);
}

static void where_all_sleep_nobody_else_ends_a_knot(void **state)
{
	(void)state;
	knot_of_two(0, CT_LIKELY, "neither of them can ever go on");
	knot_of_two(1, CT_POSSIBLE, "if nobody else ends the wait for the channel at 0x2000");
}

/* A reader reads again, behind a writer that waits for it; two writers of two locks. */
static void two_sides_of_one_lock_are_said_once(void **state)
{
	struct story s = begin(1);
	struct ct_facts *facts;
	uint32_t reader = goroutine(&s, 18), writer = goroutine(&s, 19);
	bool fresh;
	uint32_t lock = ct_sink_resource(s.sink, "go_rwmutex", 0x1000, &fresh);

	(void)state;
	ct_sink_hold(s.sink, &(struct ct_hold){.actor = reader,
				     .resource = lock,
				     .mode = CT_HOLD_SHARED,
				     .trust = CT_TRUST_INFERRED,
				     .took_frame = CT_NONE,
				     .why = "it will call RUnlock"});
	ct_sink_hold(s.sink, &(struct ct_hold){.actor = writer,
				     .resource = lock,
				     .waits = true,
				     .took_frame = CT_NONE,
				     .why = "it waits in Lock"});
	waits(&s, reader, CT_WAIT_RWLOCK_READ, lock)->behind_writers = true;
	waits(&s, writer, CT_WAIT_RWLOCK_WRITE, lock);
	struct ct_document *doc = judge(&s, &facts);
	assert_int_equal(count(doc, "CT204"), 1);
	assert_non_null(strstr(doc->findings[0].message,
		" over the RWMutex at 0x1000 (read and write side): neither"));
	assert_non_null(strstr(doc->findings[0].hint, "not even to read"));
	done(doc, facts);
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

static uint32_t channel(struct story *s, uint64_t address)
{
	bool fresh;

	return ct_sink_resource(s->sink, "go_chan", address, &fresh);
}

/* Two that wait to send and one to receive, of which `n` are leaked. */
static uint32_t leaked(uint32_t n, const char *doubt, enum ct_confidence confidence)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_LEAKS);
	struct ct_facts *facts;
	struct ct_go_leak leaks[3];
	uint32_t findings;

	for (uint32_t i = 0; i < 3; i++) {
		leaks[i] = (struct ct_go_leak){
			.actor = goroutine(&s, 18 + i), .bytes = 100 + i, .stack = 2048};
		waits(&s, leaks[i].actor, i < 2 ? CT_WAIT_SEND : CT_WAIT_RECV,
			channel(&s, 0x1000 + 0x100 * i));
	}
	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4",
				   .n_functions = 1,
				   .leaks = leaks,
				   .n_leaks = n,
				   .leaks_doubt = doubt});
	struct ct_document *doc = judge(&s, &facts);
	findings = count(doc, "CT210");
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, "CT210")) {
			assert_int_equal(doc->findings[i].confidence, confidence);
			assert_int_equal(
				strstr(doc->findings[i].message, "not proven, as ") != NULL,
				doubt != NULL);
		}
	for (uint32_t i = 0; i < doc->n_findings; i++) {
		const struct ct_finding *f = &doc->findings[i];
		bool senders = f->n_actors == 2;

		assert_int_equal(f->has_retained, !strcmp(f->rule, "CT210"));
		assert_int_equal(f->retained, !f->has_retained ? 0 : senders ? 201 : 102);
		assert_int_equal(f->stacks, !f->has_retained ? 0 : senders ? 4096 : 2048);
	}
	done(doc, facts);
	return findings;
}

static void leaks_of_one_place_are_one_finding(void **state)
{
	(void)state;
	assert_int_equal(leaked(0, NULL, CT_PROVEN), 0);
	assert_int_equal(leaked(2, NULL, CT_PROVEN), 1);
	assert_int_equal(leaked(3, NULL, CT_PROVEN), 2);
	assert_int_equal(leaked(3, "goroutines are running", CT_LIKELY), 2);
}

struct told { /* of CT219: what the closer and the other do */
	struct ct_channel_use closer, other;
	bool closer_waits, other_waits;
	uint32_t findings;
	enum ct_confidence confidence;
};

static void tell_uses(const struct told *told, uint32_t n_partial)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	uint32_t closer = goroutine(&s, 18), other = goroutine(&s, 19), c = channel(&s, 0x1000);
	struct ct_channel_use uses[] = {told->closer, told->other};
	struct ct_facts *facts;

	uses[0].actor = closer;
	uses[1].actor = other;
	uses[0].resource = uses[1].resource = c;
	uses[0].why = uses[1].why = "told by hand";
	if (told->closer_waits)
		waits(&s, closer, CT_WAIT_RECV, c);
	if (told->other_waits)
		waits(&s, other, CT_WAIT_SEND, c);
	ct_sink_target(s.sink)->n_partial = n_partial;
	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4", .uses = uses, .n_uses = 2});
	struct ct_document *doc = judge(&s, &facts);
	assert_int_equal(count(doc, "CT219"), n_partial ? 0 : told->findings);
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, "CT219")) {
			assert_int_equal(doc->findings[i].confidence, told->confidence);
			assert_int_equal(doc->findings[i].level, CT_P2);
			assert_int_equal(doc->findings[i].actors[0], closer);
		}
	done(doc, facts);
}

static void a_receiver_that_will_close(void **state)
{
	const struct told cases[] = {
		/* It sends for ever; the closer receives in its code, or waits to. */
		{{.closes = true, .sure = true, .receives = true}, {.sends = 1, .endless = true},
			false, true, 1, CT_LIKELY},
		{{.closes = true, .sure = true}, {.sends = 1, .endless = true}, true, false, 1,
			CT_LIKELY},
		/* That it closes is not sure; nor that it sends for ever. */
		{{.closes = true, .receives = true}, {.sends = 1, .endless = true}, false, true, 1,
			CT_POSSIBLE},
		{{.closes = true, .sure = true, .receives = true}, {.sends = 1}, false, true, 1,
			CT_POSSIBLE},
		{{.closes = true, .sure = true, .receives = true}, {.sends = 2}, false, false, 1,
			CT_POSSIBLE},
		/* One send of each; nobody but the closer; no receiver; one that sends itself. */
		{{.closes = true, .sure = true, .receives = true}, {.sends = 1}, false, false, 0,
			0},
		{{.closes = true, .sure = true, .receives = true}, {.sends = 0}, false, true, 0, 0},
		{{.closes = true, .sure = true}, {.sends = 3, .endless = true}, false, true, 0, 0},
		{{.closes = true, .sure = true, .receives = true, .sends = 1}, {.receives = true},
			false, false, 0, 0},
		{{.receives = true}, {.sends = 3, .endless = true}, true, true, 0, 0},
		/* It is closed, and somebody has panicked: CT205 tells it. */
		{{.closes = true, .sure = true, .receives = true, .over = true},
			{.sends = 1, .endless = true, .over = true}, false, false, 0, 0},
	};

	(void)state;
	/* What else they do may be in what is missing. */
	for (size_t i = 0; i < CT_COUNT(cases); i++)
		for (uint32_t partial = 0; partial < 2; partial++)
			tell_uses(&cases[i], partial);
}

static uint32_t fatal_error(const char *kind, const char *rule)
{
	struct story s = begin(1);
	struct ct_facts *facts;
	uint32_t n;

	ct_sink_crash(s.sink, &(struct ct_crash){.actor = goroutine(&s, 18),
				      .class = CT_CRASH_GO,
				      .kind = kind,
				      .cause = "was ended",
				      .message = "told by hand",
				      .frame = CT_NONE});
	struct ct_document *doc = judge(&s, &facts);
	n = count(doc, rule);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_CRASH);
	done(doc, facts);
	return n;
}

/* Those about maps and bad pointers are rules of their own, and told once. */
static void maps_and_other_fatal_errors(void **state)
{
	(void)state;
	assert_int_equal(fatal_error("concurrent-map", "CT201"), 1);
	assert_int_equal(fatal_error("concurrent-map", "CT205"), 0);
	assert_int_equal(fatal_error("bad-pointer", "CT202"), 1);
	assert_int_equal(fatal_error("bad-pointer", "CT205"), 0);
	assert_int_equal(fatal_error("unlock-of-unlocked", "CT201"), 0);
	assert_int_equal(fatal_error("unlock-of-unlocked", "CT202"), 0);
	assert_int_equal(fatal_error("unlock-of-unlocked", "CT205"), 1);
}

/* The text of the note, or NULL; n goroutines, one more of the system's. */
static void many(uint32_t n, const struct ct_policy *policy, const char *words)
{
	struct story s = begin(1);
	struct ct_document *doc = NULL;
	const struct ct_note *note = NULL;
	struct ct_error err;

	for (uint32_t i = 0; i < n; i++)
		goroutine(&s, 100 + i);
	ct_sink_get_actor(s.sink, goroutine(&s, 99))->system = true;
	struct ct_facts *facts = story_end(&s);
	assert_int_equal(ct_detect(facts, policy, &doc, &err), CT_OK);
	assert_int_equal(count(doc, "CT226"), 0);
	for (uint32_t i = 0; i < ct_document_n_notes(doc); i++)
		if (ct_document_note(doc, i)->code == 226)
			note = ct_document_note(doc, i);
	assert_int_equal(note != NULL, words != NULL);
	if (note && !strstr(note->text, words))
		fail_msg("%s", note->text);
	done(doc, facts);
}

static void how_many_is_a_note(void **state)
{
	struct ct_setting own[] = {{.name = "goroutines", .value = 10}};
	struct ct_policy policy = {.thresholds = own, .n_thresholds = 1};

	(void)state;
	many(499, NULL, NULL);
	many(500, NULL, "500 of the program's own: more than most");
	many(1500, NULL, ": many (1500)");
	many(2000, NULL, ": very many (2000)");
	many(10, &policy, "more than most programs have (10)");
	many(9, &policy, NULL);
}

/* Two of three are in one function; the third has no stack: one finding for each place. */
static void what_spins_in_one_place_is_one_finding(void **state)
{
	struct story s = begin(1);
	struct ct_facts *facts;
	bool fresh;
	struct ct_frame frame = {.site = ct_sink_site(s.sink, 0x1234, false, &fresh)};
	ct_sink_get_site(s.sink, frame.site)->function = "main.poll";
	uint32_t poll = ct_sink_stack(s.sink,
			 &(struct ct_stack){
				 .frames = &frame, .n_frames = 1, .n_total = 1, .root = true}),
		 first = goroutine(&s, 18), second = goroutine(&s, 19), other = goroutine(&s, 20);

	(void)state;
	ct_sink_get_actor(s.sink, first)->stack = poll;
	ct_sink_get_actor(s.sink, second)->stack = poll;
	const struct ct_go_spin spins[] = {{first, 0, "told by hand"}, {other, 0, "told by hand"},
		{second, 0, "told by hand"}};
	ct_sink_go(
		s.sink, &(struct ct_fact_go){.version = "go1.24.4", .spins = spins, .n_spins = 3});
	struct ct_document *doc = judge(&s, &facts);
	assert_int_equal(count(doc, "CT217"), 2);
	assert_int_equal(doc->findings[0].n_actors, 2);
	assert_int_equal(doc->findings[0].level, CT_P1);
	assert_int_equal(doc->findings[0].confidence, CT_LIKELY);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_CLEAN);
	done(doc, facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_circle_of_goroutines_is_go_s_rule),
		cmocka_unit_test(one_that_waits_for_itself_is_go_s_rule),
		cmocka_unit_test(all_asleep_when_nothing_can_happen),
		cmocka_unit_test(all_asleep_is_as_sure_as_it_is_known),
		cmocka_unit_test(where_all_sleep_nobody_else_ends_a_knot),
		cmocka_unit_test(two_sides_of_one_lock_are_said_once),
		cmocka_unit_test(nil_channels_and_empty_selects),
		cmocka_unit_test(leaks_of_one_place_are_one_finding),
		cmocka_unit_test(a_receiver_that_will_close),
		cmocka_unit_test(maps_and_other_fatal_errors),
		cmocka_unit_test(how_many_is_a_note),
		cmocka_unit_test(what_spins_in_one_place_is_one_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
