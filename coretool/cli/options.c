/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <sys/stat.h>

#include "base/str.h"
#include "cli/nearest.h"

#define WORD       1   /* what getopt gives for a word in its place, asked for by the leading "-" */
#define LONG_FIRST 256 /* long options are LONG_FIRST + enum ct_option_id */

struct getopt_tables {
	struct option longs[CT_N_OPTIONS + 1];
	char shorts[2 * CT_N_OPTIONS + 3];
};

static void build_tables(struct getopt_tables *ret)
{
	size_t n = 0;

	*ret = (struct getopt_tables){.shorts = "-:"};
	n = strlen(ret->shorts);
	for (int i = 0; i < CT_N_OPTIONS; i++) {
		const struct ct_option *o = &ct_options_table[i];

		ret->longs[i] = (struct option){.name = o->name,
			.has_arg = o->value ? required_argument : no_argument,
			.val = LONG_FIRST + i};
		if (o->letter)
			ret->shorts[n++] = o->letter;
		if (o->letter && o->value)
			ret->shorts[n++] = ':';
	}
}

static bool list_add(struct ct_list *list, const char *item)
{
	const char **grown = realloc(list->items, (list->n + 1) * sizeof(*grown));

	if (!grown)
		return false;
	list->items = grown;
	list->items[list->n++] = item;
	return true;
}

static bool parse_number(const char *text, uint64_t *ret, char **end)
{
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*ret = strtoull(text, end, 10);
	return !errno;
}

bool ct_parse_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMGT";
	uint64_t number, unit = 1;
	char *end;

	if (!parse_number(text, &number, &end))
		return false;
	const char *letter = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (*end && (!letter || end[1]))
		return false;
	if (letter)
		unit <<= 10 * (letter - units + 1);
	return number && ct_mul(number, unit, ret);
}

static enum ct_status bad_value(
	const struct ct_option *o, const char *value, const char *wanted, struct ct_error *err)
{
	return ct_fail(err, CT_USAGE, "--%s takes %s, not '%s'", o->name, wanted, value);
}

static enum ct_status check_choice(
	const struct ct_option *o, const char *value, struct ct_error *err)
{
	ct_autostr all = {0};

	for (const char *const *choice = o->choices; *choice; choice++) {
		if (!strcmp(*choice, value))
			return CT_OK;
		ct_str_add(&all, "%s%s", all.len ? ", " : "", *choice);
	}
	return bad_value(o, value, ct_str_text(&all), err);
}

static enum ct_status set_value(
	struct ct_args *args, const struct ct_option *o, const char *value, struct ct_error *err)
{
	void *at = (char *)args + o->at;
	uint64_t number;
	char *end;

	switch (o->kind) {
	case CT_TAKES_NOTHING:
		*(bool *)at = true;
		return CT_OK;
	case CT_TAKES_TEXT:
		*(const char **)at = value;
		return o->choices ? check_choice(o, value, err) : CT_OK;
	case CT_TAKES_LIST:
		return list_add(at, value) ? CT_OK : ct_fail(err, CT_NO_MEMORY, "out of memory");
	case CT_TAKES_COUNT:
		if (!parse_number(value, &number, &end) || *end || !number || number > UINT32_MAX)
			return bad_value(o, value, "a number from 1 on", err);
		*(uint64_t *)at = number;
		return CT_OK;
	case CT_TAKES_SIZE:
		if (!ct_parse_size(value, at))
			return bad_value(o, value, "a number of bytes, or of K, M, G or T", err);
		return CT_OK;
	}
	return CT_OK;
}

static int option_of_letter(int letter)
{
	for (int i = 0; i < CT_N_OPTIONS; i++)
		if (ct_options_table[i].letter == letter)
			return i;
	return -1;
}

static enum ct_status unknown_option(const char *word, struct ct_error *err)
{
	ct_autofree char *name = strndup(word + 2, strcspn(word + 2, "="));
	unsigned n_prefixed = 0;

	if (!name)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	struct ct_nearest nearest = {.word = name};
	for (int i = 0; i < CT_N_OPTIONS; i++) {
		ct_nearest_try(&nearest, ct_options_table[i].name);
		n_prefixed += !strncmp(ct_options_table[i].name, name, strlen(name));
	}
	if (n_prefixed > 1)
		return ct_fail(err, CT_USAGE, "option --%s could be one of several", name);
	return ct_fail(err, CT_USAGE, "there is no option --%s%s%s%s", name,
		nearest.best ? "; did you mean --" : "", nearest.best ? nearest.best : "",
		nearest.best ? "?" : "");
}

