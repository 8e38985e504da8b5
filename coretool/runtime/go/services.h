/* SPDX-License-Identifier: Apache-2.0 */
/* What packages of the standard library that serve others keep: database/sql, net/http. Nothing is
 * looked at unless a goroutine is in one of their functions. */
#ifndef CT_RUNTIME_GO_SERVICES_H
#define CT_RUNTIME_GO_SERVICES_H

#include "facts/go_services.h"
#include "runtime/go/heap_world.h"

enum ct_go_service { /* functions that tell of them, as bits */
	CT_GO_IN_SQL_CONN = 1,
	CT_GO_IN_SQL_CLOSE = 2,
	CT_GO_IN_HTTP_SHUTDOWN = 4,
	CT_GO_IN_HTTP_SERVE = 8, /* a connection, by HTTP/1 */
};

struct ct_go_services {
	struct ct_go_observation *o;
	uint8_t *in; /* per stack: enum ct_go_service, of all its frames */
};

/* Of the actor's frames. */
uint8_t ct_go_service_of(const struct ct_go_services *services, uint32_t actor);

/* Finds out who is in one of the functions; *all: of all goroutines. The caller frees
 * ret->in, also on failure. */
CT_WARN_UNUSED enum ct_status ct_go_services_find(
	struct ct_go_observation *o, struct ct_go_services *ret, uint8_t *all);

/* Adds to *fact who waits for an end, and whose. (http.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_shutdowns(
	const struct ct_go_services *services, struct ct_fact_go_services *fact);

/* Adds what there is to say, when all goroutines are there. */
CT_WARN_UNUSED enum ct_status ct_go_observe_services(struct ct_go_observation *o);

#endif
