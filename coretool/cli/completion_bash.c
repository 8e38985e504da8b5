/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion.h"
#include "cli/help.h"

/* Finds the command among the words before the cursor; "--option=" comes in three words. */
static const char head[] =
	"# bash completion for coretool; load it with: source <(coretool completion bash)\n"
	"_coretool()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal command= options= words= i\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n";

static const char tail[] =
	"\tif [[ $cur == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	"\telif [[ -n $words ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	"\telse\n"
	"\t\t[[ -z $command ]] && COMPREPLY=($(compgen -W \"$commands\" -- \"$cur\"))\n"
	"\t\tCOMPREPLY+=($(compgen -f -- \"$cur\"))\n"
	"\tfi\n"
	"}\n"
	"complete -o filenames -F _coretool coretool\n";

static void add_names(struct ct_str *s, const char *between)
{
	for (size_t i = 0; i < ct_n_commands; i++)
		ct_str_add(s, "%s%s", i ? between : "", ct_commands[i].name);
}

static void add_option_name(struct ct_str *s, const struct ct_option *o, const char *between)
{
	if (o->letter)
		ct_str_add(s, "-%c%s", o->letter, between);
	ct_str_add(s, "--%s", o->name);
}

/* case $prev: what the value of an option can be. */
static void add_values(struct ct_str *s)
{
	ct_str_add(s, "\tcase $prev in\n");
	for (int i = 0; i < CT_N_OPTIONS; i++) {
		const struct ct_option *o = &ct_options_table[i];
		ct_autostr choices = {0};

		if (!o->value)
			continue;
		ct_add_choices(&choices, NULL, i, " ");
		ct_str_add(s, "\t");
		add_option_name(s, o, "|");
		ct_str_add(s, ")\n");
		if (choices.len)
			ct_str_add(s, "\t\tCOMPREPLY=($(compgen -W \"%s\" -- \"$cur\"))\n",
				ct_str_text(&choices));
		else if (ct_option_takes_dir(o) || ct_option_takes_file(o))
			ct_str_add(s, "\t\tCOMPREPLY=($(compgen -%c -- \"$cur\"))\n",
				ct_option_takes_dir(o) ? 'd' : 'f');
		ct_str_add(s, "\t\treturn ;;\n");
	}
	ct_str_add(s, "\tesac\n");
}

static void add_command(struct ct_str *s, const struct ct_command *command)
{
	ct_autostr words = {0};

	ct_add_command_words(&words, command);
	ct_str_add(s, "\t%s)\n\t\toptions=\"", command->name);
	for (int i = 0; i < CT_N_OPTIONS; i++)
		if (ct_command_takes(command, i)) {
			add_option_name(s, &ct_options_table[i], " ");
			ct_str_add(s, " ");
		}
	ct_str_add(s, "\"\n\t\twords=\"%s\" ;;\n", ct_str_text(&words));
}

void ct_add_bash_completion(struct ct_str *s)
{
	ct_str_add(s, "%s\t\t", head);
	add_names(s, "|");
	ct_str_add(s, ")\n\t\t\tcommand=${COMP_WORDS[i]}\n\t\t\tbreak ;;\n\t\tesac\n\tdone\n");
	add_values(s);
	ct_str_add(s, "\tlocal commands=\"");
	add_names(s, " ");
	ct_str_add(s, "\"\n\tcase ${command:-analyze} in\n");
	for (size_t i = 0; i < ct_n_commands; i++)
		add_command(s, &ct_commands[i]);
	ct_str_add(s, "\tesac\n%s", tail);
}
