/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for which pthread mutex and who holds it, from the bytes of the mutex and the call that
 * the waiter sleeps in. The bytes are those that glibc 2.31 to 2.43 leaves (nptl/pthreadP.h).
 */
#include <linux/futex.h>

#include "lock_scene.h"

#define WAITED_FOR (OWNER | FUTEX_WAITERS) /* the word of a robust or PI mutex with waiters */
#define CEILING    0x500000u               /* of 10, as a PP mutex has it above its lock */

enum { NORMAL, RECURSIVE, ERRORCHECK, ADAPTIVE };
enum { ROBUST_BIT = 0x10, PI = 0x20, PP = 0x40, SHARED = 0x80, ELIDE = 0x100, NO_ELIDE = 0x200 };
enum { ROBUST = ROBUST_BIT | SHARED }; /* as pthread_mutex_init sets it, shared or not */

/* struct __pthread_mutex_s of x86-64. */
struct bytes {
	uint32_t lock, count, owner, users, kind;
	int16_t spins, elision;
	uint64_t prev, next;
};

#define BYTES(lock_, count_, owner_, users_, kind_, ...)                                           \
	{                                                                                          \
		.lock = (lock_), .count = (count_), .owner = (owner_), .users = (users_),          \
		.kind = (kind_), __VA_ARGS__                                                       \
	}

/* The calls of nptl's lock paths. */
#define LLL        0x80, 2, 0
#define LLL_SHARED 0, 2, 0
#define LLL_PP     0x80, CEILING | 2, 0
#define ROBUST_LLL 0, WAITED_FOR, 0
#define LOCK_PI    0x86, 0, 0

/* The two innermost functions of a thread; ALONE: no stack was read. */
enum frames { ALONE, LOCKING, FULL, RELOCKING, NAMELESS, UNKNOWN, WRITING, CALLING };

static void stand_in(struct scene *s, enum frames frames)
{
	static const char *const names[][2] = {
		[LOCKING] = {"__lll_lock_wait", "__pthread_mutex_lock"},
		[FULL] = {"__futex_abstimed_wait64", "___pthread_mutex_lock_full"},
		[RELOCKING] = {"__lll_lock_wait", "__pthread_mutex_cond_lock"},
		[NAMELESS] = {NULL, "pthread_mutex_lock"},
		[UNKNOWN] = {"__lll_lock_wait", NULL},
		[WRITING] = {"__lll_lock_wait", "fputs"},
		[CALLING] = {"syscall", "pthread_mutex_of_mine"},
	};

	stand_between(s, names[frames][0], names[frames][1]);
}

static enum ct_status match(struct scene *s)
{
	const struct ct_primitive *found;
	enum ct_status status = ct_primitive_match(&s->ctx, &s->blocked, &found, &s->match);

	return status || found != &ct_primitive_mutex ? CT_NOT_FOUND : CT_OK;
}

static void scene_of(struct scene *s, uint64_t addr, struct bytes bytes, struct call call)
{
	begin(s);
	put(s, addr, &bytes, sizeof(bytes));
	sleep_in(s, addr, call);
}

/* Ends the observation. The one resource of the facts is the mutex, though it was read twice. */
static struct ct_facts *facts_of(struct scene *s)
{
	struct ct_facts *facts;
	struct ct_error err;
	uint32_t resource, again;

	for (int i = 0; i < 2; i++)
		assert_int_equal(
			ct_primitive_mutex.read(&s->ctx, s->match.address, i ? &again : &resource),
			CT_OK);
	assert_int_equal(resource, again);
	assert_int_equal(ct_sink_finish(s->sink, &facts, &err), CT_OK);
	s->sink = NULL;
	assert_int_equal(facts->n_resources, 1);
	assert_string_equal(facts->resources[0].kind, "pthread_mutex");
	return facts;
}

static const struct ct_value *value_of(const struct ct_facts *facts, const char *key)
{
	const struct ct_resource *r = &facts->resources[0];

	for (uint32_t i = 0; i < r->n_values; i++)
		if (!strcmp(r->values[i].key, key))
			return &r->values[i];
	return NULL;
}

