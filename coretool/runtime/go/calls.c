/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a goroutine that waits was doing: the functions of the library in which it sleeps, innermost
 * first, up to the program's own. Equal stacks are asked once.
 */
#include "runtime/go/waits.h"

#define KNOWN     (1u << 31)
#define MAX_LINES 24

static const struct {
	const char *function;
	unsigned call;
} calls[] = {
	{"sync.(*Mutex).lockSlow", CT_GO_CALL_MUTEX},
	{"sync.(*Mutex).Lock", CT_GO_CALL_MUTEX},
	{"internal/sync.(*Mutex).lockSlow", CT_GO_CALL_MUTEX},
	{"sync.(*RWMutex).Lock", CT_GO_CALL_RWMUTEX_LOCK},
	{"sync.(*RWMutex).RLock", CT_GO_CALL_RWMUTEX_RLOCK},
	{"sync.(*WaitGroup).Wait", CT_GO_CALL_WAITGROUP},
	{"sync.(*Once).doSlow", CT_GO_CALL_ONCE},
	{"internal/poll.(*fdMutex).rwlock", CT_GO_CALL_FD_LOCK},
	{"internal/poll.(*fdMutex).increfAndClose", CT_GO_CALL_FD_LOCK},
	{"internal/poll.(*FD).Close", CT_GO_CALL_FD_LOCK},
	{"internal/poll.(*FD).Accept", CT_GO_CALL_ACCEPT},
	{"net.(*netFD).connect", CT_GO_CALL_CONNECT},
	/* For others there is semacquire1() (sema.go). */
	{"runtime.semacquire", CT_GO_CALL_RUNTIME_SEMA},
};

static bool begins_with(const char *function, const char *const *packages)
{
	for (; *packages; packages++)
		if (!strncmp(function, *packages, strlen(*packages)))
			return true;
	return false;
}

/*
 * A lock that package net waits for below sync.(*Once).doSlow is not that of the Once: what stands
 * behind another package's function is no part of the wait. False: so does all that follows.
 */
static bool add_call(const char *function, bool *sync_ended, unsigned *ret)
{
	static const char *const sync[] = {
		"runtime.", "internal/runtime/", "sync.", "internal/sync.", "internal/race.", NULL};
	static const char *const io[] = {"internal/poll.", "net.", "syscall.", NULL};

	if (!function)
		return false;
	*sync_ended |= !begins_with(function, sync);
	if (*sync_ended && !begins_with(function, io))
		return false;
	for (size_t i = 0; i < CT_COUNT(calls); i++)
		if (!strcmp(function, calls[i].function))
			*ret |= calls[i].call;
	return true;
}

static unsigned read_calls(const struct ct_go_waiter *w, uint32_t stack)
{
	const struct ct_stack *s = ct_sink_get_stack(w->o->sink, stack);
	unsigned ret = KNOWN;
	bool sync_ended = false;

	for (uint32_t i = 0; i < CT_MIN(s->n_frames, (uint32_t)MAX_LINES); i++) {
		const struct ct_site *site = ct_sink_get_site(w->o->sink, s->frames[i].site);

		for (uint32_t k = 0; k < site->n_lines; k++)
			if (!add_call(site->lines[k].function, &sync_ended, &ret))
				return ret;
		if (!site->n_lines && !add_call(site->function, &sync_ended, &ret))
			return ret;
	}
	return ret;
}

unsigned ct_go_calls(struct ct_go_waiter *w)
{
	uint32_t stack = ct_sink_get_actor(w->o->sink, w->actor)->stack;

	if (stack == CT_NONE)
		return 0;
	while (w->waits->calls.n <= stack)
		if (!ct_vec_push(&w->waits->calls))
			return read_calls(w, stack);
	uint32_t *slot = &w->waits->calls.items[stack];
	if (!*slot)
		*slot = read_calls(w, stack);
	return *slot;
}

size_t ct_go_stack_words(const struct ct_go_waiter *w, uint64_t words[CT_GO_STACK_WORDS])
{
	const struct ct_go_g *g = w->g;
	size_t n = 0;

	if (g->sp >= g->stack_low && g->sp < g->stack_high && g->sp % 8 == 0)
		n = (size_t)CT_MIN((g->stack_high - g->sp) / 8, (uint64_t)CT_GO_STACK_WORDS);
	return n && !ct_read(w->o->target, g->sp, words, n * sizeof(*words)) ? n : 0;
}
