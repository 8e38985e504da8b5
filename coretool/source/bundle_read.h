/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_SOURCE_BUNDLE_READ_H
#define CT_SOURCE_BUNDLE_READ_H

#include "source/unpack.h"
#include "source/unpack_data.h"

struct archive_entry;

/* Is this the first member of a bundle? */
bool ct_bundle_begins(struct archive_entry *entry);

/*
 * Unpacks the bundle whose first member u->archive stands at into ret: fd, time and bundle.
 * CT_BAD_INPUT: a tar archive that is no bundle, or a bundle that ends before its core.
 */
CT_WARN_UNUSED enum ct_status ct_bundle_read(struct ct_unpacking *u, struct archive_entry *first,
	struct ct_unpacked *ret, struct ct_error *err);

#endif
