/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/waits.h"

/* The reasons of runtime2.go (waitReasonStrings) that mean a wait for something of the program's,
 * and those of the runtime's own. In 1.15 to 1.27 their numbers change, their words do not. */
static const struct ct_go_wait_row rows[] = {
	{.reason = "chan receive", .observe = ct_go_wait_channel, .kind = CT_WAIT_RECV},
	{.reason = "chan send", .observe = ct_go_wait_channel, .kind = CT_WAIT_SEND},
	{.reason = "chan receive (nil chan)",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_RECV,
		.never = true,
		.why = "the channel is nil: nobody can ever send to it"},
	{.reason = "chan send (nil chan)",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_SEND,
		.never = true,
		.why = "the channel is nil: nobody can ever receive from it"},
	{.reason = "select", .observe = ct_go_wait_select, .kind = CT_WAIT_SELECT},
	{.reason = "select (no cases)",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_SELECT,
		.never = true,
		.why = "a select without cases: nothing can ever end it"},
	{.reason = "semacquire", .observe = ct_go_wait_semaphore, .kind = CT_WAIT_SEM},
	{.reason = "sync.Mutex.Lock", .observe = ct_go_wait_semaphore, .kind = CT_WAIT_MUTEX},
	{.reason = "sync.RWMutex.RLock",
		.observe = ct_go_wait_semaphore,
		.kind = CT_WAIT_RWLOCK_READ},
	{.reason = "sync.RWMutex.Lock",
		.observe = ct_go_wait_semaphore,
		.kind = CT_WAIT_RWLOCK_WRITE},
	{.reason = "sync.WaitGroup.Wait",
		.observe = ct_go_wait_semaphore,
		.kind = CT_WAIT_WAITGROUP},
	{.reason = "sync.Cond.Wait", .observe = ct_go_wait_cond, .kind = CT_WAIT_COND},
	{.reason = "sleep", .observe = ct_go_wait_sleep, .kind = CT_WAIT_SLEEP},
	{.reason = "IO wait", .observe = ct_go_wait_poll, .kind = CT_WAIT_IO},
	{.reason = "coroutine",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_OTHER,
		.why = "a coroutine (iter.Pull): it goes on when the other side of it asks for "
		       "more"},
	{.reason = "synctest.Run",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_OTHER,
		.why = "it waits for the goroutines of its bubble (testing/synctest)"},
	{.reason = "synctest.Wait",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_OTHER,
		.why = "it waits until all others of its bubble are blocked (testing/synctest)"},
	{.reason = "GC assist marking",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_OTHER,
		.why = "it helps the garbage collector before it may allocate"},
	{.reason = "GC assist wait",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_OTHER,
		.why = "it may allocate when the garbage collector has done more"},
	{.reason = "wait for GC cycle",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_OTHER,
		.why = "it waits for the end of a garbage collection"},
	{.reason = "stopping the world",
		.observe = ct_go_wait_plain,
		.kind = CT_WAIT_OTHER,
		.why = "it waits until no other goroutine runs"},
};

/* "chan receive (synctest)", "(durable)" and "(scan)" are the same wait in another place. */
static bool is_reason(const char *text, const char *reason)
{
	static const char *const variants[] = {"", " (durable)", " (synctest)"};
	size_t n = strlen(reason);

	for (size_t i = 0; i < CT_COUNT(variants); i++)
		if (!strncmp(text, reason, n) && !strcmp(text + n, variants[i]))
			return true;
	return false;
}

static const struct ct_go_wait_row other = {
	.reason = "", .observe = ct_go_wait_plain, .kind = CT_WAIT_OTHER};

static const struct ct_go_wait_row *row_of(const char *reason)
{
	for (size_t i = 0; i < CT_COUNT(rows); i++)
		if (is_reason(reason, rows[i].reason))
			return &rows[i];
	return &other;
}

enum ct_trust ct_go_trust(const struct ct_go *go, enum ct_trust best)
{
	return go->layout_trust == CT_GO_LAYOUT_NEAREST ? CT_MAX(best, CT_TRUST_INFERRED) : best;
}

enum ct_status ct_go_add_wait(struct ct_go_waiter *w, struct ct_wait wait)
{
	wait.actor = w->actor;
	wait.trust = (uint8_t)ct_go_trust(w->o->go, wait.trust);
	if (w->g->since > 0 && w->waits->clock > w->g->since) {
		wait.has_since = true;
		wait.since_ns = (uint64_t)(w->waits->clock - w->g->since);
	}
	return ct_sink_wait(w->o->sink, &wait) == CT_NONE ? CT_NO_MEMORY : CT_OK;
}

