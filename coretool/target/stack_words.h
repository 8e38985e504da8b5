/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of one stack: the bytes of its mapping are looked up once and then read in place. What a
 * source cannot show in place is copied page by page.
 */
#ifndef CT_TARGET_STACK_WORDS_H
#define CT_TARGET_STACK_WORDS_H

#include "target/target.h"

#define CT_STACK_PAGE 4096

struct ct_stack_words {
	struct ct_target *target;
	uint64_t start;       /* address of bytes[0] */
	uint64_t room;        /* how many bytes from start on begin a whole word */
	const uint8_t *bytes; /* in the source, or page */
	uint8_t page[CT_STACK_PAGE];
};

void ct_stack_words_init(struct ct_stack_words *stack, struct ct_target *target);
/* Moves to the memory around addr. */
enum ct_status ct_stack_words_read(struct ct_stack_words *stack, uint64_t addr, uint64_t *ret);

/* The 64-bit word at addr, or CT_FAULT. */
static inline enum ct_status ct_stack_word(
	struct ct_stack_words *stack, uint64_t addr, uint64_t *ret)
{
	uint64_t at = addr - stack->start;

	if (at >= stack->room)
		return ct_stack_words_read(stack, addr, ret);
	memcpy(ret, stack->bytes + at, sizeof(*ret));
	return CT_OK;
}

#endif