static void check_state(const struct ct_facts *facts, const struct bytes *bytes)
{
	static const char *const types[] = {"normal", "recursive", "errorcheck", "adaptive"};
	uint32_t owner =
		bytes->kind & (ROBUST_BIT | PI) ? bytes->lock & FUTEX_TID_MASK : bytes->owner;

	assert_string_equal(value_of(facts, "type")->text, types[bytes->kind & 3]);
	assert_int_equal(value_of(facts, "robust") != NULL, !!(bytes->kind & ROBUST_BIT));
	assert_int_equal(value_of(facts, "priority_inheriting") != NULL, !!(bytes->kind & PI));
	assert_int_equal(value_of(facts, "priority_protect") != NULL, !!(bytes->kind & PP));
	if (!(bytes->kind & ROBUST_BIT))
		assert_int_equal(facts->resources[0].process_shared, !!(bytes->kind & SHARED));
	assert_int_equal(value_of(facts, "lock")->number, bytes->lock);
	assert_int_equal(value_of(facts, "owner")->number, owner);
	assert_int_equal(value_of(facts, "users")->number, bytes->users);
	assert_int_equal(value_of(facts, "inconsistent") != NULL,
		bytes->kind & ROBUST_BIT && bytes->owner >= 0x7ffffffe);
	assert_int_equal(value_of(facts, "depth") != NULL, (bytes->kind & 3) == RECURSIVE);
	if (value_of(facts, "depth"))
		assert_int_equal(value_of(facts, "depth")->number, bytes->count);
}

/* The trust of the wait, then what is known of holders, in words. */
static void tell(struct scene *s, const struct ct_facts *facts, char *text, size_t size)
{
	const struct ct_resource *r = &facts->resources[0];
	int at = snprintf(text, size, "%s%s%s: ", ct_trust_name(s->match.trust),
		s->match.timed ? ", timed" : "", s->match.outside ? ", outside" : "");

	text += at, size -= (size_t)at;
	if (facts->n_holds == 1 && r->holders == CT_HOLDERS_COMPLETE)
		snprintf(text, size, "held by %llu, %s",
			(unsigned long long)facts->actors[facts->holds[0].actor].id,
			ct_trust_name(facts->holds[0].trust));
	else if (r->owner_gone && r->holders == CT_HOLDERS_COMPLETE)
		snprintf(text, size, "%llu is gone", (unsigned long long)r->owner_gone);
	else if (!r->owner_gone && !facts->n_holds)
		snprintf(text, size, r->holders == CT_HOLDERS_COMPLETE ? "free" : "not known");
}

#define EXACT      "exact: held by 102, exact"
#define TIMED      "exact, timed: held by 102, exact"
#define NOT_SURE   "inferred: held by 102, inferred"
#define HANDED_ON  "layout: not known"
#define DAMAGED    HANDED_ON
#define VAR_SHARED VARIABLE, ALONE, LLL_SHARED

