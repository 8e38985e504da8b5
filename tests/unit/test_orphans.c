/* SPDX-License-Identifier: Apache-2.0 */
/* Who can still be woken, and what CT101, CT110 and CT111 make of those who cannot. */
#include "story.h"

#include "facts/go.h"
#include "rules/rules.h"

/* A resource that nobody holds by its nature. */
static uint32_t story_object(struct story *s, const char *kind, uint64_t address, const char *name)
{
	bool fresh;
	uint32_t r = ct_sink_resource(s->sink, kind, address, &fresh);

	ct_sink_get_resource(s->sink, r)->name = ct_sink_string(s->sink, name);
	return r;
}

static struct ct_wait *story_waits_as(
	struct story *s, uint32_t actor, uint32_t resource, enum ct_wait_kind kind)
{
	struct ct_wait *wait = story_waits(s, actor, resource, CT_TRUST_EXACT);

	wait->kind = kind;
	wait->outside = kind == CT_WAIT_IO || kind == CT_WAIT_SIGNAL;
	return wait;
}

static uint32_t story_barrier(struct story *s, uint64_t address, int64_t arrived, int64_t needed)
{
	uint32_t r = story_object(s, "pthread_barrier", address, "g_phase");

	ct_sink_value_int(s->sink, r, "arrived", arrived);
	ct_sink_value_int(s->sink, r, "needed", needed);
	return r;
}

/* The thread as what a join waits for. */
static uint32_t story_end_of(struct story *s, uint32_t actor)
{
	uint32_t r = story_object(s, "thread", 0x7f0000000000 + actor * 0x1000, "thread");

	ct_sink_get_resource(s->sink, r)->is_actor = true;
	ct_sink_get_resource(s->sink, r)->holders = CT_HOLDERS_COMPLETE;
	story_holds(s, actor, r, CT_TRUST_EXACT);
	return r;
}

static void story_joins(struct story *s, uint32_t actor, uint32_t other)
{
	story_waits_as(s, actor, story_end_of(s, other), CT_WAIT_JOIN);
}

static void threads(struct story *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		story_thread(s, i + 1, i ? "worker" : "main");
}

static struct ct_peer by(uint32_t actor, enum ct_trust trust, const char *why)
{
	return (struct ct_peer){.actor = actor, .trust = trust, .why = why};
}

/* Peers are added to facts that stand: peers[i] is that of waits[i], one each. */
static void set_peers(struct ct_facts *facts, const struct ct_peer *peers, uint32_t n)
{
	struct ct_wait *waits = (struct ct_wait *)(uintptr_t)facts->waits;

	facts->peers = ct_arena_copy(&facts->arena, peers, n * sizeof(*peers));
	for (uint32_t i = 0; i < n; i++)
		if (peers[i].why) {
			waits[i].first_peer = i;
			waits[i].n_peers = 1;
		}
}

struct told {
	struct ct_facts *facts;
	struct ct_document *doc;
};

static struct told judge(struct ct_facts *facts)
{
	struct told told = {.facts = facts};
	struct ct_error err;

	assert_int_equal(ct_detect(facts, NULL, &told.doc, &err), CT_OK);
	return told;
}

static void forget(struct told told)
{
	ct_document_free(told.doc);
	ct_facts_free(told.facts);
}

static const struct ct_finding *find(const struct told *told, const char *rule)
{
	for (uint32_t i = 0; i < told->doc->n_findings; i++)
		if (!strcmp(told->doc->findings[i].rule, rule))
			return &told->doc->findings[i];
	return NULL;
}

/* One finding, about so many actors, of that confidence; and none of another rule. */
static void assert_only(
	struct told told, const char *rule, enum ct_confidence confidence, uint32_t n_actors)
{
	const struct ct_finding *f = find(&told, rule);

	assert_non_null(f);
	assert_int_equal(told.doc->n_findings, 1);
	assert_int_equal(f->confidence, confidence);
	assert_int_equal(f->n_actors, n_actors);
	forget(told);
}

static void assert_silent(struct told told)
{
	assert_int_equal(told.doc->n_findings, 0);
	assert_int_equal(told.doc->graph->n_cycles, 0);
	forget(told);
}

/* Main, whatever it does, and three idle workers. */
static struct story pool(void)
{
	struct story s = story_begin(0);

