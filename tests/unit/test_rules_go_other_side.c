/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of the other side of a wait, on facts told by hand. */
#include "facts/go.h"
#include "facts/go_references.h"
#include "facts/go_timers.h"
#include "rules/other_side.h"
#include "story.h"

#define CHANNEL 0x2000

#define N_USES 100

struct told {
	struct story story;
	struct ct_go_leak leaks[4];
	struct ct_channel_use uses[N_USES];
	struct ct_fact_go go;
	struct ct_facts *facts;
	struct ct_arena words;
};

static struct told *begin(void)
{
	struct told *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->story = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_LEAKS);
	t->go.version = "go1.24.4";
	return t;
}

static uint32_t goroutine(struct told *t, uint64_t id, enum ct_actor_state state)
{
	return story_goroutine(&t->story, id, state);
}

static uint32_t channel(struct told *t, uint64_t at)
{
	bool fresh;

	return ct_sink_resource(t->story.sink, "go_chan", at, &fresh);
}

static uint32_t waits(struct told *t, uint32_t actor, enum ct_wait_kind kind, uint32_t resource)
{
	return ct_sink_wait(t->story.sink, &(struct ct_wait){.kind = (uint8_t)kind,
						   .trust = CT_TRUST_EXACT,
						   .actor = actor,
						   .resource = resource,
						   .why = "told by hand"});
}

static struct ct_deed deed(enum ct_deed_kind kind, bool deferred)
{
	return (struct ct_deed){
		.kind = (uint8_t)kind, .sure = true, .deferred = deferred, .site = CT_NONE};
}

static void peer(struct told *t, uint32_t wait, uint32_t actor, struct ct_deed does)
{
	ct_sink_peer(t->story.sink, wait,
		&(struct ct_peer){.actor = actor,
			.trust = CT_TRUST_INFERRED,
			.why = "told by hand",
			.deed = does});
}

static struct ct_channel_use closes(uint32_t actor, uint32_t resource)
{
	return (struct ct_channel_use){.actor = actor,
		.resource = resource,
		.closes = true,
		.deed = deed(CT_DEED_CLOSE, false)};
}

static void leaked(struct told *t, uint32_t actor)
{
	t->leaks[t->go.n_leaks++].actor = actor;
}

static const char *say(struct told *t, uint32_t actor)
{
	struct ct_arena *arena = ct_sink_arena(t->story.sink);

	t->go.leaks = ct_arena_copy(arena, t->leaks, sizeof(t->leaks));
	t->go.uses = ct_arena_copy(arena, t->uses, sizeof(t->uses));
	ct_sink_go(t->story.sink, &t->go);
	t->facts = story_end(&t->story);
	return ct_say_other_side(&t->words, t->facts, actor);
}

static void done(struct told *t)
{
	ct_arena_free(&t->words);
	ct_facts_free(t->facts);
	free(t);
}

static void expect(const char *text, const char *wanted)
{
	assert_non_null(text);
	assert_string_equal(text, wanted);
}

enum doubt { NONE, NOT_FOUND, DOUBT, GUESSED, PARTIAL, NOT_STILL };

/* A sender alone, that is leaked unless said. */
static void sender_alone(enum doubt doubt, const char *wanted)
{
	static const char *const part[] = {"part of it is missing"};
	struct told *t = begin();
	uint32_t sender = goroutine(t, 7, CT_STATE_WAITING);

	waits(t, sender, CT_WAIT_SEND, channel(t, CHANNEL));
	if (doubt != NOT_FOUND)
		leaked(t, sender);
	t->go.leaks_doubt = doubt == DOUBT ? "the collector is at work" : NULL;
	t->go.guessed = doubt == GUESSED;
	if (doubt == PARTIAL) {
		ct_sink_target(t->story.sink)->partial = part;
		ct_sink_target(t->story.sink)->n_partial = 1;
	}
	ct_sink_target(t->story.sink)->still = doubt != NOT_STILL;
	expect(say(t, sender), wanted);
	done(t);
}

