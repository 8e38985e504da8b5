/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says; policy_file.c reads one. */
#include "rules/policy.h"

#include <stddef.h>

#include "rules/words.h"

const struct ct_threshold_row ct_thresholds[CT_N_THRESHOLDS] = {
	[CT_THRESHOLD_CONVOY_IO] = {"convoy-io",
		"threads that must wait behind one in I/O to be a finding (CT120)", 2},
	[CT_THRESHOLD_CONVOY_RUNNING] = {"convoy-running",
		"the same behind one that runs, or sleeps for less than a second (CT120)", 4},
	[CT_THRESHOLD_PILE_UP] = {"pile-up",
		"threads that must stand behind a lock in one place, at least twice as many as "
		"before, to be a finding of diff (CT122)",
		16},
	[CT_THRESHOLD_PILE_UP_ALONE] = {"pile-up-alone",
		"the same of one core alone, where growth is not seen (CT122)", 100},
	[CT_THRESHOLD_GOROUTINES] = {"goroutines",
		"goroutines of the program's own to be worth a note (CT226)", 500},
	[CT_THRESHOLD_GOROUTINES_HIGH] = {"goroutines-high", "the same, to be called many (CT226)",
		1500},
	[CT_THRESHOLD_GOROUTINES_EXTREME] = {"goroutines-extreme",
		"the same, to be called very many (CT226)", 2000},
	[CT_THRESHOLD_TIMER_RETENTION] = {"timer-retention",
		"KiB that one pending time.AfterFunc alone keeps alive to be a finding (CT222)",
		1024},
	[CT_THRESHOLD_TIMER_PILE_UP] = {"timer-pile-up",
		"timers of time.After left over to be a finding, at least 100 (CT230)", 1000},
	[CT_THRESHOLD_POOL_OBJECT] = {"pool-object",
		"KiB of an object in a sync.Pool that are too many (CT224)", 1024},
	[CT_THRESHOLD_POOL_TIMES] = {"pool-times",
		"how many times as large as the one in the middle is too large (CT224)", 8},
	[CT_THRESHOLD_SUSPECTS] = {"leak-suspects",
		"goroutines that came to one place one after the other and stay there, to be "
		"suspects of a leak (CT220)",
		100},
	[CT_THRESHOLD_SUSPECT_AGE] = {"leak-suspect-age",
		"seconds in which they came, from the first to the last (CT220)", 300},
	[CT_THRESHOLD_POOL_LEAST] = {"pool-least", "KiB that such an object has at least (CT224)",
		16},
};

static const struct ct_setting *setting(
	const struct ct_setting *settings, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	return NULL;
}

uint32_t ct_policy_threshold(const struct ct_policy *policy, enum ct_threshold threshold)
{
	const struct ct_threshold_row *row = &ct_thresholds[threshold];
	const struct ct_setting *own =
		policy ? setting(policy->thresholds, policy->n_thresholds, row->name) : NULL;

	return own ? own->value : row->usual;
}

uint32_t ct_policy_level(const struct ct_policy *policy, const char *rule)
{
	const struct ct_setting *own =
		policy ? setting(policy->rules, policy->n_rules, rule) : NULL;

	return own ? own->value : CT_N_LEVELS;
}

bool ct_level_read(const char *name, enum ct_level *ret)
{
	for (enum ct_level level = 0; level < CT_N_LEVELS; level++)
		if (!strcmp(ct_level_name(level), name)) {
			*ret = level;
			return true;
		}
	return false;
}

/* Clones of the compiler; a closure of Go ("f.func1") is another function. */
static bool is_clone_mark(const char *mark)
{
	static const char *const marks[] = {
		".isra.", ".constprop.", ".part.", ".cold", ".lto_priv.", ".llvm."};

	for (size_t i = 0; i < CT_COUNT(marks); i++)
		if (!strncmp(mark, marks[i], strlen(marks[i])))
			return true;
	return false;
}

static bool names(const char *name, const char *function)
{
	size_t len = strlen(name);

	return !strncmp(name, function, len) &&
	       (!function[len] || function[len] == '(' || is_clone_mark(function + len));
}

bool ct_policy_names(const struct ct_strings *list, const char *function)
{
	for (size_t i = 0; function && i < list->n; i++)
		if (names(list->items[i], function))
			return true;
	return false;
}

static const char *function_of(const struct ct_facts *facts, const struct ct_frame *frame)
{
	return facts->sites[frame->site].function;
}

