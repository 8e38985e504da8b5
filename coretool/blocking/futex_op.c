/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/futex_op.h"

enum { PRIVATE = 0x80, REALTIME = 0x100 };

struct ct_futex_op ct_futex_op_decode(uint64_t op)
{
	static const struct {
		const char *name;
		bool waits, pi, absolute;
	} commands[] = {
		[CT_FUTEX_WAIT] = {.name = "FUTEX_WAIT", .waits = true},
		[CT_FUTEX_WAKE] = {.name = "FUTEX_WAKE"},
		[2] = {.name = "FUTEX_FD"},
		[3] = {.name = "FUTEX_REQUEUE"},
		[4] = {.name = "FUTEX_CMP_REQUEUE"},
		[5] = {.name = "FUTEX_WAKE_OP"},
		[CT_FUTEX_LOCK_PI] = {"FUTEX_LOCK_PI", .waits = true, .pi = true, .absolute = true},
		[7] = {.name = "FUTEX_UNLOCK_PI", .pi = true},
		[8] = {.name = "FUTEX_TRYLOCK_PI", .pi = true},
		[CT_FUTEX_WAIT_BITSET] = {"FUTEX_WAIT_BITSET", .waits = true, .absolute = true},
		[10] = {.name = "FUTEX_WAKE_BITSET"},
		[CT_FUTEX_WAIT_REQUEUE_PI] = {"FUTEX_WAIT_REQUEUE_PI", .waits = true,
			.absolute = true},
		[12] = {.name = "FUTEX_CMP_REQUEUE_PI", .pi = true},
		[CT_FUTEX_LOCK_PI2] = {"FUTEX_LOCK_PI2", .waits = true, .pi = true,
			.absolute = true},
	};
	uint32_t word = (uint32_t)op; /* an int of the kernel's: the upper half does not count */
	struct ct_futex_op ret = {
		.op = word & ~(uint32_t)(PRIVATE | REALTIME),
		.is_private = word & PRIVATE,
		.realtime = word & REALTIME,
	};

	if (ret.op < CT_COUNT(commands)) {
		ret.name = commands[ret.op].name;
		ret.waits = commands[ret.op].waits;
		ret.pi = commands[ret.op].pi;
		ret.absolute = commands[ret.op].absolute;
	}
	return ret;
}

enum ct_status ct_futex_decode(
	const struct ct_arch *arch, const struct ct_syscall *call, struct ct_futex_op *ret)
{
	const char *name = call->number_known ? ct_syscall_name(arch, call->number) : NULL;

	if (!name || strcmp(name, "futex") != 0)
		return CT_NOT_FOUND;
	*ret = ct_futex_op_decode(call->args[1]);
	return CT_OK;
}
