/* SPDX-License-Identifier: Apache-2.0 */
/* Source lines and inlined frames, for what each compiler and version of DWARF writes. */
#include <fcntl.h>
#include <stdio.h>

#include "self_target.h"
#include "target/lines.h"

static const char *const builds[] = {
	"gcc -gdwarf-4",
	"gcc -gdwarf-5",
	"gcc -gdwarf-5 -gz=zlib",
	"clang -gdwarf-4",
	"clang -gdwarf-5",
	"gcc -gdwarf-5 -fdebug-types-section",
};

static const char c_source[] = /* line 1 */
	"volatile int sink;\n"
	"void *here(void);\n"
	"__asm__(\".text\\n.globl here\\nhere: mov (%rsp), %rax\\n ret\\n\");\n"
	"static inline __attribute__((always_inline)) void *innermost(int x)\n"
	"{\n"
	"	sink = x;\n"
	"	void *pc = here();\n" /* 7 */
	"	sink = x + 1;\n"
	"	return pc;\n"
	"}\n"
	"static inline __attribute__((always_inline)) void *middle(int x)\n"
	"{\n"
	"	if (x > 3) {\n"
	"		int y = x * 2;\n"
	"		sink = y;\n"
	"		return innermost(y);\n" /* 16 */
	"	}\n"
	"	return 0;\n"
	"}\n"
	"void *outermost(int x)\n"
	"{\n"
	"	void *pc = middle(x);\n" /* 22 */
	"	sink = 0;\n"
	"	return pc;\n"
	"}\n"
	"void *plain(void)\n"
	"{\n"
	"	void *pc = here();\n" /* 28 */
	"	sink = 1;\n"
	"	return pc;\n"
	"}\n";

static const char cc_source[] = /* line 1 */
	"extern \"C\" void *here(void);\n"
	"__asm__(\".text\\n.globl here\\nhere: mov (%rsp), %rax\\n ret\\n\");\n"
	"volatile int sink;\n"
	"namespace ns {\n"
	"template <class T> struct Box {\n"
	"	T value;\n"
	"	__attribute__((always_inline)) void *peek(int x) const\n"
	"	{\n"
	"		sink = x;\n"
	"		void *pc = here();\n" /* 10 */
	"		sink = 2;\n"
	"		return pc;\n"
	"	}\n"
	"};\n"
	"__attribute__((noinline)) void *work(int x)\n"
	"{\n"
	"	Box<int> box{x};\n"
	"	void *pc = box.peek(x);\n" /* 18 */
	"	sink = 3;\n"
	"	return pc;\n"
	"}\n"
	"__attribute__((noinline)) static void *lambda()\n"
	"{\n"
	"	auto f = [](int x) __attribute__((noinline)) {\n"
	"		sink = x;\n"
	"		void *pc = here();\n" /* 26 */
	"		sink = 4;\n"
	"		return pc;\n"
	"	};\n"
	"	return f(sink);\n"
	"}\n"
	"}\n"
	"extern \"C\" void *call_work(int x) { return ns::work(x); }\n"
	"extern \"C\" void *call_lambda(int) { return ns::lambda(); }\n";

struct fixture {
	char *folder;
	void *loaded;
	struct ct_target *target;
	struct ct_arena arena;
	struct ct_source_line lines[CT_MAX_INLINED];
	size_t n;
};

/* Compiles source with build as the library a.so, and loads it. */
static struct fixture *open_fixture(
	const char *build, const char *file, const char *source, const char *after)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->folder = scratch_new();
	scratch_write(f->folder, file, source);
	scratch_run(f->folder, "%s -O2 -shared -fPIC %s -o a.so %s", build, file, after);
	f->loaded = scratch_load(f->folder, "a.so");
	f->target = self_target(NULL);
	return f;
}

static void close_fixture(struct fixture *f)
{
	ct_target_close(f->target);
	dlclose(f->loaded);
	scratch_remove(f->folder);
	ct_arena_free(&f->arena);
	free(f);
}

/* Where function (a name of the library) got to when it called here(): its return address. */
static uint64_t stop_in(struct fixture *f, const char *function)
{
	void *(*call)(int) = dlsym(f->loaded, function);

	assert_non_null(call);
	return (uint64_t)(uintptr_t)call(7);
}

