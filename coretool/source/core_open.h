/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_SOURCE_CORE_OPEN_H
#define CT_SOURCE_CORE_OPEN_H

#include "base/base.h"
#include "source/bundle.h"

/*
 * A source over an ELF core whose header is known to be one that we read (64-bit, little endian,
 * ET_CORE, a known machine). fd stays the caller's and may be closed at once; path names the core
 * in messages; damage says what is already known to be missing, or is NULL. (core_file.c)
 */
CT_WARN_UNUSED enum ct_status ct_core_from_fd(
	int fd, const char *path, const char *damage, struct ct_source *ret, struct ct_error *err);

/* The bundle that the core of this source came in, or NULL; it lives as long as the source. */
const struct ct_bundle *ct_core_bundle(struct ct_source source);

#endif
