/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/words.h"

#include <sys/stat.h>

#include "source/sniff.h"

enum ct_word ct_word_kind(const char *word)
{
	struct stat st;
	ct_autofd int fd = -1;

	/* Opening a FIFO, if only to look, would cut its writer off. */
	if (!strcmp(word, "-") || stat(word, &st))
		return CT_WORD_CORE;
	if (S_ISDIR(st.st_mode))
		return CT_WORD_DIRECTORY;
	if (!S_ISREG(st.st_mode) || ct_sniff_open(word, &fd, NULL))
		return CT_WORD_CORE;
	return ct_sniff(fd) == CT_SNIFFED_ELF ? CT_WORD_PROGRAM : CT_WORD_CORE;
}

static enum ct_status too_many(const struct ct_args *args, const char *first, const char *second,
	bool programs, struct ct_error *err)
{
	if (programs)
		return ct_fail(err, CT_BAD_INPUT,
			"'%s' and '%s' are both ELF programs or libraries; neither is a core",
			first, second);
	return ct_fail(err, CT_USAGE,
		"coretool %s takes one core, not both '%s' and '%s'; coretool analyze takes "
		"several",
		args->command->name, first, second);
}

enum ct_status ct_words_one(const struct ct_args *args, const struct ct_list *words,
	struct ct_input *ret, struct ct_error *err)
{
	struct ct_input input = {0};

	if (args->session && words->n)
		return ct_fail(err, CT_USAGE, "'%s': coretool %s takes no core inside of gdb",
			words->items[0], args->command->name);
	for (size_t i = 0; i < words->n; i++) {
		bool program = ct_word_kind(words->items[i]) == CT_WORD_PROGRAM;
		const char **slot = program ? &input.exe : &input.core;

		if (*slot)
			return too_many(args, *slot, words->items[i], program, err);
		*slot = words->items[i];
	}
	if (!input.core && !input.exe && !args->session)
		return ct_fail(err, CT_USAGE, "coretool %s needs a core: coretool %s %s",
			args->command->name, args->command->name, args->command->args);
	if (input.core && input.exe && args->exe)
		return ct_fail(
			err, CT_USAGE, "two programs: '%s' and --exe '%s'", input.exe, args->exe);
	/* A program alone: opening it as a core says what is wrong. */
	if (!input.core && input.exe)
		input = (struct ct_input){.core = input.exe};
	if (args->exe)
		input.exe = args->exe;
	*ret = input;
	return CT_OK;
}
