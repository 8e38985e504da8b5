/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a thread probably took what it holds: the innermost function of the program's own on its
 * stack that has the lock's address, in its frame (a guard object, a saved register, an argument)
 * or in its code before the place where it is now. The code of x86-64 has addresses as distances
 * from the next instruction, which begins right behind them when there is no other operand.
 */
#include "blocking/libc.h"
#include "observe/internal.h"
#include "target/symbols.h"

#define MOST_FRAMES 64u
#define MOST_CODE   (64u << 10)           /* of one function */
#define MOST_STACK  (UINT64_C(1) << 20)   /* of one thread */
#define MOST_BYTES  (UINT64_C(256) << 20) /* of all */
#define CHUNK       4096u

struct held_lock {
	uint64_t addr;
	uint32_t hold;
};

struct search {
	struct ct_observation *o;
	struct held_lock *locks; /* of one actor, sorted by address */
	uint32_t n;
	uint64_t budget; /* bytes that may still be read */
};

static void tell(struct search *s, uint64_t value, uint32_t frame)
{
	uint32_t lo = 0, hi = s->n;

	CT_BISECT(lo, hi, mid, s->locks[mid].addr < value);
	for (; lo < s->n && s->locks[lo].addr == value; lo++) {
		struct ct_hold *hold = ct_sink_get_hold(s->o->sink, s->locks[lo].hold);

		hold->took_frame = CT_MIN(hold->took_frame, frame);
	}
}

static bool may_be_one(const struct search *s, uint64_t value)
{
	return value >= s->locks[0].addr && value <= s->locks[s->n - 1].addr;
}

/* Up to 4096 bytes; how many there are. */
static size_t take(struct search *s, uint64_t at, uint64_t end, uint8_t *bytes)
{
	size_t len = (size_t)CT_MIN(end - at, (uint64_t)CHUNK);

	if (s->budget < len || ct_read(s->o->target, at, bytes, len))
		return 0;
	s->budget -= len;
	return len;
}

static void search_stack(struct search *s, uint64_t start, uint64_t end, uint32_t frame)
{
	uint8_t bytes[CHUNK];
	size_t n;

	if (end < start || end - start > MOST_STACK)
		return;
	for (uint64_t at = start & ~UINT64_C(7); at < end && (n = take(s, at, end, bytes)); at += n)
		for (size_t i = 0; i + 8 <= n; i += 8) {
			uint64_t word;

			memcpy(&word, bytes + i, sizeof(word));
			if (may_be_one(s, word))
				tell(s, word, frame);
		}
}

/* The code of the function up to pc. */
static void search_code(struct search *s, uint64_t pc, uint32_t frame)
{
	struct ct_symbol symbol;
	uint8_t bytes[CHUNK];
	size_t n;

	if (ct_symbol_at(s->o->target, pc - 1, CT_SYMBOL_CODE, &symbol) ||
		pc - symbol.start > MOST_CODE)
		return;
	for (uint64_t at = symbol.start; at < pc && (n = take(s, at, pc, bytes)) > 4;
		at += n == CHUNK ? n - 4 : n)
		for (size_t i = 0; i + 4 <= n; i++) {
			int32_t distance;

			memcpy(&distance, bytes + i, sizeof(distance));
			uint64_t value = at + i + 4 + (uint64_t)(int64_t)distance;
			if (may_be_one(s, value))
				tell(s, value, frame);
		}
}

/* Locks that are variables of the function itself. */
static void search_locals(struct search *s, uint64_t start, uint64_t end, uint32_t frame)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->locks[i].addr >= start && s->locks[i].addr < end)
			tell(s, s->locks[i].addr, frame);
}

static void search_frames(struct search *s, uint32_t actor)
{
	const struct ct_thread *thread = ct_target_thread(s->o->target, actor);
	const struct ct_arch *arch = ct_target_arch(s->o->target);
	struct ct_unwound unwound;
	uint64_t start;

	if (!thread->stopped || ct_unwind(s->o->unwinder, thread->regs, &unwound))
		return;
	start = ct_reg(thread->regs, arch->sp);
	for (uint32_t i = 0; i < unwound.n && i < MOST_FRAMES; i++) {
		const struct ct_unwound_frame *frame = &unwound.frames[i];

		/* What libc's functions saved is their callers': it counts for the next frame. */
		if (!ct_libc_owns(s->o->target, &s->o->libc, frame->pc) && !frame->is_signal) {
			search_locals(s, start, frame->cfa, i);
			search_stack(s, start, frame->cfa, i);
			search_code(s, frame->pc, i);
			start = frame->cfa;
		}
		/* Behind a gap, frames do not follow one another. */
		if (!frame->cfa || (unwound.skipped_at && i + 1 >= unwound.skipped_at))
			return;
	}
}

static int by_addr(const void *a, const void *b)
{
	const struct held_lock *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static int by_actor(const void *a, const void *b, void *sink)
{
	const struct ct_hold *x = ct_sink_get_hold(sink, *(const uint32_t *)a);
	const struct ct_hold *y = ct_sink_get_hold(sink, *(const uint32_t *)b);

	return (x->actor > y->actor) - (x->actor < y->actor);
}

/* holds: indices of the holds of one actor. */
static void search_actor(struct search *s, const uint32_t *holds, uint32_t n)
{
	struct ct_sink *sink = s->o->sink;
	uint32_t actor = ct_sink_get_hold(sink, holds[0])->actor;

	s->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct ct_hold *hold = ct_sink_get_hold(sink, holds[i]);
		const struct ct_resource *r = ct_sink_get_resource(sink, hold->resource);

		if (!r->is_actor && hold->took_frame == CT_NONE)
			s->locks[s->n++] = (struct held_lock){r->address, holds[i]};
	}
	if (!s->n || actor >= ct_target_n_threads(s->o->target))
		return;
	qsort(s->locks, s->n, sizeof(*s->locks), by_addr);
	search_frames(s, actor);
}

enum ct_status ct_observe_took(struct ct_observation *o)
{
	uint32_t n = ct_sink_n_holds(o->sink);
	ct_autofree uint32_t *holds = calloc((size_t)n + 1, sizeof(*holds));
	ct_autofree struct held_lock *locks = calloc((size_t)n + 1, sizeof(*locks));
	struct search s = {.o = o, .locks = locks, .budget = MOST_BYTES};

	if (!holds || !locks)
		return CT_NO_MEMORY;
	if (!o->unwinder || !(o->plan->wants & CT_WANT_WHOLE))
		return CT_OK;
	for (uint32_t i = 0; i < n; i++)
		holds[i] = i;
	if (n)
		qsort_r(holds, n, sizeof(*holds), by_actor, o->sink);
	for (uint32_t i = 0, end; i < n; i = end) {
		uint32_t actor = ct_sink_get_hold(o->sink, holds[i])->actor;

		for (end = i + 1; end < n && ct_sink_get_hold(o->sink, holds[end])->actor == actor;)
			end++;
		search_actor(&s, holds + i, end - i);
	}
	return CT_OK;
}
