/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the CPU that are not about memory: divisions, instructions that do not exist, traps. */
#include <inttypes.h>
#include <signal.h>

#include "blocking/syscall.h"
#include "observe/crash.h"

#define ABI_OF(machine) ((machine) | 0xc0000000u) /* 64 bits, little-endian: AUDIT_ARCH_* */

/* The lowest size bytes, with their sign. */
static int64_t with_sign(uint64_t value, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (int64_t)(value << shift) >> shift;
}

static bool divisor_of(const struct ct_crash_scene *s, uint64_t *ret)
{
	if (s->insn.reg == CT_NO_REG) {
		*ret = s->operands[0].value;
		return s->operands[0].has_value;
	}
	*ret = ct_reg(&s->regs, s->insn.reg) >> (s->insn.high_byte ? 8 : 0);
	if (s->insn.size < 8)
		*ret &= (UINT64_C(1) << 8 * s->insn.size) - 1;
	return s->regs.known >> s->insn.reg & 1;
}

/* The number in two halves, in decimal where it fits in one. */
static const char *dividend_of(struct ct_crash_scene *s)
{
	uint64_t low = ct_reg(&s->regs, CT_REG_LOW), high = ct_reg(&s->regs, CT_REG_HIGH);
	bool is_signed = s->insn.kind == CT_INSN_DIVIDE_SIGNED;
	unsigned size = s->insn.size;

	if (size == 1) /* both halves are in one register */
		return is_signed ? ct_sink_printf(s->o->sink, "%" PRId64, with_sign(low, 2))
				 : ct_sink_printf(s->o->sink, "%u", (unsigned)(low & 0xffff));
	if (size < 8) {
		uint64_t mask = (UINT64_C(1) << 8 * size) - 1;
		uint64_t value = (high & mask) << 8 * size | (low & mask);

		return is_signed
			       ? ct_sink_printf(s->o->sink, "%" PRId64, with_sign(value, 2 * size))
			       : ct_sink_printf(s->o->sink, "%" PRIu64, value);
	}
	if (is_signed && high == (low >> 63 ? UINT64_MAX : 0))
		return ct_sink_printf(s->o->sink, "%" PRId64, (int64_t)low);
	if (!is_signed && !high)
		return ct_sink_printf(s->o->sink, "%" PRIu64, low);
	return ct_sink_printf(s->o->sink, "0x%" PRIx64 "%016" PRIx64, high, low);
}

/* Does the quotient fit, so that the registers cannot be those of the fault? */
static bool quotient_fits(const struct ct_crash_scene *s, uint64_t divisor)
{
	unsigned bits = 8 * s->insn.size;
	unsigned __int128 mask = ((unsigned __int128)1 << bits) - 1, n;
	uint64_t low = ct_reg(&s->regs, CT_REG_LOW), high = ct_reg(&s->regs, CT_REG_HIGH);

	if (bits == 8) /* both halves are in one register */
		n = low & 0xffff;
	else
		n = (high & mask) << bits | (low & mask);
	if (s->insn.kind != CT_INSN_DIVIDE_SIGNED)
		return n / divisor <= mask;
	/* Signed: by what the quotient's size is, whatever its sign. */
	bool negative = n >> (2 * bits - 1) & 1;
	int64_t by = with_sign(divisor, s->insn.size);
	unsigned __int128 size =
		negative ? (~n + 1) & (bits == 64 ? ~(unsigned __int128)0 : (mask << bits | mask))
			 : n;
	unsigned __int128 quotient = size / (by < 0 ? -(uint64_t)by : (uint64_t)by);

	return quotient <= (mask >> 1) + (negative != (by < 0));
}

static void division(struct ct_crash_scene *s)
{
	uint64_t divisor;

	if (!s->decoded || !divisor_of(s, &divisor) ||
		(s->insn.kind != CT_INSN_DIVIDE && s->insn.kind != CT_INSN_DIVIDE_SIGNED))
		return;
	s->used |= UINT64_C(1) << CT_REG_LOW | UINT64_C(1) << CT_REG_HIGH;
	if (!divisor)
		ct_crash_is(s, CT_CRASH_DIVIDE_ZERO, CT_TRUST_EXACT, "divided %s by zero",
			dividend_of(s));
	else if (quotient_fits(s, divisor))
		ct_crash_say(s,
			"its registers are not those of the fault: %s divided by 0x%" PRIx64
			" fits",
			dividend_of(s), divisor);
	else if (s->insn.kind == CT_INSN_DIVIDE_SIGNED)
		ct_crash_is(s, CT_CRASH_DIVIDE_OVERFLOW, CT_TRUST_EXACT,
			"divided %s by %" PRId64 ": the result does not fit in %u bytes",
			dividend_of(s), with_sign(divisor, s->insn.size), s->insn.size);
	else
		ct_crash_is(s, CT_CRASH_DIVIDE_OVERFLOW, CT_TRUST_EXACT,
			"divided %s by %" PRIu64 ": the result does not fit in %u bytes",
			dividend_of(s), divisor, s->insn.size);
}

