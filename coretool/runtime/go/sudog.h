/* SPDX-License-Identifier: Apache-2.0 */
/* One waiting goroutine in the queue of one object: struct sudog of runtime2.go. */
#ifndef CT_RUNTIME_GO_SUDOG_H
#define CT_RUNTIME_GO_SUDOG_H

#include "runtime/go/record.h"

struct ct_go_sudog {
	uint64_t at, g, next, prev;
	uint64_t elem;     /* what is sent or received into; of a semaphore its address */
	uint64_t waitlink; /* of a select the next case; of a semaphore the next that waits */
	uint64_t channel;
};

static inline enum ct_status ct_go_sudog_at(
	const struct ct_go *go, uint64_t at, struct ct_go_sudog *ret)
{
	struct ct_go_record record;

	if (!at || at % 8 || ct_go_record(go, at, CT_GO_SUDOG_SIZE, &record))
		return CT_FAULT;
	/* Since 1.26 elem and c are pairs (maybeTraceablePtr): the second word is the address, the
	 * first one may be hidden from the garbage collector. */
	uint32_t second = ct_go_at(go, SUDOG_SIZE) - ct_go_at(go, SUDOG_C) >= 16 ? 8 : 0;
	*ret = (struct ct_go_sudog){
		.at = at,
		.g = ct_go_get(&record, SUDOG_G),
		.next = ct_go_get(&record, SUDOG_NEXT),
		.prev = ct_go_get(&record, SUDOG_PREV),
		.waitlink = ct_go_get(&record, SUDOG_WAITLINK),
		.elem = ct_go_field(&record, CT_GO_SUDOG_ELEM, 8, second),
		.channel = ct_go_field(&record, CT_GO_SUDOG_C, 8, second),
	};
	return CT_OK;
}

#endif
