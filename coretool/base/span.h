/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of time in words: one table of units for all of them. */
#ifndef CT_BASE_SPAN_H
#define CT_BASE_SPAN_H

#include "base/arena.h"

/* A whole number of the largest unit of which there are two, at least of milliseconds. */
struct ct_span {
	int64_t n;
	const char *unit; /* "days" to "ms": one pointer for each */
};

struct ct_span ct_span_of(int64_t ns, bool up); /* ns: 0 or more; up: rounded up, else down */

/* "12 s", "3 min", rounded down: what is said to be at least so long. */
const char *ct_say_duration(struct ct_arena *arena, int64_t ns);
/* The same, rounded up: what is said to be at most so long. */
const char *ct_say_at_most(struct ct_arena *arena, int64_t ns);
/* "60 ms", "1.5 s", "12 min", "40 h": with three digits, to the nearest. */
const char *ct_say_span(struct ct_arena *arena, int64_t ns);

#endif
