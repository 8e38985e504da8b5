/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/libc.h"

#include <ctype.h>
#include <elf.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "target/symbols.h"

/* Linux never gives a larger id (PID_MAX_LIMIT of include/linux/threads.h). */
#define MAX_TID ((uint32_t)4 * 1024 * 1024)

/* What pthread_join leaves for the id of a thread that is no more. */
#define JOINED_TID UINT32_MAX

/* pthread.result stands two words before start_routine, in every version. */
#define RESULT_BEFORE_START 16

/* How many threads are looked at to tell whose descriptors these are. */
#define PROBES 16

/* Where the version may be looked for; a static program can be large. */
#define MAX_SEARCH ((uint64_t)16 * 1024 * 1024)

static const struct ct_libc_layout layouts[] = {
	{.e_machine = EM_X86_64,
		.self = 16,
		.list = 704,
		.tid = 720,
		.robust = 736,
		.cleanup = 760,
		.cancelhandling = 776,
		.stackblock = 1680,
		.cleanup_previous = 24,
		.joinstate = 1576,
		.joinable = 2,
		.start_routine = {1592, 1600}},
	/* Up to 1.2.1 there are two canaries. */
	{.kind = CT_LIBC_MUSL,
		.e_machine = EM_X86_64,
		.previous = 16,
		.next = 24,
		.tid = 56,
		.robust = 144,
		.cleanup = 128,
		.cleanup_previous = 16,
		.joinstate = 64,
		.joinable = 1,
		.stdio_locks = 200,
		.stack_top = 96},
	{.kind = CT_LIBC_MUSL,
		.e_machine = EM_X86_64,
		.joinable = 2,
		.previous = 16,
		.next = 24,
		.tid = 48,
		.robust = 136,
		.cleanup = 120,
		.cleanup_previous = 16,
		.joinstate = 56,
		.stdio_locks = 192,
		.stack_top = 88},
};

/* Their code is in files of these names; of musl, the loader and the library are one file. */
static const struct libc_file {
	const char *name;
	enum ct_libc_kind kind;
	bool is_loader; /* and not the library */
	bool exact;
} files[] = {
	{.name = "libc.so.6"},
	{.name = "libpthread.so.0"},
	{.name = "ld-linux-x86-64.so.2", .is_loader = true},
	{.name = "ld.so", .is_loader = true},
	{.name = "ld-musl-x86_64.so.1", .kind = CT_LIBC_MUSL, .exact = true},
	{.name = "libc.musl-x86_64.so.1", .kind = CT_LIBC_MUSL, .exact = true},
	{.name = "libc.so", .kind = CT_LIBC_MUSL, .exact = true},
};

_Static_assert(CT_COUNT(files) <= CT_LIBC_FILES, "each may be there");

static bool in_code(struct ct_target *target, uint64_t addr)
{
	const struct ct_map *map = addr ? ct_target_map_at(target, addr) : NULL;

	if (!map)
		return false;
	/* gcore leaves the protection of file-backed text unrecorded. */
	return map->prot < 0 ? map->path != NULL : (map->prot & PROT_EXEC) != 0;
}

static bool points_to(struct ct_target *target, uint64_t addr, uint64_t object)
{
	uint64_t value;

	return !ct_read_u64(target, addr, &value) && value == object;
}

/* Is there a descriptor at object? It points to itself; in musl its two neighbours do so, too. */
static bool is_descriptor(
	struct ct_target *target, const struct ct_libc_layout *layout, uint64_t object)
{
	uint64_t previous, next;

	if (!object || !points_to(target, object, object))
		return false;
	if (layout->kind != CT_LIBC_MUSL)
		return points_to(target, object + layout->self, object);
	return !ct_read_u64(target, object + layout->previous, &previous) &&
	       !ct_read_u64(target, object + layout->next, &next) &&
	       points_to(target, previous + layout->next, object) &&
	       points_to(target, next + layout->previous, object);
}

/* musl's struct start_args, which a new thread finds on top of its stack. */
struct start_args {
	uint64_t routine, arg;
	uint32_t control, pad;
	uint64_t signals;
};

/* What the thread began with, and where it leaves its result. */
static void find_start(
	struct ct_target *target, const struct ct_libc_layout *layout, struct ct_libc_thread *ret)
{
	uint64_t start, top;

	for (size_t i = 0; i < CT_COUNT(layout->start_routine); i++)
		if (layout->start_routine[i] &&
			!ct_read_u64(target, ret->object + layout->start_routine[i], &start) &&
			in_code(target, start)) {
			ret->start_routine = start;
			ret->result = ret->object + layout->start_routine[i] - RESULT_BEFORE_START;
			return;
		}
	if (layout->stack_top && !ct_read_u64(target, ret->object + layout->stack_top, &top) &&
		!ct_read_u64(target, (top & ~(uint64_t)7) - sizeof(struct start_args), &start) &&
		in_code(target, start))
		ret->start_routine = start;
}

static enum ct_status read_descriptor(struct ct_target *target, const struct ct_libc_layout *layout,
	uint64_t object, struct ct_libc_thread *ret)
{
	struct ct_libc_thread thread = {.object = object};

	if (!is_descriptor(target, layout, object) ||
		ct_read_u32(target, object + layout->tid, &thread.tid))
		return CT_NOT_FOUND;
	if (thread.tid == JOINED_TID)
		thread.tid = 0;
	if (thread.tid > MAX_TID)
		return CT_NOT_FOUND;
	find_start(target, layout, &thread);
	*ret = thread;
	return CT_OK;
}

static enum ct_status read_thread(struct ct_target *target, const struct ct_libc_layout *layout,
	const struct ct_regs *regs, struct ct_libc_thread *ret)
{
	struct ct_libc_thread thread;

	if (read_descriptor(
		    target, layout, ct_target_arch(target)->thread_pointer(regs), &thread) ||
		!thread.tid)
		return CT_NOT_FOUND;
	*ret = thread;
	return CT_OK;
}