static const struct row {
	uint64_t addr;
	enum frames frames;
	uint32_t op, expects;
	uint64_t timeout;
	struct bytes bytes;
	const char *expected; /* NULL: no mutex */
} rows[] = {
	/* Every kind with the calls of its lock functions: no frame is needed to be certain. */
	{HEAP, ALONE, LLL, BYTES(2, 0, OWNER, 1, NORMAL), EXACT},
	{HEAP, ALONE, LLL, BYTES(2, 0, OWNER, 5, NORMAL | ELIDE), EXACT},
	{HEAP, ALONE, LLL, BYTES(2, 0, OWNER, 1, NORMAL | NO_ELIDE, .elision = 3), EXACT},
	{HEAP, ALONE, 0x189, 2, TIMEOUT, BYTES(2, 0, OWNER, 1, NORMAL | NO_ELIDE), TIMED},
	{HEAP, ALONE, 0x89, 2, TIMEOUT, BYTES(2, 0, OWNER, 1, NORMAL), TIMED},
	{HEAP, ALONE, LLL, BYTES(2, 3, OWNER, 1, RECURSIVE), EXACT},
	{HEAP, ALONE, LLL, BYTES(2, 0, OWNER, 1, ERRORCHECK), EXACT},
	{HEAP, ALONE, LLL, BYTES(2, 0, OWNER, 1, ADAPTIVE, .spins = 10), EXACT},
	{VARIABLE, ALONE, ROBUST_LLL, BYTES(WAITED_FOR, 1, OWNER, 1, ROBUST, .prev = 8), EXACT},
	{VARIABLE, ALONE, ROBUST_LLL, BYTES(WAITED_FOR, 4, OWNER, 1, ROBUST | RECURSIVE | NO_ELIDE),
		EXACT},
	{VARIABLE, ALONE, 0x109, WAITED_FOR, TIMEOUT,
		BYTES(WAITED_FOR, 1, OWNER, 1, ROBUST | NO_ELIDE, .next = 8), TIMED},
	{HEAP, ALONE, LOCK_PI, BYTES(WAITED_FOR, 1, OWNER, 1, PI), EXACT},
	{HEAP, ALONE, 0x8d, 0, TIMEOUT, BYTES(WAITED_FOR, 1, OWNER, 1, PI | NO_ELIDE), TIMED},
	{VARIABLE, ALONE, 6, 0, 0, BYTES(WAITED_FOR, 1, OWNER, 1, ROBUST | PI, .prev = 9), EXACT},
	{VARIABLE, ALONE, 6, 0, TIMEOUT, BYTES(WAITED_FOR, 1, OWNER, 1, PI | SHARED), TIMED},
	{HEAP, ALONE, LLL_PP, BYTES(CEILING | 2, 0, OWNER, 1, PP), EXACT},
	{HEAP, ALONE, LLL, BYTES(2, 0, OWNER, 1, PP), EXACT},
	{VAR_SHARED, BYTES(2, 0, OWNER, 1, SHARED), EXACT},
	{VAR_SHARED, BYTES(2, 0, OWNER, 900, RECURSIVE | SHARED | NO_ELIDE), EXACT},
	{VARIABLE, ALONE, 0x109, 2, TIMEOUT, BYTES(2, 0, OWNER, 1, SHARED), TIMED},
	/* A live owner weighs more than the frames, unless the program made the call itself. */
	{HEAP, LOCKING, LLL, BYTES(1, 0, OWNER, 1, NORMAL), EXACT},
	{HEAP, WRITING, LLL, BYTES(2, 0, OWNER, 1, NORMAL), EXACT},
	{HEAP, CALLING, LLL, BYTES(2, 0, OWNER, 1, NORMAL), NULL},
	/* Calls that nptl makes for no mutex. */
	{HEAP, LOCKING, 0x80, 1, 0, BYTES(2, 0, OWNER, 1, NORMAL), NULL},
	{HEAP, LOCKING, 0x81, 2, 0, BYTES(2, 0, OWNER, 1, NORMAL), NULL}, /* FUTEX_WAKE */
	{HEAP, LOCKING, 0x87, 0, 0, BYTES(WAITED_FOR, 1, OWNER, 1, NORMAL), NULL},
	{HEAP, LOCKING, 0xff, 2, 0, BYTES(2, 0, OWNER, 1, NORMAL), NULL},
	{HEAP, LOCKING, LLL_SHARED, BYTES(2, 0, OWNER, 1, NORMAL), NULL},
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, 1, SHARED), NULL},
	{HEAP, LOCKING, 0x80, WAITED_FOR, 0, BYTES(WAITED_FOR, 1, OWNER, 1, ROBUST), NULL},
	{HEAP, LOCKING, 0, FUTEX_WAITERS, 0, BYTES(WAITED_FOR, 1, OWNER, 1, ROBUST), NULL},
	{HEAP, LOCKING, LLL_PP, BYTES(CEILING * 2 | 2, 0, OWNER, 1, PP), NULL},
	{HEAP + 2, LOCKING, LLL, BYTES(2, 0, OWNER, 1, NORMAL), NULL},
	/* Bytes that nptl never makes: damaged, where frames say that it was a mutex. */
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, 1, 0x4), DAMAGED},
	{HEAP, ALONE, LLL, BYTES(2, 0, OWNER, 1, 0x4), NULL},
	{HEAP, WRITING, LLL, BYTES(2, 0, OWNER, 1, 0x4), NULL},
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, 1, 0x400), DAMAGED},
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, 1, NORMAL, .prev = HEAP), DAMAGED},
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, 1, NORMAL, .next = 1), DAMAGED},
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, 1, NORMAL, .spins = 1), NULL},
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, 1, ADAPTIVE, .spins = -1), NULL},
	{HEAP, LOCKING, LLL, BYTES(2, 1, OWNER, 1, NORMAL), EXACT},
	{HEAP, LOCKING, LLL, BYTES(2, 2, OWNER, 1, NORMAL), DAMAGED},
	{HEAP, LOCKING, LLL, BYTES(3, 0, OWNER, 1, NORMAL), DAMAGED},
	{HEAP, LOCKING, LLL_PP, BYTES(CEILING | 3, 0, OWNER, 1, PP), DAMAGED},
	{HEAP, LOCKING, LOCK_PI, BYTES(WAITED_FOR, 1, OWNER, 1, PI | PP), NULL},
	{HEAP, LOCKING, LLL, BYTES(2, 0, 0x7fffffff, 1, NORMAL), DAMAGED},
	/* Linux gives no thread a number above 4194304. */
	{HEAP, LOCKING, LLL, BYTES(2, 0, 4194304, 1, NORMAL), "layout: 4194304 is gone"},
	{HEAP, LOCKING, LLL, BYTES(2, 0, 4194305, 1, NORMAL), DAMAGED},
	{HEAP, LOCKING, LOCK_PI, BYTES(4194305, 1, 0x7fffffff, 1, PI | ROBUST), NULL},
	/* Users are the threads and at most 64 more; in other processes, 65536 in all. */
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, N_THREADS + 64, NORMAL), EXACT},
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, N_THREADS + 65, NORMAL), NULL},
	{VAR_SHARED, BYTES(2, 0, OWNER, 65536, SHARED), EXACT},
	{VAR_SHARED, BYTES(2, 0, OWNER, 65537, SHARED), NULL},
	/* Unlocked once too often, and again. */
	{HEAP, ALONE, LLL, BYTES(2, 0, OWNER, 0, NORMAL), NULL},
	{HEAP, NAMELESS, LLL, BYTES(2, 0, OWNER, 0, NORMAL), NOT_SURE},
	{HEAP, ALONE, LLL, BYTES(2, 0, OWNER, 0xffffffff, NORMAL), NULL},
	{HEAP, LOCKING, LLL, BYTES(2, 0, OWNER, 0xffffff00, NORMAL), NOT_SURE},
	/* Between two owners: frames must say that it is a mutex. */
	{HEAP, ALONE, LLL, BYTES(0, 0, OWNER, 1, NORMAL), NULL},
	{HEAP, WRITING, LLL, BYTES(0, 0, 0, 1, NORMAL), NULL},
	{HEAP, LOCKING, LLL, BYTES(0, 0, 0, 1, NORMAL), "layout: free"},
	{HEAP, ALONE, LLL, BYTES(2, 0, 0, 1, NORMAL), NULL},
	{HEAP, RELOCKING, LLL, BYTES(2, 0, 0, 0, NORMAL), HANDED_ON},
	{HEAP, FULL, LOCK_PI, BYTES(WAITED_FOR, 1, 0, 1, PI), HANDED_ON},
	{HEAP, FULL, LOCK_PI, BYTES(WAITED_FOR, 1, MAIN, 1, PI), HANDED_ON},
	/* An owner that is no thread: any number behind a lock of another kind looks so. */
	{HEAP, ALONE, LLL, BYTES(2, 0, NOBODY, 1, NORMAL), "inferred: 77 is gone"},
	{HEAP, LOCKING, LLL, BYTES(2, 0, NOBODY, 1, NORMAL), "layout: 77 is gone"},
	{HEAP, UNKNOWN, LLL, BYTES(2, 0, NOBODY, 1, NORMAL), "inferred: 77 is gone"},
	{HEAP, WRITING, LLL, BYTES(2, 0, NOBODY, 1, NORMAL), NULL},
	{HEAP, CALLING, LLL, BYTES(2, 0, NOBODY, 1, NORMAL), NULL},
	/* Other processes may have it: their threads, and those of other PID namespaces. */
	{HEAP, ALONE, LLL_SHARED, BYTES(2, 0, OWNER, 1, SHARED), NOT_SURE},
	{HEAP, ALONE, LLL_SHARED, BYTES(2, 0, NOBODY, 1, SHARED), "inferred, outside: not known"},
	{HEAP, LOCKING, LLL_SHARED, BYTES(2, 0, NOBODY, 1, SHARED), "layout, outside: not known"},
	/* The owner before this one died; the second cannot be made consistent any more. */
	{VARIABLE, ALONE, ROBUST_LLL, BYTES(WAITED_FOR, 1, 0x7fffffff, 1, ROBUST), EXACT},
	{VARIABLE, ALONE, 6, 0, 0, BYTES(WAITED_FOR, 1, 0x7ffffffe, 1, ROBUST | PI), EXACT},
	{HEAP, LOCKING, ROBUST_LLL, BYTES(FUTEX_OWNER_DIED, 1, NOBODY, 1, ROBUST), HANDED_ON},
};

