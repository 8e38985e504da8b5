/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeping goroutines, and channels that timers send to. The runtime's clock (nanotime) is nowhere
 * in the memory of a process; what it stamped last tells when it was at least, and so how long a
 * timer will take at most.
 */
#include "runtime/go/timers.h"

#include <inttypes.h>

#define MAX_P       4096
#define BATCH       32u /* goroutines whose memory is loaded at a time */
#define LEAST_TIMER 64u /* bytes of one, and of its place in a heap: less than in any version */

/* ---- the clock ---- */

static int64_t newest(int64_t a, int64_t b)
{
	return CT_MAX(a, b);
}

static uint64_t n_ps(const struct ct_go *go)
{
	uint64_t n;

	return go->globals.allp && !ct_read_u64(go->target, go->globals.allp + 8, &n) ? n : 0;
}

/* The i-th P; 0: there is none. */
static uint64_t p_at(const struct ct_go *go, uint32_t i)
{
	uint64_t slice[2], p = 0;

	if (!go->globals.allp || ct_read(go->target, go->globals.allp, slice, sizeof(slice)) ||
		i >= slice[1] || i >= MAX_P || ct_read_u64(go->target, slice[0] + 8u * i, &p))
		return 0;
	return p;
}

/* When sysmon looked at the Ps, the scheduler at the network, the collector at who waits. */
int64_t ct_go_clock(const struct ct_go_observation *o)
{
	const struct ct_go *go = o->go;
	uint32_t n = ct_go_n_goroutines(go), known = 0;
	uint64_t g[BATCH], p;
	int64_t clock = 0;

	if (go->globals.sched)
		clock = (int64_t)ct_go_word(go, go->globals.sched, CT_GO_SCHED_LASTPOLL);
	for (uint32_t i = 0; (p = p_at(go, i)); i++) {
		clock = newest(clock, (int64_t)ct_go_word(go, p, CT_GO_P_SYSMONTICK_SCHEDWHEN));
		clock = newest(clock, (int64_t)ct_go_word(go, p, CT_GO_P_SYSMONTICK_SYSCALLWHEN));
	}
	for (uint32_t i = 0; i < n && known == i; i += BATCH) {
		for (; known < CT_MIN(n, i + BATCH); known++) {
			if (ct_go_goroutine_address(go, known, &g[known - i]))
				break;
			ct_expect(go->target, g[known - i] + ct_go_at(go, G_WAITSINCE), 8);
		}
		for (uint32_t k = i; k < known; k++)
			clock = newest(clock, (int64_t)ct_go_word(go, g[k - i], CT_GO_G_WAITSINCE));
	}
	/* A century is no time that a machine has been up. */
	return clock > 0 && clock < INT64_C(100) * 366 * 86400 * 1000000000 ? clock : 0;
}

int64_t ct_go_until(const struct ct_go_waiter *w, int64_t when)
{
	int64_t clock = w->waits->clock;

	/* A bubble of testing/synctest has a time of its own. */
	if (!clock || when <= clock || ct_sink_get_actor(w->o->sink, w->actor)->bubble)
		return 0;
	return when - clock;
}

const char *ct_go_fires(struct ct_go_waiter *w, int64_t ns)
{
	struct ct_go_fires *last = &w->waits->fires;
	struct ct_span span = ct_span_of(ns, true);
	int64_t step = 1;

	while (span.n / step >= 100)
		step *= 10;
	span.n = (span.n / step + (span.n % step != 0)) * step;
	if (!last->text || last->span.n != span.n || last->span.unit != span.unit)
		*last = (struct ct_go_fires){span,
			ct_sink_printf(w->o->sink, "its timer fires in at most %" PRId64 " %s",
				span.n, span.unit)};
	return last->text;
}

/* ---- timers of channels: up to 1.22, and in programs with asynctimerchan=1 ---- */

#define TIMER_ZOMBIE 4u /* in state, 1.23 on: it is in the heap, and was stopped */

/* Is it in a heap, and not deleted? (addtimer() of runtime/time.go; struct timer since 1.23) */
bool ct_go_timer_runs(const struct ct_go *go, uint64_t timer)
{
	uint32_t status;
	uint8_t state;

	if (!ct_go_u8(go, timer, CT_GO_TIMER_STATE, &state))
		return !(state & TIMER_ZOMBIE) && ct_go_word(go, timer, CT_GO_TIMER_WHEN);
	return !ct_go_u32(go, timer, CT_GO_TIMER_STATUS, &status) &&
	       (status == 1 || status == 2 || (status >= 6 && status <= 8));
}

uint64_t ct_go_timer_argument(const struct ct_go *go, uint64_t timer)
{
	uint64_t value = 0; /* behind the type */

	return !ct_go_has(go, TIMER_ARG) ||
			       ct_read_u64(go->target, timer + ct_go_at(go, TIMER_ARG) + 8, &value)
		       ? 0
		       : value;
}

static void add_timer(const struct ct_go *go, void *arg, uint64_t timer)
{
	struct ct_go_waits *waits = arg;
	uint64_t channel = ct_go_timer_runs(go, timer) ? ct_go_timer_argument(go, timer) : 0;

	if (!channel)
		return;
	struct ct_go_ticking *slot = ct_vec_push(&waits->ticking);
	if (slot &&
		ct_hash_insert(&waits->ticking_keys, ct_hash_u64(channel), waits->ticking.n - 1))
		*slot = (struct ct_go_ticking){channel, timer};
}

