/* SPDX-License-Identifier: Apache-2.0 */
/* What data addresses are called, with and without debug information. */
#include <stdio.h>

#include "self_target.h"
#include "target/object_name.h"

static const char *const dwarf_builds[] = {
	"gcc -gdwarf-4",
	"gcc -gdwarf-5",
	"gcc -gdwarf-5 -O2 -gz=zlib",
	"gcc -gdwarf-4 -fdebug-types-section",
	"gcc -gdwarf-5 -O2 -flto",
	"clang -gdwarf-4",
	"clang -gdwarf-5",
	"clang -gdwarf-5 -O2",
};

/* A name, and the number under which where() gives its address. */
struct expected {
	int number;
	const char *with_dwarf, *with_symbols;
	const char
		*without_function; /* when the compiler has dropped the function it was local to */
};

/* where() gives the address of each object by number; keep() makes the compiler keep all of them.
 */
static const char c_source[] =
	"#include <pthread.h>\n"
	"#include <semaphore.h>\n"
	"struct worker { int id; pthread_mutex_t lock; pthread_cond_t wake; };\n"
	"struct pool {\n"
	"	const char *name;\n"
	"	struct worker workers[8];\n"
	"	union { char pad[128]; struct { long n; pthread_mutex_t inner; } s; };\n"
	"	struct { pthread_rwlock_t table_lock; };\n"
	"	sem_t items[2][3];\n"
	"	struct { unsigned used : 3, free : 5; int *list; } state;\n"
	"	struct worker more[];\n"
	"};\n"
	"pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;\n"
	"static struct pool pool;\n"
	"static pthread_mutex_t grid[3][4];\n"
	"static volatile const struct pool *const pointer = &pool;\n"
	"__thread pthread_mutex_t per_thread;\n"
	"static pthread_mutex_t *local(void)\n"
	"{\n"
	"	static pthread_mutex_t once_lock;\n"
	"	return &once_lock;\n"
	"}\n"
	"static pthread_mutex_t *other_local(void)\n"
	"{\n"
	"	static pthread_mutex_t once_lock;\n"
	"	return &once_lock;\n"
	"}\n"
	"void *where(int i)\n"
	"{\n"
	"	switch (i) {\n"
	"	case 0: return &g_lock;\n"
	"	case 1: return &pool;\n"
	"	case 2: return &pool.workers[0].lock;\n"
	"	case 3: return &pool.workers[3].lock;\n"
	"	case 4: return &pool.workers[7].wake;\n"
	"	case 5: return &pool.s.inner;\n"
	"	case 6: return &pool.table_lock;\n"
	"	case 7: return &pool.items[1][2];\n"
	"	case 8: return &pool.state.list;\n"
	"	case 9: return &grid[2][1];\n"
	"	case 10: return local();\n"
	"	case 11: return other_local();\n"
	"	case 12: return (char *)&g_lock + 8;\n"
	"	case 13: return (void *)&pointer;\n"
	"	case 14: return &per_thread;\n"
	"	default: return 0;\n"
	"	}\n"
	"}\n";

static const struct expected c_names[] = {
	{0, "g_lock", "g_lock", NULL},
	{1, "pool.name", "pool", NULL},
	{2, "pool.workers[0].lock", "pool+0x10", NULL},
	{3, "pool.workers[3].lock", "pool+0x130", NULL},
	{4, "pool.workers[7].wake", NULL, NULL},
	{5, "pool.s.inner", NULL, NULL},
	{6, "pool.table_lock", NULL, NULL},
	{7, "pool.items[1][2]", NULL, NULL},
	{8, "pool.state.list", NULL, NULL},
	{9, "grid[2][1]", "grid+0x168", NULL},
	{10, "local::once_lock", NULL, "local.once_lock"},
	{11, "other_local::once_lock", NULL, "other_local.once_lock"},
	{12, "g_lock+0x8", "g_lock+0x8", NULL},
};

