/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

#include <inttypes.h>

static const struct unit {
	int64_t ns;
	unsigned from; /* how many there are at least, of what is said with three digits */
	const char *name;
} units[] = {{INT64_C(86400000000000), 2, "days"}, {INT64_C(3600000000000), 2, "h"},
	{INT64_C(60000000000), 2, "min"}, {INT64_C(1000000000), 1, "s"}, {1000000, 1, "ms"},
	{1000, 1, "us"}};

#define SMALLEST_WHOLE 4 /* ms */

struct ct_span ct_span_of(int64_t ns, bool up)
{
	size_t i = 0;

	while (i < SMALLEST_WHOLE && ns < 2 * units[i].ns)
		i++;
	return (struct ct_span){ns / units[i].ns + (up && ns % units[i].ns != 0), units[i].name};
}

static const char *say(struct ct_arena *arena, struct ct_span span)
{
	return ct_arena_printf(arena, "%" PRId64 " %s", span.n, span.unit);
}

const char *ct_say_duration(struct ct_arena *arena, int64_t ns)
{
	return say(arena, ct_span_of(ns, false));
}

const char *ct_say_at_most(struct ct_arena *arena, int64_t ns)
{
	return say(arena, ct_span_of(ns, true));
}

const char *ct_say_span(struct ct_arena *arena, int64_t ns)
{
	for (size_t i = 0; i < CT_COUNT(units); i++)
		/* Not "1e+03 ms". */
		if ((double)ns >= units[i].from * (double)units[i].ns * 0.9995)
			return ct_arena_printf(
				arena, "%.3g %s", (double)ns / (double)units[i].ns, units[i].name);
	return ct_arena_printf(arena, "%" PRId64 " ns", ns);
}
