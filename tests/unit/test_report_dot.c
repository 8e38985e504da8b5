/* SPDX-License-Identifier: Apache-2.0 */
/* The wait-for graph as Graphviz reads it. */
#include "../report/orders.h"

static void check_dot(struct doc *d, const char *golden)
{
	char *text = doc_write(&d->document, "dot", false);

	doc_check_golden(golden, text);
	free(text);
	doc_free(d);
}

static void test_deadlock(void **state)
{
	(void)state;
	check_dot(doc_orders(0, false), "deadlock.dot");
}

static void test_owner_gone(void **state)
{
	(void)state;
	check_dot(doc_owner_gone(0), "owner-gone.dot");
}

static void test_convoy(void **state)
{
	(void)state;
	check_dot(doc_convoy(0), "convoy.dot");
}

/* Outside of quoted strings nothing of a name may be left: strings end where we end them. */
static void check_quotes(const char *text)
{
	bool quoted = false;

	for (; *text; text++) {
		if (quoted && *text == '\\') {
			text++;
			assert_true(*text);
		} else if (*text == '"') {
			quoted = !quoted;
		} else if (!quoted) {
			assert_null(strstr(text, "evil") == text ? text : NULL);
		} else {
			assert_int_not_equal(*text, '\n');
		}
	}
	assert_false(quoted);
}

static void test_hostile_names(void **state)
{
	struct doc *d = doc_new(0);

	(void)state;
	uint32_t first = doc_thread(d, 1, "\"]; evil [label=\"", CT_NONE);
	uint32_t lock = doc_mutex(d, 0x10, "evil\\", 2);
	doc_wait(d, first, lock);
	doc_hold(d, doc_thread(d, 2, "\\\"evil\n\\N", CT_NONE), lock, CT_NONE);
	doc_finish(d, CT_VERDICT_CLEAN, "evil\" }");
	char *text = doc_write(&d->document, "dot", false);
	check_quotes(text);
	assert_non_null(strstr(text, "label=\"evil\\\\\"]"));
	assert_non_null(strstr(text, "(\\\\\\\"evil\\\\x0a\\\\N)"));
	free(text);
	doc_free(d);
}

static unsigned count(const char *text, const char *needle)
{
	unsigned ret = 0;

	for (; (text = strstr(text, needle)); text++)
		ret++;
	return ret;
}

/* A cap on the boxes, which the title tells; those in the cycle are always drawn. */
static void test_many_actors(void **state)
{
	struct doc *d = doc_new(0);
	uint32_t n = 5000;

	(void)state;
	/* A chain: each waits for what the next one holds; the last two for each other. */
	for (uint32_t i = 0; i < n; i++) {
		uint32_t thread = doc_thread(d, 10 + i, NULL, CT_NONE);
		uint32_t next = i + 1 < n ? i + 1 : n - 2;

		doc_wait(d, thread, doc_mutex(d, 0x500000 + next * 64, NULL, 10 + next));
		doc_hold(d, thread, doc_mutex(d, 0x500000 + i * 64, NULL, 10 + i), CT_NONE);
	}
	doc_finish(d, CT_VERDICT_DEADLOCK, "two of many");
	char *text = doc_write(&d->document, "dot", false);
	assert_int_equal(count(text, "shape=box"), 300);
	assert_non_null(strstr(text, "label=\"thread 5008\", color=red"));
	assert_non_null(strstr(text, "label=\"thread 5009\", color=red"));
	assert_non_null(strstr(text, "\\n4700 more threads are not drawn"));
	assert_int_equal(count(text, "color=red, fontcolor=red, penwidth=2];\n"), 2 + 4);
	free(text);
	doc_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadlock),
		cmocka_unit_test(test_owner_gone),
		cmocka_unit_test(test_convoy),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_many_actors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
