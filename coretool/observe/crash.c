/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What killed the process. A fault is explained by the instruction that it happened at; an abort by
 * what the library said before. A handler that aborts, or raises its signal again, hides a fault:
 * the kernel has left what it was called for on the stack.
 */
#include "observe/crash.h"

#include <elf.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>

#include "base/str.h"
#include "decode/instruction.h"
#include "target/cfi.h"
#include "target/object_name.h"
#include "target/symbols.h"

static bool is_fault(int number)
{
	return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL ||
	       number == SIGTRAP || number == SIGSYS;
}

void ct_crash_is(struct ct_crash_scene *s, enum ct_crash_class class, enum ct_trust trust,
	const char *cause, ...)
{
	ct_autostr text = {0};
	va_list args;

	if (ct_crash_known(s))
		return;
	va_start(args, cause);
	ct_str_vadd(&text, cause, args);
	va_end(args);
	s->crash.class = class;
	s->crash.trust = trust;
	s->crash.cause = ct_sink_string(s->o->sink, ct_str_text(&text));
}

void ct_crash_say(struct ct_crash_scene *s, const char *fmt, ...)
{
	ct_autostr text = {0};
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(&text, fmt, args);
	va_end(args);
	if (s->crash.n_evidence < CT_CRASH_EVIDENCE)
		s->evidence[s->crash.n_evidence++] = ct_sink_string(s->o->sink, ct_str_text(&text));
}

const char *ct_crash_symbol(struct ct_crash_scene *s, uint32_t frame)
{
	const struct ct_unwound_frame *f = &s->stack.frames[frame];
	struct ct_symbol symbol;

	return ct_symbol_at(s->target, f->pc - f->is_call, CT_SYMBOL_CODE, &symbol) ? NULL
										    : symbol.name;
}

const char *ct_crash_where(struct ct_crash_scene *s, uint64_t addr)
{
	const struct ct_module *module = ct_module_at(s->target, addr);
	const struct ct_map *map = ct_target_map_at(s->target, addr);
	struct ct_arena *arena = ct_sink_arena(s->o->sink);
	struct ct_symbol symbol;
	const char *name;
	bool from_dwarf;

	if (module && !ct_symbol_at(s->target, addr, CT_SYMBOL_CODE, &symbol))
		return ct_sink_printf(s->o->sink, "the code of %s() in %s",
			ct_symbol_demangle(arena, symbol.name), module->name);
	if (module && !ct_object_name(s->target, addr, arena, &name, &from_dwarf))
		return strncmp(name, module->name, strlen(module->name))
			       ? ct_sink_printf(s->o->sink, "%s of %s", name, module->name)
			       : ct_sink_string(s->o->sink, name);
	if (map && map->path)
		return ct_sink_printf(s->o->sink, "the mapping of %s", map->path);
	return map ? "anonymous memory" : NULL;
}

static void read_code(struct ct_crash_scene *s)
{
	uint64_t pc = ct_reg(&s->regs, s->arch->pc);

	/* int3 is reported when it has been executed, and so is syscall. */
	if (s->signal.number == SIGTRAP)
		pc--;
	else if (s->signal.number == SIGSYS)
		pc -= 2;
	if (s->arch->e_machine != EM_X86_64 || !ct_cfi_is_code(s->target, pc))
		return;
	for (s->n_code = sizeof(s->code); s->n_code; s->n_code--)
		if (!ct_read(s->target, pc, s->code, s->n_code))
			break;
	if (!s->n_code)
		return;
	s->decoded = !ct_decode(s->code, s->n_code, &s->insn);
	s->crash.instruction = ct_sink_string(
		s->o->sink, ct_instruction_text(ct_sink_arena(s->o->sink), s->code, s->n_code, pc));
}

