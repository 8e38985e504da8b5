/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exception that nobody caught: its type and what it says.
 *
 * std::terminate() is entered with the exception "caught" (__cxa_begin_catch), so that it is the
 * first in the thread's __cxa_eh_globals, which libstdc++ has in the static thread-local storage
 * below the thread pointer; and throw's own frames refer to it. Neither needs a symbol: the header
 * before the object has a class of eight letters (Itanium C++ ABI, 2.2.1; libsupc++/unwind-cxx.h).
 */
#include <inttypes.h>
#include <signal.h>

#include "observe/crash.h"
#include "target/symbols.h"

/* struct __cxa_exception of 64-bit machines: what is before the object. */
#define HEADER        112 /* bytes before the object */
#define UNWIND_HEADER 32  /* bytes before the object: exception_class first */
#define GNU_CXX       UINT64_C(0x474e5543432b2b00) /* "GNUCC++\0" */
#define TLS_BYTES     8192 /* below the thread pointer that are looked through */
#define STACK_BYTES   16384
#define MAX_NAME      512
#define MAX_WHAT      512
#define MAX_BASES     8 /* of a class, one after another */

struct exception {
	uint64_t object, type; /* addresses; type: of its std::type_info */
	char name[MAX_NAME];   /* mangled */
};

/* Is this mangled name one of a type? Then it is a string of letters, digits and underscores. */
static bool read_type_name(struct ct_crash_scene *s, uint64_t type, char *name, size_t size)
{
	uint64_t at;

	if (ct_read_u64(s->target, type + 8, &at) || ct_read_string(s->target, at, name, size))
		return false;
	/* A type of a single file's own begins with a star. */
	if (*name == '*')
		memmove(name, name + 1, strlen(name));
	for (const char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$",
			    *p))
			return false;
	return *name;
}

/* Is an exception of C++ at this address? */
static bool read_exception(struct ct_crash_scene *s, uint64_t object, struct exception *ret)
{
	uint64_t class;

	if (object % 8 || object < HEADER ||
		ct_read_u64(s->target, object - UNWIND_HEADER, &class) || class != GNU_CXX ||
		ct_read_u64(s->target, object - HEADER, &ret->type))
		return false;
	ret->object = object;
	return read_type_name(s, ret->type, ret->name, sizeof(ret->name));
}

/* The exception that the thread has caught last, as __cxa_eh_globals has it. */
static bool find_caught(struct ct_crash_scene *s, struct exception *ret)
{
	uint64_t tp = s->arch->thread_pointer(&s->regs), word;

	for (uint64_t at = tp - 8; tp && at >= tp - TLS_BYTES; at -= 8) {
		/* caughtExceptions, and behind it a count. */
		if (ct_read_u64(s->target, at, &word))
			return false;
		if (word && read_exception(s, word + HEADER, ret))
			return true;
	}
	return false;
}

/* Words of the stack that refer to an exception's object or to its unwind header. */
static bool find_on_stack(
	struct ct_crash_scene *s, uint64_t from, uint64_t to, struct exception *ret)
{
	uint64_t word;

	for (uint64_t at = from; at < to && at - from < STACK_BYTES; at += 8) {
		if (ct_read_u64(s->target, at, &word))
			return false;
		if (word && (read_exception(s, word, ret) ||
				    read_exception(s, word + UNWIND_HEADER, ret)))
			return true;
	}
	return false;
}

/* "std::runtime_error" */
static const char *plain_name(struct ct_crash_scene *s, const char *mangled)
{
	static const char prefix[] = "typeinfo for ";
	struct ct_arena *arena = ct_sink_arena(s->o->sink);
	const char *symbol = ct_arena_printf(arena, "_ZTI%s", mangled);
	const char *name = symbol ? ct_symbol_demangle(arena, symbol) : mangled;

	if (!strncmp(name, prefix, strlen(prefix)))
		name += strlen(prefix);
	return ct_sink_string(s->o->sink, symbol && !strcmp(name, symbol) ? mangled : name);
}

static bool symbol_is(struct ct_crash_scene *s, uint64_t addr, enum ct_symbol_kind kind,
	const char *const *names, size_t n)
{
	struct ct_symbol symbol;

	if (ct_symbol_at(s->target, addr, kind, &symbol))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strncmp(symbol.name, names[i], strlen(names[i])))
			return true;
	return false;
}

/*
 * Does the type derive from one of the two whose text is in the object, with no other base beside
 * it? (struct __si_class_type_info: the base follows the name.)
 */
static bool has_text(struct ct_crash_scene *s, const struct exception *e)
{
	static const char *const single[] = {"_ZTVN10__cxxabiv120__si_class_type_infoE"};
	uint64_t type = e->type, table;
	char name[MAX_NAME];

	for (int i = 0; i < MAX_BASES; i++) {
		if (!read_type_name(s, type, name, sizeof(name)))
			return false;
		if (!strcmp(name, "St13runtime_error") || !strcmp(name, "St11logic_error"))
			return true;
		if (ct_read_u64(s->target, type, &table) ||
			!symbol_is(s, table, CT_SYMBOL_DATA, single, 1) ||
			ct_read_u64(s->target, type + 16, &type))
			return false;
	}
	return false;
}

