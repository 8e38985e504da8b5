/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call frame tables and stacks of rubbish. The input is the table of an ELF image that stands in a
 * target's memory as its vdso, the search table before it and the stack of a thread that runs in
 *it:
 *
 *	3 bytes         pc, sp and fp: offsets into the code and, in words, into the stack
 *	2 bytes         how long the .eh_frame_hdr is
 *	2 bytes         how long the stack is
 *	…               .eh_frame_hdr, the stack, .eh_frame
 *
 * The same bytes are then read as .debug_frame.
 */
#include <elf.h>
#include <sys/mman.h>

#include "fake_source.h"
#include "target/cfi.h"
#include "target/functions.h"
#include "target/unwind.h"

#define IMAGE      UINT64_C(0x7ffff7fc0000)
#define CODE       UINT64_C(0x1000) /* offsets into the image */
#define HEADER     UINT64_C(0x2000)
#define TABLE      UINT64_C(0x3000)
#define IMAGE_SIZE UINT64_C(0x8000)
#define STACK      UINT64_C(0x7ffffffd0000)
#define STACK_SIZE UINT64_C(0x1000)
#define MAX_FRAMES 64

struct input {
	uint8_t image[IMAGE_SIZE];
	uint8_t stack[STACK_SIZE];
	uint8_t pc, sp, fp;
};

static enum ct_status get_process(void *self, struct ct_process *ret)
{
	(void)self;
	*ret = (struct ct_process){.arch = &ct_arch_x86_64, .kind = "core", .path = "fuzz"};
	return CT_OK;
}

static enum ct_status get_map(void *self, size_t *cur, struct ct_map *ret)
{
	static const struct ct_map maps[] = {
		{IMAGE, IMAGE + IMAGE_SIZE, IMAGE_SIZE, 0, NULL, PROT_READ | PROT_EXEC, false},
		{STACK, STACK + STACK_SIZE, STACK_SIZE, 0, NULL, PROT_READ | PROT_WRITE, false},
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

static enum ct_status find_memory(const void *self, uint64_t addr, size_t len, const void **ret)
{
	const struct input *input = self;

	if (addr >= IMAGE && ct_within(addr - IMAGE, len, IMAGE_SIZE))
		*ret = input->image + (addr - IMAGE);
	else if (addr >= STACK && ct_within(addr - STACK, len, STACK_SIZE))
		*ret = input->stack + (addr - STACK);
	else
		return CT_FAULT;
	return CT_OK;
}

static enum ct_status get_auxv(void *self, uint64_t type, uint64_t *ret)
{
	(void)self;
	*ret = IMAGE;
	return type == AT_SYSINFO_EHDR ? CT_OK : CT_NOT_FOUND;
}

static bool has_views(const void *self)
{
	(void)self;
	return true;
}

static void write_image(struct input *input)
{
	Elf64_Ehdr ehdr = {.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(ehdr),
		.e_ehsize = sizeof(ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
		.e_shentsize = sizeof(Elf64_Shdr)};
	Elf64_Phdr phdrs[] = {
		{PT_LOAD, PF_R | PF_X, 0, 0, 0, IMAGE_SIZE, IMAGE_SIZE, 0x1000},
		{PT_GNU_EH_FRAME, PF_R, HEADER, HEADER, HEADER, TABLE - HEADER, TABLE - HEADER, 4},
	};

	memcpy(ehdr.e_ident, ELFMAG, SELFMAG);
	ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr.e_ident[EI_VERSION] = EV_CURRENT;
	memcpy(input->image, &ehdr, sizeof(ehdr));
	memcpy(input->image + sizeof(ehdr), phdrs, sizeof(phdrs));
	/* Calls, so that every fifth address is one to return to. */
	for (uint64_t at = CODE; at < HEADER; at += 5)
		input->image[at] = 0xe8;
}

/* Takes up to room bytes of the input. */
static void take(const uint8_t **data, size_t *size, uint8_t *to, size_t len, size_t room)
{
	size_t n = CT_MIN(CT_MIN(len, room), *size);

	memcpy(to, *data, n);
	*data += n;
	*size -= n;
}

/* Functions by the same table, and where its exception tables say that one would go on. */
static void find_pads(struct ct_target *target, uint64_t pc)
{
	struct ct_functions *functions = ct_functions_new(target);
	struct ct_function function;
	uint64_t pad;

	for (uint64_t addr = pc; functions && addr < pc + 32; addr += 5) {
		if (ct_function_at(functions, addr, &function))
			continue;
		if (addr < function.start || addr >= function.end)
			abort();
		(void)!ct_landing_pad(functions, &function, addr, &pad);
	}
	ct_functions_free(functions);
}

static void unwind(struct input *input)
{
	static const struct ct_options options = {.no_debuginfod = true, .max_frames = MAX_FRAMES};
	struct ct_regs regs = {0}, frame_regs[4];
	struct ct_unwound unwound;
	struct ct_target *target;
	struct ct_error err;

	if (ct_target_open((struct ct_source){&fake_source, input}, &options, &target, &err))
		return;
	struct ct_unwinder *unwinder = ct_unwinder_new(target, MAX_FRAMES);
	ct_reg_set(&regs, ct_arch_x86_64.pc, IMAGE + CODE + input->pc);
	ct_reg_set(&regs, ct_arch_x86_64.sp, STACK + 8 * (uint64_t)input->sp);
	ct_reg_set(&regs, ct_arch_x86_64.fp, STACK + 8 * (uint64_t)input->fp);
	if (unwinder &&
		!ct_unwind_regs(unwinder, &regs, frame_regs, CT_COUNT(frame_regs), &unwound) &&
		(unwound.n > MAX_FRAMES || unwound.n > unwound.n_total ||
			unwound.root == !!unwound.why))
		abort();
	find_pads(target, IMAGE + CODE + input->pc);
	ct_unwinder_free(unwinder);
	ct_target_close(target);
}

static void compile_debug_frame(const uint8_t *data, size_t size)
{
	struct ct_frame_table table = {.section = {data, size, 0, false}};
	union ct_cfi_row_buffer row;
	uint64_t work = 0;

	for (uint64_t addr = CODE; addr < CODE + 64; addr += 4)
		if (!ct_cfi_compile(&table, &ct_arch_x86_64, addr, &work, &row.row) &&
			row.row.n_rules > CT_MAX_REGS)
			abort();
	ct_frame_table_free(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input input;
	uint16_t header_len, stack_len;

	if (size < 7)
		return 0;
	memset(&input, 0, sizeof(input));
	write_image(&input);
	input.pc = data[0];
	input.sp = data[1];
	input.fp = data[2];
	memcpy(&header_len, data + 3, sizeof(header_len));
	memcpy(&stack_len, data + 5, sizeof(stack_len));
	data += 7;
	size -= 7;
	take(&data, &size, input.image + HEADER, header_len, TABLE - HEADER);
	take(&data, &size, input.stack, stack_len, STACK_SIZE);
	compile_debug_frame(data, size);
	take(&data, &size, input.image + TABLE, size, IMAGE_SIZE - TABLE);
	unwind(&input);
	return 0;
}
