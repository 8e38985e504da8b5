/* SPDX-License-Identifier: Apache-2.0 */
/* Which goroutines may be leaked: those that wait for nothing but what others do. */
#include "runtime/go/leaks.h"
#include "runtime/go/waits.h"
#include "story.h"

/* One goroutine and its wait: what is true of it. */
struct tale {
	struct ct_actor actor;
	struct ct_wait waits[2];
	uint32_t n_waits;
	bool bubble; /* there is one, whoever is in it */
};

static const struct tale blocked = {
	.actor = {.kind = CT_ACTOR_GOROUTINE,
		.state = CT_STATE_WAITING,
		.id = 18,
		.carrier = CT_NONE,
		.runs = CT_NONE,
		.stack = CT_NONE,
		.start_site = CT_NONE,
		.created_at = CT_NONE},
	.waits = {{.kind = CT_WAIT_RECV, .why = "told by hand"},
		{.kind = CT_WAIT_SEND, .why = "told by hand"}},
	.n_waits = 1,
};

struct found {
	uint32_t n, needs;
	bool never, others;
};

/* Nothing that it waits for is in a heap. A resource of 1 stands for none. */
static struct found find(const struct tale *t)
{
	struct story s = story_begin(CT_WANT_GOROUTINES | CT_WANT_LEAKS);
	uint32_t no_arena = 0;
	struct ct_go_heap heap = {.arena_of = &no_arena};
	struct ct_go_world world = {.heap = &heap};
	struct ct_go_waits waits = {.clock = 0};
	struct ct_go_observation o = {.sink = s.sink, .n = 1, .waits = &waits, .world = &world};
	struct ct_go_hunt h = {.o = &o, .world = &world};
	struct found ret = {0};
	bool fresh;

	/* A thread, which is none of them, whatever it waits for. */
	(void)story_thread(&s, 7, "a thread");
	ct_sink_wait(s.sink, &(struct ct_wait){.kind = CT_WAIT_MUTEX, .why = "told by hand"});
	o.first = ct_sink_actor(s.sink, &t->actor);
	if (t->bubble)
		assert_non_null(ct_vec_push(&waits.bubbles));
	for (uint32_t i = 0; i < t->n_waits; i++) {
		struct ct_wait wait = t->waits[i];

		wait.actor = o.first;
		wait.resource = wait.resource || wait.never
					? CT_NONE
					: ct_sink_resource(s.sink, "go_chan", 0xc000 + i, &fresh);
		ct_sink_wait(s.sink, &wait);
	}
	assert_int_equal(ct_go_find_blocked(&h), CT_OK);
	ret.n = h.blocked.n;
	ret.needs = h.needs.n;
	ret.never = ret.n && h.blocked.items[0].never;
	ret.others = h.others;
	assert_int_equal(h.is_blocked[0], ret.n);
	for (uint32_t i = 0; i < h.needs.n; i++)
		assert_int_equal(h.needs.items[i].object, CT_NONE);
	free(h.is_blocked);
	ct_hash_free(&h.heads);
	ct_vec_free(&h.blocked);
	ct_vec_free(&h.needs);
	ct_vec_free(&waits.bubbles);
	ct_facts_free(story_end(&s));
	return ret;
}

static void what_others_end(void **state)
{
	static const enum ct_wait_kind kinds[] = {CT_WAIT_MUTEX, CT_WAIT_RWLOCK_READ,
		CT_WAIT_RWLOCK_WRITE, CT_WAIT_COND, CT_WAIT_SEND, CT_WAIT_RECV, CT_WAIT_WAITGROUP,
		CT_WAIT_ONCE};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(kinds); i++) {
		struct tale t = blocked;

		t.waits[0].kind = (uint8_t)kinds[i];
		struct found found = find(&t);
		assert_int_equal(found.n, 1);
		assert_int_equal(found.needs, 1);
		assert_false(found.never);
		assert_false(found.others);
	}
}

/* Each differs in one thing. */
static void what_ends_in_another_way(void **state)
{
	struct tale not [17];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < CT_COUNT(not ); i++)
		not [i] = blocked;
	not [n++].waits[0].kind = CT_WAIT_SLEEP;
	not [n++].waits[0].kind = CT_WAIT_IO;
	not [n++].waits[0].kind = CT_WAIT_PARK;
	not [n++].waits[0].timed = true;
	not [n++].waits[0].outside = true;
	not [n++].waits[0].resource = 1;
	not [n++].waits[0].trust = CT_TRUST_INFERRED;
	not [n++].waits[0].trust = CT_TRUST_GUESS;
	not [n++].n_waits = 0;
	not [n++].actor.state = CT_STATE_RUNNING;
	not [n++].actor.state = CT_STATE_SYSCALL;
	/* A coroutine, that another goroutine goes on as. */
	not [n++].actor.carrier = 0;
	not [n++].bubble = true;
	/* main, which waits for the end. */
	not [n++].actor.id = 1;
	/* One case of a select is enough. */
	not [n].n_waits = 2;
	not [n++].waits[1].timed = true;
	not [n].n_waits = 2;
	not [n++].waits[1].outside = true;
	not [n].n_waits = 2;
	not [n++].waits[1].kind = CT_WAIT_OTHER;
	assert_int_equal(n, CT_COUNT(not ));
	for (size_t i = 0; i < n; i++)
		if (find(&not [i]).n || !find(&not [i]).others)
			fail_msg("case %zu may be leaked", i);
}

static void the_system_s_own_do_not_count(void **state)
{
	struct tale t = blocked;

	(void)state;
	t.actor.system = true;
	struct found found = find(&t);
	assert_int_equal(found.n, 0);
	assert_false(found.others);
}

/* main does not wait for the end when it sends, or in a select. */
static void main_may_be_leaked(void **state)
{
	struct tale t = blocked;

	(void)state;
	t.actor.id = 1;
	t.waits[0].kind = CT_WAIT_SEND;
	assert_int_equal(find(&t).n, 1);
	t.waits[0].kind = CT_WAIT_RECV;
	t.n_waits = 2;
	assert_int_equal(find(&t).n, 1);
}

/* Nil channels end no wait; with nothing else CT211 tells of it. */
static void what_never_ends(void **state)
{
	struct tale t = blocked;

	(void)state;
	t.waits[0].never = true;
	struct found found = find(&t);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.needs, 0);
	assert_true(found.never);
	t.n_waits = 2;
	found = find(&t);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.needs, 1);
	assert_false(found.never);
	t.waits[1].timed = true;
	assert_int_equal(find(&t).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_end),
		cmocka_unit_test(what_ends_in_another_way),
		cmocka_unit_test(the_system_s_own_do_not_count),
		cmocka_unit_test(main_may_be_leaked),
		cmocka_unit_test(what_never_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
