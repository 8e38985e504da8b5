/* SPDX-License-Identifier: Apache-2.0 */
/* Which symbol an address is given, and which it must not be given. */
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>

#include "self_target.h"
#include "target/symbols.h"

struct fixture {
	char *folder;
	void *library;
	struct ct_target *target;
	struct ct_arena arena;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->folder = scratch_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ct_target_close(f->target);
	if (f->library)
		dlclose(f->library);
	scratch_remove(f->folder);
	ct_arena_free(&f->arena);
	free(f);
	return 0;
}

static void load(struct fixture *f, const char *library)
{
	f->library = scratch_load(f->folder, library);
	f->target = self_target(NULL);
}

static void assert_code(struct fixture *f, uint64_t addr, const char *name)
{
	struct ct_symbol symbol;

	assert_int_equal(ct_symbol_at(f->target, addr, CT_SYMBOL_CODE, &symbol), CT_OK);
	assert_string_equal(symbol.name, name);
	assert_true(addr >= symbol.start);
}

static void assert_no_code(struct fixture *f, uint64_t addr)
{
	struct ct_symbol symbol;

	assert_int_equal(ct_symbol_at(f->target, addr, CT_SYMBOL_CODE, &symbol), CT_NOT_FOUND);
}

static void a_symbol_ends_with_its_size(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->folder, "a.c",
		"__attribute__((aligned(4096))) int first(int x) { return x + 1; }\n"
		"__attribute__((aligned(4096))) int second(int x) { return first(x) + 2; }\n"
		"__attribute__((aligned(64))) int before = 2, data = 3, after = 4;\n");
	scratch_run(f->folder, "gcc -shared -fPIC -O1 a.c -o a.so");
	load(f, "a.so");
	uint64_t first = address_in(f->library, "first");
	assert_code(f, first, "first");
	assert_code(f, first + 1, "first");
	assert_no_code(f, first + 2048);
	assert_code(f, address_in(f->library, "second"), "second");

	struct ct_symbol symbol;
	uint64_t data = address_in(f->library, "data");
	assert_int_equal(ct_symbol_at(f->target, data + 3, CT_SYMBOL_DATA, &symbol), CT_OK);
	assert_string_equal(symbol.name, "data");
	assert_int_equal(symbol.size, 4);
	assert_int_equal(ct_symbol_at(f->target, data + 4, CT_SYMBOL_DATA, &symbol), CT_NOT_FOUND);
	assert_int_equal(ct_symbol_at(f->target, data, CT_SYMBOL_CODE, &symbol), CT_NOT_FOUND);
}

static const char assembly[] = ".text\n"
			       ".globl label\n"
			       "label: .skip 16, 0x90\n"
			       ".globl sized\n"
			       ".type sized, @function\n"
			       "sized: .cfi_startproc\n"
			       " .skip 16, 0x90\n"
			       "inside: .skip 16, 0x90\n"
			       " .cfi_endproc\n"
			       " .size sized, .-sized\n"
			       ".globl bare\n"
			       "bare: .skip 32, 0x90\n"
			       "hidden: .cfi_startproc\n"
			       " .skip 64, 0x90\n"
			       " .cfi_endproc\n"
			       ".globl last\n"
			       "last: .skip 8, 0x90\n"
			       ".section .other, \"ax\", @progbits\n"
			       " .skip 32, 0x90\n"
			       ".section .note.GNU-stack, \"\", @progbits\n";

/* hidden has lost its symbol, not its FDE: what lies there is not bare's. */
static void assembly_ends_where_another_function_starts(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->folder, "a.S", assembly);
	scratch_run(f->folder, "gcc -c a.S && objcopy --strip-symbol=hidden a.o && "
			       "gcc -shared a.o -o a.so");
	load(f, "a.so");
	uint64_t label = address_in(f->library, "label");
	assert_code(f, label + 15, "label");
	assert_code(f, label + 16, "sized");
	assert_code(f, label + 16 + 24, "sized"); /* not the label inside it */
	uint64_t bare = address_in(f->library, "bare");
	assert_code(f, bare, "bare");
	assert_code(f, bare + 31, "bare");
	assert_no_code(f, bare + 32);
	assert_no_code(f, bare + 95);
	assert_code(f, address_in(f->library, "last") + 7, "last");
}

