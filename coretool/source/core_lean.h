/* SPDX-License-Identifier: Apache-2.0 */
/* A core reduced to some of its memory: a valid ELF core with all notes and mappings, and fewer
 * bytes. */
#ifndef CT_SOURCE_CORE_LEAN_H
#define CT_SOURCE_CORE_LEAN_H

#include "base/base.h"
#include "source/bundle_write.h"

/* Memory that is to stay, by address: [start, end). */
struct ct_range {
	uint64_t start, end;
};

struct ct_lean_core {
	struct ct_pieces pieces; /* of the file; their bytes are the source's, and headers */
	void *headers;
};

/*
 * ranges are sorted and do not overlap; what of them the core does not have is left out.
 * CT_UNSUPPORTED: source is no core of ct_core_open(). The source must outlive ret.
 */
CT_WARN_UNUSED enum ct_status ct_lean_core_make(struct ct_source source,
	const struct ct_range *ranges, size_t n, struct ct_lean_core *ret, struct ct_error *err);
void ct_lean_core_free(struct ct_lean_core *lean);

#endif
