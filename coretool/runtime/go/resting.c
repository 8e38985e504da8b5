/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of the runtime that do nothing of their own: those that wait for a goroutine to run,
 * sysmon, the one that polls the network, those that a goroutine keeps while it waits. What they
 * would go on for are goroutines that can run, timers, files and signals, all of which are told of
 * by themselves.
 */
#include "runtime/go/observe.h"

static const char *function_at(
	const struct ct_go_observation *o, const struct ct_stack *stack, uint32_t frame)
{
	const struct ct_site *site = ct_sink_get_site(o->sink, stack->frames[frame].site);

	return site->function ? site->function : "";
}

static bool is_runtime(const char *function)
{
	static const char *const packages[] = {
		"runtime.", "internal/runtime/", "runtime/internal/"};

	for (size_t i = 0; i < CT_COUNT(packages); i++)
		if (!strncmp(function, packages[i], strlen(packages[i])))
			return true;
	return false;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && !strcmp(text + n - k, end);
}

/* Asleep for a while, or until a file is ready. */
static bool is_pause(const char *function)
{
	return !strcmp(function, "runtime.usleep") || !strcmp(function, "runtime.osyield") ||
	       !strncmp(function, "runtime.epoll", strlen("runtime.epoll")) ||
	       (is_runtime(function) && ends_with(function, ".Syscall6"));
}

/* Where its handlers for signals begin: the frame that they have interrupted. */
static uint32_t behind_handlers(const struct ct_go_observation *o, const struct ct_stack *stack)
{
	uint32_t ret = 0;

	for (uint32_t i = 0; i + 1 < stack->n_frames; i++)
		if (stack->frames[i].is_signal)
			ret = i + 1;
		else if (!is_runtime(function_at(o, stack, i)))
			break;
	return ret;
}

/* Only the runtime wakes who sleeps on a futex of its own. */
static bool is_resting(const struct ct_go_observation *o, const struct ct_stack *stack)
{
	uint32_t first = behind_handlers(o, stack);

	if (!stack->root || stack->skipped_at || first + 1 >= stack->n_frames)
		return false;
	if (!strcmp(function_at(o, stack, first), "runtime.futex"))
		return true;
	if (!is_pause(function_at(o, stack, first)))
		return false;
	for (uint32_t i = first + 1; i < stack->n_frames; i++)
		if (!is_runtime(function_at(o, stack, i)))
			return false;
	return true;
}

void ct_go_mark_resting(struct ct_go_observation *o)
{
	for (uint32_t i = 0; i < o->n_machines; i++) {
		struct ct_actor *thread =
			o->machines[i].thread == CT_NONE
				? NULL
				: ct_sink_get_actor(o->sink, o->machines[i].thread);

		if (thread && thread->stack != CT_NONE)
			thread->system = is_resting(o, ct_sink_get_stack(o->sink, thread->stack));
	}
}
