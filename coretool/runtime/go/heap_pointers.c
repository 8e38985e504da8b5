/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_pointers.h"

#define WORD         8u
#define CHUNK        64u /* words */
#define HEADER       8u  /* bytes before the data of an object that begins with its type */
#define ARENA_WORDS  (CT_GO_ARENA / WORD)
#define TYPE_HEAD    40 /* of a type descriptor, as far as the mask's address */
#define TYPE_GCDATA  32
#define KIND_PROGRAM 64 /* to 1.23: the mask is a program */

uint64_t ct_go_bits(const uint8_t *bits, uint64_t from, uint64_t n)
{
	uint64_t value = 0, bytes = (n + 7) / 8, at = from / 8;
	unsigned shift = from % 8;

	if (from >= n)
		return 0;
	if (at + 8 <= bytes) {
		memcpy(&value, bits + at, 8);
		value >>= shift;
		if (shift && at + 8 < bytes)
			value |= (uint64_t)bits[at + 8] << (64 - shift);
	} else {
		memcpy(&value, bits + at, (size_t)(bytes - at));
		value >>= shift;
	}
	if (n - from < CHUNK)
		value &= (UINT64_C(1) << (n - from)) - 1;
	return value;
}

uint64_t ct_go_pair_bits(const uint8_t *pairs, uint64_t from, uint64_t n, bool first, bool *more)
{
	uint64_t value = 0;

	for (uint64_t i = 0; i < CHUNK && from + i < n; i++) {
		uint8_t pair = (uint8_t)(pairs[(from + i) / 4] >> ((from + i) % 4));

		/* The second word's bit said something else until 1.17. */
		if (!(pair & 0x10) && !(first && i == 1)) {
			*more = false;
			return value;
		}
		value |= (uint64_t)(pair & 1) << i;
	}
	return value;
}

static void read_mask(const struct ct_go_heap *heap, uint64_t type, struct ct_go_mask *ret)
{
	uint8_t head[TYPE_HEAD];
	uint64_t pointers, at;
	const void *view;

	*ret = (struct ct_go_mask){.type = type};
	if (!type || ct_read(heap->target, type, head, sizeof(head)))
		return;
	memcpy(&ret->size, head, sizeof(ret->size));
	memcpy(&pointers, head + 8, sizeof(pointers));
	memcpy(&at, head + TYPE_GCDATA, sizeof(at));
	if (pointers > ret->size || pointers % WORD) {
		ret->size = 0;
		return;
	}
	ret->words = pointers / WORD;
	bool program = !ct_go_since(heap->go, 24) && head[CT_GO_TYPE_KIND] & KIND_PROGRAM;
	if (ct_go_since(heap->go, 24) && head[CT_GO_TYPE_TFLAG] & CT_GO_TFLAG_DEMAND) {
		/* The runtime's own may be in the making. */
		ret->bits = ct_go_late_mask((struct ct_go_heap *)heap, type, ret->words);
		program = ret->bits || ct_read_u64(heap->target, at, &at) || !at;
	}
	if (!program && ret->words &&
		!ct_view_image(heap->target, at, (size_t)((ret->words + 7) / 8), &view))
		ret->bits = view;
}

const struct ct_go_mask *ct_go_mask_of(struct ct_go_masks *masks, uint64_t type)
{
	struct ct_go_mask *slot = &masks->items[(type >> 5) * 0x9e3779b97f4a7c15u >> 54];

	if (slot->type != type || !slot->size) {
		pthread_mutex_t *lock = (pthread_mutex_t *)&masks->heap->lock;

		pthread_mutex_lock(lock);
		read_mask(masks->heap, type, slot);
		pthread_mutex_unlock(lock);
	}
	return slot;
}
_Static_assert(CT_GO_MASKS == 1u << (64 - 54), "the hash gives an index");

static void guess(struct ct_go_walk *walk)
{
	walk->element = walk->start;
	walk->size = walk->end - walk->start;
	walk->words = walk->size / WORD;
	walk->bits = NULL;
	walk->guessed = true;
}

/* Arrays of small elements are gone through 64 words at a time, too. */
static void repeat(struct ct_go_walk *walk)
{
	uint64_t words = walk->size / WORD;

	if (!walk->words || words > CHUNK || (words & (words - 1)) ||
		walk->size > (walk->end - walk->element) / 2)
		return;
	walk->pattern = ct_go_bits(walk->bits, 0, walk->words);
	for (; words < CHUNK; words *= 2)
		walk->pattern |= walk->pattern << words;
	walk->size = walk->end - walk->element;
	walk->words = walk->pattern ? walk->size / WORD : 0;
	walk->bits = NULL;
}

/* An array of elements of this type, from `from` on. */
static void begin_typed(struct ct_go_walk *walk, uint64_t type, uint64_t from)
{
	const struct ct_go_mask *mask;

	if (!type) /* it is being allocated: there is nothing in it */
		return;
	mask = ct_go_mask_of(walk->masks, type);
	/* The type of an object fits into it; what does not is none. */
	if (!mask->size || mask->size > walk->end - from || (mask->words && mask->size % WORD) ||
		(mask->words && !mask->bits)) {
		guess(walk);
		return;
	}
	walk->element = from;
	walk->size = mask->size;
	walk->words = mask->words;
	walk->bits = mask->bits;
	repeat(walk);
}

