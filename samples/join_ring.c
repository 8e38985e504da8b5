/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that join each other in a ring; glibc refuses only the direct pair. */
#include "join.h"

int main(void)
{
	start_stages(0);
	expect_join(&g_threads[JOINERS - 1], &g_threads[0]);
	truth_deadlock(g_threads, JOINERS);
	sample_rest(1 + JOINERS);
}