static void that_nobody_will_is_said_of_proven_leaks_alone(void **state)
{
	static const char seen[] = "nobody was found that will receive from it: no goroutine that "
				   "can run was seen to hold the other end";

	(void)state;
	sender_alone(
		NONE, "nobody will receive from it: no goroutine that can run holds the other end");
	sender_alone(NOT_FOUND, "nobody was found that will receive from it");
	sender_alone(DOUBT, seen);
	sender_alone(GUESSED, seen);
	sender_alone(PARTIAL, seen);
	sender_alone(NOT_STILL, seen);
}

/* A sender that is leaked, when somebody has looked for what leads to its channel. */
static void sender_referred(const struct ct_go_referred *referred, bool partial, bool alone)
{
	struct told *t = begin();
	uint32_t sender = goroutine(t, 7, CT_STATE_WAITING);

	waits(t, sender, CT_WAIT_SEND, channel(t, CHANNEL));
	leaked(t, sender);
	ct_sink_go_references(
		t->story.sink, &(struct ct_fact_go_references){
				       .objects = ct_arena_copy(ct_sink_arena(t->story.sink),
					       referred, sizeof(*referred)),
				       .n = 1,
				       .partial = partial});
	expect(say(t, sender), alone ? "nobody will receive from it: nothing else leads to it"
				     : "nobody will receive from it: no goroutine that can run "
				       "holds the other end");
	done(t);
}

static void that_nothing_leads_to_it_is_said_where_that_was_looked_for(void **state)
{
	static const struct ct_go_reference one = {.actor = CT_NONE, .by = "variable main.shop"};

	(void)state;
	sender_referred(&(struct ct_go_referred){.address = CHANNEL}, false, true);
	sender_referred(&(struct ct_go_referred){.address = CHANNEL}, true, false);
	sender_referred(&(struct ct_go_referred){.address = CHANNEL, .own = true}, false, false);
	sender_referred(&(struct ct_go_referred){.address = CHANNEL, .n_more = 1}, false, false);
	sender_referred(
		&(struct ct_go_referred){.address = CHANNEL, .list = &one, .n = 1}, false, false);
	sender_referred(&(struct ct_go_referred){.address = 0x3000}, false, false);
}

static void who_closes_it_is_told_with_what_keeps_that_one(void **state)
{
	struct told *t = begin();
	uint32_t receiver = goroutine(t, 7, CT_STATE_WAITING);
	uint32_t closer = goroutine(t, 17, CT_STATE_WAITING);
	uint32_t wait = waits(t, receiver, CT_WAIT_RECV, channel(t, CHANNEL));

	(void)state;
	waits(t, closer, CT_WAIT_SEND, channel(t, 0x3000));
	peer(t, wait, closer, deed(CT_DEED_CLOSE, true));
	leaked(t, receiver);
	leaked(t, closer);
	expect(say(t, receiver), "goroutine 17 will close it (deferred), but is itself blocked on "
				 "the channel at 0x3000, to send");
	done(t);
}

/* A close makes a sender panic; nobody needs to have told that it ends the wait. */
static void who_closes_it_under_a_sender_is_told(void **state)
{
	struct told *t = begin();
	uint32_t sender = goroutine(t, 7, CT_STATE_WAITING);
	uint32_t closer = goroutine(t, 17, CT_STATE_RUNNING), at = channel(t, CHANNEL);

	(void)state;
	waits(t, sender, CT_WAIT_SEND, at);
	t->uses[t->go.n_uses++] = closes(closer, at);
	/* Itself, who only sends, and who closes another one are not told. */
	t->uses[t->go.n_uses++] = closes(sender, at);
	t->uses[t->go.n_uses++] = (struct ct_channel_use){
		.actor = goroutine(t, 18, CT_STATE_RUNNING), .resource = at, .sends = 1};
	t->uses[t->go.n_uses++] = closes(closer, channel(t, 0x3000));
	expect(say(t, sender), "goroutine 17 will close it; it is running");
	done(t);
}

