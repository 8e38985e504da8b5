/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiler makes of memcpy() with _FORTIFY_SOURCE: the size of the destination goes with it.
 */
#include "crash.h"

extern void *__memcpy_chk(void *to, const void *from, size_t length, size_t room);

static char g_field[16], g_line[100];
static volatile size_t g_length = 60;

SAMPLE_FRAME static void copy_field(size_t length)
{
	__memcpy_chk(g_field, g_line, length, sizeof(g_field));
	SAMPLE_AFTER();
}

static void *csv(void *arg)
{
	crash_await();
	copy_field(g_length);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "csv", .run = csv};

	crash_start(&t);
	truth_crash(&t, SIGABRT, "buffer-overflow", "copy_field",
		",\"message\":\"buffer overflow detected\"");
	crash_go(2);
}
