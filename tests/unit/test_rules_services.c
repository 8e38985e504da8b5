/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about database/sql and net/http on facts told by hand, and when they stay silent. */
#include "story.h"

#include "facts/go.h"
#include "facts/go_context.h"
#include "facts/go_services.h"
#include "rules/policy.h"
#include "rules/rules.h"

static uint32_t goroutine(struct story *s, uint64_t id)
{
	uint32_t actor = story_thread(s, id, NULL);

	ct_sink_get_actor(s->sink, actor)->kind = CT_ACTOR_GOROUTINE;
	return actor;
}

/* It waits for nothing that anybody is known to do. */
static struct ct_wait *receives(struct story *s, uint32_t actor, uint64_t channel)
{
	bool fresh;
	struct ct_wait *wait = story_waits(
		s, actor, ct_sink_resource(s->sink, "go_chan", channel, &fresh), CT_TRUST_EXACT);

	wait->kind = CT_WAIT_RECV;
	return wait;
}

/* ---- CT229 ---- */

/* A pool of two; three goroutines wait. The first two of them have a connection each. */
struct pool {
	struct story story;
	uint32_t waiters[3];
	struct ct_go_db_connection connections[2];
	struct ct_go_db_user users[2];
	struct ct_go_db db;
	struct ct_fact_go_services fact;
};

static struct pool *full_pool(void)
{
	struct pool *p = calloc(1, sizeof(*p));
	bool fresh;

	assert_non_null(p);
	p->story = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_SERVICES);
	ct_sink_go(p->story.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	/* Somebody can run: that they all wait for ever is not what is found. */
	(void)goroutine(&p->story, 1);
	for (uint32_t i = 0; i < 3; i++) {
		p->waiters[i] = goroutine(&p->story, 18 + i);
		receives(&p->story, p->waiters[i], 0xc000 + i);
	}
	for (uint32_t i = 0; i < 2; i++) {
		p->connections[i] = (struct ct_go_db_connection){.address = 0xd000 + i,
			.object = 0xe000 + i,
			.with = i ? CT_GO_DB_TX : CT_GO_DB_ROWS};
		p->users[i] = (struct ct_go_db_user){
			.connection = i, .actor = p->waiters[i], .frame = CT_NONE};
	}
	p->db = (struct ct_go_db){.address = 0x5000,
		.max_open = 2,
		.n_open = 2,
		.waiters = p->waiters,
		.n_waiters = 3,
		.connections = p->connections,
		.n_connections = 2,
		.users = p->users,
		.n_users = 2,
		.resource = ct_sink_resource(p->story.sink, "go_sql_db", 0x5000, &fresh)};
	return p;
}

static const struct ct_finding *finding_of(const struct ct_document *doc, const char *rule)
{
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, rule))
			return &doc->findings[i];
	return NULL;
}

static bool has_step(const struct ct_finding *finding, const char *words)
{
	for (uint32_t i = 0; i < finding->n_steps; i++)
		if (strstr(finding->steps[i].text, words))
			return true;
	return false;
}

/* words: of a step of CT229; NULL: there is no such finding. */
static void judge(
	struct pool *p, enum ct_level level, enum ct_confidence confidence, const char *words)
{
	struct ct_document *doc = NULL;
	struct ct_error err;

	p->fact = (struct ct_fact_go_services){.dbs = &p->db, .n_dbs = 1};
	ct_sink_go_services(p->story.sink, &p->fact);
	struct ct_facts *facts = story_end(&p->story);
	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	const struct ct_finding *found = finding_of(doc, "CT229");
	assert_int_equal(found != NULL, words != NULL);
	if (found) {
		assert_int_equal(found->level, level);
		assert_int_equal(found->confidence, confidence);
		assert_int_equal(found->n_steps, 2);
		assert_int_equal(found->n_actors, 3);
		assert_true(has_step(found, words));
		assert_int_equal(strstr(found->hint, "SetMaxOpenConns") != NULL, level == CT_P2);
		assert_true(level != CT_P1 || doc->summary.verdict == CT_VERDICT_STUCK);
	}
	ct_document_free(doc);
	ct_facts_free(facts);
	free(p);
}

