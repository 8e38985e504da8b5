/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program headers of a core: where its notes and its memory are. What a damaged header hides is
 * looked for where the kernel and gdb always put it, and each such find is said.
 */
#include "source/core_headers.h"

/* Above what any kernel allows (vm.max_map_count is an int, but each mapping takes memory). */
#define MAX_PHDRS (UINT64_C(1) << 22)
/* All writers make one. */
#define MAX_NOTE_SEGMENTS 16

static bool get_phdr(
	const struct ct_core *core, const Elf64_Ehdr *ehdr, uint64_t i, Elf64_Phdr *ret)
{
	uint64_t at;

	/* e_phentsize is not asked: in a 64-bit core it can be nothing else. */
	if (!ct_add(ehdr->e_phoff, i * sizeof(*ret), &at) ||
		!ct_within(at, sizeof(*ret), core->size))
		return false;
	memcpy(ret, core->bytes + at, sizeof(*ret));
	return true;
}

static bool is_segment(const Elf64_Phdr *phdr)
{
	return phdr->p_type == PT_LOAD || phdr->p_type == PT_NOTE;
}

/* The kernel and gdb put the program headers right behind the file's: they are there also when
 * e_phoff is damaged. */
static void settle_phoff(struct ct_core *core, Elf64_Ehdr *ehdr)
{
	Elf64_Ehdr usual = *ehdr;
	Elf64_Phdr phdr;

	usual.e_phoff = sizeof(*ehdr);
	if (ehdr->e_phoff == usual.e_phoff || !get_phdr(core, &usual, 0, &phdr) ||
		!is_segment(&phdr))
		return;
	ct_core_damaged(core,
		"the core says that its program headers are at 0x%llx, and has them "
		"at 0x%llx",
		(unsigned long long)ehdr->e_phoff, (unsigned long long)usual.e_phoff);
	*ehdr = usual;
}

/*
 * The count that the headers themselves show: the kernel and gdb put what they describe right
 * behind them, the notes or the first mapping. Where that agrees with n, or tells nothing: n.
 */
static uint64_t count_phdrs(const struct ct_core *core, const Elf64_Ehdr *ehdr, uint64_t n)
{
	uint64_t first = UINT64_MAX;
	Elf64_Phdr phdr;

	for (uint64_t i = 0; i < 2 && get_phdr(core, ehdr, i, &phdr); i++)
		if (is_segment(&phdr) && phdr.p_filesz)
			first = CT_MIN(first, phdr.p_offset);
	if (first == UINT64_MAX || first <= ehdr->e_phoff || (first - ehdr->e_phoff) % sizeof(phdr))
		return n;
	uint64_t room = (first - ehdr->e_phoff) / sizeof(phdr);
	/* Room may be left over. */
	if (room > n && !(get_phdr(core, ehdr, n, &phdr) && is_segment(&phdr)))
		return n;
	return room;
}

static uint64_t settle_count(struct ct_core *core, const Elf64_Ehdr *ehdr)
{
	uint64_t n = ehdr->e_phnum, found;
	Elf64_Shdr first;

	if (n == PN_XNUM && ehdr->e_shoff && ct_within(ehdr->e_shoff, sizeof(first), core->size)) {
		memcpy(&first, core->bytes + ehdr->e_shoff, sizeof(first));
		n = first.sh_info;
	}
	found = count_phdrs(core, ehdr, n);
	if (found != n) {
		ct_core_damaged(core,
			"the core says that it has %llu program headers, and has %llu",
			(unsigned long long)n, (unsigned long long)found);
		n = found;
	}
	if (n > MAX_PHDRS) {
		ct_core_damaged(core, "only %llu of %llu program headers are read",
			(unsigned long long)MAX_PHDRS, (unsigned long long)n);
		n = MAX_PHDRS;
	}
	return n;
}

static enum ct_status add_load(struct ct_core *core, const Elf64_Phdr *phdr, uint64_t *expected)
{
	uint64_t end, file_end;