static void the_name_that_people_know_wins(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->folder, "a.c",
		"__attribute__((noinline)) int __impl_read(int x) { return x; }\n"
		"int __read(int) __attribute__((alias(\"__impl_read\")));\n"
		"int read_it(int) __attribute__((weak, alias(\"__impl_read\")));\n"
		"static int b_local(int) __attribute__((alias(\"__impl_read\"), used));\n"
		"int old_one(int x) { return x + 5; }\n"
		"int new_one(int x) { return x + 6; }\n"
		"__asm__(\".symver old_one, versioned@OLD\");\n"
		"__asm__(\".symver new_one, versioned@@NEW\");\n");
	scratch_write(
		f->folder, "map", "OLD { global: versioned; };\nNEW { global: versioned; };\n");
	scratch_run(f->folder, "gcc -shared -fPIC -O1 a.c -Wl,--version-script=map -o a.so && "
			       "objcopy --strip-symbol=new_one --strip-symbol=old_one a.so");
	load(f, "a.so");
	assert_code(f, address_in(f->library, "versioned"), "versioned");

	struct ct_symbol symbol;
	assert_int_equal(
		ct_symbol_find(f->target, NULL, "read_it", CT_SYMBOL_CODE, &symbol), CT_OK);
	assert_code(f, symbol.start, "read_it");
	assert_int_equal(
		ct_symbol_find(f->target, NULL, "versioned", CT_SYMBOL_CODE, &symbol), CT_OK);
	assert_string_equal(symbol.name, "versioned");
	assert_int_equal(
		ct_symbol_find(f->target, NULL, "versione", CT_SYMBOL_CODE, &symbol), CT_NOT_FOUND);
	assert_int_equal(ct_symbol_find(f->target, NULL, "versioned", CT_SYMBOL_DATA, &symbol),
		CT_NOT_FOUND);
}

static void names_come_from_minidebuginfo(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->folder, "a.c",
		"static __attribute__((noinline)) int quiet(int x) { return x * 3; }\n"
		"int loud(int x) { return quiet(x) + 1; }\n"
		"int (*const pointer)(int) = quiet;\n");
	scratch_run(f->folder,
		"gcc -shared -fPIC -O1 -g a.c -o a.so && "
		"objcopy -S --remove-section .gdb_index --remove-section .comment "
		"--keep-symbol=quiet a.so mini && "
		"strip -s a.so && xz -f mini && objcopy --add-section .gnu_debugdata=mini.xz a.so");
	load(f, "a.so");
	uint64_t quiet = 0;
	memcpy(&quiet, (void *)(uintptr_t)address_in(f->library, "pointer"), sizeof(quiet));
	assert_code(f, quiet, "quiet");
	assert_code(f, address_in(f->library, "loud"), "loud");
}

static uint64_t map_segment(int fd, uint64_t base, const GElf_Phdr *ph)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t start = (base + ph->p_vaddr) & ~(page - 1);
	uint64_t skip = base + ph->p_vaddr - start;
	int prot = (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
		   (ph->p_flags & PF_X ? PROT_EXEC : 0);

	assert_ptr_not_equal(mmap((void *)(uintptr_t)start, ph->p_filesz + skip, prot,
				     MAP_PRIVATE | MAP_FIXED, fd, (off_t)(ph->p_offset - skip)),
		MAP_FAILED);
	return start;
}

/* Maps a library as the dynamic linker would, but runs nothing of it. */
static uint64_t map_library(Elf *elf, int fd)
{
	const size_t room = 64 << 20;
	void *base =
		mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t n;

	assert_ptr_not_equal(base, MAP_FAILED);
	assert_int_equal(elf_getphdrnum(elf, &n), 0);
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD)
			map_segment(fd, (uint64_t)(uintptr_t)base, &ph);
	}
	return (uint64_t)(uintptr_t)base;
}

/* Another build id: so that no debug file of this machine is found for it. */
static void change_build_id(const char *path)
{
	int fd = open(path, O_RDWR);
	char *bytes;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *note = memmem(bytes, (size_t)st.st_size, "\x03\0\0\0GNU", 8);
	assert_non_null(note);
	note[8] ^= 0x55;
	munmap(bytes, (size_t)st.st_size);
	close(fd);
}

/* Does an exported function cover address (of the file)? */
static bool is_exported(Elf *elf, uint64_t address)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	GElf_Sym sym;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_DYNSYM)
			continue;
		Elf_Data *data = elf_getdata(scn, NULL);
		for (int i = 0; gelf_getsym(data, i, &sym); i++)
			if (sym.st_shndx != SHN_UNDEF && address >= sym.st_value &&
				address - sym.st_value < sym.st_size)
				return true;
	}
	return false;
}

static GElf_Shdr section_named(Elf *elf, const char *name)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;

	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) && !strcmp(elf_strptr(elf, names, shdr.sh_name), name))
			return shdr;
	fail_msg("no section %s", name);
	return shdr;
}

