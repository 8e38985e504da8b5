/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_RUNTIME_GO_REFERENCES_H
#define CT_RUNTIME_GO_REFERENCES_H

#include "runtime/go/observe.h"

/* Adds what leads to the objects that the goroutine asked for waits at, and to the address asked
 * for. After all waits; nothing is done when nobody asks. */
CT_WARN_UNUSED enum ct_status ct_go_observe_references(struct ct_go_observation *o);

#endif
