/* SPDX-License-Identifier: Apache-2.0 */
#include "target/stack_words.h"

void ct_stack_words_init(struct ct_stack_words *stack, struct ct_target *target)
{
	stack->target = target;
	stack->room = 0;
}

static void set_window(
	struct ct_stack_words *stack, uint64_t start, uint64_t size, const uint8_t *bytes)
{
	stack->start = start;
	stack->room = size - (sizeof(uint64_t) - 1);
	stack->bytes = bytes;
}

enum ct_status ct_stack_words_read(struct ct_stack_words *stack, uint64_t addr, uint64_t *ret)
{
	const struct ct_map *map = ct_target_map_at(stack->target, addr);
	uint64_t present = map ? map->present : 0;
	uint64_t page = addr & ~(uint64_t)(CT_STACK_PAGE - 1);
	const void *bytes;
	uint64_t value;

	stack->room = 0; /* a failed read may leave anything in the page */
	if (present > sizeof(value) && addr - map->start <= present - sizeof(value) &&
		!ct_view(stack->target, map->start, present, &bytes)) {
		set_window(stack, map->start, present, bytes);
	} else if (addr - page <= CT_STACK_PAGE - sizeof(value) &&
		   !ct_read(stack->target, page, stack->page, CT_STACK_PAGE)) {
		set_window(stack, page, CT_STACK_PAGE, stack->page);
	} else {
		/* The last words before a hole, or a word across two pages. */
		enum ct_status status = ct_read_u64(stack->target, addr, &value);

		if (!status)
			*ret = value;
		return status;
	}
	memcpy(ret, stack->bytes + (addr - stack->start), sizeof(*ret));
	return CT_OK;
}
