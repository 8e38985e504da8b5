/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of panics and fatal errors by the words of the runtime and of package sync, which have
 * not changed from Go 1.15 to 1.27. */
#include "runtime/go/panic.h"

static const struct words {
	const char *part, *class;
} panics[] = {
	{"send on closed channel", "send-on-closed"},
	{"close of closed channel", "close-of-closed"},
	{"close of nil channel", "close-of-nil"},
	{"sync: negative WaitGroup counter", "negative-waitgroup"},
	{"sync: WaitGroup misuse", "waitgroup-misuse"},
	{"sync: WaitGroup is reused", "waitgroup-misuse"},
	{"assignment to entry in nil map", "nil-map-write"},
	{"nil pointer dereference", "nil-dereference"},
	{"fault address", "fault"}, /* by debug.SetPanicOnFault() */
	{"makeslice: ", "bad-size"},
	{"growslice: ", "bad-size"},
	{"makechan: ", "bad-size"},
	{"out of range", "bounds"},
	{"cannot convert slice", "bounds"},
	{"negative shift amount", "negative-shift"},
	{"integer divide by zero", "divide"},
	{"interface conversion", "type-assertion"},
	{"unhashable type", "uncomparable"},
	{"comparing uncomparable type", "uncomparable"},
};

static const struct words fatal[] = {
	{"unlock of unlocked", "unlock-of-unlocked"},
	{"Unlock of unlocked", "unlock-of-unlocked"},
	{"concurrent map", "concurrent-map"},
	{"checkptr: ", "bad-pointer"},
	{"found bad pointer", "bad-pointer"},
	{"found pointer to free object", "bad-pointer"},
	{"invalid pointer found on stack", "bad-pointer"},
	{"stack overflow", "stack-overflow"},
	{"all goroutines are asleep", "all-asleep"},
	{"no goroutines (main called", "all-asleep"},
	{"out of memory", "out-of-memory"},
	{"cannot allocate", "out-of-memory"},
	{"cannot map pages", "out-of-memory"},
	{"thread exhaustion", "thread-exhaustion"},
	{"newosproc", "thread-exhaustion"},
	{"unexpected signal", "runtime-fault"},
};

static const char *find(const struct words *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(text, list[i].part))
			return list[i].class;
	return NULL;
}

const char *ct_go_panic_class(const char *value, const char *type)
{
	const char *class = NULL;

	/* Package sync panics with strings. */
	if (!strncmp(type, "runtime.", 8) || !strncmp(type, "*runtime.", 9) ||
		(!strcmp(type, "string") && !strncmp(value, "sync: ", 6)))
		class = find(panics, CT_COUNT(panics), value);
	if (!class && !strcmp(type, "runtime.boundsError"))
		class = "bounds";
	if (!class && !strcmp(type, "*runtime.TypeAssertionError"))
		class = "type-assertion";
	if (!class && !strcmp(type, "maps.unhashableTypeError"))
		class = "uncomparable";
	return class ? class : "panic";
}

const char *ct_go_fatal_class(const char *message)
{
	const char *class =
		!strcmp(message, "fault") ? "fault" : find(fatal, CT_COUNT(fatal), message);

	return class ? class : "fatal-error";
}
