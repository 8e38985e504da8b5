/* SPDX-License-Identifier: Apache-2.0 */
/* Call stacks: one JSON frame for each inlined line of a frame, then the function itself. */
#include "report/json.h"
#include "report/record.h"

static uint32_t lines_of(const struct ct_json *j, const struct ct_frame *frame)
{
	return CT_MAX(j->facts->sites[frame->site].n_lines, 1u);
}

static int64_t frame_index(const struct ct_json *j, const struct ct_stack *stack, uint32_t frame)
{
	int64_t ret = 0;

	for (uint32_t i = 0; i < frame && i < stack->n_frames; i++)
		ret += lines_of(j, &stack->frames[i]);
	return ret;
}

void ct_json_add_frame(const struct ct_json *j, struct ct_record *r, const char *key,
	uint32_t actor, uint32_t frame)
{
	uint32_t stack = j->facts->actors[actor].stack;

	if (frame != CT_NONE && stack != CT_NONE && (j->document->sections & CT_JSON_STACKS))
		ct_record_int(r, key, frame_index(j, &j->facts->stacks[stack], frame));
}

/* line: NULL when the site has none. */
static json_t *json_frame(
	const struct ct_json *j, const struct ct_frame *frame, const struct ct_line *line)
{
	const struct ct_site *site = &j->facts->sites[frame->site];
	bool inlined = line && line->inlined;
	struct ct_record r = ct_record_new();

	ct_record_hex(&r, "pc", site->pc);
	/* The symbol names the function in full; debug info knows the inlined ones alone. */
	ct_record_text(&r, "function",
		inlined || (line && !site->function) ? line->function : site->function);
	if (site->module != CT_NONE) {
		ct_record_text(&r, "module", j->facts->modules[site->module].path);
		ct_record_hex(&r, "offset", site->offset);
	}
	if (line && line->file) {
		ct_record_text(&r, "file", line->file);
		if (line->line)
			ct_record_int(&r, "line", line->line);
	}
	if (site->has_lines)
		ct_record_bool(&r, "inlined", inlined);
	if (frame->is_signal)
		ct_record_bool(&r, "signal", true);
	ct_record_text(&r, "trust", ct_site_trust_name(frame->trust));
	return ct_record_done(&r);
}

static void add_frames(const struct ct_json *j, struct ct_record *r, const struct ct_stack *stack)
{
	json_t *frames = ct_record_list(r, "frames");

	for (uint32_t i = 0; i < stack->n_frames; i++) {
		const struct ct_frame *frame = &stack->frames[i];
		const struct ct_site *site = &j->facts->sites[frame->site];

		for (uint32_t k = 0; k < site->n_lines; k++)
			ct_record_push(r, frames, json_frame(j, frame, &site->lines[k]));
		if (!site->n_lines)
			ct_record_push(r, frames, json_frame(j, frame, NULL));
	}
}

/* The middle of a deep stack that was left out: before which frame, and how many. */
static json_t *json_skipped(const struct ct_json *j, const struct ct_stack *stack)
{
	struct ct_record r = ct_record_new();

	ct_record_int(&r, "before", frame_index(j, stack, stack->skipped_at));
	ct_record_int(&r, "frames", (int64_t)stack->n_total - stack->n_frames);
	return ct_record_done(&r);
}

json_t *ct_json_stack(const struct ct_json *j, uint32_t index)
{
	const struct ct_stack *stack = &j->facts->stacks[index];
	struct ct_record r = ct_record_new();

	add_frames(j, &r, stack);
	if (stack->skipped_at)
		ct_record_add(&r, "skipped", json_skipped(j, stack));
	ct_record_text(&r, "ends", stack->root ? "root" : "truncated");
	ct_record_text(&r, "why", stack->why);
	ct_record_int(&r, "actors", stack->n_actors);
	return ct_record_done(&r);
}