/*
 * Most functions of a stripped libc have no symbol, and the symbol before one of them is another
 * function. Asked for code all over it, we must give the name of the function there or none.
 */
static void a_stripped_libc_gives_no_wrong_name(void **state)
{
	struct fixture *f = *state;
	Dl_info libc;
	char path[256];
	size_t named = 0, unnamed = 0;

	assert_true(dladdr((void *)(uintptr_t)address_in(RTLD_DEFAULT, "printf"), &libc));
	scratch_run(f->folder, "strip -s -o libc.so.6 '%s'", libc.dli_fname);
	snprintf(path, sizeof(path), "%s/libc.so.6", f->folder);
	change_build_id(path);
	int fd = open(path, O_RDONLY);
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	uint64_t base = map_library(elf, fd);
	f->target = self_target(NULL);

	GElf_Shdr text = section_named(elf, ".text");
	for (uint64_t at = text.sh_addr; at < text.sh_addr + text.sh_size; at += 61) {
		struct ct_symbol symbol;
		enum ct_status status = ct_symbol_at(f->target, base + at, CT_SYMBOL_CODE, &symbol);

		if (is_exported(elf, at)) {
			assert_int_equal(status, CT_OK);
			assert_true(base + at - symbol.start < symbol.size);
			named++;
		} else {
			assert_int_equal(status, CT_NOT_FOUND);
			unnamed++;
		}
	}
	assert_true(named > 1000);
	assert_true(unnamed > 1000);
	elf_end(elf);
	close(fd);
}

static void assert_readable(struct fixture *f, const char *name, const char *readable)
{
	assert_string_equal(ct_symbol_demangle(&f->arena, name), readable);
}

static void names_are_made_readable(void **state)
{
	struct fixture *f = *state;

	assert_readable(f, "pthread_mutex_lock", "pthread_mutex_lock");
	assert_readable(f, "_ZN2ns1C2tfIiEET_S2_", "ns::C::tf<int>");
	assert_readable(f, "_ZNK2ns1CclEi", "ns::C::operator()");
	assert_readable(f, "_ZN2ns1C8instanceE", "ns::C::instance");
	assert_readable(f, "_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()");
	assert_readable(f, "_Z3foov.cold", "foo");
	assert_readable(
		f, "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad");
	assert_readable(f, "_RNvCs1234_7mycrate3foo", "mycrate::foo");
	assert_readable(f, "_Znonsense", "_Znonsense");
	assert_readable(f, "main.(*T).Lock", "main.(*T).Lock");
	assert_readable(f, "", "");
	assert_readable(f, "a\033[31mb", "a\\x1b[31mb");
}

/* f<T0, T1, ...> where each type is a pair of the one before: six more bytes double the text. */
static void a_name_cannot_explode(void **state)
{
	struct fixture *f = *state;
	char name[400] = "_Z1fI4pairIiiE";

	for (int i = 0; i < 34; i++) {
		char digit = "123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i];
		size_t at = strlen(name);

		snprintf(name + at, sizeof(name) - at, "S0_IS%c_S%c_E", digit, digit);
	}
	strcat(name, "Evv");
	const char *readable = ct_symbol_demangle(&f->arena, name);
	assert_memory_equal(
		readable, "f<pair<int, int>, pair<pair<int, int>, pair<int, int> >", 53);
	assert_int_equal(strlen(readable), 4096 + strlen("…"));
}

static void a_deep_name_does_not_overflow_the_stack(void **state)
{
	static const char *const deep[] = {"P", "N1a", "1aI", "F", "X", "Dp", "J", "A1_", "M1a"};
	struct fixture *f = *state;

	for (size_t i = 0; i < CT_COUNT(deep); i++) {
		char name[8192] = "_Z1f";

		while (strlen(name) < 4080)
			strcat(name, deep[i]);
		assert_non_null(ct_symbol_demangle(&f->arena, name));
		while (strlen(name) < 8100)
			strcat(name, deep[i]);
		assert_true(strlen(ct_symbol_demangle(&f->arena, name)) <= 4096 + strlen("…"));
	}
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_symbol_ends_with_its_size),
		TEST(assembly_ends_where_another_function_starts),
		TEST(the_name_that_people_know_wins),
		TEST(names_come_from_minidebuginfo),
		TEST(a_stripped_libc_gives_no_wrong_name),
		TEST(names_are_made_readable),
		TEST(a_name_cannot_explode),
		TEST(a_deep_name_does_not_overflow_the_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
