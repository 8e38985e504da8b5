/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists: stack_used (libpthread of 2.31) or _dl_stack_used has the threads on stacks that libc
 * made, __stack_user or _dl_stack_user the main thread and those on stacks of the program's own.
 * Behind them follows the cache of stacks that are free, which must not be taken for one of them.
 */
#include "blocking/libc_exited.h"

#include "base/hash.h"
#include "target/symbols.h"

#define EXITING    0x10u /* of pthread.cancelhandling */
#define MOST_NODES (1u << 20)
#define CANCELED   UINT64_MAX /* PTHREAD_CANCELED */

struct node {
	uint64_t next, prev;
};

struct census {
	struct ct_target *target;
	const struct ct_libc *libc;
	struct ct_libc_census *ret;
	struct ct_hash live, seen; /* descriptors; nodes of rings that were walked */
	CT_VEC(uint64_t) nodes;    /* that seen points to */
	const uint64_t *objects;
	uint64_t main_object; /* 0: main has exited */
	struct ring {
		uint64_t head;
		bool has_main;
	} rings[4];
	size_t n_rings;
};

static bool is_live(const struct census *c, uint64_t object)
{
	struct ct_hash_it it = ct_hash_find(&c->live, ct_hash_u64(object));
	uint32_t i;

	while (ct_hash_next(&c->live, &it, &i))
		if (c->objects[i] == object)
			return true;
	return false;
}

static bool was_seen(const struct census *c, uint64_t node)
{
	struct ct_hash_it it = ct_hash_find(&c->seen, ct_hash_u64(node));
	uint32_t i;

	while (ct_hash_next(&c->seen, &it, &i))
		if (c->nodes.items[i] == node)
			return true;
	return false;
}

static void see(struct census *c, uint64_t node)
{
	uint64_t *slot = ct_vec_push(&c->nodes);

	if (slot)
		*slot = node;
	if (!slot || !ct_hash_insert(&c->seen, ct_hash_u64(node), c->nodes.n - 1))
		c->ret->no_memory = true;
}

/* A thread that is not here. */
static void add_other(struct census *c, const struct ct_libc_thread *thread, uint32_t flags)
{
	struct ct_libc_exited *slot;
	uint64_t result;

	c->ret->absent += thread->tid && !(flags & EXITING);
	/* One that begins has no id yet, either. */
	if (thread->tid || !(flags & EXITING))
		return;
	slot = ct_vec_push(&c->ret->exited);
	if (!slot) {
		c->ret->no_memory = true;
		return;
	}
	*slot = (struct ct_libc_exited){
		.object = thread->object, .start_routine = thread->start_routine};
	if (thread->result && !ct_read_u64(c->target, thread->result, &result)) {
		slot->result = result;
		slot->has_result = true;
		slot->canceled = result == CANCELED;
	}
}

/* A thread's node, or the list's own. Only main was not started with a function. */
static void visit(struct census *c, uint64_t node, struct ring *ring)
{
	const struct ct_libc_layout *layout = c->libc->layout;
	struct ct_libc_thread thread;
	uint64_t object = node - layout->list;
	uint32_t flags;

	see(c, node);
	if (is_live(c, object)) {
		ring->has_main |= object == c->main_object;
	} else if (ct_libc_descriptor(c->target, c->libc, object, &thread)) {
		ring->head = node;
	} else if (!ct_read_u32(c->target, object + layout->cancelhandling, &flags)) {
		add_other(c, &thread, flags);
		ring->has_main |= !c->main_object && !thread.start_routine;
	}
}

/* Every node's successor points back to it: so no way leads into a ring from outside, and each node
 * comes once. */
static bool is_linked(struct census *c, uint64_t at, struct node *node)
{
	struct node next = {1, 1};

	if (!at || at % 8 || ct_read(c->target, at, node, sizeof(*node)) || !node->next ||
		node->next % 8 || ct_read(c->target, node->next, &next, sizeof(next)))
		return false;
	c->ret->zeros |= !next.next && !next.prev;
	return next.prev == at;
}

