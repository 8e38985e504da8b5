/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that have exited and were not joined: actors behind all live ones, without a stack. */
#include "blocking/libc_exited.h"
#include "observe/internal.h"

static enum ct_status add_exited(
	struct ct_observation *o, const struct ct_libc_exited *exited, bool is_main)
{
	const struct ct_process *process = ct_target_process(o->target);
	struct ct_actor actor = {
		.kind = CT_ACTOR_THREAD,
		.state = CT_STATE_ZOMBIE,
		/* Its number went with it; of the first thread the process has it still. */
		.id = is_main ? (uint64_t)process->pid : 0,
		.id_source = is_main ? CT_ID_OWN : CT_ID_FOREIGN,
		.object = exited->object,
		.name = is_main ? ct_sink_secret(o->sink, process->comm) : NULL,
		.carrier = CT_NONE,
		.runs = CT_NONE,
		.stack = CT_NONE,
		.start_site = CT_NONE,
		.created_at = CT_NONE,
	};

	const char *end = exited->canceled ? ct_sink_string(o->sink, "it was cancelled") : NULL;

	if (!end && exited->has_result)
		end = ct_sink_printf(
			o->sink, "its result is 0x%llx", (unsigned long long)exited->result);
	if (exited->start_routine && o->plan->wants & CT_WANT_STACKS)
		actor.start_site = ct_observe_site(o, exited->start_routine, false);
	uint32_t index = ct_sink_actor(o->sink, &actor);
	if (index != CT_NONE && end)
		ct_sink_thread(o->sink, index)->end = end;
	return index == CT_NONE ? CT_NO_MEMORY : CT_OK;
}

/* Is the thread that the process began with among those here? */
static bool has_main(struct ct_observation *o)
{
	int64_t pid = ct_target_process(o->target)->pid;

	for (uint32_t i = 0; i < ct_sink_n_actors(o->sink); i++)
		if ((int64_t)ct_sink_get_actor(o->sink, i)->lwp == pid ||
			(int64_t)ct_sink_get_actor(o->sink, i)->id == pid)
			return true;
	return false;
}

enum ct_status ct_observe_exited(struct ct_observation *o)
{
	const struct ct_process *process = ct_target_process(o->target);
	const struct ct_libc_census *census = &o->census;
	bool main_left = ct_target_n_threads(o->target) && !has_main(o) && process->pid > 0 &&
			 process->all_threads && !process->damage;
	bool main_known = false;
	enum ct_status status = CT_OK;

	/* Of shared memory the list is the other process's. */
	if (o->libc.memory_shared)
		return CT_OK;
	if (census->zeros && !o->contradiction)
		o->contradiction = "the list of threads leads into memory that is zeros here";
	else if (census->torn && !process->damage)
		ct_sink_note(o->sink, CT_NOTE_DAMAGED, "threads",
			"%s: of those that have exited without being joined, not all may be known",
			census->torn);
	for (uint32_t i = 0; !status && i < census->exited.n; i++) {
		const struct ct_libc_exited *exited = &census->exited.items[i];
		bool is_main = main_left && !main_known && !exited->start_routine;

		main_known |= is_main;
		status = add_exited(o, exited, is_main);
	}
	ct_sink_target(o->sink)->main_exited = main_left;
	return status;
}