/* Who only sends to it, too, ends nothing. */
static void who_uses_it_and_closes_it_not_is_no_waker(void **state)
{
	struct told *t = begin();
	uint32_t sender = goroutine(t, 7, CT_STATE_WAITING);
	uint32_t other = goroutine(t, 17, CT_STATE_RUNNING), at = channel(t, CHANNEL);

	(void)state;
	waits(t, sender, CT_WAIT_SEND, at);
	t->uses[t->go.n_uses++] =
		(struct ct_channel_use){.actor = other, .resource = at, .sends = 1};
	expect(say(t, sender), "nobody was found that will receive from it");
	done(t);
}

/* Each of those who wait would go through all who close it. */
static void of_a_crowd_that_closes_it_some_are_looked_at(void **state)
{
	struct told *t = begin();
	uint32_t sender = goroutine(t, 7, CT_STATE_WAITING), at = channel(t, CHANNEL);

	(void)state;
	waits(t, sender, CT_WAIT_SEND, at);
	for (uint64_t id = 100; id < 100 + N_USES; id++)
		t->uses[t->go.n_uses++] = closes(goroutine(t, id, CT_STATE_RUNNABLE), at);
	expect(say(t, sender),
		"goroutine 100 will close it; it is runnable; goroutine 101 will close it; it is "
		"runnable; so may at least 62 more");
	done(t);
}

static void who_can_go_on_is_told_first_and_the_rest_counted(void **state)
{
	struct told *t = begin();
	uint32_t sender = goroutine(t, 7, CT_STATE_WAITING);
	uint32_t wait = waits(t, sender, CT_WAIT_SEND, channel(t, CHANNEL));

	(void)state;
	for (uint64_t id = 20; id < 40; id++) {
		uint32_t stuck = goroutine(t, id, CT_STATE_WAITING);

		waits(t, stuck, CT_WAIT_RECV, channel(t, 0x3000));
		peer(t, wait, stuck, deed(CT_DEED_RECEIVE, false));
	}
	uint32_t runs = goroutine(t, 40, CT_STATE_RUNNABLE);
	struct ct_deed may = deed(CT_DEED_RECEIVE, false);
	may.sure = false;
	peer(t, wait, runs, may);
	expect(say(t, sender),
		"goroutine 40 may receive from it; it is runnable; goroutine 20 will receive from "
		"it, but is itself blocked on the channel at 0x3000, to receive; so may 19 more");
	done(t);
}

static void who_waits_for_a_time_is_not_blocked(void **state)
{
	struct told *t = begin();
	uint32_t sender = goroutine(t, 7, CT_STATE_WAITING);
	uint32_t receiver = goroutine(t, 8, CT_STATE_WAITING);
	uint32_t wait = waits(t, sender, CT_WAIT_SEND, channel(t, CHANNEL));

	(void)state;
	waits(t, receiver, CT_WAIT_RECV, channel(t, 0x3000));
	ct_sink_wait(t->story.sink, &(struct ct_wait){.kind = CT_WAIT_RECV,
					    .any_of = true,
					    .timed = true,
					    .actor = receiver,
					    .resource = channel(t, 0x4000),
					    .why = "a timer"});
	peer(t, wait, receiver, deed(CT_DEED_RECEIVE, false));
	expect(say(t, sender), "goroutine 8 will receive from it; it is waiting");
	done(t);
}

static void its_own_lock(void **state)
{
	struct told *t = begin();
	uint32_t one = goroutine(t, 7, CT_STATE_WAITING);
	bool fresh;
	uint32_t lock = ct_sink_resource(t->story.sink, "go_mutex", 0x5000, &fresh);

	(void)state;
	waits(t, one, CT_WAIT_MUTEX, lock);
	ct_sink_hold(t->story.sink, &(struct ct_hold){.actor = one,
					    .resource = lock,
					    .trust = CT_TRUST_INFERRED,
					    .why = "told by hand",
					    .took_frame = CT_NONE,
					    .deed = deed(CT_DEED_UNLOCK, true)});
	expect(say(t, one), "nobody but itself will unlock it (deferred), once it goes on");
	done(t);
}

