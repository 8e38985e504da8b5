/* SPDX-License-Identifier: Apache-2.0 */
/* The facts under construction. Only facts/ includes it. */
#ifndef CT_FACTS_SINK_INTERNAL_H
#define CT_FACTS_SINK_INTERNAL_H

#include "base/hash.h"
#include "base/vec.h"
#include "facts/sink.h"

struct sink_peer {
	struct ct_peer peer;
	uint32_t wait;
};

struct sink_values {
	const struct ct_value *values;
	uint32_t n;
};

struct ct_sink {
	struct ct_facts *facts; /* lies in arena */
	struct ct_arena arena;
	bool redact, failed;
	uint32_t n_indexed;          /* of the actors: also those that sleep are in actor_objects */
	struct ct_actor_thread lost; /* what there was no memory for */
	CT_VEC(struct ct_actor) actors;
	CT_VEC(struct ct_wait) waits;
	CT_VEC(struct ct_hold) holds;
	CT_VEC(struct sink_peer) peers;
	CT_VEC(struct ct_panic) panics;
	CT_VEC(struct ct_resource) resources;
	CT_VEC(struct ct_stack) stacks;
	CT_VEC(struct ct_site) sites;
	CT_VEC(struct ct_fact_module) modules;
	CT_VEC(struct ct_note) notes;
	CT_VEC(const char *) strings;
	CT_VEC(struct ct_value) values; /* of the resource added last */
	uint32_t values_of;
	CT_VEC(struct sink_values) value_lists;
	CT_VEC(const char *) reasons;
	CT_VEC(const char *) label_sets;
	struct ct_hash value_keys, actor_ids, actor_objects, resource_keys, stack_keys, site_keys,
		string_keys;
};

/* The values of the last resource move to where they stay. (sink.c) */
void ct_sink_settle_values(struct ct_sink *sink);

#endif
