/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/read_file.h"

#include <errno.h>
#include <sys/stat.h>

#include "report/json_read.h"
#include "source/sniff.h"

enum ct_status ct_read_file(
	const char *path, size_t max, char **ret, size_t *len, struct ct_error *err)
{
	struct stat st;
	ct_autofd int fd = -1;
	enum ct_status status = ct_sniff_open(path, &fd, err);

	if (status)
		return status;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return ct_fail(err, CT_BAD_INPUT, "%s: is not a file", path);
	if ((uint64_t)st.st_size > max)
		return ct_fail(err, CT_BAD_INPUT, "%s: is longer than the %zu bytes that are read",
			path, max);
	size_t size = (size_t)st.st_size, n = 0;
	ct_autofree char *text = malloc(size + 1);
	if (!text)
		return ct_fail(err, CT_NO_MEMORY, "%s: out of memory", path);
	for (ssize_t got = 1; n < size && got > 0; n += (size_t)got)
		if ((got = read(fd, text + n, size - n)) < 0)
			return ct_fail(err, CT_IO, "%s: cannot be read: %s", path, strerror(errno));
	text[n] = '\0';
	*len = n;
	*ret = text;
	text = NULL;
	return CT_OK;
}

bool ct_file_begins_json(const char *path)
{
	struct stat st;
	char start[512];
	ct_autofd int fd = -1;

	if (!strcmp(path, "-") || stat(path, &st) || !S_ISREG(st.st_mode) ||
		ct_sniff_open(path, &fd, NULL))
		return false;
	ssize_t n = pread(fd, start, sizeof(start), 0);
	return n > 0 && ct_json_begins(start, (size_t)n);
}
