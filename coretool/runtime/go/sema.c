/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who sleeps at which semaphore: since 1.26 the sudog of g.waiting says so. Before, only the table
 * of semaphores does (runtime/sema.go): 251 roots, each a tree of sudogs by address (prev and next
 * are its branches), each of them the head of a list (waitlink) of those that sleep at the same
 * one. Behind a sudog that cannot be read there is one goroutine at least of which it is not known.
 */
#include "runtime/go/waits.h"

#define N_ROOTS   251
#define ROOT_SIZE 64 /* with its padding to a line of the cache, on amd64 */
#define MAX_DEPTH 4096

bool ct_go_park(struct ct_go_waits *waits, uint64_t g, uint64_t at, uint64_t sudog)
{
	struct ct_go_parked *slot;

	if (!g || ct_go_parked_at(waits, g))
		return false;
	slot = ct_vec_push(&waits->parked);
	if (!slot || !ct_hash_insert(&waits->parked_keys, ct_hash_u64(g), waits->parked.n - 1))
		return false;
	slot->g = g;
	slot->at = at;
	slot->sudog = sudog;
	return true;
}

uint64_t ct_go_parked_at(const struct ct_go_waits *waits, uint64_t g)
{
	struct ct_hash_it it = ct_hash_find(&waits->parked_keys, ct_hash_u64(g));
	uint32_t i;

	while (ct_hash_next(&waits->parked_keys, &it, &i))
		if (waits->parked.items[i].g == g)
			return waits->parked.items[i].at;
	return 0;
}

/* All that sleep at one address. Nobody sleeps at two: where somebody comes again the list is
 * broken. */
static void read_list(
	const struct ct_go *go, struct ct_go_waits *waits, struct ct_go_sudog head, uint32_t limit)
{
	uint64_t at = head.elem;

	while (at && waits->parked.n < limit && ct_go_park(waits, head.g, at, head.at) &&
		head.waitlink)
		if (ct_go_sudog_at(go, head.waitlink, &head)) {
			waits->n_unread++;
			break;
		}
}

static void read_tree(
	const struct ct_go *go, struct ct_go_waits *waits, uint64_t root, uint32_t limit)
{
	uint64_t todo[MAX_DEPTH];
	size_t n = 0;

	todo[n++] = root;
	while (n) {
		struct ct_go_sudog node;
		uint32_t before = waits->parked.n;

		if (ct_go_sudog_at(go, todo[--n], &node)) {
			waits->n_unread++;
			continue;
		}
		read_list(go, waits, node, limit);
		if (waits->parked.n == before || n + 2 > MAX_DEPTH)
			continue;
		if (node.prev)
			todo[n++] = node.prev;
		if (node.next)
			todo[n++] = node.next;
	}
}

void ct_go_read_semaphores(const struct ct_go *go, struct ct_go_waits *waits)
{
	uint32_t limit = ct_go_n_goroutines(go);

	if (waits->have_semaphores)
		return;
	waits->have_semaphores = true;
	for (uint32_t i = 0; go->globals.semtable && i < N_ROOTS; i++) {
		uint64_t root = ct_go_word(
			go, go->globals.semtable + i * (uint64_t)ROOT_SIZE, CT_GO_SEMAROOT_TREAP);

		if (root)
			read_tree(go, waits, root, limit);
	}
}

uint64_t ct_go_semaphore(struct ct_go_waiter *w)
{
	struct ct_go_sudog sudog;

	if (w->g->waiting && !ct_go_sudog_at(w->o->go, w->g->waiting, &sudog) &&
		sudog.g == w->g->at && sudog.elem)
		return sudog.elem;
	ct_go_read_semaphores(w->o->go, w->waits);
	return ct_go_parked_at(w->waits, w->g->at);
}
