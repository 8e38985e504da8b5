/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>

#include "cli/run.h"
#include "observe/explain.h"

/* Hexadecimal digits, with 0x or without. */
static bool parse_address(const char *word, uint64_t *ret)
{
	const char *digits =
		word + (word[0] == '0' && tolower((unsigned char)word[1]) == 'x' ? 2 : 0);
	char *end;

	if (!isxdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*ret = strtoull(digits, &end, 16);
	return !*end && !errno;
}

/* Takes the address out of the words: "0x…" wherever it stands, else the first that is hexadecimal
 * and no file. */
static bool take_address(const struct ct_list *words, struct ct_list *rest, uint64_t *ret)
{
	bool found = false;

	rest->n = 0;
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->items[i];
		bool prefixed = word[0] == '0' && tolower((unsigned char)word[1]) == 'x';

		if (!found && (prefixed || access(word, F_OK)) && parse_address(word, ret))
			found = true;
		else
			rest->items[rest->n++] = word;
	}
	return found;
}

static enum ct_status add_explanations(struct ct_run *run, uint64_t address, struct ct_error *err)
{
	struct ct_document *document = run->document;
	enum ct_status status = ct_explain(run->target, run->facts, address, &document->arena,
		&document->explanations, &document->n_explanations);

	document->explained = address;
	return status ? ct_fail(err, status, "out of memory while explaining an address") : CT_OK;
}

static int explain(const struct ct_args *args, const struct ct_input *input)
{
	struct ct_error err = {0};
	struct ct_run run = {0};
	enum ct_status status;

	if (!ct_run_format(args, &err))
		return ct_give_up(args, CT_USAGE, &err);
	status = ct_run_document(args, input, &run, &err);
	if (!status)
		status = add_explanations(&run, input->address, &err);
	int result = ct_run_end(args, &run, status, &err);
	ct_run_close(&run);
	return result;
}

int ct_cmd_explain(const struct ct_args *args)
{
	struct ct_error err = {0};
	struct ct_input input;
	uint64_t address = 0;
	const char **items = calloc(args->words.n + 1, sizeof(*items));
	struct ct_list rest = {.items = items};
	int result;

	if (!items) {
		ct_complain("out of memory");
		return CT_EXIT_FAILED;
	}
	if (!take_address(&args->words, &rest, &address)) {
		result = ct_usage(args->command,
			"coretool explain needs an address: coretool explain %s",
			args->command->args);
	} else {
		enum ct_status status = ct_words_one(args, &rest, &input, &err);

		input.address = address;
		result = status ? ct_give_up(args, status, &err) : explain(args, &input);
	}
	free(items);
	return result;
}