	threads(&s, 4);
	uint32_t cond = story_object(&s, "pthread_cond", 0x1000, "g_jobs");
	for (uint32_t a = 1; a < 4; a++)
		story_waits_as(&s, a, cond, CT_WAIT_COND);
	return s;
}

static void a_pool_beside_anyone_free_is_idle(void **state)
{
	(void)state;
	static const struct {
		enum ct_wait_kind kind;
		bool timed, shared;
	} rows[] = {{CT_WAIT_IO, false, false}, {CT_WAIT_SLEEP, true, false},
		{CT_WAIT_SIGNAL, false, false}, {CT_WAIT_CHILD, false, false},
		{CT_WAIT_OTHER, false, false}, {CT_WAIT_FUTEX, false, false},
		{CT_WAIT_COND, true, false}, {CT_WAIT_MUTEX, true, false},
		{CT_WAIT_COND, false, true}, {CT_WAIT_SEM, false, true}};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct story s = pool();
		uint32_t other = story_object(&s, "futex", 0x2000, "g_other");
		ct_sink_get_resource(s.sink, other)->process_shared = rows[i].shared;
		story_waits_as(&s, 0, other, rows[i].kind)->timed = rows[i].timed;
		assert_silent(judge(story_end(&s)));
	}
	struct story s = pool(); /* main runs */
	assert_silent(judge(story_end(&s)));
}

static void everyone_asleep_on_a_condition_is_proven(void **state)
{
	(void)state;
	struct story s = pool();
	story_joins(&s, 0, 1);
	struct told told = judge(story_end(&s));
	const struct ct_finding *f = find(&told, "CT110");
	assert_non_null(f);
	assert_string_equal(f->title, "3 threads (worker) wait for a signal of g_jobs, and no "
				      "thread is left that could signal it");
	assert_string_equal(told.doc->summary.headline, f->message);
	assert_int_equal(told.doc->summary.verdict, CT_VERDICT_STUCK);
	assert_int_equal(f->level, CT_P1);
	assert_only(told, "CT110", CT_PROVEN, 4);
}

static void what_is_not_still_or_not_whole_proves_nothing(void **state)
{
	static const char *const partial[] = {"core truncated"};

	(void)state;
	struct story s = pool();
	story_joins(&s, 0, 1);
	ct_sink_target(s.sink)->still = false;
	assert_only(judge(story_end(&s)), "CT110", CT_LIKELY, 4);
	s = pool();
	story_joins(&s, 0, 1);
	ct_sink_target(s.sink)->partial = partial;
	ct_sink_target(s.sink)->n_partial = 1;
	assert_silent(judge(story_end(&s)));
}

static void a_semaphore_may_be_posted_by_a_signal_handler(void **state)
{
	(void)state;
	struct story s = pool();
	story_waits_as(&s, 0, story_object(&s, "sem", 0x2000, "g_quit"), CT_WAIT_SEM);
	struct told told = judge(story_end(&s));
	assert_int_equal(told.doc->n_findings, 2);
	for (uint32_t i = 0; i < 2; i++) {
		assert_string_equal(told.doc->findings[i].rule, "CT110");
		assert_int_equal(told.doc->findings[i].confidence, CT_LIKELY);
		assert_non_null(
			strstr(told.doc->findings[i].message, "a signal's handler could still"));
	}
	forget(told);
}

static void a_main_thread_that_waits_for_a_semaphore_may_rest(void **state)
{
	(void)state;
	struct story s = pool();
	story_waits_as(&s, 0, story_object(&s, "sem", 0x2000, "g_quit"), CT_WAIT_SEM);
	ct_sink_target(s.sink)->pid = (int64_t)ct_sink_get_actor(s.sink, 0)->id;
	struct told told = judge(story_end(&s));
	assert_int_equal(told.doc->n_findings, 2);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(told.doc->findings[i].confidence, CT_POSSIBLE);
		assert_int_equal(told.doc->findings[i].level, CT_P2);
	}
	assert_int_equal(told.doc->summary.verdict, CT_VERDICT_CLEAN);
	forget(told);
}

