/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes away from this process, for good, what an analysis does not need: other files (Landlock),
 * other system calls (seccomp), memory and CPU time without end (resource limits). Made of raw
 * system calls: the filter is a list of numbers, and a library for it would be more code than it
 * saves, in the one process that should have little.
 */
#ifndef CT_BASE_CONFINE_H
#define CT_BASE_CONFINE_H

#include "base/base.h"

struct ct_confinement {
	const char *const *paths; /* files, and folders with all below, that may be read */
	size_t n_paths;           /* what does not exist is passed over */
	uint64_t max_memory;      /* bytes of its own */
	uint64_t max_file;        /* bytes of one file that it writes */
	uint64_t max_seconds;     /* of CPU time */
};

/*
 * From then on: reads of these paths and of what is open, writes to what is open. Everything else
 * fails with EPERM or EACCES. CT_UNSUPPORTED: the kernel lacks a part of it; then the process is to
 * end.
 */
CT_WARN_UNUSED enum ct_status ct_confine(
	const struct ct_confinement *confinement, struct ct_error *err);

#endif
