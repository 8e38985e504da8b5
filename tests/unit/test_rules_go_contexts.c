/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about contexts on facts told by hand, and when they stay silent. */
#include "story.h"

#include "facts/go.h"
#include "rules/contexts.h"
#include "rules/other_side.h"
#include "rules/rules.h"

#define SECOND INT64_C(1000000000)

/* One goroutine that waits, and has a context: what is true of it. */
struct tale {
	struct ct_go_context above, own; /* own is derived from above */
	struct ct_go_context_use use;
	struct ct_wait wait;
	const char *function; /* of its stack; NULL: it has none */
	/* Another goroutine, which waits for ever, holds what it waits for, or will end the wait.
	 */
	bool held, peer;
	bool runs;   /* that one runs */
	bool behind; /* that one waits for a lock that one has who runs */
	bool system;
};

static const struct tale late = {
	.above = {.address = 0xc0001000,
		.type = "context.timerCtx",
		.kind = CT_CONTEXT_TIMER,
		.err = "context deadline exceeded",
		.overdue_ns = 5 * SECOND,
		.parent = CT_NONE,
		.cancels = 0,
		.done = CT_NONE},
	.own = {.address = 0xc0002000,
		.type = "context.cancelCtx",
		.kind = CT_CONTEXT_CANCEL,
		.err = "context deadline exceeded",
		.parent = 0,
		.cancels = 1,
		.done = CT_NONE},
	.use = {.context = 1, .frame = CT_NONE},
	.wait = {.kind = CT_WAIT_SEND, .why = "told by hand"},
};

static uint32_t stack_of(struct story *s, const char *function)
{
	bool fresh;
	uint32_t site = ct_sink_site(s->sink, 0x401000, true, &fresh);
	struct ct_frame frame = {.site = site};

	ct_sink_get_site(s->sink, site)->function = function;
	return ct_sink_stack(s->sink,
		&(struct ct_stack){.frames = &frame, .n_frames = 1, .n_total = 1, .root = true});
}

static void hold(struct story *s, uint32_t actor, uint32_t resource)
{
	ct_sink_hold(s->sink, &(struct ct_hold){.actor = actor,
				      .resource = resource,
				      .trust = CT_TRUST_INFERRED,
				      .took_frame = CT_NONE,
				      .why = "it will call Unlock"});
}

/* How often the rule speaks. */
static uint32_t ask(const struct tale *t, const char *rule, struct ct_finding *ret)
{
	struct story s = story_begin(
		CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_CONTEXTS | CT_WANT_ALL_CONTEXTS);
	struct ct_go_context contexts[2] = {t->above, t->own};
	struct ct_go_context_use use = t->use;
	const uint32_t first_use = 0;
	bool fresh;
	uint32_t n = 0, resource, owner;
	struct ct_document *doc = NULL;
	struct ct_error err;

	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	use.actor = story_goroutine(&s, 18, CT_STATE_WAITING);
	owner = story_goroutine(&s, 19, t->runs ? CT_STATE_RUNNING : CT_STATE_WAITING);
	ct_sink_get_actor(s.sink, use.actor)->system = t->system;
	if (t->function)
		ct_sink_get_actor(s.sink, use.actor)->stack = stack_of(&s, t->function);
	resource = ct_sink_resource(s.sink, "go_chan", 0xc0003000, &fresh);
	s.waits[s.n_waits] = t->wait;
	s.waits[s.n_waits].actor = use.actor;
	s.waits[s.n_waits++].resource = resource;
	s.waits[s.n_waits++] = (struct ct_wait){.kind = CT_WAIT_RECV,
		.actor = owner,
		.resource = ct_sink_resource(s.sink, "go_chan", 0xc0004000, &fresh),
		.why = "told by hand"};
	s.n_waits -= t->runs;
	if (t->behind) {
		uint32_t lock = story_mutex(&s, 0x7000, NULL);

		s.waits[s.n_waits - 1].kind = CT_WAIT_MUTEX;
		s.waits[s.n_waits - 1].resource = lock;
		hold(&s, story_goroutine(&s, 20, CT_STATE_RUNNING), lock);
	}
	if (t->held)
		hold(&s, owner, resource);
	if (t->peer) /* of the first wait */
		ct_sink_peer(s.sink, 0,
			&(struct ct_peer){.actor = owner,
				.trust = CT_TRUST_INFERRED,
				.why = "it will receive"});
	contexts[use.context].n_uses = 1;
	ct_sink_go_contexts(s.sink, &(struct ct_fact_go_contexts){.contexts = contexts,
					    .uses = &use,
					    .uses_by_context = &first_use,
					    .n_contexts = 2,
					    .n_uses = 1});
	struct ct_facts *facts = story_end(&s);
	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, rule)) {
			if (ret)
				*ret = doc->findings[i];
			n++;
		}
	ct_document_free(doc);
	ct_facts_free(facts);
	return n;
}

