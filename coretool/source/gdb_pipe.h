/* SPDX-License-Identifier: Apache-2.0 */
/* A process that gdb has stopped as a source: what is asked of it goes through docs/gdb-pipe.md. */
#ifndef CT_SOURCE_GDB_PIPE_H
#define CT_SOURCE_GDB_PIPE_H

#include "source/pipe_frame.h"

/*
 * Asks gdb for process, threads and maps. block: the most bytes of one read that gdb is asked for;
 * 0: the default. The pipe is borrowed, and used by nobody else while a call of the source is under
 * way. CT_IO: gdb has no answer, or the conversation is over; the text says which.
 */
CT_WARN_UNUSED enum ct_status ct_gdb_open(
	struct ct_pipe *pipe, uint64_t block, struct ct_source *ret, struct ct_error *err);

#endif
