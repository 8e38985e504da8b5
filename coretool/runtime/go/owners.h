/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has what goroutines wait for, and who will wake them: locks of package sync record no owner,
 * and channels no partner. All goroutines' code is asked (evidence.h), those first whose stacks are
 * rare; of many with the same stack only those that have one of the objects in their frames, or a
 * pointer to what it is part of.
 */
#ifndef CT_RUNTIME_GO_OWNERS_H
#define CT_RUNTIME_GO_OWNERS_H

#include "runtime/go/evidence.h"
#include "runtime/go/observe.h"

typedef CT_VEC(struct ct_go_wanted) ct_go_questions;

/* What the waits of goroutines ask, sorted by address; false: no memory. (questions.c) */
bool ct_go_collect_questions(const struct ct_go_observation *o, ct_go_questions *ret);
/* Adds holds and peers by what was found. cut: not all goroutines were asked. (conclude.c) */
CT_WARN_UNUSED enum ct_status ct_go_conclude(
	struct ct_go_observation *o, struct ct_go_evidence *e, bool cut);

/* What was found, as a fact. (conclude.c) */
struct ct_deed ct_go_deed_of(const struct ct_go_observation *o, const struct ct_go_evidence *e,
	const struct ct_go_found *found);

#endif