/* A core that was made from outside of its PID namespace has other numbers than the process. */
static void the_main_thread_is_told_by_numbers_of_one_namespace(void **state)
{
	static const struct {
		uint64_t offset; /* of the core's numbers */
		int64_t pid;
		enum ct_confidence confidence;
	} cases[] = {{7000, 7001, CT_POSSIBLE}, {1, 2, CT_POSSIBLE}, {1, 1, CT_LIKELY}};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct story s = pool();

		story_waits_as(&s, 0, story_object(&s, "sem", 0x2000, "g_quit"), CT_WAIT_SEM);
		for (uint32_t a = 0; a < ct_sink_n_actors(s.sink); a++)
			ct_sink_get_actor(s.sink, a)->lwp =
				ct_sink_get_actor(s.sink, a)->id + cases[i].offset;
		ct_sink_target(s.sink)->pid = cases[i].pid;
		struct told told = judge(story_end(&s));
		assert_int_equal(told.doc->n_findings, 2);
		for (uint32_t f = 0; f < 2; f++)
			assert_int_equal(told.doc->findings[f].confidence, cases[i].confidence);
		forget(told);
	}
}

static void a_wait_that_is_known_by_inference_makes_likely(void **state)
{
	(void)state;
	struct story s = pool();
	story_joins(&s, 0, 1);
	s.waits[0].trust = CT_TRUST_INFERRED;
	assert_only(judge(story_end(&s)), "CT110", CT_LIKELY, 4);
}

/* An unknown holder is anybody; a lock that is free in this moment will be taken. */
static void a_lock_without_a_known_holder_needs_anybody(void **state)
{
	(void)state;
	for (int variant = 0; variant < 3; variant++) {
		struct story s = story_begin(0);
		threads(&s, 2);
		uint32_t lock = story_mutex(&s, 0x1000, "g_lock");
		if (variant < 2)
			ct_sink_get_resource(s.sink, lock)->holders = CT_HOLDERS_UNKNOWN;
		story_waits(&s, 1, lock, CT_TRUST_EXACT);
		if (variant)
			story_joins(&s, 0, 1);
		struct told told = judge(story_end(&s));
		if (variant == 1)
			assert_only(told, "CT110", CT_PROVEN, 2);
		else
			assert_silent(told);
	}
}

/* Chain and diamond end at one who sleeps on a condition, or who runs. */
static void chains_and_diamonds_are_as_their_end_is(void **state)
{
	(void)state;
	for (int stuck = 0; stuck < 2; stuck++) {
		struct story s = story_begin(0);
		threads(&s, 4);
		uint32_t left = story_mutex(&s, 0x1000, "left");
		uint32_t right = story_mutex(&s, 0x2000, "right");
		uint32_t last = story_mutex(&s, 0x3000, "last");
		story_holds(&s, 1, left, CT_TRUST_EXACT);
		story_holds(&s, 2, right, CT_TRUST_EXACT);
		story_holds(&s, 3, last, CT_TRUST_EXACT);
		story_waits(&s, 0, left, CT_TRUST_EXACT);
		story_waits(&s, 1, last, CT_TRUST_EXACT);
		story_waits(&s, 2, last, CT_TRUST_EXACT);
		uint32_t cond = story_object(&s, "pthread_cond", 0x4000, "g_ready");
		if (stuck)
			story_waits_as(&s, 3, cond, CT_WAIT_COND);
		struct told told = judge(story_end(&s));
		if (stuck) {
			assert_string_equal(told.doc->findings[0].message,
				"thread 4 (worker) waits for a signal of g_ready, and no thread is "
				"left that could signal it; 3 more wait behind it");
			assert_only(told, "CT110", CT_PROVEN, 4);
		} else {
			forget(told);
		}
	}
}

/* A reader that goes on is no help to a writer while another one is stuck. */
static void a_writer_needs_every_reader(void **state)
{
	(void)state;
	struct story s = story_begin(0);
	threads(&s, 4);
	uint32_t rwlock = story_object(&s, "pthread_rwlock", 0x1000, "g_map");
	uint32_t mutex = story_mutex(&s, 0x2000, "g_other");
	story_holds(&s, 0, rwlock, CT_TRUST_EXACT);
	story_holds(&s, 1, rwlock, CT_TRUST_EXACT);
	story_holds(&s, 3, mutex, CT_TRUST_EXACT);
	story_waits(&s, 1, mutex, CT_TRUST_EXACT); /* and 0 runs */
	story_waits_as(&s, 2, rwlock, CT_WAIT_RWLOCK_WRITE);
	story_waits(&s, 3, mutex, CT_TRUST_EXACT); /* relocks */
	struct ct_facts *facts = story_end(&s);
	struct told told = judge(facts);
	assert_int_equal(told.doc->graph->orphan[0], CT_NO_ORPHAN);
	assert_int_equal(told.doc->graph->orphan[2], CT_TRUST_LAYOUT);
	/* Its chain leads to what keeps it, not to the reader that runs. */
	assert_int_equal(told.doc->graph->root[2], CT_NONE);
	assert_int_equal(told.doc->graph->cycle_of[2], 0);
	assert_only(told, "CT102", CT_PROVEN, 3);
}

