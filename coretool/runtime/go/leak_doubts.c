/* SPDX-License-Identifier: Apache-2.0 */
/* Why what nothing was found to reach, as a leaked goroutine, may be reached after all. */
#include "runtime/go/leaks.h"

const char *ct_go_leak_doubt(const struct ct_go_leak_doubts *doubts)
{
	if (!doubts->gc_phase || strcmp(doubts->gc_phase, "off") != 0)
		return "the garbage collector is at work";
	if (doubts->running)
		return "goroutines are running, and may have in their hands what was not "
		       "found yet";
	if (doubts->missed)
		return "not all finalizers, cleanups and weak pointers could be read";
	if (doubts->to_free)
		return "some pointers lead to memory that is free";
	if (doubts->guessed)
		return "not all stacks and objects have their exact pointer maps";
	return NULL;
}
