/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/internal.h"

/* The 16 bytes before pc and the 16 from it on; NULL when no byte source has them. */
static const uint8_t *code_at(struct ct_observation *o, uint64_t pc)
{
	struct code_slot *slot = &o->codes[(pc * 0x9e3779b9u >> 8) & (CODE_SLOTS - 1)];

	if (!slot->used || slot->pc != pc) {
		slot->used = true;
		slot->pc = pc;
		slot->readable =
			!ct_read(o->target, pc - CT_ARCH_CODE_BEFORE, slot->code, CT_ARCH_CODE);
	}
	return slot->readable ? slot->code : NULL;
}

bool ct_observe_call(
	struct ct_observation *o, const struct ct_thread *thread, struct ct_syscall *ret)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	uint8_t stack[CT_ARCH_STACK];
	bool has_stack = !ct_read(o->target, ct_reg(thread->regs, arch->sp), stack, sizeof(stack));

	return arch->blocked(thread->regs, code_at(o, ct_reg(thread->regs, arch->pc)),
		has_stack ? stack : NULL, ret);
}

enum ct_status ct_observe_threads(struct ct_observation *o)
{
	const struct ct_process *process = ct_target_process(o->target);
	size_t n = ct_target_n_threads(o->target);

	for (size_t i = 0; i < n; i++) {
		const struct ct_thread *thread = ct_target_thread(o->target, i);
		struct ct_libc_thread own = {.tid = (uint32_t)thread->lwp};
		struct ct_actor actor = {
			.kind = CT_ACTOR_THREAD,
			.state = CT_STATE_RUNNING,
			.lwp = thread->lwp,
			.call = {.number = -1},
			.carrier = CT_NONE,
			.runs = CT_NONE,
			.stack = CT_NONE,
			.start_site = CT_NONE,
		};

		/* The process's own numbers: a core made from outside of its PID namespace has
		 * others. */
		if (thread->stopped)
			(void)!ct_libc_thread(o->target, &o->libc, thread->regs, &own);
		actor.id = own.tid;
		actor.object = own.object;
		actor.name = ct_sink_string(o->sink, thread->name);
		/* A core keeps one name: that of the main thread. */
		if (!actor.name && (int64_t)thread->lwp == process->pid)
			actor.name = ct_sink_string(o->sink, process->comm);
		if (own.start_routine && o->plan->wants & CT_WANT_STACKS)
			actor.start_site = ct_observe_site(o, own.start_routine, false);
		if (process->signal.number && process->signal.lwp == thread->lwp)
			actor.signal = process->signal.number;
		if (ct_sink_actor(o->sink, &actor) == CT_NONE)
			return CT_NO_MEMORY;
	}
	return CT_OK;
}
