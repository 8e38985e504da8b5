/* SPDX-License-Identifier: Apache-2.0 */
#include "source/pipe_frame.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

struct header {
	uint32_t type, length;
	uint64_t value;
};

_Static_assert(sizeof(struct header) == 16, "as docs/gdb-pipe.md has it");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are copied as they are");

void ct_pipe_init(struct ct_pipe *pipe, int in, int out)
{
	*pipe = (struct ct_pipe){.in = in, .out = out};
}

void ct_pipe_free(struct ct_pipe *pipe)
{
	free(pipe->payload);
	*pipe = (struct ct_pipe){.in = -1, .out = -1};
}

CT_PRINTF(2, 3) static enum ct_status break_off(struct ct_pipe *pipe, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (!*pipe->broken)
		vsnprintf(pipe->broken, sizeof(pipe->broken), fmt, args);
	va_end(args);
	return CT_IO;
}

static enum ct_status send_all(struct ct_pipe *pipe, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len) {
		ssize_t n = write(pipe->out, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return break_off(pipe, "gdb does not listen: %s", strerror(errno));
		at += n;
		len -= (size_t)n;
	}
	return CT_OK;
}

enum ct_status ct_pipe_send(struct ct_pipe *pipe, enum ct_pipe_type type, uint64_t value,
	const void *payload, size_t length)
{
	const struct header header = {type, (uint32_t)length, value};

	if (*pipe->broken || pipe->ended)
		return CT_IO;
	if (length > CT_PIPE_MAX_PAYLOAD)
		return break_off(pipe, "a frame of %zu bytes is too long to send", length);
	enum ct_status status = send_all(pipe, &header, sizeof(header));
	return status ? status : send_all(pipe, payload, length);
}

/* Milliseconds of a clock that only goes forward. */
static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* CT_DONE: the other end closed before the first byte. */
static enum ct_status receive_all(struct ct_pipe *pipe, void *to, size_t len, int64_t deadline)
{
	uint8_t *at = to;
	size_t left = len;

	while (left) {
		struct pollfd wait = {.fd = pipe->in, .events = POLLIN};
		int64_t ms = deadline < 0 ? -1 : CT_MAX(deadline - now(), 0);
		int ready = poll(&wait, 1, (int)ms);

		if (ready < 0 && errno == EINTR)
			continue;
		if (!ready)
			return break_off(pipe, "gdb did not answer in time");
		ssize_t n = ready < 0 ? -1 : read(pipe->in, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return break_off(pipe, "nothing can be read from gdb: %s", strerror(errno));
		if (!n && left == len)
			return CT_DONE;
		if (!n)
			return break_off(pipe, "gdb stopped in the middle of a frame");
		at += n;
		left -= (size_t)n;
	}
	return CT_OK;
}

static bool make_room(struct ct_pipe *pipe, size_t length)
{
	if (length < pipe->room)
		return true;
	uint8_t *grown = realloc(pipe->payload, length + 1);
	if (!grown)
		return false;
	pipe->payload = grown;
	pipe->room = length + 1;
	return true;
}

enum ct_status ct_pipe_receive(struct ct_pipe *pipe, int timeout_seconds, struct ct_pipe_frame *ret)
{
	int64_t deadline = timeout_seconds < 0 ? -1 : now() + (int64_t)timeout_seconds * 1000;
	struct header header;

	if (*pipe->broken)
		return CT_IO;
	if (pipe->ended)
		return CT_DONE;
	enum ct_status status = receive_all(pipe, &header, sizeof(header), deadline);
	if (status) {
		pipe->ended = status == CT_DONE;
		return status;
	}
	if (header.length > CT_PIPE_MAX_PAYLOAD)
		return break_off(pipe, "gdb sent a frame of %u bytes; %u are the most",
			header.length, CT_PIPE_MAX_PAYLOAD);
	if (!make_room(pipe, header.length))
		return break_off(pipe, "out of memory");
	status = receive_all(pipe, pipe->payload, header.length, deadline);
	if (status == CT_DONE)
		return break_off(pipe, "gdb stopped in the middle of a frame");
	if (status)
		return status;
	pipe->payload[header.length] = '\0';
	*ret = (struct ct_pipe_frame){header.type, header.length, header.value, pipe->payload};
	return CT_OK;
}

bool ct_pipe_take(struct ct_pipe_reader *r, void *ret, size_t len)
{
	if (len > r->left) {
		r->left = 0;
		return false;
	}
	memcpy(ret, r->at, len);
	r->at += len;
	r->left -= len;
	return true;
}

const char *ct_pipe_take_string(struct ct_pipe_reader *r)
{
	const char *ret = (const char *)r->at;
	const uint8_t *end = r->left ? memchr(r->at, 0, r->left) : NULL;

	if (!end) {
		r->left = 0;
		return NULL;
	}
	r->left -= (size_t)(end + 1 - r->at);
	r->at = end + 1;
	return ret;
}
