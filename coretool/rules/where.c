/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/where.h"

#include <ctype.h>
#include <errno.h>

#include "base/str.h"
#include "rules/words.h"

enum kind { TEXT, NUMBER, DURATION, YES_NO };

struct ct_where_field {
	const char *name;
	enum kind kind;
	/* Does this text of the actor's satisfy the clause, which is CT_WHERE_IS or _HAS? */
	bool (*matches)(
		const struct ct_where_clause *c, const struct ct_facts *facts, uint32_t actor);
	/* The number; false: there is none. */
	bool (*number)(const struct ct_facts *facts, uint32_t actor, uint64_t *ret);
};

static bool fits(const struct ct_where_clause *c, const char *text)
{
	if (!text)
		return false;
	return c->op == CT_WHERE_HAS ? strstr(text, c->text) != NULL : !strcmp(text, c->text);
}

static bool state_fits(
	const struct ct_where_clause *c, const struct ct_facts *facts, uint32_t actor)
{
	return fits(c, ct_actor_state_name(facts->actors[actor].state));
}

/* By the runtime's word or by the kind of wait of the reports. */
static bool wait_fits(const struct ct_where_clause *c, const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	if (a->reason && fits(c, facts->reasons[a->reason]))
		return true;
	return a->n_waits && fits(c, ct_wait_kind_name(facts->waits[a->first_wait].kind));
}

static bool site_fits(const struct ct_where_clause *c, const struct ct_facts *facts, uint32_t index)
{
	const struct ct_site *site = &facts->sites[index];

	if (fits(c, site->function))
		return true;
	for (uint32_t i = 0; i < site->n_lines; i++)
		if (fits(c, site->lines[i].function))
			return true;
	return false;
}

static bool function_fits(
	const struct ct_where_clause *c, const struct ct_facts *facts, uint32_t actor)
{
	uint32_t index = facts->actors[actor].stack;

	if (index == CT_NONE)
		return false;
	const struct ct_stack *stack = &facts->stacks[index];
	for (uint32_t i = 0; i < stack->n_frames; i++)
		if (site_fits(c, facts, stack->frames[i].site))
			return true;
	return false;
}

static bool top_fits(const struct ct_where_clause *c, const struct ct_facts *facts, uint32_t actor)
{
	uint32_t own = ct_own_frame(facts, actor), stack = facts->actors[actor].stack;

	return own != CT_NONE && stack != CT_NONE &&
	       site_fits(c, facts, facts->stacks[stack].frames[own].site);
}

static bool creator_fits(
	const struct ct_where_clause *c, const struct ct_facts *facts, uint32_t actor)
{
	uint32_t site = ct_goroutine_creator(facts, actor);

	return site != CT_NONE && site_fits(c, facts, site);
}

/* "key" or "key=value" is one of the labels; with ~ any part of one. */
static bool label_fits(
	const struct ct_where_clause *c, const struct ct_facts *facts, uint32_t actor)
{
	const char *at = facts->label_sets ? facts->label_sets[facts->actors[actor].labels] : "";
	bool found = false;

	while (!found && at && *at) {
		ct_autostr key = {0}, value = {0}, label = {0};

		at = ct_label_take(at, &key, &value);
		ct_str_add(&label, "%s=%s", ct_str_text(&key), ct_str_text(&value));
		found = fits(c, ct_str_text(&label)) || fits(c, ct_str_text(&key));
	}
	return found;
}

static bool since_of(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	const struct ct_actor *a = &facts->actors[actor];

	if (!a->n_waits || !facts->waits[a->first_wait].has_since)
		return false;
	*ret = facts->waits[a->first_wait].since_ns;
	return true;
}

static bool id_of(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	*ret = facts->actors[actor].id;
	return true;
}

static bool is_system(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	*ret = facts->actors[actor].system;
	return true;
}

static bool is_locked(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	*ret = facts->actors[actor].locked;
	return true;
}

