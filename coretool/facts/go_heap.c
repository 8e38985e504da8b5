/* SPDX-License-Identifier: Apache-2.0 */
#include "facts/go_heap.h"

#include <math.h>

double ct_go_sample_chance(int64_t rate, double size)
{
	if (rate <= 1)
		return rate == 1;
	return -expm1(-size / (double)rate);
}

/* Packages of the runtime's, and what it allocates by for others. */
static bool is_runtime(const char *function)
{
	return !strncmp(function, "runtime.", 8) || !strncmp(function, "internal/", 9);
}

/* Bytes of the import path: "example.com/shop/store" of "example.com/shop/store.(*Shelf).Add". */
static size_t package_length(const char *function)
{
	size_t end = strcspn(function, "["), at = 0; /* types in brackets have paths, too */

	for (size_t i = 0; i < end; i++)
		if (function[i] == '/')
			at = i;
	return at + strcspn(function + at, ".");
}

static bool same_package(const char *a, const char *b)
{
	size_t len = package_length(a);

	return len == package_length(b) && !strncmp(a, b, len);
}

struct ct_go_place ct_go_place_of(const struct ct_facts *facts, uint32_t stack)
{
	const struct ct_stack *s = &facts->stacks[stack];
	const struct ct_line *runtimes = NULL;
	struct ct_go_place ret = {NULL, NULL};

	for (uint32_t i = 0; i < s->n_frames; i++) {
		const struct ct_site *site = &facts->sites[s->frames[i].site];

		for (uint32_t k = 0; k < site->n_lines; k++) {
			const struct ct_line *line = &site->lines[k];

			if (!line->function || line->wrapper)
				continue;
			if (is_runtime(line->function)) {
				runtimes = runtimes ? runtimes : line;
			} else if (!ret.at) {
				ret.at = line;
			} else if (!same_package(ret.at->function, line->function)) {
				ret.caller = line;
				return ret;
			}
		}
	}
	ret.at = ret.at ? ret.at : runtimes;
	return ret;
}

static const char *say_line(struct ct_arena *arena, const struct ct_line *line)
{
	const char *slash = line->file ? strrchr(line->file, '/') : NULL;

	if (!line->file || !line->line)
		return ct_arena_printf(arena, "%s()", line->function);
	return ct_arena_printf(
		arena, "%s() %s:%u", line->function, slash ? slash + 1 : line->file, line->line);
}

const char *ct_go_say_place(struct ct_arena *arena, const struct ct_go_place *place)
{
	const char *at = place->at ? say_line(arena, place->at) : "a place that is not known";
	const char *caller = place->caller ? say_line(arena, place->caller) : NULL;

	return caller && at ? ct_arena_printf(arena, "%s for %s", at, caller) : at;
}