/* Does the instruction explain the trap? The kernel's note may be of an earlier one. */
static bool is_explained(struct ct_crash_scene *s)
{
	uint64_t address = s->signal.address;

	switch (s->signal.number) {
	case SIGFPE:
		return s->decoded &&
		       (s->insn.kind == CT_INSN_DIVIDE || s->insn.kind == CT_INSN_DIVIDE_SIGNED);
	case SIGILL:
		return s->decoded ? s->insn.kind == CT_INSN_UNDEFINED : s->n_code > 0;
	case SIGTRAP:
		return s->decoded && s->insn.kind == CT_INSN_BREAKPOINT;
	default:
		break;
	}
	if (s->signal.code != SI_KERNEL)
		return address == ct_reg(&s->regs, s->arch->pc) || ct_crash_operand_at(s, address);
	for (uint32_t i = 0; i < s->crash.n_operands; i++)
		if (s->operands[i].has_address && !ct_is_canonical(s->operands[i].address))
			return true;
	return false;
}

/* Looks at a frame that a signal handler interrupted, as the one where it happened. */
static bool try_interrupted(struct ct_crash_scene *s, uint32_t frame, const struct ct_trap *trap)
{
	struct ct_crash_scene saved = *s;

	s->signal.number = trap->number;
	s->signal.code = trap->code;
	s->signal.address = trap->address;
	s->frame = frame;
	s->regs = s->frame_regs[frame];
	read_code(s);
	ct_crash_operands(s);
	if (is_explained(s))
		return true;
	*s = saved;
	return false;
}

/* What a signal handler was called for, when that was a fault: the innermost one. */
static bool find_earlier_fault(struct ct_crash_scene *s)
{
	uint8_t bytes[CT_ARCH_SIGNAL_FRAME];
	struct ct_trap trap;

	for (uint32_t i = 0; s->arch->trap && i + 1 < s->n_regs; i++) {
		if (!s->stack.frames[i].is_signal ||
			ct_read(s->target, ct_reg(&s->frame_regs[i], s->arch->sp), bytes,
				sizeof(bytes)) ||
			!s->arch->trap(bytes, &trap) || !try_interrupted(s, i + 1, &trap))
			continue;
		ct_crash_say(s,
			"the signal that ended the process came out of a signal handler, which was "
			"called for SIG%s: that is the cause",
			sigabbrev_np(s->signal.number));
		return true;
	}
	return false;
}

/* What Go's runtime has called sigpanic() for in C code. */
static bool find_fault_in_c(struct ct_crash_scene *s)
{
	const struct ct_go_in_c *in_c = &s->o->in_c;

	if (in_c->thread == CT_NONE || !is_fault(in_c->number) || in_c->frame >= s->n_regs)
		return false;
	s->signal.number = in_c->number;
	s->signal.code = in_c->code;
	s->signal.address = in_c->address;
	s->frame = in_c->frame;
	s->regs = s->frame_regs[in_c->frame];
	read_code(s);
	ct_crash_operands(s);
	ct_crash_say(s,
		"Go's runtime made an error of its own of SIG%s, which came in C code, and has "
		"kept "
		"its address, but not the registers",
		sigabbrev_np(in_c->number));
	return true;
}

/*
 * The thread that the signal came to. Before Go's runtime ends the process it stops all threads by
 * signals, and up to 1.22 the last one of them raises the one that ends it. A fault meanwhile is
 * the thread's that has it.
 */
static uint32_t whose_signal(const struct ct_observation *o)
{
	const struct ct_signal *signal = &ct_target_process(o->target)->signal;
	uint32_t actor = 0, n = (uint32_t)ct_target_n_threads(o->target);

	if (signal->code <= 0 || !is_fault(signal->number)) {
		if (o->in_c.thread != CT_NONE)
			return o->in_c.thread;
		if (o->go_dying != CT_NONE)
			return o->go_dying;
	}
	while (actor < n && ct_target_thread(o->target, actor)->lwp != signal->lwp)
		actor++;
	return actor;
}

static enum ct_status read_stack(struct ct_crash_scene *s)
{
	if (!s->o->unwinder)
		return CT_OK;
	s->frame_regs = calloc(CT_CRASH_FRAMES, sizeof(*s->frame_regs));
	if (!s->frame_regs)
		return CT_NO_MEMORY;
	enum ct_status status =
		ct_unwind_regs(s->o->unwinder, &s->regs, s->frame_regs, CT_CRASH_FRAMES, &s->stack);
	/* Behind the part that was left out frames and registers do not go together. */
	size_t whole = s->stack.skipped_at ? s->stack.skipped_at : s->stack.n;
	s->n_regs = (uint32_t)CT_MIN(whole, (size_t)CT_CRASH_FRAMES);
	return status;
}