static const struct ct_where_field fields[] = {
	{"state", TEXT, state_fits, NULL},
	{"wait", TEXT, wait_fits, NULL},
	{"function", TEXT, function_fits, NULL},
	{"top", TEXT, top_fits, NULL},
	{"created-by", TEXT, creator_fits, NULL},
	{"label", TEXT, label_fits, NULL},
	{"since", DURATION, NULL, since_of},
	{"id", NUMBER, NULL, id_of},
	{"system", YES_NO, NULL, is_system},
	{"locked", YES_NO, NULL, is_locked},
};

/* Of which kinds of fields each can be said. */
static const struct {
	const char *text;
	unsigned kinds;
} ops[] = {
	[CT_WHERE_IS] = {"=", 1u << TEXT | 1u << NUMBER | 1u << YES_NO},
	[CT_WHERE_IS_NOT] = {"!=", 1u << TEXT | 1u << NUMBER | 1u << YES_NO},
	[CT_WHERE_HAS] = {"~", 1u << TEXT},
	[CT_WHERE_LESS] = {"<", 1u << NUMBER | 1u << DURATION},
	[CT_WHERE_MORE] = {">", 1u << NUMBER | 1u << DURATION},
};

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\n");
}

static enum ct_status take_field(const char **at, struct ct_where_clause *ret, struct ct_error *err)
{
	size_t len = strcspn(*at, " \t\n=!~<>");
	ct_autostr known = {0}, given = {0};

	for (size_t i = 0; i < CT_COUNT(fields); i++) {
		if (strlen(fields[i].name) == len && !strncmp(fields[i].name, *at, len)) {
			ret->field = &fields[i];
			*at = skip_blanks(*at + len);
			return CT_OK;
		}
		ct_str_add(&known, "%s%s", i ? ", " : "", fields[i].name);
	}
	ct_str_add_clean(&given, *at, len, 40);
	return ct_fail(err, CT_USAGE, "--where knows no field '%s'; there are %s",
		ct_str_text(&given), ct_str_text(&known));
}

static enum ct_status take_op(const char **at, struct ct_where_clause *ret, struct ct_error *err)
{
	ct_autostr known = {0};

	for (size_t i = 0; i < CT_COUNT(ops); i++) {
		if (!(ops[i].kinds >> ret->field->kind & 1))
			continue;
		if (!strncmp(*at, ops[i].text, strlen(ops[i].text))) {
			ret->op = (enum ct_where_op)i;
			*at = skip_blanks(*at + strlen(ops[i].text));
			return CT_OK;
		}
		ct_str_add(&known, "%s%s", known.len ? " " : "", ops[i].text);
	}
	return ct_fail(err, CT_USAGE, "--where: behind %s stands one of %s", ret->field->name,
		ct_str_text(&known));
}

/* Where the next " and " begins, or the end. */
static const char *find_and(const char *at)
{
	const char *found = at;

	while ((found = strstr(found, "and"))) {
		if (found > at && isspace((unsigned char)found[-1]) &&
			isspace((unsigned char)found[3]))
			return found;
		found += 3;
	}
	return at + strlen(at);
}

static enum ct_status take_value(
	const char **at, struct ct_arena *arena, struct ct_where_clause *ret, struct ct_error *err)
{
	const char *from = *at, *end;

	if (*from == '"' || *from == '\'') {
		end = strchr(from + 1, *from);
		if (!end)
			return ct_fail(err, CT_USAGE, "--where: the quotes of %s do not end",
				ret->field->name);
		ret->text = ct_arena_strndup(arena, from + 1, (size_t)(end - from - 1));
		*at = skip_blanks(end + 1);
		return ret->text ? CT_OK : ct_fail(err, CT_NO_MEMORY, "out of memory");
	}
	*at = end = find_and(from);
	while (end > from && isspace((unsigned char)end[-1]))
		end--;
	if (end == from)
		return ct_fail(err, CT_USAGE, "--where: %s has no value", ret->field->name);
	ret->text = ct_arena_strndup(arena, from, (size_t)(end - from));
	return ret->text ? CT_OK : ct_fail(err, CT_NO_MEMORY, "out of memory");
}