static void ask(struct fixture *f, uint64_t pc)
{
	assert_int_equal(ct_lines_at(f->target, pc, &f->arena, f->lines, &f->n), CT_OK);
}

static void assert_line(
	const struct fixture *f, size_t i, const char *function, const char *file, uint32_t line)
{
	const struct ct_source_line *is = &f->lines[i];

	assert_true(i < f->n);
	assert_string_equal(is->function, function);
	assert_non_null(is->file);
	const char *slash = strrchr(is->file, '/');
	assert_string_equal(slash ? slash + 1 : is->file, file);
	assert_int_equal(is->line, line);
	assert_int_equal(is->inlined, i + 1 < f->n);
}

static void check_c(const char *build, const char *after)
{
	struct fixture *f = open_fixture(build, "inline.c", c_source, after);

	ask(f, stop_in(f, "outermost") - 1);
	assert_int_equal(f->n, 3);
	assert_line(f, 0, "innermost", "inline.c", 7);
	assert_line(f, 1, "middle", "inline.c", 16);
	assert_line(f, 2, "outermost", "inline.c", 22);

	ask(f, stop_in(f, "plain") - 1);
	assert_int_equal(f->n, 1);
	assert_line(f, 0, "plain", "inline.c", 28);
	close_fixture(f);
}

static void lines_of_c(void **state)
{
	(void)state;
	for (size_t i = 0; i < CT_COUNT(builds); i++)
		check_c(builds[i], "");
}

static void check_cc(const char *build, const char *after)
{
	struct fixture *f = open_fixture(build, "inline.cc", cc_source, after);

	ask(f, stop_in(f, "call_work") - 1);
	assert_int_equal(f->n, 2);
	assert_line(f, 0, "ns::Box<int>::peek", "inline.cc", 10);
	assert_line(f, 1, "ns::work", "inline.cc", 18);

	ask(f, stop_in(f, "call_lambda") - 1);
	assert_true(f->n >= 1);
	assert_int_equal(f->lines[0].line, 26);
	assert_true(strstr(f->lines[0].function, "ns::lambda"));
	assert_true(strstr(f->lines[0].function, "operator()"));
	close_fixture(f);
}

static void lines_of_cpp(void **state)
{
	(void)state;
	for (size_t i = 0; i < CT_COUNT(builds); i++)
		check_cc(builds[i], "");
}

/* Debian's and Fedora's debug files: units share what they have in common, also in a third file. */
static void lines_after_dwz(void **state)
{
	(void)state;
	check_c("gcc -gdwarf-4", "&& dwz a.so");
	check_cc("gcc -gdwarf-5", "&& dwz a.so");
	check_cc(
		"gcc -gdwarf-4", "&& cp a.so b.so && cp a.so c.so && dwz -m common a.so b.so c.so");
}

static void lines_in_a_separate_file(void **state)
{
	const char *split = "&& objcopy --only-keep-debug a.so a.debug && strip -s a.so && "
			    "objcopy --add-gnu-debuglink=a.debug a.so";

	(void)state;
	check_c("gcc -gdwarf-5", split);
	check_cc("gcc -gdwarf-4", split);
}

/* What is in .dwo files is not read; what is left in the library is. */
static void lines_of_split_units(void **state)
{
	struct fixture *f = open_fixture("gcc -g -gsplit-dwarf", "inline.c", c_source, "");

	(void)state;
	ask(f, stop_in(f, "plain") - 1);
	assert_int_equal(f->n, 1);
	assert_line(f, 0, "plain", "inline.c", 28);
	close_fixture(f);
}

/* Where a section that is not loaded lies in the file. */
static bool find_section(const char *bytes, const char *name, uint64_t *at, uint64_t *size)
{
	const Elf64_Ehdr *ehdr = (const void *)bytes;
	const Elf64_Shdr *shdrs = (const void *)(bytes + ehdr->e_shoff);
	const char *names = bytes + shdrs[ehdr->e_shstrndx].sh_offset;

	for (int i = 0; i < ehdr->e_shnum; i++)
		if (!strcmp(names + shdrs[i].sh_name, name)) {
			*at = shdrs[i].sh_offset;
			*size = shdrs[i].sh_size;
			return true;
		}
	return false;
}

