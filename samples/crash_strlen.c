/* SPDX-License-Identifier: Apache-2.0 */
/* The length of a name that is null: the fault is inside of libc's vector code. */
#include "crash.h"

static const char *volatile g_name;

SAMPLE_FRAME static size_t width_of(const char *name)
{
	return strlen(name) + 2;
}

static void *layout(void *arg)
{
	crash_await();
	return width_of(g_name) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "layout", .run = layout};

	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "null-pointer", "width_of", 0);
	crash_go(2);
}
