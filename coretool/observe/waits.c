/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/restart.h"
#include "observe/internal.h"

static const enum ct_wait_kind kind_of_class[] = {
	[CT_CLASS_IO] = CT_WAIT_IO,
	[CT_CLASS_SLEEP] = CT_WAIT_SLEEP,
	[CT_CLASS_SIGNAL] = CT_WAIT_SIGNAL,
	[CT_CLASS_CHILD] = CT_WAIT_CHILD,
	[CT_CLASS_FUTEX] = CT_WAIT_FUTEX,
	[CT_CLASS_LOCKF] = CT_WAIT_IO,
	[CT_CLASS_IPC] = CT_WAIT_IO,
	[CT_CLASS_OTHER] = CT_WAIT_OTHER,
};

static enum ct_status add_object_wait(struct ct_observation *o, const struct ct_blocked *blocked,
	const struct ct_primitive *primitive, const struct ct_match *match)
{
	uint32_t resource;
	enum ct_status status = primitive->read(&o->blocking, match->address, &resource);

	if (status)
		return status;
	if (match->name)
		ct_sink_get_resource(o->sink, resource)->name = match->name;
	struct ct_wait wait = {
		.kind = match->kind,
		.trust = match->trust,
		.actor = blocked->actor,
		.resource = resource,
		.owner_gone = ct_sink_get_resource(o->sink, resource)->owner_gone,
		.timed = match->timed,
		.outside = match->outside,
		.others = primitive->possession && primitive->possession->refers,
		.why = match->why,
	};
	return ct_sink_wait(o->sink, &wait) == CT_NONE ? CT_NO_MEMORY : CT_OK;
}

#define SECOND_NS UINT64_C(1000000000)

static const char *say_call(struct ct_observation *o, const struct ct_blocked *blocked,
	const struct ct_syscall_info *info)
{
	if (blocked->child)
		return ct_sink_printf(o->sink,
			"in %s until its child, process %u, calls exec or exits, or just coming "
			"back from it",
			info->name, blocked->child);
	return ct_sink_printf(o->sink, "asleep in %s%s",
		info->name ? info->name : "a system call that has no name here",
		blocked->call.number_known
			? ""
			: " (the kernel restarts it; which call it was is not known)");
}

static enum ct_status add_call_wait(struct ct_observation *o, const struct ct_blocked *blocked,
	const struct ct_syscall_info *info)
{
	struct ct_wait wait = {
		.kind = kind_of_class[info->class],
		.trust = blocked->child ? CT_TRUST_INFERRED : CT_TRUST_EXACT,
		.actor = blocked->actor,
		.resource = CT_NONE,
		.timed = info->timed,
		.brief = info->timeout_known && !info->absolute && info->timeout_ns < SECOND_NS,
		.outside = true,
		.why = say_call(o, blocked, info),
	};
	return ct_sink_wait(o->sink, &wait) == CT_NONE ? CT_NO_MEMORY : CT_OK;
}

static enum ct_status add_call(struct ct_observation *o, const struct ct_blocked *blocked,
	const struct ct_syscall_info *info)
{
	struct ct_actor_thread *thread = ct_sink_thread(o->sink, blocked->actor);
	const char *text;

	if (!thread || ct_syscall_text(o->target, &blocked->call, ct_sink_arena(o->sink), &text))
		return CT_NO_MEMORY;
	ct_sink_get_actor(o->sink, blocked->actor)->state = CT_STATE_WAITING;
	thread->call = (struct ct_actor_call){
		blocked->call.number, info->name, ct_sink_string(o->sink, text)};
	return CT_OK;
}

/*
 * A call that the kernel restarts, whose number is hidden: is it a futex? It is when the memory
 * that it would wait at is an object that threads wait for so.
 */
static bool is_hidden_futex(struct ct_observation *o, const struct ct_blocked *blocked)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	struct ct_blocked as_futex;
	const struct ct_primitive *primitive;
	struct ct_match match;

	if (!blocked->call.restarted || blocked->call.number_known)
		return false;
	as_futex = *blocked;
	as_futex.call.number = ct_syscall_number(arch, "futex");
	as_futex.call.number_known = true;
	return ct_restart_fits(arch, as_futex.call.number, blocked->call.args) &&
	       !ct_primitive_match(&o->blocking, &as_futex, &primitive, &match) &&
	       !primitive->last_resort && match.timed;
}

enum ct_status ct_observe_wait(struct ct_observation *o, struct ct_blocked *blocked)
{
	const struct ct_primitive *primitive;
	struct ct_syscall_info info;
	struct ct_match match;

	if (is_hidden_futex(o, blocked)) {
		blocked->call.number = ct_syscall_number(ct_target_arch(o->target), "futex");
		blocked->call.number_known = true;
	}
	ct_syscall_describe(o->target, &blocked->call, &info);
	enum ct_status status = add_call(o, blocked, &info);
	if (status)
		return status;
	if (info.class == CT_CLASS_FUTEX) {
		status = ct_primitive_match(&o->blocking, blocked, &primitive, &match);
		if (!status)
			status = add_object_wait(o, blocked, primitive, &match);
		/* Its memory may be missing: then the call is all that is known. */
		if (status != CT_NOT_FOUND && status != CT_FAULT)
			return status;
	}
	return add_call_wait(o, blocked, &info);
}

enum ct_status ct_observe_spin(struct ct_observation *o, const struct ct_blocked *blocked)
{
	const struct ct_primitive *primitive;
	struct ct_match match;
	enum ct_status status = ct_primitive_match(&o->blocking, blocked, &primitive, &match);

	if (!status)
		status = add_object_wait(o, blocked, primitive, &match);
	return status == CT_NO_MEMORY ? status : CT_OK;
}
