/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that pthread_mutex_lock has put to sleep for ever on a word of its own frame, in a libc
 * of two hand-written functions: which mutex it was, by the registers of the lock function.
 */
#include <linux/futex.h>

#include "blocking/mutex_delay.h"
#include "image_target.h"

#if SELF_MACHINE == EM_X86_64

#define PROGRAM UINT64_C(0x400000)       /* a page of code */
#define HEAP    UINT64_C(0x7f0000001000) /* a page of mutexes */
#define STACK   (HEAP + 2 * IMAGE_PAGE)
#define LIBC    UINT64_C(0x7f1000000000)

/* The stack of the two functions below, upwards from the stack pointer. */
#define TO_LOCK    (STACK)        /* the return address into lock() */
#define LOCALS     (STACK + 8)    /* its 64 bytes */
#define SAVED_RBX  (STACK + 0x48) /* its caller's */
#define TO_PROGRAM (STACK + 0x50)
#define ABOVE      (STACK + 0x58) /* the frame of its caller */

static const char code[] = ".globl wait_here, lock_here\n"
			   ".text\n"
			   "wait: .cfi_startproc\n"
			   "	syscall\n"
			   "wait_here: ret\n"
			   "	.cfi_endproc\n"
			   "lock: .cfi_startproc\n"
			   "	push %rbx\n"
			   "	.cfi_def_cfa_offset 16\n"
			   "	.cfi_offset %rbx, -16\n"
			   "	sub $64, %rsp\n"
			   "	.cfi_def_cfa_offset 80\n"
			   "	mov %rdi, %rbx\n"
			   "	call wait\n"
			   "lock_here: jmp lock_here\n"
			   "	.cfi_endproc\n"
			   ".section .note.GNU-stack\n";

enum { MAIN = 100, WAITER, OWNER, NOBODY = 77 };
enum { PI = 0x20 };

/* struct __pthread_mutex_s of x86-64. */
struct bytes {
	uint32_t lock, count, owner, users, kind;
	int16_t spins, elision;
	uint64_t prev, next;
};

/* The n-th of these is at HEAP + n * 40. */
static const struct bytes mutexes[] = {
	{.lock = OWNER | FUTEX_WAITERS, .owner = OWNER, .users = 1, .kind = PI},
	{.lock = WAITER, .owner = WAITER, .users = 1, .kind = PI},
	{.lock = NOBODY | FUTEX_WAITERS, .owner = NOBODY, .users = 1, .kind = PI},
	{.lock = 0, .kind = PI},                 /* free */
	{.lock = 2, .owner = OWNER, .users = 1}, /* of another kind */
	{.lock = OWNER | FUTEX_WAITERS, .owner = WAITER, .users = 1, .kind = PI | 0x400},
};

#define MUTEX(n) (HEAP + (n) * sizeof(struct bytes))

struct row {
	uint64_t own, callers; /* rbx in the lock function and before it */
	uint64_t wanted;       /* the address of the mutex; 0: not told */
	/* Where they are not what such a call has: */
	uint64_t word, timeout;
	uint32_t expects, value, op;
	bool no_stacks;
};

#define ROW(own_, callers_, wanted_, ...)                                                          \
	{                                                                                          \
		.own = (own_), .callers = (callers_), .wanted = (wanted_), __VA_ARGS__             \
	}

