/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/way_out.h"

#include <elf.h>

#include "base/hash.h"
#include "decode/operand.h"
#include "decode/way_step.h"

#define MAX_STEPS  3000 /* instructions from one address on; long functions take some hundred */
#define MAX_STATES 256  /* branches that wait */
#define VISITS     8192 /* a power of two, larger than MAX_STEPS */
#define WINDOW     512  /* bytes of code that are read at a time */

/* Ways that wait to be followed, first come, first served: the shortest way out is found first. */
struct queue {
	uint32_t first, n;
	struct way_state states[MAX_STATES];
};

struct search {
	const struct ct_arch *arch;
	const struct ct_way_view *view;
	struct ct_ways_out *out;
	/* Likely ways, and those behind a call that seems to be a function's last instruction. */
	struct queue likely, unlikely;
	struct ct_ways_out tails; /* by jumps that may be calls of other functions */
	bool cut;                 /* not all was followed to its end */
	bool late;                /* what is followed now is unlikely */
	uint64_t goal;            /* on the way in: the address to arrive at; 0: the way is out */
	struct ct_way in;         /* that arrived there, */
	bool arrived;             /* when one has */
	uint64_t steps;
	uint64_t window_at;
	size_t window_n;
	uint8_t window[WINDOW];
	uint64_t visited[VISITS]; /* addresses plus 1; 0: free */
};

/* False: it was there before. */
static bool visit(struct search *s, uint64_t pc)
{
	uint64_t i = ct_hash_u64(pc);

	while (s->visited[i & (VISITS - 1)]) {
		if (s->visited[i & (VISITS - 1)] == pc + 1)
			return false;
		i++;
	}
	s->visited[i & (VISITS - 1)] = pc + 1;
	return true;
}

static void enqueue(struct search *s, struct queue *queue, const struct way_state *state)
{
	if (queue->n == MAX_STATES) {
		s->cut = true;
		return;
	}
	queue->states[(queue->first + queue->n++) % MAX_STATES] = *state;
}

static bool dequeue(struct queue *queue, struct way_state *ret)
{
	if (!queue->n)
		return false;
	*ret = queue->states[queue->first];
	queue->first = (queue->first + 1) % MAX_STATES;
	queue->n--;
	return true;
}

static const uint8_t *code_at(struct search *s, uint64_t pc, size_t *n)
{
	uint64_t skip = pc - s->window_at;

	if (skip >= s->window_n || s->window_n - skip < CT_MAX_INSTRUCTION) {
		s->window_at = pc;
		s->window_n = s->view->code(s->view->arg, pc, s->window, sizeof(s->window));
		skip = 0;
	}
	*n = s->window_n - skip;
	return s->window + skip;
}

static bool same_way(const struct ct_way *a, const struct ct_way *b)
{
	return a->base == b->base && a->cfa == b->cfa && a->same == b->same &&
	       a->n_saved == b->n_saved &&
	       !memcmp(a->saved, b->saved, a->n_saved * sizeof(a->saved[0]));
}

static void add_way(struct ct_ways_out *out, const struct ct_way *way)
{
	for (size_t i = 0; i < out->n; i++)
		if (same_way(&out->ways[i], way))
			return;
	if (out->n < CT_MAX_WAYS)
		out->ways[out->n++] = *way;
}

static void end_way(struct search *s, struct ct_ways_out *out, const struct way_state *state)
{
	struct ct_way way = {0};

	way.doubtful = s->late;
	if (ct_way_end(state, s->arch, &way))
		add_way(out, &way);
	else
		s->cut = true;
}

/* Compilers fill the room behind a function with these, and seldom leave any behind a call in it.
 */
static bool is_padding(struct search *s, uint64_t pc)
{
	size_t n;
	const uint8_t *code = code_at(s, pc, &n);
	size_t i = 0;

	while (i < n && (code[i] == 0x66 || code[i] == 0x2e))
		i++;
	return i + 1 < n &&
	       (code[i] == 0xcc || code[i] == 0x90 || (code[i] == 0x0f && code[i + 1] == 0x1f));
}

static bool arrives(struct search *s, const struct way_state *state)
{
	if (!s->goal || state->pc != s->goal)
		return false;
	s->arrived |= ct_way_arrive(state, s->arch, &s->in);
	return true;
}

/* Follows one way up to its next branch. */
static void follow(struct search *s, struct way_state *state)
{
	while (s->steps < MAX_STEPS && !arrives(s, state) && visit(s, state->pc)) {
		size_t n;
		const uint8_t *code = code_at(s, state->pc, &n);
		struct way_step step = ct_way_step(state, code, n);

		s->steps++;
		switch (step.move) {
		case MOVE_ON:
			break;
		case MOVE_CALL:
			if (arrives(s, state) ||
				s->view->no_return(s->view->arg, step.target, step.slot))
				return;
			if (is_padding(s, state->pc)) {
				enqueue(s, &s->unlikely, state);
				return;
			}
			break;
		case MOVE_BRANCH:
			enqueue(s, &s->likely, state);
			state->pc = step.target;
			enqueue(s, &s->likely, state);
			return;
		case MOVE_JUMP:
			state->pc = step.target;
			break;
		case MOVE_RETURN:
			end_way(s, s->out, state);
			return;
		case MOVE_LEAVE:
			end_way(s, &s->tails, state);
			return;
		case MOVE_STOP:
			return;
		case MOVE_UNKNOWN:
			s->cut = true;
			return;
		}
	}
}

static bool next_state(struct search *s, struct way_state *state)
{
	if (s->steps == MAX_STEPS || s->arrived)
		return false;
	if (dequeue(&s->likely, state))
		return true;
	s->late = true; /* all that follows comes from such a place */
	return dequeue(&s->unlikely, state);
}

enum ct_status ct_way_in_find(const struct ct_arch *arch, const struct ct_way_view *view,
	uint64_t entry, uint64_t pc, uint64_t *steps, struct ct_way *ret)
{
	struct ct_ways_out out = {0};
	struct way_state state;

	if (arch->e_machine != EM_X86_64)
		return CT_NOT_FOUND;
	ct_autofree struct search *s = calloc(1, sizeof(*s));
	if (!s)
		return CT_NO_MEMORY;
	s->arch = arch;
	s->view = view;
	s->out = &out;
	s->goal = pc;
	ct_way_begin_at_entry(entry, &state);
	do
		follow(s, &state);
	while (next_state(s, &state));
	*steps += s->steps;
	*ret = s->in;
	return s->arrived ? CT_OK : CT_NOT_FOUND;
}

enum ct_status ct_ways_out_find(const struct ct_arch *arch, const struct ct_way_view *view,
	uint64_t pc, uint64_t *steps, struct ct_ways_out *ret)
{
	struct way_state state;

	*ret = (struct ct_ways_out){0};
	if (arch->e_machine != EM_X86_64)
		return CT_OK;
	ct_autofree struct search *s = calloc(1, sizeof(*s));
	if (!s)
		return CT_NO_MEMORY;
	s->arch = arch;
	s->view = view;
	s->out = ret;
	ct_way_begin(pc, &state);
	do
		follow(s, &state);
	while (ret->n < CT_MAX_WAYS && next_state(s, &state));
	s->cut |= s->steps == MAX_STEPS;
	for (size_t i = 0; i < s->tails.n; i++)
		add_way(ret, &s->tails.ways[i]);
	ret->never_returns = !ret->n && !s->cut;
	*steps += s->steps;
	return CT_OK;
}
