/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks of this very process, as compilers, libc and the kernel make them: against backtrace(),
 * through signal handlers, and through libraries whose unwind tables are odd, broken or only in
 * debug information.
 */
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include "self_target.h"
#include "target/symbols.h"
#include "target/unwind.h"

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noipa))
#endif
#define DEPTH 30000
#define MAX   400

/* Where a stack was looked at, and what came out. */
struct look {
	char *folder;
	ucontext_t context; /* of the fault, when there was one */
	struct ct_unwound u;
	struct ct_unwound_frame frames[MAX];
	uint64_t function[MAX]; /* where the function of each frame starts; 0: not known */
	void *expected[MAX];
	int n_expected;
	sigjmp_buf back;
};

static struct look look;
static volatile int sink; /* keeps calls from becoming jumps */

#ifdef __x86_64__
static void take_registers(const ucontext_t *context, struct ct_regs *ret)
{
	static const int order[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP,
		REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
		REG_RIP};

	*ret = (struct ct_regs){0};
	for (unsigned i = 0; i < CT_COUNT(order); i++)
		ct_reg_set(ret, i, (uint64_t)context->uc_mcontext.gregs[order[i]]);
}
#else
static void take_registers(const ucontext_t *context, struct ct_regs *ret)
{
	(void)context;
	*ret = (struct ct_regs){0};
}
#endif

static void unwind_context(const ucontext_t *context, uint32_t max_frames)
{
	static const struct ct_options options = {.no_debuginfod = true};
	struct ct_target *target = self_target(&options);
	struct ct_unwinder *unwinder = ct_unwinder_new(target, max_frames);
	struct ct_regs regs;

	assert_non_null(unwinder);
	take_registers(context, &regs);
	assert_int_equal(ct_unwind(unwinder, &regs, &look.u), CT_OK);
	assert_true(look.u.n <= MAX);
	memcpy(look.frames, look.u.frames, look.u.n * sizeof(*look.frames));
	for (size_t i = 0; i < look.u.n; i++) {
		const struct ct_unwound_frame *frame = &look.frames[i];
		struct ct_symbol symbol = {0};

		(void)!ct_symbol_at(target, frame->pc - frame->is_call, CT_SYMBOL_CODE, &symbol);
		look.function[i] = symbol.start;
	}
	if (look.u.why)
		print_message("why: %s\n", look.u.why);
	ct_unwinder_free(unwinder);
	ct_target_close(target);
}

/* What the innermost function of most tests does. */
static NOINLINE int look_here(int value)
{
	ucontext_t context;

	assert_int_equal(getcontext(&context), 0);
	look.n_expected = backtrace(look.expected, MAX);
	unwind_context(&context, MAX);
	return value + sink;
}

/* The innermost frame of a function, or NULL. */
static const struct ct_unwound_frame *frame_in(const void *function)
{
	for (size_t i = 0; i < look.u.n; i++)
		if (look.function[i] == (uint64_t)(uintptr_t)function)
			return &look.frames[i];
	return NULL;
}

static void assert_all_by_cfi(void)
{
	for (size_t i = 0; i < look.u.n; i++)
		assert_int_equal(look.frames[i].trust, CT_FRAME_CFI);
}

static NOINLINE int two(int value)
{
	int result = look_here(value + 1);

	return result + sink;
}

static NOINLINE int one(int value)
{
	int result = two(value * 3);

	return result + sink;
}

static void the_same_as_backtrace(void **state)
{
	(void)state;
	(void)one(1);
	assert_true(look.u.root);
	/* A sanitizer has a frame of its own before; the innermost frame stands at two calls. */
	size_t before = (size_t)look.n_expected - look.u.n;
	assert_true(before <= 1);
	for (size_t i = 1; i < look.u.n; i++)
		assert_int_equal(look.frames[i].pc, (uint64_t)(uintptr_t)look.expected[before + i]);
	assert_all_by_cfi();
}

static void *thread(void *arg)
{
	(void)one(2);
	return arg;
}

static void a_thread_has_a_base(void **state)
{
	pthread_t id;

	(void)state;
	assert_int_equal(pthread_create(&id, NULL, thread, NULL), 0);
	assert_int_equal(pthread_join(id, NULL), 0);
	assert_true(look.u.root);
	assert_non_null(frame_in(thread));
	assert_all_by_cfi();
}

