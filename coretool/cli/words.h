/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of a command line stand for, told by the files themselves. */
#ifndef CT_CLI_WORDS_H
#define CT_CLI_WORDS_H

#include "cli/cli.h"

enum ct_word { CT_WORD_CORE, CT_WORD_PROGRAM, CT_WORD_DIRECTORY };

/* A core is everything that is no ELF program and no directory: opening it says what else it is. */
enum ct_word ct_word_kind(const char *word);

/* What a command works on. */
struct ct_input {
	const char *core;
	const char *exe;    /* NULL: not given */
	uint64_t goroutine; /* number of the one that the command is about; 0 */
	uint64_t address;   /* of what the command is about, when it is about one object; else 0 */
};

/* One core, perhaps with its program before or behind it (or in --exe). */
CT_WARN_UNUSED enum ct_status ct_words_one(const struct ct_args *args, const struct ct_list *words,
	struct ct_input *ret, struct ct_error *err);

#endif
