/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notes of a core, as the Linux kernel (fs/binfmt_elf.c) and gdb's gcore write them: the first
 * NT_PRSTATUS is that of the thread that took the fatal signal; notes of a thread follow its
 * NT_PRSTATUS; gcore repeats NT_SIGINFO for each thread and leaves pr_cursig 0.
 */
#include <elf.h>
#include <signal.h>
#include <stdarg.h>

#include "base/str.h"
#include "source/core_file.h"

/* struct elf_prpsinfo of 64-bit machines. */
#define PRPSINFO_SIZE   136
#define PRPSINFO_PID    24
#define PRPSINFO_PARENT 28
#define PRPSINFO_COMM   40
#define PRPSINFO_ARGS   56
#define PRPSINFO_COMM_N 16
#define PRPSINFO_ARGS_N 80

/* siginfo_t of 64-bit machines. */
#define SIGINFO_LEAST 24
#define SIGINFO_CALL  24 /* SIGSYS alone has the call and its ABI there */

#define MAX_NAME   32 /* of the owner of a note; "CORE", "LINUX", "GDB" are those that matter */
#define MAX_LOST   64 /* times that the next note is searched for */
#define MAX_SEARCH (UINT64_C(1) << 20) /* bytes of one search */

static uint32_t get_u32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint64_t get_u64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

void ct_core_damaged(struct ct_core *core, const char *fmt, ...)
{
	va_list args;

	/* One sentence more is enough: a hostile file could ask for millions. */
	if (core->process.damage && strchr(core->process.damage, ';'))
		return;
	va_start(args, fmt);
	const char *text = ct_arena_vprintf(&core->arena, fmt, args);
	va_end(args);
	if (!core->process.damage)
		core->process.damage = text;
	else if (text)
		core->process.damage =
			ct_arena_printf(&core->arena, "%s; %s", core->process.damage, text);
}

static enum ct_status note_prstatus(struct ct_core *core, const uint8_t *desc, uint64_t size)
{
	const struct ct_arch *arch = core->arch;
	struct ct_regs regs;

	if (!arch->from_prstatus(desc, size, &regs)) {
		ct_core_damaged(core, "the registers of thread %u (in order) are cut short",
			core->threads.n + 1);
		core->process.all_threads = false;
		return CT_OK;
	}
	struct ct_thread *thread = ct_vec_push(&core->threads);
	if (!thread)
		return CT_NO_MEMORY;
	thread->lwp = get_u32(desc + arch->prstatus_pid);
	thread->signal = (int16_t)(get_u32(desc + 12) & 0xffff);
	thread->stopped = true;
	thread->regs = ct_arena_copy(&core->arena, &regs, sizeof(regs));
	return thread->regs ? CT_OK : CT_NO_MEMORY;
}

static enum ct_status note_prpsinfo(struct ct_core *core, const uint8_t *desc, uint64_t size)
{
	if (size < PRPSINFO_SIZE)
		return CT_OK;
	const char *comm = (const char *)desc + PRPSINFO_COMM;
	const char *args = (const char *)desc + PRPSINFO_ARGS;

	core->process.pid = (int32_t)get_u32(desc + PRPSINFO_PID);
	core->process.parent = (int32_t)get_u32(desc + PRPSINFO_PARENT);
	core->process.comm = ct_arena_strndup(&core->arena, comm, strnlen(comm, PRPSINFO_COMM_N));
	core->process.args = ct_arena_strndup(&core->arena, args, strnlen(args, PRPSINFO_ARGS_N));
	return CT_OK;
}

/* Signals that stop a process for good by what it did itself. */
static bool is_fatal(int number)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

	for (size_t i = 0; i < CT_COUNT(fatal); i++)
		if (fatal[i] == number)
			return true;
	return false;
}

/*
 * The kernel writes one, for the signal that made the core. gcore writes one for each thread: the
 * stops of the attach, and, where gdb was sitting on a crash, the crash.
 */
static enum ct_status note_siginfo(struct ct_core *core, const uint8_t *desc, uint64_t size)
{
	struct ct_signal *signal = &core->process.signal;

