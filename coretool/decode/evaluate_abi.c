/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How functions are called: C on Linux (System V psABI, 3.2), and Go
 * (src/cmd/compile/abi-internal.md; doc/asm for ABI0). Nothing is preserved in Go but the stack and
 * frame pointers, and r14, which has the goroutine.
 */
#include "decode/evaluate_internal.h"

#define ALL 0xffffu

const struct ct_code_abi ct_code_abi_c = {
	.arguments = {RDI, RSI, RDX, RCX, R8, R9},
	.n_arguments = 6,
	.result = RAX,
	.context = R10,
	.results = 1u << RAX | 1u << RDX,
	.preserved = 1u << RSP | CALLEE_SAVED,
};

const struct ct_code_abi ct_code_abi_go = {
	.arguments = {RAX, RBX, RCX, RDI, RSI, R8, R9, R10, R11},
	.n_arguments = 9,
	.result = RAX,
	.context = RDX,
	.results = ALL & ~(1u << RDX | 1u << RSP | 1u << RBP | 0xfu << R12),
	.preserved = 1u << RSP | 1u << RBP | 1u << R14,
};

const struct ct_code_abi ct_code_abi_go_stack = {
	.result = RAX,
	.context = RDX,
	.preserved = 1u << RSP | 1u << RBP,
};
