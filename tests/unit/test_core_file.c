/* SPDX-License-Identifier: Apache-2.0 */
/* The core reader on cores built by hand: notes, threads, signals, memory. */
#include "core_image.h"

#include <signal.h>

static void check_map(struct ct_source source, uint32_t index, struct ct_map wanted)
{
	struct ct_map map;

	assert_int_equal(map_of(source, index, &map), CT_OK);
	assert_int_equal(map.start, wanted.start);
	assert_int_equal(map.end, wanted.end);
	assert_int_equal(map.present, wanted.present);
	assert_int_equal(map.prot, wanted.prot);
	assert_int_equal(map.file_offset, wanted.file_offset);
	if (wanted.path)
		assert_string_equal(map.path, wanted.path);
	else
		assert_null(map.path);
}

/* ---- notes ---- */

/* The order of fs/binfmt_elf.c: what concerns the process comes among the notes of the first
 * thread. */
static void kernel_order(void **state)
{
	const uint64_t auxv[] = {AT_PAGESZ, 4096, AT_EXECFN, BASE + 3, AT_NULL, 0};
	const char page[4096 - 100] = "xxx/bin/worker";
	struct core_image image = {0};

	(void)state;
	core_add_thread(&image, 102, SIGSEGV);
	core_add_prpsinfo(&image, PID, "worker", "./worker -v");
	core_add_siginfo(&image, SIGSEGV, SEGV_MAPERR, 0x18);
	core_add_note(&image, "CORE", NT_AUXV, auxv, sizeof(auxv));
	core_add_mapped(&image, &(struct core_mapped){BASE, BASE + 0x2000, 1, "/bin/worker"}, 1);
	core_add_note(&image, "CORE", NT_FPREGSET, NULL, 512);
	core_add_thread(&image, PID, SIGSEGV);
	core_add_note(&image, "LINUX", NT_X86_XSTATE, NULL, 77);
	core_add_load(&image, BASE, 0x2000, page, sizeof(page));
	struct ct_source source = core_open_image(&image);
	struct ct_process process = core_process_of(source);

	assert_ptr_equal(process.arch, &ct_arch_x86_64);
	assert_string_equal(process.kind, "core");
	assert_string_equal(process.path, "core");
	assert_string_equal(process.comm, "worker");
	assert_string_equal(process.args, "./worker -v");
	assert_string_equal(process.exe, "/bin/worker");
	assert_null(process.damage);
	assert_int_equal(process.pid, PID);
	assert_true(process.still && process.all_threads);
	assert_int_equal(process.signal.number, SIGSEGV);
	assert_int_equal(process.signal.code, SEGV_MAPERR);
	assert_int_equal(process.signal.address, 0x18);
	assert_int_equal(process.signal.sender_pid, 0);
	assert_int_equal(process.signal.lwp, 102);
	assert_int_equal(n_threads_of(source), 2);
	assert_int_equal(thread_of(source, 0).lwp, 102);
	assert_int_equal(thread_of(source, 0).signal, SIGSEGV);
	assert_true(thread_of(source, 1).stopped);
	assert_int_equal(ct_reg(thread_of(source, 1).regs, ct_arch_x86_64.pc), PID * 0x1000);
	check_map(source, 0,
		(struct ct_map){BASE, BASE + 0x2000, sizeof(page), 0x1000, "/bin/worker",
			PROT_READ | PROT_WRITE, false});
	core_close_source(source);
}

/* gdb attached: each thread shows the stop, nothing has a cursig, and the notes are at the end. */
static void gcore_of_a_healthy_process(void **state)
{
	struct core_image image = {.notes_last = true};

	(void)state;
	core_add_prpsinfo(&image, PID, "server", "");
	core_add_thread(&image, PID, 0);
	core_add_siginfo(&image, SIGSTOP, SI_KERNEL, 0);
	core_add_thread(&image, 101, 0);
	core_add_siginfo(&image, SIGTRAP, TRAP_BRKPT, 0x401000);
	core_add_note(&image, "GDB", 0xff000000, "<target/>", 10);
	core_add_load(&image, BASE, 4, "\1\2\3\4", 4);
	struct ct_source source = core_open_image(&image);
	struct ct_process process = core_process_of(source);

	assert_int_equal(process.pid, PID);
	assert_string_equal(process.args, "");
	assert_int_equal(process.signal.number, 0);
	assert_int_equal(process.signal.lwp, 0);
	assert_null(process.damage);
	assert_int_equal(n_threads_of(source), 2);
	check_byte(source, BASE + 3, 4);
	core_close_source(source);
}

