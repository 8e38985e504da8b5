/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion.h"
#include "cli/output.h"
#include "rules/rules.h"

void ct_add_command_words(struct ct_str *s, const struct ct_command *command)
{
	if (!strcmp(command->args, "[COMMAND]"))
		for (size_t i = 0; i < ct_n_commands; i++)
			ct_str_add(s, "%s%s", i ? " " : "", ct_commands[i].name);
	else if (!strcmp(command->args, "[ID]"))
		for (size_t i = 0; i < ct_n_rules; i++)
			ct_str_add(s, "%s%s", i ? " " : "", ct_rules[i]->id);
	else if (!strstr(command->args, "CORE"))
		for (const char *p = command->args; *p; p++)
			ct_str_add(s, "%c", *p == '|' ? ' ' : *p);
}

bool ct_option_takes_dir(const struct ct_option *option)
{
	return option->value && !strcmp(option->value, "DIR");
}

bool ct_option_takes_file(const struct ct_option *option)
{
	return option->value && !strcmp(option->value, "FILE");
}

int ct_cmd_completion(const struct ct_args *args)
{
	static const struct {
		const char *shell;
		void (*add)(struct ct_str *s);
	} rows[] = {{"bash", ct_add_bash_completion}, {"zsh", ct_add_zsh_completion}};
	ct_autostr script = {0};

	for (size_t i = 0; args->words.n == 1 && i < CT_COUNT(rows); i++)
		if (!strcmp(args->words.items[0], rows[i].shell)) {
			rows[i].add(&script);
			return ct_output_text(args, &script);
		}
	return ct_usage(
		args->command, "coretool completion takes the name of a shell: bash or zsh");
}
