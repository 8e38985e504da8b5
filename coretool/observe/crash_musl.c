/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stops a program on musl. Where musl finds something wrong it executes hlt, which only the
 * kernel may, and says nothing (a_crash of arch/x86_64/atomic_arch.h): in malloc's functions for a
 * damaged heap (src/malloc/mallocng/meta.h, before 1.2.1 src/malloc/oldmalloc), in __stack_chk_fail
 * for a damaged stack. A failed assertion is written to stderr and nowhere kept
 * (src/exit/assert.c): but its parts are constants of the code that called __assert_fail.
 */
#include <signal.h>
#include <sys/mman.h>

#include "decode/evaluate.h"
#include "observe/crash.h"
#include "target/functions.h"
#include "target/return_address.h"
#include "target/symbols.h"

#define MOST_FRAMES  8 /* of musl's functions below the program's */
#define MAX_TEXT     256
#define MAX_LINE     10000000
#define MAX_EVALUATE 4000 /* instructions of the function that called */

static bool is_musl(const struct ct_crash_scene *s)
{
	return s->o->libc.kind == CT_LIBC_MUSL;
}

/* Functions that stop a program, less their leading underscores. */
static const struct {
	const char *name;
	enum ct_crash_class class;
} stops[] = {
	{"stack_chk_fail", CT_CRASH_STACK_SMASH},
	{"malloc", CT_CRASH_HEAP},
	{"free", CT_CRASH_HEAP},
	{"calloc", CT_CRASH_HEAP},
	{"realloc", CT_CRASH_HEAP},
	{"aligned_alloc", CT_CRASH_HEAP},
	{"memalign", CT_CRASH_HEAP},
	{"posix_memalign", CT_CRASH_HEAP},
	{"malloc_usable_size", CT_CRASH_HEAP},
	{"libc_malloc_impl", CT_CRASH_HEAP},
	{"libc_free", CT_CRASH_HEAP},
	{"libc_realloc", CT_CRASH_HEAP},
	{"bin_chunk", CT_CRASH_HEAP},
};

/* What the call that ends at pc has called; NULL: it has no name. */
static const char *called_at(struct ct_crash_scene *s, uint64_t pc)
{
	const struct ct_guesser g = {.target = s->target, .arch = s->arch};
	uint64_t target = ct_call_target(&g, pc);
	struct ct_symbol symbol;

	return target && !ct_symbol_at(s->target, target, CT_SYMBOL_CODE, &symbol) &&
			       symbol.start == target
		       ? symbol.name
		       : NULL;
}

/*
 * The first of them among musl's frames, where it happened first; CT_CRASH_FATAL: none. free jumps
 * on to a function without a name, so what was called counts as well.
 */
static enum ct_crash_class find_stop(struct ct_crash_scene *s, const char **name)
{
	for (uint32_t i = 0; i + 1 < CT_MIN(s->stack.n, MOST_FRAMES); i++) {
		const char *names[] = {
			ct_crash_symbol(s, i), called_at(s, s->stack.frames[i + 1].pc)};

		if (!ct_libc_owns(s->target, &s->o->libc, s->stack.frames[i].pc))
			break;
		for (size_t k = 0; k < CT_COUNT(stops) * CT_COUNT(names); k++) {
			const char *symbol = names[k % CT_COUNT(names)];

			if (!symbol || strcmp(symbol + strspn(symbol, "_"),
					       stops[k / CT_COUNT(names)].name))
				continue;
			*name = symbol;
			s->frame = i + 1;
			return stops[k / CT_COUNT(names)].class;
		}
	}
	return CT_CRASH_FATAL;
}

