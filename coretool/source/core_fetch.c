/* SPDX-License-Identifier: Apache-2.0 */
#include "source/core_file.h"

#include <sys/mman.h>
#include <unistd.h>

#define BLOCK (UINT64_C(1) << 16) /* bytes, a multiple of a page: reading one takes as long */
#define PIECE (2 * BLOCK)         /* the kernel may leave out what is asked for beyond at once */

#define ROW (64 * BLOCK) /* bytes from which on it pays to have the kernel read ahead */

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

static bool is_set(const uint64_t *bits, uint64_t block)
{
	return bits[block / 64] >> (block % 64) & 1;
}

static bool begin(struct ct_core *core)
{
	struct ct_core_fetch *f = &core->fetch;
	size_t words = (size_t)(core->size / BLOCK / 64 + 1);

	if (f->wanted)
		return true;
	f->wanted = calloc(2 * words, sizeof(*f->wanted));
	if (!f->wanted)
		return false;
	f->fetched = f->wanted + words;
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	if (pages > 0 && page > 0)
		f->room = (uint64_t)pages / 2 * (uint64_t)page / BLOCK;
	return true;
}

void ct_core_want(struct ct_core *core, uint64_t offset, uint64_t len)
{
	struct ct_core_fetch *f = &core->fetch;

	if (!len || !begin(core))
		return;
	for (uint64_t i = offset / BLOCK; i <= (offset + len - 1) / BLOCK && f->room; i++) {
		if (is_set(f->wanted, i) || is_set(f->fetched, i))
			continue;
		f->wanted[i / 64] |= UINT64_C(1) << (i % 64);
		f->high = CT_MAX(f->high, i + 1);
		f->room--;
	}
}

/* In a row it is faster, and what was read lies in larger pieces, which cost less to map. But some
 * of what follows is read as well. False: the kernel cannot do it. */
static bool read_row(const struct ct_core *core, uint64_t start, uint64_t end)
{
	uint8_t *bytes = (uint8_t *)(uintptr_t)core->bytes;

	madvise(bytes, core->size, MADV_SEQUENTIAL);
	bool done = !madvise(bytes + start, (size_t)(end - start), MADV_POPULATE_READ);
	if (!core->swept)
		madvise(bytes, core->size, MADV_RANDOM);
	return done;
}

static void read_part(const struct ct_core *core, uint64_t start, uint64_t end)
{
	start -= start % BLOCK;
	if (end - start >= ROW && read_row(core, start, end))
		return;
	for (; start < end; start += PIECE)
		madvise((void *)(uintptr_t)(core->bytes + start),
			(size_t)CT_MIN(PIECE, end - start), MADV_WILLNEED);
}

static void read_blocks(struct ct_core *core, uint64_t from, uint64_t to)
{
	uint64_t end = CT_MIN(to * BLOCK, core->size), start, stop;

	for (uint64_t at = from * BLOCK; !ct_core_data(core, at, end, &start, &stop); at = stop)
		read_part(core, start, stop);
}

/* False: the block is not wanted. Else from now on it is fetched. */
static bool take(struct ct_core_fetch *f, uint64_t block)
{
	uint64_t bit = UINT64_C(1) << (block % 64), wanted = f->wanted[block / 64] & bit;

	f->wanted[block / 64] ^= wanted;
	f->fetched[block / 64] |= wanted;
	return wanted;
}

void ct_core_fetch(struct ct_core *core)
{
	struct ct_core_fetch *f = &core->fetch;

	for (uint64_t i = 0, to; i < f->high; i = to) {
		to = f->wanted[i / 64] ? i + 1 : (i / 64 + 1) * 64;
		if (!take(f, i))
			continue;
		while (to < f->high && take(f, to))
			to++;
		read_blocks(core, i, to);
	}
	f->high = 0;
}

void ct_core_fetch_free(struct ct_core_fetch *fetch)
{
	free(fetch->wanted);
}
