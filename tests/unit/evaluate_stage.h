/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of the evaluator: code of the test itself, written in assembly so that it is known to
 * the byte, two locks, and functions that stand for what acquires and releases them.
 */
#ifndef EVALUATE_STAGE_H
#define EVALUATE_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"
#include "decode/evaluate.h"

/* A function that is evaluated and never run. */
#define CODE(name, text)                                                                           \
	extern const uint8_t name[], name##_end[];                                                 \
	__asm__(".pushsection .text\n.p2align 4\n" #name ":\n" text "\n" #name                     \
		"_end:\n.popsection\n")

#define ADDRESS(of) ((uint64_t)(uintptr_t)(of))

/* Called in that code; nothing is in them. */
CODE(take, "nop");
CODE(try_take, "nop");
CODE(guard, "nop");
CODE(give, "nop");
CODE(wake, "nop");
CODE(wait_for, "nop");
CODE(stop_all, "nop");
CODE(foreign, "nop");

enum { DEAD = 512, STACK = 1024 };
static uint64_t g_stage_stack[STACK]; /* the frame starts at [DEAD] */
static int g_locks[2][16];
static uint64_t g_stage_data[8]; /* writable, and nobody's stack */

static struct ct_evaluator *g_stage_ev;

static const struct ct_event_row stage_rows[] = {
	{"take", CT_CALL_ACQUIRES, 0},
	{"try_take", CT_CALL_TRIES, 0},
	{"guard", CT_CALL_GUARDS, 0},
	{"give", CT_CALL_RELEASES, 0},
	{"wake", CT_CALL_SIGNALS, 0},
	{"wait_for", CT_CALL_WAITS, 0},
};
static const uint8_t *const stage_functions[] = {take, try_take, guard, give, wake, wait_for};

static enum ct_status stage_read(void *arg, uint64_t addr, void *buf, size_t len)
{
	(void)arg;
	if (addr < 4096 || addr > UINT64_MAX - 4096 || (addr >> 47))
		return CT_FAULT;
	const struct {
		uint64_t at, size;
	} known[] = {
		{ADDRESS(g_stage_stack), sizeof(g_stage_stack)},
		{ADDRESS(g_locks), sizeof(g_locks)},
		{ADDRESS(g_stage_data), sizeof(g_stage_data)},
		{ADDRESS(take) & ~UINT64_C(0xfff), 64 * 1024},
	};
	for (size_t i = 0; i < CT_COUNT(known); i++)
		if (addr >= known[i].at && ct_within(addr - known[i].at, len, known[i].size)) {
			memcpy(buf, (const void *)(uintptr_t)addr, len);
			return CT_OK;
		}
	return CT_FAULT;
}

static struct ct_callee stage_callee(void *arg, uint64_t target, uint64_t slot, bool is_call)
{
	(void)arg, (void)is_call;
	for (size_t i = 0; i < CT_COUNT(stage_functions); i++)
		if (target == ADDRESS(stage_functions[i]))
			return (struct ct_callee){
				.kind = CT_CALLEE_EVENT, .entry = target, .row = &stage_rows[i]};
	if (target == ADDRESS(stop_all))
		return (struct ct_callee){.kind = CT_CALLEE_NO_RETURN};
	if (slot || target == ADDRESS(foreign))
		return (struct ct_callee){.kind = CT_CALLEE_FOREIGN};
	return (struct ct_callee){.kind = CT_CALLEE_ENTER, .entry = target};
}

static bool stage_wanted(void *arg, uint64_t object)
{
	(void)arg;
	return object == ADDRESS(g_locks[0]) || object == ADDRESS(g_locks[1]);
}

static bool stage_writable(void *arg, uint64_t addr)
{
	(void)arg;
	return addr - ADDRESS(g_stage_data) < sizeof(g_stage_data);
}

static inline int stage_set_up(void **state)
{
	const struct ct_code_view view = {.arg = NULL,
		.read = stage_read,
		.callee = stage_callee,
		.wanted = stage_wanted,
		.writable = stage_writable};

	(void)state;
	g_stage_ev = ct_evaluator_new(&ct_arch_x86_64, &view);
	return g_stage_ev ? 0 : -1;
}

static inline int stage_tear_down(void **state)
{
	(void)state;
	ct_evaluator_free(g_stage_ev);
	return 0;
}

/* DWARF numbers. */
enum { AX, DX, CX, BX, SI, DI, BP, SP };

/* A frame at code, with the first lock in rdi and the second one in rbx. */
static inline struct ct_evaluation stage_frame(const uint8_t *code)
{
	struct ct_evaluation in = {.pc = ADDRESS(code),
		.dead_low = ADDRESS(g_stage_stack),
		.dead_high = ADDRESS(g_stage_stack + DEAD),
		.stack_low = ADDRESS(g_stage_stack),
		.stack_high = ADDRESS(g_stage_stack + STACK),
		.max_steps = 2000};

	ct_reg_set(&in.regs, SP, ADDRESS(g_stage_stack + DEAD));
	ct_reg_set(&in.regs, DI, ADDRESS(g_locks[0]));
	ct_reg_set(&in.regs, BX, ADDRESS(g_locks[1]));
	return in;
}

static inline void add_events(struct ct_str *text, uint32_t event)
{
	static const char letters[] = {'A', 'R', 'S', 'U', 'D', 'O'};

	if (event == CT_NONE)
		return;
	const struct ct_code_event *e = ct_code_event(g_stage_ev, event);
	add_events(text, e->prev);
	if (!e->object.symbol)
		ct_str_add(text, "%c%d ", letters[e->kind],
			e->object.number == ADDRESS(g_locks[1]) ? 1 : 0);
	else
		ct_str_add(text, "%c? ", letters[e->kind]);
}

static inline int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * The paths as text, sorted, each once: "A0 R0 ret|R1 out". A is acquired, R released, S signalled,
 * U and D counted up and down; paths that merged into others are left out.
 */
static inline void check_paths(const struct ct_evaluation *in, const char *expected)
{
	static const char *const ends[] = {"ret", "here", "out", "merge", "lost"};
	char *lines[256];
	ct_autostr all = {0};
	size_t n = 0;

	assert_int_equal(ct_evaluate(g_stage_ev, in), CT_OK);
	for (uint32_t p = 0; p < ct_evaluate_n_paths(g_stage_ev) && n < CT_COUNT(lines); p++) {
		ct_autostr line = {0};

		if (ct_path_end(g_stage_ev, p) == CT_PATH_MERGES)
			continue;
		add_events(&line, ct_path_last_event(g_stage_ev, p));
		ct_str_add(&line, "%s", ends[ct_path_end(g_stage_ev, p)]);
		lines[n++] = strdup(ct_str_text(&line));
	}
	qsort(lines, n, sizeof(lines[0]), compare_texts);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(lines[i], lines[i - 1]) != 0)
			ct_str_add(&all, "%s%s", all.len ? "|" : "", lines[i]);
	for (size_t i = 0; i < n; i++)
		free(lines[i]);
	assert_string_equal(ct_str_text(&all), expected);
}

#endif
