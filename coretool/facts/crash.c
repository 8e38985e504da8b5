/* SPDX-License-Identifier: Apache-2.0 */
#include "facts/crash.h"

const char *ct_crash_class_name(enum ct_crash_class class)
{
	static const char *const names[] = {
		[CT_CRASH_NULL] = "null-pointer",
		[CT_CRASH_NON_CANONICAL] = "non-canonical",
		[CT_CRASH_POISONED] = "poisoned-pointer",
		[CT_CRASH_FREED] = "freed-pointer",
		[CT_CRASH_TEXT] = "text-pointer",
		[CT_CRASH_UNMAPPED] = "unmapped",
		[CT_CRASH_READ_ONLY] = "write-to-read-only",
		[CT_CRASH_NO_ACCESS] = "no-access",
		[CT_CRASH_NO_EXEC] = "no-exec",
		[CT_CRASH_BAD_JUMP] = "bad-jump",
		[CT_CRASH_BAD_RETURN] = "bad-return",
		[CT_CRASH_STACK_OVERFLOW] = "stack-overflow",
		[CT_CRASH_DIVIDE_ZERO] = "divide-by-zero",
		[CT_CRASH_DIVIDE_OVERFLOW] = "divide-overflow",
		[CT_CRASH_FLOAT] = "float-exception",
		[CT_CRASH_ILLEGAL] = "illegal-instruction",
		[CT_CRASH_TRAP] = "trap",
		[CT_CRASH_BREAKPOINT] = "breakpoint",
		[CT_CRASH_PRIVILEGED] = "privileged-instruction",
		[CT_CRASH_UNALIGNED] = "unaligned",
		[CT_CRASH_FILE_TRUNCATED] = "file-truncated",
		[CT_CRASH_HARDWARE] = "hardware-error",
		[CT_CRASH_BAD_SYSCALL] = "bad-system-call",
		[CT_CRASH_FAULT] = "fault",
		[CT_CRASH_ASSERT] = "assert",
		[CT_CRASH_HEAP] = "heap-corruption",
		[CT_CRASH_STACK_SMASH] = "stack-smash",
		[CT_CRASH_BUFFER_OVERFLOW] = "buffer-overflow",
		[CT_CRASH_FATAL] = "fatal-message",
		[CT_CRASH_EXCEPTION] = "uncaught-exception",
		[CT_CRASH_TERMINATE] = "terminate",
		[CT_CRASH_PANIC] = "rust-panic",
		[CT_CRASH_ABORT] = "abort",
		[CT_CRASH_GO] = "panic",
		[CT_CRASH_GO_ASLEEP] = "all-asleep",
		[CT_CRASH_RAISED] = "raised",
	};

	_Static_assert(CT_COUNT(names) == CT_N_CRASH_CLASSES, "one name for each class");
	return names[class];
}

bool ct_crash_is_sure(enum ct_crash_class class)
{
	return class != CT_CRASH_ABORT && class != CT_CRASH_RAISED && class != CT_CRASH_GO_ASLEEP;
}
