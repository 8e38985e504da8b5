/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <signal.h>

#include "observe/internal.h"
#include "target/module_advice.h"

#define MAX_NOTED 16 /* of the stages' notes about damage, told as parts that are missing */

static const char *found_name(enum ct_module_found found)
{
	static const char *const names[] = {
		"none", "path", "sysroot", "debug-dir", "debuginfod", "core", "bundle"};

	return names[found];
}

static const char *state_name(enum ct_module_state state)
{
	static const char *const names[] = {NULL, "ok", "missing", "mismatch", "no-symbols"};

	return names[state];
}

static const char *hex(struct ct_arena *arena, const uint8_t *bytes, size_t n)
{
	char *ret = n ? ct_arena_alloc(arena, 2 * n + 1) : NULL;

	for (size_t i = 0; ret && i < n; i++) {
		ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	return ret;
}

static void add_module(struct ct_observation *o, const struct ct_module *module)
{
	struct ct_arena *arena = ct_sink_arena(o->sink);
	const char **tried = ct_arena_new_array(arena, module->n_tried, const char *);

	for (size_t i = 0; tried && i < module->n_tried; i++)
		tried[i] = ct_sink_string(o->sink, module->tried[i]);
	ct_sink_module(
		o->sink, &(struct ct_fact_module){
				 .path = ct_sink_string(o->sink, module->path),
				 .build_id = hex(arena, module->build_id, module->build_id_len),
				 .base = module->start,
				 .size = module->end - module->start,
				 .found = found_name(module->found),
				 .state = state_name(module->state),
				 .file = ct_sink_string(o->sink, module->file),
				 .debug_file = ct_sink_string(o->sink, module->debug_file),
				 .n_tried = tried ? (uint32_t)module->n_tried : 0,
				 .tried = tried,
				 .advice = ct_sink_string(o->sink, ct_module_advice(module, arena)),
			 });
}

static void add_signal(struct ct_observation *o, const struct ct_signal *signal)
{
	static const struct {
		int code;
		const char *name;
	} codes[] = {{SI_USER, "SI_USER"}, {SI_QUEUE, "SI_QUEUE"}, {SI_TIMER, "SI_TIMER"},
		{SI_TKILL, "SI_TKILL"}, {SI_KERNEL, "SI_KERNEL"}};
	static const struct {
		int number, code;
		const char *name;
	} faults[] = {{SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR"}, {SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR"},
		{SIGBUS, BUS_ADRALN, "BUS_ADRALN"}, {SIGBUS, BUS_ADRERR, "BUS_ADRERR"},
		{SIGBUS, BUS_OBJERR, "BUS_OBJERR"}, {SIGFPE, FPE_INTDIV, "FPE_INTDIV"},
		{SIGFPE, FPE_INTOVF, "FPE_INTOVF"}, {SIGILL, ILL_ILLOPC, "ILL_ILLOPC"},
		{SIGILL, ILL_ILLOPN, "ILL_ILLOPN"}, {SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT"},
		{SIGTRAP, TRAP_TRACE, "TRAP_TRACE"}, {SIGSYS, CT_SYS_SECCOMP, "SYS_SECCOMP"},
		{SIGSYS, CT_SYS_USER_DISPATCH, "SYS_USER_DISPATCH"}};
	struct ct_fact_signal *ret = &ct_sink_target(o->sink)->signal;
	const char *name = sigabbrev_np(signal->number);

	if (!signal->number)
		return;
	ret->number = signal->number;
	ret->name = name ? ct_sink_printf(o->sink, "SIG%s", name)
			 : ct_sink_printf(o->sink, "signal %d", signal->number);
	for (size_t i = 0; i < CT_COUNT(codes); i++)
		if (codes[i].code == signal->code)
			ret->code = codes[i].name;
	for (size_t i = 0; i < CT_COUNT(faults); i++)
		if (faults[i].number == signal->number && faults[i].code == signal->code)
			ret->code = faults[i].name;
	if (!ret->code)
		ret->code = ct_sink_printf(o->sink, "code %d", signal->code);
	ret->address = signal->address;
	/* si_addr has a meaning for faults that the hardware raised, and SI_KERNEL's is always 0.
	 */
	ret->has_address = signal->code > 0 && signal->code != SI_KERNEL;
	ret->sent = o->sent;
	ret->sender_pid = o->sender_pid;
	for (uint32_t i = 0; i < ct_sink_n_actors(o->sink) && ret->actor == CT_NONE; i++)
		if (ct_sink_get_actor(o->sink, i)->signal)
			ret->actor = i;
}

static const char **one_string(struct ct_observation *o, const char *text)
{
	const char **ret = ct_arena_new(ct_sink_arena(o->sink), const char *);

	if (ret)
		*ret = ct_sink_string(o->sink, text);
	return ret;
}

/* Of no thread is the stack there: its memory was not dumped (core(5), coredump_filter). */
static const char *lack_of_stacks(struct ct_observation *o)
{
	size_t n = ct_target_n_threads(o->target);
	uint64_t word;

	for (size_t i = 0; i < n; i++) {
		const struct ct_thread *thread = ct_target_thread(o->target, i);

		if (!thread->stopped ||
			!ct_read_u64(o->target, ct_reg(thread->regs, ct_target_arch(o->target)->sp),
				&word))
			return NULL;
	}
	return n ? "no thread's stack is in the core (coredump_filter leaves out memory): what "
		   "threads wait at is known from their registers alone"
		 : NULL;
}

/* Of some it is not, or not all of it. */
static const char *cut_stacks(const struct ct_observation *o)
{
	uint64_t id = o->n_cut ? ct_sink_get_actor(o->sink, o->cut)->id : 0;

	if (!o->n_cut)
		return NULL;
	if (o->n_cut == 1)
		return ct_sink_printf(
			o->sink, "the stack of thread %" PRIu64 " is missing or cut", id);
	return ct_sink_printf(o->sink,
		"the stacks of %" PRIu32 " threads, of thread %" PRIu64
		" first, are missing or cut",
		o->n_cut, id);
}

/*
 * Threads may wait at memory that was not dumped: what is there, and who has it, is not known then.
 * The kernel leaves out files that are mapped shared, unless it is asked for them (core(5),
 * coredump_filter); the file may have changed since, and is no evidence.
 */
static const char *lack_of_waited(struct ct_observation *o)
{
	for (uint32_t i = 0; i < ct_sink_n_waits(o->sink); i++) {
		const struct ct_wait *wait = ct_sink_get_wait(o->sink, i);
		uint32_t word;

		if (wait->kind != CT_WAIT_FUTEX || wait->resource == CT_NONE)
			continue;
		uint64_t address = ct_sink_get_resource(o->sink, wait->resource)->address;
		const struct ct_map *map = ct_target_map_at(o->target, address);
		if (!map || !map->path || !ct_read_u32(o->target, address, &word))
			continue;
		return ct_sink_printf(o->sink,
			"threads wait at memory that is not in the core: %s, a file that is mapped "
			"there; bit 3 of coredump_filter (0x8) puts such memory into a core",
			map->path);
	}
	return NULL;
}

/* What the stages could not read, as they noted it, is missing too. */
static uint32_t list_damages(const struct ct_observation *o, const char **ret, uint32_t max)
{
	enum ct_note_code code;
	const char *about, *text;
	uint32_t n = 0;
	size_t cur = 0;

	while (n < max && !ct_target_next_note(o->target, &cur, &code, &about, &text))
		if (code == CT_NOTE_DAMAGED)
			ret[n++] = ct_sink_printf(o->sink, "%s: %s", about, text);
	return n;
}

static void add_partial(struct ct_observation *o, struct ct_fact_target *target)
{
	const struct ct_process *process = ct_target_process(o->target);
	bool is_core = !strcmp(process->kind, "core");
	const char *stacks = is_core ? lack_of_stacks(o) : NULL;
	const char *const damages[] = {process->damage, o->contradiction, o->sharing, o->goroutines,
		stacks, stacks ? NULL : cut_stacks(o),
		is_core && !process->damage && !stacks ? lack_of_waited(o) : NULL};
	const char **texts = ct_arena_new_array(
		ct_sink_arena(o->sink), CT_COUNT(damages) + MAX_NOTED, const char *);

	for (size_t i = 0; texts && i < CT_COUNT(damages); i++) {
		if (!damages[i])
			continue;
		texts[target->n_partial++] = ct_sink_string(o->sink, damages[i]);
		ct_sink_note(o->sink, CT_NOTE_DAMAGED, process->path, "%s", damages[i]);
	}
	if (texts)
		target->n_partial += list_damages(o, texts + target->n_partial, MAX_NOTED);
	target->partial = texts;
}

static void add_target(struct ct_observation *o)
{
	const struct ct_process *process = ct_target_process(o->target);
	const struct ct_module *program = ct_module_main(o->target);
	struct ct_fact_target *target = ct_sink_target(o->sink);

	target->source = ct_sink_string(o->sink, process->kind);
	target->path = ct_sink_string(o->sink, process->path);
	/* The kernel names the mapped file; the other path lies on the stack. */
	target->exe = program ? ct_sink_string(o->sink, program->path)
			      : ct_sink_secret(o->sink, process->exe);
	target->arch = process->arch->name;
	target->pid = process->pid;
	target->time = process->time;
	target->still = process->still;
	target->is_static = o->libc.in_program;
	target->memory_shared = o->libc.memory_shared;
	if (o->libc.version && (target->runtimes = one_string(o, o->libc.version)))
		target->n_runtimes = 1;
	ct_observe_start_strings(o);
	add_partial(o, target);
	add_signal(o, &process->signal);
}

static void add_own_notes(struct ct_observation *o)
{
	const struct ct_process *process = ct_target_process(o->target);
	const char *path = process->path ? process->path : process->kind;

	if (!(o->plan->wants & CT_WANT_STACKS))
		ct_sink_note(o->sink, CT_NOTE_NOT_ASKED, "stacks",
			"only registers and lock words were read (--quick)");
	if (!o->libc.layout)
		ct_sink_note(o->sink, CT_NOTE_UNKNOWN_RUNTIME, path,
			"no thread has the descriptor of a C library that is known here (glibc "
			"2.31 to "
			"2.43, musl 1.2): thread ids are "
			"the kernel's, and joins are not seen");
	if (!process->still)
		ct_sink_note(o->sink, CT_NOTE_NOT_STILL, path,
			"threads ran while this was read: nothing is proven");
}

void ct_observe_target(struct ct_observation *o)
{
	enum ct_note_code code;
	const char *about, *text;
	size_t cur = 0;

	for (size_t i = 0; i < ct_target_n_modules(o->target); i++)
		add_module(o, ct_target_module(o->target, i));
	add_target(o);
	add_own_notes(o);
	while (!ct_target_next_note(o->target, &cur, &code, &about, &text))
		ct_sink_note(o->sink, code, about, "%s", text);
}
