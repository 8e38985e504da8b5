/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader over bytes that nobody vouches for: past the end it gives zeros and sets failed, so that
 * a parser checks once, at the end. Little-endian, as every machine that we know.
 */
#ifndef CT_TARGET_DWARF_BYTES_H
#define CT_TARGET_DWARF_BYTES_H

#include "base/base.h"

struct ct_bytes {
	const uint8_t *at, *end;
	bool failed;
};

static inline struct ct_bytes ct_bytes_of(const void *data, size_t size)
{
	return (struct ct_bytes){data, (const uint8_t *)data + size, false};
}

static inline size_t ct_bytes_left(const struct ct_bytes *b)
{
	return (size_t)(b->end - b->at);
}

/* The next len bytes, or NULL. */
static inline const uint8_t *ct_bytes_take(struct ct_bytes *b, uint64_t len)
{
	const uint8_t *taken = b->at;

	if (len > ct_bytes_left(b)) {
		b->failed = true;
		b->at = b->end;
		return NULL;
	}
	b->at += len;
	return taken;
}

/* An unsigned number of at most 8 bytes. */
static inline uint64_t ct_bytes_fixed(struct ct_bytes *b, unsigned size)
{
	const uint8_t *from = ct_bytes_take(b, size);
	uint64_t value = 0;

	if (from)
		memcpy(&value, from, size);
	return value;
}

static inline uint8_t ct_bytes_u8(struct ct_bytes *b)
{
	if (b->at < b->end)
		return *b->at++;
	b->failed = true;
	return 0;
}

/* The low size bytes of value, with their sign. */
static inline uint64_t ct_sign_extend(uint64_t value, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

/* LEB128; bits beyond the 64th are dropped. */
uint64_t ct_bytes_uleb(struct ct_bytes *b);
int64_t ct_bytes_sleb(struct ct_bytes *b);

/*
 * A pointer as .eh_frame writes it (DW_EH_PE_*, Linux Standard Base 10.5). here: the address of the
 * field itself; data_base: what "data relative" counts from, 0: there is none. Fails for what no
 * linker writes into a frame table: indirect, aligned, relative to text or function.
 */
uint64_t ct_bytes_encoded(struct ct_bytes *b, uint8_t encoding, uint64_t here, uint64_t data_base);

#endif