static const char cc_source[] =
	"#include <array>\n"
	"#include <mutex>\n"
	"#include <condition_variable>\n"
	"#include <shared_mutex>\n"
	"namespace ns {\n"
	"struct Empty {};\n"
	"struct Base { virtual ~Base() {} std::mutex base_mutex; };\n"
	"template <class T> class Cache : public Empty, public Base {\n"
	"public:\n"
	"	T value{};\n"
	"	std::recursive_mutex mutex_;\n"
	"	std::condition_variable wake_;\n"
	"	std::array<std::mutex, 4> shards_;\n"
	"	static Cache instance;\n"
	"	std::mutex &local()\n"
	"	{\n"
	"		static std::mutex m;\n"
	"		return m;\n"
	"	}\n"
	"};\n"
	"template <> Cache<int> Cache<int>::instance{};\n"
	"std::shared_mutex table;\n"
	"}\n"
	"namespace { std::mutex hidden[2]; std::timed_mutex timed; }\n"
	"extern \"C\" __attribute__((visibility(\"default\"))) void *where(int i)\n"
	"{\n"
	"	auto &c = ns::Cache<int>::instance;\n"
	"	switch (i) {\n"
	"	case 0: return &c.mutex_;\n"
	"	case 1: return &c.base_mutex;\n"
	"	case 2: return &c.wake_;\n"
	"	case 3: return &c.shards_[2];\n"
	"	case 4: return &ns::table;\n"
	"	case 5: return &hidden[1];\n"
	"	case 6: return &timed;\n"
	"	case 7: return &c.local();\n"
	"	default: return 0;\n"
	"	}\n"
	"}\n";

static const struct expected cc_names[] = {
	{0, "ns::Cache<int>::instance.mutex_", NULL, NULL},
	{1, "ns::Cache<int>::instance.base_mutex", "ns::Cache<int>::instance+0x8", NULL},
	{2, "ns::Cache<int>::instance.wake_", NULL, NULL},
	{3, "ns::Cache<int>::instance.shards_[2]", NULL, NULL},
	{4, "ns::table", "ns::table", NULL},
	{5, "(anonymous namespace)::hidden[1]", "(anonymous namespace)::hidden+0x28", NULL},
	{6, "(anonymous namespace)::timed", "(anonymous namespace)::timed", NULL},
	{7, "ns::Cache<int>::local::m", "ns::Cache<int>::local()::m", "ns::Cache<int>::local()::m"},
};

struct fixture {
	char *folder;
	void *library;
	struct ct_target *target;
	struct ct_arena arena;
	void *(*where)(int);
};

static struct fixture *open_fixture(const char *build, const char *file, const char *source)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->folder = scratch_new();
	scratch_write(f->folder, file, source);
	/* Hidden: else the dynamic linker shares local's m with the libraries of earlier tests. */
	scratch_run(f->folder, "%s %s -shared -fPIC %s -o a.so -pthread", build,
		strstr(file, ".cc") ? "-std=c++17 -fvisibility=hidden" : "", file);
	return f;
}

static void load(struct fixture *f)
{
	f->library = scratch_load(f->folder, "a.so");
	*(void **)&f->where = dlsym(f->library, "where");
	f->target = self_target(NULL);
}

static void close_fixture(struct fixture *f)
{
	ct_target_close(f->target);
	dlclose(f->library);
	scratch_remove(f->folder);
	ct_arena_free(&f->arena);
	free(f);
}

static const char *name_of(struct fixture *f, int number, bool is_dwarf)
{
	const char *name;
	bool from_dwarf;

	assert_int_equal(ct_object_name(f->target, (uint64_t)(uintptr_t)f->where(number), &f->arena,
				 &name, &from_dwarf),
		CT_OK);
	if (from_dwarf != is_dwarf)
		fail_msg("%s: %s", name, is_dwarf ? "not by DWARF" : "by DWARF");
	return name;
}

static void assert_name(struct fixture *f, int number, const char *expected, bool is_dwarf)
{
	assert_string_equal(name_of(f, number, is_dwarf), expected);
}

