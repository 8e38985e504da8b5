/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for which rwlock, condition variable, semaphore, barrier, once control or lock of libc,
 * from their bytes and those of cleanup handlers, as glibc 2.31 to 2.43 leaves them.
 */
#include "lock_scene.h"

#define BITSET  0x189 /* FUTEX_WAIT_BITSET, private, by the real time */
#define PRIVATE 0x80  /* FUTEX_WAIT, private */
#define ALL     0     /* FUTEX_WAIT, shared */

static const struct ct_libc_layout layout = {.tid = 720, .cleanup = 760};

/* The primitive that claims the call, or NULL; the raw futex is none. */
static const struct ct_primitive *claimed(struct scene *s)
{
	const struct ct_primitive *ret;

	s->libc.layout = &layout;
	s->match = (struct ct_match){0};
	if (ct_primitive_match(&s->ctx, &s->blocked, &ret, &s->match) || ret->last_resort)
		return NULL;
	return ret;
}

/* Ends the observation with the object that was claimed. */
static struct ct_facts *read_facts(struct scene *s, const struct ct_primitive *primitive)
{
	struct ct_facts *facts;
	struct ct_error err;
	uint32_t resource;

	assert_int_equal(primitive->read(&s->ctx, s->match.address, &resource), CT_OK);
	assert_int_equal(ct_sink_finish(s->sink, &facts, &err), CT_OK);
	s->sink = NULL;
	assert_string_equal(facts->resources[resource].kind, primitive->name);
	return facts;
}

/* A cleanup handler of a thread, in a buffer on the stack. */
static void push_cleanup(struct scene *s, unsigned tid, uint64_t at, uint64_t arg)
{
	const uint64_t buffer[] = {LIBC + 64, arg, 0, 0};

	put(s, at, buffer, sizeof(buffer));
	put(s, DESCRIPTOR(tid) + layout.cleanup, &at, sizeof(at));
}

struct rwlock_row {
	uint32_t readers, writers, phase, writers_futex;
	int32_t writer, shared;
	uint32_t flags;
	unsigned word;
	struct call call;
	const char *outer;
	int kind; /* enum ct_wait_kind; -1: no rwlock */
	int trust;
};

static void put_rwlock(struct scene *s, uint64_t addr, const struct rwlock_row *r)
{
	const uint32_t words[14] = {r->readers, r->writers, r->phase, r->writers_futex, 0, 0,
		(uint32_t)r->writer, (uint32_t)r->shared, [12] = r->flags};

	put(s, addr, words, sizeof(words));
}

static void a_rwlock_tells_its_writer(void **state)
{
	static const char rd[] = "pthread_rwlock_rdlock", wr[] = "pthread_rwlock_wrlock";
	enum { READ = CT_WAIT_RWLOCK_READ, WRITE = CT_WAIT_RWLOCK_WRITE, NO = -1 };
	static const struct rwlock_row rows[] = {
		/* Behind a writer, to read and to write; with frames and without. */
		{0xb, 0, 3, 1, OWNER, 0, 0, 8, {BITSET, 3, 0}, rd, READ, CT_TRUST_EXACT},
		{0xb, 0, 3, 1, OWNER, 0, 0, 8, {BITSET, 3, 0}, NULL, READ, CT_TRUST_EXACT},
		{3, 0, 1, 3, OWNER, 0, 0, 12, {BITSET, 3, 0}, wr, WRITE, CT_TRUST_EXACT},
		{3, 0, 1, 3, NOBODY, 0, 0, 12, {BITSET, 3, 0}, wr, WRITE, CT_TRUST_LAYOUT},
		{3, 0, 1, 3, NOBODY, 0, 0, 12, {BITSET, 3, 0}, NULL, WRITE, CT_TRUST_INFERRED},
		/* Behind readers; behind a writer that waits for them. */
		{0xa, 1, 2, 1, 0, 0, 0, 8, {BITSET, 2, 0}, wr, WRITE, CT_TRUST_LAYOUT},
		{0xe, 1, 2, 1, 0, 0, 2, 0, {BITSET, 0xe, 0}, rd, READ, CT_TRUST_LAYOUT},
		{0xe, 1, 2, 1, 0, 0, 0, 0, {BITSET, 0xe, 0}, rd, NO, 0}, /* none is preferred */
		/* Shared between processes. */
		{0xb, 0, 3, 1, OWNER, 1, 0, 8, {ALL, 3, 0}, rd, READ, CT_TRUST_INFERRED},
		{0xb, 0, 3, 1, OWNER, 1, 0, 8, {BITSET, 3, 0}, rd, NO, 0},
		{0xb, 0, 3, 1, OWNER, 0, 0, 8, {ALL, 3, 0}, rd, NO, 0},
		/* Another function's futex, another value, bytes that are no rwlock. */
		{0xb, 0, 3, 1, OWNER, 0, 0, 8, {BITSET, 3, 0}, "fputs", NO, 0},
		{0xb, 0, 3, 1, OWNER, 0, 0, 8, {BITSET, 4, 0}, rd, NO, 0},
		{0, 0, 3, 1, OWNER, 0, 0, 8, {BITSET, 3, 0}, rd, NO, 0},
		{0xb, 0, 7, 1, OWNER, 0, 0, 8, {BITSET, 3, 0}, rd, NO, 0},
		{0xb, 0, 3, 1, -1, 0, 0, 8, {BITSET, 3, 0}, rd, NO, 0},
		{0xb, 0, 3, 1, OWNER, 2, 0, 8, {BITSET, 3, 0}, rd, NO, 0},
		{0xb, 0, 3, 1, OWNER, 0, 9, 8, {BITSET, 3, 0}, rd, NO, 0},
		{0xb, 0, 3, 1, OWNER, 0, 0, 8, {0x81, 3, 0}, rd, NO, 0}, /* FUTEX_WAKE */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct scene s;

		begin(&s);
		put_rwlock(&s, HEAP + 64, &rows[i]);
		sleep_in(&s, HEAP + 64 + rows[i].word, rows[i].call);
		stand_between(
			&s, rows[i].outer ? "__futex_abstimed_wait_common" : NULL, rows[i].outer);
		const struct ct_primitive *primitive = claimed(&s);
		print_message("rwlock %zu\n", i);
		assert_ptr_equal(primitive, rows[i].kind < 0 ? NULL : &ct_primitive_rwlock);
		if (primitive) {
			assert_int_equal(s.match.kind, rows[i].kind);
			assert_int_equal(s.match.trust, rows[i].trust);
			assert_true(s.match.address == HEAP + 64);
		}
		end(&s);
	}
}

