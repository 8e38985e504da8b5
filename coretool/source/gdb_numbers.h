/* SPDX-License-Identifier: Apache-2.0 */
/* A core that gdb has open too: its threads have the numbers that gdb gave them. */
#ifndef CT_SOURCE_GDB_NUMBERS_H
#define CT_SOURCE_GDB_NUMBERS_H

#include "source/pipe_frame.h"

/*
 * Puts itself in the place of *source, which it owns from then on: the threads that gdb knows get
 * its numbers. When this fails, *source is closed. The pipe is used only in here.
 */
CT_WARN_UNUSED enum ct_status ct_gdb_number(
	struct ct_pipe *pipe, struct ct_source *source, struct ct_error *err);

#endif
