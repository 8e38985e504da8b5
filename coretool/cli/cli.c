/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/str.h"
#include "cli/confined.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/policy.h"

void ct_complain(const char *text)
{
	ct_autostr clean = {0};

	ct_str_add_clean(&clean, text, strlen(text), strlen(text));
	fprintf(stderr, "coretool: %s\n", ct_str_text(&clean));
}

int ct_usage(const struct ct_command *command, const char *fmt, ...)
{
	ct_autostr text = {0};
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(&text, fmt, args);
	va_end(args);
	ct_str_add(&text, " (see coretool help%s%s)", command ? " " : "",
		command ? command->name : "");
	ct_complain(ct_str_text(&text));
	return CT_EXIT_USAGE;
}

int ct_give_up(const struct ct_args *args, enum ct_status status, const struct ct_error *err)
{
	if (status == CT_USAGE)
		return ct_usage(args->command, "%s", err->text);
	ct_complain(err->text);
	return CT_EXIT_FAILED;
}

/* With the policy that the args and their files tell. */
static int run_judging(const struct ct_args *args)
{
	struct ct_arena arena;
	struct ct_policy policy;
	struct ct_error err = {0};
	struct ct_args judging = *args;

	ct_arena_init(&arena);
	enum ct_status status = ct_policy_of(args, &arena, &policy, &err);
	judging.policy = &policy;
	int result = status ? ct_give_up(args, status, &err) : args->command->run(&judging);
	ct_arena_free(&arena);
	return result;
}

static int run_command(const struct ct_args *args)
{
	return ct_command_takes(args->command, CT_OPTION_POLICY) ? run_judging(args)
								 : args->command->run(args);
}

int ct_cli_run(const struct ct_args *args)
{
	if (args->version)
		return ct_print_version();
	if (args->help)
		return ct_print_help(args->command);
	if (!args->command)
		return ct_usage(NULL, "a core is needed: coretool CORE");
	return args->untrusted ? ct_confined(args, run_command) : run_command(args);
}

int ct_cli_main(int argc, char **argv)
{
	struct ct_args args;
	struct ct_error err = {0};
	enum ct_status status = ct_args_parse(argc, argv, &args, &err);
	int result = status ? ct_usage(args.command, "%s", err.text) : ct_cli_run(&args);

	ct_args_free(&args);
	return result;
}
