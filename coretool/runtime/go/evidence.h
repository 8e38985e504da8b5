/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the code of one goroutine says it will do. Its frames are asked from the innermost outwards,
 * each from where it goes on to its return; what it has deferred counts. The first that is done to
 * an object decides: released first means that it is held now. A goroutine that is just acquiring
 * an object will release it once for that: only what is released beyond is held.
 */
#ifndef CT_RUNTIME_GO_EVIDENCE_H
#define CT_RUNTIME_GO_EVIDENCE_H

#include "base/vec.h"
#include "runtime/go/code.h"
#include "runtime/go/goroutine.h"
#include "target/unwind.h"

struct ct_go_found {
	uint32_t wanted; /* the question */
	uint32_t actor;
	bool sure; /* on all paths */
	bool deferred;
	/* Of who will close a channel, and of the others that use it: */
	bool closes, receives, endless; /* endless: it sends for ever, and never returns */
	uint32_t sends;                 /* on a path, at most */
	uint32_t frame;
	const struct ct_event_row *row; /* NULL: by an atomic instruction */
	uint64_t pc;                    /* of the call, or of that instruction; 0: not known */
};

typedef CT_VEC(struct ct_go_found) ct_go_findings;

struct ct_go_asked {
	const struct ct_go_g *g;
	uint32_t actor;
	const struct ct_unwound_frame *frames; /* innermost first */
	size_t n;
	const struct ct_regs *regs; /* of the innermost */
	uint32_t waits_for;         /* resource; CT_NONE: not known */
	uint8_t claim;              /* that it would have on it: enum ct_go_claim */
	uint64_t cond;              /* of one that waits at a Cond: the Cond; 0 */
};

struct ct_go_evidence {
	const struct ct_go *go;
	struct ct_go_code *code;
	const struct ct_go_wanted *wanted;
	uint32_t n;
	ct_go_findings found; /* of all goroutines */
	bool unclear;         /* one does something to nobody knows which channel or the like */
};

/* Adds to found. */
CT_WARN_UNUSED enum ct_status ct_go_evidence_ask(
	struct ct_go_evidence *e, const struct ct_go_asked *asked);

#endif
