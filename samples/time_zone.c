/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time zone comes from a pipe that nobody writes to: the first thread that wants the local time
 * waits there with a lock of libc's own, and the others wait for that lock.
 */
#include "holders.h"

#include <sys/stat.h>

enum { CLIENTS = 2 };

SAMPLE_FRAME static void stamp(void)
{
	time_t now = time(NULL);
	struct tm tm;

	tzset();
	localtime_r(&now, &tm);
}

static void *client(void *arg)
{
	stamp();
	return arg;
}

int main(void)
{
	struct sample_thread first = {.name = "first", .run = client};
	struct sample_thread others[CLIENTS] = {};
	char path[4096], zone[4200];

	if (!getcwd(path, sizeof(path) - 16))
		sample_cannot("getcwd");
	strcat(path, "/zone");
	if (mkfifo(path, 0600))
		sample_cannot("mkfifo");
	snprintf(zone, sizeof(zone), ":%s", path);
	setenv("TZ", zone, 1);
	sample_start(&first);
	expect_syscall(&first, SYS_openat);
	for (int i = 0; i < CLIENTS; i++) {
		others[i] = (struct sample_thread){.name = "client", .run = client};
		sample_start(&others[i]);
		struct sample_call call = sample_await(others[i].tid, SYS_futex, SAMPLE_ANY);
		truth_call(&others[i], &call);
		truth_wait(&others[i], "libc-lock", (void *)call.args[0], NULL, &first, false);
		truth_inferred(&first, (void *)call.args[0], "exclusive", true);
		truth_function(&others[i], "stamp");
		truth_root(&others[i], &first);
	}
	truth_is("quiet", "true");
	sample_rest(2 + CLIENTS);
}
