/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/owners.h"

#define MAX_STEPS  1000000    /* of all goroutines: half a second */
#define SAMPLES    4          /* of those with the same stack, that are asked in any case */
#define WORDS      192        /* of a stack that are looked at */
#define OBJECT     128        /* bytes of what a pointer points to: the object is in it */
#define MAX_LOOKED (1u << 24) /* words, of all stacks */
#define MAX_CASES  8          /* of a select, that count as what it waits for */
#define PAGES      4096       /* bits of a filter */
#define IDLE       4096
#define BATCH      32u /* goroutines whose memory is loaded at a time */
#define RECORD     64  /* bytes at the start of a g that tell where its stack is */

struct owners {
	struct ct_go_observation *o;
	struct ct_go_evidence e;
	uint64_t pages[PAGES / 64]; /* of wanted objects, hashed */
	uint64_t idle[IDLE];        /* pointers that lead to no such object: the last ones seen */
	uint64_t looked;
	bool cut;
};

/* ---- whom to ask ---- */

static uint32_t hash_of(uint64_t value)
{
	return (uint32_t)(value * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}

static uint32_t page_bit(uint64_t addr)
{
	return hash_of(addr >> 12) % PAGES;
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
	CT_BISECT(lo, hi, mid, w->e.wanted[mid].addr < addr);
	for (; lo < w->e.n && w->e.wanted[lo].addr - addr < size; lo++)
		if (!is_own_wait(w, a, w->e.wanted[lo].resource))
			return true;
	return false;
}

/*
 * What is at addr or behind it need not be looked at again: nothing that is asked about. Goroutines
 * have many pointers in common.
 */
static bool is_idle(const struct owners *w, uint64_t addr)
{
	return w->idle[hash_of(addr) % IDLE] == addr;
}

static bool looks_idle(const struct owners *w, uint64_t addr)
{
	return !may_be_in(w, addr) && !may_be_in(w, addr + OBJECT - 1);
}

/* Is there such an object, or a pointer to what has one? */
static bool leads_to_wanted(struct owners *w, uint64_t addr, const struct ct_actor *a)
{
	uint64_t behind[4];
	bool idle = looks_idle(w, addr);

	if (is_idle(w, addr))
		return false;
	if (!idle && has_wanted(w, addr, a))
		return true;
	/* What the program's own variables point to was seen in those that were asked. */
	if (addr % 8 == 0 && !is_variable(w, addr) &&
		!ct_read(w->o->target, addr, behind, sizeof(behind))) {
		w->looked += 8;
		for (size_t k = 0; k < CT_COUNT(behind); k++) {
			if (behind[k] < 4096 || looks_idle(w, behind[k]))
				continue;
			idle = false;
			if (has_wanted(w, behind[k], a))
				return true;
		}
	}
	if (idle)
		w->idle[hash_of(addr) % IDLE] = addr;
	return false;
}

struct sleeper { /* where the stack of a goroutine is, and what of it is in use */
	uint64_t low, high, sp;
};

static struct sleeper sleeper_at(const struct owners *w, uint64_t g)
{
	return (struct sleeper){ct_go_word(w->o->go, g, CT_GO_G_STACK_LO),
		ct_go_word(w->o->go, g, CT_GO_G_STACK_HI),
		ct_go_word(w->o->go, g, CT_GO_G_SCHED_SP)};
}

static size_t words_of(const struct sleeper *s)
{
	if (s->sp < s->low || s->sp >= s->high || s->sp % 8)
		return 0;
	return (size_t)CT_MIN((s->high - s->sp) / 8, (uint64_t)WORDS);
}

/* Does its stack have such an object, or lead to one? */
static bool touches(struct owners *w, const struct ct_actor *a, const struct sleeper *s)
{
	uint64_t words[WORDS];
	size_t n = words_of(s);

	if (w->looked >= MAX_LOOKED)
		w->cut = true;
	else if (n && ct_read(w->o->target, s->sp, words, n * sizeof(*words)))
		n = 0;
	if (w->cut || !n)
		return false;
	w->looked += n;
	for (size_t i = 0; i < n; i++) {
		bool own = words[i] - s->low < s->high - s->low || words[i] == a->object;

		if (words[i] >= 4096 && !own && leads_to_wanted(w, words[i], a))
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

/* Where they sleep. Their memory is loaded before it is looked at: that, then what is there. */
static void expect(
	const struct owners *w, const uint32_t *actors, uint32_t n, struct sleeper *sleepers)
{
	for (uint32_t i = 0; i < n; i++)
		ct_expect(w->o->target, ct_sink_get_actor(w->o->sink, actors[i])->object, RECORD);
	for (uint32_t i = 0; i < n; i++) {
		sleepers[i] = sleeper_at(w, ct_sink_get_actor(w->o->sink, actors[i])->object);
		ct_expect(w->o->target, sleepers[i].sp, words_of(&sleepers[i]) * sizeof(uint64_t));
	}
}

/* All with one stack. */
static enum ct_status ask_group(struct owners *w, const uint32_t *actors, uint32_t n)
{
	struct sleeper sleepers[BATCH] = {{0}};
	enum ct_status status = CT_OK;
	bool all = n <= SAMPLES;

	for (uint32_t i = 0; !status && i < n && (all || !w->cut || i < SAMPLES); i++) {
		const struct ct_actor *a = ct_sink_get_actor(w->o->sink, actors[i]);
		uint32_t before = w->e.found.n;
		struct ct_go_g g;

		if (!all && i % BATCH == 0)
			expect(w, actors + i, CT_MIN(n - i, BATCH), sleepers);
		bool has = all || touches(w, a, &sleepers[i % BATCH]);
		if ((!has && i >= SAMPLES) || ct_go_goroutine_at(w->o->go, a->object, &g))
			continue;
		status = ask(w, &g, actors[i]);
		/* What it knows is in no frame: then it may be so for all of them. */
		all |= !has && w->e.found.n > before;
	}
	return status;
}

static bool is_candidate(const struct ct_actor *a)
{
	return !a->system && a->stack != CT_NONE;
}

static int by_size(const void *a, const void *b, void *arg)
{
	struct ct_sink *sink = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint32_t n_x = ct_sink_get_stack(sink, x)->n_actors;
	uint32_t n_y = ct_sink_get_stack(sink, y)->n_actors;

	if (n_x != n_y)
		return n_x > n_y ? 1 : -1;
	return x == y ? 0 : x > y ? 1 : -1;
}

/* Lists the candidates by their stacks: those of stack k from first[k] on, up to first[k + 1]. */
static void list_candidates(
	const struct owners *w, uint32_t n_stacks, uint32_t *first, uint32_t *list)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < w->o->n; i++) {
		const struct ct_actor *a = ct_sink_get_actor(w->o->sink, w->o->first + i);

		if (is_candidate(a))
			first[a->stack]++;
	}
	for (uint32_t k = 0; k <= n_stacks; k++) {
		uint32_t n = first[k];

		first[k] = sum;
		sum += n;
	}
	for (uint32_t i = 0; i < w->o->n; i++) {
		const struct ct_actor *a = ct_sink_get_actor(w->o->sink, w->o->first + i);

		if (is_candidate(a))
			list[first[a->stack]++] = w->o->first + i;
	}
	/* Each has run on to where the next one begins. */
	memmove(first + 1, first, (size_t)n_stacks * sizeof(*first));
	first[0] = 0;
}

/* The rarer a stack is the earlier it is asked about: what is left out is of a crowd. */
static enum ct_status ask_all(struct owners *w)
{
	uint32_t n_stacks = ct_sink_n_stacks(w->o->sink);
	ct_autofree uint32_t *first = calloc((size_t)n_stacks + 2, sizeof(*first));
	ct_autofree uint32_t *order = malloc(((size_t)n_stacks + 1) * sizeof(*order));
	ct_autofree uint32_t *list = malloc(((size_t)w->o->n + 1) * sizeof(*list));
	enum ct_status status = first && order && list ? CT_OK : CT_NO_MEMORY;

	if (status)
		return status;
	for (uint32_t i = 0; i < w->e.n; i++) {
		uint32_t bit = page_bit(w->e.wanted[i].addr);

		w->pages[bit / 64] |= UINT64_C(1) << bit % 64;
	}
	list_candidates(w, n_stacks, first, list);
	for (uint32_t k = 0; k < n_stacks; k++)
		order[k] = k;
	qsort_r(order, n_stacks, sizeof(*order), by_size, w->o->sink);
	for (uint32_t k = 0; !status && k < n_stacks; k++)
		status =
			ask_group(w, list + first[order[k]], first[order[k] + 1] - first[order[k]]);
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
	ct_vec_free(&w.e.found);
	ct_vec_free(&questions);
	return status;
}
