/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports against the JSON Schema through tests/report/validate.py, as the goldens are checked; and
 * that the driver refuses what it should. Skipped, with the reason, where python3-jsonschema is
 * missing.
 */
#include "../report/orders.h"
#include "base/str.h"

#define FULL (DOC_ANALYZE | CT_SECTION_LOCKS | CT_SECTION_MODULES)

/* Files for one run of the driver: to start Python costs more than to check a report. */
struct batch {
	char dir[32];
	unsigned n;
};

static void batch_begin(struct batch *b)
{
	*b = (struct batch){.dir = "/tmp/test_report_XXXXXX"};
	assert_non_null(mkdtemp(b->dir));
}

static void batch_add(struct batch *b, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%03u", b->dir, b->n++);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* Runs the driver, removes the files; gives its exit status and what it said, which the caller
 * frees. */
static int batch_end(struct batch *b, const char *schema, char **said)
{
	int here = (int)(strrchr(__FILE__, '/') - __FILE__);
	char command[4096], path[64];
	size_t size = 0;

	snprintf(command, sizeof(command),
		"/usr/bin/python3 %.*s/../report/validate.py %.*s/../../docs/%s.schema.json %s/*",
		here, __FILE__, here, __FILE__, schema, b->dir);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	*said = NULL;
	if (getdelim(said, &size, '\0', pipe) < 0)
		(*said)[0] = '\0';
	int status = pclose(pipe);
	for (unsigned i = 0; i < b->n; i++) {
		snprintf(path, sizeof(path), "%s/%03u", b->dir, i);
		unlink(path);
	}
	rmdir(b->dir);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void need_validator(void)
{
	if (!system("/usr/bin/python3 -c 'import jsonschema' 2>/dev/null"))
		return;
	print_message("skipped: python3-jsonschema is not installed\n");
	skip();
}

static void check_valid(struct batch *b, const char *schema)
{
	char *said;
	int status = batch_end(b, schema, &said);

	if (status)
		fail_msg("%s", said);
	free(said);
}

static void add_reports(struct batch *b, struct doc *d)
{
	static const unsigned sections[] = {FULL, CT_SECTION_THREADS, CT_SECTION_LOCKS,
		CT_SECTION_MODULES | CT_SECTION_EXPLAIN, CT_SECTION_FINDINGS | CT_SECTION_CHAINS};
	static const char *const formats[] = {"json", "ndjson"};

	for (size_t s = 0; s < CT_COUNT(sections); s++)
		for (size_t f = 0; f < CT_COUNT(formats); f++) {
			d->document.sections = sections[s];
			char *text = doc_write(&d->document, formats[f], false);

			batch_add(b, text);
			free(text);
		}
	doc_free(d);
}

static void test_reports_are_valid(void **state)
{
	struct batch b;

	(void)state;
	need_validator();
	batch_begin(&b);
	add_reports(&b, doc_orders(FULL, false));
	add_reports(&b, doc_orders(FULL, true));
	add_reports(&b, doc_relock(FULL));
	add_reports(&b, doc_owner_gone(FULL));
	add_reports(&b, doc_convoy(FULL));
	add_reports(&b, doc_damaged(FULL));
	check_valid(&b, "coretool-report-1");
}

static void test_catalogue_is_valid(void **state)
{
	static const struct ct_explanation fields[] = {{"id", "CT101"}, {"summary", "a circle"}};
	static const struct ct_catalogue_row row = {"rule", fields, CT_COUNT(fields)};
	struct ct_document document = {.kind = CT_DOCUMENT_CATALOGUE, .rows = &row, .n_rows = 1};
	static const char *const formats[] = {"json", "ndjson"};
	struct batch b;

	(void)state;
	need_validator();
	batch_begin(&b);
	for (size_t f = 0; f < CT_COUNT(formats); f++) {
		char *text = doc_write(&document, formats[f], false);

		batch_add(&b, text);
		free(text);
	}
	check_valid(&b, "coretool-catalogue-1");
}

/* One thing wrong with a report: what stands there is replaced; and what the driver says of it. */
static const struct {
	const char *what, *by, *said;
} wrongs[] = {
	{"\"system\":false", "\"sistem\":false", "$.actors[0]: Additional properties"},
	{"\"verdict\":\"deadlock\",", "", "$.summary: 'verdict' is a required property"},
	{"\"trust\":\"exact\"", "\"trust\":\"sure\"", "$.actors[0].waits[0].trust: 'sure'"},
	{"\"pc\":\"0x401200\"", "\"pc\":4198912", "$.stacks[0].frames[2].pc: 4198912"},
	{"\"on\":[\"t:13\"]", "\"on\":[\"t:99\"]", "on: t:99 is not among the actors"},
	{"\"id\":\"t:13\"", "\"id\":\"t:12\"", "actors: t:12 is not unique"},
	{"\"stack\":4", "\"stack\":5", "t:22: stack 5 of 5"},
	{"\"took_frame\":3", "\"took_frame\":7", "t:12: took_frame 7"},
	{"\"cycles\":[0]", "\"cycles\":[1]", "CT101: cycle 1 of 1"},
	{"}\n", "", "Expecting"},
};

static void test_wrong_reports_are_refused(void **state)
{
	struct batch b;
	char *said, line[128];

	(void)state;
	need_validator();
	struct doc *d = doc_orders(FULL, false);
	char *text = doc_write(&d->document, "json", false);
	batch_begin(&b);
	for (size_t i = 0; i < CT_COUNT(wrongs); i++) {
		ct_autostr changed = {0};
		const char *found = strstr(text, wrongs[i].what);

		assert_non_null(found);
		ct_str_add_bytes(&changed, text, (size_t)(found - text));
		ct_str_add(&changed, "%s%s", wrongs[i].by, found + strlen(wrongs[i].what));
		batch_add(&b, ct_str_text(&changed));
	}
	assert_int_equal(batch_end(&b, "coretool-report-1", &said), 1);
	for (unsigned i = 0; i < CT_COUNT(wrongs); i++) {
		snprintf(line, sizeof(line), "%s/%03u: %s", b.dir, i, wrongs[i].said);
		if (!strstr(said, line))
			fail_msg("not said: %s\n%s", line, said);
	}
	free(said);
	free(text);
	doc_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports_are_valid),
		cmocka_unit_test(test_catalogue_is_valid),
		cmocka_unit_test(test_wrong_reports_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
