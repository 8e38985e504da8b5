/* SPDX-License-Identifier: Apache-2.0 */
#include "base/toml.h"

#include "base/str.h"
#include "base/vec.h"

#define MAX_ITEMS   1000  /* each is compared with those before it */
#define MAX_STRINGS 10000 /* of one array */

struct table {
	const char *name;
	bool dotted; /* made by a dotted key, which no header may reopen */
};

struct reader {
	const char *at, *end;
	const char *name;
	unsigned line;
	const char *prefix; /* of the present table: "" or "rules." */
	struct ct_arena *arena;
	struct ct_error *err;
	CT_VEC(struct ct_toml_item) items;
	CT_VEC(struct table) tables;
};

#define fail(r, ...) fail_at((r), (r)->line, __VA_ARGS__)

CT_PRINTF(3, 4)
static enum ct_status fail_at(const struct reader *r, unsigned line, const char *fmt, ...)
{
	ct_autostr text = {0};
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(&text, fmt, args);
	va_end(args);
	return ct_fail(r->err, CT_BAD_INPUT, "%s:%u: %s", r->name, line, ct_str_text(&text));
}

static enum ct_status no_memory(const struct reader *r)
{
	return ct_fail(r->err, CT_NO_MEMORY, "out of memory");
}

/* The next byte, or -1 at the end. */
static int peek(const struct reader *r)
{
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

static void skip_blanks(struct reader *r)
{
	while (peek(r) == ' ' || peek(r) == '\t')
		r->at++;
}

static void skip_comment(struct reader *r)
{
	if (peek(r) == '#')
		while (r->at < r->end && *r->at != '\n')
			r->at++;
}

/* Over a line's end; false: there is none here. */
static bool take_newline(struct reader *r)
{
	if (peek(r) == '\r' && r->end - r->at > 1 && r->at[1] == '\n')
		r->at++;
	if (peek(r) != '\n')
		return false;
	r->at++;
	r->line++;
	return true;
}

static enum ct_status take_line_end(struct reader *r)
{
	skip_blanks(r);
	skip_comment(r);
	if (peek(r) < 0 || take_newline(r))
		return CT_OK;
	return fail(r, "there is more on this line than a key and its value");
}

static void skip_lines(struct reader *r)
{
	do {
		skip_blanks(r);
		skip_comment(r);
	} while (take_newline(r));
}

static bool is_bare(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* Bare keys joined by dots, without the blanks between them. */
static enum ct_status take_key(struct reader *r, struct ct_str *key)
{
	for (;;) {
		const char *start = r->at;

		while (is_bare(peek(r)))
			r->at++;
		if (r->at == start)
			return fail(r, "a key is needed, of letters, digits, - and _");
		ct_str_add_bytes(key, start, (size_t)(r->at - start));
		skip_blanks(r);
		if (peek(r) != '.')
			return key->failed ? no_memory(r) : CT_OK;
		ct_str_add(key, ".");
		r->at++;
		skip_blanks(r);
	}
}

static void add_utf8(struct ct_str *out, uint32_t code)
{
	char bytes[4];
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n; i-- > 1; code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3f));
	bytes[0] = (char)(leads[n] | code);
	ct_str_add_bytes(out, bytes, n);
}