static void arithmetic(struct ct_crash_scene *s)
{
	static const struct {
		int code;
		const char *words;
	} floats[] = {{FPE_FLTDIV, "a division by zero"}, {FPE_FLTOVF, "an overflow"},
		{FPE_FLTUND, "an underflow"}, {FPE_FLTRES, "an inexact result"},
		{FPE_FLTINV, "an invalid operation"}};

	for (size_t i = 0; i < CT_COUNT(floats); i++)
		if (floats[i].code == s->signal.code)
			ct_crash_is(s, CT_CRASH_FLOAT, CT_TRUST_EXACT,
				"trapped on %s of floating-point numbers (feenableexcept() asked "
				"for that)",
				floats[i].words);
	division(s);
}

static void no_instruction(struct ct_crash_scene *s)
{
	const char *text = s->crash.instruction ? s->crash.instruction : "not readable";

	if (s->decoded && s->insn.kind == CT_INSN_UNDEFINED)
		ct_crash_is(s, CT_CRASH_TRAP, CT_TRUST_EXACT,
			"ran into a trap (%s): __builtin_trap(), or code that the compiler took "
			"for unreachable",
			text);
	else if (s->n_code)
		ct_crash_is(s, CT_CRASH_ILLEGAL, CT_TRUST_EXACT,
			"executed what is no instruction of its CPU: %s", text);
}

/* The call by the registers: they have it when the signal came just behind its instruction. */
static bool refused_call(struct ct_crash_scene *s, struct ct_syscall *ret)
{
	uint8_t code[CT_ARCH_CODE_BEFORE];

	return s->arch->refused &&
	       !ct_read(s->target, ct_reg(&s->regs, s->arch->pc) - sizeof(code), code,
		       sizeof(code)) &&
	       s->arch->refused(&s->regs, code, ret);
}

/* "socket (number 41)"; NULL: not even its number is known. */
static const char *call_words(struct ct_crash_scene *s, enum ct_trust *trust)
{
	const struct ct_signal *signal = &s->signal;
	struct ct_syscall call;
	bool by_registers = refused_call(s, &call);
	int64_t number = signal->has_call ? signal->call : by_registers ? call.number : -1;
	const char *name = ct_syscall_name(s->arch, number), *text;

	if (signal->has_call && signal->call_abi != ABI_OF(s->arch->e_machine))
		return ct_sink_printf(s->o->sink, "number %d of another ABI (0x%x)", signal->call,
			signal->call_abi);
	if (by_registers && number != call.number)
		ct_crash_say(s,
			"the signal's own record names call %" PRId64
			", and the registers another, %" PRId64,
			number, call.number);
	else if (by_registers &&
		 !ct_syscall_text(s->target, &call, ct_sink_arena(s->o->sink), &text))
		ct_crash_say(s, "the registers %s: %s",
			signal->has_call ? "name the same call" : "tell which call it was", text);
	if (!signal->has_call)
		*trust = CT_TRUST_INFERRED;
	if (name)
		return ct_sink_printf(s->o->sink, "%s (number %" PRId64 ")", name, number);
	return number >= 0 ? ct_sink_printf(s->o->sink, "number %" PRId64, number) : NULL;
}

static void bad_system_call(struct ct_crash_scene *s)
{
	enum ct_trust trust = CT_TRUST_EXACT;
	const char *call = call_words(s, &trust);
	const char *what =
		call ? ct_sink_printf(s->o->sink, "the system call %s,", call) : "a system call";

	ct_crash_is(s, CT_CRASH_BAD_SYSCALL, trust, "made %s %s", what,
		s->signal.code == CT_SYS_USER_DISPATCH
			? "which it has asked to be sent SIGSYS for (prctl)"
			: "which a filter (seccomp) forbids");
}

void ct_crash_trap(struct ct_crash_scene *s)
{
	if (s->signal.number == SIGFPE)
		arithmetic(s);
	else if (s->signal.number == SIGILL)
		no_instruction(s);
	else if (s->signal.number == SIGTRAP && s->decoded && s->insn.kind == CT_INSN_BREAKPOINT)
		ct_crash_is(s, CT_CRASH_BREAKPOINT, CT_TRUST_EXACT,
			"ran into a breakpoint (%s) that no debugger was there for",
			s->crash.instruction);
	else if (s->signal.number == SIGSYS)
		bad_system_call(s);
}
