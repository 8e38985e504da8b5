/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON report and its lines: read back, value by value, and checked against the JSON Schema. */
#include <jansson.h>

#include "../report/orders.h"
#include "base/str.h"

#define FULL (DOC_ANALYZE | CT_SECTION_LOCKS | CT_SECTION_MODULES)

static json_t *read_back(const struct ct_document *document)
{
	json_error_t error;
	char *text = doc_write(document, "json", false);
	json_t *ret = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!ret)
		fail_msg("line %d: %s", error.line, error.text);
	free(text);
	return ret;
}

/* The value at a path such as "actors/0/waits/0/kind", as it stands in the report. */
static const json_t *at(const json_t *value, const char *path)
{
	char key[64];
	int used;

	while (value && *path && sscanf(path, "%63[^/]%n", key, &used) == 1) {
		value = json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10))
					     : json_object_get(value, key);
		path += used + (path[used] == '/');
	}
	return value;
}

static void check(const json_t *report, const char *path, const char *expected)
{
	const json_t *value = at(report, path);
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	if (!text || strcmp(text, expected) != 0)
		fail_msg("%s is %s, not %s", path, text ? text : "absent", expected);
	free(text);
}

static void check_absent(const json_t *report, const char *path)
{
	if (at(report, path))
		fail_msg("%s is there", path);
}

static void test_deadlock(void **state)
{
	struct doc *d = doc_orders(FULL, false);
	json_t *r = read_back(&d->document);

	(void)state;
	check(r, "schema", "\"coretool-report/1\"");
	check(r, "tool", "{\"name\":\"coretool\",\"version\":\"" CT_VERSION "\"}");
	check(r, "target/time", "\"2026-11-23T01:06:12Z\"");
	check(r, "target/still", "true");
	check(r, "target/signal",
		"{\"number\":6,\"name\":\"SIGABRT\",\"code\":\"SI_USER\",\"actor\":\"t:12\","
		"\"sender_pid\":1}");
	check(r, "summary/verdict", "\"deadlock\"");
	check(r, "summary/findings", "{\"P0\":1,\"P1\":0,\"P2\":0,\"ignored\":0}");
	assert_int_equal(json_array_size(at(r, "actors")), 11);
	check(r, "actors/0/id", "\"t:12\"");
	check_absent(r, "actors/0/lwp");
	check(r, "actors/0/syscall",
		"{\"number\":202,\"name\":\"futex\",\"text\":\"futex(0x4060c0, FUTEX_WAIT_PRIVATE, "
		"2, NULL)\"}");
	check(r, "actors/0/waits",
		"[{\"kind\":\"mutex\",\"resource\":\"r:0x4060c0\",\"on\":[\"t:13\"],\"any_of\":"
		"false,"
		"\"timed\":false,\"trust\":\"exact\",\"why\":\"the futex is the lock word of a "
		"mutex\"}]");
	check(r, "actors/0/holds",
		"[{\"resource\":\"r:0x406100\",\"mode\":\"exclusive\",\"trust\":\"exact\",\"why\":"
		"\"the owner "
		"field names this thread, and the lock word is taken\",\"took_frame\":3}]");
	check_absent(r, "actors/0/root"); /* its chain ends in a cycle */
	check(r, "stacks/0/frames/2",
		"{\"pc\":\"0x401200\",\"function\":\"ship_order\",\"module\":\"/usr/sbin/orders\","
		"\"offset\":\"0x1200\",\"file\":\"/src/orders/"
		"orders.c\",\"line\":41,\"inlined\":false,"
		"\"trust\":\"cfi\"}");
	check(r, "stacks/2/actors", "5");
	check(r, "stacks/2/ends", "\"root\"");
	check(r, "resources/0",
		"{\"id\":\"r:0x4060c0\",\"kind\":\"pthread_mutex\",\"address\":\"0x4060c0\","
		"\"name\":"
		"\"g_stock_lock\",\"state\":{\"type\":\"normal\",\"lock\":\"0x2\",\"owner\":13}}");
	check(r, "cycles/0",
		"{\"kind\":\"cycle\",\"timed\":false,\"finding\":0,\"edges\":["
		"{\"waiter\":\"t:12\",\"resource\":\"r:0x4060c0\",\"holder\":\"t:13\",\"trust\":"
		"\"exact\"},"
		"{\"waiter\":\"t:13\",\"resource\":\"r:0x406100\",\"holder\":\"t:12\",\"trust\":"
		"\"exact\"}]}");
	check(r, "modules/1/state", "\"no-symbols\"");
	check(r, "findings/0/actors",
		"[\"t:12\",\"t:13\",\"t:14\",\"t:15\",\"t:16\",\"t:17\",\"t:18\"]");
	check(r, "findings/0/cycles", "[0]");
	check(r, "findings/0/steps/0/frame", "2");
	check(r, "findings/0/ignored_by", "null");
	check(r, "notes/0/code", "\"CT902\"");
	json_decref(r);
	doc_free(d);
}

