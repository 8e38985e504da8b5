/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of Rust's and OpenMP's objects say, written by hand. */
#include "lock_scene.h"

#include "blocking/cxx_barrier.h"

#define OBJECT (HEAP + 256)
#define GOMP   UINT64_C(0x7f2000000000) /* a page of libgomp's code */
#define PARKER (HEAP + 1024 + 40)       /* of the thread whose Arc is at HEAP + 1024 */

#define RUST_WAIT (9u | 128u) /* FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG */
#define GOMP_WAIT (0u | 128u)

struct row {
	const char *below; /* the function above libc's syscall() */
	uint32_t words[4]; /* the object */
	uint32_t at;       /* offset of the word that is slept on */
	uint32_t expects;
	int kind;          /* of the wait; -1: it is none of ours */
	const char *state; /* a value of the object; NULL: it has none */
	uint32_t count;    /* how many have it */
};

/* Is the thread asleep for an object of this kind? */
static enum ct_status asks(struct scene *s, const struct ct_primitive *primitive)
{
	const struct ct_primitive *found;
	enum ct_status status = ct_primitive_match(&s->ctx, &s->blocked, &found, &s->match);

	return status || found == primitive ? status : CT_NOT_FOUND;
}

/* The state that the object is told to be in. Ends the telling of facts. */
static void check_state(struct scene *s, const char *state)
{
	const char *found = "";
	struct ct_facts *facts;
	struct ct_error err;

	assert_int_equal(ct_sink_finish(s->sink, &facts, &err), CT_OK);
	s->sink = NULL;
	for (uint32_t i = 0; i < facts->resources[0].n_values; i++)
		if (!strcmp(facts->resources[0].values[i].key, "state"))
			found = facts->resources[0].values[i].text;
	assert_string_equal(found, state ? state : "");
	ct_facts_free(facts);
}

static void check_row(const struct ct_primitive *primitive, const struct row *row)
{
	struct scene s;
	uint32_t resource;

	begin(&s);
	put(&s, OBJECT, row->words, sizeof(row->words));
	sleep_in(&s, OBJECT + row->at, (struct call){RUST_WAIT, row->expects, 0});
	stand_between(&s, "syscall", row->below);
	s.blocked.have_stack = false; /* what is inlined there is not known */
	enum ct_status status = asks(&s, primitive);

	if (row->kind < 0) {
		assert_int_equal(status, CT_NOT_FOUND);
	} else {
		assert_int_equal(status, CT_OK);
		assert_int_equal(s.match.kind, row->kind);
		assert_int_equal(s.match.address, OBJECT);
		assert_int_equal(primitive->read(&s.ctx, OBJECT, &resource), CT_OK);
	}
	if (primitive->possession)
		assert_int_equal(primitive->possession->count(&s.ctx, OBJECT), row->count);
	if (row->kind >= 0)
		check_state(&s, row->state);
	end(&s);
}

#define MUTEX "<std::sys::sync::mutex::futex::Mutex>::lock_contended"

static void mutexes_of_rust(void **state)
{
	static const struct row rows[] = {
		{MUTEX, {0}, 0, 2, CT_WAIT_MUTEX, "free", 0},
		{MUTEX, {1}, 0, 2, CT_WAIT_MUTEX, "locked", 1},
		{MUTEX, {2}, 0, 2, CT_WAIT_MUTEX, "locked, with waiters", 1},
		{MUTEX, {3}, 0, 2, -1, NULL, 0},
		{MUTEX, {2}, 0, 1, -1, NULL, 1},
		{"shop::Mutex::lock_contended", {2}, 0, 2, -1, NULL, 1},
		{NULL, {2}, 0, 2, -1, NULL, 1},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++)
		check_row(&ct_primitive_rust_mutex, &rows[i]);
}

#define READ  "<std::sys::sync::rwlock::futex::RwLock>::read_contended"
#define WRITE "std::sys::unix::locks::futex_rwlock::RwLock::write_contended"

