/* SPDX-License-Identifier: Apache-2.0 */
#include "source/unpack_data.h"

#include <archive.h>
#include <inttypes.h>

#include "source/sniff.h"
#include "source/temporary.h"

/* An entry under way. */
struct output {
	int fd;
	uint64_t size;
	bool unchecked; /* its first bytes are still to be looked at */
};

static enum ct_status check_core(struct ct_unpacking *u, struct output *out, struct ct_error *err)
{
	uint8_t start[CT_SNIFF_SIZE];
	char text[sizeof(err->text)];
	ssize_t n = pread(out->fd, start, sizeof(start), 0);

	out->unchecked = false;
	if (n < 0)
		n = 0;
	if (ct_sniff_bytes(start, (size_t)n) == CT_SNIFFED_CORE)
		return CT_OK;
	if (archive_filter_count(u->archive) > 1 || n == 0)
		ct_sniff_describe_bytes(start, (size_t)n, u->path, text, sizeof(text));
	else
		ct_sniff_describe(out->fd, u->path, text, sizeof(text));
	return ct_fail(err, CT_BAD_INPUT, "%s", text);
}

/* How much of a block the limit still allows. */
static size_t allowed(struct ct_unpacking *u, size_t len)
{
	uint64_t left = u->limit - u->done;

	if (len <= left)
		return len;
	u->ended = true;
	ct_str_add(&u->damage,
		"unpacking stopped at the limit of %" PRIu64 " bytes (--max-unpacked)", u->limit);
	return (size_t)left;
}

static enum ct_status put_block(struct ct_unpacking *u, struct output *out, const void *data,
	size_t len, int64_t at, struct ct_error *err)
{
	enum ct_status status;
	uint64_t end;

	if (at < 0 || !ct_add((uint64_t)at, (uint64_t)len, &end))
		return ct_fail(err, CT_BAD_INPUT, "%s: an offset in it is out of range", u->path);
	status = ct_temporary_write(out->fd, data, len, (uint64_t)at, err);
	if (status)
		return status;
	u->done += len;
	out->size = CT_MAX(out->size, end);
	if (!out->unchecked || out->size < CT_SNIFF_SIZE)
		return CT_OK;
	status = ct_temporary_resize(out->fd, out->size, err);
	return status ? status : check_core(u, out, err);
}

static enum ct_status put_all(struct ct_unpacking *u, struct output *out, struct ct_error *err)
{
	const void *data;
	size_t len;
	int64_t at;

	while (!u->ended) {
		int r = archive_read_data_block(u->archive, &data, &len, &at);

		if (r == ARCHIVE_EOF) {
			/* A hole at the end comes as an empty block there. */
			out->size = CT_MAX(out->size, (uint64_t)CT_MAX(at, 0));
			break;
		}
		if (r < ARCHIVE_WARN) {
			const char *why = archive_error_string(u->archive);

			u->ended = true;
			ct_str_add(&u->damage,
				"input cut off or damaged after %" PRIu64 " unpacked bytes (%s)",
				u->done, why ? why : "no reason given");
			break;
		}
		enum ct_status status = put_block(u, out, data, allowed(u, len), at, err);
		if (status)
			return status;
	}
	enum ct_status status = ct_temporary_resize(out->fd, out->size, err);
	if (!status && out->unchecked)
		status = check_core(u, out, err);
	return status;
}

enum ct_status ct_unpack_data(struct ct_unpacking *u, bool is_core, int *ret, struct ct_error *err)
{
	struct output out = {.unchecked = is_core};
	enum ct_status status = ct_temporary_new(&out.fd, err);

	if (status)
		return status;
	status = put_all(u, &out, err);
	if (status)
		close(out.fd);
	else
		*ret = out.fd;
	return status;
}
