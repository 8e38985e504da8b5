/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/observe.h"

#include "observe/internal.h"
#include "runtime/go/frames.h"
#include "target/lines.h"

static enum ct_status observe_actor(struct ct_observation *o, uint32_t actor)
{
	const struct ct_thread *thread = ct_target_thread(o->target, actor);
	struct ct_blocked blocked = {.actor = actor, .regs = thread->regs};
	enum ct_status status = CT_OK;

	if (o->unwinder && thread->stopped && (!o->plan->only || o->plan->only == thread->lwp))
		status = ct_observe_stack(o, thread, actor, &blocked);
	blocked.runs = !thread->stopped || (!ct_observe_call(o, blocked.regs, &blocked.call) &&
						   !ct_observe_vfork(o, &blocked));
	if (!status && !blocked.runs)
		status = ct_observe_wait(o, &blocked);
	else if (!status && blocked.have_stack) {
		status = ct_observe_spin(o, &blocked);
		if (!status)
			status = ct_observe_access(o, &blocked);
	}
	return status;
}

static enum ct_status observe_all(struct ct_observation *o)
{
	enum ct_status status = ct_observe_threads(o);
	size_t n = ct_target_n_threads(o->target);

	if (!status)
		status = ct_observe_exited(o);
	for (size_t i = 0; !status && i < n; i++)
		status = observe_actor(o, (uint32_t)i);
	if (!status)
		status = ct_observe_goroutines(o);
	if (!status)
		status = ct_observe_held(o);
	if (!status)
		status = ct_observe_holders(o);
	if (!status)
		status = ct_observe_took(o);
	if (!status)
		status = ct_observe_resources(o);
	if (status)
		return status;
	status = ct_observe_races(o);
	if (!status)
		status = ct_observe_sender(o);
	if (!status)
		status = ct_observe_crash(o);
	ct_observe_target(o);
	return status;
}

enum ct_status ct_observe(struct ct_target *target, const struct ct_plan *plan,
	struct ct_facts **ret, struct ct_error *err)
{
	const struct ct_options *options = ct_target_options(target);
	struct ct_observation o = {
		.target = target, .plan = plan, .sink = ct_sink_new(plan->wants)};
	enum ct_status status = CT_NO_MEMORY;
	struct ct_facts *facts = NULL;

	if (o.sink) {
		ct_sink_redact(o.sink, options->redact);
		if (plan->wants & CT_WANT_STACKS)
			o.unwinder = ct_unwinder_new(target, options->max_frames);
		ct_libc_detect(target, &o.libc);
		status = ct_go_find(target, &o.go);
		if (status == CT_OK && !o.go)
			o.goroutines = "it is a Go program whose runtime cannot be read: nothing "
				       "is known of goroutines";
		if (o.go && o.unwinder)
			ct_unwinder_shape(o.unwinder, ct_go_frame_shape, o.go);
		o.blocking = (struct ct_blocking){target, o.sink, &o.libc, o.unwinder, &o.inlined,
			o.runners, &o.looked_ahead};
		if (status != CT_NO_MEMORY)
			status = !o.unwinder && plan->wants & CT_WANT_STACKS ? CT_NO_MEMORY
									     : observe_all(&o);
	}
	ct_go_free(o.go);
	ct_unwinder_free(o.unwinder);
	ct_vec_free(&o.census.exited);
	ct_vec_free(&o.accesses);
	free(o.frames);
	if (status) {
		ct_sink_free(o.sink);
		return ct_fail(err, status, "out of memory while reading the process");
	}
	status = ct_sink_finish(o.sink, &facts, err);
	if (status)
		return status;
	if (plan->wants & CT_WANT_LINES) {
		ct_autofree uint32_t *all = malloc(((size_t)facts->n_sites + 1) * sizeof(*all));

		for (uint32_t i = 0; all && i < facts->n_sites; i++)
			all[i] = i;
		if (!all || ct_observe_lines(target, facts, all, facts->n_sites)) {
			ct_facts_free(facts);
			return ct_fail(err, CT_NO_MEMORY, "out of memory while reading lines");
		}
	}
	*ret = facts;
	return CT_OK;
}

static enum ct_status observe_site_lines(
	struct ct_target *target, struct ct_facts *facts, struct ct_site *site)
{
	struct ct_source_line lines[CT_MAX_INLINED];
	size_t n = 0;

	site->has_lines = true;
	if (ct_lines_at(target, site->pc - site->is_call, &facts->arena, lines, &n) || !n)
		return CT_OK;
	struct ct_line *copy = ct_arena_new_array(&facts->arena, n, struct ct_line);
	if (!copy)
		return CT_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		copy[i] = (struct ct_line){
			lines[i].function, lines[i].file, lines[i].line, lines[i].inlined, false};
	site->lines = copy;
	site->n_lines = (uint32_t)n;
	return CT_OK;
}

enum ct_status ct_observe_lines(
	struct ct_target *target, struct ct_facts *facts, const uint32_t *sites, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct ct_site *site = &facts->sites[sites[i]];
		enum ct_status status =
			site->has_lines ? CT_OK : observe_site_lines(target, facts, site);

		if (status)
			return status;
	}
	return CT_OK;
}