static void they_wait_for_themselves(void **state)
{
	(void)state;
	judge(full_pool(), CT_P1, CT_LIKELY,
		"has a connection of it and waits for another one of it: with Rows");
}

/* Who would let them go on may be in what is missing; so may a connection that is free. */
static void where_memory_is_missing(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 2; n++) {
		struct pool *p = full_pool();

		ct_sink_target(p->story.sink)->n_partial = 1;
		p->db.n_open += n;
		p->db.max_open += n;
		judge(p, CT_P2, CT_POSSIBLE, n ? NULL : "has a connection, with Rows");
	}
}

static void below_the_maximum(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct pool *p = full_pool();

		p->db.n_open = i == 0 ? 1 : 2;
		p->db.max_open = i == 1 ? 0 : 2;
		p->db.n_idle = i == 2;
		p->db.n_waiters = i == 3 ? 0 : 3;
		judge(p, CT_P1, CT_LIKELY, NULL);
	}
}

/* One of those who have one sleeps, or waits for a goroutine that does. */
static void one_goes_on(void **state)
{
	(void)state;
	for (int behind = 0; behind < 2; behind++) {
		struct pool *p = full_pool();
		uint32_t user = goroutine(&p->story, 40);

		if (behind) {
			uint32_t holder = goroutine(&p->story, 41);
			uint32_t lock = story_mutex(&p->story, 0x7000, "main.lock");

			story_holds(&p->story, holder, lock, CT_TRUST_INFERRED);
			story_waits(&p->story, user, lock, CT_TRUST_EXACT);
			story_waits(&p->story, holder, CT_NONE, CT_TRUST_EXACT)->timed = true;
		}
		p->users[1].actor = user;
		judge(p, CT_P2, CT_POSSIBLE, "has a connection, with a Tx that is neither");
	}
}

/* Two have the second connection: one of them goes on, the first or the second; or both wait. */
static void one_of_two_goes_on(void **state)
{
	(void)state;
	for (uint32_t runs = 0; runs < 3; runs++) {
		struct pool *p = full_pool();
		struct ct_go_db_user users[3] = {p->users[0], p->users[1], p->users[1]};

		for (uint32_t i = 1; i < 3; i++) {
			users[i].actor = goroutine(&p->story, 40 + i);
			if (i != runs)
				receives(&p->story, users[i].actor, 0xc100 + i);
		}
		p->db.users = users;
		p->db.n_users = 3;
		judge(p, runs ? CT_P2 : CT_P1, runs ? CT_POSSIBLE : CT_LIKELY,
			"has a connection, with a Tx that is neither");
	}
}

/* It waits for a lock, and who has that is not known: it may be free soon. */
static void one_wants_a_lock(void **state)
{
	struct pool *p = full_pool();
	uint32_t user = goroutine(&p->story, 40);

	(void)state;
	story_waits(&p->story, user, story_mutex(&p->story, 0x7000, "main.lock"), CT_TRUST_EXACT);
	p->users[1].actor = user;
	judge(p, CT_P2, CT_POSSIBLE, "has a connection, with a Tx");
}

static void nobody_has_it(void **state)
{
	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		struct pool *p = full_pool();

		p->db.n_users = 1;
		p->connections[1].lost = lost;
		judge(p, lost ? CT_P1 : CT_P2, lost ? CT_LIKELY : CT_POSSIBLE,
			lost ? "nothing leads to that any more" : "is not known");
	}
}

/* A goroutine of the package itself closes it some time; a word that is a guess tells nothing. */
static void not_surely_had(void **state)
{
	(void)state;
	for (int watches = 0; watches < 2; watches++) {
		struct pool *p = full_pool();

		p->users[1].watches = watches;
		p->users[1].guessed = !watches;
		judge(p, CT_P2, CT_POSSIBLE, "with a Tx");
	}
}

