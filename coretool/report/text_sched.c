/* SPDX-License-Identifier: Apache-2.0 */
/* The Go scheduler: processors, threads, queues. */
#include <inttypes.h>

#include "facts/go.h"
#include "report/text.h"
#include "rules/words.h"

#define THREADS_SHOWN 40 /* without -v */

static const char *who(struct ct_text *t, uint32_t actor)
{
	return actor == CT_NONE ? "nobody" : ct_say_actor(&t->words, t->facts, actor);
}

/* ", 3 idle"; "" where it is not known. */
static const char *count(struct ct_text *t, const char *before, uint32_t n, const char *what)
{
	return n == CT_NONE ? "" : ct_arena_printf(&t->words, "%s%" PRIu32 " %s", before, n, what);
}

static void write_processor(struct ct_text *t, const struct ct_go_processor *p)
{
	ct_text_add(t, "  P%" PRIu32 " %s", p->id, p->status);
	if (p->thread != CT_NONE)
		ct_text_add(t, " on %s", who(t, p->thread));
	if (p->n_runnable && p->n_runnable != CT_NONE)
		ct_text_add(t, ", %" PRIu32 " in its queue", p->n_runnable);
	if (p->next != CT_NONE)
		ct_text_add(t, ", next is %s", who(t, p->next));
	ct_text_end(t);
}

static void write_thread(struct ct_text *t, const struct ct_go_thread *m)
{
	ct_text_add(t, "  M%" PRId64 " is ", m->id);
	if (m->actor != CT_NONE)
		ct_text_add(t, "%s", who(t, m->actor));
	else
		ct_text_add(t, "without a thread (kept for calls from C, or not started yet)");
	if (m->runs != CT_NONE)
		ct_text_add(t, ", runs %s", who(t, m->runs));
	if (m->processor >= 0)
		ct_text_add(t, ", has P%" PRId64, m->processor);
	if (m->locked != CT_NONE)
		ct_text_add(t, ", bound to %s", who(t, m->locked));
	ct_text_add(t, "%s%s%s%s%s", m->in_cgo ? ", in C code" : "",
		m->spinning ? ", looks for work" : "", m->blocked ? ", parked" : "",
		m->throwing ? ", has thrown" : "", m->dying ? ", is dying" : "");
	ct_text_end(t);
}

static void add_rate(struct ct_text *t, const char *what, int64_t rate, const char *unit)
{
	if (rate == CT_GO_RATE_UNKNOWN)
		ct_text_add(t, "%s not known", what);
	else if (!rate)
		ct_text_add(t, "%s off (rate 0)", what);
	else
		ct_text_add(t, "%s one in %" PRId64 " %s", what, rate, unit);
}

static void write_rates(struct ct_text *t, const struct ct_fact_go *go)
{
	add_rate(t, "Profiles: heap", go->heap_rate, "bytes");
	add_rate(t, ", block", go->block_rate, "cycles");
	add_rate(t, ", mutex", go->mutex_rate, "waits");
	ct_text_end(t);
}

void ct_text_sched(struct ct_text *t)
{
	const struct ct_fact_go *go = t->facts->go;

	if (!go) {
		ct_text_say(t,
			"There is no scheduler: this is no Go program, or one that cannot be "
			"read.");
		return;
	}
	ct_text_head(t, "%s, layouts of %s, garbage collector: %s%s", go->version, go->layout,
		go->gc_phase ? go->gc_phase : "not known",
		go->stopping ? ", the world is being stopped" : "");
	write_rates(t, go);
	ct_text_head(t, "Processors: %" PRIu32 "%s%s", go->n_processors,
		count(t, ", ", go->n_idle_processors, "idle"),
		count(t, "; ", go->n_runnable, "goroutines in the queue of all"));
	for (uint32_t i = 0; i < go->n_processors; i++)
		write_processor(t, &go->processors[i]);
	ct_text_head(t, "Threads: %" PRIu32 "%s%s", go->n_threads,
		count(t, ", ", go->n_idle_threads, "idle"),
		count(t, ", ", go->n_spinning, "look for work"));
	uint32_t n = t->verbose ? go->n_threads : CT_MIN(go->n_threads, (uint32_t)THREADS_SHOWN);
	for (uint32_t i = 0; i < n; i++)
		write_thread(t, &go->threads[i]);
	if (n < go->n_threads)
		ct_text_say(t, "  … %" PRIu32 " more (-v)", go->n_threads - n);
}
