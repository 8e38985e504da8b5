/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who can go on: the largest set that evidence of a given trust leaves. Actors that run, that wait
 * with a timeout or for something outside of the process are free; of the others those can go on
 * whose waits can be ended by one that can. Only graph/ includes it.
 */
#ifndef CT_GRAPH_ABLE_H
#define CT_GRAPH_ABLE_H

#include "graph/graph.h"

struct ct_able_plan {
	enum ct_trust ceiling; /* what is known with less trust is not used: such a wait is free,
				  such a holder unknown */
	bool counted;          /* no more threads come to a barrier than can go on now */
	const bool *narrowed;  /* per wait: its peers are all that can end it */
};

/* able: [n_actors]. Linear in actors, waits, holds and peers. CT_NO_MEMORY, or CT_OK. */
CT_WARN_UNUSED enum ct_status ct_able_find(
	const struct ct_facts *facts, const struct ct_able_plan *plan, bool *able);

#endif
