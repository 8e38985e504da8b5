/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that may come from anybody: limits, and errors in one line. */
#ifndef CT_REPORT_JSON_READ_H
#define CT_REPORT_JSON_READ_H

#include <jansson.h>

#include "base/arena.h"

#define CT_JSON_MAX_BYTES ((size_t)256 << 20)

/* Does the text look like a JSON object? */
bool ct_json_begins(const char *text, size_t len);

/*
 * A report of coretool's; *ret is to be freed with json_decref(). CT_BAD_INPUT: it is no JSON, no
 * coretool-report/1, or has more values than a report of a hundred thousand threads. name: for the
 * text of the error.
 */
CT_WARN_UNUSED enum ct_status ct_json_read_report(
	const char *text, size_t len, const char *name, json_t **ret, struct ct_error *err);

/*
 * The fingerprints of a baseline: those of a report's findings, or a text with one on each line and
 * comments behind #. In arena.
 */
CT_WARN_UNUSED enum ct_status ct_baseline_read(const char *text, size_t len, const char *name,
	struct ct_arena *arena, struct ct_strings *ret, struct ct_error *err);

#endif