static void of_alternatives_one_is_enough(void **state)
{
	(void)state;
	for (int free_one = 0; free_one < 2; free_one++) {
		struct story s = story_begin(0);
		threads(&s, 3);
		uint32_t lock = story_mutex(&s, 0x1000, "g_lock");
		story_holds(&s, 1, lock, CT_TRUST_EXACT);
		story_waits(&s, 1, lock, CT_TRUST_EXACT);
		uint32_t other = story_mutex(&s, 0x2000, "g_other");
		story_holds(&s, free_one ? 2 : 1, other, CT_TRUST_EXACT);
		story_waits(&s, 0, lock, CT_TRUST_EXACT)->any_of = true;
		story_waits(&s, 0, other, CT_TRUST_EXACT)->any_of = true;
		struct told told = judge(story_end(&s));
		assert_int_equal(told.doc->graph->orphan[0] == CT_NO_ORPHAN, free_one);
		forget(told);
	}
}

/* Two barriers, three at each, four needed: those at one cannot come to the other. */
static void barriers_keep_each_others_threads(void **state)
{
	(void)state;
	struct story s = story_begin(0);
	threads(&s, 7);
	uint32_t one = story_barrier(&s, 0x1000, 3, 4);
	uint32_t two = story_barrier(&s, 0x2000, 3, 4);
	for (uint32_t a = 0; a < 6; a++)
		story_waits_as(&s, a, a < 3 ? one : two, CT_WAIT_BARRIER);
	story_joins(&s, 6, 0);
	struct told told = judge(story_end(&s));
	assert_int_equal(told.doc->n_findings, 2);
	for (uint32_t i = 0; i < 2; i++) {
		assert_string_equal(told.doc->findings[i].rule, "CT111");
		assert_int_equal(told.doc->findings[i].confidence, CT_PROVEN);
	}
	forget(told);
	/* With one that may come anywhere both can end: it ends one, whose three end the other. */
	s = story_begin(0);
	threads(&s, 7);
	one = story_barrier(&s, 0x1000, 3, 4);
	two = story_barrier(&s, 0x2000, 3, 4);
	for (uint32_t a = 0; a < 6; a++)
		story_waits_as(&s, a, a < 3 ? one : two, CT_WAIT_BARRIER);
	assert_silent(judge(story_end(&s)));
}

/* The hidden cycle: T1 holds A and waits for a post of T2, which waits for A. */
static struct ct_facts *hidden_cycle(enum ct_trust trust, enum ct_wait_kind main_waits)
{
	struct story s = story_begin(0);

	threads(&s, 3);
	uint32_t sem = story_object(&s, "sem", 0x1000, "g_space");
	uint32_t lock = story_mutex(&s, 0x2000, "g_queue_lock");
	story_holds(&s, 1, lock, CT_TRUST_EXACT);
	story_waits_as(&s, 0, CT_NONE, main_waits);
	story_waits_as(&s, 1, sem, CT_WAIT_SEM);
	story_waits(&s, 2, lock, CT_TRUST_EXACT);
	struct ct_facts *facts = story_end(&s);
	set_peers(facts,
		(struct ct_peer[]){
			{0}, by(2, trust, "frame #2 take() at q.c:9 will call sem_post"), {0}},
		3);
	return facts;
}

