/* SPDX-License-Identifier: Apache-2.0 */
/* Two views told by hand and what is said of them; reports from anybody. */
#include "story.h"

#include "base/str.h"
#include "report/view_json.h"
#include "rules/diff.h"
#include "rules/leak_ignore.h"

static const char report[] =
	"{\"schema\": \"coretool-report/1\", \"target\": {\"pid\": 7, \"exe\": \"/bin/shop\"},"
	"\"summary\": {\"verdict\": \"stuck\", \"headline\": \"h\", \"threads\": 3},"
	"\"actors\": [{\"id\": \"t:1\", \"name\": \"main\", \"stack\": 0, \"holds\": "
	"[{\"resource\": \"r:0x10\"}]},"
	" {\"id\": \"t:2\", \"start\": \"client\", \"stack\": 1, \"waits\": [{\"kind\": \"mutex\", "
	"\"resource\": \"r:0x10\"}]},"
	" {\"id\": \"t:3\", \"start\": \"client\", \"stack\": 1, \"waits\": [{\"kind\": \"mutex\", "
	"\"resource\": \"r:0x10\"}]}],"
	"\"stacks\": [{\"frames\": [{\"function\": \"main\", \"module\": \"/bin/shop\", "
	"\"offset\": \"0x12\"}]},"
	" {\"frames\": [{\"function\": \"futex\", \"module\": \"/lib/libc.so.6\"},"
	"  {\"function\": \"guard\", \"module\": \"/bin/shop\", \"inlined\": true},"
	"  {\"function\": \"serve<int>\", \"module\": \"/bin/shop\"}, {\"function\": \"serve\", "
	"\"module\": \"/bin/shop\"},"
	"  {\"module\": \"/bin/shop\", \"offset\": \"0x99\"}]}],"
	"\"resources\": [{\"id\": \"r:0x10\", \"kind\": \"pthread_mutex\", \"address\": \"0x10\"}],"
	"\"modules\": [{\"path\": \"/lib/libc.so.6\"}],"
	"\"findings\": [{\"rule\": \"CT120\", \"name\": \"n\", \"level\": \"P2\", \"confidence\": "
	"\"likely\","
	" \"title\": \"t\", \"actors\": [\"t:2\"], \"fingerprint\": \"0123456789abcdef\", "
	"\"ignored_by\": null}]}";

static const char go_report[] =
	"{\"schema\": \"coretool-report/1\", \"target\": {\"pid\": 7, \"exe\": \"/bin/shop\"},"
	"\"summary\": {\"verdict\": \"clean\", \"headline\": \"h\", \"threads\": 2, "
	"\"goroutines\": "
	"6},"
	"\"actors\": [{\"id\": \"t:1\", \"kind\": \"thread\", \"system\": true, \"stack\": 1},"
	" {\"id\": \"t:2\", \"kind\": \"thread\", \"runs\": \"g:5\", \"stack\": 0},"
	" {\"id\": \"g:5\", \"kind\": \"goroutine\", \"state\": \"running\", \"stack\": 0,"
	"  \"created_by\": {\"function\": \"main.main\"}},"
	" {\"id\": \"g:6\", \"kind\": \"goroutine\", \"state\": \"waiting\", \"wait_reason\": "
	"\"sleep\","
	"  \"stack\": 1}],"
	"\"groups\": [{\"key\": {\"state\": \"waiting\", \"wait\": \"chan-recv\", \"wait_reason\": "
	"\"chan receive\", \"created_by\": \"main.main\"}, \"count\": 4, \"stack\": 0}],"
	"\"stacks\": [{\"frames\": [{\"function\": \"runtime.gopark\", \"module\": \"/bin/shop\"},"
	"  {\"function\": \"main.take\", \"module\": \"/bin/shop\", \"inlined\": true},"
	"  {\"function\": \"main.serve\", \"module\": \"/bin/shop\"},"
	"  {\"function\": \"runtime.goexit\", \"module\": \"/bin/shop\"}]},"
	" {\"frames\": [{\"function\": \"runtime.forcegchelper\", \"module\": \"/bin/shop\"}]}],"
	"\"pools\": [{\"name\": \"main.p\", \"objects\": 2, \"bytes\": 64}, {\"new\": \"main.f\", "
	"\"objects\": 1, \"bytes\": 8}],"
	"\"heap\": {\"types\": [{\"name\": \"main.t\", \"objects\": 2, \"bytes\": 32},"
	" {\"name\": \"main.t\", \"objects\": 1, \"bytes\": 16}]}}";