static void walk(struct census *c, uint64_t start)
{
	struct ring ring = {0};
	struct node node;
	uint64_t at = start;

	do {
		visit(c, at, &ring);
		if (!is_linked(c, at, &node)) {
			c->ret->torn = "the list of threads is torn";
			return;
		}
		at = node.next;
	} while (at != start && c->nodes.n < MOST_NODES && !c->ret->no_memory);
	if (at != start)
		c->ret->torn = "the list of threads has no end";
	else if (ring.head && c->n_rings < CT_COUNT(c->rings))
		c->rings[c->n_rings++] = ring;
}

/*
 * A list without a live thread in it is found by the other one: in _rtld_global the list of libc's
 * stacks stands right before that of the user's, which main is in. (The cache is next.)
 */
static void walk_neighbour(struct census *c, const struct ring *ring)
{
	uint64_t size = sizeof(struct node);
	uint64_t other = ring->has_main ? ring->head - size : ring->head + size;

	if ((ring->has_main || !c->main_object) && !was_seen(c, other))
		walk(c, other);
}

static bool in_loader(struct census *c, uint64_t addr)
{
	const struct ct_module *module = ct_module_at(c->target, addr);

	return module &&
	       (!strncmp(module->name, "ld-linux", 8) || !strncmp(module->name, "ld.so", 5));
}

/* In libpthread and in static programs the lists are variables. */
static void walk_by_name(struct census *c)
{
	static const struct {
		const char *file, *name; /* file NULL: the program */
	} lists[] = {{"libpthread.so.0", "stack_used"}, {"libpthread.so.0", "__stack_user"},
		{NULL, "_dl_stack_used"}, {NULL, "_dl_stack_user"}, {NULL, "stack_used"},
		{NULL, "__stack_user"}};
	bool is_static = !ct_module_named(c->target, "libc.so.6");

	for (size_t i = 0; i < CT_COUNT(lists); i++) {
		const struct ct_module *module = lists[i].file
							 ? ct_module_named(c->target, lists[i].file)
							 : ct_module_main(c->target);
		struct ct_symbol symbol;

		if (module && (lists[i].file || is_static) &&
			!ct_symbol_find(
				c->target, module, lists[i].name, CT_SYMBOL_DATA, &symbol) &&
			!was_seen(c, symbol.start))
			walk(c, symbol.start);
	}
}

/* musl has all live threads in one ring, of which each descriptor is a member. */
static void walk_musl(struct census *c, uint64_t start)
{
	struct ct_libc_thread thread;
	uint64_t at = start;

	do {
		see(c, at);
		if (ct_libc_descriptor(c->target, c->libc, at, &thread))
			return;
		c->ret->absent += thread.tid && !is_live(c, at);
	} while (!ct_read_u64(c->target, at + c->libc->layout->next, &at) && at != start &&
		 c->nodes.n < MOST_NODES && !c->ret->no_memory);
}

static void walk_from(struct census *c, uint64_t object)
{
	const struct ct_libc_layout *layout = c->libc->layout;

	if (!object || was_seen(c, object + layout->list))
		return;
	if (layout->list)
		walk(c, object + layout->list);
	else
		walk_musl(c, object);
}

void ct_libc_find_exited(struct ct_target *target, const struct ct_libc *libc,
	const uint64_t *objects, size_t n, uint64_t main_object, struct ct_libc_census *ret)
{
	struct census c = {.target = target,
		.libc = libc,
		.ret = ret,
		.objects = objects,
		.main_object = main_object};

	if (!libc->layout)
		return;
	for (size_t i = 0; i < n; i++)
		ret->no_memory |= objects[i] &&
				  !ct_hash_insert(&c.live, ct_hash_u64(objects[i]), (uint32_t)i);
	for (size_t i = 0; i < n && !ret->no_memory && !ret->torn; i++)
		walk_from(&c, objects[i]);
	size_t n_rings = c.n_rings;
	for (size_t i = 0; i < n_rings; i++)
		if (in_loader(&c, c.rings[i].head))
			walk_neighbour(&c, &c.rings[i]);
	if (n_rings && !in_loader(&c, c.rings[0].head))
		walk_by_name(&c);
	ct_hash_free(&c.live);
	ct_hash_free(&c.seen);
	ct_vec_free(&c.nodes);
}
