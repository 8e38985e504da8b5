/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/libc.h"

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
		.joinstate = 1576,
		.start_routine = {1592, 1600}},
};

static bool in_code(struct ct_target *target, uint64_t addr)
{
	const struct ct_map *map = addr ? ct_target_map_at(target, addr) : NULL;

	if (!map)
		return false;
	/* gcore leaves the protection of file-backed text unrecorded. */
	return map->prot < 0 ? map->path != NULL : (map->prot & PROT_EXEC) != 0;
}

static enum ct_status read_descriptor(struct ct_target *target, const struct ct_libc_layout *layout,
	uint64_t object, struct ct_libc_thread *ret)
{
	struct ct_libc_thread thread = {.object = object};
	uint64_t self, start;

	/* Both tcbhead_t.tcb and .self point to the descriptor itself. */
	if (!object || ct_read_u64(target, object, &self) || self != object ||
		ct_read_u64(target, object + layout->self, &self) || self != object ||
		ct_read_u32(target, object + layout->tid, &thread.tid))
		return CT_NOT_FOUND;
	if (thread.tid == JOINED_TID)
		thread.tid = 0;
	if (thread.tid > MAX_TID)
		return CT_NOT_FOUND;
	for (size_t i = 0; i < CT_COUNT(layout->start_routine); i++)
		if (!ct_read_u64(target, object + layout->start_routine[i], &start) &&
			in_code(target, start)) {
			thread.start_routine = start;
			thread.result = object + layout->start_routine[i] - RESULT_BEFORE_START;
			break;
		}
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
	static const char *const names[CT_LIBC_FILES] = {
		"libc.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2", "ld.so"};

	for (size_t i = 0; i < CT_LIBC_FILES; i++) {
		const struct ct_module *module = ct_module_named(target, names[i]);

		if (module)
			ret->files[ret->n_files++] = module;
	}
	if (!ct_module_named(target, "libc.so.6") && ct_module_main(target))
		ret->files[ret->n_files++] = ct_module_main(target);
}

/*
 * The version as libc itself says it, in its read-only data: "GNU C Library (Debian GLIBC 2.36-9)
 * stable release version 2.36." It is in the file, seldom in the core; without it the layout checks
 * decide alone.
 */
static const char *glibc_version(struct ct_target *target)
{
	static const char text[] = "stable release version ";
	const struct ct_module *libc = ct_module_named(target, "libc.so.6");
	struct ct_arena *arena = ct_target_arena(target);
	uint8_t page[4096 + 64];

	if (!libc)
		libc = ct_module_main(target);
	if (!libc)
		return NULL;
	uint64_t end = libc->start + CT_MIN(libc->end - libc->start, MAX_SEARCH);
	for (uint64_t at = libc->start; at + sizeof(page) <= end; at += 4096) {
		if (ct_read(target, at, page, sizeof(page)))
			continue;
		const char *hit = memmem(page, sizeof(page), text, sizeof(text) - 1);
		if (!hit || (size_t)((const char *)page + sizeof(page) - hit) < sizeof(text) + 8)
			continue;
		const char *number = hit + sizeof(text) - 1;
		size_t len = strspn(number, "0123456789.");
		while (len && number[len - 1] == '.')
			len--;
		if (len && len < 8)
			return ct_arena_printf(arena, "glibc %.*s", (int)len, number);
	}
	return NULL;
}

void ct_libc_detect(struct ct_target *target, struct ct_libc *ret)
{
	const struct ct_arch *arch = ct_target_arch(target);
	size_t n = ct_target_n_threads(target), found = 0;

	*ret = (struct ct_libc){.ids_complete = true};
	find_files(target, ret);
	for (size_t i = 0; i < CT_COUNT(layouts) && !ret->layout; i++) {
		if (layouts[i].e_machine != arch->e_machine)
			continue;
		for (size_t t = 0; t < n && t < PROBES && !found; t++) {
			struct ct_libc_thread thread;

			found += !read_thread(
				target, &layouts[i], ct_target_thread(target, t)->regs, &thread);
		}
		if (found)
			ret->layout = &layouts[i];
	}
	if (ret->layout) {
		ret->version = glibc_version(target);
		if (!ret->version)
			ret->version = "glibc";
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