/* What getopt says with '?' (unknown, or a value that is not taken) and ':' (a value is missing).
 */
static enum ct_status getopt_error(int answer, char **argv, struct ct_error *err)
{
	int letter = optopt < LONG_FIRST ? option_of_letter(optopt) : optopt - LONG_FIRST;
	const char *name = letter >= 0 ? ct_options_table[letter].name : "";

	if (answer == ':')
		return ct_fail(err, CT_USAGE, "option --%s needs a value (%s)", name,
			ct_options_table[letter].value);
	if (!optopt)
		return unknown_option(argv[optind - 1], err);
	if (optopt >= LONG_FIRST)
		return ct_fail(err, CT_USAGE, "option --%s takes no value", name);
	return ct_fail(err, CT_USAGE, "there is no option -%c", optopt);
}

/* The first word names the command, or is the first of analyze. */
static enum ct_status choose_command(struct ct_args *args, struct ct_error *err)
{
	struct stat st;

	if (!args->words.n)
		return CT_OK;
	const char *word = args->words.items[0];
	args->command = ct_command_find(word);
	if (args->command) {
		memmove(args->words.items, args->words.items + 1,
			--args->words.n * sizeof(*args->words.items));
		return CT_OK;
	}
	struct ct_nearest nearest = {.word = word};
	for (size_t i = 0; i < ct_n_commands; i++)
		ct_nearest_try(&nearest, ct_commands[i].name);
	if (nearest.best && stat(word, &st))
		return ct_fail(err, CT_USAGE,
			"there is no command and no file '%s'; did you mean %s?", word,
			nearest.best);
	args->command = ct_command_find("analyze");
	return CT_OK;
}

static enum ct_status check_taken(const struct ct_args *args, struct ct_error *err)
{
	ct_autostr takers = {0};

	for (int i = 0; args->command && i < CT_N_OPTIONS; i++) {
		if (!(args->given >> i & 1) || ct_command_takes(args->command, i))
			continue;
		for (size_t j = 0; j < ct_n_commands; j++)
			if (ct_command_takes(&ct_commands[j], i))
				ct_str_add(&takers, "%s%s", takers.len ? ", " : "",
					ct_commands[j].name);
		return ct_fail(err, CT_USAGE, "coretool %s takes no option --%s; these do: %s",
			args->command->name, ct_options_table[i].name, ct_str_text(&takers));
	}
	if (args->json && args->format && strcmp(args->format, "json"))
		return ct_fail(
			err, CT_USAGE, "--json and --format %s exclude each other", args->format);
	return CT_OK;
}

enum ct_status ct_args_parse(int argc, char **argv, struct ct_args *args, struct ct_error *err)
{
	struct getopt_tables tables;
	enum ct_status status = CT_OK;
	int answer;

	*args = (struct ct_args){0};
	build_tables(&tables);
	optind = 0; /* glibc's way to start anew */
	opterr = 0;
	while (!status &&
		(answer = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1) {
		if (answer == WORD) {
			if (!list_add(&args->words, optarg))
				status = ct_fail(err, CT_NO_MEMORY, "out of memory");
			continue;
		}
		if (answer == '?' || answer == ':')
			return getopt_error(answer, argv, err);
		int id = answer >= LONG_FIRST ? answer - LONG_FIRST : option_of_letter(answer);
		args->given |= UINT64_C(1) << id;
		status = set_value(args, &ct_options_table[id], optarg, err);
	}
	for (; !status && optind < argc; optind++)
		if (!list_add(&args->words, argv[optind]))
			status = ct_fail(err, CT_NO_MEMORY, "out of memory");
	if (!status)
		status = choose_command(args, err);
	return status ? status : check_taken(args, err);
}

void ct_args_free(struct ct_args *args)
{
	free(args->words.items);
	free(args->debug_dirs.items);
	free(args->ignore_top.items);
	free(args->ignore_any.items);
	free(args->ignore_created.items);
	*args = (struct ct_args){0};
}