static void check_row(const struct row *row)
{
	char actual[128] = "", expected[128];
	int index = (int)(row - rows);
	struct scene s;

	scene_of(&s, row->addr, row->bytes, (struct call){row->op, row->expects, row->timeout});
	stand_in(&s, row->frames);
	snprintf(expected, sizeof(expected), "row %d: %s", index,
		row->expected ? row->expected : "no mutex");
	int at = snprintf(actual, sizeof(actual), "row %d: ", index);
	enum ct_status status = match(&s);
	if (status) {
		assert_int_equal(status, CT_NOT_FOUND);
		strcat(actual, "no mutex");
	} else {
		assert_int_equal(s.match.kind, CT_WAIT_MUTEX);
		assert_true(s.match.address == row->addr);
		assert_non_null(s.match.why);
		struct ct_facts *facts = facts_of(&s);
		assert_int_equal(facts->n_notes, s.match.outside); /* CT_NOTE_NOT_ASKED */
		tell(&s, facts, actual + at, sizeof(actual) - (size_t)at);
		check_state(facts, &row->bytes);
		ct_facts_free(facts);
	}
	end(&s);
	assert_string_equal(actual, expected);
}

static void calls_and_bytes_tell_the_owner(void **state)
{
	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++)
		check_row(&rows[i]);
}

