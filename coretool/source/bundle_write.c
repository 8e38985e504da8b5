/* SPDX-License-Identifier: Apache-2.0 */
#include "source/bundle_write.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/str.h"
#include "base/vec.h"
#include "source/bundle.h"

#define CHUNK (1u << 20)

struct ct_bundle_writer {
	struct archive *archive;
	uint8_t *zeros; /* CHUNK of them */
};

static enum ct_status cannot_write(struct ct_bundle_writer *w, struct ct_error *err)
{
	const char *why = archive_error_string(w->archive);

	return ct_fail(err, CT_IO, "the bundle cannot be written: %s", why ? why : strerror(errno));
}

enum ct_status ct_bundle_writer_new(FILE *out, struct ct_bundle_writer **ret, struct ct_error *err)
{
	struct ct_bundle_writer *w = calloc(1, sizeof(*w));

	if (w) {
		w->archive = archive_write_new();
		w->zeros = calloc(1, CHUNK);
	}
	if (!w || !w->archive || !w->zeros) {
		ct_bundle_writer_free(w);
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	}
	/* Zeros up to a tape's block would be no zstd data. A warning would be a filter that runs a
	 * program. */
	if (archive_write_set_format_pax(w->archive) != ARCHIVE_OK ||
		archive_write_add_filter_zstd(w->archive) != ARCHIVE_OK ||
		archive_write_set_bytes_in_last_block(w->archive, 1) != ARCHIVE_OK ||
		archive_write_open_FILE(w->archive, out) != ARCHIVE_OK) {
		enum ct_status status = cannot_write(w, err);

		ct_bundle_writer_free(w);
		return status;
	}
	*ret = w;
	return CT_OK;
}

enum ct_status ct_bundle_writer_end(struct ct_bundle_writer *w, struct ct_error *err)
{
	enum ct_status status =
		archive_write_close(w->archive) == ARCHIVE_OK ? CT_OK : cannot_write(w, err);

	ct_bundle_writer_free(w);
	return status;
}

void ct_bundle_writer_free(struct ct_bundle_writer *w)
{
	if (!w)
		return;
	archive_write_free(w->archive);
	free(w->zeros);
	free(w);
}

static enum ct_status begin_member(struct ct_bundle_writer *w, const char *name,
	const struct ct_pieces *pieces, int64_t time, struct ct_error *err)
{
	struct archive_entry *entry = archive_entry_new();
	ct_autostr path = {0};

	ct_str_add(&path, "%s%s", CT_BUNDLE_DIR, name);
	if (!entry || path.failed) {
		archive_entry_free(entry);
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	}
	archive_entry_set_pathname(entry, path.text);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_mtime(entry, time, 0);
	archive_entry_set_size(entry, (la_int64_t)pieces->size);
	/* One piece from end to end is an ordinary member, which every tar reads. */
	if (pieces->n != 1 || pieces->items[0].len != pieces->size)
		for (uint32_t i = 0; i < pieces->n; i++)
			archive_entry_sparse_add_entry(entry, (la_int64_t)pieces->items[i].at,
				(la_int64_t)pieces->items[i].len);
	int r = archive_write_header(w->archive, entry);
	archive_entry_free(entry);
	return r < ARCHIVE_WARN ? cannot_write(w, err) : CT_OK;
}

static enum ct_status put(
	struct ct_bundle_writer *w, const uint8_t *bytes, uint64_t len, struct ct_error *err)
{
	if (len && archive_write_data(w->archive, bytes, len) < 0)
		return cannot_write(w, err);
	return CT_OK;
}

/* libarchive is told where the holes are, wants them all the same, and writes none of them. */
static enum ct_status put_hole(struct ct_bundle_writer *w, uint64_t len, struct ct_error *err)
{
	enum ct_status status = CT_OK;

