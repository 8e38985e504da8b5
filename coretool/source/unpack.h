/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input that is not a plain file: compressed (zst, xz, gz, lz4, bz2), a pipe, a bundle. It is
 * unpacked to an unnamed file in $TMPDIR or /var/tmp that can be mapped; blocks of zeros become
 * holes. Filters that would run another program are not used.
 */
#ifndef CT_SOURCE_UNPACK_H
#define CT_SOURCE_UNPACK_H

#include "source/bundle.h"
#include "source/sniff.h"

struct ct_unpacked {
	int fd;       /* a file that can be mapped: the one given, or a new one */
	int64_t time; /* when the core was last written, since 1970; 0: not known */
	char *damage; /* what is missing, and why, for free(); NULL: nothing */
	struct ct_bundle
		*bundle; /* what came with the core, for ct_bundle_close(); NULL: nothing */
};

/*
 * Makes a file that can be mapped of fd, which stays the caller's (ret->fd may be fd itself). path
 * is for messages. Input that is cut off or damaged behind its first bytes, and input above
 * options->max_unpacked, gives what could be unpacked, with damage. CT_BAD_INPUT: not an ELF file
 * nor something that unpacks to one; the text says what it is.
 */
CT_WARN_UNUSED enum ct_status ct_unpack(int fd, const char *path, const struct ct_options *options,
	struct ct_unpacked *ret, struct ct_error *err);

/* What the file is once unpacked, for the cost of its first block; CT_SNIFFED_TAR: a bundle. */
enum ct_sniffed ct_unpack_sniff(int fd);

#endif
