/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What straight code will do with the pointer in a slot of its frame, as the Go compiler writes it
 * for amd64: slots are loaded relative to the stack pointer. Only up to the first branch, call or
 * return: what stands before them is done for sure, once the code goes on.
 */
#ifndef CT_DECODE_SLOT_USE_H
#define CT_DECODE_SLOT_USE_H

#include "base/base.h"

struct ct_slot_use {
	bool through;    /* it loads or stores through the pointer */
	uint64_t passed; /* it calls this function with the pointer as first argument; 0 */
};

/* code: n bytes from pc on; slot: where it is, from the stack pointer at pc. */
struct ct_slot_use ct_slot_use_of(const uint8_t *code, size_t n, uint64_t pc, int64_t slot);

#endif