static void rwlocks_of_rust(void **state)
{
	static const struct row rows[] = {
		{READ, {0x7fffffff}, 0, 0x7fffffff, CT_WAIT_RWLOCK_READ, "locked to write", 1},
		{READ, {0xc0000002}, 0, 0xc0000002, CT_WAIT_RWLOCK_READ, "locked to read", 2},
		{WRITE, {0x80000003, 5}, 4, 5, CT_WAIT_RWLOCK_WRITE, "locked to read", 3},
		{WRITE, {0xbfffffff, 5}, 4, 5, CT_WAIT_RWLOCK_WRITE, "locked to write", 1},
		{WRITE, {0x80000000, 5}, 4, 5, CT_WAIT_RWLOCK_WRITE, "free", 0},
		/* More readers than there can be. */
		{WRITE, {0x20000000, 5}, 4, 5, -1, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++)
		check_row(&ct_primitive_rust_rwlock, &rows[i]);
}

#define ONCE "std::sys::sync::once::futex::Once::call"

static void onces_of_rust(void **state)
{
	static const struct row rows[] = {
		{ONCE, {5}, 0, 5, CT_WAIT_ONCE, "initialising, with waiters", 1},
		{ONCE, {3}, 0, 3, CT_WAIT_ONCE, "initialising, with waiters", 1},
		{ONCE, {4}, 0, 4, -1, NULL, 0},
		{ONCE, {0}, 0, 5, CT_WAIT_ONCE, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++)
		check_row(&ct_primitive_rust_once, &rows[i]);
}

/* Parked, below a function of std. */
static void park(struct scene *s, const char *purpose)
{
	sleep_in(s, PARKER, (struct call){RUST_WAIT, UINT32_MAX, 0});
	stand_between(s, "syscall", "std::thread::park");
	s->blocked.have_stack = false; /* what is inlined there is not known */
	s->blocked.callers[s->blocked.n_callers++] = purpose;
}

static void a_once_before_1_67_is_found_by_its_list(void **state)
{
	static const struct {
		uint64_t once, entry_next;
		bool found;
	} rows[] = {
		{STACK + 64 + 2, 0, true},                         /* the first in its list */
		{STACK + 2048 + 64 + 2, STACK + 64, true},         /* the second */
		{STACK + 2048 + 64 + 2, STACK + 3072, false},      /* of others */
		{STACK + 2048 + 64 + 2, STACK + 2048 + 64, false}, /* a list in a ring */
		{STACK + 64 + 1, 0, false},                        /* poisoned */
		{STACK + 64 + 3, 0, false},                        /* done */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const uint64_t pointer = OBJECT;
		struct scene s;

		begin(&s);
		park(&s, "std::sync::once::Once::call_inner");
		put(&s, OBJECT, &rows[i].once, 8);
		put(&s, STACK + 32, &pointer, 8);
		memcpy(s.stack + 2048 + 64 + 8, &rows[i].entry_next, 8);
		enum ct_status status = asks(&s, &ct_primitive_rust_once);
		assert_int_equal(status, rows[i].found ? CT_OK : CT_NOT_FOUND);
		if (rows[i].found) {
			assert_int_equal(s.match.address, OBJECT);
			assert_int_equal(s.match.trust, CT_TRUST_EXACT);
		}
		end(&s);
	}
}

static void a_scope_names_who_waits_for_it(void **state)
{
	static const struct {
		uint64_t words[4]; /* strong, weak, data */
		uint32_t running;  /* 0: it is none, or not this thread's */
	} rows[] = {
		{{3, 1, PARKER - 40, 2}, 2},
		{{3, 1, 2, PARKER - 40}, 2},
		{{2, 1, PARKER - 40, 2}, 0}, /* fewer have it than run */
		{{3, 0, PARKER - 40, 2}, 0},
		{{3, 1, PARKER - 48, 2}, 0},
		{{3, 1, PARKER - 40, 0}, 0},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const uint64_t pointer = OBJECT;
		struct scene s;

		begin(&s);
		park(&s, "std::thread::scoped::scope");
		put(&s, OBJECT, rows[i].words, sizeof(rows[i].words));
		put(&s, STACK + 32, &pointer, 8);
		enum ct_status status = asks(&s, &ct_primitive_rust_scope);
		assert_int_equal(status, rows[i].running ? CT_OK : CT_NOT_FOUND);
		if (rows[i].running) {
			assert_int_equal(s.match.address, OBJECT);
			assert_int_equal(ct_primitive_rust_scope.possession->count(&s.ctx, OBJECT),
				rows[i].running);
		}
		end(&s);
	}
}

static void barriers_of_libstdcxx(void **state)
{
	enum { NODES = HEAP % 4096 + 1024 };
	static const struct {
		int64_t expected, adjustment;
		uint64_t nodes;
		uint8_t phase, tickets[3];
		bool is_one;
		uint32_t arrived;
	} rows[] = {
		{4, 0, HEAP + NODES, 1, {1, 1}, true, 0}, {4, 0, HEAP + NODES, 1, {3, 2}, true, 3},
		{5, 0, HEAP + NODES, 1, {2, 1, 3}, true, 2},       /* one comes alone to the last */
		{5, 0, HEAP + NODES, 1, {2, 1, 2}, true, CT_NONE}, /* never half */
		{2, -1, HEAP + NODES, 255, {0}, true, 1},          /* phases begin anew */
		{2, 0, HEAP + NODES, 1, {3}, true, CT_NONE}, /* all have: it is about to go on */
		{4, 0, HEAP + NODES, 1, {9, 1}, true, CT_NONE},
		{1 << 20, 0, HEAP + NODES, 1, {1}, true, CT_NONE},
		{0, 0, HEAP + NODES, 1, {1}, false, 0},
		{(1 << 20) + 1, 0, HEAP + NODES, 1, {1}, false, 0},
		{4, -5, HEAP + NODES, 1, {1}, false, 0}, {4, 1, HEAP + NODES, 1, {1}, false, 0},
		{4, 0, HEAP + NODES + 8, 1, {1}, false, 0}, {4, 0, 0, 1, {1}, false, 0},
		{4, 0, 64, 1, {1}, true, CT_NONE}, /* nodes that are not there */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct ct_cxx_barrier found;
		struct scene s;

		begin(&s);
		put(&s, OBJECT, &rows[i].expected, 8);
		put(&s, OBJECT + 8, &rows[i].nodes, 8);
		put(&s, OBJECT + 16, &rows[i].adjustment, 8);
		put(&s, OBJECT + CT_CXX_PHASE, &rows[i].phase, 1);
		for (size_t k = 0; k < CT_COUNT(rows[i].tickets); k++)
			put(&s, HEAP + NODES + k * 64, &rows[i].tickets[k], 1);
		assert_int_equal(ct_cxx_barrier_read(&s.ctx, OBJECT, &found), rows[i].is_one);
		if (rows[i].is_one)
			assert_int_equal(found.arrived, rows[i].arrived);
		end(&s);
	}
}

static void barriers_of_libgomp(void **state)
{
	static const struct {
		uint32_t needed, generation, awaited, expects;
		bool found;
		uint32_t at_end;
	} rows[] = {
		{4, 8, 1, 8, true, 0},
		{4, 8, 3, 8, true, 0},
		{4, 8, 1, 16, false, 0}, /* the generation is another */
		{4, 9, 1, 8, true, 0},   /* there are tasks now */
		{4, 8, 4, 8, false, 0},  /* nobody has come */
		{4, 8, 0, 8, false, 0},  /* all have */
		{1, 8, 1, 8, false, 0},
		{UINT32_MAX, 8, 1, 8, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		uint32_t words[18] = {rows[i].needed, rows[i].generation};
		struct scene s;

		prepare(&s);
		image_add_map(
			s.source, LIBC, IMAGE_PAGE, "/none/libc.so.6", 0, PROT_READ | PROT_EXEC, 0);
		image_add_map(s.source, GOMP, IMAGE_PAGE, "/none/libgomp.so.1", 0,
			PROT_READ | PROT_EXEC, 0);
		open_scene(&s, GOMP + 8);
		words[16] = rows[i].awaited;
		words[17] = rows[i].at_end;
		put(&s, OBJECT, words, sizeof(words));
		sleep_in(&s, OBJECT + 4, (struct call){GOMP_WAIT, rows[i].expects, 0});
		enum ct_status status = asks(&s, &ct_primitive_gomp_barrier);
		assert_int_equal(status, rows[i].found ? CT_OK : CT_NOT_FOUND);
		if (rows[i].found)
			assert_int_equal(s.match.address, OBJECT);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutexes_of_rust),
		cmocka_unit_test(rwlocks_of_rust),
		cmocka_unit_test(onces_of_rust),
		cmocka_unit_test(a_once_before_1_67_is_found_by_its_list),
		cmocka_unit_test(a_scope_names_who_waits_for_it),
		cmocka_unit_test(barriers_of_libstdcxx),
		cmocka_unit_test(barriers_of_libgomp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
