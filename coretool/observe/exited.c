/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that have exited and were not joined: actors behind all live ones, without a stack. */
#include "blocking/libc_exited.h"
#include "observe/internal.h"

/* The thread that the process began with, whose number is the process's; CT_NONE: it is no more. */
static uint32_t find_main(struct ct_observation *o)
{
	uint32_t n = (uint32_t)ct_target_n_threads(o->target);
	int64_t pid = ct_target_process(o->target)->pid;

	for (uint32_t i = 0; i < n; i++)
		if ((int64_t)ct_target_thread(o->target, i)->lwp == pid ||
			(int64_t)ct_sink_get_actor(o->sink, i)->id == pid)
			return i;
	return CT_NONE;
}

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

enum ct_status ct_observe_exited(struct ct_observation *o)
{
	size_t n = ct_target_n_threads(o->target);
	ct_autofree uint64_t *objects = calloc(n + 1, sizeof(*objects));
	struct ct_libc_census census = {0};
	const struct ct_process *process = ct_target_process(o->target);
	uint32_t main = find_main(o);
	bool main_left = n && main == CT_NONE && process->pid > 0 && process->all_threads &&
			 !process->damage;
	bool main_known = false;
	enum ct_status status = CT_OK;

	if (!objects)
		return CT_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		objects[i] = ct_sink_get_actor(o->sink, (uint32_t)i)->object;
	ct_libc_find_exited(
		o->target, &o->libc, objects, n, main != CT_NONE ? objects[main] : 0, &census);
	if (census.zeros && !o->contradiction)
		o->contradiction = "the list of threads leads into memory that is zeros here";
	else if (census.torn && !process->damage)
		ct_sink_note(o->sink, CT_NOTE_DAMAGED, "threads",
			"%s: of those that have exited without being joined, not all may be known",
			census.torn);
	for (uint32_t i = 0; !status && i < census.exited.n; i++) {
		const struct ct_libc_exited *exited = &census.exited.items[i];
		bool is_main = main_left && !main_known && !exited->start_routine;

		main_known |= is_main;
		status = add_exited(o, exited, is_main);
	}
	ct_sink_target(o->sink)->main_exited = main_left;
	status = census.no_memory ? CT_NO_MEMORY : status;
	ct_vec_free(&census.exited);
	return status;
}
