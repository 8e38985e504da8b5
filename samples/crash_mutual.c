/* SPDX-License-Identifier: Apache-2.0 */
/* Two functions that call each other without an end. */
#include "crash.h"

SAMPLE_FRAME static int parse_list(int depth);

SAMPLE_FRAME static int parse_value(int depth)
{
	int ret = parse_list(depth + 1);

	SAMPLE_AFTER();
	return ret + 1;
}

SAMPLE_FRAME static int parse_list(int depth)
{
	int ret = depth < 0 ? 0 : parse_value(depth + 1);

	SAMPLE_AFTER();
	return ret + 1;
}

static void *importer(void *arg)
{
	crash_await();
	return parse_list(1) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "importer", .run = importer};

	crash_start(&t);
	truth_crash(&t, SIGSEGV, "stack-overflow", "parse_list",
		",\"recursion\":[\"parse_list\",\"parse_value\"]");
	crash_go(2);
}