/* More are open than were found. */
static void some_are_missing(void **state)
{
	struct pool *p = full_pool();

	(void)state;
	p->db.n_open = p->db.max_open = 3;
	judge(p, CT_P2, CT_POSSIBLE, "with Rows");
}

/* ---- CT228 and CT214 ---- */

struct scene {
	struct story story;
	struct ct_facts *facts;
	struct ct_document *doc;
};

static struct scene begin(void)
{
	struct scene s = {.story = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES |
					       CT_WANT_CONTEXTS | CT_WANT_SERVICES)};

	ct_sink_go(s.story.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	(void)goroutine(&s.story, 1);
	return s;
}

static void end(struct scene *s)
{
	struct ct_error err;

	s->facts = story_end(&s->story);
	assert_int_equal(ct_detect(s->facts, NULL, &s->doc, &err), CT_OK);
}

static void done(struct scene *s)
{
	ct_document_free(s->doc);
	ct_facts_free(s->facts);
}

/* A server is shut down; its handlers wait, as far as they do, for nobody who is known. */
static void a_server_shuts_down(void **state)
{
	(void)state;
	for (uint32_t stuck = 0; stuck < 3; stuck++) {
		struct scene s = begin();
		uint32_t handlers[2], closing = goroutine(&s.story, 18);

		story_waits(&s.story, closing, CT_NONE, CT_TRUST_EXACT)->timed = true;
		for (uint32_t i = 0; i < 2; i++) {
			handlers[i] = goroutine(&s.story, 20 + i);
			if (i < stuck)
				receives(&s.story, handlers[i], 0xc000);
		}
		struct ct_go_shutdown shutdown = {
			.actor = closing, .address = 0x5000, .handlers = handlers, .n_handlers = 2};
		ct_sink_go_services(s.story.sink,
			&(struct ct_fact_go_services){.shutdowns = &shutdown, .n_shutdowns = 1});
		end(&s);
		const struct ct_finding *found = finding_of(s.doc, "CT228");
		assert_int_equal(found != NULL, stuck > 0);
		if (found) {
			assert_int_equal(found->level, CT_P1);
			assert_int_equal(found->confidence, CT_LIKELY);
			assert_int_equal(found->n_actors, 1);
			assert_int_equal(found->n_steps, 2);
			assert_true(has_step(found, "nobody is known who will end that"));
			assert_int_equal(has_step(found, "may go on"), stuck == 1);
			assert_int_equal(s.doc->summary.verdict, CT_VERDICT_STUCK);
		}
		done(&s);
	}
}

/* It waits for a lock that a query has. */
static void a_database_is_closed(void **state)
{
	static const struct {
		bool held, stuck;
		enum ct_wait_kind kind; /* of its wait; CT_WAIT_SLEEP: it runs */
		enum ct_trust trust;
		bool found;
	} cases[] = {
		{true, true, CT_WAIT_MUTEX, CT_TRUST_INFERRED, true},
		{true, false, CT_WAIT_MUTEX, CT_TRUST_INFERRED, false}, /* the query goes on */
		{true, true, CT_WAIT_MUTEX, CT_TRUST_GUESS, false},     /* others may have it */
		{false, true, CT_WAIT_MUTEX, 0, false},
		{true, true, CT_WAIT_RECV, CT_TRUST_INFERRED, false}, /* it is in the driver */
		{true, true, CT_WAIT_SLEEP, CT_TRUST_INFERRED, false},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct scene s = begin();
		uint32_t closing = goroutine(&s.story, 18), query = goroutine(&s.story, 19);
		uint32_t lock = story_mutex(&s.story, 0x7000, "dc");

		if (cases[i].held)
			story_holds(&s.story, query, lock, cases[i].trust);
		if (cases[i].kind != CT_WAIT_SLEEP)
			story_waits(&s.story, closing, lock, CT_TRUST_EXACT)->kind =
				(uint8_t)cases[i].kind;
		if (cases[i].stuck)
			receives(&s.story, query, 0xc000);
		struct ct_go_shutdown shutdown = {.actor = closing, .closing = CT_GO_DB_CLOSE};
		ct_sink_go_services(s.story.sink,
			&(struct ct_fact_go_services){.shutdowns = &shutdown, .n_shutdowns = 1});
		end(&s);
		assert_int_equal(finding_of(s.doc, "CT228") != NULL, cases[i].found);
		done(&s);
	}
}

