/* SPDX-License-Identifier: Apache-2.0 */
/* One call stack, a line for each frame and for each call that the compiler inlined into it. */
#include <inttypes.h>

#include "report/text.h"
#include "rules/words.h"

#define INDENT      "      "
#define TEXT_COLUMN 10
#define GAP         "          " /* up to there */

#define LONGEST_RUN 3 /* frames of one site in a row that are written one by one */
#define BASE_FRAMES 4 /* of a stack that is cut: how it began matters, too */

/* A recursion is told, not repeated: how many frames from here on are of this same site. */
static uint32_t run_length(const struct ct_stack *stack, uint32_t from)
{
	uint32_t n = 1;

	while (from + n < stack->n_frames &&
		stack->frames[from + n].site == stack->frames[from].site &&
		from + n != stack->skipped_at)
		n++;
	return n;
}

static const char *module_name(const struct ct_text *t, const struct ct_site *site)
{
	if (site->module == CT_NONE)
		return NULL;
	const char *path = t->facts->modules[site->module].path;
	const char *name = strrchr(path, '/');
	return name && name[1] ? name + 1 : path;
}

static void add_source(struct ct_text *t, const struct ct_line *line)
{
	if (line->file && line->line)
		ct_text_add(t, " at %s:%u", line->file, line->line);
	else if (line->file)
		ct_text_add(t, " in %s", line->file);
}

/* The function that the frame belongs to, as the symbol table or else the debug info calls it. */
static void add_function(struct ct_text *t, const struct ct_site *site)
{
	const struct ct_line *line = site->n_lines ? &site->lines[site->n_lines - 1] : NULL;
	const char *module = module_name(t, site);
	const char *function = site->function;

	if (!function && line && !line->inlined)
		function = line->function;
	if (function)
		ct_text_add(t, "%s()", function);
	else if (module)
		ct_text_add(t, "%s+0x%" PRIx64, module, site->offset);
	else
		ct_text_add(t, "0x%" PRIx64, site->pc);
	if (line && line->file)
		add_source(t, line);
	else if (function && module)
		ct_text_add(t, " in %s", module);
}

static void add_trust(struct ct_text *t, const struct ct_frame *frame)
{
	static const char *const said[] = {[CT_SITE_CFI] = "",
		[CT_SITE_FP] = " (found by frame pointer)",
		[CT_SITE_PCLNTAB] = "",
		[CT_SITE_SCAN] = " (found by scanning: may be wrong)",
		[CT_SITE_CODE] = " (found by its callee's code)"};

	_Static_assert(CT_COUNT(said) == CT_N_SITE_TRUSTS, "one text for each trust");
	ct_text_add(t, "%s", said[frame->trust]);
}

/* "  <- took g_lock": what this actor probably took in this frame. */
static void add_taken(struct ct_text *t, uint32_t actor, uint32_t frame)
{
	bool begun = false;

	if (actor == CT_NONE)
		return;
	const struct ct_actor *a = &t->facts->actors[actor];
	for (uint32_t i = 0; i < a->n_holds; i++) {
		const struct ct_hold *hold =
			&t->facts->holds[t->facts->holds_by_actor[a->first_hold + i]];

		if (hold->took_frame != frame)
			continue;
		ct_text_add(t, "%s%s", begun ? ", " : "   <- probably took ",
			ct_say_resource(&t->words, t->facts, hold->resource));
		begun = true;
	}
}

/* The calls that the compiler inlined into this frame; true when there were any. */
static bool write_inlined(struct ct_text *t, const struct ct_site *site, uint64_t number)
{
	bool written = false;

	for (uint32_t i = 0; i < site->n_lines && site->lines[i].inlined; i++) {
		const struct ct_line *line = &site->lines[i];

		if (!line->function)
			continue;
		if (!written)
			ct_text_add(t, INDENT "#%" PRIu64, number);
		ct_text_pad(t, TEXT_COLUMN);
		ct_text_add(t, "%s()", line->function);
		add_source(t, line);
		ct_text_add(t, " (inlined)");
		ct_text_end(t);
		written = true;
	}
	return written;
}

/* How many calls are further in than this frame, those that were left out included. */
static uint64_t number_of(const struct ct_stack *stack, uint32_t index)
{
	bool behind_gap = stack->skipped_at && index >= stack->skipped_at;

	return behind_gap ? (uint64_t)index + stack->n_total - stack->n_frames : index;
}

static void write_frame(
	struct ct_text *t, const struct ct_stack *stack, uint32_t index, uint32_t actor)
{
	const struct ct_frame *frame = &stack->frames[index];
	const struct ct_site *site = &t->facts->sites[frame->site];
	uint64_t number = number_of(stack, index);

	if (!write_inlined(t, site, number))
		ct_text_add(t, INDENT "#%" PRIu64, number);
	ct_text_pad(t, TEXT_COLUMN);
	if (t->verbose)
		ct_text_add(t, "0x%016" PRIx64 " ", site->pc);
	if (frame->is_signal)
		ct_text_add(t, "<signal handler called>");
	else
		add_function(t, site);
	add_trust(t, frame);
	add_taken(t, actor, index);
	ct_text_end(t);
}

/* A frame and those of the same site that follow it; gives the index of the next one to write. */
static uint32_t write_run(
	struct ct_text *t, const struct ct_stack *stack, uint32_t index, uint32_t actor)
{
	uint32_t run = run_length(stack, index);

	write_frame(t, stack, index, actor);
	if (run <= LONGEST_RUN)
		return index + 1;
	ct_text_say(t, GAP "… the same again, %u times …", run - 2);
	return index + run - 1;
}

void ct_text_stack(struct ct_text *t, uint32_t stack, uint32_t max_frames, uint32_t actor)
{
	const struct ct_stack *s = &t->facts->stacks[stack];
	uint32_t written = 0, gap_told = CT_NONE;

	for (uint32_t i = 0; i < s->n_frames; written++) {
		if (written == max_frames && s->n_frames - i > BASE_FRAMES) {
			gap_told = s->n_frames - BASE_FRAMES;
			ct_text_say(t, GAP "… %" PRIu64 " more …",
				number_of(s, gap_told) - number_of(s, i));
			i = gap_told;
		}
		if (s->skipped_at && i == s->skipped_at && i != gap_told)
			ct_text_say(t, GAP "… %u frames left out …", s->n_total - s->n_frames);
		i = write_run(t, s, i, actor);
	}
	if (!s->root)
		ct_text_say(t, GAP "the stack ends here: %s", s->why ? s->why : "not known why");
}
