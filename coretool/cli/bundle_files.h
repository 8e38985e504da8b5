/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a bundle is to hold: ELF and debug files of the modules, and what these refer to.
 */
#ifndef CT_CLI_BUNDLE_FILES_H
#define CT_CLI_BUNDLE_FILES_H

#include <jansson.h>

#include "target/modules.h"

struct ct_bundled_file {
	const char *path; /* as the core names the module; the target's */
	const char *why;  /* NULL: it is packed; else why not */
	int fd;           /* -1: not packed */
	bool debug;       /* separate debug information */
	uint8_t build_id[CT_BUILD_ID_MAX];
	size_t build_id_len;
};

struct ct_bundle_files {
	struct ct_bundled_file *items;
	uint32_t n, cap;
};

/* Looks for the files of all modules and opens them. source is the target's. */
CT_WARN_UNUSED enum ct_status ct_bundle_files_find(struct ct_target *target,
	struct ct_source source, struct ct_bundle_files *ret, struct ct_error *err);
void ct_bundle_files_free(struct ct_bundle_files *files);

/* Its record in the manifest; NULL: no memory. */
json_t *ct_bundle_file_json(const struct ct_bundled_file *file);

#endif
