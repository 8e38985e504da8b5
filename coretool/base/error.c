/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"

/* Names of files, and what a parser quotes of its input, may have any bytes. */
static void keep_in_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

enum ct_status ct_fail(struct ct_error *err, enum ct_status status, const char *fmt, ...)
{
	if (err) {
		va_list args;

		va_start(args, fmt);
		err->status = status;
		vsnprintf(err->text, sizeof(err->text), fmt, args);
		va_end(args);
		keep_in_line(err->text);
	}
	return status;
}

const char *ct_version(void)
{
	return CT_VERSION;
}
