/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The static variables of the program's own files that debug information knows to be locks: held,
 * left held by threads that are gone, or overwritten. Of a library that comes with the system
 * nobody asks, and its debug information is large.
 */
#include "observe/held.h"
#include "target/typed_statics.h"

#define MOST_LOCKS (1u << 20) /* of one module that are looked at */

struct typed {
	struct ct_observation *o;
	const struct ct_primitive *primitive;
	uint32_t n;
};

static void say_typed(struct ct_observation *o, uint32_t first_hold, uint32_t resource)
{
	static const char known[] = "debug information says that a lock is there; %s";
	struct ct_resource *r = ct_sink_get_resource(o->sink, resource);

	for (uint32_t i = first_hold; i < ct_sink_n_holds(o->sink); i++) {
		struct ct_hold *hold = ct_sink_get_hold(o->sink, i);

		hold->trust = CT_MAX(hold->trust, CT_TRUST_DEBUG_INFO);
		hold->why = ct_sink_printf(o->sink, known, hold->why);
	}
	r->owner_trust = CT_TRUST_DEBUG_INFO;
	if (r->owner_gone)
		r->owner_why = ct_sink_printf(o->sink, known,
			r->owner_why ? r->owner_why
				     : "its owner field names a thread that is not in this "
				       "process");
	/* What a program keeps in its variables is for it to say: they may be used for more. */
	r->corrupt_trust = CT_TRUST_INFERRED;
}

/* Where all locks were asked for, also those that record no owner: code tells who has them. */
static bool is_held(
	const struct ct_observation *o, const struct ct_primitive *primitive, uint64_t addr)
{
	if (primitive->noteworthy && primitive->noteworthy(&o->blocking, addr))
		return true;
	return o->plan->wants & CT_WANT_WHOLE && primitive->possession &&
	       primitive->possession->count(&o->blocking, addr);
}

static bool visit(void *arg, uint64_t addr)
{
	struct typed *typed = arg;
	uint32_t resource, first_hold = ct_sink_n_holds(typed->o->sink);

	if (!ct_sink_has_resource(typed->o->sink, addr) &&
		is_held(typed->o, typed->primitive, addr) &&
		!typed->primitive->read(&typed->o->blocking, addr, &resource))
		say_typed(typed->o, first_hold, resource);
	return ++typed->n < MOST_LOCKS;
}

bool ct_observe_is_own(const struct ct_module *module)
{
	static const char *const system[] = {"/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "["};

	for (size_t i = 0; i < CT_COUNT(system); i++)
		if (!strncmp(module->path, system[i], strlen(system[i])))
			return false;
	return true;
}

void ct_held_find_typed(struct ct_observation *o)
{
	for (size_t m = 0; m < ct_target_n_modules(o->target); m++) {
		const struct ct_module *module = ct_target_module(o->target, m);

		for (size_t i = 0; ct_observe_is_own(module) && i < ct_n_primitives; i++) {
			struct typed typed = {.o = o, .primitive = ct_primitives[i]};

			if (ct_primitives[i]->types &&
				ct_primitive_applies(ct_primitives[i], &o->libc))
				ct_typed_statics(
					o->target, module, ct_primitives[i]->types, visit, &typed);
		}
	}
}
