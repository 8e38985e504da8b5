/* SPDX-License-Identifier: Apache-2.0 */
/* What every file needs: the public types, sizes of arrays, checked arithmetic, scope cleanup. */
#ifndef CT_BASE_BASE_H
#define CT_BASE_BASE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coretool.h"

#define CT_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CT_MIN(a, b)    ((a) < (b) ? (a) : (b))
#define CT_MAX(a, b)    ((a) > (b) ? (a) : (b))
#define CT_NONE         UINT32_MAX /* an index that points nowhere */

/*
 * Halves [lo, hi), which are variables, until both are the first index that is not before what is
 * looked for, or the end. before: an expression in mid, which this declares; true of those ahead of
 * it and of no others.
 */
#define CT_BISECT(lo, hi, mid, before)                                                             \
	while ((lo) < (hi)) {                                                                      \
		__typeof__(lo) mid = (lo) + ((hi) - (lo)) / 2;                                     \
                                                                                                   \
		if (before)                                                                        \
			(lo) = mid + 1;                                                            \
		else                                                                               \
			(hi) = mid;                                                                \
	}

/* Arithmetic on numbers that came out of a file: false when the result does not fit. */
#define ct_add(a, b, ret) (!__builtin_add_overflow((a), (b), (ret)))
#define ct_mul(a, b, ret) (!__builtin_mul_overflow((a), (b), (ret)))

/* Is [at, at + len) inside [0, size)? */
static inline bool ct_within(uint64_t at, uint64_t len, uint64_t size)
{
	return at <= size && len <= size - at;
}

/* Rounds up to a power of two; false on overflow. */
static inline bool ct_align(uint64_t value, uint64_t to, uint64_t *ret)
{
	uint64_t sum;
	if (!ct_add(value, to - 1, &sum))
		return false;
	*ret = sum & ~(to - 1);
	return true;
}

static inline void ct_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void ct_cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define ct_autofree __attribute__((cleanup(ct_cleanup_free)))
#define ct_autofd   __attribute__((cleanup(ct_cleanup_fd)))

/* Sets the text of err (NULL is fine) and returns status, so that callers can return in one line.
 */
CT_PRINTF(3, 4)
enum ct_status ct_fail(struct ct_error *err, enum ct_status status, const char *fmt, ...);

#endif
