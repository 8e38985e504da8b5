/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three steps, each for what the one before let through: a block of words at a time, whether there
 * is a small number next to one in the range of ids (scan_words.c); the word with its neighbours,
 * in place; the whole object, read like anything else.
 */
#include "blocking/scan.h"

#include <sys/mman.h>

#include "blocking/scan_words.h"

#define MAX_TID    ((uint32_t)4 * 1024 * 1024) /* PID_MAX_LIMIT of include/linux/threads.h */
#define MAX_OBJECT 64u
#define MAX_ROWS   8u
#define MAX_HITS   (1u << 16)
#define CHUNK      (64u << 10) /* read at once where bytes cannot be looked at in place */
#define PAGE       UINT64_C(4096)

struct scan {
	const struct ct_blocking *ctx;
	struct ct_scan_found *ret;
	uint8_t *live;      /* a bit for each id: a thread has it */
	uint32_t low, span; /* of ids that may be an owner's, living or gone */
	const struct ct_primitive *rows[MAX_ROWS]; /* that can be searched for */
	size_t n_rows;
	uint8_t chunk[CHUNK];
};

static bool is_live(const struct scan *s, uint32_t id)
{
	return id < MAX_TID && s->live[id / 8] >> id % 8 & 1;
}

/*
 * Threads come and go: those that are gone had ids among those that live, or a little above. How
 * far that may be hangs on how much a number of this size says: small ones are everywhere.
 */
static void bound_ids(struct scan *s)
{
	uint32_t low = MAX_TID, high = 0;

	for (uint32_t i = 0; i < ct_sink_n_actors(s->ctx->sink); i++) {
		uint64_t id = ct_sink_get_actor(s->ctx->sink, i)->id;

		if (!id || id >= MAX_TID || ct_sink_thread_by_id(s->ctx->sink, id) == CT_NONE)
			continue;
		s->live[id / 8] |= (uint8_t)(1u << id % 8);
		low = CT_MIN(low, (uint32_t)id);
		high = CT_MAX(high, (uint32_t)id);
	}
	s->low = low;
	s->span = high < low ? 0 : high - low + CT_MIN(low / 8, 1024u);
}

/* How many other words of the page around the owner's would do as well, by themselves. */
static uint32_t count_alike(struct scan *s, uint64_t at)
{
	uint64_t page[PAGE / 8];
	uint32_t n = 0;

	if (ct_read(s->ctx->target, at & ~(PAGE - 1), page, sizeof(page)))
		return 0;
	for (size_t i = 0; i < CT_COUNT(page); i++)
		n += ct_scan_is_candidate(page[i], s->low, s->span) &&
		     is_live(s, (uint32_t)page[i]);
	return n - (n > 0);
}

static void add_hit(struct scan *s, const struct ct_scan_hit *hit)
{
	if (s->ret->hits.n >= MAX_HITS) {
		s->ret->too_many = true;
		return;
	}
	struct ct_scan_hit *slot = ct_vec_push(&s->ret->hits);
	if (slot)
		*slot = *hit;
	else
		s->ret->no_memory = true;
}

/* The word at addr may be the owner's of a primitive. */
static void look_closer(struct scan *s, uint64_t addr, uint32_t id, const uint64_t *word)
{
	for (size_t i = 0; i < s->n_rows; i++) {
		const struct ct_scan *scan = s->rows[i]->scan;
		uint64_t bytes[MAX_OBJECT / 8];

		if (word && !scan->near(word))
			continue;
		struct ct_scan_hit hit = {.primitive = s->rows[i],
			.addr = addr - scan->owner,
			.owner = id,
			.actor = is_live(s, id) ? ct_sink_thread_by_id(s->ctx->sink, id) : CT_NONE};
		if (ct_read(s->ctx->target, hit.addr, bytes, scan->size) ||
			!scan->held(s->ctx, bytes, &hit))
			continue;
		hit.alike = count_alike(s, addr);
		add_hit(s, &hit);
	}
}

/* A word that may be an owner's, in place at bytes; whole: its neighbours are there as well. */
static void search_word(struct scan *s, uint64_t addr, const uint8_t *bytes, bool whole)
{
	uint64_t words[(CT_SCAN_BEFORE + 8 + CT_SCAN_BEHIND) / 8];
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	if (whole)
		memcpy(words, bytes - CT_SCAN_BEFORE, sizeof(words));
	if (ct_scan_is_candidate(word, s->low, s->span))
		look_closer(s, addr, (uint32_t)word, whole ? words + CT_SCAN_BEFORE / 8 : NULL);
}

