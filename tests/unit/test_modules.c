/* SPDX-License-Identifier: Apache-2.0 */
/* Which ELF images a target is found to have, where they lie, and what they are called. */
#include "image_target.h"
#include "target/module_advice.h"
#include "target/module_private.h"

#define LIBS UINT64_C(0x7f0000000000)
#define FAR  UINT64_C(0x10000000)

static char *folder;

static int compile(void **state)
{
	(void)state;
	folder = scratch_new();
	scratch_write(
		folder, "lib.c", "int shared = 1; int in_lib(int x) { return x + shared; }\n");
	scratch_write(folder, "main.c", "int main(void) { return 0; }\n");
	scratch_run(folder, TEST_CC " -O1 -fPIC -shared -Wl,--build-id=sha1 -o lib.so lib.c");
	scratch_run(folder, TEST_CC " -O1 -fpie -pie -Wl,--build-id=0x0123456789 -o prog main.c");
	return 0;
}

static int clean(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

static struct image_source *new_source(void)
{
	return calloc(1, sizeof(struct image_source));
}

static const struct ct_options no_options = {.no_debuginfod = true};

static void lists_images_by_address(void **state)
{
	struct image_source *source = new_source();

	(void)state;
	image_load(source, folder, "prog", 0x555500000000, "/bin/prog", IMAGE_FIRST_PAGE);
	image_load(source, folder, "lib.so", LIBS, "/lib/lib.so", IMAGE_FIRST_PAGE);
	image_load(
		source, folder, "lib.so", LIBS + FAR, "/lib/other.so (deleted)", IMAGE_FIRST_PAGE);
	uint64_t last = source->maps.items[source->maps.n - 1].end;
	source->auxv[AT_PHDR] = 0x555500000000 + sizeof(Elf64_Ehdr);
	struct ct_target *target = image_target(source, &no_options);

	assert_int_equal(ct_target_n_modules(target), 3);
	const struct ct_module *prog = ct_target_module(target, 0);
	assert_string_equal(prog->path, "/bin/prog");
	assert_string_equal(prog->name, "prog");
	assert_int_equal(prog->build_id_len, 5);
	assert_memory_equal(prog->build_id, "\x01\x23\x45\x67\x89", 5);
	assert_true(prog->bias_known);
	assert_int_equal(prog->bias, 0x555500000000);
	assert_int_equal(prog->state, CT_MODULE_NOT_ASKED);
	assert_ptr_equal(ct_module_main(target), prog);

	const struct ct_module *other = ct_target_module(target, 2);
	assert_string_equal(other->path, "/lib/other.so (deleted)");
	assert_string_equal(other->name, "other.so");
	assert_int_equal(other->build_id_len, 20);
	assert_int_equal(other->end, last);
	assert_int_equal(ct_module_index(target, other), 2);
	assert_ptr_equal(ct_module_at(target, other->start), other);
	assert_ptr_equal(ct_module_at(target, other->end - 1), other);
	assert_null(ct_module_at(target, other->end));
	assert_null(ct_module_at(target, other->start - 1));
	assert_null(ct_module_at(target, 0));
	assert_ptr_equal(ct_module_named(target, "other.so"), other);
	assert_null(ct_module_named(target, "libc.so.6"));
	ct_target_close(target);
}

#define GO_NOTE      "\\n.long 4, 2, 4\\n.asciz \\\"Go\\\"\\n.byte 0\\n.byte 0x60, 0x6f, 0, 0"
#define GNU_NOTE(id) "\\n.long 4, 2, 3\\n.asciz \\\"GNU\\\"\\n.byte " id ", 0, 0"

/* With -B, or by another linker, Go's programs have GNU's note beside their own. */
static void finds_notes_of_go_among_others(void **state)
{
	static const struct {
		const char *notes;
		bool go, id_is_go;
		uint8_t id[2];
	} cases[] = {
		{GNU_NOTE("1, 2"), false, false, {1, 2}},
		{GO_NOTE, true, true, {0x60, 0x6f}},
		{GO_NOTE GNU_NOTE("1, 2"), true, false, {1, 2}},
		{GNU_NOTE("1, 2") GO_NOTE, true, false, {1, 2}},
		{GNU_NOTE("1, 2") GNU_NOTE("3, 4"), false, false, {1, 2}},
		{GO_NOTE GNU_NOTE("1, 2") GNU_NOTE("3, 4"), true, false, {1, 2}},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct image_source *source = new_source();
		char text[1024];

		(void)snprintf(text, sizeof(text),
			"__asm__(\".pushsection .note.ids, \\\"a\\\", %%note\\n.balign "
			"4%s\\n.popsection\");"
			"\nint main(void) { return 0; }\n",
			cases[i].notes);
		scratch_write(folder, "noted.c", text);
		scratch_run(folder, TEST_CC " -O1 -fpie -pie -Wl,--build-id=none -o noted noted.c");
		image_load(source, folder, "noted", LIBS, "/bin/noted", IMAGE_FIRST_PAGE);
		struct ct_target *target = image_target(source, &no_options);
		assert_int_equal(ct_target_n_modules(target), 1);
		const struct ct_module *module = ct_target_module(target, 0);
		assert_int_equal(module->has_go_note, cases[i].go);
		assert_int_equal(module->build_id_is_go, cases[i].id_is_go);
		assert_int_equal(module->build_id_len, 2);
		assert_memory_equal(module->build_id, cases[i].id, 2);
		ct_target_close(target);
	}
}

static void knows_libraries_by_name(void **state)
{
	(void)state;
	assert_true(ct_module_name_is("libc.so.6", "libc.so.6"));
	assert_true(ct_module_name_is("libc-2.31.so", "libc.so.6"));
	assert_true(ct_module_name_is("libstdc++.so.6.0.30", "libstdc++.so.6"));
	assert_true(ct_module_name_is("libpthread-2.31.so", "libpthread.so.0"));
	assert_false(ct_module_name_is("libstdc++.so.60", "libstdc++.so.6"));
	assert_false(ct_module_name_is("libc.so.7", "libc.so.6"));
	assert_false(ct_module_name_is("libcap.so.6", "libc.so.6"));
	assert_false(ct_module_name_is("libc", "libc.so.6"));
	assert_false(ct_module_name_is("", "libc.so.6"));
}

/* A program that reads an ELF file, even its own, maps it from offset 0 like the loader. */
static void a_file_that_is_read_is_no_module(void **state)
{
	struct image_source *source = new_source();
	size_t len;
	uint8_t *file = image_file(folder, "lib.so", &len);

	(void)state;
	image_add_map(source, LIBS, image_round(len), "/lib/lib.so", 0, PROT_READ, len);
	image_add_bytes(source, LIBS, file, len);
	image_add_map(source, LIBS + FAR, IMAGE_PAGE, "/lib/lib.so", 0, PROT_READ, IMAGE_PAGE);
	image_add_bytes(source, LIBS + FAR, file, IMAGE_PAGE);
	/* Without the protection, as gdb's cores have it: the places of the segments tell. */
	image_add_map(source, LIBS + 2 * FAR, image_round(len), "/lib/lib.so", 0, -1, len);
	image_add_bytes(source, LIBS + 2 * FAR, file, len);
	image_add_map(source, LIBS + 3 * FAR, IMAGE_PAGE, "/usr/share/data", 0, PROT_READ, 0);
	struct ct_target *target = image_target(source, &no_options);
	assert_int_equal(ct_target_n_modules(target), 0);
	assert_null(ct_module_main(target));
	assert_null(ct_module_at(target, LIBS));
	ct_target_close(target);
	free(file);
}

/* coredump_filter without bit 4: not even the first page. */
static void an_image_without_its_header(void **state)
{
	struct image_source *source = new_source();

	(void)state;
	image_load(source, folder, "lib.so", LIBS, "/lib/lib.so", IMAGE_NO_HEADER);
	image_add_map(source, LIBS + FAR, IMAGE_PAGE, "/usr/share/data", 0, -1, 0);
	struct ct_target *target = image_target(source, &no_options);
	assert_int_equal(ct_target_n_modules(target), 1);
	const struct ct_module *module = ct_target_module(target, 0);
	assert_int_equal(module->build_id_len, 0);
	assert_false(module->bias_known);
	assert_int_equal(module->start, LIBS);
	assert_null(ct_module_dwfl(target, module));
	assert_int_equal(module->state, CT_MODULE_MISSING);
	assert_true(image_noted(target, CT_NOTE_MISSING_FILE, "/lib/lib.so"));
	ct_target_close(target);
}

/* Program headers that claim all of memory do not take away what belongs to others. */
static void a_lying_header_is_cut_short(void **state)
{
	struct image_source *source = new_source();

	(void)state;
	image_load(source, folder, "lib.so", LIBS, "/lib/liar.so", IMAGE_FIRST_PAGE);
	uint8_t *header = source->blocks.items[0].bytes;
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)header;
	Elf64_Phdr *phdrs = (Elf64_Phdr *)(header + ehdr->e_phoff);
	for (unsigned i = 0; i < ehdr->e_phnum; i++)
		if (phdrs[i].p_type == PT_LOAD)
			phdrs[i].p_memsz = UINT64_C(1) << 46;
	image_load(source, folder, "lib.so", LIBS + FAR, "/lib/lib.so", IMAGE_FIRST_PAGE);
	struct ct_target *target = image_target(source, &no_options);
	assert_int_equal(ct_target_n_modules(target), 2);
	assert_int_equal(ct_target_module(target, 0)->end, LIBS + FAR);
	assert_string_equal(ct_module_at(target, LIBS + FAR)->path, "/lib/lib.so");
	ct_target_close(target);

	source = new_source();
	image_load(source, folder, "lib.so", LIBS, "/lib/liar.so", IMAGE_FIRST_PAGE);
	ehdr = (Elf64_Ehdr *)source->blocks.items[0].bytes;
	ehdr->e_phnum = 0xffff;
	target = image_target(source, &no_options);
	assert_int_equal(ct_target_n_modules(target), 0);
	ct_target_close(target);
}