static void a_report_of_goroutines_becomes_a_view(void **state)
{
	struct ct_arena arena = {0};
	struct ct_view view;
	struct ct_error err;

	(void)state;
	assert_int_equal(
		ct_view_of_json(go_report, strlen(go_report), "r", &arena, &view, &err), CT_OK);
	assert_int_equal(view.n_goroutines, 6);
	/* The runtime's own does not count, nor does the thread that runs one. */
	assert_int_equal(view.n_groups, 2);
	assert_int_equal(view.stacks[0].n + view.stacks[1].n, 0);
	assert_int_equal(view.groups[0].n, 1);
	assert_null(view.groups[0].waits);
	assert_int_equal(view.groups[1].n, 4);
	assert_string_equal(view.groups[1].waits, "chan receive");
	assert_string_equal(view.groups[1].kind, "chan-recv");
	assert_string_equal(view.groups[1].creator, "main.main");
	assert_string_equal(view.groups[1].functions,
		"runtime.gopark\nmain.take\nmain.serve\nruntime.goexit\n");
	assert_int_equal(view.n_ids, 1);
	assert_int_equal(view.n_pools, 2);
	assert_string_equal(view.pools[1].name, "main.f");
	assert_int_equal(view.n_types, 1);
	assert_int_equal(view.types[0].bytes, 48);
	ct_arena_free(&arena);
}

#define PLACE "runtime.gopark\nmain.take\nmain.serve\nruntime.goexit\n"

/* What goleak leaves out, by its own list and by what it is told. */
static void leaks_that_are_none(void **state)
{
	static const char *const take[] = {"main.take"}, *const park[] = {"runtime.gopark"},
				 *const begin[] = {"main.serve"};
	static const struct {
		const char *functions, *waits;
		struct ct_policy policy;
		const char *why;
	} rows[] = {
		{PLACE, "chan receive", {0}, NULL},
		{PLACE, "syscall", {0}, "in a system call"},
		{PLACE, NULL, {.ignore_top_function = {take, 1}}, "--ignore-top-function"},
		{PLACE, NULL, {.ignore_top_function = {park, 1}}, NULL},
		{PLACE, NULL, {.ignore_top_function = {begin, 1}}, NULL},
		{PLACE, NULL, {.ignore_any_function = {begin, 1}}, "--ignore-any-function"},
		{PLACE, NULL, {.ignore_created_by = {begin, 1}}, "--ignore-created-by"},
		{PLACE, NULL, {.ignore_created_by = {take, 1}}, NULL},
		/* A closure in it is another function. */
		{"main.take.func1\n", NULL, {.ignore_any_function = {take, 1}}, NULL},
		{"sync.runtime_Semacquire\nsync.(*WaitGroup).Wait\nmain.take\n", NULL,
			{.ignore_top_function = {take, 1}}, "--ignore-top-function"},
		{"runtime.gopark\nruntime.chanrecv1\nmain.main\nruntime.main\nruntime.goexit\n",
			NULL, {0}, "the main goroutine"},
		{"main.TestOrders\ntesting.tRunner\ntesting.(*T).Run.gowrap1\nruntime.goexit\n",
			NULL, {0}, "a running test"},
		{"os/signal.signal_recv\nos/signal.loop\n", NULL, {0}, "os/signal's own"},
		{"os/signal.loop2\n", NULL, {0}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const struct ct_view_group group = {
			.functions = rows[i].functions, .waits = rows[i].waits, .n = 1};
		const char *why = ct_leak_ignored_by(&rows[i].policy, &group);

		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_null(why);
	}
}

static void a_report_becomes_a_view(void **state)
{
	struct ct_arena arena = {0};
	struct ct_view view;
	struct ct_error err;

	(void)state;
	assert_int_equal(ct_view_of_json(report, strlen(report), "r", &arena, &view, &err), CT_OK);
	assert_string_equal(view.verdict, "stuck");
	assert_int_equal(view.n_threads, 3);
	assert_true(view.has_stacks && view.has_locks && !view.partial);
	assert_int_equal(view.n_stacks, 2);
	assert_string_equal(view.stacks[1].key, "futex\nserve\nshop+0x99\n");
	assert_string_equal(view.stacks[1].place, "serve()");
	assert_string_equal(view.stacks[1].waits, "mutex");
	assert_int_equal(view.stacks[1].n, 2);
	assert_int_equal(view.n_locks, 1);
	assert_string_equal(view.locks[0].place, "serve()");
	assert_int_equal(view.locks[0].waiters, 2);
	assert_string_equal(view.locks[0].holder, "thread 1 (main)");
	assert_int_equal(view.n_findings, 1);
	assert_int_equal(view.findings[0].level, CT_P2);
	assert_null(view.findings[0].ignored_by);
	ct_arena_free(&arena);
}

/* Bytes of a report changed, words of it left out or doubled: an answer, and no more than that. */
static unsigned damage(const char *from, size_t len, int rounds)
{
	static const char bytes[] = "{}[]\",:0-9eEtr:xnull ";
	uint64_t seed = 1;
	unsigned good = 0;

	for (int round = 0; round < rounds; round++) {
		struct ct_arena arena = {0};
		struct ct_view view;
		struct ct_error err;
		char *text = malloc(len);

		assert_non_null(text);
		memcpy(text, from, len);
		for (unsigned n = 1 + round % 4; n; n--) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			size_t at = (seed >> 20) % len, size = 1 + (seed >> 50) % 3;

			memset(text + at, bytes[(seed >> 40) % (sizeof(bytes) - 1)],
				CT_MIN(size, len - at));
		}
		enum ct_status status = ct_view_of_json(text, len, "r", &arena, &view, &err);
		assert_true(status == CT_OK || status == CT_BAD_INPUT);
		good += status == CT_OK;
		ct_arena_free(&arena);
		free(text);
	}
	return good;
}

