/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a bundle; bundle.h says what is in one. Members in the order of the calls: manifest,
 * files, core. */
#ifndef CT_SOURCE_BUNDLE_WRITE_H
#define CT_SOURCE_BUNDLE_WRITE_H

#include <stdio.h>

#include "base/base.h"

struct ct_bundle_writer;

/* Bytes of a file that is to be written; between pieces are holes. */
struct ct_piece {
	uint64_t at;  /* in the file; pieces are sorted and do not overlap */
	uint64_t len; /* whole blocks of 512 but at the file's end: GNU tar reads no other pieces */
	const uint8_t *bytes;
};

/* A file as pieces. */
struct ct_pieces {
	struct ct_piece *items;
	uint32_t n, cap;
	uint64_t size; /* of the file, a hole at its end included */
};

CT_WARN_UNUSED enum ct_status ct_bundle_writer_new(
	FILE *out, struct ct_bundle_writer **ret, struct ct_error *err);
/* Ends the archive and frees the writer; CT_IO when it could not be written. out stays open. */
CT_WARN_UNUSED enum ct_status ct_bundle_writer_end(
	struct ct_bundle_writer *writer, struct ct_error *err);
void ct_bundle_writer_free(struct ct_bundle_writer *writer);

CT_WARN_UNUSED enum ct_status ct_bundle_write_manifest(
	struct ct_bundle_writer *writer, const char *text, struct ct_error *err);
/* The whole file behind fd, by position. */
CT_WARN_UNUSED enum ct_status ct_bundle_write_file(struct ct_bundle_writer *writer,
	const uint8_t *build_id, size_t len, bool debug, int fd, struct ct_error *err);
/* progress is called now and then with the bytes written so far. time: seconds since 1970. */
CT_WARN_UNUSED enum ct_status ct_bundle_write_core(struct ct_bundle_writer *writer,
	const struct ct_pieces *pieces, int64_t time, void (*progress)(void *data, uint64_t done),
	void *data, struct ct_error *err);

/* Where a file's data lies, by SEEK_DATA; bytes is the file, mapped. items are for free(). */
CT_WARN_UNUSED enum ct_status ct_pieces_of_file(
	int fd, const uint8_t *bytes, uint64_t size, struct ct_pieces *ret, struct ct_error *err);

#endif
