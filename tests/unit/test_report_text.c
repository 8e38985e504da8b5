/* SPDX-License-Identifier: Apache-2.0 */
/* The text report, against goldens in tests/report/golden. */
#include "../report/orders.h"

static void check_text(struct doc *d, const char *golden)
{
	char *text = doc_write(&d->document, "text", false);

	doc_check_golden(golden, text);
	assert_null(strstr(text, " \n"));
	assert_null(strchr(text, '\033'));
	free(text);
	doc_free(d);
}

/* The number of the line on which needle stands, from 1; 0: nowhere. */
static unsigned line_of(const char *text, const char *needle)
{
	const char *at = strstr(text, needle);
	unsigned line = 1;

	for (; at && at > text; at--)
		line += at[-1] == '\n';
	return at ? line : 0;
}

static unsigned count_lines(const char *text)
{
	unsigned ret = 0;

	for (; *text; text++)
		ret += *text == '\n';
	return ret;
}

static void test_deadlock(void **state)
{
	(void)state;
	check_text(doc_orders(DOC_ANALYZE, false), "deadlock.txt");
}

static void test_twenty_lines_answer(void **state)
{
	struct doc *d = doc_orders(DOC_ANALYZE, false);
	char *text = doc_write(&d->document, "text", false);

	(void)state;
	assert_int_equal(line_of(text, "deadlock: "), 1);
	assert_in_range(line_of(text, "cancel_order() orders.c:63"), 1, 10);
	assert_in_range(line_of(text, "probably taken in bill_order()"), 1, 10);
	assert_in_range(line_of(text, "5 threads (14-18) wait for g_stock_lock"), 1, 20);
	free(text);
	doc_free(d);
}

static void test_quick(void **state)
{
	(void)state;
	check_text(doc_orders(DOC_ANALYZE, true), "quick.txt");
}

static void test_verbose(void **state)
{
	(void)state;
	check_text(doc_orders(DOC_ANALYZE | CT_SECTION_VERBOSE, false), "verbose.txt");
}

static void test_threads(void **state)
{
	(void)state;
	check_text(doc_orders(CT_SECTION_THREADS | CT_SECTION_ALL_STACKS, false), "threads.txt");
}

static void test_locks(void **state)
{
	(void)state;
	check_text(doc_convoy(CT_SECTION_LOCKS | CT_SECTION_VERBOSE), "locks.txt");
}

static void test_locks_without_holder(void **state)
{
	(void)state;
	check_text(doc_owner_gone(CT_SECTION_LOCKS), "locks-owner-gone.txt");
}

static void test_relock(void **state)
{
	(void)state;
	check_text(doc_relock(DOC_ANALYZE), "relock.txt");
}

static void test_owner_gone(void **state)
{
	(void)state;
	check_text(doc_owner_gone(DOC_ANALYZE), "owner-gone.txt");
}

static void test_convoy(void **state)
{
	(void)state;
	check_text(doc_convoy(DOC_ANALYZE), "convoy.txt");
}

/* The same waits without a finding: what findings do not tell, the chains do. */
static void test_chains(void **state)
{
	struct doc *d = doc_convoy(CT_SECTION_FINDINGS | CT_SECTION_CHAINS);

	(void)state;
	d->document.n_findings = 0;
	d->document.summary.verdict = CT_VERDICT_CLEAN;
	d->document.summary.headline = "no deadlock";
	check_text(d, "chains.txt");
}

static void test_damaged(void **state)
{
	(void)state;
	check_text(doc_damaged(DOC_ANALYZE), "damaged.txt");
}

/* A note that the head of the report tells, with what it is about, is not told again. */
static void test_told_once(void **state)
{
	static const char *const partial[] = {"core.4711: core truncated at 3,145,728 of "
					      "9,437,184 bytes"};
	struct doc *d = doc_damaged(DOC_ANALYZE);

	(void)state;
	d->facts->target.partial = partial;
	char *text = doc_write(&d->document, "text", false);
	const char *once = strstr(text, "core truncated at");
	assert_non_null(once);
	assert_null(strstr(once + 1, "core truncated at"));
	free(text);
	static const char *const other[] = {"core.4712: core truncated at 3,145,728 of "
					    "9,437,184 bytes"};
	d->facts->target.partial = other;
	text = doc_write(&d->document, "text", false);
	once = strstr(text, "core truncated at");
	assert_non_null(once);
	assert_non_null(strstr(once + 1, "core truncated at"));
	free(text);
	doc_free(d);
}

static void test_odd_stacks(void **state)
{
	(void)state;
	check_text(doc_damaged(CT_SECTION_THREADS | CT_SECTION_ALL_STACKS | CT_SECTION_VERBOSE),
		"odd-stacks.txt");
}

