/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four words at a time as eight halves, with the compiler's own vectors: AVX2 where the machine has
 * it, else what the target always has. Half of the work is a load and a subtraction, so that memory
 * is the limit.
 */
#include "blocking/scan_words.h"

#define WORDS_PER_VECTOR 4
#define VECTORS          (CT_SCAN_BLOCK / WORDS_PER_VECTOR)
#define BLOCK_BYTES      (CT_SCAN_BLOCK * sizeof(uint64_t))

typedef uint32_t halves __attribute__((vector_size(32)));
typedef uint64_t words __attribute__((vector_size(32)));

/* Halves that are in [least, least + span]. (A function that returns vectors would have another
 * interface with AVX.) */
#define IN_RANGE(h, least, span) ((words)((h) - (least) <= (span)))

static inline __attribute__((always_inline)) size_t next_block(
	const uint8_t *bytes, size_t n, uint32_t low, uint32_t span)
{
	for (size_t i = 0; i < n; i++) {
		words any = {0};

#pragma GCC unroll 4
		for (size_t v = 0; v < VECTORS; v++) {
			halves h;

			memcpy(&h, bytes + i * BLOCK_BYTES + v * sizeof(h), sizeof(h));
			words in_range = IN_RANGE(h, low, span);
			words is_small = (words)(h <= CT_SCAN_UPPER);
			any |= in_range & (is_small >> 32);
		}
		/* The upper halves are those of is_small >> 32: zero. */
		if (any[0] | any[1] | any[2] | any[3])
			return i;
	}
	return n;
}

/*
 * A mutex has a state below 3 before its owner, beside a ceiling, or the owner itself; its users
 * count; its kind has no bits above 0x3ff. An rwlock begins with 3, three words before the writer.
 */
static inline __attribute__((always_inline)) void allowed(
	const uint8_t *at, uint32_t low, uint32_t span, words *ret)
{
	halves word, before, begin, behind;

	memcpy(&word, at, sizeof(word));
	memcpy(&before, at - 8, sizeof(before));
	memcpy(&begin, at - CT_SCAN_BEFORE, sizeof(begin));
	memcpy(&behind, at + CT_SCAN_BEHIND, sizeof(behind));
	words small = (words)(word <= CT_SCAN_UPPER) >> 32, used = (words)(word != 0) >> 32;
	words state =
		IN_RANGE(before & 0x7ffffu, 1, 1) | IN_RANGE((before ^ word) & 0x7fffffffu, 0, 0);
	words mutex = used & state & IN_RANGE(behind, 0, 0x3ff);
	words rwlock = IN_RANGE(begin, 3, 0) & IN_RANGE(before, 0, 0);

	*ret = IN_RANGE(word, low, span) & small & (mutex | rwlock);
}

static inline __attribute__((always_inline)) bool look_at_block(
	const uint8_t *block, uint32_t low, uint32_t span, uint64_t ret[CT_SCAN_BLOCK])
{
	words any = {0};

#pragma GCC unroll 4
	for (size_t v = 0; v < VECTORS; v++) {
		words found;

		allowed(block + v * sizeof(found), low, span, &found);
		memcpy(ret + v * WORDS_PER_VECTOR, &found, sizeof(found));
		any |= found;
	}
	return any[0] | any[1] | any[2] | any[3];
}

#ifdef __x86_64__
static __attribute__((target("avx2"))) size_t next_block_avx2(
	const uint8_t *bytes, size_t n, uint32_t low, uint32_t span)
{
	return next_block(bytes, n, low, span);
}

static __attribute__((target("avx2"))) bool look_at_block_avx2(
	const uint8_t *block, uint32_t low, uint32_t span, uint64_t ret[CT_SCAN_BLOCK])
{
	return look_at_block(block, low, span, ret);
}
#endif

size_t ct_scan_next_block(const uint8_t *bytes, size_t n, uint32_t low, uint32_t span)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return next_block_avx2(bytes, n, low, span);
#endif
	return next_block(bytes, n, low, span);
}

bool ct_scan_block(const uint8_t *block, uint32_t low, uint32_t span, uint64_t ret[CT_SCAN_BLOCK])
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return look_at_block_avx2(block, low, span, ret);
#endif
	return look_at_block(block, low, span, ret);
}
