/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for a spinlock: by where it stands in pthread_spin_lock, by the flags, and by the lock.
 */
#include "lock_scene.h"

#define ZERO_FLAG 0x40
#define FLAGS     18 /* the index of the flags among x86-64's registers */
#define FIRST_ARG 5  /* and of a function's first argument */
#define LOCK      (HEAP + 64)

/* Behind pc in the function: 2.31 and 2.36, 2.41 and 2.43, musl 1.2. */
static const uint8_t older[] = {0xf0, 0xff, 0x0f, 0x75, 0x0b, 0x31, 0xc0, 0xc3, 0xf3, 0x90, 0x83,
	0x3f, 0, 0x7f, 0xee, 0xeb, 0xf7};
static const uint8_t newer[] = {0x31, 0xc0, 0xf0, 0xff, 0x0f, 0x75, 0x09, 0xc3, 0xf3, 0x90, 0x39,
	0x07, 0x7e, 0xfa, 0xf0, 0xff, 0x0f, 0x75, 0xf5, 0xc3};
static const uint8_t musl[] = {0xba, 0x10, 0, 0, 0, 0xeb, 0x02, 0xf3, 0x90, 0x8b, 0x07, 0x85, 0xc0,
	0x75, 0xf8, 0xf0, 0x0f, 0xb1, 0x17, 0x85, 0xc0, 0x75, 0xf0, 0xc3};

static bool spins_at(const uint8_t *function, size_t size, size_t at, uint64_t flags, uint64_t read)
{
	const struct ct_arch *arch = ct_arch_find(EM_X86_64);
	uint8_t code[CT_ARCH_CODE_BEFORE] = {0};
	struct ct_regs regs = {0};
	uint64_t lock = 1;

	memcpy(code, function + at, CT_MIN(size - at, sizeof(code)));
	ct_reg_set(&regs, FLAGS, flags);
	ct_reg_set(&regs, FIRST_ARG, LOCK);
	ct_reg_set(&regs, 0, read);
	bool ret = arch->spins(&regs, code, &lock);
	assert_int_equal(lock, ret ? LOCK : 1);
	return ret;
}

#define SPINS(function, at, flags, read) spins_at(function, sizeof(function), at, flags, read)

static void the_loop_is_told_from_the_way_out(void **state)
{
	static const size_t loop_of_older[] = {0, 8, 10, 13, 15},
			    loop_of_newer[] = {2, 8, 10, 12, 14}, loop_of_musl[] = {5, 7, 9, 15};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(loop_of_older); i++) {
		assert_true(SPINS(older, loop_of_older[i], 0, 0));
		assert_true(SPINS(newer, loop_of_newer[i], 0, 0));
	}
	for (size_t i = 0; i < CT_COUNT(loop_of_musl); i++)
		assert_true(SPINS(musl, loop_of_musl[i], 0, 0));
	/* The decrement gave 0: it has the lock. */
	assert_false(SPINS(older, 3, ZERO_FLAG, 0));
	assert_true(SPINS(older, 3, 0, 0));
	assert_false(SPINS(newer, 5, ZERO_FLAG, 0));
	assert_false(SPINS(newer, 17, ZERO_FLAG, 0));
	assert_true(SPINS(newer, 17, 0, 0));
	/* What was read was free. */
	assert_false(SPINS(musl, 11, 0, 0));
	assert_true(SPINS(musl, 11, 0, 16));
	assert_false(SPINS(musl, 21, ZERO_FLAG, 0));
	/* On the way out, or in. */
	assert_false(SPINS(older, 5, 0, 0));
	assert_false(SPINS(older, 7, 0, 0));
	assert_false(SPINS(newer, 7, 0, 0));
	assert_false(SPINS(newer, 0, 0, 0));
	assert_false(SPINS(musl, 0, 0, 0));
	assert_false(SPINS(musl, 23, 0, 0));
}

struct row {
	const char *function;
	int32_t word;
	uint64_t lock;
	bool asleep, found;
};

static void a_lock_that_is_taken_is_waited_for(void **state)
{
	static const char name[] = "pthread_spin_lock";
	static const struct row rows[] = {
		{name, 0, LOCK, false, true},
		{name, -7, LOCK, false, true},
		{name, 1, LOCK, false, false},     /* free: it will have it at once */
		{name, 16, LOCK, false, false},    /* no spinlock of glibc's */
		{name, 0, LOCK + 2, false, false}, /* no int */
		{name, 0, 0x1000, false, false},   /* not readable */
		{name, 0, LOCK, true, false},      /* asleep */
		{"pthread_spin_trylock", 0, LOCK, false, false},
		{"spin", 0, LOCK, false, false},
		{NULL, 0, LOCK, false, false},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const struct ct_primitive *found = NULL;
		struct scene s;

		begin(&s);
		memcpy(image_add_bytes(s.source, LIBC, NULL, IMAGE_PAGE), older, sizeof(older));
		put(&s, LOCK, &rows[i].word, sizeof(rows[i].word));
		ct_reg_set(&s.regs, FIRST_ARG, rows[i].lock);
		s.blocked.runs = !rows[i].asleep;
		stand_between(&s, rows[i].function, "add_line");
		bool ok = !ct_primitive_match(&s.ctx, &s.blocked, &found, &s.match);
		assert_int_equal(ok, rows[i].found);
		if (ok) {
			assert_string_equal(found->name, "pthread_spin");
			assert_int_equal(s.match.kind, CT_WAIT_SPIN);
			assert_int_equal(s.match.address, LOCK);
			assert_int_equal(s.match.trust, CT_TRUST_EXACT);
			assert_int_equal(found->possession->count(&s.ctx, LOCK), 1);
		}
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loop_is_told_from_the_way_out),
		cmocka_unit_test(a_lock_that_is_taken_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
