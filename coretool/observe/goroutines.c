/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/internal.h"
#include "runtime/go/observe.h"

static uint32_t site(void *arg, uint64_t pc, bool is_call)
{
	return ct_observe_site(arg, pc, is_call);
}

static enum ct_status preempted(void *arg, uint32_t actor, const struct ct_regs *regs)
{
	return ct_observe_access(arg, &(struct ct_blocked){.actor = actor, .regs = regs});
}

enum ct_status ct_observe_goroutines(struct ct_observation *o)
{
	struct ct_go_observation go = {
		.go = o->go,
		.target = o->target,
		.sink = o->sink,
		.unwinder = o->unwinder,
		.site = site,
		.preempted = preempted,
		.arg = o,
		.names = o->plan->wants & CT_WANT_NAMES,
		.leaks = o->plan->wants & CT_WANT_LEAKS,
		.all_leaks = o->plan->wants & CT_WANT_ALL_LEAKS,
		.heap = o->plan->wants & CT_WANT_HEAP,
		.contexts = o->plan->wants & CT_WANT_CONTEXTS,
		.timers = o->plan->wants & CT_WANT_TIMERS,
		.retained = o->plan->wants & CT_WANT_RETAINED,
		.all_contexts = o->plan->wants & CT_WANT_ALL_CONTEXTS,
		.pools = o->plan->wants & CT_WANT_POOLS,
		.services = o->plan->wants & CT_WANT_SERVICES,
		.profiles = o->plan->wants & CT_WANT_PROFILES,
		.goroutine = o->plan->goroutine,
		.references = o->plan->wants & CT_WANT_REFERENCES,
		.context_values = o->plan->context_values,
		.address = o->plan->wants & CT_WANT_NAMES ? o->plan->address : 0,
	};

	o->in_c.thread = o->go_dying = CT_NONE;
	if (!o->go || !(o->plan->wants & CT_WANT_GOROUTINES))
		return CT_OK;
	enum ct_status status = ct_go_observe(&go);
	o->in_c = go.in_c;
	o->go_dying = go.dying;
	o->goroutines = ct_go_say_missing(&go);
	return status;
}
