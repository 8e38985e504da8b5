/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mask of a large type is made by the runtime when the collector first meets an object of it
 * (getGCMaskOnDemand(), buildGCMask() of runtime/type.go since 1.24); large is more than 1 KiB with
 * pointers in 1.27. Before the first collection there is none: it is put together here, out of the
 * masks of its fields and elements.
 */
#include "runtime/go/heap.h"
#include "runtime/go/heap_pointers.h"
#include "runtime/go/types.h"

#define WORD      8u
#define MAX_WORDS (UINT64_C(1) << 20) /* of one type */
#define MAX_MASKS 4096
#define MAX_DEPTH 64 /* of types inside of types */

#define TYPE_HEAD     40 /* as far as the mask's address */
#define TYPE_ELEM     48 /* of arrays */
#define ARRAY_LEN     64
#define STRUCT_FIELDS 56 /* a slice */
#define FIELD_SIZE    24 /* name, type, offset */

struct ct_go_late_mask {
	struct ct_go_late_mask *next;
	uint64_t type;
	uint8_t bits[];
};

struct making {
	struct ct_target *target;
	uint8_t *bits;
	uint64_t words; /* of all of it */
	uint64_t steps; /* that may still be taken */
};

static bool make(struct making *m, uint64_t type, uint64_t word, unsigned depth);

static bool copy_bits(struct making *m, uint64_t mask, uint64_t word, uint64_t n)
{
	const void *view;

	if (n > m->words - word || ct_view_image(m->target, mask, (size_t)((n + 7) / 8), &view))
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (((const uint8_t *)view)[i / 8] >> (i % 8) & 1)
			m->bits[(word + i) / 8] |= (uint8_t)(1u << ((word + i) % 8));
	return true;
}

static bool make_array(struct making *m, uint64_t type, uint64_t word, unsigned depth)
{
	uint64_t elem, n, size;

	if (ct_read_u64(m->target, type + TYPE_ELEM, &elem) ||
		ct_read_u64(m->target, type + ARRAY_LEN, &n) ||
		ct_read_u64(m->target, elem, &size) || size < WORD || size % WORD)
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (word + size / WORD * i > m->words ||
			!make(m, elem, word + size / WORD * i, depth + 1))
			return false;
	return true;
}

static bool make_struct(struct making *m, uint64_t type, uint64_t word, unsigned depth)
{
	uint64_t list[2], field[FIELD_SIZE / 8];

	if (ct_read(m->target, type + STRUCT_FIELDS, list, sizeof(list)))
		return false;
	for (uint64_t i = 0; i < list[1]; i++)
		if (ct_read(m->target, list[0] + i * FIELD_SIZE, field, sizeof(field)) ||
			!make(m, field[1], word + CT_MIN(field[2], CT_GO_ADDRESSES) / WORD,
				depth + 1))
			return false;
	return true;
}

/* Of a type that begins at this word. */
static bool make(struct making *m, uint64_t type, uint64_t word, unsigned depth)
{
	uint8_t head[TYPE_HEAD];
	uint64_t pointers, mask;

	if (depth > MAX_DEPTH || !m->steps-- || ct_read(m->target, type, head, sizeof(head)))
		return false;
	memcpy(&pointers, head + 8, sizeof(pointers));
	memcpy(&mask, head + 32, sizeof(mask));
	if (!pointers)
		return true;
	if (word > m->words || pointers % WORD)
		return false;
	if (!(head[CT_GO_TYPE_TFLAG] & CT_GO_TFLAG_DEMAND))
		return copy_bits(m, mask, word, pointers / WORD);
	switch (head[CT_GO_TYPE_KIND] & 31) {
	case CT_GO_KIND_ARRAY:
		return make_array(m, type, word, depth);
	case CT_GO_KIND_STRUCT:
		return make_struct(m, type, word, depth);
	default:
		return false;
	}
}

const uint8_t *ct_go_late_mask(struct ct_go_heap *heap, uint64_t type, uint64_t words)
{
	struct ct_go_late_mask *late = heap->late;
	unsigned n = 0;

	for (; late; late = late->next, n++)
		if (late->type == type)
			return late->bits;
	if (!words || words > MAX_WORDS || n >= MAX_MASKS)
		return NULL;
	late = calloc(1, sizeof(*late) + (size_t)(words + 7) / 8);
	if (!late)
		return NULL;
	/* A field without pointers is a step, too; of those with pointers each has a word. */
	struct making m = {heap->target, late->bits, words, 8 * words};
	/* The last of the words is a pointer, or words are too many. */
	if (!make(&m, type, 0, 0) || !(m.bits[(words - 1) / 8] >> ((words - 1) % 8) & 1)) {
		free(late);
		return NULL;
	}
	late->type = type;
	late->next = heap->late;
	heap->late = late;
	return late->bits;
}

void ct_go_late_masks_free(struct ct_go_heap *heap)
{
	while (heap->late) {
		struct ct_go_late_mask *late = heap->late;

		heap->late = late->next;
		free(late);
	}
}
