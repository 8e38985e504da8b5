/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a stack, in place and by copies: at every edge of what a source has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "target/stack_words.h"

#define START   UINT64_C(0x7f0000000000)
#define PRESENT (3 * CT_STACK_PAGE - 12) /* the last page is cut off */
#define SECOND  (START + 8 * CT_STACK_PAGE)

static uint8_t first[PRESENT], second[CT_STACK_PAGE];
static bool has_view;
static unsigned n_reads;

static enum ct_status get_process(void *self, struct ct_process *ret)
{
	(void)self;
	*ret = (struct ct_process){.arch = &ct_arch_x86_64};
	return CT_OK;
}

static enum ct_status get_map(void *self, size_t *cur, struct ct_map *ret)
{
	static const struct ct_map maps[] = {
		{START, START + 4 * CT_STACK_PAGE, PRESENT, 0, NULL, 3, false},
		{SECOND, SECOND + CT_STACK_PAGE, CT_STACK_PAGE, 0, NULL, 3, false},
	};

	(void)self;
	if (*cur >= CT_COUNT(maps))
		return CT_DONE;
	*ret = maps[(*cur)++];
	return CT_OK;
}

static enum ct_status get_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	(void)self, (void)cur, (void)ret;
	return CT_DONE;
}

static enum ct_status find(uint64_t addr, size_t len, const void **ret)
{
	if (addr >= START && ct_within(addr - START, len, sizeof(first)))
		*ret = first + (addr - START);
	else if (addr >= SECOND && ct_within(addr - SECOND, len, sizeof(second)))
		*ret = second + (addr - SECOND);
	else
		return CT_FAULT;
	return CT_OK;
}

static enum ct_status view_memory(void *self, uint64_t addr, size_t len, const void **ret)
{
	(void)self;
	return has_view ? find(addr, len, ret) : CT_FAULT;
}

static enum ct_status read_memory(void *self, uint64_t addr, void *buf, size_t len)
{
	const void *bytes;

	(void)self;
	n_reads++;
	if (find(addr, len, &bytes))
		return CT_FAULT;
	memcpy(buf, bytes, len);
	return CT_OK;
}

static enum ct_status get_auxv(void *self, uint64_t type, uint64_t *ret)
{
	(void)self, (void)type, (void)ret;
	return CT_NOT_FOUND;
}

static void close_source(void *self)
{
	(void)self;
}

static int start(void **state)
{
	static const struct ct_source_ops ops = {.name = "fake",
		.process = get_process,
		.next_map = get_map,
		.next_thread = get_thread,
		.read = read_memory,
		.view = view_memory,
		.auxv = get_auxv,
		.close = close_source};
	struct ct_target *target;
	struct ct_error err;

	for (size_t i = 0; i < sizeof(first); i++)
		first[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof(second); i++)
		second[i] = (uint8_t)(i * 5);
	if (ct_target_open((struct ct_source){&ops, NULL}, NULL, &target, &err))
		return -1;
	*state = target;
	return 0;
}

static int stop(void **state)
{
	ct_target_close(*state);
	return 0;
}

static void check_word(struct ct_stack_words *stack, uint64_t addr)
{
	uint64_t expected, value = 1;
	const void *bytes;

	if (find(addr, sizeof(expected), &bytes)) {
		assert_int_equal(ct_stack_word(stack, addr, &value), CT_FAULT);
		assert_int_equal(value, 1);
		return;
	}
	memcpy(&expected, bytes, sizeof(expected));
	assert_int_equal(ct_stack_word(stack, addr, &value), CT_OK);
	assert_int_equal(value, expected);
}

static void check_all(struct ct_target *target)
{
	struct ct_stack_words stack;

	ct_stack_words_init(&stack, target);
	check_word(&stack, 0);
	check_word(&stack, UINT64_MAX - 3);
	for (uint64_t addr = START - 9; addr < START + 4 * CT_STACK_PAGE; addr++)
		check_word(&stack, addr);
	/* From a page that is cut off back to a whole one. */
	check_word(&stack, START + CT_STACK_PAGE);
	check_word(&stack, START + 3 * CT_STACK_PAGE - 8);
	check_word(&stack, START + CT_STACK_PAGE + 8);
	/* From one mapping to another and back. */
	check_word(&stack, SECOND);
	check_word(&stack, START + 16);
	check_word(&stack, SECOND + CT_STACK_PAGE - 8);
	check_word(&stack, SECOND + CT_STACK_PAGE - 7);
}

static void every_word_in_place(void **state)
{
	has_view = true;
	check_all(*state);
}

static void every_word_by_copies(void **state)
{
	has_view = false;
	check_all(*state);
}

static void a_stack_is_looked_up_once(void **state)
{
	struct ct_stack_words stack;

	has_view = false;
	ct_stack_words_init(&stack, *state);
	n_reads = 0;
	for (uint64_t at = 0; at < CT_STACK_PAGE; at += 8)
		check_word(&stack, START + at);
	assert_int_equal(n_reads, 1);
	has_view = true;
	ct_stack_words_init(&stack, *state);
	for (uint64_t at = 0; at + 16 < PRESENT; at += 8)
		check_word(&stack, START + at);
	assert_int_equal(n_reads, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_in_place),
		cmocka_unit_test(every_word_by_copies),
		cmocka_unit_test(a_stack_is_looked_up_once),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