enum ct_status ct_go_wait_plain(struct ct_go_waiter *w)
{
	const struct ct_wait wait = {
		.kind = w->row->kind,
		.trust = CT_TRUST_EXACT,
		.never = w->row->never,
		.resource = CT_NONE,
		.why = w->row->why ? w->row->why : w->waits->other[w->g->reason],
	};

	return ct_go_add_wait(w, wait);
}

enum ct_status ct_go_waits_new(struct ct_go_observation *o)
{
	struct ct_go_waits *waits = calloc(1, sizeof(*waits));

	o->waits = waits;
	if (!waits)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < CT_COUNT(waits->rows); i++) {
		const char *reason = i < o->go->globals.n_reasons ? o->go->reasons[i] : "";

		waits->rows[i] = row_of(reason);
		if (waits->rows[i] == &other)
			waits->other[i] = *reason ? ct_sink_printf(o->sink,
							    "the runtime says of it: %s", reason)
						  : "the runtime says not why";
	}
	waits->may_search = 100000 + 32 * (uint64_t)ct_go_n_goroutines(o->go);
	waits->clock = ct_go_clock(o);
	return CT_OK;
}

void ct_go_waits_free(struct ct_go_waits *waits)
{
	if (!waits)
		return;
	ct_vec_free(&waits->calls);
	ct_vec_free(&waits->channels);
	ct_hash_free(&waits->channel_keys);
	ct_vec_free(&waits->parked);
	ct_hash_free(&waits->parked_keys);
	ct_vec_free(&waits->ticking);
	ct_hash_free(&waits->ticking_keys);
	ct_vec_free(&waits->bubbles);
	ct_vec_free(&waits->labels);
	ct_hash_free(&waits->label_keys);
	free(waits);
}

/*
 * The goroutine of os/signal: it sleeps as in a system call, until a signal comes that the program
 * has asked for.
 */
static bool awaits_signal(const struct ct_go_waiter *w)
{
	const struct ct_actor *a = ct_sink_get_actor(w->o->sink, w->actor);
	const struct ct_stack *stack =
		a->stack == CT_NONE ? NULL : ct_sink_get_stack(w->o->sink, a->stack);

	for (uint32_t i = 0; stack && i < CT_MIN(stack->n_frames, 8u); i++) {
		const char *function =
			ct_sink_get_site(w->o->sink, stack->frames[i].site)->function;

		if (function && !strcmp(function, "os/signal.signal_recv"))
			return true;
	}
	return false;
}

static enum ct_status add_signal_wait(struct ct_go_waiter *w)
{
	return ct_go_add_wait(w, (struct ct_wait){.kind = CT_WAIT_SIGNAL,
					 .trust = CT_TRUST_LAYOUT,
					 .outside = true,
					 .resource = CT_NONE,
					 .why = "it waits for signals that the program wants to "
						"be told of (signal.Notify)"});
}

/* g.syncGroup in 1.24, g.bubble since: counted as they come. */
static uint8_t bubble_of(const struct ct_go_waiter *w)
{
	const struct ct_go *go = w->o->go;
	uint64_t at = ct_go_word(go, w->g->at,
		ct_go_at(go, G_BUBBLE) != CT_GO_ABSENT ? CT_GO_G_BUBBLE : CT_GO_G_SYNCGROUP);
	uint32_t i = 0;

	while (i < w->waits->bubbles.n && w->waits->bubbles.items[i] != at)
		i++;
	if (!at || i >= UINT8_MAX)
		return 0;
	uint64_t *slot = i == w->waits->bubbles.n ? ct_vec_push(&w->waits->bubbles) : NULL;
	if (slot)
		*slot = at;
	return (uint8_t)(i + 1);
}

enum ct_status ct_go_observe_waits(
	struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor)
{
	struct ct_go_waiter w = {o, o->waits, g, actor, o->waits->rows[g->reason]};
	uint32_t labels = ct_go_labels(&w);

	ct_sink_get_actor(o->sink, actor)->labels = labels;
	ct_sink_get_actor(o->sink, actor)->bubble = bubble_of(&w);
	if (g->status == CT_GO_SYSCALL)
		return awaits_signal(&w) ? add_signal_wait(&w) : CT_OK;
	return g->status == CT_GO_WAITING || g->status == CT_GO_LEAKED ? w.row->observe(&w) : CT_OK;
}