struct link {
	uint64_t bias, name, dynamic, next, prev;
};

#define TABLES UINT64_C(0x600000000000)

static uint64_t dynamic_of(const char *name, uint64_t base)
{
	size_t len;
	uint8_t *file = image_file(folder, name, &len);
	Elf64_Ehdr ehdr;
	uint64_t found = 0;

	memcpy(&ehdr, file, sizeof(ehdr));
	for (unsigned i = 0; i < ehdr.e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, file + ehdr.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_DYNAMIC)
			found = base + ph.p_vaddr;
	}
	free(file);
	assert_true(found != 0);
	return found;
}

/* Writes what ld.so writes into the program's DT_DEBUG. */
static void set_debug(struct image_source *source, uint64_t dynamic, uint64_t value)
{
	for (uint32_t i = 0; i < source->blocks.n; i++) {
		struct image_block *block = &source->blocks.items[i];

		if (dynamic < block->addr || dynamic >= block->addr + block->len)
			continue;
		Elf64_Dyn *dyn = (Elf64_Dyn *)(block->bytes + (dynamic - block->addr));
		while (dyn->d_tag != DT_NULL && dyn->d_tag != DT_DEBUG)
			dyn++;
		assert_int_equal(dyn->d_tag, DT_DEBUG);
		dyn->d_un.d_ptr = value;
	}
}

