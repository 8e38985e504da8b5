/* SPDX-License-Identifier: Apache-2.0 */
/* A program that probes memory and catches the fault; it lives on. Nothing crashed. */
#include "sample.h"
#include <setjmp.h>

static sigjmp_buf g_back;
static int *volatile g_probe;

static void caught(int number)
{
	siglongjmp(g_back, number);
}

SAMPLE_FRAME static bool readable(const int *address)
{
	if (sigsetjmp(g_back, 1))
		return false;
	return *(volatile const int *)address || true;
}

int main(void)
{
	struct sigaction action = {.sa_handler = caught};

	sigaction(SIGSEGV, &action, NULL);
	if (readable(g_probe))
		sample_fail("null is readable", 0);
	truth_is("absent", "[\"CT105\"]");
	truth_verdict("clean");
	sample_rest(1);
}
