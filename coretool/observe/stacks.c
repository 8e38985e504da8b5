/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/internal.h"
#include "runtime/go/observe.h"
#include "target/symbols.h"

uint32_t ct_observe_site(struct ct_observation *o, uint64_t pc, bool is_call)
{
	bool fresh;
	uint32_t index = ct_sink_site(o->sink, pc, is_call, &fresh);

	if (index == CT_NONE || !fresh)
		return index;
	const struct ct_module *module = ct_module_at(o->target, pc - is_call);
	struct ct_site *site = ct_sink_get_site(o->sink, index);
	struct ct_symbol symbol;
	if (!module)
		return index;
	site->module = (uint32_t)ct_module_index(o->target, module);
	site->offset = pc - module->start;
	if (o->go && ct_go_name_site(o->go, o->sink, site))
		return index;
	if (!ct_symbol_at(o->target, pc - is_call, CT_SYMBOL_CODE, &symbol)) {
		site->function = ct_sink_string(
			o->sink, ct_symbol_demangle(ct_sink_arena(o->sink), symbol.name));
		site->function_offset = pc - symbol.start;
		site->function_start = symbol.start - module->start;
	}
	return index;
}

static bool reserve_frames(struct ct_observation *o, size_t n)
{
	size_t bytes;

	if (n <= o->n_frames)
		return true;
	if (!ct_mul(n, sizeof(*o->frames), &bytes))
		return false;
	struct ct_frame *grown = realloc(o->frames, bytes);
	if (!grown)
		return false;
	o->frames = grown;
	o->n_frames = n;
	return true;
}

#define HANDLER_FRAMES 64 /* of Go's handlers, at most */

/* The frames of a thread, and the first one that counts for what it does. */
static enum ct_status unwind(struct ct_observation *o, const struct ct_thread *thread,
	struct ct_blocked *blocked, struct ct_unwound *ret, size_t *first)
{
	struct ct_regs regs[HANDLER_FRAMES];
	size_t n = o->go ? HANDLER_FRAMES : 0;
	enum ct_status status = ct_unwind_regs(o->unwinder, thread->regs, regs, n, ret);

	*first = status || !o->go ? 0 : ct_go_behind_handlers(o->go, ret);
	if (!*first || *first >= n || !ct_target_arch(o->target)->back_in_call)
		return status;
	o->interrupted = regs[*first];
	(void)ct_observe_back_in_call(o, thread, &o->interrupted);
	blocked->regs = &o->interrupted;
	return status;
}

enum ct_status ct_observe_stack(struct ct_observation *o, const struct ct_thread *thread,
	uint32_t actor, struct ct_blocked *blocked)
{
	struct ct_unwound unwound;
	size_t first;
	enum ct_status status = unwind(o, thread, blocked, &unwound, &first);

	if (status == CT_NO_MEMORY || !reserve_frames(o, unwound.n))
		return CT_NO_MEMORY;
	if (status)
		return CT_OK;
	/* Holes would count when equal stacks are looked for. */
	memset(o->frames, 0, unwound.n * sizeof(*o->frames));
	for (size_t i = 0; i < unwound.n; i++) {
		const struct ct_unwound_frame *frame = &unwound.frames[i];

		o->frames[i].site = ct_observe_site(o, frame->pc, frame->is_call);
		o->frames[i].trust = frame->trust;
		o->frames[i].is_signal = frame->is_signal;
		if (o->frames[i].site == CT_NONE)
			return CT_NO_MEMORY;
		if (i >= first && blocked->n_callers == i - first &&
			blocked->n_callers < CT_MAX_CALLERS && !frame->is_signal)
			blocked->callers[blocked->n_callers++] =
				ct_sink_get_site(o->sink, o->frames[i].site)->function;
	}
	struct ct_stack stack = {
		.frames = o->frames,
		.n_frames = (uint32_t)unwound.n,
		.n_total = (uint32_t)CT_MIN(unwound.n_total, (size_t)UINT32_MAX),
		.skipped_at = (uint32_t)unwound.skipped_at,
		.root = unwound.root,
		.why = unwound.root ? NULL : unwound.why,
	};
	if (unwound.left_out && !o->n_cut++)
		o->cut = actor;
	blocked->have_stack = true;
	uint32_t index = ct_sink_stack(o->sink, &stack);
	ct_sink_get_actor(o->sink, actor)->stack = index;
	return index == CT_NONE ? CT_NO_MEMORY : CT_OK;
}
