/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion.h"
#include "cli/help.h"

/* Text inside '…[…]' of _arguments, where brackets and colons mean something and a quote ends it.
 */
static void add_quoted(struct ct_str *s, const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			ct_str_add(s, "'\\''");
		else if (strchr("[]:\\", *text))
			ct_str_add(s, "\\%c", *text);
		else
			ct_str_add_bytes(s, text, 1);
}

static void add_spec(struct ct_str *s, const struct ct_command *command, enum ct_option_id id,
	const char *name, const char *joint)
{
	const struct ct_option *o = &ct_options_table[id];
	ct_autostr choices = {0};

	ct_add_choices(&choices, command, id, " ");
	ct_str_add(s, "\t\t\t'%s%s%s[", o->kind == CT_TAKES_LIST ? "*" : "", name,
		o->value ? joint : "");
	add_quoted(s, o->summary);
	ct_str_add(s, "]");
	if (o->value)
		ct_str_add(s, ":%s:", o->value);
	if (choices.len)
		ct_str_add(s, "(%s)", ct_str_text(&choices));
	else if (ct_option_takes_dir(o))
		ct_str_add(s, "_files -/");
	else if (ct_option_takes_file(o))
		ct_str_add(s, "_files");
	ct_str_add(s, "'\n");
}

static void add_command(struct ct_str *s, const struct ct_command *command)
{
	ct_autostr words = {0};

	ct_add_command_words(&words, command);
	ct_str_add(s, "\t%s)\n\t\toptions=(\n", command->name);
	for (int i = 0; i < CT_N_OPTIONS; i++) {
		const struct ct_option *o = &ct_options_table[i];
		char name[64];

		if (!ct_command_takes(command, i))
			continue;
		snprintf(name, sizeof(name), "--%s", o->name);
		add_spec(s, command, i, name, "=");
		snprintf(name, sizeof(name), "-%c", o->letter);
		if (o->letter)
			add_spec(s, command, i, name, "+");
	}
	ct_str_add(s, "\t\t)\n\t\tplaces=(%s) ;;\n", ct_str_text(&words));
}

static void add_names(struct ct_str *s, const char *between)
{
	for (size_t i = 0; i < ct_n_commands; i++)
		ct_str_add(s, "%s%s", i ? between : "", ct_commands[i].name);
}

void ct_add_zsh_completion(struct ct_str *s)
{
	ct_str_add(s, "#compdef coretool\n"
		      "_coretool() {\n"
		      "\tlocal command= word state\n"
		      "\tlocal -a options places line\n"
		      "\tfor word in ${words[2,CURRENT-1]}; do\n"
		      "\t\tcase $word in\n\t\t");
	add_names(s, "|");
	ct_str_add(s, ") command=$word; break ;;\n\t\tesac\n\tdone\n"
		      "\tcase ${command:-analyze} in\n");
	for (size_t i = 0; i < ct_n_commands; i++)
		add_command(s, &ct_commands[i]);
	ct_str_add(s, "\tesac\n"
		      "\t_arguments -s -S $options '*:word:->word' && return 0\n"
		      "\t[[ $state == word ]] || return 1\n"
		      "\tif (( $#places )); then\n"
		      "\t\tcompadd -- $places\n"
		      "\telse\n"
		      "\t\t[[ -z $command ]] && compadd -- ");
	add_names(s, " ");
	ct_str_add(s, "\n\t\t_files\n\tfi\n}\n"
		      "if [[ $funcstack[1] == _coretool ]]; then\n\t_coretool \"$@\"\nelse\n"
		      "\tcompdef _coretool coretool\nfi\n");
}