/* Nothing but a trap is at pc, and it was called: that is __stack_chk_fail, whatever its name. */
static bool is_whole_function(const struct ct_crash_scene *s)
{
	uint64_t pc = ct_reg(&s->regs, s->arch->pc), ret;
	uint8_t code[CT_ARCH_CODE_BEFORE];

	if (ct_read_u64(s->target, ct_reg(&s->regs, s->arch->sp), &ret) || !s->arch->call_target ||
		ct_read(s->target, ret - sizeof(code), code, sizeof(code)))
		return false;
	return s->arch->after_call(code) && s->arch->call_target(code, ret).target == pc;
}

/*
 * Is a pointer at hand to a block that has been freed? free leaves 31 for its index and 0 for the
 * distance to its group (src/malloc/mallocng/free.c).
 */
static bool has_freed_pointer(struct ct_crash_scene *s)
{
	for (unsigned i = 0; i < s->arch->n_regs; i++) {
		uint64_t pointer = ct_reg(&s->regs, i);
		uint8_t head[3]; /* index, distance */

		if (!(s->regs.known >> i & 1) || i == s->arch->sp || !pointer || pointer % 16 ||
			ct_read(s->target, pointer - sizeof(head), head, sizeof(head)) ||
			head[0] != UINT8_MAX || head[1] || head[2])
			continue;
		ct_crash_say(s, "%s points to a block that bears the mark of having been freed",
			s->arch->gdb_regs[i]);
		return true;
	}
	return false;
}

static void say_stop(struct ct_crash_scene *s, enum ct_crash_class class, const char *name)
{
	const char *in = name ? ct_sink_printf(s->o->sink, " (in %s)", name) : "";

	if (class == CT_CRASH_STACK_SMASH)
		ct_crash_is(s, class, name ? CT_TRUST_EXACT : CT_TRUST_INFERRED,
			"found its stack overwritten (the stack protector's canary has changed)");
	else if (class == CT_CRASH_HEAP)
		ct_crash_is(s, class, CT_TRUST_EXACT, "%s%s",
			has_freed_pointer(s) ? "freed memory twice, or its heap is corrupted"
					     : "found its heap corrupted, or freed what is no heap "
					       "memory",
			in);
	else
		ct_crash_is(s, class, CT_TRUST_INFERRED,
			"was stopped by the C library, which found something wrong%s; most often "
			"that is a damaged heap",
			in);
}

void ct_crash_stop(struct ct_crash_scene *s)
{
	const char *name = NULL;

	if (ct_crash_known(s) || !is_musl(s) || s->signal.number != SIGSEGV || !s->stack.n ||
		s->frame || !ct_libc_owns(s->target, &s->o->libc, ct_reg(&s->regs, s->arch->pc)))
		return;
	bool halts = s->signal.code == SI_KERNEL && s->decoded &&
		     s->insn.kind == CT_INSN_PRIVILEGED && s->code[0] == 0xf4;
	enum ct_crash_class class = find_stop(s, &name);

	if (halts && class == CT_CRASH_FATAL && is_whole_function(s)) {
		class = CT_CRASH_STACK_SMASH;
		s->frame = s->stack.n > 1;
	}
	if (halts) {
		ct_crash_say(s, "musl stops a program so when it finds something wrong, and says "
				"nothing");
		say_stop(s, class, name);
	} else if (class == CT_CRASH_HEAP) {
		ct_crash_is(s, class, CT_TRUST_INFERRED, "%s (%s failed over it)",
			has_freed_pointer(s)
				? "freed memory twice, or its heap is corrupted"
				: "has a damaged heap, or freed what is no heap memory",
			name);
	}
}

/* ---- assertions ---- */

static enum ct_status read_code(void *arg, uint64_t addr, void *buf, size_t len)
{
	return ct_read(((struct ct_crash_scene *)arg)->target, addr, buf, len);
}

static struct ct_callee any_callee(void *arg, uint64_t target, uint64_t slot, bool is_call)
{
	(void)arg, (void)target, (void)slot;
	return (struct ct_callee){.kind = is_call ? CT_CALLEE_FOREIGN : CT_CALLEE_QUIET};
}

