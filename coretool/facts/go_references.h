/* SPDX-License-Identifier: Apache-2.0 */
/* What leads to objects that goroutines wait for, or that somebody asked about. Part of the facts.
 */
#ifndef CT_FACTS_GO_REFERENCES_H
#define CT_FACTS_GO_REFERENCES_H

#include "facts/facts.h"

#define CT_MAX_REFERENCES 16 /* to one object, that are told */

struct ct_go_reference {
	uint32_t actor; /* the goroutine that has it in its stack; CT_NONE: no stack */
	uint32_t frame; /* in that stack; CT_NONE: not known */
	bool guessed;   /* it is not known whether that is a pointer which is used */
	/* From there, "variable main.shop, main.order + 16"; NULL: the stack has the object's own
	 * address. */
	const char *by;
};

struct ct_go_referred {   /* one object */
	uint64_t address; /* that goroutines wait at, or that was asked for */
	const struct ct_go_reference *list;
	uint32_t n, n_more; /* n_more: those that are not told */
	bool own; /* objects that those who wait at it have lead to it: who else comes to these is
		     not known */
};

/* Goroutines that wait for the object themselves are not among them. */
struct ct_fact_go_references {
	const struct ct_go_referred *objects;
	uint32_t n;
	bool partial; /* not all that may lead to them could be read */
};

#endif
