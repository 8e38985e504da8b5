/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the pools of a Go program. */
#include <inttypes.h>

#include "facts/go_pools.h"
#include "report/text.h"
#include "rules/words.h"

#define LINES_SHOWN 8 /* of one kind, without -v */

static const char *const places[CT_GO_N_POOL_PLACES] = {
	"private", "shared", "private victim", "shared victim"};

static uint32_t shown(const struct ct_text *t, uint32_t n)
{
	return t->verbose ? n : CT_MIN(n, (uint32_t)LINES_SHOWN);
}

static void write_rest(struct ct_text *t, uint32_t left)
{
	if (left)
		ct_text_say(t, "    … %" PRIu32 " more (-v)", left);
}

static void write_parts(struct ct_text *t, const struct ct_go_pool *pool)
{
	uint32_t n = shown(t, pool->n_parts);

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_go_pool_part *part = &pool->parts[i];
		const char *before = "";

		ct_text_add(t, "  P%" PRIu32 ": ", part->processor);
		for (unsigned k = 0; k < CT_GO_N_POOL_PLACES; k++) {
			if (!part->n[k])
				continue;
			ct_text_add(t, "%s%" PRIu32 " %s", before, part->n[k], places[k]);
			before = ", ";
		}
		ct_text_end(t);
	}
	write_rest(t, pool->n_parts - n);
}

static void write_object(
	struct ct_text *t, const char *what, const struct ct_go_pooled *object, bool sized)
{
	ct_text_add(t, "  %s: %s at 0x%" PRIx64, what, object->type, object->address);
	if (object->array)
		ct_text_add(t, ", its elements at 0x%" PRIx64, object->array);
	if (sized)
		ct_text_add(t, ", %" PRIu64 " bytes", object->bytes);
	ct_text_add(t, ", %s of P%" PRIu32, places[object->place], object->processor);
	if (object->copies > 1)
		ct_text_add(t, " and %s of P%" PRIu32, places[object->other_place],
			object->other_processor);
	if (object->copies > 2)
		ct_text_add(t, " and %" PRIu32 " times more", object->copies - 2);
	ct_text_end(t);
}

static void write_objects(struct ct_text *t, const char *what, const struct ct_go_pooled *objects,
	uint32_t n, bool sized)
{
	uint32_t n_shown = shown(t, n);

	for (uint32_t i = 0; i < n_shown; i++)
		write_object(t, what, &objects[i], sized);
	write_rest(t, n - n_shown);
}

static void write_uses(struct ct_text *t, const struct ct_go_pool *pool)
{
	uint32_t n = shown(t, pool->n_uses);

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_go_pool_use *use = &pool->uses[i];

		ct_text_say(t, "  in use: %s at 0x%" PRIx64 ", by %s: %s", use->type, use->address,
			ct_say_actor(&t->words, t->facts, use->actor), use->why);
	}
	write_rest(t, pool->n_uses - n);
}

/* Those that are as large as the others are not told. */
static uint32_t count_large(const struct ct_go_pool *pool)
{
	uint32_t n = 0;

	while (n < pool->n_large && pool->large[n].bytes > 2 * pool->median)
		n++;
	return n;
}

static void write_pool(struct ct_text *t, const struct ct_go_pool *pool)
{
	ct_text_add(t, "%s (0x%" PRIx64 ")", pool->name ? pool->name : "sync.Pool", pool->address);
	ct_text_add(t, pool->make ? ", New is %s" : ", without New", pool->make);
	ct_text_add(t, ": %" PRIu32 " object%s", pool->n_objects, pool->n_objects == 1 ? "" : "s");
	if (pool->n_objects && t->facts->go_pools->sized)
		ct_text_add(t, ", %" PRIu64 " bytes, median %" PRIu64, pool->bytes, pool->median);
	if (pool->n_objects && pool->n_referenced != CT_NONE && pool->n_referenced)
		ct_text_add(t, "; %" PRIu32 " of them also referenced from elsewhere",
			pool->n_referenced);
	ct_text_end(t);
	write_parts(t, pool);
	for (uint32_t i = 0; i < shown(t, pool->n_types); i++)
		ct_text_say(t, "  %" PRIu32 " × %s", pool->types[i].n, pool->types[i].name);
	write_rest(t, pool->n_types - shown(t, pool->n_types));
	write_objects(t, "twice", pool->doubles, pool->n_doubles, false);
	write_uses(t, pool);
	write_objects(t, "large", pool->large, count_large(pool), true);
}

void ct_text_pools(struct ct_text *t)
{
	const struct ct_fact_go_pools *pools = t->facts->go_pools;
	uint32_t n_empty = 0;

	if (!pools) {
		ct_text_say(t,
			"There are no pools: this is no Go program, or one that cannot be read.");
		return;
	}
	ct_text_head(t, "Pools that were used lately: %" PRIu32 ", objects in them: %" PRIu32,
		pools->n, pools->n_objects);
	for (uint32_t i = 0; i < pools->n; i++) {
		n_empty += !pools->items[i].n_objects;
		if (pools->items[i].n_objects || t->verbose)
			write_pool(t, &pools->items[i]);
	}
	if (n_empty && !t->verbose)
		ct_text_say(t, "%" PRIu32 " empty (-v)", n_empty);
}