/* Joins, waits outside of the process, roots; a joined thread is no lock that it holds. */
static void test_convoy(void **state)
{
	struct doc *d = doc_convoy(FULL);
	json_t *r = read_back(&d->document);

	(void)state;
	check(r, "actors/0/waits/0/kind", "\"join\"");
	check(r, "actors/0/waits/0/on", "[\"t:20\"]");
	check(r, "actors/0/root", "\"t:20\"");
	check(r, "actors/1/waits/0",
		"{\"kind\":\"io\",\"any_of\":false,\"timed\":false,\"trust\":\"exact\",\"why\":"
		"\"blocked in read\"}");
	assert_int_equal(json_array_size(at(r, "actors/1/holds")), 1);
	check(r, "actors/1/holds/0/resource", "\"r:0x4060c0\"");
	check(r, "actors/6/root", "\"t:20\"");
	json_decref(r);
	doc_free(d);
}

static void test_owner_gone(void **state)
{
	struct doc *d = doc_owner_gone(FULL);
	json_t *r = read_back(&d->document);

	(void)state;
	check(r, "actors/0/waits/0/owner_gone", "99");
	check(r, "actors/0/waits/0/since_ns", "1500000000");
	check_absent(r, "actors/1/waits/0/since_ns");
	check(r, "actors/0/waits/0/on", "[]"); /* certainly none */
	check_absent(r, "actors/0/root");
	check(r, "resources/0/owner_gone", "99");
	check(r, "findings/2/ignored_by", "\"--ignore-top-function\"");
	check(r, "summary/findings/ignored", "1");
	json_decref(r);
	doc_free(d);
}

/* "on" is absent when the holders are not known, as against an empty list. */
static void test_unknown_holder(void **state)
{
	struct doc *d = doc_new(FULL);
	uint32_t lock = doc_mutex(d, 0x10, NULL, 0);

	(void)state;
	ct_sink_get_resource(d->sink, lock)->holders = CT_HOLDERS_UNKNOWN;
	doc_wait(d, doc_thread(d, 1, NULL, CT_NONE), lock);
	doc_finish(d, CT_VERDICT_CLEAN, "");
	json_t *r = read_back(&d->document);
	check_absent(r, "actors/0/waits/0/on");
	json_decref(r);
	doc_free(d);
}

/* Who has it and is not in the way says nothing of who is. */
static void test_holder_that_is_not_in_the_way(void **state)
{
	(void)state;
	for (int unknown = 0; unknown < 2; unknown++) {
		struct doc *d = doc_new(FULL);
		uint32_t lock = doc_mutex(d, 0x10, NULL, 0),
			 waiter = doc_thread(d, 1, NULL, CT_NONE);

		if (unknown)
			ct_sink_get_resource(d->sink, lock)->holders = CT_HOLDERS_UNKNOWN;
		doc_wait(d, waiter, lock);
		ct_sink_hold(d->sink, &(struct ct_hold){.actor = waiter,
					      .resource = lock,
					      .trust = CT_TRUST_EXACT,
					      .waits = true,
					      .why = "told by hand",
					      .took_frame = CT_NONE});
		doc_finish(d, CT_VERDICT_CLEAN, "");
		json_t *r = read_back(&d->document);
		if (unknown)
			check_absent(r, "actors/0/waits/0/on");
		else
			check(r, "actors/0/waits/0/on", "[]");
		json_decref(r);
		doc_free(d);
	}
}

