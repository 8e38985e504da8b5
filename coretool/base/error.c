/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"

enum ct_status ct_fail(struct ct_error *err, enum ct_status status, const char *fmt, ...)
{
	if (err) {
		va_list args;

		va_start(args, fmt);
		err->status = status;
		vsnprintf(err->text, sizeof(err->text), fmt, args);
		va_end(args);
	}
	return status;
}

const char *ct_version(void)
{
	return CT_VERSION;
}
