/* SPDX-License-Identifier: Apache-2.0 */
#include "target/module_image.h"

#include "target/internal.h"

#define MAX_NOTES      256
#define MAX_NOTE_BYTES ((uint64_t)64 * 1024)

enum ct_status ct_image_read_source(const void *arg, uint64_t at, void *buf, size_t len)
{
	const struct ct_target *target = arg;

	return target->source.ops->read(target->source.self, at, buf, len);
}

static bool is_ours(const Elf64_Ehdr *ehdr, uint16_t machine)
{
	return !memcmp(ehdr->e_ident, ELFMAG, SELFMAG) && ehdr->e_ident[EI_CLASS] == ELFCLASS64 &&
	       ehdr->e_ident[EI_DATA] == ELFDATA2LSB && ehdr->e_machine == machine &&
	       (ehdr->e_type == ET_EXEC || ehdr->e_type == ET_DYN) &&
	       ehdr->e_phentsize == sizeof(Elf64_Phdr) && ehdr->e_phnum &&
	       ehdr->e_phnum <= CT_IMAGE_MAX_PHDRS;
}

/* Where the image lies by its PT_LOADs. False: it has none, or they wrap around. */
static bool set_extent(struct ct_image *image, uint64_t start)
{
	bool have_bias = false;

	image->low = UINT64_MAX;
	image->high = 0;
	for (uint32_t i = 0; i < image->n_phdrs; i++) {
		const Elf64_Phdr *ph = &image->phdrs[i];
		uint64_t end;

		if (ph->p_type != PT_LOAD || !ph->p_memsz)
			continue;
		if (!ct_add(ph->p_vaddr, ph->p_memsz, &end) || !ct_align(end, CT_IMAGE_PAGE, &end))
			return false;
		image->low = CT_MIN(image->low, ph->p_vaddr & ~(CT_IMAGE_PAGE - 1));
		image->high = CT_MAX(image->high, end);
		if (ph->p_offset < CT_IMAGE_PAGE && !have_bias) {
			image->bias = start - (ph->p_vaddr - ph->p_offset);
			have_bias = true;
		}
	}
	return have_bias && image->low < image->high;
}

/* Owners of a build id's note: GNU's, and Go's linker's own (a text), which counts without that. */
static const struct {
	char owner[4];
	uint32_t type;
} id_notes[] = {{"GNU", NT_GNU_BUILD_ID}, {"Go", 4}};

#define GNU_NOTE 0

/* Index of the row that the note at pos is of; CT_COUNT(id_notes): none. False: not readable. */
static bool classify_note(
	const struct ct_image_reader *reader, uint64_t name_at, const Elf64_Nhdr *note, size_t *ret)
{
	char name[sizeof(id_notes[0].owner)];

	*ret = CT_COUNT(id_notes);
	if (note->n_namesz != sizeof(name) || !note->n_descsz || note->n_descsz > CT_BUILD_ID_MAX)
		return true;
	if (reader->read(reader->arg, name_at, name, sizeof(name)))
		return false;
	for (*ret = 0; *ret < CT_COUNT(id_notes); (*ret)++)
		if (note->n_type == id_notes[*ret].type &&
			!memcmp(name, id_notes[*ret].owner, sizeof(name)))
			break;
	return true;
}

/* Looks for a build id in one PT_NOTE whose bytes are at [at, at + size). False: not all could be
 * read. */
static bool scan_notes(const struct ct_image_reader *reader, uint64_t at, uint64_t size,
	uint64_t align, struct ct_image *ret)
{
	uint64_t pos = 0;

	for (unsigned i = 0; i < MAX_NOTES && size - pos >= sizeof(Elf64_Nhdr); i++) {
		Elf64_Nhdr note;
		uint64_t desc, next;
		size_t row;

		if (reader->read(reader->arg, at + pos, &note, sizeof(note)))
			return false;
		if (!ct_align(pos + sizeof(note) + note.n_namesz, align, &desc) ||
			!ct_align(desc + note.n_descsz, align, &next) ||
			!ct_within(desc, note.n_descsz, size))
			break;
		if (!classify_note(reader, at + pos + sizeof(note), &note, &row))
			return false;
		ret->has_go_note |= row < CT_COUNT(id_notes) && row != GNU_NOTE;
		bool better = row == GNU_NOTE && ret->build_id_is_go;
		if (better || (row < CT_COUNT(id_notes) && !ret->build_id_len)) {
			if (reader->read(reader->arg, at + desc, ret->build_id, note.n_descsz))
				return false;
			ret->build_id_len = (uint8_t)note.n_descsz;
			ret->build_id_is_go = row != GNU_NOTE;
		}
		if (next > size)
			break;
		pos = next;
	}
	return true;
}

static void find_build_id(
	const struct ct_image_reader *reader, uint64_t start, bool in_memory, struct ct_image *ret)
{
	ret->notes_seen = true;
	for (uint32_t i = 0; i < ret->n_phdrs; i++) {
		const Elf64_Phdr *ph = &ret->phdrs[i];

		if (ph->p_type != PT_NOTE)
			continue;
		uint64_t at = in_memory ? ret->bias + ph->p_vaddr : start + ph->p_offset;
		uint64_t size = CT_MIN(ph->p_filesz, MAX_NOTE_BYTES);
		if (!scan_notes(reader, at, size, ph->p_align == 8 ? 8 : 4, ret))
			ret->notes_seen = false;
	}
}

enum ct_status ct_image_read(const struct ct_image_reader *reader, uint64_t start, bool in_memory,
	uint16_t machine, struct ct_image *ret)
{
	struct ct_image image = {0};
	uint64_t phdrs;

	if (reader->read(reader->arg, start, &image.ehdr, sizeof(image.ehdr)))
		return CT_FAULT;
	if (!is_ours(&image.ehdr, machine) || !ct_add(start, image.ehdr.e_phoff, &phdrs))
		return CT_NOT_FOUND;
	image.n_phdrs = image.ehdr.e_phnum;
	if (reader->read(reader->arg, phdrs, image.phdrs, image.n_phdrs * sizeof(Elf64_Phdr)))
		return CT_FAULT;
	if (!set_extent(&image, start))
		return CT_NOT_FOUND;
	find_build_id(reader, start, in_memory, &image);
	*ret = image;
	return CT_OK;
}
