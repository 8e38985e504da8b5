/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value of package time that a channel is of, a Timer or a Ticker: who resets that one has the
 * channel get something again. Its first word is the channel, the runtime's timer lies behind that
 * (newTimer() of time/sleep.go; since 1.23 timeTimer of runtime/time.go).
 */
#include "runtime/go/timers.h"

#define OBJECT 128 /* bytes of what a pointer points to: the timer is in it */

/* Where the runtime's timer is in it: since 1.23 behind {C, init bool}. */
static uint32_t offset_of(const struct ct_go *go)
{
	return ct_go_since(go, 23) ? 16 : 8;
}

/* Has it fired, or was it stopped? One that is just being changed has not. */
static bool rests(const struct ct_go *go, uint64_t timer)
{
	enum { NONE = 0, DELETED = 3, REMOVED = 5 }; /* runtime/time.go, up to 1.22 */
	uint32_t status;
	uint64_t when;

	if (!ct_go_has(go, TIMER_STATUS))
		return !ct_go_u64(go, timer, CT_GO_TIMER_WHEN, &when) && !when;
	return !ct_go_u32(go, timer, CT_GO_TIMER_STATUS, &status) &&
	       (status == NONE || status == DELETED || status == REMOVED);
}

/* Is it of this channel, by both of its ends? */
static bool is_of(const struct ct_go *go, uint64_t value, uint64_t channel)
{
	uint64_t first;

	return !ct_read_u64(go->target, value, &first) && first == channel &&
	       ct_go_timer_argument(go, value + offset_of(go)) == channel;
}

/* At this address, or in what is there: a program has its timers in structs of its own. */
static uint64_t find_in(struct ct_go_waiter *w, uint64_t addr, uint64_t channel)
{
	const struct ct_go *go = w->o->go;
	uint64_t words[OBJECT / 8];

	w->waits->searched++;
	if (addr < 4096 || addr % 8 || addr - w->g->stack_low < w->g->stack_high - w->g->stack_low)
		return 0;
	if (is_of(go, addr, channel))
		return addr;
	if (ct_read(go->target, addr, words, sizeof(words)))
		return 0;
	w->waits->searched += CT_COUNT(words);
	for (size_t i = 0; i < CT_COUNT(words); i++)
		if (words[i] >= 4096 && words[i] % 8 == 0 && is_of(go, words[i], channel))
			return words[i];
	return 0;
}

uint64_t ct_go_resting_timer(struct ct_go_waiter *w, uint64_t channel, uint64_t timer)
{
	const struct ct_go *go = w->o->go;
	uint64_t words[CT_GO_STACK_WORDS], value = timer - offset_of(go);
	size_t n = 0;

	if (ct_go_at(go, TIMER_ARG) == CT_GO_ABSENT || ct_go_at(go, TIMER_WHEN) == CT_GO_ABSENT)
		return 0;
	if (timer)
		return is_of(go, value, channel) && rests(go, timer) ? value : 0;
	/* The channel does not know it; who receives from t.C has t in its frames, most often. */
	if (ct_go_may_search(w))
		n = ct_go_stack_words(w, words);
	for (size_t i = 0; i < n; i++) {
		value = find_in(w, words[i], channel);
		if (value)
			return rests(go, value + offset_of(go)) ? value : 0;
	}
	return 0;
}