static void one_that_waits_on_is_told(void **state)
{
	struct ct_finding finding;
	struct tale t = late;

	(void)state;
	assert_int_equal(ask(&t, "CT213", &finding), 1);
	assert_int_equal(finding.level, CT_P1);
	assert_int_equal(finding.confidence, CT_LIKELY);
	t.use.context = 0;
	assert_int_equal(ask(&t, "CT213", NULL), 1);
	t.wait.kind = CT_WAIT_COND;
	assert_int_equal(ask(&t, "CT213", NULL), 1);
	t.wait.kind = CT_WAIT_MUTEX;
	t.held = true;
	assert_int_equal(ask(&t, "CT213", NULL), 1);
	t = late;
	t.peer = true;
	assert_int_equal(ask(&t, "CT213", NULL), 1);
	t = late;
	t.function = "main.Waiter";
	assert_int_equal(ask(&t, "CT213", NULL), 1);
	/* That is how a Cond is waited for. */
	t.function = "sync.(*Cond).Wait";
	assert_int_equal(ask(&t, "CT213", NULL), 1);
}

/* Each differs in one thing. */
static void what_may_well_wait_is_not(void **state)
{
	struct tale not [21];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < CT_COUNT(not ); i++)
		not [i] = late;
	not [n++].use.awaits = true;
	not [n++].use.deferred = true;
	not [n++].use.guessed = true;
	not [n++].wait.timed = true;
	not [n++].wait.outside = true;
	not [n++].wait.never = true;
	not [n++].wait.kind = CT_WAIT_WAITGROUP;
	not [n++].wait.kind = CT_WAIT_IO;
	not [n++].wait.kind = CT_WAIT_SLEEP;
	not [n++].above.overdue_ns = SECOND - 1;
	not [n++].above.overdue_ns = 0;
	not [n++].above.overdue_ns = -SECOND;
	not [n++].own.err = NULL;
	/* As of context.WithoutCancel(). */
	not [n++].own.cancels = CT_NONE;
	not [n++].function = "net/http.(*Server).Shutdown";
	not [n++].function = "golang.org/x/sync/errgroup.(*Group).Wait";
	not [n++].system = true;
	not [n].wait.kind = CT_WAIT_MUTEX;
	not [n].held = true;
	not [n++].runs = true;
	not [n].peer = true;
	not [n++].runs = true;
	not [n].wait.kind = CT_WAIT_MUTEX;
	not [n].held = true;
	not [n++].behind = true;
	not [n].peer = true;
	not [n++].behind = true;
	assert_int_equal(n, CT_COUNT(not ));
	for (size_t i = 0; i < n; i++)
		if (ask(&not [i], "CT213", NULL))
			fail_msg("CT213 is told of case %zu", i);
}

/* Whose lock is not known may be free again soon. */
static void a_lock_of_nobody_known_is_not(void **state)
{
	struct tale t = late;

	(void)state;
	t.wait.kind = CT_WAIT_MUTEX;
	assert_int_equal(ask(&t, "CT213", NULL), 0);
}

/* Of two contexts that are over the first is told, which is the innermost. */
static void one_goroutine_is_told_once(void **state)
{
	struct ct_go_context contexts[2] = {late.above, late.own};
	struct ct_go_context_use uses[2] = {late.use, late.use};
	const uint32_t by_context[2] = {1, 0};
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_CONTEXTS);
	struct ct_document *doc = NULL;
	struct ct_error err;
	bool fresh;

	(void)state;
	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	(void)story_goroutine(&s, 1, CT_STATE_RUNNING);
	uses[0].actor = uses[1].actor = story_goroutine(&s, 18, CT_STATE_WAITING);
	uses[1].context = 0;
	contexts[0].n_uses = contexts[1].n_uses = 1;
	contexts[1].first_use = 1;
	contexts[1].cause = "the shop is closed";
	story_waits(&s, uses[0].actor, ct_sink_resource(s.sink, "go_chan", 0xc0003000, &fresh),
		CT_TRUST_EXACT)
		->kind = CT_WAIT_SEND;
	ct_sink_go_contexts(s.sink, &(struct ct_fact_go_contexts){.contexts = contexts,
					    .uses = uses,
					    .uses_by_context = by_context,
					    .n_contexts = 2,
					    .n_uses = 2});
	struct ct_facts *facts = story_end(&s);
	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	assert_int_equal(doc->n_findings, 1);
	assert_string_equal(doc->findings[0].rule, "CT213");
	assert_int_equal(doc->findings[0].n_steps, 1);
	assert_non_null(strstr(doc->findings[0].title, "goroutine 18 "));
	assert_non_null(strstr(doc->findings[0].steps[0].text, "0xc0002000"));
	assert_non_null(strstr(doc->findings[0].steps[0].text, "the shop is closed"));
	ct_document_free(doc);
	ct_facts_free(facts);
}

