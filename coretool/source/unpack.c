/* SPDX-License-Identifier: Apache-2.0 */
#include "source/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "source/bundle_read.h"
#include "source/unpack_data.h"

#define DEFAULT_LIMIT (UINT64_C(64) << 30)

/* Where libarchive reads from. */
struct input {
	int fd;
	bool by_position; /* the descriptor's offset is left alone */
	bool any;         /* something was read */
	off_t at;
	uint8_t buffer[256 << 10];
};

/* A FIFO that was opened without waiting has no data yet while its writer is slow, and ends when it
 * has none. */
static ssize_t input_read(struct archive *a, void *data, const void **ret)
{
	struct input *in = data;

	for (;;) {
		ssize_t n = in->by_position ? pread(in->fd, in->buffer, sizeof(in->buffer), in->at)
					    : read(in->fd, in->buffer, sizeof(in->buffer));
		if (n >= 0) {
			in->at += n;
			in->any = in->any || n;
			*ret = in->buffer;
			return n;
		}
		if (errno == EAGAIN) {
			struct pollfd wait = {.fd = in->fd, .events = POLLIN};
			poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			archive_set_error(a, errno, "%s", strerror(errno));
			return -1;
		}
	}
}

/* NULL: out of memory. Formats that would run a program (ARCHIVE_WARN) are left out with the
 * archive that has them. */
static struct archive *archive_new(void)
{
	static int (*const supports[])(struct archive *) = {
		archive_read_support_filter_zstd,
		archive_read_support_filter_xz,
		archive_read_support_filter_gzip,
		archive_read_support_filter_lz4,
		archive_read_support_filter_bzip2,
		archive_read_support_format_tar,
		archive_read_support_format_raw,
		archive_read_support_format_empty,
	};
	struct archive *a = archive_read_new();

	for (size_t i = 0; a && i < CT_COUNT(supports); i++)
		if (supports[i](a) != ARCHIVE_OK) {
			archive_read_free(a);
			return NULL;
		}
	return a;
}

/* The archive behind fd, at its first entry. in must live as long. */
static enum ct_status archive_begin(struct input *in, const char *path, struct archive **ret,
	struct archive_entry **entry, struct ct_error *err)
{
	struct archive *a = archive_new();

	if (!a)
		return ct_fail(err, CT_NO_MEMORY, "%s: libarchive cannot be set up", path);
	int r = archive_read_open(a, in, NULL, input_read, NULL);
	if (r == ARCHIVE_OK)
		r = archive_read_next_header(a, entry);
	if (r == ARCHIVE_OK || r == ARCHIVE_WARN) {
		*ret = a;
		return CT_OK;
	}
	const char *why = archive_error_string(a);
	if (r == ARCHIVE_EOF)
		why = in->any ? "holds nothing, or only zeros"
			      : "is empty, or a pipe that nobody writes to";
	enum ct_status status = ct_fail(err, CT_BAD_INPUT, "%s: %s%s", path,
		r == ARCHIVE_EOF ? "" : "cannot be unpacked: ", why ? why : "no reason given");
	archive_read_free(a);
	return status;
}

static struct input *input_new(int fd, enum ct_sniffed kind)
{
	struct input *in = calloc(1, sizeof(*in));

	if (in) {
		in->fd = fd;
		in->by_position = kind != CT_SNIFFED_STREAM;
	}
	return in;
}

static bool is_tar(struct archive *a)
{
	return (archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
}

static enum ct_status unpack_archive(struct ct_unpacking *u, struct archive_entry *entry,
	struct ct_unpacked *ret, struct ct_error *err)
{
	if (is_tar(u->archive))
		return ct_bundle_read(u, entry, ret, err);
	return ct_unpack_data(u, true, &ret->fd, err);
}

static enum ct_status unpack(int fd, enum ct_sniffed kind, struct ct_unpacking *u,
	struct ct_unpacked *ret, struct ct_error *err)
{
	struct archive_entry *entry;
	struct input *in = input_new(fd, kind);
	enum ct_status status;

	if (!in)
		return ct_fail(err, CT_NO_MEMORY, "%s: out of memory", u->path);
	status = archive_begin(in, u->path, &u->archive, &entry, err);
	if (!status) {
		status = unpack_archive(u, entry, ret, err);
		archive_read_free(u->archive);
	}
	if (!status && u->damage.len) {
		ret->damage = u->damage.text;
		u->damage = (struct ct_str){0};
	}
	ct_str_free(&u->damage);
	free(in);
	return status;
}

enum ct_status ct_unpack(int fd, const char *path, const struct ct_options *options,
	struct ct_unpacked *ret, struct ct_error *err)
{
	struct ct_unpacking u = {
		.path = strcmp(path, "-") ? path : "standard input",
		.limit = options->max_unpacked ? options->max_unpacked : DEFAULT_LIMIT,
	};
	struct ct_unpacked done = {.fd = fd};
	struct stat st;
	enum ct_sniffed kind = ct_sniff(fd);
	enum ct_status status = CT_OK;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		done.time = st.st_mtime;
	if (kind == CT_SNIFFED_COMPRESSED || kind == CT_SNIFFED_TAR ||
		(kind == CT_SNIFFED_STREAM && !isatty(fd))) {
		status = unpack(fd, kind, &u, &done, err);
	} else if (kind != CT_SNIFFED_CORE) {
		char text[sizeof(err->text)];

		ct_sniff_describe(fd, u.path, text, sizeof(text));
		status = ct_fail(err, CT_BAD_INPUT, "%s", text);
	}
	if (!status)
		*ret = done;
	return status;
}

enum ct_sniffed ct_unpack_sniff(int fd)
{
	enum ct_sniffed kind = ct_sniff(fd);
	struct archive *a;
	struct archive_entry *entry;
	const void *data;
	size_t len;
	int64_t at;

	if (kind != CT_SNIFFED_COMPRESSED && kind != CT_SNIFFED_TAR)
		return kind;
	struct input *in = input_new(fd, kind);
	if (!in)
		return CT_SNIFFED_OTHER;
	kind = CT_SNIFFED_OTHER;
	if (!archive_begin(in, "", &a, &entry, NULL)) {
		if (is_tar(a))
			kind = ct_bundle_begins(entry) ? CT_SNIFFED_TAR : CT_SNIFFED_OTHER;
		else if (archive_read_data_block(a, &data, &len, &at) == ARCHIVE_OK && !at)
			kind = ct_sniff_bytes(data, CT_MIN(len, (size_t)CT_SNIFF_SIZE));
		archive_read_free(a);
	}
	free(in);
	return kind;
}
