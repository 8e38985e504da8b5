/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the code of one thread says about objects that record no owner. Three questions to each of
 * its frames, the innermost first; the innermost frame that answers decides:
 *
 *	future  is the first thing that will be done to the object a release?
 *	pad     would the exception handler of the current call release it? Then a guard lives now.
 *	past    was it acquired on balance since the function was entered?
 *
 * And whose initialiser does the thread run? (evidence_inside.c)
 */
#ifndef CT_BLOCKING_EVIDENCE_H
#define CT_BLOCKING_EVIDENCE_H

#include "blocking/code.h"

enum ct_future {
	CT_FUTURE_SILENT, /* no frame does anything to it */
	CT_FUTURE_MIXED,  /* on some paths it is acquired first */
	CT_FUTURE_MAYBE,  /* on some paths it is released, on others nothing happens */
	CT_FUTURE_SURE,   /* on all paths that end it is released */
};

enum ct_past { CT_PAST_SILENT, CT_PAST_RELEASED, CT_PAST_MAYBE, CT_PAST_SURE };

struct ct_proof { /* where an answer comes from */
	uint32_t frame;
	const struct ct_event_row *row; /* NULL: an atomic instruction */
	uint64_t pc;                    /* of the call or instruction */
};

struct ct_evidence {     /* of one thread about one object */
	uint8_t future;  /* enum ct_future */
	uint8_t past;    /* enum ct_past */
	bool pad;        /* the landing pad releases it */
	bool pad_silent; /* the frame that decided about the future has a landing pad that does not
			  */
	bool refers;     /* it has the object's address at hand */
	bool inside;     /* it is in a function that has the object as long as it runs */
	struct ct_proof of_future, of_past, of_pad, of_inside, of_refers;
};

/* A thread as its stack shows it. */
struct ct_evidence_from {
	const struct ct_unwound_frame *frames; /* innermost first, with the registers of each */
	const struct ct_regs *regs;
	size_t n;
	uint64_t waits_for; /* the object that it is known to wait for; 0: none */
};

/* ret has one for each wanted object. CT_DONE: the budget for all threads is spent. */
CT_WARN_UNUSED enum ct_status ct_evidence_gather(const struct ct_blocking *ctx,
	struct ct_code *code, const struct ct_wanted *wanted, uint32_t n_wanted,
	const struct ct_evidence_from *from, struct ct_evidence *ret);

/* Which initialisers the frame runs. (evidence_inside.c) */
void ct_evidence_runs(const struct ct_blocking *ctx, struct ct_code *code,
	const struct ct_wanted *wanted, uint32_t n_wanted, const struct ct_evidence_from *from,
	size_t frame, struct ct_evidence *ret);
/* Which objects wait for the thread. */
void ct_evidence_belongs(const struct ct_blocking *ctx, const struct ct_wanted *wanted,
	uint32_t n_wanted, const struct ct_evidence_from *from, struct ct_evidence *ret);
/* Which objects' addresses it has in its frames, where that says something. */
void ct_evidence_refers(const struct ct_blocking *ctx, struct ct_code *code,
	const struct ct_wanted *wanted, uint32_t n_wanted, const struct ct_evidence_from *from,
	struct ct_evidence *ret);
/* The function of a frame, demangled, in arena; NULL: it has no name. */
const char *ct_evidence_function(const struct ct_blocking *ctx, const struct ct_evidence_from *from,
	size_t frame, struct ct_arena *arena);
/* The words of a frame, as far as they are looked at: at [*low, *high). */
void ct_evidence_words(const struct ct_blocking *ctx, const struct ct_evidence_from *from,
	size_t frame, uint64_t *low, uint64_t *high);

#endif