static void one_that_nothing_cancels_is_told(void **state)
{
	struct ct_finding finding;
	struct tale t = late;

	(void)state;
	assert_int_equal(ask(&t, "CT223", NULL), 0);
	t.above.err = t.own.err = NULL;
	assert_int_equal(ask(&t, "CT223", NULL), 0);
	t.own.lost = true;
	assert_int_equal(ask(&t, "CT223", &finding), 1);
	assert_int_equal(finding.level, CT_P2);
	assert_int_equal(finding.confidence, CT_LIKELY);
	assert_int_equal(ask(&t, "CT213", NULL), 0);
}

static void durations_are_never_said_too_well(void **state)
{
	struct ct_arena arena = {0};

	(void)state;
	assert_string_equal(ct_say_duration(&arena, 40 * 3600 * SECOND - 1), "39 h");
	assert_string_equal(ct_say_at_most(&arena, 40 * 3600 * SECOND - 1), "40 h");
	assert_string_equal(ct_say_at_most(&arena, 40 * 3600 * SECOND), "40 h");
	assert_string_equal(ct_say_at_most(&arena, 1), "1 ms");
	ct_arena_free(&arena);
}

/* ---- whose Done() somebody waits at ---- */

/* A goroutine receives from channel 1 of two; contexts[2] has that for its Done(), and is below
 * contexts[1], which is below contexts[0]. */
struct done_tale {
	struct ct_go_context contexts[3];
	bool is_select, peer, leaked;
	enum ct_wait_kind kind;
};

static const struct done_tale waiting = {
	.contexts = {{.address = 0xa0,
			     .type = "context.timerCtx",
			     .kind = CT_CONTEXT_TIMER,
			     .overdue_ns = -9 * SECOND,
			     .parent = CT_NONE,
			     .cancels = 0,
			     .done = CT_NONE},
		{.address = 0xb0,
			.type = "context.timerCtx",
			.kind = CT_CONTEXT_TIMER,
			.overdue_ns = -4 * SECOND,
			.parent = 0,
			.cancels = 1,
			.done = CT_NONE},
		{.address = 0xc0,
			.type = "context.cancelCtx",
			.kind = CT_CONTEXT_CANCEL,
			.parent = 1,
			.cancels = 2,
			.done = 1}},
	.kind = CT_WAIT_RECV,
};

/* What is said of the Done(), and of who ends the wait; "": nothing. */
static void ask_done(const struct done_tale *t, const char *done, const char *other_side)
{
	struct story s = story_begin(CT_WANT_GOROUTINES | CT_WANT_CONTEXTS | CT_WANT_LEAKS);
	const uint32_t dones[] = {2};
	struct ct_arena words = {0};
	bool fresh;
	uint32_t actor = story_goroutine(&s, 18, CT_STATE_WAITING);
	const struct ct_go_leak leak = {.actor = actor};

	ct_sink_go(
		s.sink, &(struct ct_fact_go){.version = "go1.24.4",
				.leaks = ct_arena_copy(ct_sink_arena(s.sink), &leak, sizeof(leak)),
				.n_leaks = t->leaked});
	for (uint64_t i = 0; i < 3; i++)
		ct_sink_resource(s.sink, "go_chan", 0x1000 * (i + 1), &fresh);
	uint32_t wait = ct_sink_wait(s.sink, &(struct ct_wait){.kind = (uint8_t)t->kind,
						     .actor = actor,
						     .any_of = t->is_select,
						     .resource = 1,
						     .why = "told by hand"});
	if (t->is_select)
		ct_sink_wait(s.sink, &(struct ct_wait){.kind = CT_WAIT_RECV,
					     .actor = actor,
					     .any_of = true,
					     .resource = 2,
					     .why = "told by hand"});
	if (t->peer)
		ct_sink_peer(s.sink, wait,
			&(struct ct_peer){.actor = story_goroutine(&s, 19, CT_STATE_RUNNING),
				.trust = CT_TRUST_INFERRED,
				.why = "told by hand",
				.deed = {.kind = CT_DEED_CLOSE, .sure = true, .site = CT_NONE}});
	ct_sink_go_contexts(s.sink,
		&(struct ct_fact_go_contexts){.contexts = ct_arena_copy(ct_sink_arena(s.sink),
						      t->contexts, sizeof(t->contexts)),
			.dones = dones,
			.n_contexts = 3,
			.n_dones = 1});
	struct ct_facts *facts = story_end(&s);
	const char *said = ct_say_done(&words, facts, 1);
	const char *other = ct_say_other_side(&words, facts, actor);
	assert_string_equal(said ? said : "", done);
	assert_string_equal(other ? other : "", other_side);
	/* The other channels are none's. */
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(ct_say_done(&words, facts, i) != NULL, i == 1);
	assert_null(ct_say_done(&words, facts, CT_NONE));
	ct_arena_free(&words);
	ct_facts_free(facts);
}

