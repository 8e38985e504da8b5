/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

bool ct_vec_grow(void **items, uint32_t *cap, uint32_t n, size_t size)
{
	size_t bytes;

	if (n < *cap)
		return true;
	if (*cap > UINT32_MAX / 2)
		return false;
	uint32_t want = *cap ? *cap * 2 : 16;
	if (!ct_mul((size_t)want, size, &bytes))
		return false;
	void *grown = realloc(*items, bytes);
	if (!grown)
		return false;
	*items = grown;
	*cap = want;
	return true;
}