#define OVER "context canceled"

/* A worker of a WaitGroup waits for nobody who is known. */
static void a_group_is_waited_for(void **state)
{
	static const struct {
		const char *err; /* of the context */
		bool worker_has, other_has, guessed, stuck, found;
		enum ct_trust peer;     /* that it will call Done */
		enum ct_wait_kind kind; /* of the one who waits for it */
	} cases[] = {
		{OVER, true, false, false, true, true, CT_TRUST_INFERRED, CT_WAIT_WAITGROUP},
		/* The one who waits has the context; somebody else has it. */
		{OVER, false, false, false, true, true, CT_TRUST_INFERRED, CT_WAIT_WAITGROUP},
		{OVER, false, true, false, true, false, CT_TRUST_INFERRED, CT_WAIT_WAITGROUP},
		{OVER, true, false, true, true, false, CT_TRUST_INFERRED, CT_WAIT_WAITGROUP},
		{OVER, true, false, false, false, false, CT_TRUST_INFERRED, CT_WAIT_WAITGROUP},
		{NULL, true, false, false, true, false, CT_TRUST_INFERRED, CT_WAIT_WAITGROUP},
		/* It may call Done; it is not waited for in this way. */
		{OVER, true, false, false, true, false, CT_TRUST_GUESS, CT_WAIT_WAITGROUP},
		{OVER, true, false, false, true, false, CT_TRUST_INFERRED, CT_WAIT_RECV},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct scene s = begin();
		uint32_t waiter = goroutine(&s.story, 18), worker = goroutine(&s.story, 19);
		uint32_t other = goroutine(&s.story, 20);
		struct ct_go_context context = {.address = 0xa000,
			.type = "context.cancelCtx",
			.kind = CT_CONTEXT_CANCEL,
			.err = cases[i].err,
			.parent = CT_NONE,
			.done = CT_NONE};
		struct ct_go_context_use use = {.actor = waiter, .guessed = cases[i].guessed};
		bool fresh;

		if (cases[i].worker_has || cases[i].other_has)
			use.actor = cases[i].worker_has ? worker : other;
		uint32_t wait = ct_sink_wait(
			s.story.sink, &(struct ct_wait){.kind = (uint8_t)cases[i].kind,
					      .trust = CT_TRUST_EXACT,
					      .actor = waiter,
					      .resource = ct_sink_resource(
						      s.story.sink, "go_waitgroup", 0x1000, &fresh),
					      .why = "told by hand"});
		ct_sink_peer(s.story.sink, wait,
			&(struct ct_peer){
				.actor = worker, .trust = cases[i].peer, .why = "told by hand"});
		ct_sink_get_actor(s.story.sink, waiter)->state = CT_STATE_WAITING;
		if (cases[i].stuck)
			receives(&s.story, worker, 0xc000);
		ct_sink_go_contexts(s.story.sink,
			&(struct ct_fact_go_contexts){
				.contexts = &context, .n_contexts = 1, .uses = &use, .n_uses = 1});
		end(&s);
		assert_int_equal(finding_of(s.doc, "CT228") != NULL, cases[i].found);
		done(&s);
	}
}

