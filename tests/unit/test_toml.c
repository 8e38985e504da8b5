/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/toml.h"

struct read {
	struct ct_arena arena;
	struct ct_error err;
	const struct ct_toml_item *items;
	uint32_t n;
	enum ct_status status;
};

/* From a copy that ends where the text does: a reader that goes on is seen by the sanitizers. */
static struct read read_bytes(const void *bytes, size_t len)
{
	struct read r = {.n = 0};
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	ct_arena_init(&r.arena);
	r.status = ct_toml_read(copy, len, "f", &r.arena, &r.items, &r.n, &r.err);
	free(copy);
	return r;
}

static struct read read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void everything_of_the_subset(void **state)
{
	struct read r = read_text("# a comment\r\n"
				  "name = \"a\\tb\\\"\\\\ \\u00e4 \\U0001F512\" # behind it\n"
				  "gate . P0='c:\\temp'\n"
				  "\n"
				  "[rules]\n"
				  "CT101 = -12\n"
				  "zero = 0\n"
				  "list = [ # of names\n"
				  "\t\"a\",\n"
				  "  'b' , # the second\n"
				  "]\n"
				  "none = []\n"
				  "[ a.b-c_1 ]\n"
				  "x = +7");

	(void)state;
	assert_int_equal(r.status, CT_OK);
	assert_int_equal(r.n, 7);
	assert_string_equal(r.items[0].key, "name");
	assert_string_equal(r.items[0].text, "a\tb\"\\ \xc3\xa4 \xf0\x9f\x94\x92");
	assert_int_equal(r.items[0].line, 2);
	assert_string_equal(r.items[1].key, "gate.P0");
	assert_string_equal(r.items[1].text, "c:\\temp");
	assert_string_equal(r.items[2].key, "rules.CT101");
	assert_int_equal(r.items[2].number, -12);
	assert_int_equal(r.items[3].number, 0);
	assert_int_equal(r.items[4].type, CT_TOML_STRINGS);
	assert_int_equal(r.items[4].n_strings, 2);
	assert_string_equal(r.items[4].strings[1], "b");
	assert_int_equal(r.items[5].n_strings, 0);
	assert_string_equal(r.items[6].key, "a.b-c_1.x");
	assert_int_equal(r.items[6].line, 14);
	ct_arena_free(&r.arena);
}

static void what_is_refused_and_where(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"a", "f:1: = is needed behind 'a'"},
		{"\n\na = ", "f:3: a value is"},
		{"= 1", "f:1: a key is needed"},
		{"a. = 1", "f:1: a key is needed"},
		{"\"a\" = 1", "f:1: a key is needed"},
		{"a = 1 b = 2", "f:1: there is more on this line"},
		{"a = 1\na = 2", "f:2: 'a' stands in line 1 already"},
		{"a = 1\na.b = 2", "f:2: 'a.b' stands in line 1 already"},
		{"a.b = 1\na = 2", "f:2: 'a' stands in line 1 already"},
		{"a.b = 1\n[a]\nc = 1", "f:2: 'a' stands in line 1 already"},
		{"[a]\n[a]", "f:2: there is a table 'a' already"},
		{"[a.b]\n[a]\nb.c = 1", "f:3: there is a table 'a.b' already"},
		{"a = 01", "f:1: a value is"},
		{"a = 1.5", "f:1: a value is"},
		{"a = 1_000", "f:1: a value is"},
		{"a = 0x10", "f:1: a value is"},
		{"a = true", "f:1: a value is"},
		{"a = 2026-11-28", "f:1: a value is"},
		{"a = {b = 1}", "f:1: a value is"},
		{"a = -", "f:1: a value is"},
		{"a = 9223372036854775808", "f:1: the number is too large"},
		{"a = \"b", "f:1: a string does not end"},
		{"a = \"b\n\"", "f:1: a string does not end"},
		{"a = \"\\q\"", "f:1: no such escape"},
		{"a = \"\\ud800\"", "f:1: no such escape"},
		{"a = \"\\u00\"", "f:1: no such escape"},
		{"a = \"\\u0000\"", "f:1: no such escape"},
		{"a = \"\\", "f:1: no such escape"},
		{"a = \"\"\"b\"\"\"", "f:1: strings of several lines"},
		{"a = '''b'''", "f:1: strings of several lines"},
		{"a = [", "f:1: an array takes strings"},
		{"a = [\n1]", "f:2: an array takes strings"},
		{"a = [\"b\" \"c\"]", "f:1: a comma or ] is needed"},
		{"a = [\"b\",,]", "f:1: an array takes strings"},
		{"a = [[\"b\"]]", "f:1: an array takes strings"},
		{"[a", "f:1: ] is needed behind 'a'"},
		{"[]", "f:1: a key is needed"},
		{"[[a]]", "f:1: arrays of tables"},
		{"[a] b = 1", "f:1: there is more on this line"},
		{"a = 1\n# \x01", "f:2: control characters"},
		{"# \xff", "f:1: control characters"},
		{"a = 1\rb = 2", "f:1: control characters"},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct read r = read_text(rows[i].text);

		if (r.status != CT_BAD_INPUT ||
			strncmp(r.err.text, rows[i].error, strlen(rows[i].error)) != 0)
			fail_msg("%s\n%d %s", rows[i].text, r.status, r.err.text);
		ct_arena_free(&r.arena);
	}
}

static void limits(void **state)
{
	size_t len = 0, cap = 200000;
	char *text = malloc(cap);

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 1001; i++)
		len += (size_t)snprintf(text + len, cap - len, "k%d = 1\n", i);
	struct read r = read_bytes(text, len);
	assert_int_equal(r.status, CT_BAD_INPUT);
	ct_arena_free(&r.arena);
	len = (size_t)snprintf(text, cap, "a = [");
	for (int i = 0; i < 10001; i++)
		len += (size_t)snprintf(text + len, cap - len, "'',");
	r = read_bytes(text, len);
	assert_int_equal(r.status, CT_BAD_INPUT);
	ct_arena_free(&r.arena);
	r = read_bytes("a\0 = 1", 6);
	assert_int_equal(r.status, CT_BAD_INPUT);
	ct_arena_free(&r.arena);
	free(text);
}

/* Bytes that mean something to the reader, in any order: it answers, within its bounds. */
static void nonsense(void **state)
{
	static const char bytes[] = "ab.=\"'[]#,\\\n\r\t 01-+u\"\"''[[\n\n";
	uint64_t seed = 4711;
	unsigned good = 0;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		char text[48];
		size_t len = 0;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		size_t want = (seed >> 40) % sizeof(text);
		while (len < want) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			text[len++] = bytes[(seed >> 33) % (sizeof(bytes) - 1)];
		}
		struct read r = read_bytes(text, len);
		assert_true(r.status == CT_OK || r.status == CT_BAD_INPUT);
		good += r.status == CT_OK && r.n;
		ct_arena_free(&r.arena);
	}
	assert_true(good > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_of_the_subset),
		cmocka_unit_test(what_is_refused_and_where),
		cmocka_unit_test(limits),
		cmocka_unit_test(nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
