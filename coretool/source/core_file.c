/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ELF core as a source. The file is mapped, not read: a core of 8 TB apparent size costs the
 * pages that are looked at. Program headers are found by binary search, with the last hit tried
 * first.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "source/core_file.h"
#include "source/core_headers.h"
#include "source/core_open.h"

static const struct ct_core_load *load_at(struct ct_core *core, uint64_t addr)
{
	const struct ct_core_load *loads = core->loads.items;
	size_t lo = 0, hi = core->loads.n;

	if (core->last_load < hi && addr >= loads[core->last_load].start &&
		addr < loads[core->last_load].end)
		return &loads[core->last_load];
	CT_BISECT(lo, hi, mid, loads[mid].start <= addr);
	if (!lo || addr >= loads[lo - 1].end)
		return NULL;
	core->last_load = lo - 1;
	return &loads[lo - 1];
}

static enum ct_status core_view(void *self, uint64_t addr, size_t len, const void **ret)
{
	struct ct_core *core = self;
	const struct ct_core_load *load = load_at(core, addr);

	if (!load || !ct_within(addr - load->start, len, load->present))
		return CT_FAULT;
	*ret = core->bytes + load->offset + (addr - load->start);
	return CT_OK;
}

/* Across segments, which may follow each other in memory. */
static enum ct_status read_loads(struct ct_core *core, uint64_t addr, void *buf, size_t len)
{
	uint8_t *to = buf;

	/* Check all before any byte is copied: a fault leaves buf alone. */
	for (int copy = 0; copy < 2; copy++) {
		uint64_t at = addr;

		for (size_t left = len; left;) {
			const struct ct_core_load *load = load_at(core, at);

			if (!load || at - load->start >= load->present)
				return CT_FAULT;
			size_t n = CT_MIN(left, load->present - (at - load->start));
			if (copy)
				memcpy(to + (len - left),
					core->bytes + load->offset + (at - load->start), n);
			left -= n;
			at += n;
		}
	}
	return CT_OK;
}

static enum ct_status core_read(void *self, uint64_t addr, void *buf, size_t len)
{
	const void *view;

	if (core_view(self, addr, len, &view))
		return read_loads(self, addr, buf, len);
	/* Words are what most ask for. */
	if (len == sizeof(uint64_t))
		memcpy(buf, view, sizeof(uint64_t));
	else
		memcpy(buf, view, len);
	return CT_OK;
}

/* To find where data ends, tmpfs goes through each of its pages: that is asked once of each piece.
 */
static void find_piece(struct ct_core *core, uint64_t at)
{
	off_t data = lseek(core->fd, (off_t)at, SEEK_DATA);
	bool none = data < 0 && errno == ENXIO;
	off_t hole = data < 0 ? -1 : lseek(core->fd, data, SEEK_HOLE);

	core->piece.asked = at;
	core->piece.start = none ? UINT64_MAX : data < 0 ? at : (uint64_t)data;
	core->piece.stop = hole < 0 ? UINT64_MAX : (uint64_t)hole;
}

enum ct_status ct_core_data(
	struct ct_core *core, uint64_t at, uint64_t end, uint64_t *start, uint64_t *stop)
{
	if (at >= end)
		return CT_DONE;
	if (at < core->piece.asked || at >= core->piece.stop)
		find_piece(core, at);
	*start = CT_MAX(at, core->piece.start);
	*stop = CT_MIN(end, core->piece.stop);
	return *start < end ? CT_OK : CT_DONE;
}

/*
 * Memory that was never touched is a hole in the file. Who asks for data goes through all of it: on
 * a cold file, reading ahead is what makes that bearable.
 */
static enum ct_status core_next_data(
	void *self, uint64_t addr, uint64_t end, uint64_t *start, uint64_t *stop)
{
	struct ct_core *core = self;
	const struct ct_core_load *load = load_at(core, addr);

	if (!load || addr - load->start >= load->present || end <= addr)
		return CT_DONE;
	if (!core->swept)
		madvise((void *)(uintptr_t)core->bytes, core->size, MADV_SEQUENTIAL);
	core->swept = true;
	uint64_t at = load->offset + (addr - load->start);
	uint64_t len = CT_MIN(end - addr, load->present - (addr - load->start));
	if (ct_core_data(core, at, at + len, start, stop))
		return CT_DONE;
	*start += addr - at;
	*stop += addr - at;
	return CT_OK;
}