/* what() of these returns the text in the object; a class of its own may say something else. */
static bool says_its_text(struct ct_crash_scene *s, const struct exception *e)
{
	static const char *const known[] = {
		"_ZNKSt13runtime_error4whatEv", "_ZNKSt11logic_error4whatEv"};
	uint64_t table, what;

	/* The table's functions: two destructors, then what(). */
	return !ct_read_u64(s->target, e->object, &table) &&
	       !ct_read_u64(s->target, table + 16, &what) &&
	       symbol_is(s, what, CT_SYMBOL_CODE, known, CT_COUNT(known));
}

/* The value of an exception whose type needs no code to be read. NULL: it does. */
static const char *value_of(struct ct_crash_scene *s, const struct exception *e)
{
	char text[MAX_WHAT];
	uint64_t at;
	int32_t number;

	if (!strcmp(e->name, "i") && !ct_read(s->target, e->object, &number, sizeof(number)))
		return ct_sink_printf(s->o->sink, "%d", number);
	if (!strcmp(e->name, "PKc") || !strcmp(e->name, "Pc") ||
		!strcmp(e->name, "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"))
		return !ct_read_u64(s->target, e->object, &at) &&
				       !ct_read_string(s->target, at, text, sizeof(text))
			       ? ct_sink_secret(s->o->sink, text)
			       : NULL;
	if (!strcmp(e->name, "St9bad_alloc"))
		return "std::bad_alloc";
	if (!has_text(s, e) || !says_its_text(s, e) || ct_read_u64(s->target, e->object + 8, &at) ||
		ct_read_string(s->target, at, text, sizeof(text)))
		return NULL;
	return ct_sink_secret(s->o->sink, text);
}

/* The first of the frames whose symbol begins with one of these; CT_NONE. */
static uint32_t frame_of(struct ct_crash_scene *s, const char *const *names, size_t n)
{
	for (uint32_t i = 0; i < s->n_regs; i++) {
		const char *symbol = ct_crash_symbol(s, i);

		for (size_t k = 0; symbol && k < n; k++)
			if (!strncmp(symbol, names[k], strlen(names[k])))
				return i;
	}
	return CT_NONE;
}

static void say_exception(struct ct_crash_scene *s, const struct exception *e, bool caught)
{
	s->crash.type = plain_name(s, e->name);
	s->crash.what = value_of(s, e);
	ct_crash_say(s, "the exception is at 0x%" PRIx64 ", found %s by its header", e->object,
		caught ? "in the thread's list of exceptions" : "on the stack");
	ct_crash_is(s, CT_CRASH_EXCEPTION, caught ? CT_TRUST_EXACT : CT_TRUST_INFERRED,
		"threw an exception that nobody caught: %s%s%s", s->crash.type,
		s->crash.what ? ": " : "", s->crash.what ? s->crash.what : "");
}

/* It may be the cause: without names of the library's functions nothing tells. */
static void say_caught(struct ct_crash_scene *s, const struct exception *e)
{
	const char *what = value_of(s, e);

	ct_crash_say(s, "it was handling an exception of type %s%s%s", plain_name(s, e->name),
		what ? ": " : "", what ? what : "");
}

void ct_crash_exception(struct ct_crash_scene *s)
{
	static const char *const throwing[] = {"__cxa_throw", "__cxa_rethrow",
		"__cxa_call_terminate", "_Unwind_RaiseException", "_Unwind_Resume",
		"__gxx_personality"};
	static const char *const ending[] = {"_ZSt9terminatev", "_ZN10__cxxabiv111__terminate",
		"_ZN9__gnu_cxx27__verbose_terminate_handlerEv"};
	struct exception e;

	if (ct_crash_known(s) || s->signal.number != SIGABRT || !s->stack.n)
		return;
	uint32_t thrown = frame_of(s, throwing, CT_COUNT(throwing));
	uint32_t ended = frame_of(s, ending, CT_COUNT(ending));
	bool caught = find_caught(s, &e);
	if (caught && thrown == CT_NONE)
		say_caught(s, &e);
	if (thrown == CT_NONE && ended == CT_NONE)
		return;
	if (thrown != CT_NONE && (caught || find_on_stack(s, ct_reg(&s->regs, s->arch->sp),
						    s->stack.frames[thrown].cfa, &e))) {
		say_exception(s, &e, caught);
		return;
	}
	if (thrown != CT_NONE) {
		ct_crash_is(s, CT_CRASH_EXCEPTION, CT_TRUST_INFERRED,
			"threw an exception that nobody caught");
		return;
	}
	ct_crash_is(s, CT_CRASH_TERMINATE, CT_TRUST_EXACT,
		"called std::terminate() without an exception (a std::thread that was neither "
		"joined nor detached, for one)");
}
