/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle: a core with the exact ELF and debug files of its modules, as one tar archive. Members:
 *
 *	coretool-bundle/manifest.json            what it holds, first
 *	coretool-bundle/.build-id/ab/cdef        a module's file, by its build id
 *	coretool-bundle/.build-id/ab/cdef.debug  its separate debug information
 *	coretool-bundle/core                     the core, last; holes stay holes
 *
 * So an unpacked bundle is a directory for --debug-dir, and for the debug-file-directory of gdb.
 *Members are recognised by name but never written by name.
 */
#ifndef CT_SOURCE_BUNDLE_H
#define CT_SOURCE_BUNDLE_H

#include "base/base.h"

#define CT_BUNDLE_DIR    "coretool-bundle/"
#define CT_BUNDLE_SCHEMA "coretool-bundle/1"

struct ct_bundle;

/*
 * The file for this build id: the module's own, or (debug) its separate debug information. The
 * descriptor is the bundle's: read it by position (pread, mmap) or through a duplicate, and do not
 * close it. -1: the bundle has none.
 */
int ct_bundle_file(const struct ct_bundle *bundle, const uint8_t *build_id, size_t len, bool debug);

void ct_bundle_close(struct ct_bundle *bundle);

#endif
