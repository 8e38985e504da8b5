/* SPDX-License-Identifier: Apache-2.0 */
/* Separate debug information: where it is found, and when it is believed. */
#include <elfutils/libdwelf.h>
#include <fcntl.h>

#include "image_target.h"
#include "target/elf_content.h"

#define LIBS UINT64_C(0x7f0000000000)

struct fixture {
	char *folder;
	char path[512], tree[512];
	const char *dirs[1];
	struct ct_options options;
	struct ct_target *target;
	const struct ct_module *module;
	char id[2 * CT_BUILD_ID_MAX + 1];
};

#define DEBUG_LIB TEST_CC " -g -O1 -fPIC -shared -Wl,--build-id=sha1 "

/*
 * full.so: everything. lib.so: exported names only, and a .gnu_debuglink to lib.debug, which is
 * hidden in the folder store. wrong.debug: the debug information of another build.
 */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->folder = scratch_new();
	f->options.no_debuginfod = true;
	snprintf(f->path, sizeof(f->path), "%s/lib.so", f->folder);
	snprintf(f->tree, sizeof(f->tree), "%s/tree", f->folder);
	f->dirs[0] = f->tree;
	scratch_write(f->folder, "lib.c",
		"__attribute__((noinline)) static int hidden_name(int x) { return x * 3; }\n"
		"int in_lib(int x) { return hidden_name(x) + 1; }\n");
	scratch_run(f->folder, DEBUG_LIB "-o full.so lib.c && mkdir store && "
					 "objcopy --only-keep-debug full.so store/lib.debug && "
					 "objcopy --strip-all full.so lib.so && cd store && "
					 "objcopy --add-gnu-debuglink=lib.debug ../lib.so");
	scratch_run(f->folder, DEBUG_LIB "-DX -O2 -o other.so lib.c && "
					 "objcopy --only-keep-debug other.so wrong.debug");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ct_target_close(f->target);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static void load(struct fixture *f)
{
	struct image_source *source = calloc(1, sizeof(*source));

	ct_target_close(f->target);
	image_load(source, f->folder, "lib.so", LIBS, f->path, IMAGE_FIRST_PAGE);
	f->target = image_target(source, &f->options);
	f->module = ct_target_module(f->target, 0);
	for (size_t i = 0; i < f->module->build_id_len; i++)
		sprintf(f->id + 2 * i, "%02x", f->module->build_id[i]);
}

/* Puts file where --debug-dir looks for build id; the options name the tree. */
static void put_in_tree(struct fixture *f, const char *file, const char *id)
{
	scratch_run(f->folder, "mkdir -p tree/.build-id/%.2s && cp %s tree/.build-id/%.2s/%s.debug",
		id, file, id, id + 2);
	f->options.debug_dirs = f->dirs;
	f->options.n_debug_dirs = 1;
}

static bool has_symbol(struct fixture *f, const char *wanted)
{
	Dwfl_Module *dwfl = ct_module_dwfl(f->target, f->module);

	for (int i = 1; i < dwfl_module_getsymtab(dwfl); i++) {
		GElf_Sym symbol;
		GElf_Addr addr;
		const char *name =
			dwfl_module_getsym_info(dwfl, i, &symbol, &addr, NULL, NULL, NULL);

		if (name && !strcmp(name, wanted) && addr > LIBS && addr < f->module->end)
			return true;
	}
	return false;
}

static void assert_found(struct fixture *f, const char *end)
{
	Dwarf_Addr bias = 1;

	ct_module_load_debug(f->target, f->module);
	assert_int_equal(f->module->state, CT_MODULE_OK);
	assert_non_null(f->module->debug_file);
	assert_non_null(strstr(f->module->debug_file, end));
	assert_true(has_symbol(f, "hidden_name"));
	assert_non_null(ct_module_dwarf(f->target, f->module, &bias));
	assert_int_equal(bias, LIBS);
}

static void assert_not_found(struct fixture *f)
{
	Dwarf_Addr bias;

	ct_module_load_debug(f->target, f->module);
	assert_int_equal(f->module->state, CT_MODULE_NO_SYMBOLS);
	assert_null(f->module->debug_file);
	assert_true(has_symbol(f, "in_lib"));
	assert_false(has_symbol(f, "hidden_name"));
	assert_null(ct_module_dwarf(f->target, f->module, &bias));
}