	if (!ct_add(phdr->p_vaddr, phdr->p_memsz, &end) ||
		!ct_add(phdr->p_offset, phdr->p_filesz, &file_end) ||
		phdr->p_filesz > phdr->p_memsz) {
		ct_core_damaged(core, "the sizes of the segment at 0x%llx make no sense",
			(unsigned long long)phdr->p_vaddr);
		return CT_OK;
	}
	if (!phdr->p_memsz)
		return CT_OK;
	struct ct_core_load *load = ct_vec_push(&core->loads);
	if (!load)
		return CT_NO_MEMORY;
	*load = (struct ct_core_load){.start = phdr->p_vaddr,
		.end = end,
		.offset = phdr->p_offset,
		.flags = phdr->p_flags};
	if (phdr->p_offset < core->size)
		load->present = CT_MIN(phdr->p_filesz, core->size - phdr->p_offset);
	if (phdr->p_filesz)
		*expected = CT_MAX(*expected, file_end);
	return CT_OK;
}

static enum ct_status read_notes(struct ct_core *core, uint64_t offset, uint64_t size)
{
	struct ct_core_load *note = ct_vec_push(&core->notes);

	if (!note)
		return CT_NO_MEMORY;
	note->offset = offset;
	note->present = size;
	return ct_core_read_notes(core, core->bytes + offset, size);
}

static enum ct_status add_note(struct ct_core *core, const Elf64_Phdr *phdr, uint64_t *expected)
{
	uint64_t end;

	if (!ct_add(phdr->p_offset, phdr->p_filesz, &end))
		end = UINT64_MAX;
	*expected = CT_MAX(*expected, end);
	if (end > core->size)
		core->process.all_threads = false;
	if (phdr->p_offset >= core->size)
		return CT_OK;
	return read_notes(
		core, phdr->p_offset, CT_MIN(phdr->p_filesz, core->size - phdr->p_offset));
}

/* The notes are not where they should be: the kernel puts them between the headers and the first
 * segment, gdb behind the last. */
static enum ct_status find_notes(struct ct_core *core, uint64_t end_of_phdrs)
{
	uint64_t first = core->size, last = core->size;
	enum ct_status status = CT_OK;

	ct_core_damaged(core, "the notes, which tell of the threads, are not where they should be");
	core->process.all_threads = false;
	for (uint32_t i = 0; i < core->loads.n; i++) {
		const struct ct_core_load *load = &core->loads.items[i];

		if (!load->present)
			continue;
		first = CT_MIN(first, load->offset);
		last = last == core->size ? 0 : last;
		last = CT_MAX(last, load->offset + load->present);
	}
	if (end_of_phdrs < first)
		status = read_notes(core, end_of_phdrs, first - end_of_phdrs);
	if (!status && !core->threads.n && last < core->size)
		status = read_notes(core, last, core->size - last);
	return status;
}

enum ct_status ct_core_read_headers(struct ct_core *core, const Elf64_Ehdr *header)
{
	Elf64_Ehdr ehdr = *header;
	uint64_t n, i, expected = 0;
	unsigned n_notes = 0;
	enum ct_status status = CT_OK;
	Elf64_Phdr phdr;

	settle_phoff(core, &ehdr);
	n = settle_count(core, &ehdr);
	for (i = 0; !status && i < n && get_phdr(core, &ehdr, i, &phdr); i++) {
		if (phdr.p_type == PT_LOAD)
			status = add_load(core, &phdr, &expected);
		else if (phdr.p_type == PT_NOTE && n_notes++ < MAX_NOTE_SEGMENTS)
			status = add_note(core, &phdr, &expected);
	}
	if (i < n) {
		ct_core_damaged(core, "the core ends after %llu of %llu program headers",
			(unsigned long long)i, (unsigned long long)n);
		core->process.all_threads = false;
	}
	if (n_notes > MAX_NOTE_SEGMENTS)
		ct_core_damaged(core, "only %u of %u segments with notes are read",
			(unsigned)MAX_NOTE_SEGMENTS, n_notes);
	if (expected > core->size)
		ct_core_damaged(core, "core truncated at %llu of %llu bytes",
			(unsigned long long)core->size, (unsigned long long)expected);
	if (!status && !core->threads.n)
		status = find_notes(core, ehdr.e_phoff + i * sizeof(phdr));
	return status;
}
