/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "cli/catalogue.h"
#include "cli/nearest.h"
#include "rules/rules.h"

/* What a rule needs to say anything, in the words of the plan. */
static const char *needs(const struct ct_rule *rule)
{
	if (rule->wants & CT_WANT_STACKS)
		return "call stacks";
	return "registers and lock words";
}

static void add_rule(struct ct_catalogue *c, const struct ct_rule *rule)
{
	ct_catalogue_field(c, "id", rule->id);
	ct_catalogue_field(c, "name", rule->name);
	ct_catalogue_field(c, "level", ct_level_name(rule->level));
	ct_catalogue_field(c, "summary", rule->summary);
	ct_catalogue_field(c, "help", rule->help);
	ct_catalogue_field(c, "silent_when", rule->silent_when);
	ct_catalogue_field(c, "needs", needs(rule));
	ct_catalogue_row(c, "rule");
}

static int no_such_rule(const struct ct_args *args, const char *word)
{
	struct ct_nearest nearest = {.word = word};

	for (size_t i = 0; i < ct_n_rules; i++) {
		ct_nearest_try(&nearest, ct_rules[i]->id);
		ct_nearest_try(&nearest, ct_rules[i]->name);
	}
	return ct_usage(args->command, "there is no rule '%s'%s%s; coretool rules lists them", word,
		nearest.best ? ", perhaps " : "", nearest.best ? nearest.best : "");
}

int ct_cmd_rules(const struct ct_args *args)
{
	const char *word = args->words.n ? args->words.items[0] : NULL;
	struct ct_catalogue c = {0};

	if (args->words.n > 1)
		return ct_usage(args->command, "coretool rules takes one ID or none");
	ct_arena_init(&c.arena);
	for (size_t i = 0; i < ct_n_rules; i++)
		if (!word || !strcasecmp(word, ct_rules[i]->id) ||
			!strcasecmp(word, ct_rules[i]->name))
			add_rule(&c, ct_rules[i]);
	int result = c.rows.n ? ct_catalogue_write(args, &c) : no_such_rule(args, word);
	ct_catalogue_free(&c);
	return result;
}