static void with_dwarf(const char *build, const char *file, const char *source,
	const struct expected *names, size_t n)
{
	struct fixture *f = open_fixture(build, file, source);

	load(f);
	for (size_t i = 0; i < n; i++) {
		const char *other = names[i].without_function;

		if (!other || strcmp(name_of(f, names[i].number, true), other) != 0)
			assert_name(f, names[i].number, names[i].with_dwarf, true);
	}
	close_fixture(f);
}

static void members_of_c(void **state)
{
	(void)state;
	for (size_t i = 0; i < CT_COUNT(dwarf_builds); i++)
		with_dwarf(dwarf_builds[i], "a.c", c_source, c_names, CT_COUNT(c_names));
}

static void members_of_cpp(void **state)
{
	(void)state;
	for (size_t i = 0; i < CT_COUNT(dwarf_builds); i++)
		with_dwarf(dwarf_builds[i], "a.cc", cc_source, cc_names, CT_COUNT(cc_names));
}

static void symbols_alone(void **state)
{
	struct fixture *f = open_fixture("gcc -g0", "a.c", c_source);

	(void)state;
	load(f);
	for (size_t i = 0; i < CT_COUNT(c_names); i++)
		if (c_names[i].with_symbols)
			assert_name(f, c_names[i].number, c_names[i].with_symbols, false);
	close_fixture(f);
	f = open_fixture("g++ -g0", "a.cc", cc_source);
	load(f);
	for (size_t i = 0; i < CT_COUNT(cc_names); i++)
		if (cc_names[i].with_symbols)
			assert_name(f, cc_names[i].number, cc_names[i].with_symbols, false);
	close_fixture(f);
}

/* The offset is that of the file, which tools for stripped files show as well. */
static void a_stripped_library_gives_module_and_offset(void **state)
{
	struct fixture *f = open_fixture("gcc -g0", "a.c", c_source);
	char expected[64];
	Dl_info library;

	(void)state;
	scratch_run(f->folder, "strip -s a.so");
	load(f);
	assert_name(f, 0, "g_lock", false); /* it is exported */
	uint64_t pool = (uint64_t)(uintptr_t)f->where(1);
	assert_true(dladdr((void *)(uintptr_t)address_in(f->library, "where"), &library));
	snprintf(expected, sizeof(expected), "a.so+0x%llx",
		(unsigned long long)(pool - (uint64_t)(uintptr_t)library.dli_fbase));
	assert_name(f, 1, expected, false);
	close_fixture(f);
}

/* The library's .bss goes on behind its file in mappings without a name. */
static void uninitialised_data_beyond_the_file_is_the_library_s(void **state)
{
	struct fixture *f = open_fixture("gcc -g", "a.c",
		"#include <pthread.h>\n"
		"static struct { char before[1 << 20]; pthread_mutex_t lock; } far;\n"
		"void *where(int i) { return i ? (void *)&far.lock : (void *)&far; }\n");

	(void)state;
	load(f);
	assert_name(f, 1, "far.lock", true);
	assert_name(f, 0, "far.before[0]", true);
	close_fixture(f);
}

static void heap_stack_and_thread_local_data_have_no_name(void **state)
{
	struct fixture *f = open_fixture("gcc -g", "a.c", c_source);
	void *heap = malloc(1000);
	const char *name;
	bool from_dwarf;

	(void)state;
	load(f);
	const void *const addresses[] = {heap, &name, f->where(14), (void *)16};
	for (size_t i = 0; i < CT_COUNT(addresses); i++)
		assert_int_equal(ct_object_name(f->target, (uint64_t)(uintptr_t)addresses[i],
					 &f->arena, &name, &from_dwarf),
			CT_NOT_FOUND);
	free(heap);
	close_fixture(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_of_c),
		cmocka_unit_test(members_of_cpp),
		cmocka_unit_test(symbols_alone),
		cmocka_unit_test(a_stripped_library_gives_module_and_offset),
		cmocka_unit_test(uninitialised_data_beyond_the_file_is_the_library_s),
		cmocka_unit_test(heap_stack_and_thread_local_data_have_no_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
