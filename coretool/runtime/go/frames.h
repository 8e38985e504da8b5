/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_RUNTIME_GO_FRAMES_H
#define CT_RUNTIME_GO_FRAMES_H

#include "runtime/go/go.h"
#include "target/frame_shape.h"

/* For ct_unwinder_shape(); arg: a struct ct_go. */
bool ct_go_frame_shape(void *arg, uint64_t pc, struct ct_frame_shape *ret);

#endif