static void a_wait_that_ends_by_itself_has_no_other_side(void **state)
{
	struct told *t = begin();
	uint32_t one = goroutine(t, 7, CT_STATE_WAITING);

	(void)state;
	ct_sink_wait(t->story.sink, &(struct ct_wait){.kind = CT_WAIT_RECV,
					    .timed = true,
					    .actor = one,
					    .resource = channel(t, CHANNEL),
					    .why = "a timer"});
	assert_null(say(t, one));
	done(t);
}

/* The wait says itself that its owner is gone. */
static void a_wait_whose_owner_is_gone_has_no_other_side(void **state)
{
	struct told *t = begin();
	uint32_t one = goroutine(t, 7, CT_STATE_WAITING);

	(void)state;
	ct_sink_wait(t->story.sink, &(struct ct_wait){.kind = CT_WAIT_RECV,
					    .owner_gone = CT_OWNER_UNNAMED,
					    .actor = one,
					    .resource = channel(t, CHANNEL),
					    .why = "told by hand"});
	assert_null(say(t, one));
	done(t);
}

static void each_case_of_a_select_is_named(void **state)
{
	struct told *t = begin();
	uint32_t one = goroutine(t, 7, CT_STATE_WAITING);
	uint32_t sender = goroutine(t, 8, CT_STATE_RUNNABLE);

	(void)state;
	waits(t, one, CT_WAIT_SEND, channel(t, 0x3000));
	uint32_t wait = waits(t, one, CT_WAIT_RECV, channel(t, CHANNEL));
	peer(t, wait, sender, deed(CT_DEED_SEND, false));
	expect(say(t, one), "goroutine 8 will send to the channel at 0x2000; it is runnable");
	done(t);
}

/* Functions of timers 0 to 2 have, or will do something to, the channels at CHANNEL, CHANNEL and
 * CHANNEL + 0x100; somebody receives from the first, or by select from both. */
struct timed {
	int64_t fires[2], other;
	enum ct_deed_kind deeds[3];
	bool may; /* of the last one */
	bool no_clock, is_select, peer, leaked, no_timers;
};

static void ask_timers(const struct timed *timed, const char *wanted)
{
	struct told *t = begin();
	uint32_t receiver = goroutine(t, 7, CT_STATE_WAITING);
	uint32_t wait = waits(t, receiver, CT_WAIT_RECV, channel(t, CHANNEL));
	uint32_t other = channel(t, CHANNEL + 0x100);
	struct ct_go_timer_deed deeds[3];
	bool fresh;
	uint32_t site = ct_sink_site(t->story.sink, 0x400000, false, &fresh);

	ct_sink_get_site(t->story.sink, site)->function = "main.stop";
	ct_sink_get_site(t->story.sink, site)->module = CT_NONE;
	if (timed->is_select)
		waits(t, receiver, CT_WAIT_RECV, other);
	if (timed->peer)
		peer(t, wait, goroutine(t, 8, CT_STATE_RUNNING), deed(CT_DEED_CLOSE, false));
	if (timed->leaked)
		leaked(t, receiver);
	for (uint32_t i = 0; i < 3; i++)
		deeds[i] = (struct ct_go_timer_deed){.resource = i < 2 ? other - 1 : other,
			.site = site,
			.fires = i < 2 ? timed->fires[i] : timed->other,
			.deed = {.kind = (uint8_t)timed->deeds[i],
				.sure = i < 2 || !timed->may,
				.site = CT_NONE}};
	const struct ct_fact_go_timers fact = {
		.deeds = ct_arena_copy(ct_sink_arena(t->story.sink), deeds, sizeof(deeds)),
		.n_deeds = timed->no_timers ? 0 : 3,
		.clock = !timed->no_clock};
	ct_sink_go_timers(t->story.sink, &fact);
	expect(say(t, receiver), wanted);
	done(t);
}

#define SOME_FIRE .fires = {3000000000, 5000000000}, .other = 2000000000

