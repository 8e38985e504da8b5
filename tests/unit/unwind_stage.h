/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stage for stacks: functions in assembly, of which each label and each line of CFI is known,
 * loaded into this process; and a stack that the test writes word by word.
 */
#ifndef UNWIND_STAGE_H
#define UNWIND_STAGE_H

#include "self_target.h"
#include "target/unwind.h"

/* Indices of x86-64's registers. */
enum { BX = 3, FP = 6, SP = 7, R12 = 12, PC = 16 };

/* Function "x" has its code at "x", and the place that its call returns to at "x_ret". */
static const char stage_source[] =
	"	.macro place name\n"
	"	.globl \\name\n"
	"\\name:\n"
	"	.endm\n"
	"	.text\n"
	/* CFA = sp + 8; what a thread runs in. */
	"	place leaf\n"
	"	.cfi_startproc\n"
	"	nop\n	ret\n"
	"	.cfi_endproc\n"
	/* CFA = sp + 32: 24 bytes of locals. */
	"	place plain\n"
	"	.cfi_startproc\n"
	"	sub $24, %rsp\n	.cfi_adjust_cfa_offset 24\n"
	"	call leaf\n"
	"	place plain_ret\n"
	"	add $24, %rsp\n	.cfi_adjust_cfa_offset -24\n	ret\n"
	"	.cfi_endproc\n"
	/* CFA = fp + 16. */
	"	place framed\n"
	"	.cfi_startproc\n"
	"	push %rbp\n	.cfi_adjust_cfa_offset 8\n	.cfi_offset %rbp, -16\n"
	"	mov %rsp, %rbp\n	.cfi_def_cfa_register %rbp\n"
	"	place framed_in\n"
	"	sub $32, %rsp\n"
	"	call leaf\n"
	"	place framed_ret\n"
	"	call leaf\n"
	"	place framed_second_ret\n"
	"	leave\n	.cfi_def_cfa %rsp, 8\n	ret\n"
	"	.cfi_endproc\n"
	/* CFA = sp + 16; rbx is saved at CFA - 16. */
	"	place saves\n"
	"	.cfi_startproc\n"
	"	push %rbx\n	.cfi_adjust_cfa_offset 8\n	.cfi_offset %rbx, -16\n"
	"	call leaf\n"
	"	place saves_ret\n"
	"	pop %rbx\n	.cfi_adjust_cfa_offset -8\n	.cfi_restore %rbx\n	ret\n"
	"	.cfi_endproc\n"
	/* The CFA is what the word at sp + 8 says, plus 16. */
	"	place by_expression\n"
	"	.cfi_startproc\n"
	"	.cfi_escape 0x0f, 5, 0x77, 8, 0x06, 0x23, 16\n"
	"	nop\n	ret\n"
	"	.cfi_endproc\n"
	/* An entry of a PLT: CFA = sp + 8, from its 11th byte on sp + 16. */
	"	.balign 16\n"
	"	place plt\n"
	"	.cfi_startproc\n"
	"	.cfi_escape 0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22\n"
	"	.skip 16, 0x90\n"
	"	.cfi_endproc\n"
	/* What a signal handler returns to: sp, pc and rbx were saved at sp + 16, + 24 and + 32. */
	"	.cfi_startproc\n"
	"	.cfi_signal_frame\n"
	"	.cfi_escape 0x0f, 3, 0x77, 16, 0x06\n"
	"	.cfi_escape 0x10, 7, 2, 0x77, 16\n"
	"	.cfi_escape 0x10, 16, 2, 0x77, 24\n"
	"	.cfi_escape 0x10, 3, 2, 0x77, 32\n"
	"	nop\n"
	"	place restorer\n"
	"	mov $15, %eax\n	syscall\n"
	"	.cfi_endproc\n"
	/* The base of a stack. */
	"	place base\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined %rip\n"
	"	call leaf\n"
	"	place base_ret\n"
	"	hlt\n"
	"	.cfi_endproc\n"
	"	.cfi_startproc\n"
	"	.cfi_def_cfa_offset 4096\n"
	"	nop\n	ret\n"
	"	.cfi_endproc\n"
	/* CFA = sp + 8; the return address is pc + 1, and never changes the function. */
	"	place endless\n"
	"	.cfi_startproc\n"
	"	.cfi_escape 0x16, 16, 2, 0x80, 1\n"
	"	.skip 100000, 0x90\n"
	"	.cfi_endproc\n"
	/* Calls into libc: CFA = sp + 8. */
	"	place by_pointer\n"
	"	.cfi_startproc\n"
	"	call *pointer(%rip)\n"
	"	place by_pointer_ret\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	place by_plt\n"
	"	.cfi_startproc\n"
	"	call getpid@PLT\n"
	"	place by_plt_ret\n"
	"	ret\n"
	"	.cfi_endproc\n"
	/* Without CFI: a system call, and functions with and without a frame pointer. */
	"	place stub\n"
	"	syscall\n"
	"	place stub_in\n"
	"	ret\n"
	"	place bare\n"
	"	sub $40, %rsp\n	call leaf\n"
	"	place bare_ret\n"
	"	add $40, %rsp\n	ret\n"
	"	place bare_framed\n"
	"	push %rbp\n	mov %rsp, %rbp\n	call leaf\n"
	"	place bare_framed_ret\n"
	"	pop %rbp\n	ret\n"
	"	.data\n"
	"	.balign 8\n"
	"pointer: .quad getppid\n"
	"	.section .note.GNU-stack, \"\", %progbits\n";