static void explain_fault(struct ct_crash_scene *s)
{
	if (s->signal.number == SIGSEGV || s->signal.number == SIGBUS) {
		ct_crash_overflow(s);
		ct_crash_stop(s);
		ct_crash_jump(s);
		ct_crash_memory(s);
	} else {
		ct_crash_trap(s);
	}
	ct_crash_is(s, CT_CRASH_FAULT, CT_TRUST_GUESS,
		"died of SIG%s, for a reason that its registers do not show",
		sigabbrev_np(s->signal.number));
}

/*
 * Who called the library that ended the process: in a static program only names tell that they are
 * not its own.
 */
static uint32_t behind_the_library(struct ct_crash_scene *s)
{
	static const char *const names[] = {"abort", "raise", "__assert_fail", "__assert_fail_base",
		"__stack_chk_fail", "__fortify_fail", "__chk_fail", "__libc_fatal",
		"__libc_message", "malloc_printerr", "_int_free", "free", "realloc", "malloc",
		"_ZSt9terminatev", "__cxa_throw", "__cxa_rethrow", "__cxa_pure_virtual"};
	uint32_t ret = 0;

	for (uint32_t i = 0; i < CT_MIN(s->n_regs, 24u) && i + 1 < s->stack.n; i++) {
		const char *symbol = ct_crash_symbol(s, i);

		for (size_t k = 0; symbol && k < CT_COUNT(names); k++)
			if (!strcmp(symbol, names[k]))
				ret = i + 1;
	}
	return ret;
}

/*
 * What the outermost handler on the stack was called for: of the thread on which Go's runtime ended
 * the process, the reason. Then it is SIGABRT that the runtime raises. 0: not known.
 */
static int handled_signal(const struct ct_crash_scene *s)
{
	int32_t ret = 0, number;

	for (uint32_t i = 0; s->arch->siginfo && i < s->n_regs; i++)
		if (s->stack.frames[i].is_signal && s->frame_regs[i].known >> s->arch->sp & 1 &&
			!ct_read(s->target,
				ct_reg(&s->frame_regs[i], s->arch->sp) + s->arch->siginfo, &number,
				sizeof(number)) &&
			number > 0 && number < NSIG)
			ret = number;
	return ret;
}

static void explain_abort(struct ct_crash_scene *s)
{
	int handled = s->o->go_dying != CT_NONE ? handled_signal(s) : 0;

	s->frame = behind_the_library(s);
	ct_crash_message(s);
	ct_crash_assertion(s);
	ct_crash_panic(s);
	ct_crash_exception(s);
	/* A handler may have passed on what another process had sent. */
	if (s->o->sender_unknown && !s->o->sent)
		ct_crash_is(s, s->signal.number == SIGABRT ? CT_CRASH_ABORT : CT_CRASH_RAISED,
			CT_TRUST_INFERRED,
			"raised SIG%s itself; whether another process had sent it first is not "
			"known, as stacks are missing",
			sigabbrev_np(s->signal.number));
	if (handled && handled != SIGABRT && sigabbrev_np(handled))
		ct_crash_is(s, CT_CRASH_RAISED, CT_TRUST_EXACT,
			"took SIG%s, which came from the process itself, and Go's runtime ended it "
			"for that",
			sigabbrev_np(handled));
	if (s->signal.number == SIGABRT && s->o->go && s->o->goroutines)
		ct_crash_is(s, CT_CRASH_ABORT, CT_TRUST_INFERRED,
			"raised SIGABRT itself; if Go's runtime had a reason for it, that is "
			"missing");
	/* Go has no abort(): its runtime raises again what one sent to the own process, a watchdog
	 * for example. */
	if (s->signal.number == SIGABRT)
		ct_crash_is(s, CT_CRASH_ABORT, CT_TRUST_EXACT,
			s->o->go && !s->frame ? "raised SIGABRT itself" : "called abort()");
	ct_crash_is(s, CT_CRASH_RAISED, CT_TRUST_EXACT, "raised SIG%s itself",
		sigabbrev_np(s->signal.number));
}