static void test_modules(void **state)
{
	struct doc *d = doc_orders(CT_SECTION_MODULES, false);

	(void)state;
	check_text(d, "modules.txt");
}

static void test_modules_missing(void **state)
{
	struct doc *d = doc_orders(CT_SECTION_MODULES | CT_SECTION_MISSING, false);
	char *text = doc_write(&d->document, "text", false);

	(void)state;
	assert_null(strstr(text, "/usr/sbin/orders"));
	assert_non_null(strstr(text, "libc.so.6"));
	assert_non_null(strstr(text, "apt-get install libc6-dbg"));
	free(text);
	doc_free(d);
}

static void test_explain(void **state)
{
	static const struct ct_explanation facts[] = {{"symbol", "g_stock_lock"},
		{"mapping", "/usr/sbin/orders"}, {"held by", "thread 13 (shipping)"}};
	struct doc *d = doc_orders(CT_SECTION_EXPLAIN, false);

	(void)state;
	d->document.explained = 0x4060c0;
	d->document.explanations = facts;
	d->document.n_explanations = CT_COUNT(facts);
	check_text(d, "explain.txt");
}

static const struct ct_explanation rule_fields[] = {{"id", "CT101"}, {"name", "lock-cycle"},
	{"level", "P0"}, {"summary", "threads wait for each other in a circle"},
	{"help", "Each thread waits for what the next one holds."}, {"silent_when", "a chain"}};
static const struct ct_explanation exe_fields[] = {
	{"name", "--exe"}, {"arg", "FILE"}, {"summary", "the program's file"}};
static const struct ct_explanation help_fields[] = {
	{"name", "--help"}, {"short", "-h"}, {"summary", "show help"}, {"help", "in full"}};
static const struct ct_catalogue_row rows[] = {{"rule", rule_fields, CT_COUNT(rule_fields)},
	{"option", exe_fields, CT_COUNT(exe_fields)}, {"rule", rule_fields, CT_COUNT(rule_fields)},
	{"option", help_fields, CT_COUNT(help_fields)}};

static void test_catalogue(void **state)
{
	struct ct_document table = {.kind = CT_DOCUMENT_CATALOGUE, .rows = rows, .n_rows = 4};
	struct ct_document one = {.kind = CT_DOCUMENT_CATALOGUE, .rows = rows, .n_rows = 1};
	char *text = doc_write(&table, "text", false);

	(void)state;
	assert_string_equal(text,
		"rules\n"
		"  CT101  lock-cycle  P0  threads wait for each other in a circle\n"
		"  CT101  lock-cycle  P0  threads wait for each other in a circle\n"
		"\n"
		"options\n"
		"  --exe   FILE      the program's file\n"
		"  --help        -h  show help\n");
	free(text);
	text = doc_write(&one, "text", false);
	assert_string_equal(text, "  id           CT101\n"
				  "  name         lock-cycle\n"
				  "  level        P0\n"
				  "  summary      threads wait for each other in a circle\n"
				  "  help         Each thread waits for what the next one holds.\n"
				  "  silent_when  a chain\n");
	free(text);
}

/* Colour changes nothing but colour. */
static void test_color(void **state)
{
	struct doc *d = doc_orders(DOC_ANALYZE, false);
	char *plain = doc_write(&d->document, "text", false);
	char *colored = doc_write(&d->document, "text", true);
	char *to = colored;

	(void)state;
	assert_memory_equal(colored, "\033[1;31mdeadlock:\033[0m", 20);
	for (const char *from = colored; *from;) {
		if (*from == '\033')
			from += strcspn(from, "m") + 1;
		else
			*to++ = *from++;
	}
	*to = '\0';
	assert_string_equal(colored, plain);
	free(plain);
	free(colored);
	doc_free(d);
}

/* Names out of a core cannot move the cursor, end a line, or be taken for a format. */
static void test_hostile_names(void **state)
{
	struct doc *d = doc_new(DOC_ANALYZE | CT_SECTION_LOCKS | CT_SECTION_MODULES);
	char *long_name = malloc(10001);

	(void)state;
	memset(long_name, 'x', 10000);
	long_name[10000] = '\0';
	uint32_t first = doc_thread(d, 1, "\033[2Jevil\n%s%n\"\\", CT_NONE);
	uint32_t lock = doc_mutex(d, 0x10, "line\r\nbreak\xff\xfe", 2);
	doc_wait(d, first, lock);
	doc_thread(d, 2, long_name,
		doc_stack(d, &(struct doc_frame){0x401000, "%n%n\x9b", "\a.c", 1}, 1));
	doc_hold(d, 1, lock, 0);
	doc_finish(d, CT_VERDICT_CLEAN, "");
	char *text = doc_write(&d->document, "text", false);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		assert_true(*p >= 0x20 || *p == '\n');
	assert_non_null(strstr(text, "\\x1b[2Jevil\\x0a%s%n\"\\"));
	assert_non_null(strstr(text, "line\\x0d\\x0abreak\\xff\\xfe"));
	assert_non_null(strstr(text, "%n%n\\x9b()"));
	free(text);
	free(long_name);
	doc_free(d);
}

