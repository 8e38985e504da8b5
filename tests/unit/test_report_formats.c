/* SPDX-License-Identifier: Apache-2.0 */
/* ct_write() and the table of formats; the groups that the formats for people share. */
#include "../report/orders.h"
#include "report/groups.h"

static void test_formats_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ct_n_formats; i++) {
		assert_ptr_equal(ct_format_find(ct_formats[i]->name), ct_formats[i]);
		assert_non_null(ct_formats[i]->summary);
		assert_true(ct_formats[i]->documents);
	}
	assert_null(ct_format_find("svg"));
	assert_null(ct_format_find(""));
}

static void check_usage(
	const struct ct_document *document, const char *format, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	struct ct_error err = {0};
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(ct_write(document, format, out, &err), CT_USAGE);
	assert_int_equal(err.status, CT_USAGE);
	assert_string_equal(err.text, expected);
	fclose(out);
	assert_int_equal(size, 0);
	free(text);
}

static void test_wrong_format(void **state)
{
	struct ct_document report = {.kind = CT_DOCUMENT_REPORT};
	struct ct_document catalogue = {.kind = CT_DOCUMENT_CATALOGUE};

	(void)state;
	check_usage(&report, "yaml",
		"there is no format \"yaml\"; formats that can: text, json, ndjson, dot, folded, "
		"gotrace, pprof");
	check_usage(&report, "a\033[2J\n",
		"there is no format \"a\\x1b[2J\\x0a\"; formats that can: text, json, ndjson, dot, "
		"folded, gotrace, pprof");
	check_usage(&catalogue, "dot",
		"this cannot be written in the format \"dot\"; formats that can: text, json, "
		"ndjson");
}

static void test_write(void **state)
{
	struct doc *d = doc_orders(DOC_ANALYZE, false);
	struct ct_error err;
	char *text = NULL, *expected = doc_write(&d->document, "text", false);
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(ct_write(&d->document, "text", out, &err), CT_OK);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	free(expected);
	doc_free(d);
}

/* A disk that is full is an error in every format, not a short report. */
static void test_full_disk(void **state)
{
	struct doc *d = doc_orders(DOC_ANALYZE, false);

	(void)state;
	d->document.kind |= CT_DOCUMENT_STACKS | CT_DOCUMENT_GOROUTINES;
	for (size_t i = 0; i < ct_n_formats; i++) {
		struct ct_error err = {0};
		FILE *out = fopen("/dev/full", "w");

		assert_non_null(out);
		if (!(ct_formats[i]->documents & d->document.kind)) {
			fclose(out);
			continue;
		}
		assert_int_equal(ct_write(&d->document, ct_formats[i]->name, out, &err), CT_IO);
		assert_non_null(strstr(err.text, "could not be written"));
		fclose(out);
	}
	doc_free(d);
}

static void test_groups(void **state)
{
	struct doc *d = doc_orders(0, false);
	struct ct_groups groups;

	(void)state;
	assert_int_equal(ct_groups_make(d->facts, NULL, ct_group_by_stack, &groups), CT_OK);
	assert_int_equal(groups.n, 5);
	assert_int_equal(groups.n_actors, 11);
	assert_int_equal(groups.groups[0].n, 5); /* the largest first */
	assert_int_equal(groups.groups[1].n, 3);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(groups.groups[0].actors[i], 2 + i);
	assert_int_equal(groups.groups[2].actors[0], 0); /* of equals the one that came first */
	ct_groups_free(&groups);

	bool skip[11] = {true};
	assert_int_equal(ct_groups_make(d->facts, skip, ct_group_by_resource, &groups), CT_OK);
	assert_int_equal(groups.n, 2);
	assert_int_equal(groups.n_actors, 6); /* the first is skipped, four wait for nothing */
	assert_int_equal(groups.groups[0].key, 0);
	assert_int_equal(groups.groups[0].n, 5);
	ct_groups_free(&groups);
	doc_free(d);
}

/* Without stacks: those who wait for the same, or do the same, belong together. */
static void test_groups_without_stacks(void **state)
{
	struct doc *d = doc_orders(0, true);
	struct ct_groups groups;

	(void)state;
	assert_int_equal(ct_groups_make(d->facts, NULL, ct_group_by_stack, &groups), CT_OK);
	assert_int_equal(groups.n, 5);
	assert_int_equal(groups.groups[0].n, 5); /* all that wait for g_stock_lock but the one that
						    took the signal */
	assert_int_equal(groups.groups[1].n, 3); /* in epoll_wait */
	ct_groups_free(&groups);
	doc_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_by_name),
		cmocka_unit_test(test_wrong_format),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_groups_without_stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