struct stage {
	char *folder;
	void *library;
	struct ct_target *target;
	struct ct_unwinder *unwinder;
};

#define STACK_WORDS 8192

/* The stack of the thread that is looked at, and its registers. */
static uint64_t stack[STACK_WORDS];
static struct ct_regs regs;

static inline uint64_t at(void **state, const char *label)
{
	return address_in(((struct stage *)*state)->library, label);
}

static inline uint64_t address_of(size_t word)
{
	return (uint64_t)(uintptr_t)&stack[word];
}

static inline int stage_open(void **state)
{
	static const struct ct_options options = {.no_debuginfod = true};
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	stage->folder = scratch_new();
	scratch_write(stage->folder, "stage.S", stage_source);
	scratch_run(stage->folder,
		TEST_CC " -nostdlib -shared -Wl,-Bsymbolic,--build-id,-z,now -o stage.so stage.S");
	stage->library = scratch_load(stage->folder, "stage.so");
	stage->target = self_target(&options);
	*state = stage;
	return 0;
}

static inline int stage_close(void **state)
{
	struct stage *stage = *state;

	ct_target_close(stage->target);
	dlclose(stage->library);
	scratch_remove(stage->folder);
	free(stage);
	return 0;
}

/* Before each test: no words, and pc at a label with an empty stack. */
static inline int stage_clear(void **state)
{
	(void)state;
	memset(stack, 0, sizeof(stack));
	regs = (struct ct_regs){0};
	return 0;
}

static inline int stage_free_unwinder(void **state)
{
	struct stage *stage = *state;

	ct_unwinder_free(stage->unwinder);
	stage->unwinder = NULL;
	return 0;
}

static inline void run_at(void **state, const char *label, size_t sp)
{
	ct_reg_set(&regs, PC, at(state, label));
	ct_reg_set(&regs, SP, address_of(sp));
}

static inline struct ct_unwound unwind(void **state, uint32_t max_frames)
{
	struct stage *stage = *state;
	struct ct_unwound unwound;

	stage_free_unwinder(state);
	stage->unwinder = ct_unwinder_new(stage->target, max_frames);
	assert_non_null(stage->unwinder);
	assert_int_equal(ct_unwind(stage->unwinder, &regs, &unwound), CT_OK);
	assert_true(unwound.root == !unwound.why);
	return unwound;
}

/* Frame i is at a label and was found in this way. */
static inline void check_frame(void **state, const struct ct_unwound *unwound, size_t i,
	const char *label, enum ct_frame_trust trust)
{
	assert_true(i < unwound->n);
	if (unwound->frames[i].pc != at(state, label))
		fail_msg("frame %zu is not at %s", i, label);
	assert_int_equal(unwound->frames[i].trust, trust);
}

#endif
