/* SPDX-License-Identifier: Apache-2.0 */
/* Which file is used for a module, and which never. */
#include <fcntl.h>

#include "image_target.h"

#define LIBS UINT64_C(0x7f0000000000)

struct fixture {
	char *folder;
	char paths[2][512];
	unsigned n_paths;
	struct ct_options options;
	struct ct_target *target;
};

/* lib.so and other.so differ in their code and build id only; plain-*.so are the same without a
 * build id. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->folder = scratch_new();
	f->options.no_debuginfod = true;
	for (int i = 0; i < 2; i++) {
		char text[256];
		const char *name = i ? "other" : "lib";

		snprintf(text, sizeof(text),
			"int shared = %d; const int constant[] = {%d, 2, 3};\n"
			"int in_lib(int x) { return x + shared + constant[x] + %d; }\n",
			i + 1, i + 1, i + 40);
		scratch_write(f->folder, "lib.c", text);
		scratch_run(f->folder,
			TEST_CC " -O1 -fPIC -shared -Wl,--build-id=sha1 -o %s.so lib.c", name);
		scratch_run(f->folder,
			TEST_CC " -O1 -fPIC -shared -Wl,--build-id=none -o plain-%s.so lib.c",
			name);
	}
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

/* A path in the fixture's folder, as the core would have recorded it; the last two stay valid. */
static const char *in_folder(struct fixture *f, const char *name)
{
	char *path = f->paths[f->n_paths++ % 2];

	snprintf(path, sizeof(f->paths[0]), "%s/%s", f->folder, name);
	return path;
}

/* The only module: file, as if mapped from path. */
static const struct ct_module *load(
	struct fixture *f, const char *file, const char *path, enum image_dump dump)
{
	struct image_source *source = calloc(1, sizeof(*source));

	image_load(source, f->folder, file, LIBS, path, dump);
	source->auxv[AT_PHDR] = LIBS + sizeof(Elf64_Ehdr);
	source->auxv[AT_ENTRY] = LIBS + 64;
	f->target = image_target(source, &f->options);
	assert_int_equal(ct_target_n_modules(f->target), 1);
	return ct_target_module(f->target, 0);
}

/* The first map with this protection. */
static const struct ct_map *map_with(struct fixture *f, int prot)
{
	for (size_t i = 0; i < ct_target_n_maps(f->target); i++)
		if (ct_target_map(f->target, i)->prot == prot)
			return ct_target_map(f->target, i);
	fail_msg("no such map");
	return NULL;
}

static void assert_unused(struct fixture *f, const struct ct_module *module)
{
	uint8_t byte;
	uint64_t code = map_with(f, PROT_READ | PROT_EXEC)->start;

	assert_null(ct_module_dwfl(f->target, module));
	assert_null(module->file);
	assert_int_equal(module->found, CT_FOUND_NONE);
	assert_int_equal(ct_module_read(module, code, &byte, 1), CT_FAULT);
	assert_int_equal(ct_read(f->target, code, &byte, 1), CT_FAULT);
}

static void assert_used(struct fixture *f, const struct ct_module *module, const char *file,
	enum ct_module_found found)
{
	GElf_Addr bias;
	Dwfl_Module *dwfl = ct_module_dwfl(f->target, module);

	assert_non_null(dwfl);
	assert_string_equal(module->file, file);
	assert_int_equal(module->found, found);
	assert_non_null(dwfl_module_getelf(dwfl, &bias));
	assert_int_equal(bias, LIBS);
}

static void a_matching_file_gives_names_and_code(void **state)
{
	struct fixture *f = *state;
	const char *path = in_folder(f, "lib.so");
	const struct ct_module *module = load(f, "lib.so", path, IMAGE_FIRST_PAGE);
	const struct ct_map *code, *data;
	uint8_t *file, have[64];
	size_t len;

	assert_used(f, module, path, CT_FOUND_PATH);
	ct_module_load_debug(f->target, module);
	assert_int_equal(module->state, CT_MODULE_OK);
	assert_true(image_tried(module, "/lib.so", "build id matches"));
	file = image_file(f->folder, "lib.so", &len);
	code = map_with(f, PROT_READ | PROT_EXEC);
	assert_int_equal(ct_read(f->target, code->start + 1, have, 40), CT_OK);
	assert_memory_equal(have, file + code->file_offset + 1, 40);
	/* Of writable memory the file knows only the beginning. */
	data = map_with(f, PROT_READ | PROT_WRITE);
	assert_int_equal(
		ct_module_read(module, data->start + data->present - 8, have, 8), CT_FAULT);
	/* Not over the end of a segment, not outside of all. */
	assert_int_equal(ct_module_read(module, code->start, have, SIZE_MAX), CT_FAULT);
	assert_int_equal(ct_module_read(module, module->end, have, 1), CT_FAULT);
	assert_int_equal(ct_module_read(module, LIBS - 1, have, 1), CT_FAULT);
	free(file);
}