/* Each kind with the calls of the others: nptl never waits so. */
static void no_lock_path_fits_another_kind(void **state)
{
	static const struct call calls[] = {{LLL}, {LLL_SHARED}, {LLL_PP}, {ROBUST_LLL}, {LOCK_PI}};
	static const struct bytes kinds[] = {BYTES(2, 0, OWNER, 1, ERRORCHECK),
		BYTES(2, 0, OWNER, 1, SHARED), BYTES(CEILING | 2, 0, OWNER, 1, PP),
		BYTES(WAITED_FOR, 1, OWNER, 1, ROBUST),
		BYTES(WAITED_FOR, 1, OWNER, 1, PI | ROBUST)};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(calls); i++)
		for (size_t k = 0; k < CT_COUNT(kinds); k++) {
			struct scene s;

			scene_of(&s, HEAP, kinds[k], calls[i]);
			stand_in(&s, LOCKING);
			assert_int_equal(match(&s), i == k ? CT_OK : CT_NOT_FOUND);
			end(&s);
		}
}

static const struct bytes normal = BYTES(2, 0, OWNER, 1, NORMAL);
static const struct bytes orphan = BYTES(2, 0, NOBODY, 1, NORMAL);

/* {lock, count, the owner's descriptor}: in the place of owner and users stands a pointer. */
static void locks_of_stdio_are_no_mutex(void **state)
{
	const uint64_t pd = DESCRIPTOR(OWNER), low = UINT64_C(1) << 32 | OWNER;
	struct scene s;

	(void)state;
	scene_of(
		&s, HEAP, (struct bytes)BYTES(2, 1, (uint32_t)pd, pd >> 32, 0), (struct call){LLL});
	assert_int_equal(match(&s), CT_NOT_FOUND);
	assert_false(ct_primitive_mutex.recognise(&s.ctx, HEAP));
	/* A descriptor the halves of whose address are a live thread's number and one user. */
	put(&s, HEAP, &normal, sizeof(normal));
	assert_int_equal(match(&s), CT_OK);
	add_thread(&s, 200, low);
	assert_int_equal(match(&s), CT_NOT_FOUND);
	assert_false(ct_primitive_mutex.recognise(&s.ctx, HEAP));
	end(&s);
}