static void a_rwlock_has_at_most_one_writer(void **state)
{
	static const struct {
		struct rwlock_row lock;
		uint32_t holds, gone;
		int holders;
	} rows[] = {
		{{.readers = 3, .phase = 1, .writers_futex = 1, .writer = OWNER}, 1, 0,
			CT_HOLDERS_COMPLETE},
		{{.readers = 3, .phase = 1, .writers_futex = 1, .writer = NOBODY}, 0, NOBODY,
			CT_HOLDERS_COMPLETE},
		{{.readers = 3, .phase = 1, .writers_futex = 1, .writer = NOBODY, .shared = 1}, 0,
			0, CT_HOLDERS_UNKNOWN},
		{{.readers = 0x10}, 0, 0, CT_HOLDERS_UNKNOWN},            /* two readers */
		{{.readers = 0xa, .phase = 2}, 0, 0, CT_HOLDERS_UNKNOWN}, /* and a writer waits */
		{{.readers = 0}, 0, 0, CT_HOLDERS_COMPLETE},
		/* What is left behind by the last writer is no owner. */
		{{.readers = 1, .writer = OWNER}, 0, 0, CT_HOLDERS_COMPLETE},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct scene s;

		begin(&s);
		put_rwlock(&s, HEAP, &rows[i].lock);
		s.match.address = HEAP;
		assert_true(ct_primitive_rwlock.possible(&s.ctx, HEAP));
		assert_int_equal(ct_primitive_rwlock.recognise(&s.ctx, HEAP), rows[i].holds);
		struct ct_facts *facts = read_facts(&s, &ct_primitive_rwlock);
		assert_int_equal(facts->n_holds, rows[i].holds);
		assert_int_equal(facts->resources[0].owner_gone, rows[i].gone);
		assert_int_equal(facts->resources[0].holders, rows[i].holders);
		ct_facts_free(facts);
		end(&s);
	}
}

