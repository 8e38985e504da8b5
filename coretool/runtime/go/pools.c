/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/pools.h"

#include "base/hash.h"

#define MAX_POOLS  (1u << 20)
#define MAX_WALKED (1u << 21) /* Ps of pools and slots of rings, all together */
#define MAX_CHAIN  64         /* rings; each is twice as long as the one before it */
#define MAX_RING   (1u << 30) /* dequeueLimit */
#define CHUNK      64         /* slots read at a time */

/* sync.Pool, behind an empty noCopy. */
#define POOL_LOCAL  0 /* *[n]poolLocal, and how many */
#define POOL_VICTIM 16

/* sync.poolLocal: an interface and a chain, padded. */
#define LOCAL_SIZE 128
#define LOCAL_TAIL 24 /* of the chain: the oldest ring, where others take from */

/* sync.poolChainElt: a poolDequeue, and the ring that came after it. */
struct ring {
	uint64_t head_tail;
	uint64_t slots, n, cap;
	uint64_t next;
};

struct walk {
	const struct ct_go *go;
	struct ct_go_pools *pools;
	const struct ct_go_pool_visit *visit;
	struct ct_go_pool_value value; /* the next one */
	uint64_t most;                 /* Ps that there have ever been */
	uint32_t n_walked;
	bool failed;
};

void ct_go_pools_free(struct ct_go_pools *pools)
{
	ct_vec_free(&pools->list);
}

/* ---- which pools there are ---- */

/* The runtime lists a pool once at most; a core may say anything. */
static bool add_pool(struct ct_go_pools *pools, struct ct_hash *seen, uint64_t at)
{
	uint64_t hash = ct_hash_u64(at);
	struct ct_hash_it it = ct_hash_find(seen, hash);
	uint32_t i;

	while (ct_hash_next(seen, &it, &i))
		if (pools->list.items[i] == at)
			return true;
	i = pools->list.n;
	uint64_t *slot = ct_vec_push(&pools->list);
	if (!slot || !ct_hash_insert(seen, hash, i))
		return false;
	*slot = at;
	return true;
}

static enum ct_status add_list(
	const struct ct_go *go, struct ct_go_pools *pools, struct ct_hash *seen, uint64_t at)
{
	uint64_t slice[3], pool;

	if (ct_read(go->target, at, slice, sizeof(slice))) {
		pools->n_bad++;
		return CT_OK;
	}
	pools->found = true;
	pools->cut |= slice[1] > MAX_POOLS;
	for (uint64_t i = 0; i < CT_MIN(slice[1], (uint64_t)MAX_POOLS); i++) {
		if (ct_read_u64(go->target, slice[0] + 8 * i, &pool) || !pool) {
			pools->n_bad++;
			return CT_OK;
		}
		if (!add_pool(pools, seen, pool))
			return CT_NO_MEMORY;
	}
	return CT_OK;
}

enum ct_status ct_go_pools_find(const struct ct_go *go, struct ct_go_pools *ret)
{
	struct ct_hash seen = {0};
	enum ct_status status = CT_OK;

	*ret = (struct ct_go_pools){0};
	if (go->globals.allpools)
		status = add_list(go, ret, &seen, go->globals.allpools);
	if (!status && go->globals.oldpools)
		status = add_list(go, ret, &seen, go->globals.oldpools);
	ct_hash_free(&seen);
	if (status)
		ct_go_pools_free(ret);
	return status;
}

/* ---- what is in them ---- */

static bool may_walk(struct walk *w)
{
	if (w->n_walked++ < MAX_WALKED)
		return !w->failed;
	w->pools->cut = true;
	return false;
}

/* The runtime allocated it for the pool. */
static void part(const struct walk *w, uint64_t at)
{
	if (w->visit->part)
		w->visit->part(w->visit->arg, at);
}

static void give(struct walk *w, const uint64_t words[2])
{
	/* Nil has no type; one of a type that holds no pointer has no value to lead to. */
	if (!words[0] || !words[1] || w->failed)
		return;
	w->value.type = words[0];
	w->value.value = words[1];
	w->failed = !w->visit->value(w->visit->arg, &w->value);
}

