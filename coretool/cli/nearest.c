/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/nearest.h"

#define MAX_WORD 32 /* longer words are no typing errors of ours */

/* The number of letters to insert, delete, change or swap with their neighbour. */
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t d[MAX_WORD + 1][MAX_WORD + 1];

	for (size_t i = 0; i <= n; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++)
		for (size_t j = 1; j <= m; j++) {
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			best = CT_MIN(best, d[i - 1][j] + 1);
			best = CT_MIN(best, d[i][j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = CT_MIN(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	return d[n][m];
}

void ct_nearest_try(struct ct_nearest *n, const char *candidate)
{
	size_t len = strlen(n->word), other = strlen(candidate);

	if (!len || len > MAX_WORD || other > MAX_WORD)
		return;
	size_t distance = edit_distance(n->word, len, candidate, other);
	/* A third of the letters may be wrong; more is another word. */
	if (distance > (len + 2) / 3 || (n->best && distance >= n->distance))
		return;
	n->best = candidate;
	n->distance = distance;
}
