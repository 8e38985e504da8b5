/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file: ELF header, a section header that counts the program headers where 16 bits do not,
 * program headers, notes, memory. A mapping of which parts stay becomes several: those with bytes
 * and those without.
 */
#include "source/core_lean.h"

#include <elf.h>

#include "source/core_file.h"

#define PAGE 4096

struct layout {
	const struct ct_core *core;
	CT_VEC(Elf64_Phdr) phdrs; /* p_offset counts from the end of the headers until the end */
	struct ct_pieces pieces;  /* likewise */
	uint64_t at;              /* the end of what was laid out, a whole number of pages */
	uint64_t notes_size;
	bool failed;
};

static void add_phdr(struct layout *l, const Elf64_Phdr *phdr)
{
	Elf64_Phdr *slot = ct_vec_push(&l->phdrs);

	if (slot)
		*slot = *phdr;
	l->failed = l->failed || !slot;
}

static void add_note(struct layout *l, const struct ct_core_load *note)
{
	add_phdr(l, &(Elf64_Phdr){.p_type = PT_NOTE,
			    .p_offset = l->notes_size,
			    .p_filesz = note->present,
			    .p_align = 4});
	/* Segments that overlap could make more of a file than there is. */
	l->failed = l->failed || !ct_add(l->notes_size, note->present, &l->notes_size) ||
		    !ct_align(l->notes_size, 4, &l->notes_size) || l->notes_size > l->core->size;
}

/* A part of a mapping: with its bytes (present), or only that it was there. */
static void add_part(struct layout *l, const struct ct_core_load *load, uint64_t start,
	uint64_t end, bool present)
{
	Elf64_Phdr phdr = {.p_type = PT_LOAD,
		.p_flags = load->flags,
		.p_vaddr = start,
		.p_memsz = end - start,
		.p_align = PAGE};

	if (start >= end)
		return;
	if (present) {
		struct ct_piece *piece = ct_vec_push(&l->pieces);

		phdr.p_filesz = end - start;
		phdr.p_offset = l->at;
		l->failed = l->failed || !piece || !ct_add(l->at, end - start, &l->at);
		if (piece)
			*piece = (struct ct_piece){.at = phdr.p_offset,
				.len = end - start,
				.bytes = l->core->bytes + load->offset + (start - load->start)};
	}
	add_phdr(l, &phdr);
}

static void add_load(struct layout *l, const struct ct_core_load *load,
	const struct ct_range *ranges, size_t n, size_t *next)
{
	uint64_t at = load->start, have = load->start + load->present;

	while (*next < n && ranges[*next].end <= load->start)
		(*next)++;
	for (size_t i = *next; i < n && ranges[i].start < load->end; i++) {
		uint64_t start = CT_MAX(ranges[i].start, at);
		uint64_t end = CT_MIN(ranges[i].end, have);

		if (start >= end)
			continue;
		add_part(l, load, at, start, false);
		add_part(l, load, start, end, true);
		at = end;
	}
	add_part(l, load, at, load->end, false);
}

/* Headers and notes, in whole pages: readers of sparse tar members want pieces in whole blocks. */
static uint8_t *make_headers(struct layout *l, uint64_t *size)
{
	size_t table = sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr);
	uint64_t notes = table + (uint64_t)l->phdrs.n * sizeof(Elf64_Phdr);
	bool many = l->phdrs.n >= PN_XNUM;
	Elf64_Shdr shdr = {.sh_info = l->phdrs.n};
	Elf64_Ehdr ehdr;

	if (!ct_add(notes, l->notes_size, size) || !ct_align(*size, PAGE, size))
		return NULL;
	uint8_t *headers = calloc(1, *size);
	if (!headers)
		return NULL;
	memcpy(&ehdr, l->core->bytes, sizeof(ehdr));
	ehdr.e_phoff = table;
	ehdr.e_phentsize = sizeof(Elf64_Phdr);
	ehdr.e_phnum = many ? PN_XNUM : (uint16_t)l->phdrs.n;
	ehdr.e_shoff = many ? sizeof(ehdr) : 0;
	ehdr.e_shnum = many;
	ehdr.e_shentsize = many ? sizeof(shdr) : 0;
	ehdr.e_shstrndx = 0;
	for (uint32_t i = 0; i < l->phdrs.n; i++) {
		Elf64_Phdr *phdr = &l->phdrs.items[i];

		phdr->p_offset += phdr->p_type == PT_NOTE ? notes : phdr->p_filesz ? *size : 0;
		if (phdr->p_type == PT_NOTE)
			memcpy(headers + phdr->p_offset,
				l->core->bytes + l->core->notes.items[i].offset, phdr->p_filesz);
	}
	memcpy(headers, &ehdr, sizeof(ehdr));
	memcpy(headers + sizeof(ehdr), &shdr, sizeof(shdr));
	memcpy(headers + table, l->phdrs.items, notes - table);
	return headers;
}

/* Puts the headers before what was laid out. */
static enum ct_status finish(struct layout *l, struct ct_lean_core *ret, struct ct_error *err)
{
	uint64_t size;
	struct ct_piece *last = ct_vec_push(&l->pieces);
	uint8_t *headers = l->failed || !last ? NULL : make_headers(l, &size);

	if (!headers)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	for (uint32_t i = l->pieces.n - 1; i > 0; i--) {
		l->pieces.items[i] = l->pieces.items[i - 1];
		l->pieces.items[i].at += size;
	}
	l->pieces.items[0] = (struct ct_piece){.len = size, .bytes = headers};
	l->pieces.size = size + l->at;
	*ret = (struct ct_lean_core){.pieces = l->pieces, .headers = headers};
	return CT_OK;
}

enum ct_status ct_lean_core_make(struct ct_source source, const struct ct_range *ranges, size_t n,
	struct ct_lean_core *ret, struct ct_error *err)
{
	struct layout l = {.core = ct_core_of(source)};
	size_t next = 0;

	if (!l.core)
		return ct_fail(err, CT_UNSUPPORTED, "only a core file can be bundled");
	for (uint32_t i = 0; i < l.core->notes.n; i++)
		add_note(&l, &l.core->notes.items[i]);
	for (uint32_t i = 0; i < l.core->loads.n; i++)
		add_load(&l, &l.core->loads.items[i], ranges, n, &next);
	enum ct_status status = finish(&l, ret, err);
	if (status)
		free(l.pieces.items);
	ct_vec_free(&l.phdrs);
	return status;
}

void ct_lean_core_free(struct ct_lean_core *lean)
{
	free(lean->pieces.items);
	free(lean->headers);
	*lean = (struct ct_lean_core){0};
}
