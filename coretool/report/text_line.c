/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

static const char *const paints[] = {
	"\033[1m", "\033[2m", "\033[1;31m", "\033[1;33m", "\033[1;32m"};
static const char reset[] = "\033[0m";

void ct_text_add(struct ct_text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(&t->line, fmt, args);
	va_end(args);
}

/* Code points; a colour takes no room. */
unsigned ct_text_width(const char *s)
{
	unsigned ret = 0;

	for (; *s; s++) {
		if (*s == '\033') {
			s += strcspn(s, "m");
			if (!*s)
				break;
		} else if ((*s & 0xc0) != 0x80) {
			ret++;
		}
	}
	return ret;
}

void ct_text_pad(struct ct_text *t, unsigned column)
{
	unsigned width = ct_text_width(ct_str_text(&t->line));

	ct_text_add(t, "%*s", width < column ? (int)(column - width) : 1, "");
}

void ct_text_end(struct ct_text *t)
{
	size_t len = t->line.len;

	while (len && t->line.text[len - 1] == ' ')
		len--;
	fwrite(ct_str_text(&t->line), 1, len, t->out);
	fputc('\n', t->out);
	t->failed |= t->line.failed || t->words.failed;
	t->begun = true;
	ct_str_cut(&t->line, 0);
	ct_arena_reset(&t->words);
}

void ct_text_say(struct ct_text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(&t->line, fmt, args);
	va_end(args);
	ct_text_end(t);
}

void ct_text_gap(struct ct_text *t)
{
	if (t->begun)
		ct_text_end(t);
}

void ct_text_head(struct ct_text *t, const char *fmt, ...)
{
	va_list args;

	ct_text_gap(t);
	ct_text_paint(t, CT_PAINT_BOLD);
	va_start(args, fmt);
	ct_str_vadd(&t->line, fmt, args);
	va_end(args);
	ct_text_plain(t);
	ct_text_end(t);
}

void ct_text_paint(struct ct_text *t, enum ct_paint paint)
{
	if (t->color)
		ct_text_add(t, "%s", paints[paint]);
}

void ct_text_plain(struct ct_text *t)
{
	if (t->color)
		ct_text_add(t, "%s", reset);
}
