/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/hash.h"
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

bool ct_observe_call(struct ct_observation *o, const struct ct_regs *regs, struct ct_syscall *ret)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	const uint8_t *code = code_at(o, ct_reg(regs, arch->pc));
	uint8_t stack[CT_ARCH_STACK];

	if (!arch->blocked(regs, code, NULL, ret))
		return false;
	/* Only a restarted call may need the stack, which is a page of the core for each thread. */
	if (!ret->number_known && !ct_read(o->target, ct_reg(regs, arch->sp), stack, sizeof(stack)))
		return arch->blocked(regs, code, stack, ret);
	return true;
}

bool ct_observe_back_in_call(
	struct ct_observation *o, const struct ct_thread *thread, struct ct_regs *regs)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	const uint8_t *code = code_at(o, ct_reg(regs, arch->pc));
	static const uint8_t none[CT_ARCH_CODE_BEFORE];

	return arch->back_in_call(thread->regs, code ? code + CT_ARCH_CODE_BEFORE : none, regs);
}

/* A thread's number and descriptor, as far as its memory tells. */
struct identity {
	struct ct_libc_thread own; /* object 0: not read */
	bool genuine;              /* no other thread has a better claim to the descriptor */
};

/*
 * A thread made by clone() without CLONE_SETTLS runs on its creator's thread pointer and would pass
 * for it. The descriptor belongs to the thread whose number it holds, else to the oldest one.
 */
static bool better_claim(const struct ct_thread *a, const struct ct_thread *b, uint32_t tid)
{
	if ((a->lwp == tid) != (b->lwp == tid))
		return a->lwp == tid;
	return a->lwp < b->lwp;
}

/* The thread that has this descriptor so far, or CT_NONE. */
static uint32_t claimant(
	const struct ct_hash *by_object, const struct identity *ids, uint64_t object)
{
	struct ct_hash_it it = ct_hash_find(by_object, ct_hash_u64(object));
	uint32_t i;

	while (ct_hash_next(by_object, &it, &i))
		if (ids[i].own.object == object && ids[i].genuine)
			return i;
	return CT_NONE;
}

static bool settle_claims(struct ct_observation *o, struct identity *ids, uint32_t n)
{
	struct ct_hash by_object = {0};
	bool ok = true;

	for (uint32_t i = 0; ok && i < n; i++) {
		uint64_t object = ids[i].own.object;
		uint32_t rival = object ? claimant(&by_object, ids, object) : CT_NONE;

		if (!object)
			continue;
		if (rival != CT_NONE && !better_claim(ct_target_thread(o->target, i),
						ct_target_thread(o->target, rival), ids[i].own.tid))
			continue;
		if (rival != CT_NONE)
			ids[rival].genuine = false;
		ids[i].genuine = true;
		ok = ct_hash_insert(&by_object, ct_hash_u64(object), i);
	}
	ct_hash_free(&by_object);
	return ok;
}

/* What the ids that were read say about those that were not. */
static void judge_ids(struct ct_observation *o, const struct identity *ids, uint32_t n)
{
	uint32_t same = 0, differ = 0, odd = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!ids[i].genuine)
			o->libc.ids_complete = false;
		else if (ids[i].own.tid == ct_target_thread(o->target, i)->lwp)
			same++;
		else if (!differ++)
			odd = i;
	}
	o->libc.ids_differ = differ;
	o->libc.ids_are_lwps = same && !differ;
	/* Another PID namespace changes the numbers of all threads, and not of a few. */
	if (same && differ)
		o->contradiction = ct_sink_printf(o->sink,
			"the note of thread %u has the number %" PRIu64 ", and those of %u others "
			"are right: the notes or the memory are damaged",
			ids[odd].own.tid, ct_target_thread(o->target, odd)->lwp, same);
}

/* What libc's lists tell; the thread that the process began with was started without a function. */
static enum ct_status take_census(struct ct_observation *o, const struct identity *ids, uint32_t n)
{
	int64_t pid = ct_target_process(o->target)->pid;
	ct_autofree uint64_t *objects = calloc((size_t)n + 1, sizeof(*objects));
	uint64_t main_object = 0;

	if (!objects)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		if (!ids[i].genuine)
			continue;
		objects[i] = ids[i].own.object;
		if (!main_object && !ids[i].own.start_routine &&
			((int64_t)ct_target_thread(o->target, i)->lwp == pid ||
				ids[i].own.tid == pid))
			main_object = objects[i];
	}
	ct_libc_find_exited(o->target, &o->libc, objects, n, main_object, &o->census);
	return o->census.no_memory ? CT_NO_MEMORY : CT_OK;
}

/*
 * The child of vfork(), or of clone() with CLONE_VM alone, has the memory of its parent, and the
 * descriptor of the thread that made it: the number in it is another's. So it is in a core that a
 * debugger made from outside of a PID namespace, but there it is not that of the process's parent,
 * unless by chance: numbers of both namespaces may be small. A second thread settles it: the
 * child's own have their right numbers, those of another namespace are all different.
 */