/* {wseq, cond, mutex, private}, to which the handler's argument points. */
static void a_cleanup_record_tells_the_condition_variable(void **state)
{
	static const struct {
		uint64_t cond, mutex, word;
		struct call call;
		bool found, timed;
	} rows[] = {
		{HEAP, HEAP + 100, HEAP + 40, {BITSET, 0, 0}, true, false}, /* up to 2.40 */
		{HEAP, HEAP + 100, HEAP + 44, {0x89, 0, TIMEOUT}, true, true},
		{HEAP, HEAP + 100, HEAP + 32, {BITSET, 2, 0}, true, false}, /* from 2.41 on */
		{HEAP, HEAP + 100, HEAP + 48, {BITSET, 0, 0}, false, false},
		{HEAP, HEAP + 100, HEAP + 28, {BITSET, 0, 0}, false, false},
		{HEAP, 0, HEAP + 40, {BITSET, 0, 0}, false, false},
		{HEAP + 512, HEAP + 100, HEAP + 40, {BITSET, 0, 0}, false, false},
		{HEAP, HEAP + 100, HEAP + 40, {0x86, 0, 0}, false, false}, /* FUTEX_LOCK_PI */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const uint64_t record[] = {0, rows[i].cond, rows[i].mutex, 0};
		struct scene s;

		begin(&s);
		put(&s, STACK + 256, record, sizeof(record));
		push_cleanup(&s, WAITER, STACK + 128, STACK + 256);
		sleep_in(&s, rows[i].word, rows[i].call);
		assert_ptr_equal(claimed(&s), rows[i].found ? &ct_primitive_cond : NULL);
		if (rows[i].found) {
			assert_true(s.match.address == HEAP);
			assert_int_equal(s.match.trust, CT_TRUST_EXACT);
			assert_int_equal(s.match.timed, rows[i].timed);
			ct_facts_free(read_facts(&s, &ct_primitive_cond));
		}
		end(&s);
	}
}

static void a_cleanup_handler_tells_the_semaphore(void **state)
{
	static const struct {
		uint32_t value, waiters, shared;
		uint64_t handler_of;
		struct call call;
		bool found;
	} rows[] = {
		{0, 1, 0, HEAP, {BITSET, 0, 0}, true},
		{0, 1, 128, HEAP, {ALL, 0, TIMEOUT}, true},
		{0, 0, 0, HEAP, {BITSET, 0, 0}, false},      /* nobody waits */
		{0, 1, 0, HEAP + 16, {BITSET, 0, 0}, false}, /* the handler is of another */
		{0, 1, 0, HEAP, {BITSET, 1, 0}, false},
		{0, 1, 7, HEAP, {BITSET, 0, 0}, false},
		{0, 1u << 30, 0, HEAP, {BITSET, 0, 0}, false},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const uint32_t words[] = {rows[i].value, rows[i].waiters, rows[i].shared, 0};
		struct scene s;

		begin(&s);
		put(&s, HEAP, words, sizeof(words));
		push_cleanup(&s, WAITER, STACK + 128, rows[i].handler_of);
		sleep_in(&s, HEAP, rows[i].call);
		assert_ptr_equal(claimed(&s), rows[i].found ? &ct_primitive_sem : NULL);
		end(&s);
	}
}

static void a_barrier_counts_who_has_come(void **state)
{
	static const struct {
		uint32_t in, round, count, shared;
		struct call call;
		const char *outer;
		int trust; /* -1: no barrier */
	} rows[] = {
		{2, 0, 3, 0, {PRIVATE, 0, 0}, "pthread_barrier_wait", CT_TRUST_LAYOUT},
		{8, 6, 3, 0, {PRIVATE, 6, 0}, NULL, CT_TRUST_INFERRED},
		{2, 0, 3, 128, {ALL, 0, 0}, NULL, CT_TRUST_INFERRED},
		{3, 0, 3, 0, {PRIVATE, 0, 0}, "pthread_barrier_wait", -1}, /* all have come */
		{0, 0, 3, 0, {PRIVATE, 0, 0}, "pthread_barrier_wait", -1},
		{2, 0, 3, 0, {PRIVATE, 1, 0}, "pthread_barrier_wait", -1},
		{2, 0, 3, 5, {PRIVATE, 0, 0}, "pthread_barrier_wait", -1},
		{2, 0, 3, 0, {PRIVATE, 0, 0}, "fputs", -1},
		{2, 0, 3, 0, {BITSET, 0, TIMEOUT}, NULL, -1}, /* a barrier has no timeout */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const uint32_t words[] = {
			rows[i].in, rows[i].round, rows[i].count, rows[i].shared, 0};
		struct scene s;

		begin(&s);
		put(&s, HEAP, words, sizeof(words));
		sleep_in(&s, HEAP + 4, rows[i].call);
		stand_between(&s, rows[i].outer ? "__futex_wait" : NULL, rows[i].outer);
		const struct ct_primitive *primitive = claimed(&s);
		assert_ptr_equal(primitive, rows[i].trust < 0 ? NULL : &ct_primitive_barrier);
		if (primitive) {
			assert_int_equal(s.match.trust, rows[i].trust);
			assert_true(s.match.address == HEAP);
		}
		end(&s);
	}
}

