/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who sent the signal first. A handler may end the process by raising the signal again, as Go's
 * runtime does with GOTRACEBACK=crash (dieFromSignal() of signal_unix.go), after it has passed
 * another one on to all threads: then the last signal is the process's own, and what the first
 * handler was given tells that another process had sent it.
 */
#include <signal.h>
#include <sys/types.h>

#include "observe/internal.h"

#define MAX_FRAMES 64 /* of one stack */

struct signal_info { /* of the kernel's siginfo_t, the part that a sender's has */
	int32_t number, error, code, pad;
	int32_t pid;
	uint32_t uid;
};

static bool from_outside(const struct signal_info *info, int64_t own_pid)
{
	return info->number > 0 && info->number < NSIG && !info->error && info->pid != own_pid &&
	       info->pid >= 0 && (info->code == SI_USER || info->code == SI_QUEUE);
}

/* One that cannot be read, too. */
static bool is_go(const struct ct_observation *o)
{
	return o->go || o->goroutines;
}

/* What the handlers on the thread's stack were given; false: none of it came from outside. */
static bool look_at_thread(
	struct ct_observation *o, const struct ct_thread *thread, struct ct_regs *regs)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	struct ct_unwound unwound;
	struct signal_info info;

	if (!thread->stopped ||
		ct_unwind_regs(o->unwinder, thread->regs, regs, MAX_FRAMES, &unwound))
		return false;
	o->sender_unknown |= !unwound.root && (is_go(o) || ct_target_process(o->target)->damage);
	size_t whole = unwound.skipped_at ? unwound.skipped_at : unwound.n;
	for (size_t i = 0; i < CT_MIN(whole, (size_t)MAX_FRAMES); i++) {
		if (!unwound.frames[i].is_signal || !(regs[i].known >> arch->sp & 1) ||
			ct_read(o->target, ct_reg(&regs[i], arch->sp) + arch->siginfo, &info,
				sizeof(info)) ||
			!from_outside(&info, ct_target_process(o->target)->pid))
			continue;
		o->sent = true;
		o->sender_pid = info.pid;
		return true;
	}
	return false;
}

static bool has_stack(const struct ct_observation *o, const struct ct_thread *thread)
{
	uint64_t word;

	return !thread->stopped ||
	       !ct_read_u64(o->target, ct_reg(thread->regs, ct_target_arch(o->target)->sp), &word);
}

/* Those who may have been asked first: the one that died; in a Go program all of them. */
enum ct_status ct_observe_sender(struct ct_observation *o)
{
	const struct ct_signal *signal = &ct_target_process(o->target)->signal;
	size_t n = ct_target_n_threads(o->target);
	ct_autofree struct ct_regs *regs = NULL;

	o->sent = signal->sent;
	o->sender_pid = signal->sender_pid;
	if (!signal->number || signal->sent || signal->code > 0 || !o->unwinder ||
		!ct_target_arch(o->target)->siginfo)
		return CT_OK;
	regs = calloc(MAX_FRAMES, sizeof(*regs));
	if (!regs)
		return CT_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		const struct ct_thread *thread = ct_target_thread(o->target, i);

		if (!is_go(o) && thread->lwp != signal->lwp)
			continue;
		if (look_at_thread(o, thread, regs))
			break;
		o->sender_unknown |= !has_stack(o, thread);
	}
	return CT_OK;
}
