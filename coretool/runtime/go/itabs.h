/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of methods that values in interfaces have: which type is in which interface
 * (runtime/iface.go). Stripped programs have them, too. */
#ifndef CT_RUNTIME_GO_ITABS_H
#define CT_RUNTIME_GO_ITABS_H

#include "runtime/go/go.h"

struct ct_go_itab {
	uint64_t at, interface, type; /* addresses; of descriptors */
};

/* All that there are, at most CT_GO_MAX_ITABS; false: look() has said so, and it ends there. */
#define CT_GO_MAX_ITABS (1u << 20)
bool ct_go_each_itab(
	const struct ct_go *go, bool (*look)(void *arg, const struct ct_go_itab *itab), void *arg);

#endif