/* A program and a library in a core without file names; their link map in the returned array. */
static struct link *add_link_map(struct image_source *source, uint64_t prog, const char *path)
{
	uint64_t *debug = image_add_bytes(source, TABLES, NULL, 4096);
	struct link *links = (struct link *)(debug + 16);
	char *name = (char *)debug + 2048;

	image_load(source, folder, "prog", prog, path, IMAGE_FIRST_PAGE);
	image_load(source, folder, "lib.so", LIBS, path ? "/lib/lib.so" : NULL, IMAGE_FIRST_PAGE);
	set_debug(source, dynamic_of("prog", prog), TABLES);
	debug[0] = 1; /* version */
	debug[1] = TABLES + 128;
	strcpy(name, "/opt/lib/lib.so");
	links[0] = (struct link){prog, TABLES + 2040, dynamic_of("prog", prog), TABLES + 168, 0};
	links[1] = (struct link){LIBS, TABLES + 2048, dynamic_of("lib.so", LIBS), 0, TABLES + 128};
	return links;
}

static void link_map_names_what_the_core_does_not(void **state)
{
	struct image_source *source = new_source();
	uint64_t prog = 0x555500000000;

	(void)state;
	add_link_map(source, prog, NULL);
	source->auxv[AT_PHDR] = prog + sizeof(Elf64_Ehdr);
	source->exe = "/bin/prog";
	struct ct_target *target = image_target(source, &no_options);
	assert_int_equal(ct_target_n_modules(target), 2);
	assert_string_equal(ct_target_module(target, 0)->path, "/bin/prog");
	assert_string_equal(ct_target_module(target, 1)->path, "/opt/lib/lib.so");
	assert_int_equal(ct_target_module(target, 1)->build_id_len, 20);
	assert_int_equal(ct_target_module(target, 1)->bias, LIBS);
	assert_ptr_equal(ct_module_main(target), ct_target_module(target, 0));
	ct_target_close(target);
}

