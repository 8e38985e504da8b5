/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/leak_ignore.h"

#include "base/str.h"
#include "rules/policy.h"
#include "rules/words.h"

/* Whoever has such a function on its stack is no leak. */
static const struct {
	const char *function, *what;
} usual[] = {
	{"runtime.main", "the main goroutine"},
	{"testing.tRunner", "a running test"},
	{"testing.fRunner", "a running test"},
	{"testing.(*B).launch", "a running test"},
	{"testing.(*T).Run", "a running test"},
	{"testing.(*T).Parallel", "a running test"},
	{"testing.RunTests", "a running test"},
	{"os/signal.loop", "os/signal's own"},
	{"os/signal.signal_recv", "os/signal's own"},
	{"runtime.ensureSigM", "os/signal's own"},
	{"runtime.ReadTrace", "runtime/trace's own"},
};

static bool is_line(const char *line, const char *function)
{
	size_t len = strlen(function);

	return !strncmp(line, function, len) && line[len] == '\n';
}

static const char *next_line(const char *line)
{
	return line + strcspn(line, "\n") + 1;
}

static const char *usual_of(const struct ct_view_group *group)
{
	for (const char *line = group->functions; *line; line = next_line(line))
		for (size_t i = 0; i < CT_COUNT(usual); i++)
			if (is_line(line, usual[i].function))
				return usual[i].what;
	return group->waits && !strcmp(group->waits, "syscall") ? "in a system call" : NULL;
}

static bool lists(const struct ct_strings *list, const char *line)
{
	ct_autostr function = {0};

	ct_str_add_bytes(&function, line, strcspn(line, "\n"));
	return ct_policy_names(list, ct_str_text(&function));
}

static bool is_own(const char *line)
{
	ct_autostr function = {0};

	ct_str_add_bytes(&function, line, strcspn(line, "\n"));
	return ct_own_code("", ct_str_text(&function), false);
}

/* As in a traceback, which does not show what is the runtime's; or the program's own innermost. */
static bool has_top(const struct ct_strings *list, const struct ct_view_group *group)
{
	const char *line = group->functions;

	while (list->n && *line && !strncmp(line, "runtime.", 8))
		line = next_line(line);
	if (list->n && *line && lists(list, line))
		return true;
	while (list->n && *line && !is_own(line))
		line = next_line(line);
	return list->n && *line && lists(list, line);
}

static bool has_any(const struct ct_strings *list, const struct ct_view_group *group)
{
	for (const char *line = group->functions; list->n && *line; line = next_line(line))
		if (lists(list, line))
			return true;
	return false;
}

/* The function that made it, or the one that it began with. */
static bool has_start(const struct ct_strings *list, const struct ct_view_group *group)
{
	const char *start = group->functions;

	for (const char *line = start; list->n && *line; line = next_line(line))
		if (!is_line(line, "runtime.goexit"))
			start = line;
	return list->n && ((group->creator && ct_policy_names(list, group->creator)) ||
				  (*start && lists(list, start)));
}

const char *ct_leak_ignored_by(const struct ct_policy *policy, const struct ct_view_group *group)
{
	if (policy && has_top(&policy->ignore_top_function, group))
		return "--ignore-top-function";
	if (policy && has_any(&policy->ignore_any_function, group))
		return "--ignore-any-function";
	if (policy && has_start(&policy->ignore_created_by, group))
		return "--ignore-created-by";
	return usual_of(group);
}
