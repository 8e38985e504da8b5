/* SPDX-License-Identifier: Apache-2.0 */
/* Values of contexts, of those keys that the user names. */
#ifndef CT_RUNTIME_GO_CONTEXT_VALUE_H
#define CT_RUNTIME_GO_CONTEXT_VALUE_H

#include "runtime/go/observe.h"
#include "runtime/go/types.h"

struct ct_go_any { /* a value in an interface: its type, and the word behind that */
	struct ct_go_type type;
	uint64_t word;
};

/*
 * The value of a context, when the reader has asked for its key: a string of up to 64 bytes, or 16
 * bytes as a number. NULL: it is not asked for, or another kind of value.
 */
const char *ct_go_context_text(const struct ct_go_observation *o, const struct ct_go_any *key,
	const struct ct_go_any *value);

#endif
