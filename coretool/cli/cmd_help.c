/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"
#include "cli/nearest.h"

int ct_cmd_help(const struct ct_args *args)
{
	if (!args->words.n)
		return ct_print_help(NULL);
	if (args->words.n > 1)
		return ct_usage(args->command, "coretool help takes one command or none");
	const char *word = args->words.items[0];
	const struct ct_command *command = ct_command_find(word);
	if (command)
		return ct_print_help(command);
	struct ct_nearest nearest = {.word = word};
	for (size_t i = 0; i < ct_n_commands; i++)
		ct_nearest_try(&nearest, ct_commands[i].name);
	return ct_usage(NULL, "there is no command '%s'%s%s%s", word,
		nearest.best ? "; did you mean " : "", nearest.best ? nearest.best : "",
		nearest.best ? "?" : "");
}
