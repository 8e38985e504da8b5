/* SPDX-License-Identifier: Apache-2.0 */
/* What evidence of how many threads makes a holder, how surely, and when nothing is said. */
#include "blocking/holders.h"
#include "lock_scene.h"

#define LOCK     (HEAP + 64)
#define N_CROWD  600u
#define FRAME_PC (PROGRAM + 16)
#define CROWD_ID 1000u

static const struct ct_event_row give = {"give", CT_CALL_RELEASES, 0};
static const struct ct_event_row take = {"take", CT_CALL_ACQUIRES, 0};
static const struct ct_possession lock_possession = {.mode = CT_HOLD_SHARED};
static const struct ct_possession libc_possession = {.mode = CT_HOLD_EXCLUSIVE, .in_libc = true};
static const struct ct_possession inlined_possession = {.mode = CT_HOLD_EXCLUSIVE, .inlined = true};
static const struct ct_possession post_possession = {.mode = CT_HOLD_EXCLUSIVE, .any_of = true};

/* Answers of the evaluator. */
#define WILL     .future = CT_FUTURE_SURE, .of_future = {.row = &give}
#define MAY      .future = CT_FUTURE_MAYBE, .of_future = {.row = &give}
#define HAS      .past = CT_PAST_SURE, .of_past = {.row = &take}
#define MAY_HAVE .past = CT_PAST_MAYBE, .of_past = {.row = &take}
#define PAD      .pad = true, .of_pad = {.row = &give}

struct story {
	struct scene scene;
	struct ct_primitive primitive;
	struct ct_wanted wanted;
	struct ct_holders_inference *holders;
	struct ct_unwound_frame frame;
	struct ct_facts *facts;
};

/* One thread waits for the object, which says that count have it; there are so many more threads.
 */
static void start_with(
	struct story *s, const struct ct_possession *possession, uint32_t count, uint32_t n_crowd)
{
	bool fresh;

	*s = (struct story){
		.primitive = {.name = "lock", .possession = possession}, .frame = {.pc = FRAME_PC}};
	begin(&s->scene);
	uint32_t resource = ct_sink_resource(s->scene.sink, "lock", LOCK, &fresh);
	s->wanted = (struct ct_wanted){LOCK, resource, count, &s->primitive};
	for (uint32_t i = 0; i < n_crowd; i++)
		add_thread(&s->scene, CROWD_ID + i, 0);
	ct_sink_wait(s->scene.sink,
		&(struct ct_wait){
			.actor = WAITER - MAIN, .kind = CT_WAIT_RWLOCK, .resource = resource});
	s->holders = ct_holders_new(&s->scene.ctx, &s->wanted, 1);
	assert_non_null(s->holders);
}

static void start(struct story *s, const struct ct_possession *possession, uint32_t count)
{
	start_with(s, possession, count, 0);
}

static void ask(struct story *s, uint32_t actor, struct ct_evidence evidence)
{
	const struct ct_evidence_from from = {&s->frame, &s->scene.regs, 1, 0};

	assert_int_equal(ct_holders_add(s->holders, actor, &from, &evidence), CT_OK);
}

static const struct ct_facts *conclude(struct story *s)
{
	struct ct_error err;

	assert_int_equal(ct_holders_conclude(s->holders), CT_OK);
	assert_int_equal(ct_sink_finish(s->scene.sink, &s->facts, &err), CT_OK);
	s->scene.sink = NULL;
	return s->facts;
}

static void close_story(struct story *s)
{
	ct_facts_free(s->facts);
	ct_holders_free(s->holders);
	end(&s->scene);
}

/* The trust in one thread of which this is known, if one can have it; CT_TRUST_GONE: it is none. */
#define CT_TRUST_GONE ((enum ct_trust)99)
static enum ct_trust trust_in(const struct ct_possession *possession, struct ct_evidence evidence)
{
	enum ct_trust trust = CT_TRUST_GONE;
	struct story s;

	start(&s, possession, 1);
	ask(&s, OWNER - MAIN, evidence);
	const struct ct_facts *facts = conclude(&s);
	if (facts->n_holds) {
		assert_int_equal(facts->n_holds, 1);
		assert_int_equal(facts->holds[0].actor, OWNER - MAIN);
		assert_int_equal(facts->holds[0].mode, possession->mode);
		assert_non_null(strstr(facts->holds[0].why, "frame #0"));
		trust = facts->holds[0].trust;
	}
	close_story(&s);
	return trust;
}

#define TRUST(possession, ...) trust_in(&(possession), (struct ct_evidence){__VA_ARGS__})

static void what_a_lock_rests_on(void **state)
{
	(void)state;
	assert_int_equal(TRUST(lock_possession, PAD), CT_TRUST_INFERRED);
	assert_int_equal(TRUST(lock_possession, HAS), CT_TRUST_INFERRED);
	assert_int_equal(TRUST(lock_possession, WILL, MAY_HAVE), CT_TRUST_INFERRED);
	assert_int_equal(TRUST(lock_possession, WILL), CT_TRUST_GUESS);
	assert_int_equal(TRUST(lock_possession, MAY, MAY_HAVE), CT_TRUST_GUESS);
	assert_int_equal(TRUST(lock_possession, MAY), CT_TRUST_GONE);
	assert_int_equal(TRUST(lock_possession, MAY_HAVE), CT_TRUST_GONE);
	assert_int_equal(TRUST(lock_possession, .refers = true), CT_TRUST_GONE);
	/* A guard that lives would be in the landing pad; and what was released is not had. */
	assert_int_equal(TRUST(lock_possession, WILL, .pad_silent = true), CT_TRUST_GONE);
	assert_int_equal(TRUST(lock_possession, WILL, .past = CT_PAST_RELEASED), CT_TRUST_GONE);
}

