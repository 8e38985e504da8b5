/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a sink: records that belong together are linked, and all become facts. */
#include "facts/sink_internal.h"

/* Lists the indices 0 … n - 1 by a key below n_keys: first[k] and count[k] say where key k's are.
 */
static uint32_t *sink_list_by(struct ct_arena *arena, uint32_t n, uint32_t n_keys,
	uint32_t (*key)(const struct ct_sink *, uint32_t), const struct ct_sink *sink,
	uint32_t *first)
{
	uint32_t *list = ct_arena_new_array(arena, n, uint32_t);
	uint32_t sum = 0;

	if (!list)
		return NULL;
	memset(first, 0, ((size_t)n_keys + 1) * sizeof(*first));
	for (uint32_t i = 0; i < n; i++)
		if (key(sink, i) < n_keys)
			first[key(sink, i)]++;
	for (uint32_t k = 0; k <= n_keys; k++) {
		uint32_t count = first[k];
		first[k] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++)
		if (key(sink, i) < n_keys)
			list[first[key(sink, i)]++] = i;
	/* Each first[k] has run on to where k + 1 begins: shift back. */
	memmove(first + 1, first, (size_t)n_keys * sizeof(*first));
	first[0] = 0;
	return list;
}

static uint32_t hold_actor(const struct ct_sink *sink, uint32_t i)
{
	return sink->holds.items[i].actor;
}

static uint32_t hold_resource(const struct ct_sink *sink, uint32_t i)
{
	return sink->holds.items[i].resource;
}

static uint32_t wait_resource(const struct ct_sink *sink, uint32_t i)
{
	return sink->waits.items[i].resource;
}

static uint32_t peer_wait(const struct ct_sink *sink, uint32_t i)
{
	return sink->peers.items[i].wait;
}

/* The peers of one wait stand together. */
static void sink_link_peers(struct ct_sink *sink)
{
	uint32_t n = sink->peers.n;
	uint32_t *first = ct_arena_new_array(&sink->arena, (size_t)sink->waits.n + 1, uint32_t);
	struct ct_peer *peers = ct_arena_new_array(&sink->arena, n, struct ct_peer);
	uint32_t *order = NULL;

	if (n && first && peers)
		order = sink_list_by(&sink->arena, n, sink->waits.n, peer_wait, sink, first);
	if (!order)
		return;
	for (uint32_t i = 0; i < n; i++)
		peers[i] = sink->peers.items[order[i]].peer;
	for (uint32_t w = 0; w < sink->waits.n; w++) {
		sink->waits.items[w].first_peer = first[w];
		sink->waits.items[w].n_peers = first[w + 1] - first[w];
	}
	sink->facts->peers = peers;
}

static void sink_link(struct ct_sink *sink)
{
	struct ct_facts *facts = sink->facts;
	uint32_t n = CT_MAX(sink->actors.n, sink->resources.n);
	ct_autofree uint32_t *first = malloc(((size_t)n + 2) * sizeof(*first));

	if (!first) {
		sink->failed = true;
		return;
	}
	facts->holds_by_actor =
		sink_list_by(&sink->arena, sink->holds.n, sink->actors.n, hold_actor, sink, first);
	for (uint32_t i = 0; i < sink->actors.n; i++) {
		sink->actors.items[i].first_hold = first[i];
		sink->actors.items[i].n_holds = first[i + 1] - first[i];
	}
	facts->holds_by_resource = sink_list_by(
		&sink->arena, sink->holds.n, sink->resources.n, hold_resource, sink, first);
	for (uint32_t i = 0; i < sink->resources.n; i++) {
		sink->resources.items[i].first_hold = first[i];
		sink->resources.items[i].n_holds = first[i + 1] - first[i];
	}
	facts->waits_by_resource = sink_list_by(
		&sink->arena, sink->waits.n, sink->resources.n, wait_resource, sink, first);
	for (uint32_t i = 0; i < sink->resources.n; i++) {
		sink->resources.items[i].first_waiter = first[i];
		sink->resources.items[i].n_waiters = first[i + 1] - first[i];
	}
}

/* Without the room to grow. Of an empty list there is a pointer, too. */
static void *sink_adopt(struct ct_sink *sink, void *items, size_t size)
{
	void *fit = items && size ? realloc(items, size) : items;

	items = fit ? fit : items;
	return items ? ct_arena_adopt(&sink->arena, items) : ct_arena_alloc(&sink->arena, 1);
}

#define SINK_MOVE(sink, what)                                                                      \
	do {                                                                                       \
		(sink)->facts->what = sink_adopt((sink), (sink)->what.items,                       \
			(size_t)(sink)->what.n * sizeof(*(sink)->what.items));                     \
		(sink)->facts->n_##what = (sink)->what.n;                                          \
		(sink)->what.items = NULL;                                                         \
	} while (0)

enum ct_status ct_sink_finish(struct ct_sink *sink, struct ct_facts **ret, struct ct_error *err)
{
	struct ct_facts *facts = sink->facts;

	ct_sink_settle_values(sink);
	sink_link(sink);
	sink_link_peers(sink);
	SINK_MOVE(sink, actors);
	SINK_MOVE(sink, waits);
	SINK_MOVE(sink, holds);
	SINK_MOVE(sink, resources);
	SINK_MOVE(sink, stacks);
	SINK_MOVE(sink, sites);
	SINK_MOVE(sink, modules);
	SINK_MOVE(sink, notes);
	SINK_MOVE(sink, reasons);
	SINK_MOVE(sink, label_sets);
	SINK_MOVE(sink, panics);
	if (sink->failed || sink->arena.failed) {
		ct_sink_free(sink);
		return ct_fail(err, CT_NO_MEMORY, "out of memory while collecting facts");
	}
	facts->arena = sink->arena;
	ct_arena_init(&sink->arena);
	ct_sink_free(sink);
	*ret = facts;
	return CT_OK;
}