static void a_hidden_cycle_is_likely_and_says_why(void **state)
{
	(void)state;
	struct told told = judge(hidden_cycle(CT_TRUST_INFERRED, CT_WAIT_SIGNAL));
	const struct ct_graph *g = told.doc->graph;
	assert_int_equal(g->n_cycles, 1);
	assert_int_equal(g->cycles[0].kind, CT_CYCLE_KNOT);
	assert_int_equal(g->cycles[0].n_edges, 2);
	assert_string_equal(told.doc->findings[0].message,
		"thread 2 (worker) and thread 3 (worker) wait for each other over g_space and "
		"g_queue_lock: neither of them can ever go on, if nobody else ends the wait for "
		"g_space");
	bool said = false;
	for (uint32_t i = 0; i < told.doc->findings[0].n_steps; i++)
		said |= strstr(told.doc->findings[0].steps[i].text,
				"which thread 3 (worker) would post") != NULL;
	assert_true(said);
	assert_int_equal(told.doc->summary.verdict, CT_VERDICT_DEADLOCK);
	assert_only(told, "CT101", CT_LIKELY, 2);
	/* A guess, or one who serves clients and may do anything: a possibility. */
	assert_only(judge(hidden_cycle(CT_TRUST_GUESS, CT_WAIT_SIGNAL)), "CT101", CT_POSSIBLE, 2);
	assert_only(judge(hidden_cycle(CT_TRUST_INFERRED, CT_WAIT_IO)), "CT101", CT_POSSIBLE, 2);
}

/* A runtime's thread that waits for work does nothing of itself: but a pending timer may. */
static void a_thread_that_rests_is_no_crowd(void **state)
{
	(void)state;
	for (uint32_t n_functions = 0; n_functions < 2; n_functions++) {
		struct ct_facts *facts = hidden_cycle(CT_TRUST_INFERRED, CT_WAIT_FUTEX);
		const struct ct_fact_go go = {.version = "go1.24.4", .n_functions = n_functions};

		((struct ct_actor *)(uintptr_t)facts->actors)[0].system = true;
		facts->go = ct_arena_copy(&facts->arena, &go, sizeof(go));
		assert_only(judge(facts), "CT101", n_functions ? CT_POSSIBLE : CT_LIKELY, 2);
	}
	assert_only(judge(hidden_cycle(CT_TRUST_INFERRED, CT_WAIT_FUTEX)), "CT101", CT_POSSIBLE, 2);
}

/* Who sleeps beside it is likely stuck, and no more: that the runtime wakes nobody is no proof. */
/* os/signal's goroutine has others do what a signal asks for; a thread in pause() does nothing. */
static void a_goroutine_that_waits_for_signals_is_a_crowd(void **state)
{
	(void)state;
	for (uint32_t is_goroutine = 0; is_goroutine < 2; is_goroutine++) {
		struct ct_facts *facts = hidden_cycle(CT_TRUST_INFERRED, CT_WAIT_SIGNAL);

		if (is_goroutine)
			((struct ct_actor *)(uintptr_t)facts->actors)[0].kind = CT_ACTOR_GOROUTINE;
		assert_only(judge(facts), "CT101", is_goroutine ? CT_POSSIBLE : CT_LIKELY, 2);
	}
}
static void a_thread_that_rests_proves_nothing(void **state)
{
	(void)state;
	struct story s = pool();
	uint32_t rests = story_thread(&s, 9, "M");
	ct_sink_get_actor(s.sink, rests)->system = true;
	story_waits_as(&s, 0, story_object(&s, "sem", 0x4000, "g_go"), CT_WAIT_COND);
	story_waits_as(&s, rests, CT_NONE, CT_WAIT_FUTEX);
	struct told told = judge(story_end(&s));
	const struct ct_finding *f = find(&told, "CT110");
	assert_non_null(f);
	assert_int_equal(f->confidence, CT_LIKELY);
	for (uint32_t i = 0; i < f->n_actors; i++)
		assert_int_not_equal(f->actors[i], rests);
	forget(told);
}

/* Each worker wakes the next one, and who wakes the first was not seen. */
static void peers_alone_are_no_knot(void **state)
{
	(void)state;
	struct story s = pool();
	story_waits_as(&s, 0, CT_NONE, CT_WAIT_SIGNAL);
	struct ct_facts *facts = story_end(&s);
	set_peers(facts,
		(struct ct_peer[]){{0}, by(2, CT_TRUST_INFERRED, "it will signal"),
			by(3, CT_TRUST_INFERRED, "it will signal"),
			by(1, CT_TRUST_INFERRED, "it will signal")},
		4);
	assert_silent(judge(facts));
}

