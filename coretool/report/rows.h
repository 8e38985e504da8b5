/* SPDX-License-Identifier: Apache-2.0 */
/* The formats that table.c lists. */
#ifndef CT_REPORT_ROWS_H
#define CT_REPORT_ROWS_H

#include "report/format.h"

extern const struct ct_format ct_format_text;
extern const struct ct_format ct_format_json;
extern const struct ct_format ct_format_ndjson;
extern const struct ct_format ct_format_dot;
extern const struct ct_format ct_format_folded;
extern const struct ct_format ct_format_gotrace;
extern const struct ct_format ct_format_pprof;

#endif
