/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "base/str.h"

static bool wanted(const struct ct_args *args)
{
	bool never = args->quiet || (args->progress && !strcmp(args->progress, "never"));

	return !never && isatty(STDERR_FILENO);
}

void ct_progress(const struct ct_args *args, const char *fmt, ...)
{
	ct_autostr text = {0}, clean = {0};
	va_list list;

	if (!wanted(args))
		return;
	va_start(list, fmt);
	ct_str_vadd(&text, fmt, list);
	va_end(list);
	/* One line of the narrowest terminal: a longer one would not be taken back. */
	ct_str_add_clean(&clean, ct_str_text(&text), text.len, 76);
	fprintf(stderr, "\r\033[K%s", ct_str_text(&clean));
}

void ct_progress_end(const struct ct_args *args)
{
	if (wanted(args))
		fprintf(stderr, "\r\033[K");
}