static void handler(int signal)
{
	sink = look_here(signal) * 0;
}

static NOINLINE int interrupted(int value)
{
	raise(SIGUSR1);
	return value + sink;
}

static void take_signal(int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
	size_t signals = 0, after = 0;

	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	(void)interrupted(1);
	assert_true(look.u.root);
	assert_all_by_cfi();
	for (size_t i = 0; i < look.u.n; i++) {
		if (look.frames[i].is_signal) {
			assert_false(look.frames[i].is_call);
			signals++;
			after = i + 1;
		}
	}
	assert_int_equal(signals, 1);
	assert_false(look.frames[after].is_call);
	assert_true(frame_in(handler) < &look.frames[after]);
	assert_true(frame_in(interrupted) > &look.frames[after]);
}

static void through_a_signal_handler(void **state)
{
	(void)state;
	take_signal(0);
}

static void through_a_handler_on_a_stack_of_its_own(void **state)
{
	/* Above and below the stack of the thread. */
	static char low[1 << 18];
	stack_t stack = {.ss_sp = low, .ss_size = sizeof(low)};

	(void)state;
	assert_int_equal(sigaltstack(&stack, NULL), 0);
	take_signal(SA_ONSTACK);
	stack.ss_flags = SS_DISABLE;
	assert_int_equal(sigaltstack(&stack, NULL), 0);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	look.context = *(ucontext_t *)context;
	unwind_context(&look.context, MAX);
	siglongjmp(look.back, 1);
}

static NOINLINE int calls_null(int value)
{
	int (*volatile null)(int) = NULL;

	return null(value) + sink;
}

static void a_call_through_null(void **state)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, old;

	(void)state;
	assert_int_equal(sigaction(SIGSEGV, &action, &old), 0);
	if (!sigsetjmp(look.back, 1))
		(void)calls_null(1);
	assert_int_equal(sigaction(SIGSEGV, &old, NULL), 0);
	assert_int_equal(look.frames[0].pc, 0);
	assert_ptr_equal(frame_in(calls_null), &look.frames[1]);
	assert_int_equal(look.frames[1].trust, CT_FRAME_SCAN);
	assert_int_equal(look.frames[2].trust, CT_FRAME_CFI);
	assert_non_null(frame_in(a_call_through_null));
	assert_true(look.u.root);
}

static NOINLINE int recurse(int depth)
{
	return (depth ? recurse(depth - 1) : look_here(depth)) + sink;
}

static void *deep_thread(void *arg)
{
	(void)recurse(DEPTH);
	return arg;
}

static void a_deep_recursion(void **state)
{
	pthread_attr_t attr;
	pthread_t id;

	(void)state;
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr, 64 << 20), 0);
	assert_int_equal(pthread_create(&id, &attr, deep_thread, NULL), 0);
	assert_int_equal(pthread_join(id, NULL), 0);
	pthread_attr_destroy(&attr);
	assert_true(look.u.root);
	assert_int_equal(look.u.n, MAX);
	assert_true(look.u.n_total > DEPTH);
	assert_int_equal(look.u.skipped_at, MAX - 16);
	assert_true(frame_in(deep_thread) > &look.frames[look.u.skipped_at]);
}

typedef int through_fn(int (*callback)(int), int value);

/* A function that calls back, in a library of its own that is built and then changed as asked. */
static through_fn *build(const char *flags, const char *change, void **library)
{
	static const char source[] =
		"__attribute__((noinline)) static int inner(int (*callback)(int), int value)\n"
		"{ volatile char room[100]; room[value] = 1; return callback(value) + room[value]; "
		"}\n"
		"int through(int (*callback)(int), int value)\n"
		"{ return inner(callback, value + 1) * 3; }\n";

	scratch_write(look.folder, "odd.c", source);
	scratch_run(
		look.folder, TEST_CC " -O1 -fPIC -shared -Wl,--build-id %s -o odd.so odd.c", flags);
	scratch_run(look.folder, "%s", change);
	*library = scratch_load(look.folder, "odd.so");
	return (through_fn *)address_in(*library, "through");
}