/* What explain may call a mutex without a waiter: only what a thread of this process holds. */
static void only_held_mutexes_are_recognised(void **state)
{
	const uint64_t last = HEAP + IMAGE_PAGE - sizeof(normal);
	struct scene s;
	uint32_t ret;

	(void)state;
	scene_of(&s, last, normal, (struct call){LLL});
	assert_true(ct_primitive_mutex.recognise(&s.ctx, last));
	put(&s, HEAP + 4, &normal, sizeof(normal));
	assert_false(ct_primitive_mutex.recognise(&s.ctx, HEAP + 4));
	put(&s, last, &orphan, sizeof(orphan));
	assert_false(ct_primitive_mutex.recognise(&s.ctx, last));
	put(&s, last, &(struct bytes)BYTES(WAITED_FOR, 1, 0, 1, PI), sizeof(normal));
	assert_false(ct_primitive_mutex.recognise(&s.ctx, last));
	/* Its last word is not mapped; nothing is. */
	put(&s, last + 4, &normal, sizeof(normal) - 4);
	assert_false(ct_primitive_mutex.recognise(&s.ctx, last + 4));
	sleep_in(&s, last + 4, (struct call){LLL});
	assert_int_equal(match(&s), CT_NOT_FOUND);
	assert_int_equal(ct_primitive_mutex.read(&s.ctx, last + 4, &ret), CT_FAULT);
	assert_false(ct_primitive_mutex.recognise(&s.ctx, 0));
	end(&s);
}

/* Threads may be missing, or have numbers that are not known: then nobody is gone. */
static void nobody_is_gone_when_threads_are_not_sure(void **state)
{
	static const struct {
		bool all, read, lwps, gone;
	} cases[] = {{true, true, false, true}, {true, false, true, true},
		{true, false, false, false}, {false, true, true, false}};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct scene s;

		scene_of(&s, HEAP, orphan, (struct call){LLL});
		process.all_threads = cases[i].all;
		s.libc.ids_complete = cases[i].read;
		s.libc.ids_are_lwps = cases[i].lwps;
		assert_int_equal(match(&s), CT_OK);
		struct ct_facts *facts = facts_of(&s);
		assert_int_equal(facts->resources[0].owner_gone, cases[i].gone ? NOBODY : 0);
		assert_int_equal(facts->resources[0].holders,
			cases[i].gone ? CT_HOLDERS_COMPLETE : CT_HOLDERS_UNKNOWN);
		assert_int_equal(facts->n_holds, 0);
		ct_facts_free(facts);
		end(&s);
	}
}

/* The program's own calls, a static program's, and those of a libc whose symbols are known. */
static void only_calls_of_libc_are_lock_paths(void **state)
{
	static const char *const names[] = {"syscall", "lock_wait"};
	char *folder = scratch_new(), path[256];
	struct scene s;

	(void)state;
	scene_of(&s, HEAP, normal, (struct call){LLL});
	ct_reg_set(&s.regs, process.arch->pc, PROGRAM + 8);
	assert_int_equal(match(&s), CT_NOT_FOUND);
	ct_reg_set(&s.regs, process.arch->pc, HEAP);
	assert_int_equal(match(&s), CT_NOT_FOUND);
	end(&s);
	prepare(&s); /* without a libc.so.6 */
	open_scene(&s, PROGRAM + 8);
	put(&s, HEAP, &normal, sizeof(normal));
	sleep_in(&s, HEAP, (struct call){LLL});
	assert_int_equal(match(&s), CT_OK);
	end(&s);
	scratch_write(folder, "c.c",
		"long syscall(long n) { return n; }\n"
		"long lock_wait(long n) { return n + 1; }\n");
	scratch_run(folder, TEST_CC " -shared -fPIC -nostdlib -O1 -Wl,--build-id -o libc.so.6 c.c");
	snprintf(path, sizeof(path), "%s/libc.so.6", folder);
	void *library = scratch_load(folder, "libc.so.6");
	for (size_t i = 0; i < CT_COUNT(names); i++) {
		uint64_t function = address_in(library, names[i]);
		Dl_info info;

		assert_int_not_equal(dladdr((void *)(uintptr_t)function, &info), 0);
		prepare(&s);
		image_load(s.source, folder, "libc.so.6", LIBC, path, IMAGE_FIRST_PAGE);
		open_scene(&s, LIBC + function - (uint64_t)(uintptr_t)info.dli_fbase);
		put(&s, HEAP, &normal, sizeof(normal));
		sleep_in(&s, HEAP, (struct call){LLL});
		assert_int_equal(match(&s), i ? CT_OK : CT_NOT_FOUND);
		end(&s);
	}
	dlclose(library);
	scratch_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_and_bytes_tell_the_owner),
		cmocka_unit_test(no_lock_path_fits_another_kind),
		cmocka_unit_test(locks_of_stdio_are_no_mutex),
		cmocka_unit_test(only_held_mutexes_are_recognised),
		cmocka_unit_test(nobody_is_gone_when_threads_are_not_sure),
		cmocka_unit_test(only_calls_of_libc_are_lock_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
