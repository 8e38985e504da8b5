/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has what records no owner: the evidence of all threads weighed.
 *
 * HIGH (inferred): a landing pad releases it; or the past acquired it on all paths; or the future
 * releases it on all paths and the past or a landing pad agrees.
 * MEDIUM (guess): the future alone; a possible future together with a possible past.
 * Less is not said. Never more holders than the object's own count allows: else it is ambiguous,
 * which is a note.
 */
#ifndef CT_BLOCKING_HOLDERS_H
#define CT_BLOCKING_HOLDERS_H

#include "blocking/evidence.h"

struct ct_holders_inference;

/* wanted is sorted by address and outlives it. NULL: no memory, or not this machine's code. */
struct ct_holders_inference *ct_holders_new(
	const struct ct_blocking *ctx, const struct ct_wanted *wanted, uint32_t n);
void ct_holders_free(struct ct_holders_inference *h);

/* Asks one thread. CT_DONE: the budget for all of them is spent. */
CT_WARN_UNUSED enum ct_status ct_holders_ask(
	struct ct_holders_inference *h, uint32_t actor, const struct ct_evidence_from *from);
/* The same with evidence that is known: one for each wanted object. */
CT_WARN_UNUSED enum ct_status ct_holders_add(struct ct_holders_inference *h, uint32_t actor,
	const struct ct_evidence_from *from, const struct ct_evidence *evidence);
/* Adds holds, peers and notes to the sink, when all were asked. */
CT_WARN_UNUSED enum ct_status ct_holders_conclude(struct ct_holders_inference *h);

#endif
