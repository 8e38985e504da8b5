/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack that is used up: the fault is where the stack would go on, below the mapping in which the
 * thread's frames are. Then who used it: a recursion, whose period the frames show, or one large
 * frame.
 */
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>

#include "observe/crash.h"

#define NEAR       4096  /* how far below sp a function may touch: a page probe, the red zone */
#define LOW        65536 /* sp this near to the end of its mapping is at the end */
#define MAX_PERIOD 16
#define MAX_SKIP   8  /* frames that the recursion has called */
#define LEAST      24 /* frames that must repeat */
#define MOST_COUNTED                                                                               \
	(1u << 20) /* frames: of the smallest, 16 MiB of stack, which is twice the usual */

static bool is_writable(const struct ct_map *map)
{
	return map && (map->prot < 0 || map->prot & PROT_WRITE);
}

/* The mapping that the frames are in: of a caller, for the innermost one may be outside of it. */
static const struct ct_map *stack_of(struct ct_crash_scene *s)
{
	uint64_t sp = ct_reg(&s->regs, s->arch->sp);

	for (size_t i = s->frame; i < s->stack.n; i++) {
		const struct ct_map *map = ct_target_map_at(s->target, s->stack.frames[i].cfa);

		if (s->stack.frames[i].cfa > sp && is_writable(map))
			return map;
	}
	/* Without frames: when all was used, sp is the first address of the mapping. */
	const struct ct_map *map = ct_target_map_at(s->target, sp);
	return is_writable(map) ? map : NULL;
}

/* Does the operand go through sp, or is it relative to the frame that sp is of? */
static bool is_of_stack(const struct ct_crash_scene *s, const struct ct_operand *op)
{
	return op && (op->base == s->arch->sp || op->base == s->arch->fp);
}

/* The size of the largest frame among the innermost ones, and whose it is. */
static uint64_t largest_frame(const struct ct_crash_scene *s, uint32_t *frame)
{
	uint64_t below = ct_reg(&s->regs, s->arch->sp), ret = 0;

	for (uint32_t i = s->frame; i < s->n_regs; i++) {
		uint64_t cfa = s->stack.frames[i].cfa;

		if (cfa > below && cfa - below > ret) {
			ret = cfa - below;
			*frame = i;
		}
		below = cfa;
	}
	return ret;
}

static const char *name_of(struct ct_crash_scene *s, uint32_t site)
{
	const char *name = ct_sink_get_site(s->o->sink, site)->function;

	return name ? ct_sink_printf(s->o->sink, "%s()", name)
		    : ct_sink_printf(s->o->sink, "the code at 0x%" PRIx64,
			      ct_sink_get_site(s->o->sink, site)->pc);
}

/* "walk() calls itself", "even() and odd() call each other". */
static const char *circle_of(struct ct_crash_scene *s)
{
	const struct ct_recursion *r = &s->crash.recursion;
	const char *names = name_of(s, r->sites[0]);

	if (r->n_sites == 1)
		return ct_sink_printf(s->o->sink, "%s calls itself", names);
	for (uint32_t i = 1; i < r->n_sites; i++)
		names = ct_sink_printf(s->o->sink, "%s%s%s", names,
			i + 1 == r->n_sites ? " and " : ", ", name_of(s, r->sites[i]));
	return ct_sink_printf(s->o->sink, "%s call each other", names);
}

static const char *who_used_it(struct ct_crash_scene *s, const struct ct_map *map)
{
	uint32_t frame = s->frame;
	uint64_t size = largest_frame(s, &frame);

	ct_crash_recursion(s);
	if (s->crash.recursion.more)
		ct_crash_say(s, "the recursion may be deeper: %s", s->crash.recursion.more);
	if (s->crash.recursion.depth)
		return ct_sink_printf(s->o->sink, "%s, %s%u times deep", circle_of(s),
			s->crash.recursion.more ? "at least " : "", s->crash.recursion.depth);
	if (frame < s->stack.n && size >= (map->end - map->start) / 2) {
		const struct ct_unwound_frame *f = &s->stack.frames[frame];

		return ct_sink_printf(s->o->sink, "the frame of %s alone takes %" PRIu64 " bytes",
			name_of(s, ct_observe_site(s->o, f->pc, f->is_call)), size);
	}
	return ct_sink_printf(s->o->sink, "all of its %" PRIu64 " bytes", map->end - map->start);
}