/* n hexadecimal digits of a character; false: they are none. */
static bool take_code(struct reader *r, unsigned n, uint32_t *ret)
{
	uint32_t code = 0;

	for (unsigned i = 0; i < n; i++, r->at++) {
		static const char digits[] = "0123456789abcdef";
		int c = peek(r) >= 'A' && peek(r) <= 'F' ? peek(r) + 'a' - 'A' : peek(r);
		const char *digit = c > 0 ? strchr(digits, c) : NULL;

		if (!digit)
			return false;
		code = code << 4 | (uint32_t)(digit - digits);
	}
	*ret = code;
	return code && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static enum ct_status take_escape(struct reader *r, struct ct_str *out)
{
	static const char letters[] = "btnfr\"\\", meant[] = "\b\t\n\f\r\"\\";
	const char *letter = peek(r) > 0 ? strchr(letters, peek(r)) : NULL;
	int c = peek(r);
	uint32_t code;

	if (letter) {
		ct_str_add_bytes(out, &meant[letter - letters], 1);
		r->at++;
		return CT_OK;
	}
	r->at += c >= 0;
	if ((c != 'u' && c != 'U') || !take_code(r, c == 'u' ? 4 : 8, &code))
		return fail(r, "no such escape in a string");
	add_utf8(out, code);
	return CT_OK;
}

/* "basic" or 'literal', of one line. */
static enum ct_status take_string(struct reader *r, const char **ret)
{
	ct_autostr text = {0};
	int quote = peek(r);

	if (r->end - r->at >= 3 && r->at[1] == quote && r->at[2] == quote)
		return fail(r, "strings of several lines are not taken here");
	r->at++;
	while (peek(r) != quote) {
		int c = peek(r);

		if (c < 0 || c == '\n')
			return fail(r, "a string does not end on its line");
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return fail(r, "a control character in a string");
		r->at++;
		if (c != '\\' || quote == '\'')
			ct_str_add_bytes(&text, r->at - 1, 1);
		else if (take_escape(r, &text))
			return CT_BAD_INPUT;
	}
	r->at++;
	*ret = ct_arena_strndup(r->arena, ct_str_text(&text), text.len);
	return text.failed || !*ret ? no_memory(r) : CT_OK;
}

static bool is_quote(int c)
{
	return c == '"' || c == '\'';
}

static enum ct_status take_array(struct reader *r, struct ct_toml_item *item)
{
	CT_VEC(const char *) list = {0};
	enum ct_status status = CT_OK;

	r->at++;
	for (;;) {
		skip_lines(r);
		if (peek(r) == ']')
			break;
		const char **slot =
			is_quote(peek(r)) && list.n < MAX_STRINGS ? ct_vec_push(&list) : NULL;
		status = slot ? take_string(r, slot)
			      : fail(r, "an array takes strings, at most %d of them", MAX_STRINGS);
		if (status)
			break;
		skip_lines(r);
		if (peek(r) == ',')
			r->at++;
		else if (peek(r) != ']')
			status = fail(r, "a comma or ] is needed in an array");
		if (status)
			break;
	}
	r->at += !status;
	item->type = CT_TOML_STRINGS;
	item->n_strings = list.n;
	item->strings = ct_arena_copy(r->arena, list.items, list.n * sizeof(*list.items));
	ct_vec_free(&list);
	if (status)
		return status;
	return item->strings || !item->n_strings ? CT_OK : no_memory(r);
}

static enum ct_status take_integer(struct reader *r, struct ct_toml_item *item)
{
	const char *start = r->at;
	bool negative = peek(r) == '-';
	int64_t number = 0;

	item->type = CT_TOML_INTEGER;
	r->at += negative || peek(r) == '+';
	const char *digits = r->at;
	for (; peek(r) >= '0' && peek(r) <= '9'; r->at++)
		if (!ct_mul(number, 10, &number) || !ct_add(number, peek(r) - '0', &number))
			return fail(r, "the number is too large");
	if (r->at == digits || (*digits == '0' && r->at - digits > 1) || is_bare(peek(r)) ||
		peek(r) == '.') {
		r->at = start;
		return fail(
			r, "a value is a string in quotes, a whole number or an array of strings");
	}
	item->number = negative ? -number : number;
	return CT_OK;
}

static enum ct_status take_value(struct reader *r, struct ct_toml_item *item)
{
	if (is_quote(peek(r))) {
		item->type = CT_TOML_STRING;
		return take_string(r, &item->text);
	}
	return peek(r) == '[' ? take_array(r, item) : take_integer(r, item);
}

/* Is the key, or a table that it lies in, a value already; or is it a table itself? */
static enum ct_status check_new(const struct reader *r, const char *key)
{
	size_t len = strlen(key);

	for (uint32_t i = 0; i < r->items.n; i++) {
		const char *other = r->items.items[i].key;
		size_t n = CT_MIN(strlen(other), len);
		int next = strlen(other) < len ? key[n] : other[n];

		if (!strncmp(key, other, n) && (!next || next == '.'))
			return fail(
				r, "'%s' stands in line %u already", key, r->items.items[i].line);
	}
	return CT_OK;
}

static enum ct_status add_table(struct reader *r, const char *name, size_t len, bool dotted)
{
	for (uint32_t i = 0; i < r->tables.n; i++) {
		struct table *t = &r->tables.items[i];

		if (strlen(t->name) != len || strncmp(t->name, name, len) != 0)
			continue;
		return dotted && t->dotted ? CT_OK
					   : fail(r, "there is a table '%s' already", t->name);
	}
	struct table *t = ct_vec_push(&r->tables);
	if (!t)
		return no_memory(r);
	*t = (struct table){ct_arena_strndup(r->arena, name, len), dotted};
	return t->name ? CT_OK : no_memory(r);
}

/* The tables that a dotted key makes: below that of the last header. */
static enum ct_status add_dotted(struct reader *r, const char *key)
{
	for (const char *dot = strchr(key + strlen(r->prefix), '.'); dot;
		dot = strchr(dot + 1, '.')) {
		enum ct_status status = add_table(r, key, (size_t)(dot - key), true);

		if (status)
			return status;
	}
	return CT_OK;
}

static enum ct_status take_item(struct reader *r)
{
	struct ct_toml_item item = {.line = r->line};
	ct_autostr key = {0};

	ct_str_add(&key, "%s", r->prefix);
	enum ct_status status = take_key(r, &key);
	if (status)
		return status;
	if (peek(r) != '=')
		return fail(r, "= is needed behind '%s'", ct_str_text(&key));
	r->at++;
	skip_blanks(r);
	item.key = ct_arena_strndup(r->arena, ct_str_text(&key), key.len);
	status = item.key ? check_new(r, item.key) : no_memory(r);
	if (!status)
		status = add_dotted(r, item.key);
	if (!status)
		status = take_value(r, &item);
	if (!status)
		status = take_line_end(r);
	if (status)
		return status;
	struct ct_toml_item *slot = r->items.n < MAX_ITEMS ? ct_vec_push(&r->items) : NULL;
	if (!slot)
		return fail(r, "there are more than %d keys", MAX_ITEMS);
	*slot = item;
	return CT_OK;
}

static enum ct_status take_header(struct reader *r)
{
	ct_autostr name = {0};

	r->at++;
	if (peek(r) == '[')
		return fail(r, "arrays of tables are not taken here");
	skip_blanks(r);
	enum ct_status status = take_key(r, &name);
	if (status)
		return status;
	if (peek(r) != ']')
		return fail(r, "] is needed behind '%s'", ct_str_text(&name));
	r->at++;
	status = check_new(r, ct_str_text(&name));
	if (!status && r->tables.n >= MAX_ITEMS)
		status = fail(r, "there are more than %d tables", MAX_ITEMS);
	if (!status)
		status = add_table(r, ct_str_text(&name), name.len, false);
	r->prefix = ct_arena_printf(r->arena, "%s.", ct_str_text(&name));
	if (!status && !r->prefix)
		status = no_memory(r);
	return status ? status : take_line_end(r);
}

static enum ct_status read_all(struct reader *r)
{
	for (;;) {
		enum ct_status status;

		skip_lines(r);
		if (peek(r) < 0)
			return CT_OK;
		status = peek(r) == '[' ? take_header(r) : take_item(r);
		if (status)
			return status;
	}
}

/* Line by line: TOML is UTF-8, and has no control characters but tabs and the ends of lines. */
static enum ct_status check_bytes(struct reader *r)
{
	for (const char *line = r->at; line < r->end; r->line++) {
		const char *newline = memchr(line, '\n', (size_t)(r->end - line));
		size_t len = (size_t)((newline ? newline : r->end) - line);
		ct_autostr clean = {0}, tabbed = {0};

		len -= newline && len && line[len - 1] == '\r';
		ct_str_add_bytes(&tabbed, line, len);
		for (size_t i = 0; i < tabbed.len; i++)
			if (tabbed.text[i] == '\t')
				tabbed.text[i] = ' ';
		ct_str_add_clean(&clean, ct_str_text(&tabbed), tabbed.len, tabbed.len);
		if (clean.failed || tabbed.failed)
			return no_memory(r);
		if (clean.len != tabbed.len)
			return fail(r, "control characters, or bytes that are not UTF-8");
		line = newline ? newline + 1 : r->end;
	}
	r->line = 1;
	return CT_OK;
}

enum ct_status ct_toml_read(const char *text, size_t len, const char *name, struct ct_arena *arena,
	const struct ct_toml_item **ret, uint32_t *n, struct ct_error *err)
{
	struct reader r = {.at = text,
		.end = text + len,
		.name = name,
		.line = 1,
		.prefix = "",
		.arena = arena,
		.err = err};
	enum ct_status status = check_bytes(&r);

	if (!status)
		status = read_all(&r);
	if (!status) {
		*n = r.items.n;
		*ret = ct_arena_copy(arena, r.items.items, r.items.n * sizeof(*r.items.items));
		status = *ret || !*n ? CT_OK : no_memory(&r);
	}
	ct_vec_free(&r.items);
	ct_vec_free(&r.tables);
	return status;
}
