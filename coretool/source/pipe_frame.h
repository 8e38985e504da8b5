/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames of docs/gdb-pipe.md, on two file descriptors. Whoever is at the other end may send
 * anything and at any time: a frame that breaks the rules, an end or a long silence ends the
 * conversation, and every later call fails with the same text.
 */
#ifndef CT_SOURCE_PIPE_FRAME_H
#define CT_SOURCE_PIPE_FRAME_H

#include "base/base.h"

#define CT_PIPE_VERSION     1
#define CT_PIPE_MAX_PAYLOAD (4u << 20)
#define CT_PIPE_MAX_READ    (2u << 20) /* bytes that one READ asks for */

enum ct_pipe_type {
	CT_PIPE_HELLO = 1,
	CT_PIPE_RUN = 16,
	CT_PIPE_DESCRIBE,
	CT_PIPE_COMPLETE,
	CT_PIPE_FIND,
	CT_PIPE_OUTPUT = 32,
	CT_PIPE_DONE,
	CT_PIPE_PROCESS = 48,
	CT_PIPE_THREADS,
	CT_PIPE_MAPS,
	CT_PIPE_AUXV,
	CT_PIPE_READ,
	CT_PIPE_ANSWER = 64,
	CT_PIPE_FAIL,
};

struct ct_pipe {
	int in, out;
	uint8_t *payload; /* of the last frame that was received, and room behind it for a NUL */
	size_t room;
	bool ended;       /* in an orderly way: the other end closed between two frames */
	char broken[160]; /* why nothing more can be said; "": it can */
};

struct ct_pipe_frame {
	uint32_t type, length;
	uint64_t value;
	const uint8_t *payload; /* a NUL follows; good until the next frame is received */
};

void ct_pipe_init(struct ct_pipe *pipe, int in, int out);
void ct_pipe_free(struct ct_pipe *pipe); /* the descriptors stay open */

/* CT_IO: the conversation is over. */
CT_WARN_UNUSED enum ct_status ct_pipe_send(struct ct_pipe *pipe, enum ct_pipe_type type,
	uint64_t value, const void *payload, size_t length);
/* Waits so long at most, or without end (-1). CT_DONE: the other end closed; CT_IO: it is over. */
CT_WARN_UNUSED enum ct_status ct_pipe_receive(
	struct ct_pipe *pipe, int timeout_seconds, struct ct_pipe_frame *ret);

/* What is left of a payload. A call that wants more than there is gives false, then and for ever.
 */
struct ct_pipe_reader {
	const uint8_t *at;
	size_t left;
};

bool ct_pipe_take(struct ct_pipe_reader *r, void *ret, size_t len);
/* The next string of a list; NULL: there is none. */
const char *ct_pipe_take_string(struct ct_pipe_reader *r);

#endif