	if (size < SIGINFO_LEAST || !core->threads.n)
		return CT_OK;
	int number = (int32_t)get_u32(desc);
	if (core->have_siginfo && (is_fatal(signal->number) || !is_fatal(number)))
		return CT_OK;
	core->have_siginfo = true;
	signal->number = number;
	signal->errno_value = (int32_t)get_u32(desc + 4);
	signal->code = (int32_t)get_u32(desc + 8);
	signal->address = get_u64(desc + 16);
	signal->has_call = number == SIGSYS && signal->code > 0 && ct_within(SIGINFO_CALL, 8, size);
	if (signal->has_call) {
		signal->call = (int32_t)get_u32(desc + SIGINFO_CALL);
		signal->call_abi = get_u32(desc + SIGINFO_CALL + 4);
	}
	core->siginfo_pid = get_u32(desc + 16);
	core->siginfo_lwp = core->threads.items[core->threads.n - 1].lwp;
	return CT_OK;
}

/* Who sent it is in the siginfo of some codes alone; elsewhere the same bytes are an address, a
 * timer's number or a poll event (sigaction(2)). */
static bool has_sender(int code)
{
	return code == SI_USER || code == SI_QUEUE || code == SI_TKILL || code == SI_MESGQ;
}

/* pr_cursig of the first thread is the fatal signal in a kernel core; gcore leaves it 0. */
void ct_core_settle_signal(struct ct_core *core)
{
	struct ct_signal *signal = &core->process.signal;
	const struct ct_thread *first = core->threads.n ? &core->threads.items[0] : NULL;

	/* What gdb stops a process with, on a gdbserver for one, is no signal of the process. */
	if (core->by_gdb && first && first->signal == SIGTRAP) {
		*signal = (struct ct_signal){0};
		return;
	}
	/* The kernel writes them as the process sees them, a debugger as it sees them itself. */
	core->process.own_numbers = first && first->signal && !core->by_gdb;
	if (first && first->signal) {
		core->have_siginfo = core->have_siginfo && signal->number == first->signal;
		if (!core->have_siginfo)
			*signal = (struct ct_signal){.number = first->signal};
		signal->lwp = first->lwp;
	} else if (core->have_siginfo && is_fatal(signal->number)) {
		signal->lwp = core->siginfo_lwp;
	} else {
		*signal = (struct ct_signal){0};
		return;
	}
	/*
	 * raise() and abort() are the process's own. A sender outside of its PID namespace shows as
	 * 0. gdb may number the process from outside of it: then an abort() would not look like its
	 * own.
	 */
	bool numbers_agree = first->signal || signal->code != SI_TKILL;
	signal->sent = core->have_siginfo && has_sender(signal->code) && numbers_agree &&
		       (int64_t)core->siginfo_pid != core->process.pid;
	if (signal->sent)
		signal->sender_pid = (int64_t)core->siginfo_pid;
}

static enum ct_status note_auxv(struct ct_core *core, const uint8_t *desc, uint64_t size)
{
	core->auxv = desc;
	core->auxv_size = size;
	return CT_OK;
}

/* count, page size, count rows of {start, end, offset in pages}, then count strings. */
static enum ct_status note_file(struct ct_core *core, const uint8_t *desc, uint64_t size)
{
	if (size < 16)
		return CT_OK;
	uint64_t count = get_u64(desc), page = get_u64(desc + 8);
	uint64_t room = (size - 16) / 25; /* a row and at least the NUL of its string */
	if (count > room) {
		ct_core_damaged(core, "the list of mapped files is cut short");
		count = room;
	}
	const char *path = (const char *)desc + 16 + count * 24;
	const char *end = (const char *)desc + size;
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *row = desc + 16 + i * 24;
		size_t len = strnlen(path, (size_t)(end - path));
		struct ct_core_mapping mapping = {.start = get_u64(row), .end = get_u64(row + 8)};

		if (path + len >= end)
			break;
		if (mapping.start < mapping.end &&
			ct_mul(get_u64(row + 16), page, &mapping.file_offset)) {
			struct ct_core_mapping *slot = ct_vec_push(&core->mappings);

			mapping.path = ct_arena_strndup(&core->arena, path, len);
			if (!slot || !mapping.path)
				return CT_NO_MEMORY;
			*slot = mapping;
		}
		path += len + 1;
	}
	return CT_OK;
}

/* Every thread has one, behind its NT_PRSTATUS: where that is missing, so is a thread. */
static enum ct_status note_fpregset(struct ct_core *core, const uint8_t *desc, uint64_t size)
{
	(void)desc;
	(void)size;
	if (++core->n_fpregsets > core->threads.n && core->process.all_threads) {
		ct_core_damaged(core, "the registers of a thread behind the first %u are missing",
			core->threads.n);
		core->process.all_threads = false;
	}
	return CT_OK;
}

