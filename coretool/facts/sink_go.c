/* SPDX-License-Identifier: Apache-2.0 */
/* What there is once in a Go program: kept as a copy; what it points to is in the sink's arena. */
#include "facts/go_references.h"
#include "facts/sink_internal.h"

void ct_sink_go(struct ct_sink *sink, const struct ct_fact_go *go)
{
	sink->facts->go = ct_arena_copy(&sink->arena, go, sizeof(*go));
}

void ct_sink_go_heap(struct ct_sink *sink, const struct ct_fact_go_heap *heap)
{
	sink->facts->go_heap = ct_arena_copy(&sink->arena, heap, sizeof(*heap));
}

void ct_sink_go_object(struct ct_sink *sink, const struct ct_fact_go_object *object)
{
	sink->facts->go_object = ct_arena_copy(&sink->arena, object, sizeof(*object));
}

void ct_sink_go_references(struct ct_sink *sink, const struct ct_fact_go_references *references)
{
	sink->facts->go_references = ct_arena_copy(&sink->arena, references, sizeof(*references));
}

void ct_sink_go_place(struct ct_sink *sink, const struct ct_fact_go_place *place)
{
	sink->facts->go_place = ct_arena_copy(&sink->arena, place, sizeof(*place));
}

void ct_sink_go_timers(struct ct_sink *sink, const struct ct_fact_go_timers *timers)
{
	sink->facts->go_timers = ct_arena_copy(&sink->arena, timers, sizeof(*timers));
}

void ct_sink_go_profiles(struct ct_sink *sink, const struct ct_fact_go_profiles *profiles)
{
	sink->facts->go_profiles = ct_arena_copy(&sink->arena, profiles, sizeof(*profiles));
}

void ct_sink_go_pools(struct ct_sink *sink, const struct ct_fact_go_pools *pools)
{
	sink->facts->go_pools = ct_arena_copy(&sink->arena, pools, sizeof(*pools));
}

void ct_sink_go_services(struct ct_sink *sink, const struct ct_fact_go_services *services)
{
	sink->facts->go_services = ct_arena_copy(&sink->arena, services, sizeof(*services));
}

void ct_sink_races(struct ct_sink *sink, const struct ct_fact_races *races)
{
	sink->facts->races = ct_arena_copy(&sink->arena, races, sizeof(*races));
}

void ct_sink_go_freed(struct ct_sink *sink, const struct ct_fact_go_freed *freed)
{
	sink->facts->go_freed = ct_arena_copy(&sink->arena, freed, sizeof(*freed));
}

void ct_sink_go_maps(struct ct_sink *sink, const struct ct_fact_go_maps *maps)
{
	sink->facts->go_maps = ct_arena_copy(&sink->arena, maps, sizeof(*maps));
}