/* Frame indices count inlined frames; the middle of a deep stack is told. */
static void test_stacks(void **state)
{
	struct doc *d = doc_relock(FULL), *damaged = doc_damaged(FULL);
	json_t *r = read_back(&d->document);

	(void)state;
	check(r, "actors/0/lwp", "90031");
	check(r, "actors/0/holds/0/took_frame", "3");
	check(r, "stacks/0/frames/3/function", "\"shop::Ledger::sum_up\"");
	check(r, "stacks/0/frames/3/inlined", "true");
	check(r, "stacks/0/frames/3/pc", "\"0x401900\"");
	check(r, "stacks/0/frames/4/function", "\"shop::Ledger::close\"");
	check(r, "stacks/0/frames/4/inlined", "false");
	check(r, "stacks/0/frames/4/pc", "\"0x401900\"");
	check_absent(r, "stacks/0/frames/5/function");
	check_absent(r, "stacks/0/frames/5/inlined");
	json_decref(r);
	r = read_back(&damaged->document);
	check(r, "stacks/0/skipped", "{\"before\":8,\"frames\":1000}");
	check(r, "stacks/0/ends", "\"truncated\"");
	check(r, "stacks/0/why", "\"the stack's memory is not in the core\"");
	check(r, "stacks/0/frames/1/signal", "true");
	check(r, "stacks/0/frames/11/trust", "\"scan\"");
	check(r, "actors/2/id", "\"t:0@0x7f1000000000\"");
	check_absent(r, "actors/1/stack");
	check(r, "target/partial", "[\"core truncated at 3,145,728 of 9,437,184 bytes\"]");
	check_absent(r, "target/exe");
	json_decref(r);
	doc_free(damaged);
	doc_free(d);
}

static void check_fields(unsigned sections, const char *expected)
{
	struct doc *d = doc_orders(sections, false);
	json_t *r = read_back(&d->document);
	ct_autostr fields = {0};

	for (void *it = json_object_iter(r); it; it = json_object_iter_next(r, it))
		ct_str_add(&fields, "%s%s", fields.len ? " " : "", json_object_iter_key(it));
	assert_string_equal(ct_str_text(&fields), expected);
	json_decref(r);
	doc_free(d);
}

static void test_sections(void **state)
{
	(void)state;
	check_fields(0, "schema tool target summary cycles findings notes");
	check_fields(CT_SECTION_THREADS,
		"schema tool target summary actors stacks cycles findings notes");
	check_fields(CT_SECTION_LOCKS,
		"schema tool target summary actors resources cycles findings notes");
	check_fields(
		CT_SECTION_MODULES, "schema tool target summary cycles modules findings notes");
	check_fields(CT_SECTION_EXPLAIN,
		"schema tool target summary explained actors resources cycles findings notes");
	check_fields(DOC_ANALYZE,
		"schema tool target summary actors stacks resources cycles modules findings notes");
}

/* What is not shown is not referred to. */
static void test_locks_have_no_stacks(void **state)
{
	struct doc *d = doc_orders(CT_SECTION_LOCKS, false);
	json_t *r = read_back(&d->document);

	(void)state;
	check_absent(r, "actors/0/stack");
	check_absent(r, "actors/0/holds/0/took_frame");
	check_absent(r, "findings/0/steps/0/frame");
	json_decref(r);
	doc_free(d);
}

/* Two kinds of resources at one address have two identifiers. */
static void test_twins(void **state)
{
	struct doc *d = doc_new(FULL);
	bool fresh;

	(void)state;
	doc_thread(d, 1, NULL, CT_NONE);
	doc_mutex(d, 0x4060c0, NULL, 0);
	ct_sink_resource(d->sink, "futex", 0x4060c0, &fresh);
	ct_sink_resource(d->sink, "futex", 0x4060c4, &fresh);
	doc_finish(d, CT_VERDICT_CLEAN, "");
	json_t *r = read_back(&d->document);
	check(r, "resources/0/id", "\"r:0x4060c0\"");
	check(r, "resources/1/id", "\"r:0x4060c0@futex\"");
	check(r, "resources/2/id", "\"r:0x4060c4\"");
	json_decref(r);
	doc_free(d);
}

