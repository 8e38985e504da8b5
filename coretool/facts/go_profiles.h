/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles that a Go program keeps of itself (runtime/mprof.go). Part of the facts. */
#ifndef CT_FACTS_GO_PROFILES_H
#define CT_FACTS_GO_PROFILES_H

#include "facts/facts.h"

enum ct_go_profile_kind {
	CT_GO_PROFILE_HEAP,  /* what was allocated and freed, as of the last collection but one */
	CT_GO_PROFILE_BLOCK, /* waits that are over, by where they were */
	CT_GO_PROFILE_MUTEX, /* waits of others, by where the lock was unlocked */
	CT_GO_N_PROFILES,
};

struct ct_go_profile_record { /* of one stack */
	uint32_t stack;
	/* Of the heap: */
	uint64_t size; /* of the objects; the same stack may have several */
	int64_t allocs, alloc_bytes, frees, free_bytes;
	/* Of the others: how often, and cycles of the CPU's counter. */
	double count;
	int64_t cycles;
};

struct ct_go_profile {
	const struct ct_go_profile_record *records;
	uint32_t n;
	bool found; /* where it is in memory is known */
	bool cut;   /* more could not be read */
};

struct ct_fact_go_profiles {
	struct ct_go_profile profiles[CT_GO_N_PROFILES];
	int64_t cycles_per_second; /* as the program itself measured it; 0: it has not */
};

#endif