/* "ld.so program": the auxiliary vector describes ld.so, here lib.so; DT_DEBUG tells the program.
 */
static void the_program_is_told_by_dt_debug(void **state)
{
	struct image_source *source = new_source();
	uint64_t prog = 0x555500000000;

	(void)state;
	add_link_map(source, prog, "/bin/prog");
	source->auxv[AT_PHDR] = LIBS + sizeof(Elf64_Ehdr);
	struct ct_target *target = image_target(source, &no_options);
	assert_int_equal(ct_target_n_modules(target), 2);
	assert_string_equal(ct_module_main(target)->path, "/bin/prog");
	assert_string_equal(ct_target_module(target, 1)->path, "/lib/lib.so");
	ct_target_close(target);
}

static void a_link_map_in_a_circle_ends(void **state)
{
	uint64_t prog = 0x555500000000;

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct image_source *source = new_source();
		struct link *links = add_link_map(source, prog, NULL);

		source->auxv[AT_PHDR] = prog + sizeof(Elf64_Ehdr);
		switch (kind) {
		case 0: /* back to the first */
			links[1].next = TABLES + 128;
			break;
		case 1: /* to itself */
			links[1].next = TABLES + 168;
			break;
		case 2: /* to itself, and it points back to itself too */
			links[1].next = links[1].prev = TABLES + 168;
			break;
		default: /* nowhere */
			links[1].next = UINT64_MAX - 8;
			break;
		}
		struct ct_target *target = image_target(source, &no_options);
		assert_int_equal(ct_target_n_modules(target), kind == 2 ? 1 : 2);
		ct_target_close(target);
	}
}

/* The first page of the text was moved to huge pages: the file is no longer mapped from its start.
 */
static void link_map_finds_images_that_the_files_hide(void **state)
{
	struct image_source *source = new_source();
	uint64_t prog = 0x555500000000;

	(void)state;
	add_link_map(source, prog, "/bin/prog");
	source->auxv[AT_PHDR] = prog + sizeof(Elf64_Ehdr);
	for (uint32_t i = 0; i < source->maps.n; i++)
		if (source->maps.items[i].start == LIBS)
			source->maps.items[i].path = NULL;
	struct ct_target *target = image_target(source, &no_options);
	assert_int_equal(ct_target_n_modules(target), 2);
	assert_string_equal(ct_target_module(target, 1)->path, "/opt/lib/lib.so");
	assert_int_equal(ct_target_module(target, 1)->start, LIBS);
	ct_target_close(target);
}

/* Any image whose code is in the target serves for itself; the vdso always is. */
static void the_vdso_comes_from_the_target(void **state)
{
	struct image_source *source = new_source();
	Dwarf_Addr bias;

	(void)state;
	image_load(source, folder, "lib.so", LIBS, NULL, IMAGE_ALL);
	source->auxv[AT_SYSINFO_EHDR] = LIBS;
	struct ct_target *target = image_target(source, &no_options);
	const struct ct_module *vdso = ct_module_named(target, "[vdso]");
	assert_non_null(vdso);
	Dwfl_Module *dwfl = ct_module_dwfl(target, vdso);
	assert_non_null(dwfl);
	assert_int_equal(vdso->found, CT_FOUND_CORE);
	assert_int_equal(vdso->state, CT_MODULE_OK);
	assert_null(vdso->file);
	bool seen = false;
	for (int i = 1; i < dwfl_module_getsymtab(dwfl); i++) {
		GElf_Sym symbol;
		GElf_Addr addr;
		const char *name =
			dwfl_module_getsym_info(dwfl, i, &symbol, &addr, NULL, NULL, NULL);

		seen |= name && !strcmp(name, "in_lib") && addr > LIBS && addr < vdso->end;
	}
	assert_true(seen);
	assert_non_null(dwfl_module_eh_cfi(dwfl, &bias));
	ct_target_close(target);
}

