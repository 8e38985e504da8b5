/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#define CHUNK (256u << 10)

/* An unnamed file at the place of fd. */
static bool replace(int fd, const char *name)
{
	ct_autofd int file = memfd_create(name, MFD_CLOEXEC);

	return file >= 0 && dup2(file, fd) == fd;
}

enum ct_status ct_capture_begin(int *in, int *out, struct ct_error *err)
{
	int from = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int to = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	ct_autofd int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (from < 0 || to < 0 || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
		!replace(STDOUT_FILENO, "output") || !replace(STDERR_FILENO, "complaints")) {
		int why = errno;

		if (from >= 0)
			close(from);
		if (to >= 0)
			close(to);
		return ct_fail(
			err, CT_IO, "the standard streams cannot be moved: %s", strerror(why));
	}
	*in = from;
	*out = to;
	return CT_OK;
}

static enum ct_status send_file(struct ct_pipe *pipe, int fd, uint64_t which)
{
	ct_autofree char *bytes = malloc(CHUNK);
	enum ct_status status = CT_OK;
	off_t at = 0;
	ssize_t n = 0;

	while (bytes && !status && (n = pread(fd, bytes, CHUNK, at)) > 0) {
		status = ct_pipe_send(pipe, CT_PIPE_OUTPUT, which, bytes, (size_t)n);
		at += n;
	}
	/* Both are written through descriptors that share an offset with fd. */
	if (!bytes || n < 0 || ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0)
		return CT_NO_MEMORY;
	return status;
}

enum ct_status ct_capture_send(struct ct_pipe *pipe)
{
	fflush(stdout);
	enum ct_status status = send_file(pipe, STDOUT_FILENO, 1);
	return status ? status : send_file(pipe, STDERR_FILENO, 2);
}