/* The runner's handler has the control itself (2.31), or points to it (2.36 on). */
static void who_initialises_holds_the_control(void **state)
{
	static const struct {
		uint32_t word;
		uint64_t arg;
		const char *outer;
		int holds; /* -1: no once control */
	} rows[] = {
		{1, HEAP, NULL, 1}, {5, STACK + 256, "pthread_once", 1}, /* after a fork */
		{1, HEAP + 64, "pthread_once", 0}, /* who runs it is not known */
		{1, HEAP + 64, NULL, -1}, {2, HEAP, "pthread_once", -1}, /* done */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const uint64_t frame[] = {LIBC + 8, HEAP};
		struct scene s;

		begin(&s);
		put(&s, HEAP, &rows[i].word, sizeof(rows[i].word));
		put(&s, STACK + 256, frame, sizeof(frame));
		push_cleanup(&s, OWNER, STACK + 128, rows[i].arg);
		sleep_in(&s, HEAP, (struct call){PRIVATE, rows[i].word, 0});
		stand_between(&s, rows[i].outer ? "futex_wait" : NULL, rows[i].outer);
		const struct ct_primitive *primitive = claimed(&s);
		assert_ptr_equal(primitive, rows[i].holds < 0 ? NULL : &ct_primitive_once);
		if (primitive) {
			struct ct_facts *facts = read_facts(&s, primitive);

			assert_int_equal(facts->n_holds, rows[i].holds);
			assert_true(!facts->n_holds || facts->holds[0].actor == OWNER - MAIN);
			ct_facts_free(facts);
		}
		end(&s);
	}
}

static void a_lock_of_libc_points_to_its_owner(void **state)
{
	static const struct {
		uint32_t lock, count;
		uint64_t owner;
		struct call call;
		bool found;
	} rows[] = {
		{2, 1, DESCRIPTOR(OWNER), {PRIVATE, 2, 0}, true},
		{2, 0, DESCRIPTOR(OWNER), {PRIVATE, 2, 0}, true}, /* 2.41 */
		{2, 1, DESCRIPTOR(OWNER) + 8, {PRIVATE, 2, 0}, false},
		{2, 1, 0, {PRIVATE, 2, 0}, false},
		{0, 1, DESCRIPTOR(OWNER), {PRIVATE, 2, 0}, false},
		{3, 1, DESCRIPTOR(OWNER), {PRIVATE, 2, 0}, false},
		{2, 1, DESCRIPTOR(OWNER), {PRIVATE, 1, 0}, false},
		{2, 1, DESCRIPTOR(OWNER), {BITSET, 2, TIMEOUT}, false},
		{2, UINT32_MAX, DESCRIPTOR(OWNER), {PRIVATE, 2, 0}, false},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const uint32_t words[] = {rows[i].lock, rows[i].count};
		struct scene s;

		begin(&s);
		put(&s, HEAP, words, sizeof(words));
		put(&s, HEAP + 8, &rows[i].owner, sizeof(rows[i].owner));
		sleep_in(&s, HEAP, rows[i].call);
		stand_between(&s, "__lll_lock_wait_private", "fputs");
		const struct ct_primitive *primitive = claimed(&s);
		assert_ptr_equal(primitive, rows[i].found ? &ct_primitive_libc_lock : NULL);
		if (primitive) {
			struct ct_facts *facts = read_facts(&s, primitive);

			assert_int_equal(facts->n_holds, 1);
			assert_int_equal(facts->holds[0].actor, OWNER - MAIN);
			ct_facts_free(facts);
		}
		end(&s);
	}
}

/* A program that calls futex itself has a lock of its own. */
static void nothing_is_libcs_that_the_program_calls(void **state)
{
	static const struct rwlock_row lock = {
		.readers = 0xb, .phase = 3, .writers_futex = 1, .writer = OWNER};
	struct scene s;

	(void)state;
	begin(&s);
	put_rwlock(&s, HEAP, &lock);
	sleep_in(&s, HEAP + 8, (struct call){BITSET, 3, 0});
	assert_ptr_equal(claimed(&s), &ct_primitive_rwlock);
	ct_reg_set(&s.regs, process.arch->pc, PROGRAM + 8);
	assert_null(claimed(&s));
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rwlock_tells_its_writer),
		cmocka_unit_test(a_rwlock_has_at_most_one_writer),
		cmocka_unit_test(a_cleanup_record_tells_the_condition_variable),
		cmocka_unit_test(a_cleanup_handler_tells_the_semaphore),
		cmocka_unit_test(a_barrier_counts_who_has_come),
		cmocka_unit_test(who_initialises_holds_the_control),
		cmocka_unit_test(a_lock_of_libc_points_to_its_owner),
		cmocka_unit_test(nothing_is_libcs_that_the_program_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