	for (; len && !status; len -= CT_MIN(len, (uint64_t)CHUNK))
		status = put(w, w->zeros, CT_MIN(len, (uint64_t)CHUNK), err);
	return status;
}

static enum ct_status put_pieces(struct ct_bundle_writer *w, const struct ct_pieces *pieces,
	void (*progress)(void *data, uint64_t done), void *data, struct ct_error *err)
{
	enum ct_status status = CT_OK;
	uint64_t at = 0;

	for (uint32_t i = 0; i < pieces->n && !status; i++) {
		const struct ct_piece *piece = &pieces->items[i];

		status = put_hole(w, piece->at - at, err);
		for (uint64_t done = 0; done < piece->len && !status; done += CHUNK) {
			uint64_t len = CT_MIN(piece->len - done, (uint64_t)CHUNK);

			status = put(w, piece->bytes + done, len, err);
			if (progress)
				progress(data, piece->at + done);
		}
		at = piece->at + piece->len;
	}
	return status ? status : put_hole(w, pieces->size - at, err);
}

static enum ct_status write_bytes(struct ct_bundle_writer *w, const char *name, const void *bytes,
	uint64_t len, struct ct_error *err)
{
	struct ct_piece piece = {.len = len, .bytes = bytes};
	struct ct_pieces pieces = {.items = &piece, .n = 1, .size = len};
	enum ct_status status = begin_member(w, name, &pieces, 0, err);

	return status ? status : put_pieces(w, &pieces, NULL, NULL, err);
}

enum ct_status ct_bundle_write_manifest(
	struct ct_bundle_writer *w, const char *text, struct ct_error *err)
{
	return write_bytes(w, "manifest.json", text, strlen(text), err);
}

enum ct_status ct_bundle_write_file(struct ct_bundle_writer *w, const uint8_t *build_id, size_t len,
	bool debug, int fd, struct ct_error *err)
{
	ct_autostr name = {0};
	struct stat st;

	ct_str_add(&name, ".build-id/");
	for (size_t i = 0; i < len; i++)
		ct_str_add(&name, "%s%02x", i == 1 ? "/" : "", build_id[i]);
	ct_str_add(&name, "%s", debug ? ".debug" : "");
	if (name.failed)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size)
		return ct_fail(err, CT_IO, "a module's file can no longer be read");
	void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return ct_fail(err, CT_IO, "a module's file cannot be mapped: %s", strerror(errno));
	enum ct_status status = write_bytes(w, name.text, bytes, (uint64_t)st.st_size, err);
	munmap(bytes, (size_t)st.st_size);
	return status;
}

enum ct_status ct_bundle_write_core(struct ct_bundle_writer *w, const struct ct_pieces *pieces,
	int64_t time, void (*progress)(void *data, uint64_t done), void *data, struct ct_error *err)
{
	enum ct_status status = begin_member(w, "core", pieces, time, err);

	return status ? status : put_pieces(w, pieces, progress, data, err);
}

enum ct_status ct_pieces_of_file(
	int fd, const uint8_t *bytes, uint64_t size, struct ct_pieces *ret, struct ct_error *err)
{
	struct ct_pieces pieces = {.size = size};
	off_t hole = 0;

	while ((uint64_t)hole < size) {
		off_t data = lseek(fd, hole, SEEK_DATA);

		if (data < 0 && errno == ENXIO)
			break;
		/* A file system that knows no holes is all data. */
		if (data < 0)
			data = hole;
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole <= data || (uint64_t)hole > size)
			hole = (off_t)size;
		if ((uint64_t)data >= size)
			break;
		struct ct_piece *piece = ct_vec_push(&pieces);
		if (!piece) {
			free(pieces.items);
			return ct_fail(err, CT_NO_MEMORY, "out of memory");
		}
		*piece = (struct ct_piece){.at = (uint64_t)data,
			.len = (uint64_t)(hole - data),
			.bytes = bytes + data};
	}
	*ret = pieces;
	return CT_OK;
}