static void core_want(void *self, uint64_t addr, uint64_t len)
{
	struct ct_core *core = self;
	const struct ct_core_load *load = load_at(core, addr);

	if (load && addr - load->start < load->present)
		ct_core_want(core, load->offset + (addr - load->start),
			CT_MIN(len, load->present - (addr - load->start)));
}

static void core_fetch(void *self)
{
	ct_core_fetch(self);
}

/* Somebody may still be writing the file, or cut it: what was read before that is not all from one
 * state. */
static void core_notice_change(struct ct_core *core)
{
	const char *damage = core->process.damage, *change = NULL;
	struct stat st;

	if (fstat(core->fd, &st))
		return;
	if (core->guard.damaged || (uint64_t)st.st_size < core->size)
		change = "the core shrank while it was read";
	else if ((uint64_t)st.st_size > core->size)
		change = "the core grew while it was read: try again when it is complete";
	if (!change || core->changed)
		return;
	core->changed = true;
	core->process.damage = ct_arena_printf(
		&core->arena, "%s%s%s", damage ? damage : "", damage ? "; " : "", change);
}

static enum ct_status core_process(void *self, struct ct_process *ret)
{
	struct ct_core *core = self;

	core_notice_change(core);
	*ret = core->process;
	return CT_OK;
}

static enum ct_status core_next_map(void *self, size_t *cur, struct ct_map *ret)
{
	struct ct_core *core = self;

	if (*cur >= core->maps.n)
		return CT_DONE;
	*ret = core->maps.items[(*cur)++];
	return CT_OK;
}

static enum ct_status core_next_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	struct ct_core *core = self;

	if (*cur >= core->threads.n)
		return CT_DONE;
	*ret = core->threads.items[(*cur)++];
	return CT_OK;
}

static enum ct_status core_auxv(void *self, uint64_t type, uint64_t *ret)
{
	struct ct_core *core = self;
	Elf64_auxv_t aux;

	for (size_t at = 0; ct_within(at, sizeof(aux), core->auxv_size); at += sizeof(aux)) {
		memcpy(&aux, core->auxv + at, sizeof(aux));
		if (aux.a_type == type) {
			*ret = aux.a_un.a_val;
			return CT_OK;
		}
		if (aux.a_type == AT_NULL)
			break;
	}
	return CT_NOT_FOUND;
}

static void core_close(void *self)
{
	struct ct_core *core = self;

	if (core->bytes) {
		ct_map_guard_remove(&core->guard);
		munmap((void *)(uintptr_t)core->bytes, core->size);
	}
	if (core->fd >= 0)
		close(core->fd);
	ct_vec_free(&core->loads);
	ct_vec_free(&core->notes);
	ct_bundle_close(core->bundle);
	ct_vec_free(&core->mappings);
	ct_vec_free(&core->maps);
	ct_vec_free(&core->threads);
	ct_core_fetch_free(&core->fetch);
	ct_arena_free(&core->arena);
	free(core);
}

static const struct ct_source_ops core_ops = {
	.name = "core",
	.process = core_process,
	.next_map = core_next_map,
	.next_thread = core_next_thread,
	.read = core_read,
	.view = core_view,
	.next_data = core_next_data,
	.want = core_want,
	.fetch = core_fetch,
	.auxv = core_auxv,
	.close = core_close,
};

static enum ct_status core_map_file(
	struct ct_core *core, int fd, const char *path, struct ct_error *err)
{
	struct stat st;

