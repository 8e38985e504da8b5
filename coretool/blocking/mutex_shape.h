/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a pthread_mutex_t of glibc 2.31 to 2.43, and what they can be. They are the same on
 * x86-64 and aarch64, except that the latter's spins is an int.
 */
#ifndef CT_BLOCKING_MUTEX_SHAPE_H
#define CT_BLOCKING_MUTEX_SHAPE_H

#include "blocking/primitive.h"

struct ct_mutex {
	uint32_t lock, count, owner, nusers, kind;
	int16_t spins, elision;
	uint64_t prev, next;
};

_Static_assert(sizeof(struct ct_mutex) == 40, "as in nptl's struct_mutex.h");

#define CT_MUTEX_TYPE    0x3u
#define CT_MUTEX_ROBUST  0x10u
#define CT_MUTEX_PI      0x20u
#define CT_MUTEX_PP      0x40u
#define CT_MUTEX_SHARED  0x80u
#define CT_MUTEX_ELISION 0x300u /* 2.31 to 2.41 set these on any mutex */

#define CT_MUTEX_NORMAL    0u
#define CT_MUTEX_RECURSIVE 1u
#define CT_MUTEX_ADAPTIVE  3u

/* The lock of a priority-protecting mutex; above it the ceiling (PTHREAD_MUTEX_PRIO_CEILING_SHIFT).
 */
#define CT_MUTEX_PP_WORD 0x7ffffu

/* Of mutexes in memory that nobody is known to use. */
extern const struct ct_scan ct_mutex_scan;
/* Adds those that glibc and the kernel keep on record: robust ones, the dynamic linker's. */
void ct_mutex_listed(const struct ct_blocking *ctx);

/* Can these bytes be a mutex that somebody uses? An owner is not asked for. */
bool ct_mutex_shape(const struct ct_blocking *ctx, const struct ct_mutex *m);
/* What of these bytes, known to be a mutex, no lock or unlock leaves behind; NULL: nothing is. */
const char *ct_mutex_fault(const struct ct_blocking *ctx, const struct ct_mutex *m);
/* The owner that is recorded where the kind of mutex keeps it; 0: none. */
uint32_t ct_mutex_owner(const struct ct_mutex *m);
/* Locked, and the words that name the owner agree. */
bool ct_mutex_held(const struct ct_mutex *m);
/* Nobody is counted as its user: it was unlocked once too often. */
bool ct_mutex_miscounted(const struct ct_mutex *m);
/* Its owner died, and the next one has not made it consistent yet. */
bool ct_mutex_inconsistent(const struct ct_mutex *m);

#endif
