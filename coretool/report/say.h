/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of actors in words, for the formats that people read. */
#ifndef CT_REPORT_SAY_H
#define CT_REPORT_SAY_H

#include "base/str.h"
#include "facts/facts.h"

/*
 * "thread 12 (billing)"; of several "5 threads (14-18)", of many the first ones and how many more,
 * unless all is set. words holds the strings made on the way. Out of memory shows in s or words.
 */
void ct_say_actors(struct ct_str *s, struct ct_arena *words, const struct ct_facts *facts,
	const uint32_t *actors, uint32_t n, bool all);

#endif