static void damaged_reports(void **state)
{
	(void)state;
	assert_true(damage(report, strlen(report), 30000) > 1000);
	assert_true(damage(go_report, strlen(go_report), 30000) > 1000);
}

static struct ct_document *diff_of(const struct ct_view *old, const struct ct_view *new)
{
	struct ct_document *doc = NULL;
	struct ct_error err;

	assert_int_equal(ct_diff_views(old, new, NULL, false, &doc, &err), CT_OK);
	return doc;
}

#define VIEW                                                                                       \
	.verdict = "clean", .headline = "", .has_stacks = true, .has_locks = true, .pid = 1,       \
	.exe = "/bin/shop"

/* From how many threads to how many in one place, for what they wait; is that a finding? */
static void a_pile_that_grows_is_a_finding(void **state)
{
	static const struct {
		uint32_t before, after;
		const char *waits;
		bool found;
	} rows[] = {
		{0, 16, "mutex", true},
		{8, 16, "mutex", true},
		{8, 16, "rwlock-read", true},
		{9, 16, "mutex", false}, /* not twice as many */
		{1, 15, "mutex", false}, /* few */
		{2, 200, "cond", false}, /* a pool may grow */
		{2, 200, "io", false},
		{2, 200, "join", false},
		{2, 200, NULL, false},
		{200, 2, "mutex", false},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const struct ct_view_stack was = {"a\n", "a()", rows[i].waits, rows[i].before};
		const struct ct_view_stack is = {"a\n", "a()", rows[i].waits, rows[i].after};
		const struct ct_view old = {VIEW, .stacks = &was, .n_stacks = 1};
		const struct ct_view new = {VIEW, .stacks = &is, .n_stacks = 1};
		struct ct_document *doc = diff_of(&old, &new);

		assert_int_equal(doc->diff->n_findings, rows[i].found);
		assert_int_equal(doc->diff->n_new[CT_P2], rows[i].found);
		assert_int_equal(doc->diff->n_stacks, 1);
		ct_document_free(doc);
	}
}

