/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/owners.h"

#define MAX_STEPS  1000000    /* of all goroutines: half a second */
#define SAMPLES    4          /* of those with the same stack, that are asked in any case */
#define WORDS      192        /* of a stack that are looked at */
#define OBJECT     128        /* bytes of what a pointer points to: the object is in it */
#define MAX_LOOKED (1u << 24) /* words, of all stacks */
#define MAX_CASES  8          /* of a select, that count as what it waits for */
#define PAGES      4096       /* bits of a filter */

struct candidate {
	uint32_t actor, stack, group; /* group: how many have that stack */
};

struct owners {
	struct ct_go_observation *o;
	struct ct_go_evidence e;
	CT_VEC(struct candidate) candidates;
	uint64_t pages[PAGES / 64]; /* of wanted objects, hashed */
	uint64_t looked;
	bool cut;
};

/* ---- whom to ask ---- */

static uint32_t page_bit(uint64_t addr)
{
	return (uint32_t)((addr >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 52) % PAGES;
}

static bool may_be_in(const struct owners *w, uint64_t addr)
{
	uint32_t bit = page_bit(addr);

	return w->pages[bit / 64] >> bit % 64 & 1;
}

/* Does the actor wait for it itself? Its place there was seen in those that were asked. */
static bool is_own_wait(const struct owners *w, const struct ct_actor *a, uint32_t resource)
{
	for (uint32_t i = 0; i < CT_MIN(a->n_waits, (uint32_t)MAX_CASES); i++)
		if (ct_sink_get_wait(w->o->sink, a->first_wait + i)->resource == resource)
			return true;
	return false;
}

static bool is_variable(const struct owners *w, uint64_t addr)
{
	const struct ct_module *module = w->o->go->module;

	return addr - module->start < module->end - module->start;
}

/*
 * Is what is asked about at addr or in an object there, and not what it waits for? Variables of the
 * program are no part of larger ones, as a rule.
 */
static bool has_wanted(const struct owners *w, uint64_t addr, const struct ct_actor *a)
{
	uint32_t size = is_variable(w, addr) ? 1 : OBJECT, lo = 0, hi = w->e.n;

	if (!may_be_in(w, addr) && !may_be_in(w, addr + size - 1))
		return false;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (w->e.wanted[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < w->e.n && w->e.wanted[lo].addr - addr < size; lo++)
		if (!is_own_wait(w, a, w->e.wanted[lo].resource))
			return true;
	return false;
}

/* Does its stack have such an object, or a pointer to what has one? */
static bool touches(struct owners *w, const struct ct_go_g *g, const struct ct_actor *a)
{
	uint64_t words[WORDS], behind[4];
	size_t n = 0;

	if (w->looked >= MAX_LOOKED)
		w->cut = true;
	else if (g->sp >= g->stack_low && g->sp < g->stack_high && g->sp % 8 == 0)
		n = (size_t)CT_MIN((g->stack_high - g->sp) / 8, (uint64_t)WORDS);
	if (!n || ct_read(w->o->target, g->sp, words, n * sizeof(*words)))
		return false;
	w->looked += n;
	for (size_t i = 0; i < n; i++) {
		bool stack = words[i] >= g->stack_low && words[i] < g->stack_high;

		if (words[i] < 4096 || stack)
			continue;
		if (has_wanted(w, words[i], a))
			return true;
		/* What the program's own variables point to was seen in those that were asked. */
		if (words[i] % 8 || is_variable(w, words[i]) ||
			ct_read(w->o->target, words[i], behind, sizeof(behind)))
			continue;
		w->looked += 8;
		for (size_t k = 0; k < CT_COUNT(behind); k++)
			if (behind[k] >= 4096 && has_wanted(w, behind[k], a))
				return true;
	}
	return false;
}

/* ---- asking ---- */

static uint8_t claim_of(const struct ct_wait *wait)
{
	switch (wait->kind) {
	case CT_WAIT_RWLOCK_READ:
		return CT_GO_CLAIM_READER;
	case CT_WAIT_RWLOCK_WRITE:
		return CT_GO_CLAIM_WRITER;
	default:
		return CT_GO_CLAIM_MUTEX;
	}
}

static void add_wait(const struct owners *w, uint32_t actor, struct ct_go_asked *asked)
{
	const struct ct_actor *a = ct_sink_get_actor(w->o->sink, actor);
	const struct ct_wait *wait =
		a->n_waits == 1 ? ct_sink_get_wait(w->o->sink, a->first_wait) : NULL;

	asked->waits_for = CT_NONE;
	if (!wait || wait->resource == CT_NONE)
		return;
	asked->waits_for = wait->resource;
	asked->claim = claim_of(wait);
	if (wait->kind == CT_WAIT_COND)
		asked->cond = ct_sink_get_resource(w->o->sink, wait->resource)->address;
}

static enum ct_status ask(struct owners *w, const struct ct_go_g *g, uint32_t actor)
{
	struct ct_unwound unwound;
	struct ct_regs regs;

	if (ct_evaluator_steps(ct_go_code_evaluator(w->e.code)) >= MAX_STEPS) {
		w->cut = true;
		return CT_OK;
	}
	enum ct_status status = ct_go_unwind(w->o, g, &regs, &unwound);
	if (status)
		return status == CT_NO_MEMORY ? status : CT_OK;
	struct ct_go_asked asked = {.g = g,
		.actor = actor,
		.frames = unwound.frames,
		.n = unwound.skipped_at ? unwound.skipped_at : unwound.n,
		.regs = &regs};
	add_wait(w, actor, &asked);
	return ct_go_evidence_ask(&w->e, &asked);
}

/* All with one stack. */
static enum ct_status ask_group(struct owners *w, uint32_t from, uint32_t to)
{
	enum ct_status status = CT_OK;
	bool all = false;

	for (uint32_t i = from; !status && i < to; i++) {
		uint32_t actor = w->candidates.items[i].actor, before = w->e.found.n;
		const struct ct_actor *a = ct_sink_get_actor(w->o->sink, actor);
		bool sample = i - from < SAMPLES;
		struct ct_go_g g;

		if (ct_go_goroutine_at(w->o->go, a->object, &g))
			continue;
		bool has = to - from <= SAMPLES || all || touches(w, &g, a);
		if (!has && !sample)
			continue;
		status = ask(w, &g, actor);
		/* What it knows is in no frame: then it may be so for all of them. */
		all |= !has && w->e.found.n > before;
	}
	return status;
}

static int by_group(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->group != y->group)
		return x->group > y->group ? 1 : -1;
	if (x->stack != y->stack)
		return x->stack > y->stack ? 1 : -1;
	return x->actor > y->actor ? 1 : -1;
}

static bool list_candidates(struct owners *w)
{
	for (uint32_t i = 0; i < w->o->n; i++) {
		const struct ct_actor *a = ct_sink_get_actor(w->o->sink, w->o->first + i);

		if (a->system || a->stack == CT_NONE)
			continue;
		struct candidate *slot = ct_vec_push(&w->candidates);
		if (!slot)
			return false;
		*slot = (struct candidate){w->o->first + i, a->stack,
			ct_sink_get_stack(w->o->sink, a->stack)->n_actors};
	}
	if (w->candidates.n)
		qsort(w->candidates.items, w->candidates.n, sizeof(*w->candidates.items), by_group);
	return true;
}

static enum ct_status ask_all(struct owners *w)
{
	enum ct_status status = list_candidates(w) ? CT_OK : CT_NO_MEMORY;
	const struct candidate *c = w->candidates.items;

	for (uint32_t i = 0; i < w->e.n; i++) {
		uint32_t bit = page_bit(w->e.wanted[i].addr);

		w->pages[bit / 64] |= UINT64_C(1) << bit % 64;
	}
	for (uint32_t i = 0, end; !status && i < w->candidates.n; i = end) {
		for (end = i; end < w->candidates.n && c[end].stack == c[i].stack; end++)
			;
		status = ask_group(w, i, end);
	}
	return status ? status : ct_go_conclude(w->o, &w->e, w->cut);
}

enum ct_status ct_go_observe_owners(struct ct_go_observation *o)
{
	ct_go_questions questions = {0};
	struct owners w = {.o = o, .e = {.go = o->go}};
	enum ct_status status = CT_OK;

	if (!o->unwinder)
		return CT_OK;
	if (!ct_go_collect_questions(o, &questions))
		status = CT_NO_MEMORY;
	w.e.wanted = questions.items;
	w.e.n = questions.n;
	/* NULL also for a machine whose code we do not know: then nothing is said. */
	if (!status && questions.n)
		w.e.code = ct_go_code_new(o->go, questions.items, questions.n);
	if (w.e.code)
		status = ask_all(&w);
	ct_go_code_free(w.e.code);
	ct_vec_free(&w.candidates);
	ct_vec_free(&w.e.found);
	ct_vec_free(&questions);
	return status;
}
