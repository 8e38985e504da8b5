/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel of a panic. chansend() and closechan() of runtime/chan.go have it as their first
 * argument, on the stack up to 1.16; since then it comes in a register and is kept where it had
 * been, before the lock is taken. A select has its cases in its caller's frame: those that send
 * come first (1.16 on). What is found there is believed when it is a channel in every respect, and
 * closed.
 */
#include "runtime/go/panic.h"
#include "runtime/go/record.h"
#include "runtime/go/waits.h"

#define MAX_CASES 64 /* of a select */

enum { /* arguments of selectgo(), in words: cas0, order0, pc0 (since 1.16), nsends, nrecvs */
	SELECT_CASES = 0,
	SELECT_SENDS = 3,
};

static bool is_closed(const struct ct_go *go, uint64_t at)
{
	struct ct_go_record r;
	struct ct_go_type elem;

	if (!at || at % 8 || ct_go_record(go, at, CT_GO_HCHAN_SIZE, &r) ||
		ct_go_field(&r, CT_GO_HCHAN_CLOSED, 4, 0) != 1)
		return false;
	uint64_t len = ct_go_get(&r, HCHAN_QCOUNT), cap = ct_go_get(&r, HCHAN_DATAQSIZ);
	uint64_t sendx = ct_go_get(&r, HCHAN_SENDX), recvx = ct_go_get(&r, HCHAN_RECVX);

	/* Who closes takes all out of the queues. */
	return len <= cap && (cap ? sendx < cap && recvx < cap : !sendx && !recvx) &&
	       !ct_go_get(&r, HCHAN_RECVQ_FIRST) && !ct_go_get(&r, HCHAN_SENDQ_FIRST) &&
	       !ct_go_type_at(go, ct_go_get(&r, HCHAN_ELEMTYPE), &elem) &&
	       elem.size == ct_go_field(&r, CT_GO_HCHAN_ELEMSIZE, 2, 0);
}

/* The only closed one that the select at whose arguments we are would have sent to; 0. */
static uint64_t of_select(const struct ct_go *go, uint64_t args)
{
	uint64_t words[SELECT_SENDS + 1], ret = 0;

	if (!ct_go_since(go, 16) || ct_read(go->target, args, words, sizeof(words)) ||
		words[SELECT_SENDS] > MAX_CASES)
		return 0;
	for (uint64_t i = 0; i < words[SELECT_SENDS]; i++) {
		uint64_t scase[2]; /* the channel, the element */

		if (ct_read(go->target, words[SELECT_CASES] + i * sizeof(scase), scase,
			    sizeof(scase)))
			return 0;
		if (!is_closed(go, scase[0]) || scase[0] == ret)
			continue;
		if (ret)
			return 0;
		ret = scase[0];
	}
	return ret;
}

uint32_t ct_go_panic_channel(struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor,
	const struct ct_unwound *stack, size_t gopanic)
{
	const struct ct_go *go = o->go;
	struct ct_go_waiter w = {.o = o, .waits = o->waits, .g = g, .actor = actor};
	size_t n = stack->skipped_at ? stack->skipped_at : stack->n;
	uint64_t at = 0;

	if (gopanic + 1 >= n)
		return CT_NONE;
	const struct ct_unwound_frame *frame = &stack->frames[gopanic + 1];
	const char *name = ct_go_frame_name(go, frame);
	if ((!strcmp(name, "runtime.chansend") || !strcmp(name, "runtime.closechan")) &&
		ct_read_u64(go->target, frame->cfa, &at))
		return CT_NONE;
	if (!strcmp(name, "runtime.selectgo"))
		at = of_select(go, frame->cfa);
	const struct ct_go_channel *channel = is_closed(go, at) ? ct_go_channel(&w, at) : NULL;
	return channel ? channel->resource : CT_NONE;
}
