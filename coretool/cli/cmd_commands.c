/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/catalogue.h"
#include "cli/help.h"
#include "cli/man.h"
#include "cli/output.h"

static void add_command(struct ct_catalogue *c, const struct ct_command *command)
{
	static const char *const gdb_uses[] = {
		[CT_GDB_NOT] = NULL, [CT_GDB_TARGET] = "target", [CT_GDB_PLAIN] = "plain"};
	ct_autostr options = {0};

	for (int i = 0; i < CT_N_OPTIONS; i++)
		if (ct_command_takes(command, i))
			ct_str_add(
				&options, "%s%s", options.len ? " " : "", ct_options_table[i].name);
	ct_catalogue_field(c, "name", command->name);
	ct_catalogue_field(c, "args", command->args);
	ct_catalogue_field(c, "summary", command->summary);
	ct_catalogue_field(c, "help", command->help);
	ct_catalogue_field(c, "options", ct_str_text(&options));
	ct_catalogue_field(c, "gdb", gdb_uses[command->gdb]);
	ct_catalogue_row(c, "command");
}

static void add_option(struct ct_catalogue *c, enum ct_option_id id)
{
	const struct ct_option *o = &ct_options_table[id];
	ct_autostr choices = {0};
	const char letter[] = {o->letter, '\0'};

	ct_add_choices(&choices, NULL, id, " ");
	ct_catalogue_field(c, "name", o->name);
	ct_catalogue_field(c, "letter", letter);
	ct_catalogue_field(c, "value", o->value);
	ct_catalogue_field(c, "choices", ct_str_text(&choices));
	ct_catalogue_field(c, "summary", o->summary);
	ct_catalogue_row(c, "option");
}

static int write_man_page(const struct ct_args *args)
{
	ct_autostr page = {0};

	ct_add_man_page(&page);
	return ct_output_text(args, &page);
}

int ct_cmd_commands(const struct ct_args *args)
{
	struct ct_catalogue c = {0};

	if (args->words.n)
		return ct_usage(args->command, "coretool commands takes no words");
	if (args->format && !strcmp(args->format, args->command->own_format))
		return write_man_page(args);
	ct_arena_init(&c.arena);
	for (size_t i = 0; i < ct_n_commands; i++)
		add_command(&c, &ct_commands[i]);
	for (int i = 0; i < CT_N_OPTIONS; i++)
		add_option(&c, i);
	int result = ct_catalogue_write(args, &c);
	ct_catalogue_free(&c);
	return result;
}
