/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A held mutex in memory that nobody points to, by its bytes alone: so all of them have to be as a
 * lock leaves them behind. Robust ones are not looked for: their owners have lists of them.
 */
#include "blocking/mutex_shape.h"

#include <linux/futex.h>

#define MOST_DEPTH 65536u

/* lock, count; owner, users; kind, spins: in words, from the owner's on. */
static bool near(const uint64_t *word)
{
	uint32_t kind = (uint32_t)word[1], lock = (uint32_t)word[-1];
	bool plain = !(kind & (CT_MUTEX_PI | CT_MUTEX_PP)), counts = word[-1] >> 32;

	if (kind & ~(CT_MUTEX_TYPE | CT_MUTEX_PI | CT_MUTEX_PP | CT_MUTEX_SHARED |
			   CT_MUTEX_ELISION) ||
		!lock || !(word[0] >> 32))
		return false;
	if (plain && (lock > 2 || counts != ((kind & CT_MUTEX_TYPE) == CT_MUTEX_RECURSIVE)))
		return false;
	return (kind & CT_MUTEX_TYPE) == CT_MUTEX_ADAPTIVE || !(word[1] >> 32);
}

static bool lock_names(const struct ct_mutex *m, uint32_t owner)
{
	if (m->kind & CT_MUTEX_PI)
		return (m->lock & ~FUTEX_WAITERS) == owner;
	return m->owner == owner && m->lock & (m->kind & CT_MUTEX_PP ? CT_MUTEX_PP_WORD : ~0u);
}

static bool count_fits(const struct ct_mutex *m)
{
	if ((m->kind & CT_MUTEX_TYPE) == CT_MUTEX_RECURSIVE)
		return m->count && m->count <= MOST_DEPTH;
	/* What takes the longer way in pthread_mutex_lock counts, too. */
	return m->count == !!(m->kind & (CT_MUTEX_PI | CT_MUTEX_PP));
}

/* The kernel tells the waiters of a priority-inheriting one that its owner is gone. */
static bool may_be_left(const struct ct_mutex *m)
{
	return !(m->kind & (CT_MUTEX_PI | CT_MUTEX_PP | CT_MUTEX_SHARED));
}

static bool held(const struct ct_blocking *ctx, const void *bytes, struct ct_scan_hit *hit)
{
	struct ct_mutex m;

	memcpy(&m, bytes, sizeof(m));
	if (m.kind & CT_MUTEX_ROBUST || m.owner != hit->owner || !m.nusers || m.elision ||
		!lock_names(&m, hit->owner) || !count_fits(&m) || !ct_mutex_shape(ctx, &m) ||
		(hit->actor == CT_NONE && !may_be_left(&m)))
		return false;
	hit->users = m.nusers - 1;
	return true;
}

const struct ct_scan ct_mutex_scan = {
	.owner = offsetof(struct ct_mutex, owner),
	.size = sizeof(struct ct_mutex),
	.near = near,
	.held = held,
};