/* Of two permits each has one and wants the other: a knot without peers. */
static void a_semaphore_of_two_holders_is_a_knot(void **state)
{
	(void)state;
	for (int free_one = 0; free_one < 2; free_one++) {
		struct story s = story_begin(0);
		threads(&s, 4);
		uint32_t sem = story_object(&s, "sem", 0x1000, "g_permits");
		story_holds(&s, 1, sem, CT_TRUST_INFERRED);
		story_holds(&s, free_one ? 3 : 2, sem, CT_TRUST_INFERRED);
		story_waits_as(&s, 0, CT_NONE, CT_WAIT_SLEEP);
		story_waits_as(&s, 1, sem, CT_WAIT_SEM);
		story_waits_as(&s, 2, sem, CT_WAIT_SEM);
		story_waits_as(&s, 3, CT_NONE, CT_WAIT_SLEEP);
		struct told told = judge(story_end(&s));
		if (free_one)
			assert_silent(told);
		else
			assert_only(told, "CT101", CT_LIKELY, 2);
	}
}

static void exited_threads_are_named_and_wake_nobody(void **state)
{
	(void)state;
	struct story s = pool();
	story_joins(&s, 0, 1);
	uint32_t exited = story_thread(&s, 0, "producer");
	ct_sink_get_actor(s.sink, exited)->state = CT_STATE_ZOMBIE;
	ct_sink_get_actor(s.sink, exited)->object = 0x7f1200000000;
	struct told told = judge(story_end(&s));
	const struct ct_finding *f = find(&told, "CT110");
	assert_non_null(f);
	assert_string_equal(
		f->steps[f->n_steps - 1].text, "thread 0x7f1200000000 (producer) has exited");
	assert_int_equal(told.doc->summary.n_threads, 4);
	assert_int_equal(told.doc->summary.n_exited, 1);
	assert_only(told, "CT110", CT_PROVEN, 4);
}

/* 10,000 in a chain of locks whose end sleeps on a condition: no recursion, one finding. */
static void a_long_chain_of_orphans_is_one_finding(void **state)
{
	const uint32_t n = 10000;
	struct story s = story_begin(0);

	(void)state;
	threads(&s, n);
	for (uint32_t i = 0; i < n; i++)
		story_holds(&s, i, story_mutex(&s, 0x1000 + i * 64, NULL), CT_TRUST_EXACT);
	for (uint32_t i = 0; i + 1 < n; i++)
		ct_sink_wait(s.sink,
			&(struct ct_wait){
				.kind = CT_WAIT_MUTEX, .actor = i, .resource = i + 1, .why = ""});
	uint32_t cond = story_object(&s, "pthread_cond", 0x10, "g_ready");
	ct_sink_wait(
		s.sink, &(struct ct_wait){
				.kind = CT_WAIT_COND, .actor = n - 1, .resource = cond, .why = ""});
	assert_only(judge(story_end(&s)), "CT110", CT_PROVEN, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_beside_anyone_free_is_idle),
		cmocka_unit_test(everyone_asleep_on_a_condition_is_proven),
		cmocka_unit_test(what_is_not_still_or_not_whole_proves_nothing),
		cmocka_unit_test(a_semaphore_may_be_posted_by_a_signal_handler),
		cmocka_unit_test(a_main_thread_that_waits_for_a_semaphore_may_rest),
		cmocka_unit_test(the_main_thread_is_told_by_numbers_of_one_namespace),
		cmocka_unit_test(a_wait_that_is_known_by_inference_makes_likely),
		cmocka_unit_test(a_lock_without_a_known_holder_needs_anybody),
		cmocka_unit_test(chains_and_diamonds_are_as_their_end_is),
		cmocka_unit_test(a_writer_needs_every_reader),
		cmocka_unit_test(of_alternatives_one_is_enough),
		cmocka_unit_test(barriers_keep_each_others_threads),
		cmocka_unit_test(a_hidden_cycle_is_likely_and_says_why),
		cmocka_unit_test(a_thread_that_rests_is_no_crowd),
		cmocka_unit_test(a_goroutine_that_waits_for_signals_is_a_crowd),
		cmocka_unit_test(a_thread_that_rests_proves_nothing),
		cmocka_unit_test(peers_alone_are_no_knot),
		cmocka_unit_test(a_semaphore_of_two_holders_is_a_knot),
		cmocka_unit_test(exited_threads_are_named_and_wake_nobody),
		cmocka_unit_test(a_long_chain_of_orphans_is_one_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
