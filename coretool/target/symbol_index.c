/* SPDX-License-Identifier: Apache-2.0 */
#include "target/symbol_index.h"

#include "target/fde_starts.h"
#include "target/internal.h"

/* The largest browsers have two million: more is no honest file. */
#define MAX_SYMBOLS (16 * 1024 * 1024)
/* How deep one symbol inside another is looked for. */
#define MAX_NESTED 64

/* While the index is built, outer holds the rank: it is known only when all are sorted. */
static bool is_sized(const struct ct_symbol_span *span)
{
	return span->outer >= 4;
}

/* By address; there the sized first, of these the larger; then the better name. */
static int compare(const void *left, const void *right)
{
	const struct ct_symbol_span *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (is_sized(a) != is_sized(b))
		return is_sized(a) ? -1 : 1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	if (a->outer != b->outer)
		return a->outer > b->outer ? -1 : 1;
	return a->symbol < b->symbol ? -1 : a->symbol > b->symbol;
}

static enum ct_status collect(struct ct_symbol_index *index)
{
	struct ct_raw_symbol raw;

	for (uint32_t i = 1; i < index->n_symbols; i++) {
		struct ct_symbol_span span = {.symbol = i};

		if (ct_symbol_index_read(index, i, &raw))
			continue;
		span.start = raw.start;
		span.outer = raw.rank;
		span.end = raw.section_end;
		if (raw.size && !ct_add(raw.start, raw.size, &span.end))
			continue;
		struct ct_symbol_spans *spans = &index->spans[raw.kind];
		struct ct_symbol_span *slot = span.start < span.end ? ct_vec_push(spans) : &span;
		if (!slot)
			return CT_NO_MEMORY;
		*slot = span;
	}
	return CT_OK;
}

static size_t leading_underscores(const struct ct_raw_symbol *raw)
{
	size_t n = 0;

	while (n < CT_MAX_SYMBOL_NAME && raw->name[n] == '_')
		n++;
	return n;
}

/* Two names for the same bytes: people know "read" rather than "__read", the shorter, the first. */
static bool is_better(struct ct_symbol_index *index, const struct ct_symbol_span *a,
	const struct ct_symbol_span *b)
{
	struct ct_raw_symbol left, right;

	if (a->outer != b->outer)
		return a->outer > b->outer;
	if (ct_symbol_index_read(index, a->symbol, &left) ||
		ct_symbol_index_read(index, b->symbol, &right))
		return false;
	size_t l = leading_underscores(&left), r = leading_underscores(&right);
	if (l != r)
		return l < r;
	l = ct_raw_symbol_name_len(&left), r = ct_raw_symbol_name_len(&right);
	return l != r ? l < r : memcmp(left.name, right.name, l) < 0;
}

/* Keeps one symbol of those with the same bytes, and no unsized one inside a sized one. */
static void drop_aliases(struct ct_symbol_index *index, struct ct_symbol_spans *spans)
{
	uint64_t sized_end = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < spans->n; i++) {
		const struct ct_symbol_span *span = &spans->items[i];
		struct ct_symbol_span *last = n ? &spans->items[n - 1] : NULL;

		if (is_sized(span))
			sized_end = CT_MAX(sized_end, span->end);
		else if (span->start < sized_end)
			continue;
		if (!last || last->start != span->start || last->end != span->end)
			spans->items[n++] = *span;
		else if (is_better(index, span, last))
			*last = *span;
	}
	spans->n = n;
}

/* Are there local symbols too? Else most functions have none. */
static bool has_all_names(Dwfl_Module *dwfl)
{
	return dwfl_module_getsymtab_first_global(dwfl) > 1;
}

/*
 * A symbol without a size ends before the next one, another function, or with its section. Among
 * exported names alone the next one may be far away: without an unwind table that begins with it,
 * nothing is known but its first byte (musl's memset).
 */
static void end_unsized(
	struct ct_symbol_spans *spans, const struct ct_fde_starts *starts, bool all_names)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t i = spans->n; i-- > 0;) {
		struct ct_symbol_span *span = &spans->items[i];

		if (!is_sized(span)) {
			span->end = CT_MIN(span->end, next);
			span->end = CT_MIN(span->end, ct_fde_starts_next(starts, span->start));
			if (!all_names &&
				ct_fde_starts_next(starts, span->start - 1) != span->start)
				span->end = span->start + 1;
		}
		next = span->start;
	}
}

static void link_outer(struct ct_symbol_spans *spans)
{
	for (uint32_t i = 0; i < spans->n; i++) {
		uint32_t outer = i ? i - 1 : CT_NONE;

		while (outer != CT_NONE && spans->items[outer].end <= spans->items[i].end)
			outer = spans->items[outer].outer;
		spans->items[i].outer = outer;
	}
}

static void finish(struct ct_symbol_index *index, struct ct_symbol_spans *spans,
	const struct ct_fde_starts *starts, bool all_names)
{
	if (!spans->n)
		return;
	qsort(spans->items, spans->n, sizeof(spans->items[0]), compare);
	drop_aliases(index, spans);
	end_unsized(spans, starts, all_names);
	link_outer(spans);
	void *smaller = realloc(spans->items, spans->n * sizeof(spans->items[0]));
	if (smaller) {
		spans->items = smaller;
		spans->cap = spans->n;
	}
}

struct ct_symbol_index *ct_symbol_index_new(
	struct ct_target *target, const struct ct_module *module, Dwfl_Module *dwfl)
{
	struct ct_symbol_index *index = calloc(1, sizeof(*index));
	struct ct_fde_starts starts;

	if (!index)
		return NULL;
	index->dwfl = dwfl;
	int n = dwfl_module_getsymtab(dwfl);
	if (n > MAX_SYMBOLS)
		ct_target_note(target, CT_NOTE_LIMIT, module->path,
			"has %d symbols; the first %d are used", n, MAX_SYMBOLS);
	index->n_symbols = n < 0 ? 0 : CT_MIN((uint32_t)n, MAX_SYMBOLS);
	if (collect(index)) {
		ct_symbol_index_free(index);
		return NULL;
	}
	ct_fde_starts_find(dwfl, &starts);
	bool all_names = has_all_names(dwfl);
	for (size_t kind = 0; kind < CT_COUNT(index->spans); kind++)
		finish(index, &index->spans[kind], &starts, all_names || kind != CT_SYMBOL_CODE);
	return index;
}

void ct_symbol_index_free(struct ct_symbol_index *index)
{
	if (!index)
		return;
	for (size_t kind = 0; kind < CT_COUNT(index->spans); kind++)
		ct_vec_free(&index->spans[kind]);
	for (uint32_t i = 0; i < index->cut_names.n; i++)
		free(index->cut_names.items[i]);
	ct_vec_free(&index->cut_names);
	ct_hash_free(&index->cut);
	free(index);
}

const struct ct_symbol_span *ct_symbol_index_at(
	const struct ct_symbol_index *index, uint64_t addr, enum ct_symbol_kind kind)
{
	const struct ct_symbol_spans *spans = &index->spans[kind];
	uint32_t lo = 0, hi = spans->n;

	CT_BISECT(lo, hi, mid, spans->items[mid].start <= addr);
	uint32_t i = lo ? lo - 1 : CT_NONE;
	for (int step = 0; i != CT_NONE && step < MAX_NESTED; step++) {
		if (addr < spans->items[i].end)
			return &spans->items[i];
		i = spans->items[i].outer;
	}
	return NULL;
}
