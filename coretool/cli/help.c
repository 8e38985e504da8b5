/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include "base/str.h"
#include "cli/output.h"

#define WIDTH 80

const struct ct_exit_row ct_exit_rows[] = {
	{CT_EXIT_OK, "analysed"},
	{CT_EXIT_FINDINGS, "analysed, with findings at or above --fail-on"},
	{CT_EXIT_FAILED, "could not be analysed"},
	{CT_EXIT_PARTIAL, "analysed in part, with --strict"},
	{CT_EXIT_USAGE, "wrong usage"},
	{CT_EXIT_WRITE, "the report could not be written"},
};
const size_t ct_n_exit_rows = CT_COUNT(ct_exit_rows);

void ct_add_choices(struct ct_str *s, const struct ct_command *command, enum ct_option_id id,
	const char *between)
{
	const struct ct_option *o = &ct_options_table[id];
	const char *separator = "";
	unsigned documents = command ? command->documents : ~0u;

	for (const char *const *choice = o->choices; choice && *choice; choice++) {
		ct_str_add(s, "%s%s", separator, *choice);
		separator = between;
	}
	for (size_t i = 0; id == CT_OPTION_FORMAT && i < ct_n_formats; i++)
		if (ct_formats[i]->documents & documents) {
			ct_str_add(s, "%s%s", separator, ct_formats[i]->name);
			separator = between;
		}
	if (id == CT_OPTION_FORMAT && command && command->own_format)
		ct_str_add(s, "%s%s", separator, command->own_format);
}

/* Text in lines of WIDTH, all but the first after an indent; '\n' starts a paragraph. */
static void add_wrapped(struct ct_str *s, const char *text, size_t column, size_t indent)
{
	while (*text) {
		size_t len = strcspn(text, " \n");

		if (column > indent && column + 1 + len > WIDTH) {
			ct_str_add(s, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			ct_str_add(s, " ");
			column++;
		}
		ct_str_add_bytes(s, text, len);
		column += len;
		text += len;
		if (*text == '\n') {
			ct_str_add(s, "\n\n%*s", (int)indent, "");
			column = indent;
		}
		text += *text != '\0';
	}
	ct_str_add(s, "\n");
}

static void add_row(struct ct_str *s, const char *name, const char *text, size_t indent)
{
	size_t start = s->len;

	ct_str_add(s, "  %s", name);
	if (s->len - start + 2 > indent) {
		ct_str_add(s, "\n");
		start = s->len;
	}
	ct_str_add(s, "%*s", (int)(indent - (s->len - start)), "");
	add_wrapped(s, text, indent, indent);
}

static void add_options(struct ct_str *s, const struct ct_command *command)
{
	for (int i = 0; i < CT_N_OPTIONS; i++) {
		const struct ct_option *o = &ct_options_table[i];
		ct_autostr name = {0}, text = {0}, choices = {0};

		if (!ct_command_takes(command, i))
			continue;
		if (o->letter)
			ct_str_add(&name, "-%c, ", o->letter);
		ct_str_add(
			&name, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
		ct_add_choices(&choices, command, i, ", ");
		ct_str_add(
			&text, choices.len ? "%s (%s)" : "%s", o->summary, ct_str_text(&choices));
		add_row(s, ct_str_text(&name), ct_str_text(&text), 28);
	}
}

static void add_exit_rows(struct ct_str *s)
{
	char number[16];

	ct_str_add(s, "\nExit status:\n");
	for (size_t i = 0; i < CT_COUNT(ct_exit_rows); i++) {
		snprintf(number, sizeof(number), "%d", ct_exit_rows[i].status);
		add_row(s, number, ct_exit_rows[i].text, 8);
	}
}

static void add_command_help(struct ct_str *s, const struct ct_command *command)
{
	ct_str_add(s, "coretool %s: %s\n\n", command->name, command->summary);
	ct_str_add(s, "Usage: coretool %s%s%s [OPTION]...\n\n", command->name,
		*command->args ? " " : "", command->args);
	add_wrapped(s, command->help, 0, 0);
	ct_str_add(s, "\nOptions:\n");
	add_options(s, command);
	add_exit_rows(s);
}

static void add_overview(struct ct_str *s)
{
	ct_str_add(s, "coretool: who waits for what in a core of a hung or crashed process, who "
		      "holds it,\nand how that is known\n\n");
	ct_str_add(s, "Usage: coretool [COMMAND] CORE [EXE] [OPTION]...\n\nCommands:\n");
	for (size_t i = 0; i < ct_n_commands; i++)
		add_row(s, ct_commands[i].name, ct_commands[i].summary, 16);
	ct_str_add(s, "\nOptions of analyze, the command when none is named:\n");
	add_options(s, ct_command_find("analyze"));
	add_exit_rows(s);
	ct_str_add(s, "\ncoretool help COMMAND says more about a command.\n");
}

static int print(const struct ct_str *s)
{
	static const struct ct_args args = {0};

	return ct_output_text(&args, s);
}

int ct_print_help(const struct ct_command *command)
{
	ct_autostr s = {0};

	if (command)
		add_command_help(&s, command);
	else
		add_overview(&s);
	return print(&s);
}

int ct_print_version(void)
{
	ct_autostr s = {0};

	ct_str_add(&s, "coretool %s\n", ct_version());
	return print(&s);
}
