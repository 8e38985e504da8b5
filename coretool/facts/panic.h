/* SPDX-License-Identifier: Apache-2.0 */
/* Panics that goroutines are in, and those that they recovered from and whose functions still run.
 * Some of the facts. */
#ifndef CT_FACTS_PANIC_H
#define CT_FACTS_PANIC_H

#include "facts/facts.h"

struct ct_panic { /* those of one actor stand together, newest first */
	uint32_t actor;
	uint32_t frame;    /* in the actor's stack, that panicked; CT_NONE: not known */
	const char *value; /* as the runtime prints it; NULL: that is not known */
	const char *type;  /* "runtime.plainError"; NULL: not known */
	const char *class; /* "send-on-closed" …; "panic": one of the program's own; a constant */
	uint32_t resource; /* the channel that it is about; CT_NONE: none, or not known */
	bool recovered;
	bool goexit; /* it is no panic: runtime.Goexit() */
};

#endif