static bool no_object(void *arg, uint64_t object)
{
	(void)arg, (void)object;
	return false;
}

/* What stands in constants of code does not change. */
static bool may_change(void *arg, uint64_t addr)
{
	const struct ct_map *map = ct_target_map_at(((struct ct_crash_scene *)arg)->target, addr);

	return !map || map->prot != PROT_READ;
}

/* The arguments of the call that the frame is in, as far as they are constants. */
static enum ct_status arguments(struct ct_crash_scene *s, uint32_t frame, uint64_t ret[4])
{
	const struct ct_code_view view = {.arg = s,
		.read = read_code,
		.callee = any_callee,
		.wanted = no_object,
		.writable = may_change};
	const struct ct_unwound_frame *f = &s->stack.frames[frame];
	struct ct_evaluator *ev = ct_evaluator_new(s->arch, &view);
	struct ct_functions *functions = ct_functions_new(s->target);
	enum ct_status status = ev && functions ? CT_OK : CT_NO_MEMORY;
	struct ct_function function;

	if (!status)
		status = ct_function_at(functions, f->pc - 1, &function);
	if (!status) {
		struct ct_evaluation in = {.regs = s->frame_regs[frame],
			.pc = function.start,
			.past = true,
			.stop = f->pc,
			.max_steps = MAX_EVALUATE};

		ct_reg_set(&in.regs, s->arch->sp, f->cfa - 8);
		status = ct_evaluate(ev, &in);
	}
	bool found = false;
	for (uint32_t p = 0; !status && p < ct_evaluate_n_paths(ev) && !found; p++) {
		found = ct_path_end(ev, p) == CT_PATH_ARRIVES;
		for (unsigned i = 0; found && i < 4; i++) {
			struct ct_term term = ct_path_argument(ev, p, i);

			ret[i] = term.number;
			found = !term.symbol;
		}
	}
	ct_evaluator_free(ev);
	ct_functions_free(functions);
	return status ? status : found ? CT_OK : CT_NOT_FOUND;
}

static bool read_text(struct ct_crash_scene *s, uint64_t addr, char text[MAX_TEXT])
{
	return addr && ct_module_at(s->target, addr) &&
	       !ct_read_string(s->target, addr, text, MAX_TEXT) && text[0];
}

/* frame has called void __assert_fail(const char *expr, const char *file, int line, const char
 * *func). */
static bool read_assertion(struct ct_crash_scene *s, uint32_t frame)
{
	char expr[MAX_TEXT], file[MAX_TEXT], func[MAX_TEXT];
	uint64_t arg[4];

	if (frame >= s->n_regs || arguments(s, frame, arg) || !read_text(s, arg[0], expr) ||
		!read_text(s, arg[1], file) || !read_text(s, arg[3], func) || !arg[2] ||
		arg[2] > MAX_LINE)
		return false;
	s->crash.message = ct_sink_printf(s->o->sink, "Assertion failed: %s (%s: %s: %u)", expr,
		file, func, (unsigned)arg[2]);
	return true;
}

void ct_crash_assertion(struct ct_crash_scene *s)
{
	if (ct_crash_known(s) || !is_musl(s) || s->signal.number != SIGABRT)
		return;
	for (uint32_t i = 0; i + 1 < CT_MIN(s->stack.n, MOST_FRAMES); i++) {
		const char *symbol = ct_crash_symbol(s, i);

		if (!symbol || strcmp(symbol, "__assert_fail"))
			continue;
		if (read_assertion(s, i + 1)) {
			ct_crash_say(s, "the message is made of what its code gives __assert_fail");
			ct_crash_is(s, CT_CRASH_ASSERT, CT_TRUST_EXACT, "failed an assertion: %s",
				s->crash.message);
		}
		ct_crash_is(s, CT_CRASH_ASSERT, CT_TRUST_EXACT,
			"failed an assertion, which it has written to stderr");
	}
}
