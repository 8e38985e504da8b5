/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_RUNTIME_GO_HEAP_LIVE_H
#define CT_RUNTIME_GO_HEAP_LIVE_H

#include "runtime/go/heap_world.h"

/* Adds what lives in the heap, by type, to the facts. The world has its types. */
CT_WARN_UNUSED enum ct_status ct_go_observe_live(struct ct_go_world *world);

#endif