static void timers_that_have_it(void **state)
{
	static const char nobody[] = "nobody was found that will send to it or close it";

	(void)state;
	/* The first of two; not that of another channel. */
	ask_timers(&(struct timed){SOME_FIRE},
		"nobody was found that will send to it or close it; but a timer that has it calls "
		"main.stop() in at most 3 s");
	ask_timers(&(struct timed){SOME_FIRE, .is_select = true},
		"nobody was found that will do what any of its cases waits for; but a timer that "
		"has the channel at 0x2100 calls main.stop() in at most 2 s");
	ask_timers(&(struct timed){SOME_FIRE, .peer = true},
		"goroutine 8 will close it; it is running; a timer that has it calls main.stop() "
		"in at most 3 s");
	ask_timers(&(struct timed){.fires = {-1, 5000000000}},
		"nobody was found that will send to it or close it; but a timer that has it and is "
		"due calls main.stop()");
	ask_timers(&(struct timed){.fires = {3000000000, 0}, .no_clock = true},
		"nobody was found that will send to it or close it; but a timer that has it calls "
		"main.stop()");
	ask_timers(&(struct timed){SOME_FIRE, .no_timers = true}, nobody);
	ask_timers(&(struct timed){SOME_FIRE, .leaked = true},
		"nobody will send to it or close it: no goroutine that can run holds the other "
		"end");
}

static void timers_that_will_do_it(void **state)
{
	(void)state;
	ask_timers(&(struct timed){SOME_FIRE, .deeds = {CT_DEED_CLOSE}},
		"main.stop(), which a timer calls in at most 3 s, would close it");
	ask_timers(&(struct timed){.fires = {-1, 0}, .deeds = {CT_DEED_SEND}},
		"main.stop(), which a timer that is due calls, would send to it");
	ask_timers(&(struct timed){.fires = {-1, 0}, .deeds = {CT_DEED_SEND}, .no_clock = true},
		"main.stop(), which a timer calls, would send to it");
	ask_timers(&(struct timed){SOME_FIRE, .deeds = {CT_DEED_CLOSE}, .peer = true},
		"goroutine 8 will close it; it is running; main.stop(), which a timer calls in at "
		"most 3 s, would close it");
	/* Of a select what is known before what fires first, and what is sure before that. */
	ask_timers(&(struct timed){SOME_FIRE, .deeds = {CT_DEED_CLOSE}, .is_select = true},
		"main.stop(), which a timer calls in at most 3 s, would close the channel at "
		"0x2000");
	ask_timers(&(struct timed){SOME_FIRE, .deeds = {CT_DEED_CLOSE, 0, CT_DEED_CLOSE},
			   .may = true, .is_select = true},
		"main.stop(), which a timer calls in at most 3 s, would close the channel at "
		"0x2000");
	ask_timers(&(struct timed){SOME_FIRE, .deeds = {0, 0, CT_DEED_CLOSE}, .may = true,
			   .is_select = true},
		"main.stop(), which a timer calls in at most 2 s, may close the channel at 0x2100");
	ask_timers(&(struct timed){SOME_FIRE, .deeds = {CT_DEED_CLOSE}, .leaked = true},
		"nobody will send to it or close it: no goroutine that can run holds the other "
		"end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(that_nobody_will_is_said_of_proven_leaks_alone),
		cmocka_unit_test(that_nothing_leads_to_it_is_said_where_that_was_looked_for),
		cmocka_unit_test(who_closes_it_is_told_with_what_keeps_that_one),
		cmocka_unit_test(who_closes_it_under_a_sender_is_told),
		cmocka_unit_test(who_uses_it_and_closes_it_not_is_no_waker),
		cmocka_unit_test(of_a_crowd_that_closes_it_some_are_looked_at),
		cmocka_unit_test(who_can_go_on_is_told_first_and_the_rest_counted),
		cmocka_unit_test(who_waits_for_a_time_is_not_blocked),
		cmocka_unit_test(its_own_lock),
		cmocka_unit_test(a_wait_that_ends_by_itself_has_no_other_side),
		cmocka_unit_test(a_wait_whose_owner_is_gone_has_no_other_side),
		cmocka_unit_test(each_case_of_a_select_is_named),
		cmocka_unit_test(timers_that_have_it),
		cmocka_unit_test(timers_that_will_do_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