/* Writes a few bytes at random, the same ones for the same seed, into what only debuggers read. */
static void damage(const char *folder, unsigned seed)
{
	static const char *const sections[] = {".debug_info", ".debug_abbrev", ".debug_line",
		".debug_str", ".debug_rnglists", ".symtab", ".strtab"};
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/a.so", folder);
	int fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	char *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(bytes, MAP_FAILED);
	for (int i = 0; i < 12; i++) {
		uint64_t at, size;

		seed = seed * 1103515245 + 12345;
		if (!find_section(bytes, sections[(seed >> 16) % CT_COUNT(sections)], &at, &size))
			continue;
		seed = seed * 1103515245 + 12345;
		bytes[at + (seed >> 8) % size] = (char)(seed >> 4);
	}
	munmap(bytes, (size_t)st.st_size);
	close(fd);
}

/* Run with sanitizers, this says more than that nothing crashed. */
static void damaged_debug_information_does_no_harm(void **state)
{
	char *folder = scratch_new();
	size_t lines = 0;

	(void)state;
	scratch_write(folder, "inline.cc", cc_source);
	scratch_run(folder, "gcc -gdwarf-5 -O2 -shared -fPIC inline.cc -o good.so");
	for (unsigned seed = 1; seed <= 40; seed++) {
		struct fixture f = {.n = 0};

		scratch_run(folder, "rm -f a.so && cp good.so a.so");
		damage(folder, seed);
		f.loaded = scratch_load(folder, "a.so");
		f.target = self_target(NULL);
		uint64_t work = stop_in(&f, "call_work");
		for (uint64_t pc = work - 64; pc < work + 64; pc++)
			lines += !ct_lines_at(f.target, pc, &f.arena, f.lines, &f.n);
		ct_target_close(f.target);
		dlclose(f.loaded);
		ct_arena_free(&f.arena);
	}
	assert_true(lines > 0);
	scratch_remove(folder);
}

static void lines_of_assembly(void **state)
{
	struct fixture *f = open_fixture("gcc -g", "a.S",
		".text\n.globl spin\nspin:\n\tnop\n\tnop\n\tret\n"
		".section .note.GNU-stack, \"\", @progbits\n",
		"");

	(void)state;
	ask(f, address_in(f->loaded, "spin") + 1);
	assert_int_equal(f->n, 1);
	assert_line(f, 0, "spin", "a.S", 5);
	close_fixture(f);
}

/* A part that the compiler split off has the name of the function it came from. */
static void a_cold_part_has_the_function_s_name(void **state)
{
	struct fixture *f = open_fixture("gcc -g", "cold.c",
		"void *here(void);\n"
		"__asm__(\".text\\n.globl here\\nhere: mov (%rsp), %rax\\n ret\\n\");\n"
		"volatile int sink;\n"
		"__attribute__((cold, noinline)) static void fail(void) { sink = 9; }\n"
		"void *busy(int x)\n"
		"{\n"
		"	for (int i = 0; i < 100; i++)\n"
		"		sink += i;\n"
		"	if (__builtin_expect(x == 7, 0)) {\n"
		"		fail();\n"
		"		void *pc = here();\n" /* 11 */
		"		fail();\n"
		"		return pc;\n"
		"	}\n"
		"	return 0;\n"
		"}\n",
		"");

	(void)state;
	ask(f, stop_in(f, "busy") - 1);
	assert_int_equal(f->n, 1);
	assert_line(f, 0, "busy", "cold.c", 11);
	close_fixture(f);
}

static void without_debug_information_there_are_no_lines(void **state)
{
	struct fixture *f = open_fixture("gcc -g0", "inline.c", c_source, "");

	(void)state;
	assert_int_equal(ct_lines_at(f->target, stop_in(f, "plain"), &f->arena, f->lines, &f->n),
		CT_NOT_FOUND);
	assert_int_equal(ct_lines_at(f->target, (uint64_t)(uintptr_t)f, &f->arena, f->lines, &f->n),
		CT_NOT_FOUND);
	close_fixture(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_c),
		cmocka_unit_test(lines_of_cpp),
		cmocka_unit_test(lines_after_dwz),
		cmocka_unit_test(lines_in_a_separate_file),
		cmocka_unit_test(lines_of_split_units),
		cmocka_unit_test(damaged_debug_information_does_no_harm),
		cmocka_unit_test(lines_of_assembly),
		cmocka_unit_test(a_cold_part_has_the_function_s_name),
		cmocka_unit_test(without_debug_information_there_are_no_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