/* What the new core's own findings tell of a pile is not told again; of another pile it is. */
static void a_new_pile_is_told_once(void **state)
{
	const struct ct_view_stack is = {"a\n", "a()", "mutex", 200};
	struct ct_view_finding own = {.rule = "CT122",
		.name = "stack-pile-up",
		.fingerprint = "aa",
		.confidence = "proven",
		.level = CT_P2,
		.n_actors = 200};
	const struct ct_view old = {VIEW, .n_stacks = 0};
	const struct ct_view new = {
		VIEW, .stacks = &is, .n_stacks = 1, .findings = &own, .n_findings = 1};

	(void)state;
	struct ct_document *doc = diff_of(&old, &new);
	assert_int_equal(doc->diff->n_new[CT_P2], 1);
	ct_document_free(doc);
	own.n_actors = 150;
	doc = diff_of(&old, &new);
	assert_int_equal(doc->diff->n_new[CT_P2], 2);
	ct_document_free(doc);
}

/* As many of one fingerprint as were there before are not new; without fingerprints rules count. */
static void findings_go_in_pairs(void **state)
{
	const struct ct_view_finding a = {.rule = "CT101",
		.name = "n",
		.fingerprint = "aa",
		.confidence = "proven",
		.level = CT_P0};
	struct ct_view_finding b = a, quick = a;
	struct ct_view_finding three[3], two[2] = {a, a};

	(void)state;
	b.fingerprint = "bb";
	quick.fingerprint = NULL;
	three[0] = three[2] = a;
	three[1] = b;
	struct ct_view old = {VIEW, .findings = two, .n_findings = 2};
	const struct ct_view new = {VIEW, .findings = three, .n_findings = 3};
	struct ct_document *doc = diff_of(&old, &new);
	assert_int_equal(doc->diff->n_changes[CT_CAME], 1);
	assert_int_equal(doc->diff->n_changes[CT_STAYED], 2);
	assert_string_equal(doc->diff->findings[0].new->fingerprint, "bb");
	assert_string_equal(doc->diff->headline, "clean as before: 1 new finding (CT101 n)");
	ct_document_free(doc);
	doc = diff_of(&new, &old);
	assert_int_equal(doc->diff->n_changes[CT_WENT], 1);
	assert_string_equal(doc->diff->headline, "clean as before: 1 finding less");
	ct_document_free(doc);
	two[0] = quick;
	doc = diff_of(&old, &new);
	assert_int_equal(doc->diff->n_changes[CT_STAYED], 2);
	assert_int_equal(doc->diff->n_notes, 1);
	ct_document_free(doc);
}

/* Nobody knows that two locks without names are one, except by their address in one process. */
static void locks_without_names(void **state)
{
	const struct ct_view_lock was = {.kind = "pthread_mutex", .address = 16, .waiters = 1};
	const struct ct_view_lock is = {.kind = "pthread_mutex", .address = 16, .waiters = 3};
	const struct ct_view old = {VIEW, .locks = &was, .n_locks = 1};
	struct ct_view new = {VIEW, .locks = &is, .n_locks = 1};

	(void)state;
	struct ct_document *doc = diff_of(&old, &new);
	assert_int_equal(doc->diff->n_locks, 1);
	assert_int_equal(doc->diff->locks[0].change, CT_GREW);
	ct_document_free(doc);
	new.pid = 2;
	doc = diff_of(&old, &new);
	assert_int_equal(doc->diff->n_locks, 0);
	ct_document_free(doc);
}

/* A hundred thousand findings, all alike: the cost stays in proportion. */
static void many_of_one_kind(void **state)
{
	enum { N = 100000 };
	struct ct_view_finding *all = calloc(N, sizeof(*all));

	(void)state;
	assert_non_null(all);
	for (uint32_t i = 0; i < N; i++)
		all[i] = (struct ct_view_finding){
			.rule = "CT101", .name = "n", .fingerprint = "aa", .confidence = "proven"};
	const struct ct_view both = {VIEW, .findings = all, .n_findings = N};
	struct ct_document *doc = diff_of(&both, &both);
	assert_int_equal(doc->diff->n_changes[CT_STAYED], N);
	ct_document_free(doc);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_becomes_a_view),
		cmocka_unit_test(a_report_of_goroutines_becomes_a_view),
		cmocka_unit_test(leaks_that_are_none),
		cmocka_unit_test(damaged_reports),
		cmocka_unit_test(a_pile_that_grows_is_a_finding),
		cmocka_unit_test(a_new_pile_is_told_once),
		cmocka_unit_test(findings_go_in_pairs),
		cmocka_unit_test(locks_without_names),
		cmocka_unit_test(many_of_one_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