/* Ten thousand on one lock are two lines, however many they are. */
static void test_many_threads(void **state)
{
	struct doc *d = doc_new(DOC_ANALYZE);
	uint32_t lock = doc_mutex(d, 0x4060c0, "g_lock", 1);

	(void)state;
	doc_hold(d, doc_thread(d, 1, "holder", CT_NONE), lock, CT_NONE);
	orders_takers(d, 100, 9999, lock);
	doc_finish(d, CT_VERDICT_CLEAN, "no deadlock");
	char *text = doc_write(&d->document, "text", false);
	assert_non_null(strstr(text,
		"Behind thread 1 (holder), which is running: 9999 threads\n"
		"  9999 threads (100-10098) wait for g_lock at take_order() orders.c:77\n"
		"    held by thread 1 (holder)\n"));
	assert_in_range(count_lines(text), 5, 20);
	free(text);
	doc_free(d);
}

/* Each waits for a lock of its own: the group says so, and what it leaves out. */
static void test_many_locks(void **state)
{
	struct doc *d = doc_new(CT_SECTION_THREADS | CT_SECTION_ALL_STACKS);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		orders_takers(d, 10 + i * 2, 1, doc_mutex(d, 0x500000 + i * 64, NULL, 0));
	doc_finish(d, CT_VERDICT_CLEAN, "no deadlock");
	char *text = doc_write(&d->document, "text", false);
	assert_non_null(
		strstr(text, " wait for the mutex at 0x500000, the mutex at 0x500040, the mutex at "
			     "0x500080 and 997 more\n"));
	assert_non_null(strstr(text, "    thread 12 waits for the mutex at 0x500040\n"));
	assert_non_null(
		strstr(text, "… and 984 more that wait for or hold something of their own"));
	assert_in_range(count_lines(text), 10, 40);
	free(text);
	doc_free(d);
}

/* A reader that waits to write holds the lock in two ways: that is one lock. */
static void test_held_in_two_ways(void **state)
{
	struct doc *d = doc_new(CT_SECTION_THREADS | CT_SECTION_ALL_STACKS | CT_SECTION_LOCKS);
	uint32_t holder = doc_thread(d, 1, "upgrader", CT_NONE);
	uint32_t routes = doc_mutex(d, 0x500000, "g_routes", 1);
	uint32_t prices = doc_mutex(d, 0x500040, "g_prices", 1);

	(void)state;
	doc_hold(d, holder, routes, CT_NONE);
	doc_hold(d, holder, routes, CT_NONE);
	doc_hold(d, holder, prices, CT_NONE);
	doc_finish(d, CT_VERDICT_CLEAN, "no deadlock");
	char *text = doc_write(&d->document, "text", false);
	assert_non_null(strstr(text, "; holds g_routes, g_prices\n"));
	assert_non_null(strstr(text, "thread 1 (upgrader) holds 2 locks and "));
	free(text);
	doc_free(d);
}

/* What a message adds to its title stands alone, without the mark that joined them. */
static void test_rest_of_a_message(void **state)
{
	static const char *const messages[] = {"the shop is shut: call the owner",
		"the shop is shut; call the owner", "the shop is shut, call the owner"};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(messages); i++) {
		struct doc *d = doc_new(CT_SECTION_FINDINGS);

		doc_finish(d, CT_VERDICT_STUCK, "something else");
		doc_finding(d, "CT103", "dead-owner", "the shop is shut", messages[i]);
		char *text = doc_write(&d->document, "text", false);
		assert_non_null(strstr(text, "\n  call the owner\n"));
		free(text);
		doc_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadlock),
		cmocka_unit_test(test_twenty_lines_answer),
		cmocka_unit_test(test_quick),
		cmocka_unit_test(test_verbose),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_locks_without_holder),
		cmocka_unit_test(test_relock),
		cmocka_unit_test(test_owner_gone),
		cmocka_unit_test(test_convoy),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_told_once),
		cmocka_unit_test(test_odd_stacks),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_modules_missing),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_catalogue),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_many_locks),
		cmocka_unit_test(test_held_in_two_ways),
		cmocka_unit_test(test_rest_of_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