void ct_crash_overflow(struct ct_crash_scene *s)
{
	uint64_t sp = ct_reg(&s->regs, s->arch->sp), addr = s->signal.address;
	const struct ct_map *map = stack_of(s);

	if (!map || s->signal.code == SI_KERNEL || sp >= map->start + LOW)
		return;
	const struct ct_operand *op = ct_crash_operand_at(s, addr);
	bool below = addr < map->start && addr + NEAR >= sp;
	/* glibc 2.43 guards a stack inside of its mapping. */
	bool guarded = addr >= map->start && addr < map->start + LOW && is_of_stack(s, op);

	if (!below && !guarded)
		return;
	s->crash.address = addr;
	s->crash.has_address = true;
	ct_crash_say(s,
		"its stack pointer is 0x%" PRIx64 ", and its stack begins at 0x%" PRIx64
		" (0x%" PRIx64 " bytes of it are mapped)",
		sp, map->start, map->end - map->start);
	ct_crash_is(s, CT_CRASH_STACK_OVERFLOW,
		is_of_stack(s, op) && below ? CT_TRUST_EXACT : CT_TRUST_INFERRED,
		"used up its stack: %s", who_used_it(s, map));
}

/* Equal for all frames of a function: it may call itself from several places. */
static uint64_t function_of(struct ct_crash_scene *s, const struct ct_unwound_frame *f)
{
	const struct ct_site *site =
		ct_sink_get_site(s->o->sink, ct_observe_site(s->o, f->pc, f->is_call));

	return site->function ? site->pc - site->function_offset : site->pc;
}

/* How many frames from `from` on are as the one `period` before them. */
static size_t repeats(const uint64_t *ids, size_t from, size_t period, size_t n)
{
	size_t i = from;

	while (i + period < n && ids[i] == ids[i + period])
		i++;
	return i - from;
}

/* The frames of the functions in ids, through the whole stack. */
static size_t count_frames(struct ct_crash_scene *s, const struct ct_unwound *stack,
	const uint64_t *ids, size_t period)
{
	uint64_t last_pc = 0;
	bool counts = false;
	size_t n = 0;

	for (size_t i = s->frame; i < stack->n; i++) {
		const struct ct_unwound_frame *f = &stack->frames[i];

		if (f->pc != last_pc) {
			uint64_t function = function_of(s, f);

			counts = false;
			for (size_t k = 0; k < period; k++)
				counts |= ids[k] == function;
			last_pc = f->pc;
		}
		n += counts;
	}
	return n;
}

/*
 * How often the functions in ids went around. The stack that the report shows is without its
 * middle: here it is walked once more, and all of it is kept.
 */
static enum ct_status count_rounds(
	struct ct_crash_scene *s, const uint64_t *ids, size_t period, struct ct_recursion *r)
{
	struct ct_unwinder *unwinder = ct_unwinder_new(s->target, MOST_COUNTED);
	struct ct_unwound stack = {0};
	enum ct_status status =
		unwinder ? ct_unwind(unwinder, &s->first_regs, &stack) : CT_NO_MEMORY;

	if (!status) {
		r->depth = (uint32_t)(count_frames(s, &stack, ids, period) / period);
		if (stack.skipped_at)
			r->more = ct_sink_printf(s->o->sink,
				"only %zu of the stack's %zu frames were counted", stack.n,
				stack.n_total);
		else if (!stack.root)
			r->more = ct_sink_printf(s->o->sink,
				"the stack could be followed for %zu frames only (%s)", stack.n,
				stack.why ? stack.why : "it ends there");
	}
	ct_unwinder_free(unwinder);
	return status;
}

static void found_recursion(
	struct ct_crash_scene *s, const uint64_t *ids, size_t skip, size_t period)
{
	uint32_t *sites = ct_arena_new_array(ct_sink_arena(s->o->sink), period, uint32_t);
	struct ct_recursion r = {.sites = sites};

	if (!sites || count_rounds(s, ids + skip, period, &r))
		return;
	for (size_t i = 0; i < period; i++) {
		const struct ct_unwound_frame *f = &s->stack.frames[skip + i];

		sites[i] = ct_observe_site(s->o, f->pc, f->is_call);
	}
	r.n_sites = (uint32_t)period;
	s->crash.recursion = r;
}

void ct_crash_recursion(struct ct_crash_scene *s)
{
	size_t n = CT_MIN((size_t)s->n_regs, (size_t)CT_CRASH_FRAMES);
	uint64_t ids[CT_CRASH_FRAMES];

	for (size_t i = s->frame; i < n; i++)
		ids[i] = function_of(s, &s->stack.frames[i]);
	for (size_t skip = s->frame; skip < s->frame + MAX_SKIP; skip++)
		for (size_t period = 1; period <= MAX_PERIOD; period++) {
			size_t same = repeats(ids, skip, period, n);

			if (same < LEAST || same < 2 * period)
				continue;
			found_recursion(s, ids, skip, period);
			return;
		}
}