static void found_by_build_id(void **state)
{
	struct fixture *f = *state;

	load(f);
	put_in_tree(f, "store/lib.debug", f->id);
	load(f);
	assert_found(f, f->id + 2);
}

/* Whoever asks libdwfl without ct_module_load_debug() gets the same. */
static void found_when_libdwfl_asks(void **state)
{
	struct fixture *f = *state;

	load(f);
	put_in_tree(f, "store/lib.debug", f->id);
	load(f);
	assert_true(has_symbol(f, "hidden_name"));
	assert_non_null(f->module->debug_file);
}

static void the_build_id_decides_not_the_name(void **state)
{
	struct fixture *f = *state;

	load(f);
	put_in_tree(f, "wrong.debug", f->id);
	load(f);
	assert_not_found(f);
	assert_true(image_tried(f->module, ".debug", "another build"));
}

static void found_beside_the_file_by_its_link(void **state)
{
	struct fixture *f = *state;
	const char *const places[] = {"lib.debug", ".debug/lib.debug"};

	for (size_t i = 0; i < CT_COUNT(places); i++) {
		scratch_run(f->folder, "mkdir -p .debug && cp store/lib.debug %s", places[i]);
		load(f);
		assert_found(f, places[i]);
		scratch_run(f->folder, "rm -r .debug lib.debug 2>/dev/null || true");
	}
	scratch_run(f->folder, "mkdir -p \"tree$PWD\" && cp store/lib.debug \"tree$PWD/\"");
	f->options.debug_dirs = f->dirs;
	f->options.n_debug_dirs = 1;
	load(f);
	assert_found(f, "/tree/");
}

static void a_link_is_checked(void **state)
{
	struct fixture *f = *state;

	/* One byte more: the checksum is no longer the link's, the build id still matches. */
	scratch_run(f->folder, "cp store/lib.debug . && echo >>lib.debug");
	load(f);
	assert_not_found(f);
	assert_true(image_tried(f->module, "/lib.debug", "checksum"));

	/* The checksum is right, the build id is not. */
	scratch_run(f->folder, "cp wrong.debug lib.debug && objcopy --strip-all full.so lib.so && "
			       "objcopy --add-gnu-debuglink=lib.debug lib.so");
	load(f);
	assert_not_found(f);
	assert_true(image_tried(f->module, "/lib.debug", "another build"));

	/* The file itself under the link's name. */
	scratch_run(f->folder, "objcopy --strip-all full.so lib.so && cp lib.so x && mkdir y && "
			       "cp store/lib.debug y/lib.so && cd y && "
			       "objcopy --add-gnu-debuglink=lib.so ../lib.so");
	load(f);
	assert_not_found(f);
	assert_true(image_tried(f->module, "/lib.so", "own file"));
}

static void a_link_names_no_other_folder(void **state)
{
	struct fixture *f = *state;
	size_t len;

	scratch_run(f->folder,
		"objcopy --strip-all full.so lib.so && cp store/lib.debug s___lib.debug && "
		"objcopy --add-gnu-debuglink=s___lib.debug lib.so && mkdir s && "
		"cp store/lib.debug s/lib.debug");
	uint8_t *file = image_file(f->folder, "lib.so", &len);
	char *name = memmem(file, len, "s___lib.debug", 13);
	assert_non_null(name);
	memcpy(name, "s/../s/../s//", 1);
	memcpy(name, "s///lib.debug", 13);
	image_put_file(f->folder, "lib.so", file, len);
	free(file);
	load(f);
	assert_not_found(f);
}

/* pack: a shell command that makes the xz file "packed" of mini.so, which has symbols. */
static void add_mini_debug(struct fixture *f, const char *pack)
{
	scratch_run(f->folder,
		"objcopy -S --keep-symbol=hidden_name full.so mini.so && %s && "
		"objcopy --strip-all full.so lib.so && "
		"objcopy --add-section .gnu_debugdata=packed lib.so",
		pack);
	load(f);
}

