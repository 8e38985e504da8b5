/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bucket of one of the profiles that the runtime keeps (runtime/mprof.go): behind it its stack,
 * and behind that its numbers. Alike in Go 1.15 to 1.27.
 */
#ifndef CT_RUNTIME_GO_PROFILE_BUCKET_H
#define CT_RUNTIME_GO_PROFILE_BUCKET_H

#include "facts/go_profiles.h"
#include "runtime/go/go.h"

#define CT_GO_MAX_PROFILE_STACK 1152       /* maxProfStackDepth, and those that are skipped */
#define CT_GO_MAX_BUCKETS       (1u << 18) /* of one kind that are looked at */
#define CT_GO_MAX_PROFILE_PCS   (1u << 21) /* of all their stacks */

struct ct_go_bucket {
	uint64_t at, next; /* next: of the list of its kind */
	uint64_t size;     /* of memory: of the objects, in bytes */
	uint64_t stack, n; /* n return addresses from there on */
	uint64_t numbers;  /* where they are */
};

/* False: there is none of this kind. */
bool ct_go_bucket_at(const struct ct_go *go, uint64_t at, enum ct_go_profile_kind kind,
	struct ct_go_bucket *ret);

/* How often the program samples for a profile, which the global at this address says; 0: never;
 * CT_GO_RATE_UNKNOWN. */
int64_t ct_go_profile_rate(const struct ct_go *go, uint64_t global);

#endif