static void assert_through(const char *flags, const char *change)
{
	void *library;
	through_fn *through = build(flags, change, &library);

	(void)through(look_here, 1);
	assert_non_null(frame_in((const void *)(uintptr_t)through));
	assert_non_null(frame_in((const void *)(uintptr_t)assert_through));
	assert_all_by_cfi();
	assert_true(look.u.root);
	dlclose(library);
}

static void a_library_as_usual(void **state)
{
	(void)state;
	assert_through("-fomit-frame-pointer", "true");
}

static void without_a_search_table(void **state)
{
	(void)state;
	assert_through("-fomit-frame-pointer -Wl,--no-eh-frame-hdr", "true");
}

static void with_a_search_table_of_zeros(void **state)
{
	(void)state;
	assert_through("-fomit-frame-pointer",
		"objcopy -O binary -j .eh_frame_hdr odd.so hdr && "
		"dd if=/dev/zero of=hdr bs=1 seek=12 conv=notrunc status=none "
		"count=$(($(stat -c %s hdr) - 12)) && "
		"objcopy --update-section .eh_frame_hdr=hdr odd.so");
}

static void without_section_headers(void **state)
{
	(void)state;
	/* e_shoff, e_shnum and e_shstrndx are cleared. */
	assert_through("-fomit-frame-pointer",
		"dd if=/dev/zero of=odd.so bs=1 seek=40 count=8 conv=notrunc status=none && "
		"dd if=/dev/zero of=odd.so bs=1 seek=60 count=4 conv=notrunc status=none");
}

static void by_debug_frame(void **state)
{
	(void)state;
	assert_through("-fomit-frame-pointer -g -fno-asynchronous-unwind-tables -fno-unwind-tables",
		"true");
}

static void by_compressed_debug_frame(void **state)
{
	(void)state;
	assert_through("-fomit-frame-pointer -g -gz -fno-asynchronous-unwind-tables "
		       "-fno-unwind-tables",
		"true");
}

/* No CFI at all: the frames of the library are found by their code, and say so. */
static void without_any_cfi(void **state)
{
	void *library;
	through_fn *through = build("-fomit-frame-pointer -g0 -fno-asynchronous-unwind-tables "
				    "-fno-unwind-tables",
		"true", &library);
	size_t marked = 0;

	(void)state;
	(void)through(look_here, 1);
	assert_non_null(frame_in((const void *)(uintptr_t)without_any_cfi));
	for (size_t i = 0; i < look.u.n; i++)
		marked += look.frames[i].trust == CT_FRAME_CODE;
	assert_true(marked > 0);
	assert_non_null(frame_in((const void *)(uintptr_t)through));
	assert_true(look.u.root);
	dlclose(library);
}

/* The code of functions with frame pointers leads back by them. */
static void by_frame_pointers(void **state)
{
	void *library;
	through_fn *through = build("-fno-omit-frame-pointer -g0 -fno-asynchronous-unwind-tables "
				    "-fno-unwind-tables",
		"true", &library);

	(void)state;
	(void)through(look_here, 1);
	const struct ct_unwound_frame *frame = frame_in((const void *)(uintptr_t)through);
	assert_non_null(frame);
	assert_int_equal(frame->trust, CT_FRAME_CODE);
	frame = frame_in((const void *)(uintptr_t)by_frame_pointers);
	assert_non_null(frame);
	assert_int_equal(frame->trust, CT_FRAME_CODE);
	assert_true(look.u.root);
	dlclose(library);
}

static int start(void **state)
{
	(void)state;
	look = (struct look){.folder = scratch_new()};
	return 0;
}

static int stop(void **state)
{
	(void)state;
	scratch_remove(look.folder);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_as_backtrace),
		TEST(a_thread_has_a_base),
		TEST(through_a_signal_handler),
		TEST(through_a_handler_on_a_stack_of_its_own),
		TEST(a_call_through_null),
		TEST(a_deep_recursion),
		TEST(a_library_as_usual),
		TEST(without_a_search_table),
		TEST(with_a_search_table_of_zeros),
		TEST(without_section_headers),
		TEST(by_debug_frame),
		TEST(by_compressed_debug_frame),
		TEST(without_any_cfi),
		TEST(by_frame_pointers),
	};

#ifdef __x86_64__
	return cmocka_run_group_tests(tests, NULL, NULL);
#else
	(void)tests;
	return 77;
#endif
}