static void mini_debug_gives_names(void **state)
{
	struct fixture *f = *state;

	for (int ask_first = 0; ask_first < 2; ask_first++) {
		add_mini_debug(f, "xz -c mini.so >packed");
		if (ask_first) {
			ct_module_load_debug(f->target, f->module);
			assert_int_equal(f->module->state, CT_MODULE_OK);
		}
		assert_true(has_symbol(f, "hidden_name"));
		assert_true(has_symbol(f, "in_lib"));
	}
}

static void mini_debug_that_explodes_is_not_unpacked(void **state)
{
	struct fixture *f = *state;

	add_mini_debug(f, "(cat mini.so; head -c 300000000 /dev/zero) | xz -0 >packed");
	assert_not_found(f);
	add_mini_debug(f, "xz -c mini.so | head -c 200 >packed");
	assert_not_found(f);
	add_mini_debug(f, "cp mini.so packed");
	assert_not_found(f);
}

/* The first compressed section of a file claims this size. */
static void claim(struct fixture *f, const char *name, uint64_t size)
{
	size_t len;
	uint8_t *file = image_file(f->folder, name, &len);
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)file;
	Elf64_Shdr *sections = (Elf64_Shdr *)(file + ehdr->e_shoff);
	unsigned i = 0;

	while (i < ehdr->e_shnum && !(sections[i].sh_flags & SHF_COMPRESSED))
		i++;
	assert_true(i < ehdr->e_shnum);
	((Elf64_Chdr *)(file + sections[i].sh_offset))->ch_size = size;
	image_put_file(f->folder, name, file, len);
	free(file);
}

static void sections_that_explode_are_not_unpacked(void **state)
{
	struct fixture *f = *state;

	load(f);
	scratch_run(
		f->folder, "objcopy --compress-debug-sections=zlib store/lib.debug packed.debug");
	put_in_tree(f, "packed.debug", f->id);
	load(f);
	assert_found(f, f->id + 2);

	claim(f, "packed.debug", UINT64_C(1) << 40);
	put_in_tree(f, "packed.debug", f->id);
	load(f);
	assert_not_found(f);
	assert_true(image_tried(f->module, ".debug", "absurd"));

	scratch_run(f->folder, "objcopy --compress-debug-sections=zlib full.so lib.so");
	claim(f, "lib.so", UINT64_C(1) << 40);
	load(f);
	assert_null(ct_module_dwfl(f->target, f->module));
	assert_true(image_noted(f->target, CT_NOTE_LIMIT, "absurd"));
}

/* Gives lib.so a .gnu_debugaltlink to name with the build id of full.so. */
static void add_alt_link(struct fixture *f, const char *name)
{
	const struct ct_module *module = f->module;
	uint8_t link[512];
	size_t len = strlen(name) + 1;

	load(f);
	module = f->module;
	memcpy(link, name, len);
	memcpy(link + len, module->build_id, module->build_id_len);
	image_put_file(f->folder, "link", link, len + module->build_id_len);
	scratch_run(f->folder, "objcopy --add-section .gnu_debugaltlink=link full.so lib.so");
	load(f);
}

/* How many units the supplement has. */
static int units_of_supplement(struct fixture *f)
{
	Dwarf_Addr bias;
	Dwarf *dwarf = ct_module_dwarf(f->target, f->module, &bias);
	Dwarf *supplement = dwarf ? dwarf_getalt(dwarf) : NULL;
	Dwarf_CU *unit = NULL;
	int n = 0;

	assert_non_null(supplement);
	while (!dwarf_get_units(supplement, unit, &unit, NULL, NULL, NULL, NULL))
		n++;
	return n;
}

static void a_supplement_is_found_and_checked(void **state)
{
	struct fixture *f = *state;

	add_alt_link(f, "store/common");
	scratch_run(f->folder, "cp store/lib.debug store/common");
	assert_int_equal(units_of_supplement(f), 1);
	assert_true(image_tried(f->module, "store/common", "build id matches"));

	load(f);
	scratch_run(f->folder, "cp wrong.debug store/common");
	assert_int_equal(units_of_supplement(f), 0);
	assert_true(image_tried(f->module, "store/common", "another build"));

	/* libdw, left alone, would open what the link names, and wait for a writer. */
	load(f);
	scratch_run(f->folder, "rm store/common && mkfifo store/common");
	assert_int_equal(units_of_supplement(f), 0);
	assert_true(image_tried(f->module, "store/common", "not a regular file"));

	load(f);
	put_in_tree(f, "store/lib.debug", f->id);
	load(f);
	assert_int_equal(units_of_supplement(f), 1);
}