/* What could not be accessed has no value, whatever the source has there (gcore: zeros). */
static void forget_values(struct ct_crash_scene *s)
{
	for (uint32_t i = 0; i < s->crash.n_operands; i++)
		if (s->operands[i].faulted && s->crash.class != CT_CRASH_READ_ONLY)
			s->operands[i].has_value = false;
}

/* The general registers and the pc, as they were where it happened. */
static void add_registers(struct ct_crash_scene *s)
{
	struct ct_arena *arena = ct_sink_arena(s->o->sink);
	struct ct_crash_register *list =
		ct_arena_new_array(arena, s->arch->n_dwarf, struct ct_crash_register);

	for (unsigned i = 0; list && s->arch->gdb_regs && i < s->arch->n_dwarf; i++) {
		unsigned reg = s->arch->dwarf_to_reg[i];

		if (s->regs.known >> reg & 1 && s->arch->gdb_regs[reg])
			list[s->crash.n_registers++] = (struct ct_crash_register){
				s->arch->gdb_regs[reg], ct_reg(&s->regs, reg), s->used >> reg & 1};
	}
	s->crash.registers = list;
}

static void hand_over(struct ct_crash_scene *s, uint32_t actor)
{
	struct ct_arena *arena = ct_sink_arena(s->o->sink);
	struct ct_crash *c = &s->crash;

	forget_values(s);
	c->actor = actor;
	c->frame = s->stack.n ? s->frame : CT_NONE;
	c->operands = ct_arena_copy(arena, s->operands, c->n_operands * sizeof(*s->operands));
	c->evidence = ct_arena_copy(
		arena, (const void *)s->evidence, c->n_evidence * sizeof(*s->evidence));
	if (!c->operands)
		c->n_operands = 0;
	if (!c->evidence)
		c->n_evidence = 0;
	add_registers(s);
	ct_sink_crash(s->o->sink, c);
}

enum ct_status ct_observe_crash(struct ct_observation *o)
{
	const struct ct_signal *signal = &ct_target_process(o->target)->signal;
	struct ct_crash_scene s = {
		.o = o, .target = o->target, .arch = ct_target_arch(o->target), .signal = *signal};
	uint32_t n = (uint32_t)ct_target_n_threads(o->target), actor = whose_signal(o);

	/* Go's runtime has told it. */
	if (ct_sink_has_crash(o->sink) || !signal->number || o->sent ||
		(!is_fault(signal->number) && signal->number != SIGABRT))
		return CT_OK;
	if (actor == n || !ct_target_thread(o->target, actor)->stopped)
		return CT_OK;
	/*
	 * Who sleeps can neither fault nor call abort: the note about the signal, or that of the
	 * thread that took it, is lost. Only a signal from another thread would have a code below
	 * 0.
	 */
	if (ct_sink_get_actor(o->sink, actor)->state == CT_STATE_WAITING && signal->code >= 0)
		return CT_OK;
	/* No code is what a core has, too, that has lost the note about the signal. */
	if (signal->code == SI_USER && ct_target_process(o->target)->damage)
		return CT_OK;
	s.regs = *ct_target_thread(o->target, actor)->regs;
	s.first_regs = s.regs;
	enum ct_status status = read_stack(&s);
	if (!status) {
		/* The kernel's codes are above 0; what a process sends to itself is not. */
		bool hardware = is_fault(signal->number) && signal->code > 0;

		if (hardware) {
			read_code(&s);
			ct_crash_operands(&s);
		}
		if (hardware || find_fault_in_c(&s) || find_earlier_fault(&s))
			explain_fault(&s);
		else
			explain_abort(&s);
		hand_over(&s, actor);
	}
	free(s.frame_regs);
	return status == CT_NO_MEMORY ? status : CT_OK;
}
