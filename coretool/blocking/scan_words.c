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

static inline __attribute__((always_inline)) size_t next_block(
	const uint8_t *bytes, size_t n, uint32_t low, uint32_t span)
{
	for (size_t i = 0; i < n; i++) {
		words any = {0};

#pragma GCC unroll 4
		for (size_t v = 0; v < VECTORS; v++) {
			halves h;

			memcpy(&h, bytes + i * BLOCK_BYTES + v * sizeof(h), sizeof(h));
			words in_range = (words)(h - low <= span);
			words is_small = (words)(h <= CT_SCAN_UPPER);
			any |= in_range & (is_small >> 32);
		}
		/* The upper halves are those of is_small >> 32: zero. */
		if (any[0] | any[1] | any[2] | any[3])
			return i;
	}
	return n;
}

#ifdef __x86_64__
static __attribute__((target("avx2"))) size_t next_block_avx2(
	const uint8_t *bytes, size_t n, uint32_t low, uint32_t span)
{
	return next_block(bytes, n, low, span);
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
