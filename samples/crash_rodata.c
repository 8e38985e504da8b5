/* SPDX-License-Identifier: Apache-2.0 */
/* A string literal is written. */
#include "crash.h"
#include <ctype.h>

static const char g_greeting[] = "hello, customer";
static char *volatile g_text;

SAMPLE_FRAME static void capitalise(char *text)
{
	text[0] = 'H';
	SAMPLE_AFTER();
}

static void *greeter(void *arg)
{
	crash_await();
	capitalise(g_text);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "greeter", .run = greeter};

	g_text = (char *)(uintptr_t)g_greeting;
	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "write-to-read-only", "capitalise", (uintptr_t)g_greeting);
	crash_go(2);
}