static void a_loop_that_takes_it_has_it_not(void **state)
{
	(void)state;
	assert_int_equal(TRUST(lock_possession, .future = CT_FUTURE_MIXED, HAS), CT_TRUST_INFERRED);
	assert_int_equal(TRUST(inlined_possession, .future = CT_FUTURE_MIXED, HAS), CT_TRUST_GONE);
	assert_int_equal(
		TRUST(inlined_possession, .future = CT_FUTURE_MIXED, HAS, PAD), CT_TRUST_INFERRED);
}

static void libc_releases_only_what_it_took(void **state)
{
	(void)state;
	assert_int_equal(TRUST(libc_possession, WILL), CT_TRUST_INFERRED);
	assert_int_equal(TRUST(libc_possession, MAY), CT_TRUST_GUESS);
	assert_int_equal(TRUST(libc_possession, WILL, .past = CT_PAST_RELEASED), CT_TRUST_GONE);
}

static void never_more_than_it_says(void **state)
{
	const struct ct_facts *facts;
	struct story s;

	(void)state;
	start(&s, &lock_possession, 1);
	ask(&s, MAIN - MAIN, (struct ct_evidence){PAD});
	ask(&s, OWNER - MAIN, (struct ct_evidence){PAD});
	facts = conclude(&s);
	assert_int_equal(facts->n_holds, 0);
	assert_int_equal(facts->n_notes, 1);
	close_story(&s);

	/* A guess beside one that is known has no room. */
	start(&s, &lock_possession, 1);
	ask(&s, MAIN - MAIN, (struct ct_evidence){WILL});
	ask(&s, OWNER - MAIN, (struct ct_evidence){PAD});
	facts = conclude(&s);
	assert_int_equal(facts->n_holds, 1);
	assert_int_equal(facts->holds[0].actor, OWNER - MAIN);
	assert_int_equal(facts->resources[0].holders, CT_HOLDERS_COMPLETE);
	close_story(&s);

	start(&s, &lock_possession, 3);
	ask(&s, MAIN - MAIN, (struct ct_evidence){WILL});
	ask(&s, OWNER - MAIN, (struct ct_evidence){PAD});
	facts = conclude(&s);
	assert_int_equal(facts->n_holds, 2);
	assert_int_not_equal(facts->resources[0].holders, CT_HOLDERS_COMPLETE);
	close_story(&s);
}

/* One took it, another will release it: handed over. */
static void who_took_it_may_have_handed_it_over(void **state)
{
	struct story s;

	(void)state;
	start(&s, &lock_possession, 1);
	ask(&s, MAIN - MAIN, (struct ct_evidence){HAS});
	ask(&s, OWNER - MAIN, (struct ct_evidence){WILL, MAY_HAVE});
	const struct ct_facts *facts = conclude(&s);
	assert_int_equal(facts->n_holds, 1);
	assert_int_equal(facts->holds[0].actor, OWNER - MAIN);
	close_story(&s);
}

static void who_could_post_is_a_peer(void **state)
{
	const struct ct_facts *facts;
	struct story s;

	(void)state;
	start(&s, &post_possession, 1);
	ask(&s, OWNER - MAIN, (struct ct_evidence){WILL});
	ask(&s, WAITER - MAIN, (struct ct_evidence){WILL});
	/* It is no peer of itself, and who has not taken it holds nothing. */
	facts = conclude(&s);
	assert_int_equal(facts->n_holds, 0);
	assert_int_equal(facts->waits[0].n_peers, 1);
	assert_int_equal(facts->peers[facts->waits[0].first_peer].actor, OWNER - MAIN);
	close_story(&s);

	start(&s, &post_possession, 1);
	ask(&s, OWNER - MAIN, (struct ct_evidence){WILL, HAS});
	assert_int_equal(conclude(&s)->n_holds, 1);
	close_story(&s);
}

/* 600 that wait by 600 that may be needed are more links than are kept; by one they are not. */
static uint32_t links_of_crowd(uint32_t n_needed, uint32_t *n_notes)
{
	struct story s;

	start_with(&s, &post_possession, 1, N_CROWD);
	for (uint32_t i = 0; i < N_CROWD; i++)
		ct_sink_wait(s.scene.sink, &(struct ct_wait){.actor = N_THREADS + i,
						   .kind = CT_WAIT_SEM,
						   .resource = s.wanted.resource});
	for (uint32_t i = 0; i < n_needed; i++)
		ask(&s, N_THREADS + i, (struct ct_evidence){WILL});
	const struct ct_facts *facts = conclude(&s);
	uint32_t links = 0;
	for (uint32_t w = 0; w < facts->n_waits; w++)
		links += facts->waits[w].n_peers;
	*n_notes = facts->n_notes;
	close_story(&s);
	return links;
}

static void a_crowd_before_a_crowd_is_a_note(void **state)
{
	uint32_t n_notes;

	(void)state;
	assert_int_equal(links_of_crowd(N_CROWD, &n_notes), 0);
	assert_int_equal(n_notes, 1);
	assert_int_equal(links_of_crowd(1, &n_notes), N_CROWD);
	assert_int_equal(n_notes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_lock_rests_on),
		cmocka_unit_test(a_loop_that_takes_it_has_it_not),
		cmocka_unit_test(libc_releases_only_what_it_took),
		cmocka_unit_test(never_more_than_it_says),
		cmocka_unit_test(who_took_it_may_have_handed_it_over),
		cmocka_unit_test(who_could_post_is_a_peer),
		cmocka_unit_test(a_crowd_before_a_crowd_is_a_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
