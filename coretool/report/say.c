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

/* "14-18, 20 and 95 more"; prefix: what stands before the first of each range. */
static void add_ranges(
	struct ct_str *s, const char *prefix, const uint64_t *ids, uint32_t n, bool all)
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
		ct_str_add(s, "%s%s%" PRIu64, i ? ", " : "", prefix, ids[i]);
		if (end - i > 1)
			ct_str_add(s, "%s%" PRIu64, end - i > 2 ? "-" : ", ", ids[end - 1]);
		i = end;
	}
}

/* "7" of "2.7", which is the 7th thread of the second process, and "2." */
static uint64_t number_of(const char *number, char *prefix, size_t size)
{
	const char *dot = strrchr(number, '.');
	size_t len = dot ? (size_t)(dot + 1 - number) : 0;

	snprintf(prefix, size, "%.*s", (int)len, number);
	return strtoull(number + len, NULL, 10);
}

void ct_say_actors(struct ct_str *s, struct ct_arena *words, const struct ct_facts *facts,
	const uint32_t *actors, uint32_t n, bool all)
{
	char prefix[16] = "";

	if (n == 1) {
		const char *who = ct_say_actor(words, facts, actors[0]);

		ct_str_add(s, "%s", who ? who : "");
		return;
	}
	if (!facts->actors[actors[n - 1]].id) {
		const char *label = ct_actor_label(facts, actors[0]);

		ct_str_add(s, "%u threads%s%s%s", n, label ? " (" : "", label ? label : "",
			label ? ")" : "");
		return;
	}
	uint64_t *ids = ct_arena_new_array(words, n, uint64_t);
	if (!ids)
		return;
	for (uint32_t i = 0; i < n; i++) {
		const struct ct_actor *actor = &facts->actors[actors[i]];

		ids[i] = facts->say_numbers && ct_actor_number(actor)
				 ? number_of(ct_actor_number(actor), prefix, sizeof(prefix))
				 : actor->id;
	}
	if (n)
		qsort(ids, n, sizeof(*ids), by_number);
	ct_str_add(s, "%u %s (", n, ct_say_kind(facts, actors, n));
	add_ranges(s, prefix, ids, n, all);
	ct_str_add(s, ")");
}
