/* SPDX-License-Identifier: Apache-2.0 */
/* A profile while it is written. Only report/pprof*.c include it. */
#ifndef CT_REPORT_PPROF_WRITER_H
#define CT_REPORT_PPROF_WRITER_H

#include "base/hash.h"
#include "base/vec.h"
#include "report/proto.h"
#include "rules/document.h"

#define CT_PPROF_MAX_VALUES 4 /* of one sample */

struct ct_pprof_function {
	uint64_t name, file; /* strings */
};

struct ct_pprof {
	const struct ct_document *document;
	const struct ct_facts *facts;
	struct ct_proto profile, part, inner;
	struct ct_arena arena;
	CT_VEC(const char *) strings;
	CT_VEC(struct ct_pprof_function) functions;
	struct ct_hash string_ids, function_ids;
	CT_VEC(uint64_t) stack; /* locations of a sample */
	bool *used;             /* per site */
	bool failed;
};

struct ct_pprof_type {
	const char *type, *unit;
};

/* What the values of each sample are. */
void ct_pprof_types(struct ct_pprof *w, const struct ct_pprof_type *types, unsigned n);
/* What the program was sampled by. */
void ct_pprof_period(struct ct_pprof *w, struct ct_pprof_type type, int64_t period);
void ct_pprof_comment(struct ct_pprof *w, const char *text);
/* Labels of the sample that the next ct_pprof_sample() ends; nothing without a text. */
void ct_pprof_label(struct ct_pprof *w, const char *key, const char *text);
void ct_pprof_number(struct ct_pprof *w, const char *key, int64_t number);
/* frame: the first of the stack; what is called by it is left out. stack: or CT_NONE. */
void ct_pprof_sample(
	struct ct_pprof *w, uint32_t stack, uint32_t frame, const int64_t *values, unsigned n);

/* Samples of waits, by place (pprof_waits.c); of the profiles in the process (pprof_kept.c). */
CT_WARN_UNUSED enum ct_status ct_pprof_waits(struct ct_pprof *w);
CT_WARN_UNUSED enum ct_status ct_pprof_kept(struct ct_pprof *w);
/* Labels that tell goroutines apart, as a sample of them has. (pprof_waits.c) */
CT_WARN_UNUSED enum ct_status ct_pprof_goroutines(struct ct_pprof *w);

#endif