	core->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (core->fd < 0 || fstat(fd, &st))
		return ct_fail(err, CT_IO, "%s: %s", path, strerror(errno));
	core->process.time = st.st_mtime;
	core->size = (uint64_t)st.st_size;
	if (core->size < sizeof(Elf64_Ehdr))
		return ct_fail(err, CT_BAD_INPUT, "%s: too short for a core (%llu bytes)", path,
			(unsigned long long)core->size);
	void *bytes = mmap(NULL, core->size, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (bytes == MAP_FAILED)
		return ct_fail(err, CT_IO,
			"%s: cannot be mapped (%llu bytes): %s; is the address space "
			"limited (ulimit -v)?",
			path, (unsigned long long)core->size, strerror(errno));
	if (ct_map_guard_add(&core->guard, bytes, core->size)) {
		munmap(bytes, core->size);
		return ct_fail(err, CT_NO_MEMORY, "%s: too many files are open at once", path);
	}
	core->bytes = bytes;
	return CT_OK;
}

static void core_settle_exe(struct ct_core *core)
{
	char path[4096];
	uint64_t addr;
	size_t len = 0;

	if (core_auxv(core, AT_EXECFN, &addr))
		return;
	while (len < sizeof(path) - 1 && !core_read(core, addr + len, path + len, 1) && path[len])
		len++;
	if (len)
		core->process.exe = ct_arena_strndup(&core->arena, path, len);
}

static bool all_zeros(const uint8_t *bytes, uint64_t n)
{
	return n && !bytes[0] && !memcmp(bytes, bytes + 1, n - 1);
}

/*
 * The segment of a thread's stack and descriptor, when it is nothing but zeros from the stack
 * pointer's page on: a stack is in use, and a descriptor begins with a pointer, so these are no
 * memory of it.
 */
static struct ct_core_load *lost_segment(struct ct_core *core, const struct ct_thread *thread)
{
	uint64_t tp = core->arch->thread_pointer(thread->regs);
	uint64_t page = ct_reg(thread->regs, core->arch->sp) & ~UINT64_C(4095);
	const struct ct_core_load *load = load_at(core, page);

	if (!load || tp < page || tp >= load->end || page - load->start >= load->present)
		return NULL;
	uint64_t from = page - load->start;
	if (!all_zeros(core->bytes + load->offset + from, load->present - from))
		return NULL;
	return (struct ct_core_load *)(uintptr_t)load;
}

/*
 * glibc 2.43 makes the guard of a stack inside of its mapping. gdb 13 cannot read over it and fills
 * the rest of the mapping with zeros: bytes that no thread ever had. They are dropped, so that
 * nothing is read out of them. The kernel, which leaves a signal in each thread's notes, has no
 * such trouble.
 */
static void core_drop_lost(struct ct_core *core)
{
	uint32_t lost = 0;

	for (uint32_t i = 0; i < core->threads.n; i++) {
		const struct ct_thread *thread = &core->threads.items[i];
		struct ct_core_load *load = thread->signal ? NULL : lost_segment(core, thread);

		if (!load)
			continue;
		load->present =
			(ct_reg(thread->regs, core->arch->sp) & ~UINT64_C(4095)) - load->start;
		lost++;
	}
	if (lost)
		ct_core_damaged(core,
			"the stacks of %u of %u threads are zeros: whoever wrote the core could "
			"not "
			"read them (gdb 13 with glibc 2.43); a core made by the kernel has them",
			lost, core->threads.n);
}

const struct ct_core *ct_core_of(struct ct_source source)
{
	return source.ops == &core_ops ? source.self : NULL;
}

enum ct_status ct_core_from_fd(
	int fd, const char *path, const char *damage, struct ct_source *ret, struct ct_error *err)
{
	struct ct_core *core = calloc(1, sizeof(*core));
	Elf64_Ehdr ehdr;

	if (!core)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	enum ct_status status = core_map_file(core, fd, path, err);
	if (status)
		goto fail;
	memcpy(&ehdr, core->bytes, sizeof(ehdr));
	core->arch = ct_arch_find(ehdr.e_machine);
	core->process.arch = core->arch;
	core->process.kind = "core";
	core->process.still = true;
	core->process.all_threads = true;
	core->process.path = ct_arena_strndup(&core->arena, path, strlen(path));
	if (damage)
		ct_core_damaged(core, "%s", damage);
	status = ct_core_read_headers(core, &ehdr);
	if (!status) {
		ct_core_tidy(core);
		core_drop_lost(core);
		status = ct_core_join_maps(core);
	}
	if (status || core->arena.failed) {
		status = ct_fail(err, CT_NO_MEMORY, "%s: out of memory", path);
		goto fail;
	}
	ct_core_settle_signal(core);
	core_settle_exe(core);
	/* From here on, stacks lie apart: reading ahead would fetch what nobody looks at. */
	madvise((void *)(uintptr_t)core->bytes, core->size, MADV_RANDOM);
	*ret = (struct ct_source){&core_ops, core};
	return CT_OK;
fail:
	core_close(core);
	return status;
}
