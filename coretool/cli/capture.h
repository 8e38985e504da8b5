/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command writes to the standard streams, kept for a frame: the streams themselves carry the
 * protocol, and a stray print must not break it.
 */
#ifndef CT_CLI_CAPTURE_H
#define CT_CLI_CAPTURE_H

#include "source/pipe_frame.h"

/*
 * Moves standard input and output to new descriptors, *in and *out, and puts unnamed files in the
 * place of standard output and error. Once in the life of the program.
 */
CT_WARN_UNUSED enum ct_status ct_capture_begin(int *in, int *out, struct ct_error *err);
/* Sends what was written since the last time. */
CT_WARN_UNUSED enum ct_status ct_capture_send(struct ct_pipe *pipe);

#endif
