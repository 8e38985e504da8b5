/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of an OpenMP team, told of by a thread that is none of them. */
#ifndef OMP_H
#define OMP_H

#include "nameless.h"

#include <omp.h>

enum { TEAM = 3 };

static struct sample_thread g_team[TEAM] = {
	{.name = "first"}, {.name = "second"}, {.name = "third"}};

/* run(arg) in a thread of its own, whose team then works while main looks on. */
static inline void team_start(void *(*run)(void *))
{
	static struct sample_thread leader = {.name = "leader"};

	leader.run = run;
	sample_start(&leader);
	for (int i = 0; i < TEAM; i++)
		sample_await_enter(&g_team[i]);
}

#endif