/* Three have outlived their handlers; the one between the others sleeps. */
static void outlive(bool sized)
{
	static const struct ct_go_context contexts[] = {{.address = 0xa000,
		.type = "context.cancelCtx",
		.kind = CT_CONTEXT_CANCEL,
		.err = "context canceled",
		.parent = CT_NONE,
		.done = CT_NONE}};
	struct scene s = begin();
	struct ct_go_outlived outlived[3];

	for (uint32_t i = 0; i < 3; i++)
		outlived[i] = (struct ct_go_outlived){.actor = goroutine(&s.story, 18 + i),
			.request = i ? 0 : 0xb000,
			.closure = i != 0,
			.bytes = i || !sized ? 0 : 4096,
			.frame = CT_NONE};
	receives(&s.story, outlived[0].actor, 0xc000);
	receives(&s.story, outlived[2].actor, 0xc001);
	story_waits(&s.story, outlived[1].actor, CT_NONE, CT_TRUST_EXACT)->timed = true;
	ct_sink_go_contexts(s.story.sink, &(struct ct_fact_go_contexts){.contexts = contexts,
						  .n_contexts = 1,
						  .outlived = outlived,
						  .n_outlived = 3,
						  .outlived_sized = sized});
	end(&s);
	const struct ct_finding *found = finding_of(s.doc, "CT214");
	assert_non_null(found);
	assert_int_equal(s.doc->n_findings, 2);
	assert_int_equal(found->level, CT_P1);
	assert_int_equal(found->confidence, CT_LIKELY);
	assert_int_equal(found->n_actors, 2);
	assert_int_equal(found->actors[0], outlived[0].actor);
	assert_true(has_step(found, "has the http.Request 0xb000, whose handler has returned"));
	assert_int_equal(has_step(found, "keeps 4096 bytes alive"), sized);
	assert_int_equal(found->has_retained, sized);
	assert_int_equal(found->retained, sized ? 4096 : 0);
	assert_false(has_step(found, "http.Request 0xb000 in a closure"));
	assert_non_null(strstr(found->message, "nobody is known who will end that"));
	assert_non_null(strstr(s.doc->findings[1].message, "until then it keeps the request"));
	assert_int_equal(s.doc->findings[1].level, CT_P2);
	/* Only a context, whose request is not known. */
	assert_false(s.doc->findings[1].has_retained);
	assert_true(has_step(&s.doc->findings[1],
		"has the context of a request (cancelCtx 0xa000) in a closure"));
	done(&s);
}

static void a_handler_is_outlived(void **state)
{
	(void)state;
	outlive(true);
	outlive(false);
}

/* That the handler runs on may be in what is missing. */
static void no_handler_is_outlived_where_memory_is_missing(void **state)
{
	static const struct ct_go_context context = {.type = "context.cancelCtx",
		.kind = CT_CONTEXT_CANCEL,
		.err = "context canceled",
		.parent = CT_NONE,
		.done = CT_NONE};

	(void)state;
	for (uint32_t partial = 0; partial < 2; partial++) {
		struct scene s = begin();
		struct ct_go_outlived outlived = {
			.actor = goroutine(&s.story, 18), .frame = CT_NONE};

		ct_sink_target(s.story.sink)->n_partial = partial;
		ct_sink_go_contexts(
			s.story.sink, &(struct ct_fact_go_contexts){.contexts = &context,
					      .n_contexts = 1,
					      .outlived = &outlived,
					      .n_outlived = 1});
		end(&s);
		assert_int_equal(finding_of(s.doc, "CT214") != NULL, !partial);
		done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_wait_for_themselves),
		cmocka_unit_test(where_memory_is_missing),
		cmocka_unit_test(below_the_maximum),
		cmocka_unit_test(one_goes_on),
		cmocka_unit_test(one_of_two_goes_on),
		cmocka_unit_test(one_wants_a_lock),
		cmocka_unit_test(nobody_has_it),
		cmocka_unit_test(not_surely_had),
		cmocka_unit_test(some_are_missing),
		cmocka_unit_test(a_server_shuts_down),
		cmocka_unit_test(a_database_is_closed),
		cmocka_unit_test(a_group_is_waited_for),
		cmocka_unit_test(a_handler_is_outlived),
		cmocka_unit_test(no_handler_is_outlived_where_memory_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