/* What stands in [tail, head) was put and not taken; the other slots are stale or being written. */
static bool walk_ring(struct walk *w, const struct ring *ring)
{
	uint32_t head = (uint32_t)(ring->head_tail >> 32), tail = (uint32_t)ring->head_tail;
	uint32_t n = head - tail;
	uint64_t words[2 * CHUNK];

	if (!ring->n || ring->n > MAX_RING || (ring->n & (ring->n - 1)) || n > ring->n)
		return false;
	for (uint32_t i = 0; i < n;) {
		uint64_t first = (uint64_t)(tail + i) & (ring->n - 1);
		uint32_t now = (uint32_t)CT_MIN((uint64_t)CT_MIN(n - i, CHUNK), ring->n - first);

		if (ct_read(w->go->target, ring->slots + 16 * first, words, 16u * now))
			return false;
		for (uint32_t k = 0; k < now; k++) {
			if (!may_walk(w))
				return true;
			give(w, &words[2 * (size_t)k]);
		}
		i += now;
	}
	return true;
}

static bool walk_chain(struct walk *w, uint64_t at)
{
	uint64_t seen[MAX_CHAIN];
	struct ring ring;

	for (uint32_t n = 0; at; at = ring.next) {
		for (uint32_t i = 0; i < n; i++)
			if (seen[i] == at)
				return false;
		if (n == MAX_CHAIN || ct_read(w->go->target, at, &ring, sizeof(ring)))
			return false;
		seen[n++] = at;
		part(w, at);
		part(w, ring.slots);
		if (!may_walk(w))
			return true;
		if (!walk_ring(w, &ring))
			return false;
	}
	return true;
}

/* One array of poolLocal, a P each. */
static void walk_locals(
	struct walk *w, uint64_t at, uint64_t n, enum ct_go_pool_place private_place)
{
	uint64_t words[4];

	if (at)
		part(w, at);
	if (n > w->most) {
		w->pools->n_bad++;
		n = w->most;
	}
	for (uint64_t i = 0; at && i < n && may_walk(w); i++) {
		if (ct_read(w->go->target, at + i * LOCAL_SIZE, words, sizeof(words))) {
			w->pools->n_bad++;
			return;
		}
		w->value.processor = (uint32_t)i;
		w->value.place = (uint8_t)private_place;
		give(w, words);
		w->value.place++;
		w->pools->n_bad += !walk_chain(w, words[LOCAL_TAIL / 8]);
	}
}

/* The list of Ps keeps its room when they become fewer. */
static uint64_t most_processors(const struct ct_go *go)
{
	uint64_t slice[3];

	return go->globals.allp && !ct_read(go->target, go->globals.allp, slice, sizeof(slice))
		       ? slice[2]
		       : UINT64_MAX;
}

enum ct_status ct_go_pools_walk(
	const struct ct_go *go, struct ct_go_pools *pools, const struct ct_go_pool_visit *visit)
{
	struct walk w = {.go = go, .pools = pools, .visit = visit, .most = most_processors(go)};
	uint64_t words[4];

	for (uint32_t i = 0; i < pools->list.n && !w.failed; i++) {
		if (ct_read(go->target, pools->list.items[i], words, sizeof(words))) {
			pools->n_bad++;
			continue;
		}
		w.value.pool = i;
		walk_locals(
			&w, words[POOL_LOCAL / 8], words[POOL_LOCAL / 8 + 1], CT_GO_POOL_PRIVATE);
		/* The collector is just moving what is there to the victims. */
		if (words[POOL_VICTIM / 8] != words[POOL_LOCAL / 8])
			walk_locals(&w, words[POOL_VICTIM / 8], words[POOL_VICTIM / 8 + 1],
				CT_GO_POOL_VICTIM_PRIVATE);
	}
	return w.failed ? CT_NO_MEMORY : CT_OK;
}