/* The innermost that a traceback of Go shows: not the runtime's; CT_NONE. */
static uint32_t shown_frame(const struct ct_facts *facts, uint32_t stack)
{
	for (uint32_t i = 0; stack != CT_NONE && i < facts->stacks[stack].n_frames; i++) {
		const char *function = function_of(facts, &facts->stacks[stack].frames[i]);

		if (!function || strncmp(function, "runtime.", 8) != 0)
			return i;
	}
	return CT_NONE;
}

static bool has_top(const struct ct_strings *list, const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	uint32_t own = ct_own_frame(facts, actor);
	uint32_t shown = a->kind == CT_ACTOR_GOROUTINE ? shown_frame(facts, a->stack) : CT_NONE;

	return (own != CT_NONE &&
		       ct_policy_names(
			       list, function_of(facts, &facts->stacks[a->stack].frames[own]))) ||
	       (shown != CT_NONE &&
		       ct_policy_names(
			       list, function_of(facts, &facts->stacks[a->stack].frames[shown])));
}

static bool has_any(const struct ct_strings *list, const struct ct_facts *facts, uint32_t actor)
{
	uint32_t stack = facts->actors[actor].stack;

	for (uint32_t i = 0; stack != CT_NONE && i < facts->stacks[stack].n_frames; i++)
		if (ct_policy_names(list, function_of(facts, &facts->stacks[stack].frames[i])))
			return true;
	return false;
}

static bool has_start(const struct ct_strings *list, const struct ct_facts *facts, uint32_t actor)
{
	uint32_t site = facts->actors[actor].start_site;
	uint32_t creator = ct_goroutine_creator(facts, actor);

	return (site != CT_NONE && ct_policy_names(list, facts->sites[site].function)) ||
	       (creator != CT_NONE && ct_policy_names(list, facts->sites[creator].function));
}

/* What an option of names says of one actor. */
static const struct {
	size_t names; /* in struct ct_policy */
	bool (*is)(const struct ct_strings *, const struct ct_facts *, uint32_t);
	const char *option;
} places[] = {
	{offsetof(struct ct_policy, ignore_top_function), has_top, "--ignore-top-function"},
	{offsetof(struct ct_policy, ignore_any_function), has_any, "--ignore-any-function"},
	{offsetof(struct ct_policy, ignore_created_by), has_start, "--ignore-created-by"},
};

/* A bit for each of places that names this actor. */
static unsigned options_for(
	const struct ct_policy *policy, const struct ct_facts *facts, uint32_t actor)
{
	unsigned by = 0;

	for (size_t i = 0; i < CT_COUNT(places); i++) {
		const void *names = (const char *)policy + places[i].names;

		if (((const struct ct_strings *)names)->n && places[i].is(names, facts, actor))
			by |= 1u << i;
	}
	return by;
}

/* Must be so for all threads of a finding: who else is stuck has a right to be heard. Where no
 * option alone names them all, the first one's. */
static const char *ignores_all(const struct ct_policy *policy, const struct ct_facts *facts,
	const struct ct_finding *finding)
{
	const char *first = NULL;
	unsigned by_all = ~0u;

	for (uint32_t i = 0; i < finding->n_actors; i++) {
		unsigned by = options_for(policy, facts, finding->actors[i]);

		if (!by)
			return NULL;
		if (!first)
			first = places[__builtin_ctz(by)].option;
		by_all &= by;
	}
	return first && by_all ? places[__builtin_ctz(by_all)].option : first;
}

const char *ct_policy_ignores(const struct ct_policy *policy, const struct ct_facts *facts,
	const struct ct_finding *finding)
{
	const char *option = policy ? ignores_all(policy, facts, finding) : NULL;

	if (option)
		return option;
	for (size_t i = 0; policy && finding->fingerprint && i < policy->known.n; i++)
		if (!strcmp(policy->known.items[i], finding->fingerprint))
			return "--baseline";
	return NULL;
}

const char *ct_policy_skips(
	const struct ct_policy *policy, const struct ct_facts *facts, uint32_t actor)
{
	unsigned by = policy ? options_for(policy, facts, actor) : 0;

	return by ? places[__builtin_ctz(by)].option : NULL;
}

bool ct_policy_says_something(const struct ct_policy *policy)
{
	return policy && (policy->file || policy->baseline_file || policy->known.n ||
				 policy->ignore_top_function.n || policy->ignore_any_function.n ||
				 policy->ignore_created_by.n || policy->context_values.n ||
				 policy->n_rules || policy->n_thresholds || policy->gates[CT_P0] ||
				 policy->gates[CT_P1] || policy->gates[CT_P2]);
}
