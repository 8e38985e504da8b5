/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a word of a lock that has the id of its owner. */
#ifndef CT_BLOCKING_OWNER_H
#define CT_BLOCKING_OWNER_H

#include "blocking/primitive.h"

struct ct_owner {
	uint32_t id;       /* 0: none is recorded */
	bool taken;        /* somebody has the lock, recorded or not */
	bool shared;       /* other processes may use it */
	bool exited;       /* the lock itself says that its owner has; id is 0 */
	const char *field; /* how the id is known, when nothing speaks against it */
	const char *doubt; /* what speaks against it; NULL: nothing */
};

/*
 * Adds to the resource who holds it: a thread here, one that is gone, one of another process, or
 * nobody that is recorded.
 */
void ct_owner_add(const struct ct_blocking *ctx, uint32_t resource, const struct ct_owner *owner);

/* Can "no such thread" be said at all? Not when threads or their ids may be missing. */
bool ct_owner_may_be_gone(const struct ct_blocking *ctx);

/*
 * Can the owner of a lock at addr be in another process, whose ids may be those of threads here
 * (PID namespaces)? Not when it lies in the data of a program or library: every process has its
 * own.
 */
bool ct_owner_may_be_elsewhere(const struct ct_blocking *ctx, bool shared, uint64_t addr);

#endif