/* Other memory in the place of the code: the file does not say what that holds. */
static void memory_put_over_a_segment_is_not_the_file(void **state)
{
	struct fixture *f = *state;
	struct image_source *source = calloc(1, sizeof(*source));
	const char *path = in_folder(f, "lib.so");
	uint8_t byte;

	image_load(source, f->folder, "lib.so", LIBS, path, IMAGE_FIRST_PAGE);
	for (uint32_t i = 0; i < source->maps.n; i++)
		if (source->maps.items[i].prot & PROT_EXEC)
			source->maps.items[i].path = NULL;
	f->target = image_target(source, &f->options);
	const struct ct_module *module = ct_target_module(f->target, 0);
	uint64_t code = map_with(f, PROT_READ | PROT_EXEC)->start;
	assert_non_null(ct_module_dwfl(f->target, module));
	assert_int_equal(ct_read(f->target, code, &byte, 1), CT_FAULT);
}

static void another_build_is_reported_and_not_used(void **state)
{
	struct fixture *f = *state;
	const struct ct_module *module =
		load(f, "lib.so", in_folder(f, "other.so"), IMAGE_FIRST_PAGE);

	assert_unused(f, module);
	assert_int_equal(module->state, CT_MODULE_MISMATCH);
	assert_true(image_tried(module, "/other.so", "another build: its build id is"));
	assert_true(image_noted(f->target, CT_NOTE_MISMATCH, "another build"));
	ct_module_load_debug(f->target, module);
	assert_int_equal(module->state, CT_MODULE_MISMATCH);
}

static void a_file_without_build_id_is_another_build(void **state)
{
	struct fixture *f = *state;
	const struct ct_module *module =
		load(f, "lib.so", in_folder(f, "plain-lib.so"), IMAGE_FIRST_PAGE);

	assert_unused(f, module);
	assert_int_equal(module->state, CT_MODULE_MISMATCH);
}

static void a_deleted_file_is_looked_for_under_its_name(void **state)
{
	struct fixture *f = *state;
	const struct ct_module *module =
		load(f, "lib.so", in_folder(f, "lib.so (deleted)"), IMAGE_FIRST_PAGE);
	char path[512];

	snprintf(path, sizeof(path), "%s/lib.so", f->folder);
	assert_used(f, module, path, CT_FOUND_PATH);
}

static void what_is_no_program_is_not_used(void **state)
{
	struct fixture *f = *state;
	const char *path = in_folder(f, "at-path");
	const struct {
		const char *make, *answer;
	} cases[] = {
		{"true", "no such file"},
		{"mkfifo at-path", "not a regular file"},
		{"mkdir at-path", "not a regular file"},
		{"ln -s /dev/zero at-path", "not a regular file"},
		{"ln -s at-path at-path", ": "},
		{": >at-path", "no ELF file"},
		{"head -c 4000 /dev/zero >at-path", "no program or library"},
		{"head -c 100 lib.so >at-path", "no program or library"},
		{"head -c 63 lib.so >at-path", "no ELF file"},
		{TEST_CC " -c lib.c -o at-path", "no program or library"},
		{"gzip -c lib.so >at-path", "no program or library"},
	};

	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		scratch_run(f->folder, "rm -rf at-path; %s", cases[i].make);
		const struct ct_module *module = load(f, "lib.so", path, IMAGE_FIRST_PAGE);
		assert_unused(f, module);
		assert_int_equal(module->state, CT_MODULE_MISSING);
		assert_true(image_tried(module, "/at-path", cases[i].answer));
		assert_true(image_noted(f->target, CT_NOTE_MISSING_FILE, "at-path"));
		ct_target_close(f->target);
		f->target = NULL;
	}
}

static void a_first_page_stands_in_for_a_build_id(void **state)
{
	struct fixture *f = *state;
	const char *path = in_folder(f, "plain-lib.so");
	const struct ct_module *module = load(f, "plain-lib.so", path, IMAGE_FIRST_PAGE);

	assert_used(f, module, path, CT_FOUND_PATH);
	assert_true(image_noted(f->target, CT_NOTE_MISSING_FILE, "without a build id"));
}

static void another_first_page_is_another_build(void **state)
{
	struct fixture *f = *state;
	size_t len;
	uint8_t *file = image_file(f->folder, "plain-lib.so", &len);

	file[len > 600 ? 600 : len - 1] ^= 1;
	image_put_file(f->folder, "changed.so", file, len);
	const struct ct_module *module =
		load(f, "plain-lib.so", in_folder(f, "changed.so"), IMAGE_FIRST_PAGE);
	assert_unused(f, module);
	assert_int_equal(module->state, CT_MODULE_MISMATCH);
	free(file);
}

static void without_any_evidence_only_the_users_word_counts(void **state)
{
	struct fixture *f = *state;
	const char *path = in_folder(f, "lib.so");

	for (int told = 0; told < 2; told++) {
		f->options.exe = told ? path : NULL;
		const struct ct_module *module = load(f, "lib.so", path, IMAGE_NO_HEADER);
		if (told) {
			/* The program is known by its entry point, its header being absent. */
			assert_ptr_equal(ct_module_main(f->target), module);
			assert_used(f, module, path, CT_FOUND_PATH);
			assert_true(image_noted(f->target, CT_NOTE_MISSING_FILE, "as told"));
		} else {
			assert_unused(f, module);
			assert_int_equal(module->state, CT_MODULE_MISSING);
		}
		ct_target_close(f->target);
		f->target = NULL;
	}
}

