/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of every goroutine lies apart: its record, where it sleeps, what it waits with. */
#include "runtime/go/observe.h"

#define AHEAD 16u    /* records whose memory is loaded before it is read */
#define STACK 16384u /* bytes from where it sleeps outwards: most stacks are smaller */
#define SUDOG 96u    /* bytes, in all versions about */

static void want_record(const struct ct_go *go, uint64_t g)
{
	ct_want(go->target, g, ct_go_at(go, G_SIZE));
}

static void want_what_it_has(const struct ct_go *go, uint64_t g)
{
	uint64_t sp = ct_go_word(go, g, CT_GO_G_SCHED_SP);
	uint64_t high = ct_go_word(go, g, CT_GO_G_STACK_HI);
	uint64_t sudog = ct_go_word(go, g, CT_GO_G_WAITING);

	if (sp < high)
		ct_want(go->target, sp, CT_MIN(high - sp, (uint64_t)STACK));
	if (sudog)
		ct_want(go->target, sudog, SUDOG);
}

static void fetch_of_each(
	const struct ct_go *go, uint32_t n, void (*want)(const struct ct_go *go, uint64_t g))
{
	uint64_t g, later;

	for (uint32_t i = 0; i < n && !ct_go_goroutine_address(go, i, &g); i++) {
		if (!ct_go_goroutine_address(go, i + AHEAD, &later))
			ct_expect(go->target, later, ct_go_at(go, G_SIZE));
		want(go, g);
	}
	ct_fetch(go->target);
}

void ct_go_fetch_goroutines(const struct ct_go *go)
{
	uint32_t n = ct_go_n_goroutines(go);
	uint64_t list;

	if (!n || ct_read_u64(go->target, go->globals.allgs, &list))
		return;
	ct_want(go->target, list, (uint64_t)n * sizeof(list));
	ct_fetch(go->target);
	fetch_of_each(go, n, want_record);
	fetch_of_each(go, n, want_what_it_has);
}