static bool is_borrowed(struct ct_observation *o, const struct identity *ids, uint32_t n)
{
	const struct ct_process *process = ct_target_process(o->target);
	uint32_t n_genuine = 0;
	bool is_parents = false;

	if (!o->libc.ids_differ || o->contradiction)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		n_genuine += ids[i].genuine;
		is_parents |=
			ids[i].genuine && process->parent > 1 && ids[i].own.tid == process->parent;
	}
	return process->own_numbers || (is_parents && n_genuine == 1);
}

/*
 * The child of _Fork() has a copy, in which libc's lists still have the parent's other threads. But
 * the kernel has put the child's own number into the descriptor that it goes on with, which no
 * child with its parent's memory has; in a PID namespace, whose first process has no parent, the
 * numbers may be alike by chance.
 */
static bool is_copy(struct ct_observation *o, const struct identity *ids, uint32_t n)
{
	const struct ct_process *process = ct_target_process(o->target);

	if (!o->libc.ids_are_lwps || process->parent <= 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (ids[i].genuine && ids[i].own.tid == process->pid &&
			(int64_t)ct_target_thread(o->target, i)->lwp == process->pid)
			return true;
	return false;
}

/* Do other processes have this memory, too? Then who borrows a descriptor is not its thread. */
static void judge_memory(struct ct_observation *o, struct identity *ids, uint32_t n)
{
	uint32_t absent = o->census.absent;

	if (absent && is_copy(o, ids, n))
		return;
	if (absent)
		o->sharing = ct_sink_printf(o->sink,
			"libc lists %u thread%s that %s not here: another process has this memory, "
			"too (vfork, clone with CLONE_VM), and what its threads hold is not known",
			absent, absent == 1 ? "" : "s", absent == 1 ? "is" : "are");
	else if (is_borrowed(o, ids, n))
		o->sharing = "the thread has the descriptor of another process's thread (vfork, "
			     "clone with CLONE_VM, or past libc): that process may have this "
			     "memory, too, and what its threads hold is not known";
	o->libc.memory_shared = o->sharing;
	for (uint32_t i = 0; o->sharing && i < n; i++)
		ids[i].genuine &= ids[i].own.tid == ct_target_thread(o->target, i)->lwp;
}

static enum ct_id_source id_source_of(const struct ct_libc *libc, const struct identity *id)
{
	if (id->genuine || libc->ids_are_lwps)
		return CT_ID_OWN;
	return libc->ids_differ ? CT_ID_FOREIGN : CT_ID_ASSUMED;
}

static enum ct_status add_thread(struct ct_observation *o, const struct ct_process *process,
	const struct ct_thread *thread, const struct identity *id)
{
	struct ct_actor actor = {
		.kind = CT_ACTOR_THREAD,
		.state = CT_STATE_RUNNING,
		/* A core made from outside of its PID namespace has other numbers than the process.
		 */
		.id = id->genuine ? id->own.tid : thread->lwp,
		.id_source = id_source_of(&o->libc, id),
		.lwp = thread->lwp,
		.object = id->genuine ? id->own.object : 0,
		.name = ct_sink_secret(o->sink, thread->name),
		.carrier = CT_NONE,
		.runs = CT_NONE,
		.stack = CT_NONE,
		.start_site = CT_NONE,
		.created_at = CT_NONE,
	};

	/* A core keeps one name: that of the main thread. */
	if (!actor.name && (int64_t)thread->lwp == process->pid)
		actor.name = ct_sink_secret(o->sink, process->comm);
	if (id->genuine && id->own.start_routine && o->plan->wants & CT_WANT_STACKS)
		actor.start_site = ct_observe_site(o, id->own.start_routine, false);
	if (process->signal.number && process->signal.lwp == thread->lwp)
		actor.signal = (uint8_t)process->signal.number;
	uint32_t index = ct_sink_actor(o->sink, &actor);
	if (index != CT_NONE && thread->number)
		ct_sink_thread(o->sink, index)->number = ct_sink_string(o->sink, thread->number);
	return index == CT_NONE ? CT_NO_MEMORY : CT_OK;
}

enum ct_status ct_observe_threads(struct ct_observation *o)
{
	const struct ct_process *process = ct_target_process(o->target);
	uint32_t n = (uint32_t)ct_target_n_threads(o->target);
	ct_autofree struct identity *ids = calloc((size_t)n + 1, sizeof(*ids));
	enum ct_status status = CT_OK;

	if (!ids)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		const struct ct_thread *thread = ct_target_thread(o->target, i);

		if (thread->stopped)
			(void)!ct_libc_thread(o->target, &o->libc, thread->regs, &ids[i].own);
	}
	if (!settle_claims(o, ids, n))
		return CT_NO_MEMORY;
	judge_ids(o, ids, n);
	status = take_census(o, ids, n);
	judge_memory(o, ids, n);
	for (uint32_t i = 0; !status && i < n; i++)
		status = add_thread(o, process, ct_target_thread(o->target, i), &ids[i]);
	return status;
}