static void the_users_word_does_not_make_a_wrong_file_right(void **state)
{
	struct fixture *f = *state;
	const char *path = in_folder(f, "lib.so"), *wrong = in_folder(f, "other.so");

	f->options.exe = wrong;
	const struct ct_module *module = load(f, "lib.so", path, IMAGE_FIRST_PAGE);
	assert_used(f, module, path, CT_FOUND_PATH);
	assert_true(image_noted(f->target, CT_NOTE_MISMATCH, "other.so"));
	assert_true(image_tried(module, "/other.so", "another build"));
}

static void a_sysroot_replaces_the_machine(void **state)
{
	struct fixture *f = *state;
	char root[512], found[1024];

	/* An absolute link under the sysroot means a path under the sysroot. */
	scratch_run(f->folder, "mkdir -p root/real root/usr && cp lib.so root/real/ && "
			       "ln -s /real root/usr/lib");
	snprintf(root, sizeof(root), "%s/root", f->folder);
	snprintf(found, sizeof(found), "%s/usr/lib/lib.so", root);
	f->options.sysroot = root;
	const struct ct_module *module = load(f, "lib.so", "/usr/lib/lib.so", IMAGE_FIRST_PAGE);
	ct_module_load_debug(f->target, module);
	if (module->state == CT_MODULE_MISSING)
		skip(); /* this kernel cannot follow links inside of a folder */
	assert_used(f, module, found, CT_FOUND_SYSROOT);

	/* As a debugger outside records it. */
	ct_target_close(f->target);
	module = load(f, "lib.so", in_folder(f, "root/usr/lib/lib.so"), IMAGE_FIRST_PAGE);
	assert_used(f, module, found, CT_FOUND_SYSROOT);
}

static void a_sysroot_hides_the_machines_own_file(void **state)
{
	struct fixture *f = *state;

	f->options.sysroot = "/nonexistent";
	const struct ct_module *module =
		load(f, "lib.so", in_folder(f, "lib.so"), IMAGE_FIRST_PAGE);
	assert_unused(f, module);
}

static void a_program_is_found_by_its_build_id(void **state)
{
	struct fixture *f = *state;
	char tree[512], id[2 * CT_BUILD_ID_MAX + 1] = "", file[1024];
	const char *dirs[] = {"/nonexistent", tree};

	const struct ct_module *module = load(f, "lib.so", "/gone/lib.so", IMAGE_FIRST_PAGE);
	for (size_t i = 0; i < module->build_id_len; i++)
		sprintf(id + 2 * i, "%02x", module->build_id[i]);
	ct_target_close(f->target);
	scratch_run(f->folder, "mkdir -p tree/.build-id/%.2s && cp lib.so tree/.build-id/%.2s/%s",
		id, id, id + 2);
	snprintf(tree, sizeof(tree), "%s/tree", f->folder);
	snprintf(file, sizeof(file), "%s/.build-id/%.2s/%s", tree, id, id + 2);

	f->options.debug_dirs = dirs;
	f->options.n_debug_dirs = 2;
	module = load(f, "lib.so", "/gone/lib.so", IMAGE_FIRST_PAGE);
	assert_used(f, module, file, CT_FOUND_DEBUG_DIR);
	assert_true(image_tried(module, "/gone/lib.so", "no such file"));
}

static void a_file_that_shrinks_is_not_believed(void **state)
{
	struct fixture *f = *state;
	const char *path = in_folder(f, "lib.so");
	const struct ct_module *module = load(f, "lib.so", path, IMAGE_FIRST_PAGE);
	uint64_t code = map_with(f, PROT_READ | PROT_EXEC)->start;
	uint8_t byte;

	assert_used(f, module, path, CT_FOUND_PATH);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(ct_module_read(module, code, &byte, 1), CT_FAULT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		/* First: later on cmocka's own handler of SIGBUS stands before the one to be
		   tested. */
		TEST(a_file_that_shrinks_is_not_believed),
		TEST(a_matching_file_gives_names_and_code),
		TEST(memory_put_over_a_segment_is_not_the_file),
		TEST(another_build_is_reported_and_not_used),
		TEST(a_file_without_build_id_is_another_build),
		TEST(a_deleted_file_is_looked_for_under_its_name),
		TEST(what_is_no_program_is_not_used),
		TEST(a_first_page_stands_in_for_a_build_id),
		TEST(another_first_page_is_another_build),
		TEST(without_any_evidence_only_the_users_word_counts),
		TEST(the_users_word_does_not_make_a_wrong_file_right),
		TEST(a_sysroot_replaces_the_machine),
		TEST(a_sysroot_hides_the_machines_own_file),
		TEST(a_program_is_found_by_its_build_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
