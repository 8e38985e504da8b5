/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The labels of goroutines (runtime/pprof.Do): since 1.24 g.labels leads to a slice of pairs of
 * strings, before to a map, which has the form of all maps up to 1.23 (hmap of runtime/map.go).
 */
#include "base/str.h"
#include "runtime/go/waits.h"

#define MAX_LABELS  64
#define MAX_TEXT    128 /* bytes of a key, and of a value */
#define STRING_SIZE 16
#define MAX_BUCKETS 64

#define HMAP_LOG_BUCKETS 9
#define HMAP_BUCKETS     16
#define HMAP_OLD         24
#define BUCKET_SLOTS     8
#define BUCKET_OVERFLOW  (BUCKET_SLOTS + 2 * BUCKET_SLOTS * STRING_SIZE)
#define BUCKET_SIZE      (BUCKET_OVERFLOW + 8)
#define FIRST_USED_HASH  5 /* smaller ones are marks of empty and moved slots */

struct label {
	char key[MAX_TEXT], value[MAX_TEXT];
};

struct label_list {
	struct label items[MAX_LABELS];
	uint32_t n;
};

static void add_label(
	struct ct_target *target, uint64_t key, uint64_t value, struct label_list *list)
{
	struct label *slot = list->n < MAX_LABELS ? &list->items[list->n] : NULL;

	if (slot && ct_go_string(target, key, slot->key, sizeof(slot->key)) &&
		ct_go_string(target, value, slot->value, sizeof(slot->value)))
		list->n++;
}

static void read_slice(struct ct_target *target, uint64_t at, struct label_list *list)
{
	uint64_t slice[2];

	if (ct_read(target, at, slice, sizeof(slice)))
		return;
	for (uint64_t i = 0; i < CT_MIN(slice[1], (uint64_t)MAX_LABELS); i++) {
		uint64_t pair = slice[0] + i * 2 * STRING_SIZE;

		add_label(target, pair, pair + STRING_SIZE, list);
	}
}

static void read_bucket(struct ct_target *target, uint64_t at, struct label_list *list)
{
	uint8_t hashes[BUCKET_SLOTS];

	if (ct_read(target, at, hashes, sizeof(hashes)))
		return;
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		uint64_t key = at + BUCKET_SLOTS + i * STRING_SIZE;

		if (hashes[i] >= FIRST_USED_HASH)
			add_label(target, key, key + BUCKET_SLOTS * STRING_SIZE, list);
	}
}

static void read_buckets(
	struct ct_target *target, uint64_t first, uint32_t n, struct label_list *list)
{
	for (uint32_t i = 0; first && i < n; i++) {
		uint64_t at = first + (uint64_t)i * BUCKET_SIZE;

		for (unsigned k = 0; at && k < MAX_BUCKETS && list->n < MAX_LABELS; k++) {
			read_bucket(target, at, list);
			if (ct_read_u64(target, at + BUCKET_OVERFLOW, &at))
				break;
		}
	}
}

static void read_map(struct ct_target *target, uint64_t at, struct label_list *list)
{
	uint64_t map, buckets, old;
	uint8_t log;

	if (ct_read_u64(target, at, &map) || ct_read(target, map + HMAP_LOG_BUCKETS, &log, 1) ||
		ct_read_u64(target, map + HMAP_BUCKETS, &buckets) ||
		ct_read_u64(target, map + HMAP_OLD, &old) || log > 6)
		return;
	read_buckets(target, buckets, 1u << log, list);
	read_buckets(target, old, log ? 1u << (log - 1) : 0, list);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->key, ((const struct label *)b)->key);
}

/* What would end a key or a value has a \ before it. */
static void add_part(struct ct_str *text, const char *part)
{
	for (; *part; part++)
		ct_str_add(text, "%s%c", strchr("\\,=", *part) ? "\\" : "", *part);
}

/* A label is what "key=value, key=value" is made of: 0: there is none. */
static uint32_t read_labels(const struct ct_go_waiter *w)
{
	const struct ct_go *go = w->o->go;
	struct label_list list = {.n = 0};
	ct_autostr text = {0};

	if (ct_go_since(go, 24))
		read_slice(go->target, w->g->labels, &list);
	else
		read_map(go->target, w->g->labels, &list);
	if (!list.n)
		return 0;
	qsort(list.items, list.n, sizeof(*list.items), by_key);
	for (uint32_t i = 0; i < list.n; i++) {
		ct_str_add(&text, "%s", i ? ", " : "");
		add_part(&text, list.items[i].key);
		ct_str_add(&text, "=");
		add_part(&text, list.items[i].value);
	}
	return ct_sink_labels(w->o->sink, ct_str_text(&text));
}

uint32_t ct_go_labels(struct ct_go_waiter *w)
{
	struct ct_go_waits *waits = w->waits;
	uint64_t hash = ct_hash_u64(w->g->labels);
	struct ct_hash_it it = ct_hash_find(&waits->label_keys, hash);
	uint32_t i;

	if (!w->g->labels)
		return 0;
	while (ct_hash_next(&waits->label_keys, &it, &i))
		if (waits->labels.items[i].at == w->g->labels)
			return waits->labels.items[i].index;
	struct ct_go_labels *slot = ct_vec_push(&waits->labels);
	uint32_t index = read_labels(w);
	if (!slot || !ct_hash_insert(&waits->label_keys, hash, waits->labels.n - 1))
		return index;
	*slot = (struct ct_go_labels){w->g->labels, index};
	return index;
}
