/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of programs that bring tables of their own kind, such as Go's. */
#ifndef CT_TARGET_FRAME_SHAPE_H
#define CT_TARGET_FRAME_SHAPE_H

#include "base/base.h"

/* The caller's stack pointer is size bytes above this frame's; the return address is right below.
 */
struct ct_frame_shape {
	uint32_t size;
	bool root;         /* there is no caller */
	bool saves_fp;     /* the caller's frame pointer stands right below the return address */
	bool exact_caller; /* nobody called it: the return address is where the caller was
			      interrupted */
};
typedef bool ct_frame_shaper(void *arg, uint64_t pc, struct ct_frame_shape *ret);

#endif
