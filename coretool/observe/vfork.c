/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has called vfork() sleeps until its child calls exec or exits. The kernel lets nothing
 * interrupt that but the end (kernel/fork.c, wait_for_vfork_done), so that no debugger can stop it,
 * and in a core the call has its result already: the child's number. The thread has not run since.
 */
#include "observe/internal.h"

#define CLONE_VFORK_FLAG UINT64_C(0x4000) /* CLONE_VFORK of <linux/sched.h> */
#define MOST_PID         (UINT64_C(4) << 20)

/* Does the call make a child, and wait for it so? clone3 has its flags in memory. */
static bool waits_for_child(struct ct_observation *o, const struct ct_syscall *call)
{
	const char *name = ct_syscall_name(ct_target_arch(o->target), call->number);
	uint64_t flags;

	if (!name)
		return false;
	if (!strcmp(name, "clone"))
		return (call->args[0] & CLONE_VFORK_FLAG) != 0;
	if (!strcmp(name, "clone3"))
		return !ct_read_u64(o->target, call->args[0], &flags) && flags & CLONE_VFORK_FLAG;
	return !strcmp(name, "vfork");
}

bool ct_observe_vfork(struct ct_observation *o, struct ct_blocked *blocked)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	struct ct_syscall call;
	uint64_t result;

	if (!arch->returning || !arch->returning(blocked->regs, &call, &result) || !result ||
		result > MOST_PID || !waits_for_child(o, &call))
		return false;
	blocked->call = call;
	blocked->child = (uint32_t)result;
	return true;
}
