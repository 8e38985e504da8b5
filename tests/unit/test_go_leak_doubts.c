/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps a leak from being proven: each doubt alone, and none. */
#include "runtime/go/leaks.h"
#include "story.h"

static void without_doubt_it_is_proven(void **state)
{
	const struct ct_go_leak_doubts none = {.gc_phase = "off"};

	(void)state;
	assert_null(ct_go_leak_doubt(&none));
}

static void each_doubt_counts_alone(void **state)
{
	static const struct {
		struct ct_go_leak_doubts doubts;
		const char *words;
	} cases[] = {
		{{.gc_phase = NULL}, "collector is at work"},
		{{.gc_phase = "mark"}, "collector is at work"},
		{{.gc_phase = "off", .running = true}, "goroutines are running"},
		{{.gc_phase = "off", .missed = true}, "finalizers"},
		{{.gc_phase = "off", .to_free = true}, "memory that is free"},
		{{.gc_phase = "off", .guessed = true}, "exact pointer maps"},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		const char *words = ct_go_leak_doubt(&cases[i].doubts);

		assert_non_null(words);
		assert_non_null(strstr(words, cases[i].words));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_doubt_it_is_proven),
		cmocka_unit_test(each_doubt_counts_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