/* Also text that did not come through the facts, and is no UTF-8, makes valid JSON. */
static void test_hostile_names(void **state)
{
	struct doc *d = doc_new(FULL);

	(void)state;
	doc_thread(d, 1, "\"}],\\\n\033\xff</script>\xe2\x82\xac", CT_NONE);
	doc_finish(d, CT_VERDICT_CLEAN, "head\xff\x01\"line");
	json_t *r = read_back(&d->document);
	assert_string_equal(json_string_value(at(r, "actors/0/name")),
		"\"}],\\\\x0a\\x1b\\xff</script>\xe2\x82\xac");
	assert_string_equal(json_string_value(at(r, "summary/headline")), "head\\xff\\x01\"line");
	json_decref(r);
	doc_free(d);
}

static void test_many_actors(void **state)
{
	struct doc *d = doc_new(FULL);
	uint32_t lock = doc_mutex(d, 0x4060c0, "g_lock", 1);

	(void)state;
	doc_hold(d, doc_thread(d, 1, "holder", CT_NONE), lock, CT_NONE);
	orders_takers(d, 100, 9999, lock);
	doc_finish(d, CT_VERDICT_CLEAN, "no deadlock");
	json_t *r = read_back(&d->document);
	assert_int_equal(json_array_size(at(r, "actors")), 10000);
	assert_int_equal(json_array_size(at(r, "stacks")), 1);
	check(r, "stacks/0/actors", "9999");
	check(r, "actors/9999/id", "\"t:10098\"");
	check(r, "actors/9999/waits/0/on", "[\"t:1\"]");
	json_decref(r);
	doc_free(d);
}

/* The same records, each with its type and index. */
static void test_ndjson(void **state)
{
	struct doc *d = doc_orders(FULL, false);
	json_t *r = read_back(&d->document);
	char *text = doc_write(&d->document, "ndjson", false), *rest = text;
	unsigned actors = 0, lines = 0;

	(void)state;
	for (char *line; (line = strsep(&rest, "\n")) && *line; lines++) {
		json_t *record = json_loads(line, 0, NULL);
		const char *type = json_string_value(json_object_get(record, "type"));

		assert_non_null(type);
		if (!lines)
			assert_string_equal(type, "report");
		if (!strcmp(type, "actor")) {
			char path[32];

			assert_int_equal(
				json_integer_value(json_object_get(record, "index")), actors);
			snprintf(path, sizeof(path), "actors/%u", actors++);
			json_object_del(record, "type");
			json_object_del(record, "index");
			assert_true(json_equal(record, at(r, path)));
		}
		json_decref(record);
	}
	assert_int_equal(actors, 11);
	assert_int_equal(lines, 1 + 2 + 11 + 5 + 2 + 1 + 3 + 1 + 2);
	free(text);
	json_decref(r);
	doc_free(d);
}

static void test_catalogue(void **state)
{
	static const struct ct_explanation fields[] = {
		{"id", "CT101"}, {"help", NULL}, {"summary", "a circle"}};
	static const struct ct_catalogue_row row = {"rule", fields, CT_COUNT(fields)};
	struct ct_document document = {.kind = CT_DOCUMENT_CATALOGUE, .rows = &row, .n_rows = 1};
	json_t *r = read_back(&document);

	(void)state;
	check(r, "schema", "\"coretool-catalogue/1\"");
	check(r, "rows", "[{\"type\":\"rule\",\"id\":\"CT101\",\"summary\":\"a circle\"}]");
	json_decref(r);
	char *text = doc_write(&document, "ndjson", false);
	assert_non_null(
		strstr(text, "\n{\"type\":\"rule\",\"id\":\"CT101\",\"summary\":\"a circle\"}\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadlock),
		cmocka_unit_test(test_convoy),
		cmocka_unit_test(test_owner_gone),
		cmocka_unit_test(test_unknown_holder),
		cmocka_unit_test(test_holder_that_is_not_in_the_way),
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_locks_have_no_stacks),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_many_actors),
		cmocka_unit_test(test_ndjson),
		cmocka_unit_test(test_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
