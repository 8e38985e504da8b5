/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A panic of Rust that aborts (panic = "abort", a panic while unwinding, one that must not leave a
 * function of C). The frames of std's panicking.rs tell that it is one; its message, formatted for
 * the hook, is a String or &str on the stack between them, its place a core::panic::Location that
 * they point to. Layouts are the compiler's: what does not show itself alone is not told.
 */
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>

#include "observe/crash.h"

#define MAX_TEXT     4096
#define MAX_REGION   16384      /* bytes of the stack that are looked through */
#define MAX_NUMBER   (1u << 20) /* of a line */
#define MAX_CAPACITY (UINT64_C(1) << 32)

static const char *const hooks[] = {
	"std::panicking::panic_with_hook", "std::panicking::rust_panic_with_hook"};
static const char *const handlers[] = {
	"rust_begin_unwind", "__rustc::rust_begin_unwind", "std::panicking::begin_panic"};
/* What is between the program and the handler. */
static const char *const callers[] = {"core::panicking::", "core::option::", "core::result::",
	"core::slice::", "core::str::", "alloc::", "rust_begin_unwind",
	"__rustc::rust_begin_unwind", "std::panicking::"};

static const char *function_of(struct ct_crash_scene *s, uint32_t frame)
{
	const struct ct_unwound_frame *f = &s->stack.frames[frame];

	return ct_sink_get_site(s->o->sink, ct_observe_site(s->o, f->pc, f->is_call))->function;
}

static bool begins(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; name && i < n; i++)
		if (!strncmp(name, list[i], strlen(list[i])))
			return true;
	return false;
}

static uint32_t frame_of(struct ct_crash_scene *s, uint32_t from, const char *const *list, size_t n)
{
	for (uint32_t i = from; i < s->n_regs; i++)
		if (begins(function_of(s, i), list, n))
			return i;
	return CT_NONE;
}

/* n bytes of text; false: they are none. */
static bool read_text(struct ct_crash_scene *s, uint64_t at, uint64_t n, char *ret, size_t size)
{
	if (!n || n >= size || ct_read(s->target, at, ret, n))
		return false;
	for (uint64_t i = 0; i < n; i++)
		if ((unsigned char)ret[i] < ' ' && ret[i] != '\n' && ret[i] != '\t')
			return false;
	ret[n] = '\0';
	return true;
}

/* A core::panic::Location: file, line, column. */
static const char *read_location(struct ct_crash_scene *s, uint64_t at)
{
	struct {
		uint64_t file, n;
		uint32_t line, column;
	} l;
	char text[MAX_TEXT];

	if (at % 8 || ct_read(s->target, at, &l, sizeof(l)) || l.line - 1 >= MAX_NUMBER ||
		l.column - 1 >= MAX_NUMBER || l.n < 4 ||
		!read_text(s, l.file, l.n, text, sizeof(text)) ||
		strcmp(text + l.n - 3, ".rs") != 0)
		return NULL;
	return ct_sink_printf(s->o->sink, "%s:%u:%u", text, l.line, l.column);
}

static bool is_writable(struct ct_crash_scene *s, uint64_t addr)
{
	const struct ct_map *map = ct_target_map_at(s->target, addr);

	return map && map->prot > 0 && map->prot & PROT_WRITE;
}

/* A String: capacity and pointer in either order, then the length. */
static const char *read_string(struct ct_crash_scene *s, const uint64_t words[3])
{
	uint64_t capacity = words[0], at = words[1];
	char text[MAX_TEXT];

	if (!is_writable(s, at)) {
		capacity = words[1];
		at = words[0];
	}
	if (!is_writable(s, at) || capacity < words[2] || capacity > MAX_CAPACITY ||
		!read_text(s, at, words[2], text, sizeof(text)))
		return NULL;
	return ct_sink_secret(s->o->sink, text);
}

/* A literal: pointer and length. */
static const char *read_literal(struct ct_crash_scene *s, const uint64_t words[3])
{
	char text[MAX_TEXT];

	if (!ct_module_at(s->target, words[0]) || is_writable(s, words[0]) ||
		!read_text(s, words[0], words[1], text, sizeof(text)))
		return NULL;
	return ct_sink_string(s->o->sink, text);
}

/* The one that the words of the panic's frames show; NULL: none, or several. */
static const char *only(const char *found, const char *next, bool *several)
{
	if (found && next && strcmp(found, next) != 0)
		*several = true;
	return found ? found : next;
}

static void read_panic(struct ct_crash_scene *s, uint64_t from, uint64_t to, const char **place)
{
	bool places = false, messages = false, literals = false;
	const char *message = NULL, *literal = NULL;
	uint64_t words[3];

	*place = NULL;
	for (uint64_t at = from; at < to && at - from < MAX_REGION; at += 8) {
		if (ct_read(s->target, at, words, sizeof(words)))
			break;
		*place = only(*place, read_location(s, words[0]), &places);
		message = only(message, read_string(s, words), &messages);
		literal = only(literal, read_literal(s, words), &literals);
	}
	if (places)
		*place = NULL;
	/* A message that was put together comes before the pieces that it is made of. */
	s->crash.message = message ? message : literal;
	if (message ? messages : literals)
		s->crash.message = NULL;
}

void ct_crash_panic(struct ct_crash_scene *s)
{
	const char *place;

	if (ct_crash_known(s) || s->signal.number != SIGABRT || !s->stack.n)
		return;
	uint32_t hook = frame_of(s, 0, hooks, CT_COUNT(hooks));
	uint32_t handler =
		hook == CT_NONE ? CT_NONE : frame_of(s, hook, handlers, CT_COUNT(handlers));
	if (handler == CT_NONE)
		return;
	read_panic(
		s, ct_reg(&s->frame_regs[hook], s->arch->sp), s->stack.frames[handler].cfa, &place);
	s->frame = handler;
	while (s->frame + 1 < s->n_regs &&
		begins(function_of(s, s->frame), callers, CT_COUNT(callers)))
		s->frame++;
	s->crash.says_place = place;
	if (s->crash.message || place)
		ct_crash_say(s, "message and place are on the stack, in the frames of the panic");
	ct_crash_is(s, CT_CRASH_PANIC,
		s->crash.message || place ? CT_TRUST_INFERRED : CT_TRUST_EXACT, "panicked%s%s%s%s",
		place ? " at " : "", place ? place : "", s->crash.message ? ": " : "",
		s->crash.message ? s->crash.message : "");
}