enum ct_status ct_libc_thread(struct ct_target *target, const struct ct_libc *libc,
	const struct ct_regs *regs, struct ct_libc_thread *ret)
{
	return libc->layout ? read_thread(target, libc->layout, regs, ret) : CT_NOT_FOUND;
}

enum ct_status ct_libc_descriptor(struct ct_target *target, const struct ct_libc *libc,
	uint64_t object, struct ct_libc_thread *ret)
{
	return libc->layout ? read_descriptor(target, libc->layout, object, ret) : CT_NOT_FOUND;
}

bool ct_libc_owns(struct ct_target *target, const struct ct_libc *libc, uint64_t pc)
{
	const struct ct_module *module = ct_module_at(target, pc);

	for (size_t i = 0; module && i < libc->n_files; i++)
		if (libc->files[i] == module)
			return true;
	return false;
}

/* The files that have the C library's code: its own, or a static program. */
static void find_files(struct ct_target *target, struct ct_libc *ret)
{
	const struct ct_module *program = ct_module_main(target);

	ret->in_program = true;
	for (size_t i = 0; i < CT_COUNT(files); i++) {
		const struct ct_module *module = ct_module_named(target, files[i].name);

		/* "libc.so" is not libc.so.6. */
		if (!module || (files[i].exact && strcmp(module->name, files[i].name)))
			continue;
		ret->files[ret->n_files++] = module;
		ret->kind = files[i].kind;
		ret->in_program &= files[i].is_loader;
	}
	if (ret->in_program && program)
		ret->files[ret->n_files++] = program;
}

/* Texts in read-only data that a version follows, and what may stand behind it. */
static const struct {
	const char *text;
	size_t len;
	bool whole; /* the version is a string of its own */
} marks[] = {
	/* "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36." */
	[CT_LIBC_GLIBC] = {"stable release version ", 23, false},
	/* __libc_version, which only the loader uses: "\0" "1.2.3" "\0" */
	[CT_LIBC_MUSL] = {"\0"
			  "1.",
		3, true},
};

/* The version whose mark is in these bytes; its length, or 0. */
static size_t find_version(enum ct_libc_kind kind, const char *bytes, size_t size, const char **ret)
{
	const char *end = bytes + size, *hit = bytes;

	while ((hit = memmem(hit, (size_t)(end - hit), marks[kind].text, marks[kind].len))) {
		const char *number = hit + (marks[kind].whole ? 1 : marks[kind].len);
		size_t room = (size_t)(end - number), len = 0;

		while (len < room && (number[len] == '.' || isdigit((unsigned char)number[len])))
			len++;
		if (len == room)
			return 0;
		bool good = !marks[kind].whole || !number[len];
		while (len && number[len - 1] == '.')
			len--;
		*ret = number;
		if (good && len > 3 && len < 8)
			return len;
		hit += marks[kind].len;
	}
	return 0;
}

/*
 * The version as libc itself says it, in its read-only data. It is in the file, seldom in the core;
 * without it the layout checks decide alone.
 */
static const char *find_name(struct ct_target *target, const struct ct_libc *libc)
{
	static const char *const names[] = {[CT_LIBC_GLIBC] = "glibc", [CT_LIBC_MUSL] = "musl"};
	/* The program stands last. */
	const struct ct_module *module =
		libc->n_files ? libc->files[libc->in_program ? libc->n_files - 1 : 0] : NULL;
	const char *name = names[libc->kind], *version;
	char page[4096 + 64];

	/* A static musl has no version, and many numbers that are none. */
	if (!module || (libc->in_program && libc->kind == CT_LIBC_MUSL))
		return name;
	uint64_t end = module->start + CT_MIN(module->end - module->start, MAX_SEARCH);
	for (uint64_t at = module->start; at + sizeof(page) <= end; at += 4096) {
		size_t len = ct_read(target, at, page, sizeof(page))
				     ? 0
				     : find_version(libc->kind, page, sizeof(page), &version);

		if (len)
			return ct_arena_printf(
				ct_target_arena(target), "%s %.*s", name, (int)len, version);
	}
	return name;
}

/* Do the first threads have descriptors of this layout? */
static bool fits(struct ct_target *target, const struct ct_libc_layout *layout)
{
	size_t n = ct_target_n_threads(target);
	struct ct_libc_thread thread;

	if (layout->e_machine != ct_target_arch(target)->e_machine)
		return false;
	for (size_t i = 0; i < n && i < PROBES; i++)
		if (!read_thread(target, layout, ct_target_thread(target, i)->regs, &thread))
			return true;
	return false;
}

void ct_libc_detect(struct ct_target *target, struct ct_libc *ret)
{
	*ret = (struct ct_libc){.ids_complete = true};
	find_files(target, ret);
	/* The only thread of musl passes for one of glibc: its previous thread is itself. So the
	 * later rows, which ask for more, are tried first; and a newer musl passes for an older
	 * one, whose id is at the join state of the former. */
	for (size_t i = CT_COUNT(layouts); i-- > 0 && !ret->layout;)
		if (fits(target, &layouts[i]))
			ret->layout = &layouts[i];
	if (ret->layout) {
		ret->kind = ret->layout->kind;
		ret->version = find_name(target, ret);
	}
}

uint64_t ct_libc_variable(struct ct_target *target, const struct ct_libc *libc, const char *name)
{
	struct ct_symbol symbol;

	for (size_t i = 0; i < libc->n_files; i++)
		if (!ct_symbol_find(target, libc->files[i], name, CT_SYMBOL_DATA, &symbol))
			return symbol.start;
	return 0;
}