static void search_words(struct scan *s, uint64_t addr, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		search_word(s, addr + i * 8, bytes + i * 8, false);
}

static void search_block(struct scan *s, uint64_t addr, const uint8_t *block)
{
	uint64_t allowed[CT_SCAN_BLOCK];

	if (!ct_scan_block(block, s->low, s->span, allowed))
		return;
	for (size_t i = 0; i < CT_SCAN_BLOCK; i++)
		if (allowed[i])
			search_word(s, addr + i * 8, block + i * 8, true);
}

/* n words in place. */
static void search_bytes(struct scan *s, uint64_t addr, const uint8_t *bytes, size_t n)
{
	const size_t size = CT_SCAN_BLOCK * sizeof(uint64_t);
	size_t blocks = n / CT_SCAN_BLOCK;

	for (size_t i = 0; i < blocks; i++) {
		i += ct_scan_next_block(bytes + i * size, blocks - i, s->low, s->span);
		/* The first and the last one have no neighbours on one side. */
		if (i > 0 && i + 1 < blocks)
			search_block(s, addr + i * size, bytes + i * size);
		else if (i < blocks)
			search_words(s, addr + i * size, bytes + i * size, CT_SCAN_BLOCK);
	}
	search_words(s, addr + blocks * size, bytes + blocks * size, n - blocks * CT_SCAN_BLOCK);
}

static void search_range(struct scan *s, uint64_t start, uint64_t stop)
{
	const void *bytes;

	/* An object starts at a multiple of 8. */
	start = (start + 7) & ~UINT64_C(7);
	if (start >= stop)
		return;
	if (!ct_view(s->ctx->target, start, stop - start, &bytes)) {
		search_bytes(s, start, bytes, (stop - start) / 8);
		return;
	}
	for (uint64_t at = start; at < stop; at += CHUNK) {
		size_t len = CT_MIN((uint64_t)CHUNK, stop - at);

		if (!ct_read(s->ctx->target, at, s->chunk, len))
			search_bytes(s, at, s->chunk, len / 8);
	}
}

static void search_map(struct scan *s, const struct ct_map *map, uint64_t limit)
{
	uint64_t at = map->start, end = map->start + map->present, start, stop;

	while (!ct_target_next_data(s->ctx->target, at, end, &start, &stop)) {
		uint64_t room = limit - s->ret->searched, len = stop - start;

		at = stop;
		if (len > room) {
			s->ret->left += len - room;
			len = room & ~UINT64_C(7);
		}
		s->ret->searched += len;
		search_range(s, start, start + len);
	}
}

static int smaller_first(const void *a, const void *b)
{
	const struct ct_map *x = *(const struct ct_map *const *)a;
	const struct ct_map *y = *(const struct ct_map *const *)b;

	if (x->present != y->present)
		return x->present < y->present ? -1 : 1;
	return x->start < y->start ? -1 : 1;
}

static void search_all(struct scan *s, uint64_t limit)
{
	size_t n = ct_target_n_maps(s->ctx->target), kept = 0;
	ct_autofree const struct ct_map **maps = calloc(n + 1, sizeof(const struct ct_map *));

	for (size_t i = 0; maps && i < n; i++) {
		const struct ct_map *map = ct_target_map(s->ctx->target, i);

		if (map->present && map->prot > 0 && map->prot & PROT_WRITE)
			maps[kept++] = map;
	}
	if (kept)
		qsort(maps, kept, sizeof(const struct ct_map *), smaller_first);
	for (size_t i = 0; i < kept; i++)
		search_map(s, maps[i], limit);
	s->ret->no_memory |= !maps;
}

void ct_scan_memory(const struct ct_blocking *ctx, uint64_t limit, struct ct_scan_found *ret)
{
	struct scan *s = calloc(1, sizeof(*s));

	*ret = (struct ct_scan_found){.no_memory = true};
	if (!s)
		return;
	*s = (struct scan){.ctx = ctx, .ret = ret, .live = calloc(1, MAX_TID / 8)};
	for (size_t i = 0; i < ct_n_primitives && s->n_rows < MAX_ROWS; i++)
		if (ct_primitives[i]->scan && ct_primitive_applies(ct_primitives[i], ctx->libc))
			s->rows[s->n_rows++] = ct_primitives[i];
	if (s->live) {
		ret->no_memory = false;
		bound_ids(s);
		if (s->low && s->low < MAX_TID)
			search_all(s, limit);
	}
	free(s->live);
	free(s);
}
