/* SPDX-License-Identifier: Apache-2.0 */
/* Unnamed files: gone with their last descriptor, whatever becomes of us. */
#ifndef CT_SOURCE_TEMPORARY_H
#define CT_SOURCE_TEMPORARY_H

#include "base/base.h"

/* In $TMPDIR, else in /var/tmp, else in memory. */
CT_WARN_UNUSED enum ct_status ct_temporary_new(int *ret, struct ct_error *err);

/*
 * Makes the files that ct_temporary_new() will give, for a process that is about to lose the right
 * to; there will be no more than these. Once.
 */
CT_WARN_UNUSED enum ct_status ct_temporary_reserve(struct ct_error *err);
void ct_temporary_recycle(void); /* all that were given so far are closed and may be given again */

/* Writes data at an offset, but leaves whole blocks of zeros out: what was never written reads as
 * zero. */
CT_WARN_UNUSED enum ct_status ct_temporary_write(
	int fd, const void *data, size_t len, uint64_t at, struct ct_error *err);

/* Gives the file its size; zeros left out at its end need that. */
CT_WARN_UNUSED enum ct_status ct_temporary_resize(int fd, uint64_t size, struct ct_error *err);

#endif