static void check(const char *folder, uint64_t in_wait, uint64_t in_lock, const struct row *row)
{
	static const struct ct_options options = {.no_debuginfod = true};
	const int data = PROT_READ | PROT_WRITE;
	struct image_source *source = calloc(1, sizeof(*source));
	uint64_t words[12] = {in_lock, [9] = row->callers, [10] = PROGRAM + 8};
	uint64_t word = row->word ? row->word : LOCALS + 12;
	char path[256];

	image_add_map(source, PROGRAM, IMAGE_PAGE, "/none/program", 0, PROT_READ | PROT_EXEC, 0);
	image_add_map(source, HEAP, IMAGE_PAGE, NULL, 0, data, IMAGE_PAGE);
	image_add_map(source, STACK, IMAGE_PAGE, NULL, 0, data, IMAGE_PAGE);
	memcpy(image_add_bytes(source, HEAP, NULL, IMAGE_PAGE), mutexes, sizeof(mutexes));
	uint8_t *stack = image_add_bytes(source, STACK, NULL, IMAGE_PAGE);
	memcpy(stack, words, sizeof(words));
	memcpy(stack + (word - STACK) % IMAGE_PAGE, &row->value, sizeof(row->value));
	snprintf(path, sizeof(path), "%s/libc.so.6", folder);
	image_load(source, folder, "libc.so.6", LIBC, path, IMAGE_FIRST_PAGE);

	struct ct_target *target = image_target(source, &options);
	struct ct_sink *sink = ct_sink_new(0);
	struct ct_unwinder *unwinder = ct_unwinder_new(target, 0);
	struct ct_libc libc;
	struct ct_regs regs = {0};
	struct ct_match match;

	ct_libc_detect(target, &libc);
	for (unsigned tid = MAIN; tid <= OWNER; tid++)
		ct_sink_actor(sink, &(struct ct_actor){.id = tid, .lwp = tid});
	ct_reg_set(&regs, ct_target_arch(target)->pc, in_wait);
	ct_reg_set(&regs, ct_target_arch(target)->sp, STACK);
	ct_reg_set(&regs, ct_target_arch(target)->dwarf_to_reg[3], row->own);
	struct ct_blocking ctx = {.target = target,
		.sink = sink,
		.libc = &libc,
		.unwinder = row->no_stacks ? NULL : unwinder};
	const struct ct_blocked blocked = {.actor = WAITER - MAIN,
		.regs = &regs,
		.call = {.args = {word, row->op, row->expects, row->timeout}},
		.futex = {.waits = (row->op & 0x7f) != FUTEX_WAKE, .is_private = true}};
	enum ct_status status = ct_mutex_match_delay(&ctx, &blocked, &match);

	assert_int_equal(status, row->wanted ? CT_OK : CT_NOT_FOUND);
	if (!status) {
		assert_int_equal(match.kind, CT_WAIT_MUTEX);
		assert_true(match.address == row->wanted);
		assert_int_equal(match.trust, CT_TRUST_INFERRED);
		assert_false(match.timed);
	}
	ct_unwinder_free(unwinder);
	ct_sink_free(sink);
	ct_target_close(target);
}

static void registers_tell_the_mutex(void **state)
{
	static const struct row rows[] = {
		ROW(MUTEX(0), 1, MUTEX(0)),
		ROW(MUTEX(1), 1, MUTEX(1)), /* which it owns itself */
		ROW(MUTEX(2), 1, MUTEX(2)), /* whose owner is gone */
		ROW(MUTEX(0) + 16, 1, MUTEX(0)),
		ROW(MUTEX(0) + 32, 1, MUTEX(0)),
		ROW(MUTEX(0), MUTEX(1), MUTEX(0)), /* its caller's is another one */
		ROW(MUTEX(0), MUTEX(0), MUTEX(0)), /* its caller had it there too */
		ROW(1, MUTEX(0), 0),               /* the caller's alone: not the one asked for */
		ROW(MUTEX(0) + 8, 1, 0),
		ROW(MUTEX(3), 1, 0),
		ROW(MUTEX(4), 1, 0),
		ROW(MUTEX(5), 1, 0),
		ROW(MUTEX(0), 1, MUTEX(0), .word = LOCALS),
		ROW(MUTEX(0), 1, MUTEX(0), .word = SAVED_RBX - 4),
		/* In the frame of the program: a semaphore, maybe. */
		ROW(MUTEX(0), 1, 0, .word = ABOVE),
		ROW(MUTEX(0), 1, 0, .word = ABOVE + 200),
		ROW(MUTEX(0), 1, 0, .word = HEAP + 1024), /* not on its stack */
		ROW(MUTEX(0), 1, 0, .timeout = HEAP),     /* ends by itself */
		ROW(MUTEX(0), 1, 0, .expects = 1),
		ROW(MUTEX(0), 1, 0, .value = 1),
		ROW(MUTEX(0), 1, 0, .op = FUTEX_WAKE | FUTEX_PRIVATE_FLAG),
		ROW(MUTEX(0), 1, 0, .no_stacks = true),
	};
	char *folder = scratch_new();
	Dl_info info;

	(void)state;
	scratch_write(folder, "c.s", code);
	scratch_run(folder, TEST_CC " -shared -nostdlib -Wl,--build-id -o libc.so.6 c.s");
	void *library = scratch_load(folder, "libc.so.6");
	uintptr_t in_wait = (uintptr_t)dlsym(library, "wait_here");
	uintptr_t in_lock = (uintptr_t)dlsym(library, "lock_here");
	assert_int_not_equal(dladdr((void *)in_lock, &info), 0);
	uint64_t bias = LIBC - (uint64_t)(uintptr_t)info.dli_fbase;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		print_message("row %zu\n", i);
		check(folder, in_wait + bias, in_lock + bias, &rows[i]);
	}
	dlclose(library);
	scratch_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(registers_tell_the_mutex)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	puts("0 passed, 0 failed, 1 skipped: the hand-written functions are for x86-64");
}

#endif