/* Ten thousand modules must not take long: each is looked up a few times here. */
static void many_modules(void **state)
{
	struct image_source *source = new_source();
	const uint32_t n = 10000;
	size_t len;
	uint8_t *file = image_file(folder, "lib.so", &len);
	Elf64_Ehdr *header = (Elf64_Ehdr *)file;
	const Elf64_Phdr load = {.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_filesz = IMAGE_PAGE,
		.p_memsz = IMAGE_PAGE,
		.p_align = IMAGE_PAGE};

	(void)state;
	header->e_phnum = 1;
	memcpy(file + header->e_phoff, &load, sizeof(load));
	/* All of them in one block, so that reading is not what takes the time. */
	uint8_t *bytes = image_add_bytes(source, LIBS, NULL, 2 * n * IMAGE_PAGE);
	for (uint32_t i = 0; i < n; i++) {
		image_add_map(source, LIBS + 2 * i * IMAGE_PAGE, IMAGE_PAGE, "/lib/one.so", 0,
			PROT_READ | PROT_EXEC, IMAGE_PAGE);
		memcpy(bytes + 2 * i * IMAGE_PAGE, file, 256);
	}
	struct ct_target *target = image_target(source, &no_options);
	assert_int_equal(ct_target_n_modules(target), n);
	for (uint32_t i = 0; i < 10 * n; i++) {
		uint64_t addr = LIBS + 2 * (i * 7919 % n) * IMAGE_PAGE;

		assert_int_equal(ct_module_index(target, ct_module_at(target, addr)), i * 7919 % n);
		assert_null(ct_module_at(target, addr + IMAGE_PAGE));
	}
	ct_target_close(target);
	free(file);
}

static void advice_names_package_or_build_id(void **state)
{
	struct ct_module module = {.path = "/usr/lib/x86_64-linux-gnu/libc.so.6",
		.name = "libc.so.6",
		.state = CT_MODULE_NO_SYMBOLS,
		.build_id = {0xab, 0xcd},
		.build_id_len = 2};
	struct ct_arena arena;

	(void)state;
	ct_arena_init(&arena);
	assert_string_equal(ct_module_advice(&module, &arena), "install libc6-dbg");
	module.name = "libfoo.so.1";
	assert_non_null(
		strstr(ct_module_advice(&module, &arena), "debuginfod-find debuginfo abcd"));
	module.state = CT_MODULE_MISMATCH;
	assert_non_null(
		strstr(ct_module_advice(&module, &arena), "debuginfod-find executable abcd"));
	module.build_id_len = 0;
	assert_non_null(strstr(ct_module_advice(&module, &arena), "--sysroot"));
	module.state = CT_MODULE_OK;
	assert_null(ct_module_advice(&module, &arena));
	ct_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_images_by_address),
		cmocka_unit_test(finds_notes_of_go_among_others),
		cmocka_unit_test(knows_libraries_by_name),
		cmocka_unit_test(a_file_that_is_read_is_no_module),
		cmocka_unit_test(an_image_without_its_header),
		cmocka_unit_test(a_lying_header_is_cut_short),
		cmocka_unit_test(link_map_names_what_the_core_does_not),
		cmocka_unit_test(the_program_is_told_by_dt_debug),
		cmocka_unit_test(a_link_map_in_a_circle_ends),
		cmocka_unit_test(link_map_finds_images_that_the_files_hide),
		cmocka_unit_test(the_vdso_comes_from_the_target),
		cmocka_unit_test(many_modules),
		cmocka_unit_test(advice_names_package_or_build_id),
	};

	return cmocka_run_group_tests(tests, compile, clean);
}
