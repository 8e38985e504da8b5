/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/internal.h"
#include "target/object_name.h"

/* By the variable or file of a module that has it. */
static void name_resource(struct ct_observation *o, struct ct_resource *r)
{
	const char *name;
	bool from_dwarf;

	if (!r->name &&
		!ct_object_name(o->target, r->address, ct_sink_arena(o->sink), &name, &from_dwarf))
		r->name = ct_sink_string(o->sink, name);
}

/* Is the object at addr one of this primitive: by what is known of it, or by its shape? */
static bool is_asked(struct ct_observation *o, const struct ct_primitive *primitive, uint64_t addr)
{
	const char *object = o->plan->object;

	if (!ct_primitive_applies(primitive, &o->libc))
		return false;
	if (object)
		return primitive->possible && !strcmp(primitive->name, object) &&
		       primitive->possible(&o->blocking, addr);
	return primitive->recognise && primitive->recognise(&o->blocking, addr);
}

/* The object that the plan asks for. */
static void add_asked(struct ct_observation *o, uint64_t addr)
{
	for (size_t i = 0; i < ct_n_primitives; i++) {
		uint32_t resource;

		if (is_asked(o, ct_primitives[i], addr) &&
			!ct_primitives[i]->read(&o->blocking, addr, &resource))
			return;
	}
}

enum ct_status ct_observe_resources(struct ct_observation *o)
{
	if (o->plan->address)
		add_asked(o, o->plan->address);
	uint32_t n = ct_sink_n_resources(o->sink);

	for (uint32_t i = 0; i < n && o->plan->wants & CT_WANT_NAMES; i++)
		name_resource(o, ct_sink_get_resource(o->sink, i));
	return ct_observe_places(o);
}