/* The heap of a P: of timers, since 1.23 of pairs of a timer and its time. */
static bool heap_of(const struct ct_go *go, uint64_t p, uint64_t ret[2])
{
	bool pairs = ct_go_at(go, TIMERS_HEAP) != CT_GO_ABSENT;
	uint64_t heap = ct_go_at(go, P_TIMERS) + (pairs ? ct_go_at(go, TIMERS_HEAP) : 0);

	return ct_go_at(go, P_TIMERS) != CT_GO_ABSENT &&
	       !ct_read(go->target, p + heap, ret, 2 * sizeof(*ret));
}

void ct_go_each_timer_array(
	const struct ct_go *go, void (*look)(void *arg, uint64_t array), void *arg)
{
	uint64_t p, slice[2];

	for (uint32_t i = 0; (p = p_at(go, i)); i++)
		if (heap_of(go, p, slice) && slice[0])
			look(arg, slice[0]);
}

bool ct_go_each_timer(
	const struct ct_go *go, void (*look)(const struct ct_go *, void *, uint64_t), void *arg)
{
	uint64_t step = ct_go_at(go, TIMERS_HEAP) != CT_GO_ABSENT ? 16 : 8;
	uint64_t n = n_ps(go), p, slice[2], timer, when;
	uint64_t left = ct_target_present(go->target) / LEAST_TIMER;
	bool all = n && n <= MAX_P;

	for (uint32_t i = 0; i < CT_MIN(n, (uint64_t)MAX_P); i++) {
		p = p_at(go, i);
		if (!p || !heap_of(go, p, slice) || slice[1] > left) {
			all = false;
			continue;
		}
		left -= slice[1];
		for (uint64_t k = 0; k < slice[1]; k++) {
			if (ct_read_u64(go->target, slice[0] + step * k, &timer)) {
				all = false;
				break;
			}
			if (ct_go_u64(go, timer, CT_GO_TIMER_WHEN, &when))
				all = false;
			else
				look(go, arg, timer);
		}
	}
	return all;
}

/* ---- timers that run code of the program's ---- */

/* The runtime's own timers end sleeps and waits for files, which are told of anyway, or wake its
 * own goroutines; those of package time send, or call what AfterFunc was given. */
static bool only_wakes(const char *function)
{
	return !strncmp(function, "runtime.", strlen("runtime.")) ||
	       !strcmp(function, "time.sendTime");
}

static void count_function(const struct ct_go *go, void *arg, uint64_t timer)
{
	uint64_t closure = ct_go_word(go, timer, CT_GO_TIMER_F), entry = 0;
	struct ct_go_function function;
	uint32_t *n = arg;

	if (ct_go_timer_runs(go, timer))
		*n += !closure || ct_read_u64(go->target, closure, &entry) ||
		      !ct_go_function_at(&go->tables, entry, &function) ||
		      !only_wakes(ct_go_function_name(&function));
}

uint32_t ct_go_count_functions(const struct ct_go *go)
{
	uint32_t n = 0;

	return ct_go_each_timer(go, count_function, &n) ? n : CT_NONE;
}

/* ---- timers of channels ---- */

/* When it fires: what was set last. */
int64_t ct_go_timer_when(const struct ct_go *go, uint64_t timer)
{
	uint32_t status;

	if (!ct_go_u32(go, timer, CT_GO_TIMER_STATUS, &status) && status >= 6)
		return (int64_t)ct_go_word(go, timer, CT_GO_TIMER_NEXTWHEN);
	return (int64_t)ct_go_word(go, timer, CT_GO_TIMER_WHEN);
}

uint64_t ct_go_ticking_timer(struct ct_go_waiter *w, uint64_t channel, int64_t *when)
{
	struct ct_go_waits *waits = w->waits;
	uint32_t i;

	if (!waits->have_timers)
		waits->lost_timers = !ct_go_each_timer(w->o->go, add_timer, waits);
	waits->have_timers = true;
	struct ct_hash_it it = ct_hash_find(&waits->ticking_keys, ct_hash_u64(channel));
	while (ct_hash_next(&waits->ticking_keys, &it, &i))
		if (waits->ticking.items[i].channel == channel) {
			*when = ct_go_timer_when(w->o->go, waits->ticking.items[i].timer);
			return waits->ticking.items[i].timer;
		}
	return 0;
}

/* ---- sleep ---- */

/* Of time.Sleep: 1.23 keeps it beside the timer. */
static int64_t wakes_at(const struct ct_go_waiter *w)
{
	const struct ct_go *go = w->o->go;
	int64_t when = (int64_t)ct_go_word(go, w->g->at, CT_GO_G_SLEEPWHEN);
	uint64_t timer = when ? 0 : ct_go_word(go, w->g->at, CT_GO_G_TIMER);

	return timer ? ct_go_timer_when(go, timer) : when;
}

enum ct_status ct_go_wait_sleep(struct ct_go_waiter *w)
{
	int64_t when = wakes_at(w), until = ct_go_until(w, when);
	struct ct_wait wait = {
		.kind = CT_WAIT_SLEEP,
		.trust = CT_TRUST_EXACT,
		.timed = true,
		.resource = CT_NONE,
		.why = "it sleeps until its timer fires",
	};

	if (when == INT64_MAX)
		wait.why = "it sleeps for longer than the clock can count";
	else if (until)
		wait.why = ct_go_fires(w, until);
	return ct_go_add_wait(w, wait);
}