static bool read_duration(const char *text, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000},
		{"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}};
	char *end;

	errno = 0;
	uint64_t number = strtoull(text, &end, 10);
	for (size_t i = 0; isdigit((unsigned char)*text) && !errno && i < CT_COUNT(units); i++)
		if (!strcmp(end, units[i].name))
			return ct_mul(number, units[i].ns, ret);
	return false;
}

static enum ct_status read_value(struct ct_where_clause *c, struct ct_error *err)
{
	static const char *const wanted[] = {[NUMBER] = "a number",
		[DURATION] = "a time such as 30s, 5m or 2h",
		[YES_NO] = "yes or no"};
	const char *text = c->text;
	bool ok = true;
	char *end;

	errno = 0;
	if (c->field->kind == NUMBER) {
		c->number = strtoull(text, &end, 10);
		ok = isdigit((unsigned char)*text) && !*end && !errno;
	} else if (c->field->kind == DURATION) {
		ok = read_duration(text, &c->number);
	} else if (c->field->kind == YES_NO) {
		c->number = !strcmp(text, "yes");
		ok = c->number || !strcmp(text, "no");
	}
	if (ok)
		return CT_OK;
	ct_autostr clean = {0};
	ct_str_add_clean(&clean, text, strlen(text), 40);
	return ct_fail(err, CT_USAGE, "--where: %s takes %s, not '%s'", c->field->name,
		wanted[c->field->kind], ct_str_text(&clean));
}

static enum ct_status take_clause(
	const char **at, struct ct_arena *arena, struct ct_where_clause *ret, struct ct_error *err)
{
	enum ct_status status = take_field(at, ret, err);

	if (!status)
		status = take_op(at, ret, err);
	if (!status)
		status = take_value(at, arena, ret, err);
	return status ? status : read_value(ret, err);
}

enum ct_status ct_where_parse(
	const char *text, struct ct_arena *arena, struct ct_where *ret, struct ct_error *err)
{
	struct ct_where where = {.n = 0};
	const char *at = skip_blanks(text);

	do {
		if (where.n == CT_WHERE_MAX)
			return ct_fail(
				err, CT_USAGE, "--where takes at most %d clauses", CT_WHERE_MAX);
		enum ct_status status = take_clause(&at, arena, &where.clauses[where.n++], err);
		if (status)
			return status;
		if (!*at)
			break;
		if (strncmp(at, "and", 3) != 0 || !isspace((unsigned char)at[3]))
			return ct_fail(err, CT_USAGE,
				"--where: clauses are joined by 'and', behind the value of %s",
				where.clauses[where.n - 1].field->name);
		at = skip_blanks(at + 3);
	} while (true);
	*ret = where;
	return CT_OK;
}

static bool clause_holds(
	const struct ct_where_clause *c, const struct ct_facts *facts, uint32_t actor)
{
	uint64_t number;

	if (c->field->matches) {
		bool matches = c->field->matches(c, facts, actor);

		return c->op == CT_WHERE_IS_NOT ? !matches : matches;
	}
	if (!c->field->number(facts, actor, &number))
		return false;
	switch (c->op) {
	case CT_WHERE_LESS:
		return number < c->number;
	case CT_WHERE_MORE:
		return number > c->number;
	case CT_WHERE_IS_NOT:
		return number != c->number;
	default:
		return number == c->number;
	}
}

bool ct_where_holds(const struct ct_where *where, const struct ct_facts *facts, uint32_t actor)
{
	for (uint32_t i = 0; i < where->n; i++)
		if (!clause_holds(&where->clauses[i], facts, actor))
			return false;
	return true;
}
