/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: a chain of joins that ends at a sleeper. */
#include "join.h"

int main(void)
{
	start_stages(JOINERS);
	expect_syscall(&g_threads[JOINERS - 1], SAMPLE_SLEEP);
	for (int i = 0; i + 1 < JOINERS; i++)
		truth_root(&g_threads[i], &g_threads[JOINERS - 1]);
	truth_is("absent", "[\"CT120\"]");
	truth_verdict("clean");
	sample_rest(1 + JOINERS);
}
