/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#define LEAST_CAP ((size_t)128) /* most texts are a line */

static bool str_reserve(struct ct_str *s, size_t more)
{
	size_t need;

	if (!ct_add(s->len, more, &need) || !ct_add(need, (size_t)1, &need)) {
		s->failed = true;
		return false;
	}
	if (need <= s->cap)
		return true;
	size_t cap = CT_MAX(CT_MAX(need, s->cap * 2), LEAST_CAP);
	char *grown = realloc(s->text, cap);
	if (!grown) {
		s->failed = true;
		return false;
	}
	s->text = grown;
	s->cap = cap;
	return true;
}

void ct_str_vadd(struct ct_str *s, const char *fmt, va_list args)
{
	va_list again;

	/* Most texts fit into what there is of room. */
	if (!str_reserve(s, LEAST_CAP - 1))
		return;
	size_t room = s->cap - s->len;
	va_copy(again, args);
	int len = vsnprintf(s->text + s->len, room, fmt, args);
	if (len >= 0 && (size_t)len >= room) {
		s->text[s->len] = '\0';
		if (str_reserve(s, (size_t)len))
			vsnprintf(s->text + s->len, (size_t)len + 1, fmt, again);
		else
			len = -1;
	}
	va_end(again);
	if (len > 0)
		s->len += (size_t)len;
}

void ct_str_add(struct ct_str *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(s, fmt, args);
	va_end(args);
}

void ct_str_add_bytes(struct ct_str *s, const char *bytes, size_t len)
{
	if (!str_reserve(s, len))
		return;
	memcpy(s->text + s->len, bytes, len);
	s->len += len;
	s->text[s->len] = '\0';
}

void ct_str_add_text(struct ct_str *s, const char *text)
{
	ct_str_add_bytes(s, text, strlen(text));
}

/* The digits of a number before which stands a text of at most two letters. */
static void add_number(struct ct_str *s, const char *before, uint64_t number, unsigned base)
{
	char text[2 + 20], *at = text + sizeof(text);

	do
		*--at = "0123456789abcdef"[number % base];
	while (number /= base);
	for (size_t i = strlen(before); i--;)
		*--at = before[i];
	ct_str_add_bytes(s, at, (size_t)(text + sizeof(text) - at));
}

void ct_str_add_int(struct ct_str *s, int64_t number)
{
	add_number(s, number < 0 ? "-" : "", number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
}

void ct_str_add_hex(struct ct_str *s, uint64_t number)
{
	add_number(s, "0x", number, 16);
}

void ct_str_cut(struct ct_str *s, size_t len)
{
	s->len = len;
	if (s->text)
		s->text[len] = '\0';
}

const char *ct_str_text(const struct ct_str *s)
{
	return s->text ? s->text : "";
}

void ct_str_free(struct ct_str *s)
{
	free(s->text);
	*s = (struct ct_str){0};
}

/* Length of the valid UTF-8 sequence at p, which may be printed; 0 when there is none. */
static size_t utf8_length(const unsigned char *p, size_t len)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} rows[] = {
		{0x80, 0x00, 0x20}, {0xe0, 0xc0, 0xa0}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t n = 1; n <= CT_COUNT(rows); n++) {
		if ((p[0] & rows[n - 1].mask) != rows[n - 1].lead)
			continue;
		if (n > len)
			return 0;
		uint32_t code = p[0] & (unsigned char)~rows[n - 1].mask;
		for (size_t i = 1; i < n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (p[i] & 0x3f);
		}
		bool surrogate = code >= 0xd800 && code <= 0xdfff;
		bool bidi =
			(code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
		bool ok = code >= rows[n - 1].least && code <= 0x10ffff && code != 0x7f;
		return ok && !surrogate && !bidi ? n : 0;
	}
	return 0;
}

/* How many bytes at p are printable ASCII: nearly all of nearly every text. */
static size_t plain_length(const unsigned char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= 0x20 && p[n] < 0x7f)
		n++;
	return n;
}

bool ct_str_is_plain(const char *bytes, size_t len)
{
	return plain_length((const unsigned char *)bytes, len) == len;
}

void ct_str_add_clean(struct ct_str *s, const char *bytes, size_t len, size_t max)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t use = CT_MIN(len, max);

	for (size_t i = 0; i < use;) {
		size_t n = plain_length(p + i, use - i);

		if (!n)
			n = utf8_length(p + i, use - i);
		if (n)
			ct_str_add_bytes(s, bytes + i, n);
		else
			ct_str_add(s, "\\x%02x", p[i]);
		i += n ? n : 1;
	}
	if (len > max)
		ct_str_add(s, "…");
}