/* gdb sat on a crash: only the siginfo of the thread that crashed tells. */
static void gcore_of_a_crash(void **state)
{
	struct core_image image = {0};

	(void)state;
	core_add_prpsinfo(&image, PID, "server", "");
	core_add_thread(&image, PID, 0);
	core_add_siginfo(&image, SIGSTOP, SI_TKILL, PID);
	core_add_thread(&image, 101, 0);
	core_add_siginfo(&image, SIGFPE, FPE_INTDIV, 0x401234);
	core_add_thread(&image, 102, 0);
	core_add_siginfo(&image, SIGSTOP, SI_TKILL, PID);
	struct ct_source source = core_open_image(&image);
	struct ct_process process = core_process_of(source);

	assert_int_equal(process.signal.number, SIGFPE);
	assert_int_equal(process.signal.code, FPE_INTDIV);
	assert_int_equal(process.signal.address, 0x401234);
	assert_int_equal(process.signal.lwp, 101);
	core_close_source(source);
}

/* Whose pid, if any, stands in a siginfo goes by its code (sigaction(2)). */
static void senders(void **state)
{
	static const struct {
		int number, code;
		uint64_t detail;
		int64_t sender;
	} rows[] = {
		{SIGABRT, SI_TKILL, PID, 0},
		{SIGABRT, SI_USER, UINT64_C(1000) << 32 | 77, 77},
		{SIGABRT, SI_TKILL, 77, 77},
		{SIGQUIT, SI_QUEUE, 77, 77},
		{SIGQUIT, SI_USER, 0, 0},
		{SIGQUIT, SI_KERNEL, 77, 0},
		{SIGSEGV, SEGV_MAPERR, 77, 0},
		{SIGALRM, SI_TIMER, 77, 0},
		{SIGIO, SI_SIGIO, 77, 0},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct core_image image = {0};

		core_add_thread(&image, PID, (uint16_t)rows[i].number);
		core_add_prpsinfo(&image, PID, "x", "");
		core_add_siginfo(&image, rows[i].number, rows[i].code, rows[i].detail);
		struct ct_source source = core_open_image(&image);
		struct ct_process process = core_process_of(source);

		assert_int_equal(process.signal.number, rows[i].number);
		assert_int_equal(process.signal.code, rows[i].code);
		assert_int_equal(process.signal.sender_pid, rows[i].sender);
		core_close_source(source);
	}
}

/* A siginfo that is not of the signal in pr_cursig says nothing about that one. */
static void two_signals(void **state)
{
	struct core_image image = {0};

	(void)state;
	core_add_thread(&image, 101, SIGABRT);
	core_add_prpsinfo(&image, PID, "x", "");
	core_add_siginfo(&image, SIGSEGV, SEGV_MAPERR, 0x18);
	struct ct_source source = core_open_image(&image);
	struct ct_process process = core_process_of(source);

	assert_int_equal(process.signal.number, SIGABRT);
	assert_int_equal(process.signal.code, 0);
	assert_int_equal(process.signal.address, 0);
	assert_int_equal(process.signal.sender_pid, 0);
	assert_int_equal(process.signal.lwp, 101);
	core_close_source(source);
}

/* gdb on a gdbserver writes the signal of its own stop; the kernel's SIGTRAP is a death. */
static void a_debuggers_stop_is_no_signal(void **state)
{
	(void)state;
	for (int by_gdb = 0; by_gdb < 2; by_gdb++) {
		struct core_image image = {0};

		core_add_thread(&image, 101, SIGTRAP);
		core_add_prpsinfo(&image, PID, "x", "");
		if (by_gdb)
			core_add_note(&image, "GDB", 0xff000000, "<target/>", 10);
		struct ct_source source = core_open_image(&image);

		assert_int_equal(core_process_of(source).signal.number, by_gdb ? 0 : SIGTRAP);
		core_close_source(source);
	}
}

