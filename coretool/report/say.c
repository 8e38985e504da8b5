/* SPDX-License-Identifier: Apache-2.0 */
#include "report/say.h"

#include <inttypes.h>

#include "rules/words.h"

#define RANGES_SHOWN 6

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* "14-18, 20 and 95 more" */
static void add_ranges(struct ct_str *s, const uint64_t *ids, uint32_t n, bool all)
{
	uint32_t ranges = 0;

	for (uint32_t i = 0; i < n; ranges++) {
		uint32_t end = i + 1;

		if (ranges == RANGES_SHOWN && !all) {
			ct_str_add(s, " and %u more", n - i);
			return;
		}
		while (end < n && ids[end] - ids[end - 1] <= 1)
			end++;
		ct_str_add(s, "%s%" PRIu64, i ? ", " : "", ids[i]);
		if (end - i > 1)
			ct_str_add(s, "%s%" PRIu64, end - i > 2 ? "-" : ", ", ids[end - 1]);
		i = end;
	}
}

void ct_say_actors(struct ct_str *s, struct ct_arena *words, const struct ct_facts *facts,
	const uint32_t *actors, uint32_t n, bool all)
{
	uint32_t goroutines = 0;

	if (n == 1) {
		const char *who = ct_say_actor(words, facts, actors[0]);

		ct_str_add(s, "%s", who ? who : "");
		return;
	}
	uint64_t *ids = ct_arena_new_array(words, n, uint64_t);
	if (!ids)
		return;
	for (uint32_t i = 0; i < n; i++) {
		ids[i] = facts->actors[actors[i]].id;
		goroutines += facts->actors[actors[i]].kind == CT_ACTOR_GOROUTINE;
	}
	if (n)
		qsort(ids, n, sizeof(*ids), by_number);
	ct_str_add(s, "%u %s (", n,
		!goroutines       ? "threads"
		: goroutines == n ? "goroutines"
				  : "threads and goroutines");
	add_ranges(s, ids, n, all);
	ct_str_add(s, ")");
}
