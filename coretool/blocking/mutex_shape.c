/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/mutex_shape.h"

#include <linux/futex.h>

#define KIND_ALL                                                                                   \
	(CT_MUTEX_TYPE | CT_MUTEX_ROBUST | CT_MUTEX_PI | CT_MUTEX_PP | CT_MUTEX_SHARED |           \
		CT_MUTEX_ELISION)

#define MAX_TID ((uint32_t)4 * 1024 * 1024) /* PID_MAX_LIMIT of include/linux/threads.h */

/* nptl/pthreadP.h: what the owner field of a robust mutex says when its owner died. */
#define INCONSISTENT   0x7fffffffu
#define NOTRECOVERABLE 0x7ffffffeu

#define USERS_OVER       64u         /* waiters of conditions count; threads that ended may have */
#define MAX_SHARED_USERS 65536u      /* users in other processes count too */
#define USERS_WRAPPED    0xffffff00u /* 0, and unlocked a few times more */

uint32_t ct_mutex_owner(const struct ct_mutex *m)
{
	return m->kind & (CT_MUTEX_ROBUST | CT_MUTEX_PI) ? m->lock & FUTEX_TID_MASK : m->owner;
}

bool ct_mutex_inconsistent(const struct ct_mutex *m)
{
	return m->kind & CT_MUTEX_ROBUST &&
	       (m->owner == INCONSISTENT || m->owner == NOTRECOVERABLE);
}

bool ct_mutex_miscounted(const struct ct_mutex *m)
{
	return m->nusers == 0 || m->nusers >= USERS_WRAPPED;
}

bool ct_mutex_held(const struct ct_mutex *m)
{
	uint32_t owner = ct_mutex_owner(m);

	/* Only robust ones keep another owner field than the lock word says, while they are handed
	 * on. */
	return m->lock && owner && (m->owner == owner || m->kind & CT_MUTEX_ROBUST);
}

static bool shape_of_lock(const struct ct_mutex *m)
{
	if (m->kind & (CT_MUTEX_ROBUST | CT_MUTEX_PI))
		return ct_mutex_owner(m) <= MAX_TID;
	return (m->kind & CT_MUTEX_PP ? m->lock & CT_MUTEX_PP_WORD : m->lock) <= 2;
}

static bool shape_of_users(const struct ct_blocking *ctx, const struct ct_mutex *m)
{
	uint32_t most = ct_sink_n_actors(ctx->sink) + USERS_OVER;

	if (m->kind & CT_MUTEX_SHARED)
		most = MAX_SHARED_USERS;
	if (m->nusers > most && m->nusers < USERS_WRAPPED)
		return false;
	/* The locks of stdio and of the loader have a pointer to the owner's descriptor there. */
	uint64_t pointer = (uint64_t)m->nusers << 32 | m->owner;
	return !pointer || ct_sink_actor_by_object(ctx->sink, pointer) == CT_NONE;
}

bool ct_mutex_shape(const struct ct_blocking *ctx, const struct ct_mutex *m)
{
	uint32_t type = m->kind & CT_MUTEX_TYPE;

	if (m->kind & ~KIND_ALL || m->spins < 0)
		return false;
	if (m->owner > MAX_TID && !ct_mutex_inconsistent(m))
		return false;
	if (m->kind & CT_MUTEX_PI && m->kind & CT_MUTEX_PP)
		return false;
	if (type != CT_MUTEX_ADAPTIVE && m->spins)
		return false;
	if (!(m->kind & CT_MUTEX_ROBUST) && (m->prev || m->next))
		return false;
	if (type != CT_MUTEX_RECURSIVE && m->count > 1)
		return false;
	return shape_of_lock(m) && shape_of_users(ctx, m);
}

#define DESTROYED    0xffffffffu /* what pthread_mutex_destroy makes of the kind */
#define FAULTY_USERS (1u << 22)

/*
 * In the windows inside of lock and unlock the owner is not yet, or no longer, named while the word
 * is taken, and the users are not counted (nptl/pthread_mutex_lock.c, pthread_mutex_unlock.c):
 * never is an owner named while the word is free.
 */
const char *ct_mutex_fault(const struct ct_blocking *ctx, const struct ct_mutex *m)
{
	uint32_t type = m->kind & CT_MUTEX_TYPE;
	bool plain = !(m->kind & (CT_MUTEX_ROBUST | CT_MUTEX_PI));
	uint32_t word = m->kind & CT_MUTEX_PP ? m->lock & CT_MUTEX_PP_WORD : m->lock;

	if (m->kind == DESTROYED)
		return m->lock ? ct_sink_string(
					 ctx->sink, "it was destroyed, and its lock word is taken")
			       : NULL;
	if (m->kind & ~KIND_ALL || (m->kind & CT_MUTEX_PI && m->kind & CT_MUTEX_PP))
		return ct_sink_printf(ctx->sink, "its kind is 0x%x, which is none", m->kind);
	if (plain && word > 2)
		return ct_sink_printf(
			ctx->sink, "its lock word is 0x%x, which is no state", m->lock);
	if (m->owner > MAX_TID && !ct_mutex_inconsistent(m))
		return ct_sink_printf(
			ctx->sink, "its owner field is 0x%x, which no thread can be", m->owner);
	if (plain && !word && m->owner)
		return ct_sink_printf(ctx->sink,
			"its lock word is free, and its owner field names thread %u", m->owner);
	if (!(m->kind & CT_MUTEX_ROBUST) && (m->prev || m->next))
		return ct_sink_string(
			ctx->sink, "it has links of a list that only robust mutexes are on");
	if (type != CT_MUTEX_RECURSIVE && m->count > 1)
		return ct_sink_printf(
			ctx->sink, "it was taken %u times, and is not recursive", m->count);
	if (m->nusers > FAULTY_USERS && m->nusers < USERS_WRAPPED)
		return ct_sink_printf(ctx->sink, "it counts %u users", m->nusers);
	return NULL;
}
