/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readable names by libiberty. The readable form has no parameters, no return type and no clone
 * suffix: "ns::Class<int>::method", the form that people search their source for.
 */
#include <libiberty/demangle.h>
#include <setjmp.h>

#include "base/arena.h"
#include "base/str.h"
#include "target/symbols.h"

/*
 * A mangled name can stand for a text that is exponentially longer, and its nesting is the
 * demangler's recursion: 4 KiB of it need less than 1 MiB of stack.
 */
#define MAX_MANGLED  4096
#define MAX_READABLE 4096

struct readable {
	char text[MAX_READABLE];
	size_t len;
	bool cut;
	jmp_buf full;
};

/* libiberty has no other way to be stopped than not to return to it. It holds no memory then. */
static void append(const char *text, size_t len, void *arg)
{
	struct readable *readable = arg;
	size_t room = sizeof(readable->text) - readable->len;

	memcpy(readable->text + readable->len, text, CT_MIN(len, room));
	readable->len += CT_MIN(len, room);
	readable->cut = len > room;
	if (readable->cut)
		longjmp(readable->full, 1);
}

static bool demangle(const char *name, struct readable *readable)
{
	const int options = DMGL_NO_OPTS | DMGL_NO_RECURSE_LIMIT;

	if (setjmp(readable->full))
		return true;
	/* Rust's first mangling is C++'s with a hash for its last part: ask for Rust first. */
	if (rust_demangle_callback(name, options, append, readable))
		return true;
	readable->len = 0;
	return cplus_demangle_v3_callback(name, options, append, readable);
}

/* The compiler's tags of library versions ("name[abi:cxx11]") are not in the source either. */
static void add_untagged(struct ct_str *text, const char *name, size_t len)
{
	static const char tag[] = "[abi:";

	while (len) {
		const char *start = memmem(name, len, tag, sizeof(tag) - 1);
		const char *end = start ? memchr(start, ']', len - (size_t)(start - name)) : NULL;
		size_t plain = end ? (size_t)(start - name) : len;
		size_t done = end ? (size_t)(end + 1 - name) : len;

		ct_str_add_clean(text, name, plain, MAX_READABLE);
		name += done;
		len -= done;
	}
}

const char *ct_symbol_demangle(struct ct_arena *arena, const char *name)
{
	struct readable readable = {.len = 0};
	size_t len = strnlen(name, MAX_MANGLED);
	ct_autostr text = {0};

	if (len < MAX_MANGLED && name[0] == '_' && (name[1] == 'Z' || name[1] == 'R') &&
		demangle(name, &readable))
		add_untagged(&text, readable.text, readable.len);
	else
		ct_str_add_clean(&text, name, len, MAX_READABLE);
	if (readable.cut || len == MAX_MANGLED)
		ct_str_add(&text, "…");
	const char *ret = ct_arena_strndup(arena, ct_str_text(&text), text.len);
	return ret ? ret : "";
}
