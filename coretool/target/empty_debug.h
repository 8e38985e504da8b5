/* SPDX-License-Identifier: Apache-2.0 */
/* A debug file with nothing in it, to stand in for one that was not found. */
#ifndef CT_TARGET_EMPTY_DEBUG_H
#define CT_TARGET_EMPTY_DEBUG_H

/* A descriptor of an unnamed file that libdw takes for debug information, or -1. */
int ct_empty_debug_open(void);

#endif