static void served_by_debuginfod(void **state)
{
	struct fixture *f = *state;

	if (!getenv("CORETOOL_TEST_SERVED"))
		skip();
	f->options.no_debuginfod = false;
	setenv("DEBUGINFOD_URLS", "http://localhost:1", 1);
	setenv("CORETOOL_TEST_SERVED", "wrong.debug", 1);
	load(f);
	assert_int_equal(chdir(f->folder), 0);
	assert_not_found(f);
	assert_true(image_tried(f->module, "wrong.debug", "another build"));

	setenv("CORETOOL_TEST_SERVED", "store/lib.debug", 1);
	load(f);
	assert_found(f, "store/lib.debug");

	setenv("CORETOOL_TEST_SERVED", "nothing", 1);
	load(f);
	assert_not_found(f);
	snprintf(f->path, sizeof(f->path), "/gone/lib.so");
	setenv("CORETOOL_TEST_SERVED", "lib.so", 1);
	load(f);
	assert_non_null(ct_module_dwfl(f->target, f->module));
	assert_int_equal(f->module->found, CT_FOUND_DEBUGINFOD);

	f->options.no_debuginfod = true;
	load(f);
	assert_null(ct_module_dwfl(f->target, f->module));
	f->options.no_debuginfod = false;
	unsetenv("DEBUGINFOD_URLS");
	load(f);
	assert_null(ct_module_dwfl(f->target, f->module));
	assert_int_equal(chdir("/"), 0);
}

/* Makes the client library in folder, and starts this program again so that dlopen finds it. */
static void run_again_with_client(char **argv)
{
	char *folder = scratch_new();

	scratch_write(folder, "client.c",
		"#include <errno.h>\n#include <fcntl.h>\n#include <stdlib.h>\n#include <string.h>\n"
		"void *debuginfod_begin(void) { return malloc(1); }\n"
		"void debuginfod_end(void *client) { free(client); }\n"
		"int debuginfod_find_debuginfo(void *c, const unsigned char *id, int len, char "
		"**path)\n"
		"{\n"
		"	const char *served = getenv(\"CORETOOL_TEST_SERVED\");\n"
		"	int fd = open(served, O_RDONLY);\n"
		"	(void)c, (void)id, (void)len;\n"
		"	*path = fd < 0 ? NULL : strdup(served);\n"
		"	return fd < 0 ? -ENOENT : fd;\n"
		"}\n"
		"int debuginfod_find_executable(void *c, const unsigned char *id, int len, char "
		"**path)\n"
		"{\n"
		"	return debuginfod_find_debuginfo(c, id, len, path);\n"
		"}\n");
	scratch_run(folder, TEST_CC " -shared -fPIC -o libdebuginfod.so.1 client.c");
	setenv("LD_LIBRARY_PATH", folder, 1);
	setenv("CORETOOL_TEST_SERVED", folder, 1);
	execv("/proc/self/exe", argv);
	perror("execv");
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(found_by_build_id),
		TEST(found_when_libdwfl_asks),
		TEST(the_build_id_decides_not_the_name),
		TEST(found_beside_the_file_by_its_link),
		TEST(a_link_is_checked),
		TEST(a_link_names_no_other_folder),
		TEST(mini_debug_gives_names),
		TEST(mini_debug_that_explodes_is_not_unpacked),
		TEST(sections_that_explode_are_not_unpacked),
		TEST(a_supplement_is_found_and_checked),
		TEST(served_by_debuginfod),
	};
	const char *served = getenv("CORETOOL_TEST_SERVED");

	(void)argc;
	if (!served)
		run_again_with_client(argv);
	char *folder = served ? strdup(served) : NULL;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (folder)
		scratch_remove(folder);
	return failed;
}
