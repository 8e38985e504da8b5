/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/man.h"

#include "cli/help.h"

/* Text that means nothing to roff: '-' is to stay a hyphen that can be copied, a line may start
 * with '.' or '\''. */
static void add_text(struct ct_str *s, const char *text)
{
	bool line_start = true;

	for (; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			ct_str_add(s, "\\&");
		if (*text == '\n')
			ct_str_add(s, "\n.PP\n");
		else if (*text == '-')
			ct_str_add(s, "\\-");
		else if (*text == '\\')
			ct_str_add(s, "\\e");
		else
			ct_str_add_bytes(s, text, 1);
		line_start = *text == '\n';
	}
}

static void add_line(struct ct_str *s, const char *macro, const char *text)
{
	ct_str_add(s, "%s%s", macro, *macro ? " " : "");
	add_text(s, text);
	ct_str_add(s, "\n");
}

/* Bold and italic words side by side need no space between: \fB and \fI rather than .B and .I. */
static void add_option(struct ct_str *s, enum ct_option_id id)
{
	const struct ct_option *o = &ct_options_table[id];
	ct_autostr choices = {0};

	ct_str_add(s, ".TP\n");
	if (o->letter)
		ct_str_add(s, "\\fB\\-%c\\fR, ", o->letter);
	ct_str_add(s, "\\fB\\-\\-");
	add_text(s, o->name);
	ct_str_add(s, "\\fR");
	if (o->value)
		ct_str_add(s, " \\fI%s\\fR", o->value);
	ct_str_add(s, "\n");
	add_text(s, o->summary);
	ct_add_choices(&choices, NULL, id, ", ");
	if (choices.len) {
		ct_str_add(s, " (");
		add_text(s, ct_str_text(&choices));
		ct_str_add(s, ")");
	}
	ct_str_add(s, "\n");
}

static void add_command(struct ct_str *s, const struct ct_command *command)
{
	ct_str_add(s, ".SS \"coretool %s %s\"\n", command->name, command->args);
	add_line(s, "", command->help);
	ct_str_add(s, ".PP\nOptions:");
	for (int i = 0; i < CT_N_OPTIONS; i++)
		if (ct_command_takes(command, i)) {
			ct_str_add(s, " \\fB\\-\\-");
			add_text(s, ct_options_table[i].name);
			ct_str_add(s, "\\fR");
		}
	ct_str_add(s, "\n");
}

static void add_table(struct ct_str *s, const char *name, const char *text)
{
	add_line(s, ".TP\n.B", name);
	add_line(s, "", text);
}

static void add_environment(struct ct_str *s)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{"DEBUGINFOD_URLS",
			"Servers that are asked for files by build id; without it, none is."},
		{"NO_COLOR", "When it is set and not empty, --color auto means never."},
		{"TMPDIR", "Where compressed input is unpacked, to unnamed files; else /var/tmp."},
	};

	for (size_t i = 0; i < CT_COUNT(rows); i++)
		add_table(s, rows[i].name, rows[i].text);
}

void ct_add_man_page(struct ct_str *s)
{
	char number[16];

	ct_str_add(s, ".TH CORETOOL 1 \"\" \"coretool %s\" \"User Commands\"\n", ct_version());
	ct_str_add(s, ".SH NAME\ncoretool \\- who waits for what in a core of a hung process\n");
	ct_str_add(s, ".SH SYNOPSIS\n.B coretool\n[\\fICOMMAND\\fR] \\fICORE\\fR [\\fIEXE\\fR] "
		      "[\\fIOPTION\\fR]...\n");
	ct_str_add(s,
		".SH DESCRIPTION\nReads the core of a hung or crashed process and says which "
		"thread waits for what,\nwho holds it and how that is known, and which threads "
		"can never go on.\nNothing is run or changed.\n");
	ct_str_add(s, ".SH COMMANDS\n");
	for (size_t i = 0; i < ct_n_commands; i++)
		add_command(s, &ct_commands[i]);
	ct_str_add(s, ".SH OPTIONS\nOptions may stand before or after words.\n");
	for (int i = 0; i < CT_N_OPTIONS; i++)
		add_option(s, i);
	ct_str_add(s, ".SH EXIT STATUS\n");
	for (size_t i = 0; i < ct_n_exit_rows; i++) {
		snprintf(number, sizeof(number), "%d", ct_exit_rows[i].status);
		add_table(s, number, ct_exit_rows[i].text);
	}
	ct_str_add(s, ".SH ENVIRONMENT\n");
	add_environment(s);
	ct_str_add(s,
		".SH SEE ALSO\n.BR gdb (1),\n.BR gcore (1),\n.BR coredumpctl (1),\n.BR core (5)\n");
}
