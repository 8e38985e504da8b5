/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "cli/cli.h"

/* Nothing that is opened later may become a standard stream; a closed one gives errors, not
 * surprises. */
static void fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* A process has more modules than the customary 1024 descriptors, and each may be two files. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	fill_standard_streams();
	allow_many_files();
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error like others */
	return ct_cli_main(argc, argv);
}
