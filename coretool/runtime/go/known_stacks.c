/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of frames, innermost first: each step is found by the one before and its pc. */
#include "runtime/go/known_stacks.h"

#include "base/hash.h"
#include "base/vec.h"
#include "runtime/go/frames.h"
#include "target/return_address.h"
#include "target/stack_words.h"

#define MAX_STEPS (1u << 20) /* some 40 MB; then no more is learned */

struct step {
	uint64_t pc;
	uint32_t from;  /* the frame that it has called; CT_NONE: it is the innermost one */
	uint32_t size;  /* up to its caller's stack pointer */
	uint32_t stack; /* that ends here; CT_NONE: it goes on */
	bool is_call;   /* pc is a return address */
};

struct ct_go_known_stacks {
	const struct ct_go *go;
	struct ct_stack_words words;
	CT_VEC(struct step) steps;
	struct ct_hash keys;
};

struct ct_go_known_stacks *ct_go_known_stacks_new(const struct ct_go *go)
{
	struct ct_go_known_stacks *known = calloc(1, sizeof(*known));

	if (!known)
		return NULL;
	known->go = go;
	ct_stack_words_init(&known->words, go->target);
	return known;
}

void ct_go_known_stacks_free(struct ct_go_known_stacks *known)
{
	if (!known)
		return;
	ct_vec_free(&known->steps);
	ct_hash_free(&known->keys);
	free(known);
}

static uint64_t key_of(uint32_t from, uint64_t pc, bool is_call)
{
	return ct_hash_u64((pc * 2 + is_call) ^ from * UINT64_C(0x9e3779b97f4a7c15));
}

static uint32_t find_step(
	const struct ct_go_known_stacks *known, uint32_t from, uint64_t pc, bool is_call)
{
	struct ct_hash_it it = ct_hash_find(&known->keys, key_of(from, pc, is_call));
	uint32_t i;

	while (ct_hash_next(&known->keys, &it, &i)) {
		const struct step *step = &known->steps.items[i];

		if (step->pc == pc && step->from == from && step->is_call == is_call)
			return i;
	}
	return CT_NONE;
}

uint32_t ct_go_known_stack(struct ct_go_known_stacks *known, uint64_t pc, bool is_call, uint64_t sp)
{
	uint32_t at = sp % CT_WORD ? CT_NONE : find_step(known, CT_NONE, pc, is_call);

	while (at != CT_NONE && known->steps.items[at].stack == CT_NONE) {
		if (!ct_add(sp, (uint64_t)known->steps.items[at].size, &sp) ||
			ct_stack_word(&known->words, sp - CT_WORD, &pc))
			return CT_NONE;
		at = find_step(known, at, pc, true);
	}
	return at == CT_NONE ? CT_NONE : known->steps.items[at].stack;
}

/* Was nothing but the pc needed for each frame, and nothing but its size for the caller? */
static bool is_plain(
	const struct ct_go_known_stacks *known, const struct ct_unwound *unwound, uint64_t sp)
{
	bool plain = unwound->root && unwound->n && unwound->n == unwound->n_total;

	for (size_t i = 0; plain && i < unwound->n; i++) {
		const struct ct_unwound_frame *frame = &unwound->frames[i];
		struct ct_frame_shape shape;

		plain = !frame->is_signal &&
			(!i || (frame->is_call && frame->trust == CT_FRAME_PCLNTAB)) &&
			ct_go_frame_shape(
				(void *)(uintptr_t)known->go, frame->pc - (i != 0), &shape) &&
			!shape.exact_caller && shape.root == (i + 1 == unwound->n) &&
			frame->cfa == sp + shape.size && shape.size % CT_WORD == 0;
		sp = frame->cfa;
	}
	return plain;
}

static uint32_t add_step(struct ct_go_known_stacks *known, const struct step *step)
{
	struct step *slot = ct_vec_push(&known->steps);
	uint32_t index = known->steps.n - 1;

	if (!slot)
		return CT_NONE;
	*slot = *step;
	return ct_hash_insert(&known->keys, key_of(step->from, step->pc, step->is_call), index)
		       ? index
		       : CT_NONE;
}

void ct_go_learn_stack(struct ct_go_known_stacks *known, const struct ct_unwound *unwound,
	uint64_t sp, uint32_t index)
{
	uint32_t from = CT_NONE;

	if (unwound->n > MAX_STEPS - known->steps.n || !is_plain(known, unwound, sp))
		return;
	for (size_t i = 0; i < unwound->n; i++) {
		const struct ct_unwound_frame *frame = &unwound->frames[i];
		const struct step step = {.pc = frame->pc,
			.from = from,
			.size = (uint32_t)(frame->cfa - sp),
			.stack = i + 1 == unwound->n ? index : CT_NONE,
			.is_call = frame->is_call};

		from = find_step(known, step.from, step.pc, step.is_call);
		if (from == CT_NONE)
			from = add_step(known, &step);
		if (from == CT_NONE)
			return;
		sp = frame->cfa;
	}
}
