/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels that the functions of time.AfterFunc have, and that goroutines wait at. A function value
 * is an object that begins with its code, what it has captured behind that. What the function will
 * do to the channel its code would tell; that it has it its object does.
 */
#include "runtime/go/heap_world.h"
#include "runtime/go/timers.h"

#define MAX_CAPTURED 16 /* words of one that are looked at */

/* The resource of the channel there, if somebody waits at it; CT_NONE. */
static uint32_t awaited_at(const struct ct_go_waits *waits, uint64_t channel)
{
	struct ct_hash_it it = ct_hash_find(&waits->channel_keys, ct_hash_u64(channel));
	uint32_t i;

	while (ct_hash_next(&waits->channel_keys, &it, &i))
		if (waits->channels.items[i].at == channel)
			return waits->channels.items[i].resource;
	return CT_NONE;
}

static uint32_t had_by(
	const struct ct_go_waits *waits, const struct ct_go_heap *heap, uint64_t closure)
{
	uint64_t words[1 + MAX_CAPTURED];
	struct ct_go_object object;
	uint32_t ret = CT_NONE;

	/* Those that have captured nothing are in no heap. */
	if (!ct_go_object_at(heap, closure, &object))
		return CT_NONE;
	size_t size = (size_t)CT_MIN(object.span->elemsize, (uint64_t)sizeof(words));
	if (ct_read(heap->target, object.start, words, size))
		return CT_NONE;
	for (size_t i = 1; i < size / 8 && ret == CT_NONE; i++)
		ret = words[i] ? awaited_at(waits, words[i]) : CT_NONE;
	return ret;
}

enum ct_status ct_go_find_had(struct ct_go_timers *timers)
{
	struct ct_go_world *world = NULL;
	enum ct_status status = CT_OK;

	for (uint32_t i = 0; !status && i < timers->list.n; i++) {
		struct ct_go_timer *t = &timers->list.items[i];

		if (t->kind != CT_GO_TIMER_FUNCTION)
			continue;
		if (!world)
			status = ct_go_world(timers->o, &world);
		if (!status)
			t->has = had_by(timers->o->waits, world->heap, t->object);
	}
	return status == CT_NO_MEMORY ? status : CT_OK;
}
