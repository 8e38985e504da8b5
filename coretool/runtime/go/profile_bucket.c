/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/profile_bucket.h"

#include "facts/go.h"

/* struct bucket, in words */
enum { NEXT_OF_HASH, NEXT, TYPE, HASH, SIZE, N_STACK, STACK };

bool ct_go_bucket_at(
	const struct ct_go *go, uint64_t at, enum ct_go_profile_kind kind, struct ct_go_bucket *ret)
{
	uint64_t words[STACK];

	if (at % 8 || ct_read(go->target, at, words, sizeof(words)) || words[TYPE] != kind + 1u ||
		words[N_STACK] > CT_GO_MAX_PROFILE_STACK)
		return false;
	*ret = (struct ct_go_bucket){at, words[NEXT], words[SIZE], at + sizeof(words),
		words[N_STACK], at + sizeof(words) + 8 * words[N_STACK]};
	return true;
}

int64_t ct_go_profile_rate(const struct ct_go *go, uint64_t global)
{
	uint64_t rate;

	/* Below 0 is off, as 0 is. */
	if (!global || ct_read_u64(go->target, global, &rate))
		return CT_GO_RATE_UNKNOWN;
	return rate <= INT64_MAX ? (int64_t)rate : 0;
}