static void full_and_short_fields(void **state)
{
	struct core_image image = {0};

	(void)state;
	core_add_thread(&image, PID, 0);
	core_add_prpsinfo(&image, PID, "0123456789abcdefXY",
		"0123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789ZZ");
	core_add_note(&image, "CORE", NT_PRPSINFO, NULL, 135);
	core_add_note(&image, "CORE", NT_SIGINFO, NULL, 23);
	core_add_note(&image, "CORE", NT_FILE, NULL, 15);
	core_add_note(&image, "CORE", NT_AUXV, "\6\0\0\0", 4);
	struct ct_source source = core_open_image(&image);
	struct ct_process process = core_process_of(source);
	uint64_t value = 1;

	assert_string_equal(process.comm, "0123456789abcdef");
	assert_int_equal(strlen(process.args), 80);
	assert_int_equal(process.pid, PID);
	assert_int_equal(source.ops->auxv(source.self, AT_PAGESZ, &value), CT_NOT_FOUND);
	assert_int_equal(value, 1);
	core_close_source(source);
}

static void auxv(void **state)
{
	const uint64_t words[] = {AT_PHDR, 7, AT_BASE, 8, AT_BASE, 9, AT_NULL, 0, AT_ENTRY, 10};
	struct core_image image = {0};
	uint64_t value = 0;

	(void)state;
	core_add_thread(&image, PID, 0);
	core_add_note(&image, "CORE", NT_AUXV, words, sizeof(words));
	struct ct_source source = core_open_image(&image);

	assert_int_equal(source.ops->auxv(source.self, AT_BASE, &value), CT_OK);
	assert_int_equal(value, 8);
	/* What is behind the end is none of it. */
	assert_int_equal(source.ops->auxv(source.self, AT_ENTRY, &value), CT_NOT_FOUND);
	core_close_source(source);
}

/* ---- memory ---- */

static void many_headers(void **state)
{
	struct core_image image = {.extended = true};

	(void)state;
	core_add_thread(&image, PID, 0);
	for (uint64_t i = 0; i < 70000; i++)
		core_add_load(&image, BASE + i * 0x2000, 0x1000, i == 69999 ? "end" : NULL,
			i == 69999 ? 4 : 0);
	struct ct_source source = core_open_image(&image);
	struct ct_map map;

	assert_null(core_process_of(source).damage);
	assert_int_equal(map_of(source, 69999, &map), CT_OK);
	assert_int_equal(map_of(source, 70000, &map), CT_DONE);
	check_byte(source, BASE + UINT64_C(69999) * 0x2000 + 2, 'd');
	core_close_source(source);
}

/* Sorted by address whatever their order; where two claim an address the note says so. */
static void unsorted_and_overlapping(void **state)
{
	struct core_image image = {0};
	char page[4096];

	(void)state;
	core_add_thread(&image, PID, 0);
	core_add_load(&image, BASE + 0x5000, 0x1000, memset(page, 'c', sizeof(page)), 0x1000);
	core_add_load(&image, BASE, 0x1000, "a", 1);
	/* Longer than the room before the next one: only what is in front of that is its own. */
	core_add_load(&image, BASE + 0x2000, 0x8000, "b", 1);
	core_add_load(&image, BASE + 0x7000, 0x1000, "d", 1);
	struct ct_source source = core_open_image(&image);
	const int rw = PROT_READ | PROT_WRITE;
	struct ct_map map;

	check_map(source, 0, (struct ct_map){BASE, BASE + 0x1000, 1, 0, NULL, rw, false});
	check_map(source, 1, (struct ct_map){BASE + 0x2000, BASE + 0x5000, 1, 0, NULL, rw, false});
	check_map(source, 2,
		(struct ct_map){BASE + 0x5000, BASE + 0x6000, 0x1000, 0, NULL, rw, false});
	check_map(source, 3, (struct ct_map){BASE + 0x7000, BASE + 0x8000, 1, 0, NULL, rw, false});
	assert_int_equal(map_of(source, 4, &map), CT_DONE);
	check_byte(source, BASE, 'a');
	check_byte(source, BASE + 0x2000, 'b');
	check_byte(source, BASE + 0x5fff, 'c');
	check_byte(source, BASE + 0x7000, 'd');
	assert_non_null(strstr(core_process_of(source).damage, "overlap"));
	core_close_source(source);
}

