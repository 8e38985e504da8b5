/* SPDX-License-Identifier: Apache-2.0 */
#include "source/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#define BLOCK 4096 /* the grain of holes: file systems keep no smaller ones */

static int temporary_in(const char *dir)
{
	char name[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	/* Not every file system has O_TMPFILE (overlayfs of old kernels, NFS). */
	if (snprintf(name, sizeof(name), "%s/coretool.XXXXXX", dir) >= (int)sizeof(name))
		return -1;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

static enum ct_status temporary_new(int *ret, struct ct_error *err)
{
	const char *dir = getenv("TMPDIR");
	int fd = dir && *dir ? temporary_in(dir) : -1;

	if (fd < 0)
		fd = temporary_in("/var/tmp");
	if (fd < 0)
		fd = memfd_create("coretool", MFD_CLOEXEC);
	if (fd < 0)
		return ct_fail(err, CT_IO,
			"no temporary file can be made in /var/tmp: %s; set TMPDIR",
			strerror(errno));
	*ret = fd;
	return CT_OK;
}

/* A bundle takes two for each module; who has more is told so. */
#define RESERVED 256

static struct {
	size_t n;    /* 0: files are made as they are needed */
	size_t next; /* those before it are in use */
	int files[RESERVED];
} reserve;

enum ct_status ct_temporary_reserve(struct ct_error *err)
{
	enum ct_status status = CT_OK;

	while (!status && reserve.n < RESERVED) {
		status = temporary_new(&reserve.files[reserve.n], err);
		reserve.n += !status;
	}
	return status;
}

void ct_temporary_recycle(void)
{
	reserve.next = 0;
}

enum ct_status ct_temporary_new(int *ret, struct ct_error *err)
{
	if (!reserve.n)
		return temporary_new(ret, err);
	if (reserve.next == reserve.n)
		return ct_fail(err, CT_IO, "more than %d files would be unpacked", RESERVED);
	int fd = fcntl(reserve.files[reserve.next++], F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return ct_fail(err, CT_IO, "too many files are open: %s", strerror(errno));
	enum ct_status status = ct_temporary_resize(fd, 0, err);
	if (status)
		close(fd);
	else
		*ret = fd;
	return status;
}

static enum ct_status write_all(
	int fd, const uint8_t *data, size_t len, uint64_t at, struct ct_error *err)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ct_fail(err, CT_IO,
				"unpacking to a temporary file: %s; set TMPDIR to a directory with "
				"room",
				n < 0 ? strerror(errno) : "nothing was written");
		data += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return CT_OK;
}

static bool all_zero(const uint8_t *data, size_t len)
{
	return !data[0] && !memcmp(data, data + 1, len - 1);
}

enum ct_status ct_temporary_write(
	int fd, const void *data, size_t len, uint64_t at, struct ct_error *err)
{
	const uint8_t *bytes = data;
	uint64_t end;
	size_t from = 0; /* of the run that is to be written */

	if (!ct_add(at, (uint64_t)len, &end) || end > INT64_MAX)
		return ct_fail(err, CT_BAD_INPUT, "an offset in the input is out of range");
	for (size_t i = 0; i < len;) {
		size_t n = CT_MIN(len - i, BLOCK - (size_t)((at + i) % BLOCK));

		if (all_zero(bytes + i, n)) {
			enum ct_status status =
				write_all(fd, bytes + from, i - from, at + from, err);

			if (status)
				return status;
			from = i + n;
		}
		i += n;
	}
	return write_all(fd, bytes + from, len - from, at + from, err);
}

enum ct_status ct_temporary_resize(int fd, uint64_t size, struct ct_error *err)
{
	if (size > INT64_MAX || ftruncate(fd, (off_t)size))
		return ct_fail(err, CT_IO, "a temporary file of %llu bytes: %s; set TMPDIR",
			(unsigned long long)size, strerror(size > INT64_MAX ? EFBIG : errno));
	return CT_OK;
}