static void whose_done_it_is(void **state)
{
	struct done_tale t = waiting;

	(void)state;
	/* The first deadline above it. */
	ask_done(&t,
		"the Done() of cancelCtx 0xc0, which timerCtx 0xb0 above cancels in at most 4 s",
		"the deadline of timerCtx 0xb0 will close it, in at most 4 s");
	t.contexts[0].overdue_ns = -3 * SECOND;
	ask_done(&t,
		"the Done() of cancelCtx 0xc0, which timerCtx 0xa0 above cancels in at most 3 s",
		"the deadline of timerCtx 0xa0 will close it, in at most 3 s");
	/* Its own. */
	t.contexts[2].overdue_ns = -2 * SECOND;
	ask_done(&t, "the Done() of cancelCtx 0xc0, deadline in at most 2 s",
		"the deadline of cancelCtx 0xc0 will close it, in at most 2 s");
	t = waiting;
	t.is_select = true;
	ask_done(&t,
		"the Done() of cancelCtx 0xc0, which timerCtx 0xb0 above cancels in at most 4 s",
		"the deadline of timerCtx 0xb0 will close the channel at 0x2000, in at most 4 s");
	t.is_select = false;
	t.peer = true;
	ask_done(&t,
		"the Done() of cancelCtx 0xc0, which timerCtx 0xb0 above cancels in at most 4 s",
		"goroutine 19 will close it; it is running; at the latest the deadline of timerCtx "
		"0xb0 will close it, in at most 4 s");
}

static void no_deadline_is_promised(void **state)
{
	static const char nobody[] = "nobody was found that will send to it or close it";
	struct done_tale t = waiting;

	(void)state;
	/* None; another clock; what is above it does not cancel it, or is over. */
	t.contexts[0].overdue_ns = t.contexts[1].overdue_ns = 0;
	ask_done(&t, "the Done() of cancelCtx 0xc0", nobody);
	t.contexts[2].deadline = "2026-03-01T12:00:00Z";
	ask_done(&t, "the Done() of cancelCtx 0xc0, deadline 2026-03-01T12:00:00Z", nobody);
	t = waiting;
	t.contexts[1].cancels = CT_NONE;
	ask_done(&t, "the Done() of cancelCtx 0xc0", nobody);
	t = waiting;
	t.contexts[2].parent = CT_NONE;
	ask_done(&t, "the Done() of cancelCtx 0xc0", nobody);
	t = waiting;
	t.contexts[1].err = "context canceled";
	ask_done(&t, "the Done() of cancelCtx 0xc0", nobody);
	t = waiting;
	t.contexts[0].overdue_ns = 3 * SECOND;
	ask_done(&t, "the Done() of cancelCtx 0xc0", nobody);
	t = waiting;
	t.contexts[0].err = "context canceled";
	ask_done(&t, "the Done() of cancelCtx 0xc0", nobody);
	t = waiting;
	t.contexts[2].err = "context canceled";
	ask_done(&t, "the Done() of cancelCtx 0xc0, cancelled: context canceled", nobody);
	/* Nothing leads to it, so no timer does. */
	t = waiting;
	t.leaked = true;
	ask_done(&t,
		"the Done() of cancelCtx 0xc0, which timerCtx 0xb0 above cancels in at most 4 s",
		"nobody will send to it or close it: no goroutine that can run holds the other "
		"end");
	t = waiting;
	t.kind = CT_WAIT_SEND;
	ask_done(&t,
		"the Done() of cancelCtx 0xc0, which timerCtx 0xb0 above cancels in at most 4 s",
		"nobody was found that will receive from it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_waits_on_is_told),
		cmocka_unit_test(what_may_well_wait_is_not),
		cmocka_unit_test(one_goroutine_is_told_once),
		cmocka_unit_test(one_that_nothing_cancels_is_told),
		cmocka_unit_test(a_lock_of_nobody_known_is_not),
		cmocka_unit_test(durations_are_never_said_too_well),
		cmocka_unit_test(whose_done_it_is),
		cmocka_unit_test(no_deadline_is_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
