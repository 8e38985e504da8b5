/* SPDX-License-Identifier: Apache-2.0 */
/* A string that grows by printf. Out of memory is sticky: the text so far stays, failed is set. */
#ifndef CT_BASE_STR_H
#define CT_BASE_STR_H

#include <stdarg.h>

#include "base/base.h"

/* What stands for a string of so many bytes that is not to be shown. */
#define CT_REDACTED "<%zu bytes>"

struct ct_str {
	char *text; /* always terminated once anything was added; NULL before */
	size_t len, cap;
	bool failed;
};

CT_PRINTF(2, 3) void ct_str_add(struct ct_str *s, const char *fmt, ...);
CT_PRINTF(2, 0) void ct_str_vadd(struct ct_str *s, const char *fmt, va_list args);
/* These cost a tenth of the above: for what is written for each of ten thousand threads. */
void ct_str_add_bytes(struct ct_str *s, const char *bytes, size_t len);
void ct_str_add_text(struct ct_str *s, const char *text);
void ct_str_add_int(struct ct_str *s, int64_t number);
void ct_str_add_hex(struct ct_str *s, uint64_t number); /* "0x1f" */
/* Shortens to len, which must not be more than the present length. */
void ct_str_cut(struct ct_str *s, size_t len);
/* The text; "" when nothing was added. */
const char *ct_str_text(const struct ct_str *s);
void ct_str_free(struct ct_str *s);

/*
 * Copies text out of a target so that a terminal, a JSON file and a log may print it: bytes that
 * are no valid UTF-8, and control characters, become \xNN. At most max bytes of input are used.
 */
void ct_str_add_clean(struct ct_str *s, const char *bytes, size_t len, size_t max);
/* Is it nothing but ASCII that anything may print? Then cleaning would not change it. */
bool ct_str_is_plain(const char *bytes, size_t len);

#define ct_autostr __attribute__((cleanup(ct_str_free))) struct ct_str

#endif