/* gcore leaves out text that the file has: then only NT_FILE knows of the mapping. */
static void mapped_files(void **state)
{
	static const struct core_mapped rows[] = {
		{BASE + 0x6000, BASE + 0x7000, 9, "/lib/late.so"},
		{BASE, BASE + 0x4000, 2, "/lib/split.so"},
		{BASE + 0x8000, BASE + 0x8000, 0, "/lib/empty.so"},
		{BASE + 0x3000, BASE + 0x9000, 0, "/lib/overlapping.so"},
	};
	struct core_image image = {0};

	(void)state;
	core_add_thread(&image, PID, 0);
	core_add_mapped(&image, rows, CT_COUNT(rows));
	core_add_load(&image, BASE + 0x1000, 0x1000, "x", 1);
	core_add_load(&image, BASE + 0x5000, 0x1000, "y", 1);
	struct ct_source source = core_open_image(&image);
	const int rw = PROT_READ | PROT_WRITE;
	struct ct_map map;

	check_map(source, 0,
		(struct ct_map){BASE, BASE + 0x1000, 0, 0x2000, "/lib/split.so", -1, false});
	check_map(source, 1,
		(struct ct_map){
			BASE + 0x1000, BASE + 0x2000, 1, 0x3000, "/lib/split.so", rw, false});
	check_map(source, 2,
		(struct ct_map){
			BASE + 0x2000, BASE + 0x4000, 0, 0x4000, "/lib/split.so", -1, false});
	check_map(source, 3, (struct ct_map){BASE + 0x5000, BASE + 0x6000, 1, 0, NULL, rw, false});
	check_map(source, 4,
		(struct ct_map){
			BASE + 0x6000, BASE + 0x7000, 0, 0x9000, "/lib/late.so", -1, false});
	assert_int_equal(map_of(source, 5, &map), CT_DONE);
	core_close_source(source);
}

static void reads_and_views(void **state)
{
	struct core_image image = {0};
	uint8_t page[4096], buf[16];
	const void *view = NULL;

	(void)state;
	core_add_thread(&image, PID, 0);
	core_add_load(&image, BASE, 0x1000, memset(page, 1, sizeof(page)), 0x1000);
	core_add_load(&image, BASE + 0x1000, 0x2000, memset((uint8_t[4096]){0}, 2, 4096), 0x1000);
	struct ct_source source = core_open_image(&image);
	const struct ct_source_ops *ops = source.ops;

	assert_int_equal(ops->read(source.self, BASE + 0xff8, buf, 16), CT_OK);
	assert_memory_equal(buf, "\1\1\1\1\1\1\1\1\2\2\2\2\2\2\2\2", 16);
	/* One byte too many, and nothing is written. */
	memset(buf, 7, sizeof(buf));
	assert_int_equal(ops->read(source.self, BASE + 0x1ff1, buf, 16), CT_FAULT);
	assert_int_equal(ops->read(source.self, BASE - 1, buf, 2), CT_FAULT);
	assert_int_equal(ops->read(source.self, BASE + 0x2800, buf, 1), CT_FAULT);
	assert_int_equal(ops->read(source.self, UINT64_MAX - 3, buf, 16), CT_FAULT);
	assert_memory_equal(buf, "\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7", 16);

	assert_int_equal(ops->view(source.self, BASE + 0xff0, 16, &view), CT_OK);
	assert_memory_equal(view, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 16);
	assert_int_equal(ops->view(source.self, BASE + 0xff1, 16, &view), CT_FAULT);
	assert_int_equal(ops->view(source.self, BASE + 0x1ff1, 16, &view), CT_FAULT);
	assert_int_equal(ops->view(source.self, BASE, SIZE_MAX, &view), CT_FAULT);
	core_close_source(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_order),
		cmocka_unit_test(gcore_of_a_healthy_process),
		cmocka_unit_test(gcore_of_a_crash),
		cmocka_unit_test(senders),
		cmocka_unit_test(two_signals),
		cmocka_unit_test(a_debuggers_stop_is_no_signal),
		cmocka_unit_test(full_and_short_fields),
		cmocka_unit_test(auxv),
		cmocka_unit_test(many_headers),
		cmocka_unit_test(unsorted_and_overlapping),
		cmocka_unit_test(mapped_files),
		cmocka_unit_test(reads_and_views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
