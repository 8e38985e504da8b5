/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_REPORT_VIEW_JSON_H
#define CT_REPORT_VIEW_JSON_H

#include "report/json_read.h"
#include "rules/view.h"

/*
 * The view of a JSON report, which may come from anybody: what has a wrong type, or refers to what
 * is not there, is as if it were missing. name: of the file.
 */
CT_WARN_UNUSED enum ct_status ct_view_of_json(const char *text, size_t len, const char *name,
	struct ct_arena *arena, struct ct_view *ret, struct ct_error *err);

#endif
