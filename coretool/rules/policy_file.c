/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a policy file. One that is not known is an error: a misspelt one would go unnoticed.
 */
#include "base/str.h"
#include "base/toml.h"
#include "base/vec.h"
#include "rules/policy.h"
#include "rules/rules.h"

#define MAX_THRESHOLD 1000000000

struct reader {
	struct ct_policy policy;
	CT_VEC(struct ct_setting) rules, thresholds;
	const char *name;
	struct ct_error *err;
};

CT_PRINTF(3, 4)
static enum ct_status bad(
	const struct reader *r, const struct ct_toml_item *item, const char *fmt, ...)
{
	ct_autostr text = {0};
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(&text, fmt, args);
	va_end(args);
	return ct_fail(r->err, CT_BAD_INPUT, "%s:%u: %s %s", r->name, item->line, item->key,
		ct_str_text(&text));
}

static enum ct_status want(
	const struct reader *r, const struct ct_toml_item *item, enum ct_toml_type type)
{
	static const char *const words[] = {
		[CT_TOML_STRING] = "a string in quotes",
		[CT_TOML_INTEGER] = "a whole number",
		[CT_TOML_STRINGS] = "an array of strings",
	};

	return item->type == type ? CT_OK : bad(r, item, "takes %s", words[type]);
}

static enum ct_status read_names(
	const struct reader *r, const struct ct_toml_item *item, struct ct_strings *ret)
{
	enum ct_status status = want(r, item, CT_TOML_STRINGS);

	if (!status)
		*ret = (struct ct_strings){item->strings, item->n_strings};
	return status;
}

static enum ct_status read_ignore_top(struct reader *r, const struct ct_toml_item *item)
{
	return read_names(r, item, &r->policy.ignore_top_function);
}

static enum ct_status read_ignore_any(struct reader *r, const struct ct_toml_item *item)
{
	return read_names(r, item, &r->policy.ignore_any_function);
}

static enum ct_status read_ignore_created_by(struct reader *r, const struct ct_toml_item *item)
{
	return read_names(r, item, &r->policy.ignore_created_by);
}

static enum ct_status read_context_values(struct reader *r, const struct ct_toml_item *item)
{
	return read_names(r, item, &r->policy.context_values);
}

static enum ct_status read_baseline(struct reader *r, const struct ct_toml_item *item)
{
	enum ct_status status = want(r, item, CT_TOML_STRING);

	if (!status && !*item->text)
		status = bad(r, item, "takes the path of a file");
	if (!status)
		r->policy.baseline_file = item->text;
	return status;
}

static enum ct_status read_level(
	const struct reader *r, const struct ct_toml_item *item, enum ct_level *ret)
{
	enum ct_status status = want(r, item, CT_TOML_STRING);

	if (!status && !ct_level_read(item->text, ret))
		status = bad(r, item, "takes \"P0\", \"P1\" or \"P2\", not \"%s\"", item->text);
	return status;
}

static enum ct_status read_fail_on(struct reader *r, const struct ct_toml_item *item)
{
	enum ct_level level = CT_P0;
	enum ct_status status = read_level(r, item, &level);

	for (enum ct_level i = 0; !status && i <= level; i++)
		r->policy.gates[i] = true;
	return status;
}

/* More than one core is needed to know a rate or an age. */
static enum ct_status read_gate(struct reader *r, const struct ct_toml_item *item, const char *name)
{
	enum ct_level level;
	enum ct_status status = want(r, item, CT_TOML_STRING);

	if (status)
		return status;
	if (!ct_level_read(name, &level))
		return bad(r, item, "is no gate; there are gate.P0, gate.P1 and gate.P2");
	if (strcmp(item->text, "any") != 0)
		return bad(r, item, "takes \"any\", not \"%s\"", item->text);
	r->policy.gates[level] = true;
	return CT_OK;
}

static const struct ct_rule *rule_named(const char *name)
{
	for (size_t i = 0; i < ct_n_rules; i++)
		if (!strcmp(ct_rules[i]->id, name) || !strcmp(ct_rules[i]->name, name))
			return ct_rules[i];
	return NULL;
}

