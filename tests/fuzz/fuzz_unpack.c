/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed input and bundles: what unpacks is bounded, what fails says why. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/base.h"
#include "source/unpack.h"

#define LIMIT (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static void check_unpacked(const struct ct_unpacked *got, int fd)
{
	static const uint8_t id[20] = {0xaa, 0xaa, 0xaa};
	struct stat st;

	check(!fstat(got->fd, &st), "the file is open");
	check(got->fd == fd || st.st_size <= LIMIT, "the file is within the limit");
	/* It is the bundle's own: nothing to close. */
	check(got->bundle || ct_bundle_file(got->bundle, id, sizeof(id), false) < 0, "no bundle");
}

/* Descriptors are given out lowest first, so that a lost one shows. */
static int next_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ct_options options = {.max_unpacked = LIMIT};
	struct ct_error err = {0};
	struct ct_unpacked got;
	int before = next_fd(), fd = memfd_create("packed", MFD_CLOEXEC);

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size, "the input is written");
	(void)ct_unpack_sniff(fd);
	if (ct_unpack(fd, "packed", &options, &got, &err)) {
		check(err.text[0], "a failure says why");
	} else {
		check_unpacked(&got, fd);
		if (got.fd != fd)
			close(got.fd);
		free(got.damage);
		ct_bundle_close(got.bundle);
	}
	close(fd);
	check(next_fd() == before, "no descriptor stays open");
	return 0;
}