/* Notes that some machine keeps per thread, beyond NT_PRSTATUS. */
static enum ct_status note_other(
	struct ct_core *core, uint32_t type, const uint8_t *desc, uint64_t size)
{
	if (!core->arch->from_note || !core->threads.n)
		return CT_OK;
	/* The registers are our own copy: only their owner sees them as const. */
	struct ct_regs *regs =
		(struct ct_regs *)(uintptr_t)core->threads.items[core->threads.n - 1].regs;
	core->arch->from_note(type, desc, size, regs);
	return CT_OK;
}

struct note {
	const char *name;
	const uint8_t *desc;
	uint64_t name_size, size, end; /* of the descriptor; offset of the next note */
	uint32_t type;
};

static enum ct_status read_note(struct ct_core *core, const struct note *note)
{
	static const struct {
		uint32_t type;
		enum ct_status (*read)(struct ct_core *core, const uint8_t *desc, uint64_t size);
	} rows[] = {
		{NT_PRSTATUS, note_prstatus},
		{NT_PRPSINFO, note_prpsinfo},
		{NT_SIGINFO, note_siginfo},
		{NT_AUXV, note_auxv},
		{NT_FILE, note_file},
		{NT_FPREGSET, note_fpregset},
	};
	core->by_gdb = core->by_gdb || (note->name_size == 4 && !memcmp(note->name, "GDB", 4));
	bool is_core = note->name_size >= 4 && !memcmp(note->name, "CORE", 4);

	for (size_t i = 0; is_core && i < CT_COUNT(rows); i++)
		if (rows[i].type == note->type)
			return rows[i].read(core, note->desc, note->size);
	return note_other(core, note->type, note->desc, note->size);
}

/* False: no note starts here, or it does not end here. All writers give a name with a NUL. */
static bool get_note(const uint8_t *notes, uint64_t size, uint64_t at, struct note *ret)
{
	uint64_t desc_at;

	if (!ct_within(at, 12, size))
		return false;
	ret->name_size = get_u32(notes + at);
	ret->size = get_u32(notes + at + 4);
	ret->type = get_u32(notes + at + 8);
	ret->name = (const char *)notes + at + 12;
	if (!ret->name_size || ret->name_size > MAX_NAME ||
		!ct_align(at + 12 + ret->name_size, 4, &desc_at) ||
		!ct_within(desc_at, ret->size, size) || ret->name[ret->name_size - 1])
		return false;
	ret->desc = notes + desc_at;
	return ct_align(desc_at + ret->size, 4, &ret->end);
}

/*
 * Where damage has hidden the next note: the first place from here on that reads like one of those
 * that matter. The way is bounded, because a hole in the file can be of any length.
 */
static bool find_note(const struct ct_core *core, const uint8_t *notes, uint64_t size,
	uint64_t from, uint64_t *ret)
{
	uint64_t until = CT_MIN(size, from + MAX_SEARCH);
	struct note note;

	for (uint64_t at = from; at + 20 <= until; at += 4) {
		if (get_u32(notes + at) != 5 || memcmp(notes + at + 12, "CORE", 5) != 0 ||
			!get_note(notes, size, at, &note))
			continue;
		if (note.type == NT_PRSTATUS ? note.size == core->arch->prstatus_size
					     : note.type == NT_FILE || note.type == NT_AUXV ||
						       note.type == NT_PRPSINFO) {
			*ret = at;
			return true;
		}
	}
	return false;
}

enum ct_status ct_core_read_notes(struct ct_core *core, const uint8_t *notes, uint64_t size)
{
	uint64_t at = 0, behind_last = 0;
	unsigned n_lost = 0;

	while (ct_within(at, 12, size)) {
		struct note note;

		if (!get_note(notes, size, at, &note)) {
			ct_core_damaged(core, "the notes are damaged behind those of %u threads",
				core->threads.n);
			core->process.all_threads = false;
			/* It may be the size of the one before that is wrong. */
			if (n_lost++ == MAX_LOST || !find_note(core, notes, size, behind_last, &at))
				break;
			continue;
		}
		enum ct_status status = read_note(core, &note);
		if (status)
			return status;
		behind_last = at + 12;
		at = note.end;
	}
	return CT_OK;
}
