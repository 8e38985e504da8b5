/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutines that have outlived the handler of an HTTP request (net/http, server.go): they have the
 * request, or a context of its, in a frame that will use it yet.
 *
 * The server derives a context for each request from that of its connection, and cancels it when
 * the handler has returned; that of the connection when its other side is gone, or it ends.
 */
#ifndef CT_RUNTIME_GO_REQUESTS_H
#define CT_RUNTIME_GO_REQUESTS_H

#include "runtime/go/context_uses.h"

struct ct_go_outlived_list {
	CT_VEC(struct ct_go_outlived) list; /* by actor, one for each */
	bool sized;                         /* what they keep alive is known */
};

/* Finds them; contexts are linked, uses are known. CT_NO_MEMORY, or CT_OK. */
CT_WARN_UNUSED enum ct_status ct_go_outlived_find(struct ct_go_observation *o,
	struct ct_go_world *world, struct ct_go_contexts *contexts, const struct ct_go_uses *uses,
	struct ct_go_outlived_list *ret);

/* Finds out what they alone keep alive: marks the heap without their stacks. */
CT_WARN_UNUSED enum ct_status ct_go_outlived_size(
	struct ct_go_world *world, struct ct_go_outlived_list *outlived);

#endif
