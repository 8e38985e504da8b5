/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library's last words. glibc keeps what it wrote before abort() in __abort_msg (assert.c,
 * libc_fatal.c; exported as GLIBC_PRIVATE since 2.14): a size and the text. It is there for exactly
 * this.
 */
#include <signal.h>

#include "observe/crash.h"
#include "target/symbols.h"

#define MAX_MESSAGE 1024

/* What the text says of the class; the first that is found. (glibc 2.31 to 2.43) */
static const struct {
	const char *part;
	enum ct_crash_class class;
	const char *cause;
} messages[] = {
	{"Assertion `", CT_CRASH_ASSERT, "failed an assertion"},
	{"stack smashing detected", CT_CRASH_STACK_SMASH,
		"found its stack overwritten (the stack protector's canary has changed)"},
	{"buffer overflow detected", CT_CRASH_BUFFER_OVERFLOW,
		"would have written behind the end of a buffer (a fortified function noticed)"},
	{"invalid %N$ use detected", CT_CRASH_BUFFER_OVERFLOW, "used a format with %N$ wrongly"},
	{"%n in writable segment", CT_CRASH_BUFFER_OVERFLOW,
		"used %n in a format that could be written"},
	{"double free", CT_CRASH_HEAP, "freed memory twice, or its heap is corrupted"},
	{"malloc", CT_CRASH_HEAP, "found its heap corrupted"},
	{"free", CT_CRASH_HEAP, "found its heap corrupted, or freed what is no heap memory"},
	{"realloc", CT_CRASH_HEAP, "found its heap corrupted"},
	{"calloc", CT_CRASH_HEAP, "found its heap corrupted"},
	{"corrupted", CT_CRASH_HEAP, "found its heap corrupted"},
	{"munmap_chunk", CT_CRASH_HEAP,
		"found its heap corrupted, or freed what is no heap memory"},
	{"mremap_chunk", CT_CRASH_HEAP, "found its heap corrupted"},
	{"memalign", CT_CRASH_HEAP, "found its heap corrupted"},
};

/* The text, without blanks at its end. False: there is none. */
static bool read_message(struct ct_crash_scene *s, char *text, size_t size)
{
	const struct ct_module *libc = ct_module_named(s->target, "libc.so.6");
	struct ct_symbol symbol;
	uint64_t at;
	uint32_t room;

	if (ct_symbol_find(s->target, libc, "__abort_msg", CT_SYMBOL_DATA, &symbol) ||
		ct_read_u64(s->target, symbol.start, &at) || !at ||
		ct_read_u32(s->target, at, &room) || !room ||
		ct_read_string(s->target, at + sizeof(room), text, size))
		return false;
	size_t len = strlen(text);
	while (len && strchr(" \n\r\t", text[len - 1]))
		text[--len] = '\0';
	return len;
}

void ct_crash_message(struct ct_crash_scene *s)
{
	char text[MAX_MESSAGE];

	if (ct_crash_known(s) || s->signal.number != SIGABRT ||
		!read_message(s, text, sizeof(text)))
		return;
	s->crash.message = ct_sink_secret(s->o->sink, text);
	ct_crash_say(s, "glibc keeps this message in __abort_msg");
	for (size_t i = 0; i < CT_COUNT(messages); i++)
		if (strstr(text, messages[i].part))
			ct_crash_is(s, messages[i].class, CT_TRUST_EXACT, "%s: %s",
				messages[i].cause, s->crash.message);
	ct_crash_is(s, CT_CRASH_FATAL, CT_TRUST_EXACT, "was stopped by the C library: %s",
		s->crash.message);
}