static enum ct_status read_rule(struct reader *r, const struct ct_toml_item *item, const char *name)
{
	const struct ct_rule *rule = rule_named(name);
	enum ct_level level = CT_P0;
	bool off = item->type == CT_TOML_STRING && !strcmp(item->text, "off");

	if (!rule)
		return bad(r, item, "is no rule; coretool rules lists them");
	for (uint32_t i = 0; i < r->rules.n; i++)
		if (!strcmp(r->rules.items[i].name, rule->id))
			return bad(r, item, "is set twice, by its id and by its name");
	enum ct_status status = off ? CT_OK : read_level(r, item, &level);
	struct ct_setting *slot = status ? NULL : ct_vec_push(&r->rules);
	if (slot)
		*slot = (struct ct_setting){rule->id, off ? CT_RULE_OFF : level};
	return status || slot ? status : CT_NO_MEMORY;
}

static enum ct_status read_threshold(
	struct reader *r, const struct ct_toml_item *item, const char *name)
{
	enum ct_status status = want(r, item, CT_TOML_INTEGER);
	size_t i = 0;

	while (i < CT_N_THRESHOLDS && strcmp(ct_thresholds[i].name, name) != 0)
		i++;
	if (i == CT_N_THRESHOLDS)
		return bad(r, item, "is no threshold");
	if (!status && (item->number < 1 || item->number > MAX_THRESHOLD))
		status = bad(r, item, "takes a number from 1 to %d", MAX_THRESHOLD);
	struct ct_setting *slot = status ? NULL : ct_vec_push(&r->thresholds);
	if (slot)
		*slot = (struct ct_setting){ct_thresholds[i].name, (uint32_t)item->number};
	return status || slot ? status : CT_NO_MEMORY;
}

static enum ct_status read_item(struct reader *r, const struct ct_toml_item *item)
{
	static const struct {
		const char *key;
		enum ct_status (*read)(struct reader *, const struct ct_toml_item *);
	} keys[] = {
		{"fail-on", read_fail_on},
		{"baseline", read_baseline},
		{"ignore-top-function", read_ignore_top},
		{"ignore-any-function", read_ignore_any},
		{"ignore-created-by", read_ignore_created_by},
		{"context-values", read_context_values},
	};
	static const struct {
		const char *prefix;
		enum ct_status (*read)(
			struct reader *, const struct ct_toml_item *, const char *name);
	} tables[] = {
		{"rules.", read_rule},
		{"thresholds.", read_threshold},
		{"gate.", read_gate},
	};

	for (size_t i = 0; i < CT_COUNT(keys); i++)
		if (!strcmp(item->key, keys[i].key))
			return keys[i].read(r, item);
	for (size_t i = 0; i < CT_COUNT(tables); i++) {
		size_t len = strlen(tables[i].prefix);

		if (!strncmp(item->key, tables[i].prefix, len))
			return tables[i].read(r, item, item->key + len);
	}
	return bad(r, item, "is no key of a policy");
}

/* Moves the settings into the arena. */
static bool settle(struct reader *r, struct ct_arena *arena)
{
	struct ct_policy *p = &r->policy;

	p->rules = ct_arena_copy(arena, r->rules.items, r->rules.n * sizeof(*p->rules));
	p->n_rules = r->rules.n;
	p->thresholds =
		ct_arena_copy(arena, r->thresholds.items, r->thresholds.n * sizeof(*p->thresholds));
	p->n_thresholds = r->thresholds.n;
	return p->rules && p->thresholds && p->file;
}

enum ct_status ct_policy_read(const char *text, size_t len, const char *name,
	struct ct_arena *arena, struct ct_policy *ret, struct ct_error *err)
{
	struct reader r = {.name = name, .err = err};
	const struct ct_toml_item *items;
	uint32_t n = 0;
	enum ct_status status = ct_toml_read(text, len, name, arena, &items, &n, err);

	for (uint32_t i = 0; !status && i < n; i++)
		status = read_item(&r, &items[i]);
	r.policy.file = ct_arena_strndup(arena, name, strlen(name));
	if (!status && !settle(&r, arena))
		status = CT_NO_MEMORY;
	if (status == CT_NO_MEMORY)
		status = ct_fail(err, status, "out of memory");
	if (!status)
		*ret = r.policy;
	ct_vec_free(&r.rules);
	ct_vec_free(&r.thresholds);
	return status;
}