void ct_go_walk_begin(
	struct ct_go_masks *masks, const struct ct_go_object *object, struct ct_go_walk *walk)
{
	const struct ct_go_span *s = object->span;
	uint64_t type = 0;

	*walk = (struct ct_go_walk){.masks = masks,
		.span = s,
		.start = object->start,
		.end = CT_MIN(object->start + s->elemsize, s->limit)};
	switch ((enum ct_go_pointer_map)s->map) {
	case CT_GO_MAP_NONE:
		break;
	case CT_GO_MAP_PAIRS:
	case CT_GO_MAP_ARENA:
	case CT_GO_MAP_SPAN:
		walk->element = walk->start;
		walk->size = walk->end - walk->start;
		walk->words = walk->size / WORD;
		break;
	case CT_GO_MAP_HEADER:
		if (s->data)
			memcpy(&type, s->data + (object->start - s->start), sizeof(type));
		else if (!ct_go_heap_read(masks->heap, object->start, &type, sizeof(type)))
			type = 1;
		begin_typed(walk, type, walk->start + HEADER);
		break;
	case CT_GO_MAP_LARGE:
		begin_typed(walk, s->type, walk->start);
		break;
	case CT_GO_MAP_UNKNOWN:
		guess(walk);
		break;
	}
}

/* The next words of the object by the bitmaps of the arenas that it is in. */
static uint64_t arena_bits(struct ct_go_walk *walk, uint64_t at)
{
	const struct ct_go_heap *heap = walk->masks->heap;
	uint32_t index = heap->arena_of[at >> CT_GO_ARENA_BITS];
	const struct ct_go_arena *arena = &heap->arenas[index - 1];
	uint64_t word = at % CT_GO_ARENA / WORD, left = (walk->end - at) / WORD, bits;
	bool more = true;

	if (!index || !arena->bitmap) {
		walk->guessed = true;
		return UINT64_MAX;
	}
	uint64_t n = CT_MIN(ARENA_WORDS, word + left);
	if (walk->span->map == CT_GO_MAP_PAIRS) {
		bits = ct_go_pair_bits(arena->bitmap, word, n, at == walk->start, &more);
		if (!more)
			walk->words = 0;
		return bits;
	}
	/* At most up to the end of what one of the "no more" bits is about. */
	unsigned rest = CHUNK - word % CHUNK;
	bits = ct_go_bits(arena->bitmap, word, CT_MIN(n, word + rest));
	if (arena->no_more[word / CHUNK / 8] >> (word / CHUNK % 8) & 1)
		walk->words = 0;
	return bits;
}

static uint64_t next_bits(struct ct_go_walk *walk, uint64_t at)
{
	if (walk->bits)
		return ct_go_bits(walk->bits, walk->word, walk->words);
	if (walk->guessed)
		return UINT64_MAX;
	if (walk->pattern)
		return walk->pattern;
	if (walk->span->map == CT_GO_MAP_SPAN) {
		const struct ct_go_span *s = walk->span;

		/* Of what follows the caller has no use; but so they are mostly one load. */
		return ct_go_bits(s->bits, (at - s->start) / WORD, (s->limit - s->start) / WORD);
	}
	return arena_bits(walk, at);
}

/* How many words next_bits() is about. */
static uint64_t step_of(const struct ct_go_walk *walk, uint64_t at)
{
	if (walk->span->map == CT_GO_MAP_ARENA && !walk->bits && !walk->guessed)
		return CHUNK - at % CT_GO_ARENA / WORD % CHUNK;
	if (walk->span->map == CT_GO_MAP_PAIRS && !walk->guessed)
		return CT_MIN((uint64_t)CHUNK, ARENA_WORDS - at % CT_GO_ARENA / WORD);
	return CHUNK;
}

bool ct_go_walk_next(struct ct_go_walk *walk, uint64_t *at, uint64_t *ret)
{
	while (walk->words) {
		*at = walk->element + walk->word * WORD;
		uint64_t left = walk->end > *at ? (walk->end - *at) / WORD : 0;
		uint64_t step = step_of(walk, *at), bits = left ? next_bits(walk, *at) : 0;
		uint64_t n =
			CT_MIN(CT_MIN(step, left), walk->words ? walk->words - walk->word : step);

		walk->word += step;
		if (!left || walk->word >= walk->words) {
			walk->element += walk->size;
			walk->word = 0;
			if (!left || walk->element >= walk->end ||
				walk->end - walk->element < walk->words * WORD)
				walk->words = 0;
		}
		if (n < CHUNK)
			bits &= (UINT64_C(1) << n) - 1;
		if (bits) {
			*ret = bits;
			return true;
		}
	}
	return false;
}
