/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the gdb extension, one after the other: docs/gdb-pipe.md. */
#include "base/str.h"
#include "blocking/primitive.h"
#include "cli/capture.h"
#include "cli/options.h"
#include "cli/serve_ask.h"

#define MAX_WORDS 256 /* of one command line */

/* Rows of several C libraries know the same type: is it in the list already? */
static bool is_listed(const struct ct_str *list, const char *type)
{
	const char *text = ct_str_text(list);

	for (size_t at = 0; at < list->len; at += strlen(text + at) + 1)
		if (!strcmp(text + at, type))
			return true;
	return false;
}

/* We may be of another version than the script in gdb. */
static enum ct_status say_hello(struct ct_session *session)
{
	ct_autostr list = {0};

	ct_str_add(&list, "coretool %s", CT_VERSION);
	ct_str_add_bytes(&list, "", 1);
	for (size_t i = 0; i < ct_n_primitives; i++)
		for (const char *const *type = ct_primitives[i]->types; type && *type; type++)
			if (!is_listed(&list, *type))
				ct_str_add_bytes(&list, *type, strlen(*type) + 1);
	if (list.failed)
		return CT_NO_MEMORY;
	return ct_pipe_send(
		&session->pipe, CT_PIPE_HELLO, CT_PIPE_VERSION, ct_str_text(&list), list.len);
}

/* The options of coretool serve are those of the whole session. */
static int check_options(const struct ct_session *session, const struct ct_args *args)
{
	const struct ct_command *serve = session->args->command;

	for (int i = 0; i < CT_N_OPTIONS; i++)
		if (args->given >> i & 1 && ct_command_takes(serve, i) && i != CT_OPTION_HELP &&
			i != CT_OPTION_VERSION && i != CT_OPTION_QUIET)
			return ct_usage(args->command,
				"--%s was settled when gdb started coretool: see help set coretool",
				ct_options_table[i].name);
	return CT_EXIT_OK;
}

static int run_args(struct ct_session *session, struct ct_args *args)
{
	int result = check_options(session, args);

	if (result)
		return result;
	args->session = session;
	if (args->version || args->help)
		return ct_cli_run(args);
	if (!args->command || args->command->gdb == CT_GDB_NOT)
		return ct_usage(NULL, "coretool %s has no meaning inside of gdb",
			args->command ? args->command->name : "without a command");
	return ct_cli_run(args);
}

static int run_words(struct ct_session *session, struct ct_pipe_reader *r)
{
	char program[] = "coretool", *argv[MAX_WORDS + 1] = {program};
	struct ct_error err = {0};
	struct ct_args args;
	const char *word;
	int argc = 1;

	while ((word = ct_pipe_take_string(r))) {
		if (argc == MAX_WORDS)
			return ct_usage(NULL, "more than %d words", MAX_WORDS - 1);
		argv[argc++] = (char *)(uintptr_t)word; /* getopt(3) wants it so, and permutes */
	}
	enum ct_status status = ct_args_parse(argc, argv, &args, &err);
	int result = status ? ct_usage(args.command, "%s", err.text) : run_args(session, &args);

	ct_args_free(&args);
	return result;
}

/* False: no such request. */
static bool answer(struct ct_session *session, const struct ct_pipe_frame *frame, int *ret)
{
	/* Queries on the way to the answer overwrite the frame's payload. */
	ct_autofree uint8_t *payload = malloc((size_t)frame->length + 1);

	if (!payload) {
		ct_complain("out of memory");
		*ret = CT_EXIT_FAILED;
		return true;
	}
	memcpy(payload, frame->payload, (size_t)frame->length + 1);
	struct ct_pipe_reader r = {payload, frame->length};
	session->columns = 0;
	switch (frame->type) {
	case CT_PIPE_RUN:
		session->columns = (unsigned)CT_MIN(frame->value, (uint64_t)UINT16_MAX);
		*ret = run_words(session, &r);
		return true;
	case CT_PIPE_DESCRIBE:
		*ret = ct_serve_describe(session, frame->value, (const char *)payload);
		return true;
	case CT_PIPE_COMPLETE:
		*ret = ct_serve_complete(session, &r);
		return true;
	case CT_PIPE_FIND:
		*ret = ct_serve_find(session, frame->value, (const char *)payload);
		return true;
	default:
		return false;
	}
}

static int serve(struct ct_session *session)
{
	enum ct_status status = say_hello(session);
	struct ct_pipe_frame frame;
	int result;

	while (!status && !(status = ct_pipe_receive(&session->pipe, -1, &frame))) {
		if (!answer(session, &frame, &result))
			return CT_EXIT_FAILED;
		status = ct_capture_send(&session->pipe);
		if (!status)
			status = ct_pipe_send(
				&session->pipe, CT_PIPE_DONE, (uint64_t)result, NULL, 0);
	}
	return status == CT_DONE ? CT_EXIT_OK : CT_EXIT_FAILED;
}

int ct_cmd_serve(const struct ct_args *args)
{
	struct ct_session session = {.args = args};
	struct ct_error err = {0};
	enum ct_status status = CT_OK;
	int in, out;

	if (args->source && args->words.n)
		return ct_usage(args->command, "either --source or a core");
	if (args->source)
		session.input.exe = args->exe;
	else
		status = ct_words_one(args, &args->words, &session.input, &err);
	if (!status)
		status = ct_capture_begin(&in, &out, &err);
	if (status)
		return ct_give_up(args, status, &err);
	ct_pipe_init(&session.pipe, in, out);
	int result = serve(&session);
	ct_session_free(&session);
	close(in);
	close(out);
	return result;
}
