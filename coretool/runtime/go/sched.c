/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler as it stood: Ps, Ms, queues and the phase of the garbage collector (proc.go). */
#include "facts/go.h"
#include "runtime/go/observe.h"
#include "runtime/go/profile_bucket.h"

#define MAX_P 65536 /* the runtime itself takes no more than 2^10 on most machines */
#define QUEUE 256u  /* len(p.runq), all versions */

static const char *const p_status[] = {
	"idle", "running", "in a system call", "stopped for the garbage collector", "dead"};
static const char *const gc_phases[] = {"off", "mark", "mark termination"};

static uint32_t u32_at(const struct ct_go *go, uint64_t addr, enum ct_go_field field)
{
	uint32_t value = 0;

	return ct_go_u32(go, addr, field, &value) ? 0 : value;
}

/* CT_NONE: not known. */
static uint32_t count_at(const struct ct_go *go, uint64_t addr, enum ct_go_field field)
{
	uint32_t value;

	return !addr || ct_go_u32(go, addr, field, &value) ? CT_NONE : value;
}

static bool flag_at(const struct ct_go *go, uint64_t addr, enum ct_go_field field)
{
	uint8_t value = 0;

	return !ct_go_u8(go, addr, field, &value) && value;
}

static uint32_t goroutine_at(const struct ct_go_observation *o, uint64_t g)
{
	return g ? ct_sink_actor_by_object(o->sink, g) : CT_NONE;
}

static struct ct_go_processor read_processor(const struct ct_go_observation *o, uint64_t p)
{
	const struct ct_go *go = o->go;
	uint32_t status = count_at(go, p, CT_GO_P_STATUS);
	const struct ct_go_machine *m = ct_go_machine_at(o, ct_go_word(go, p, CT_GO_P_M));

	return (struct ct_go_processor){
		.id = u32_at(go, p, CT_GO_P_ID),
		.status = status < CT_COUNT(p_status) ? p_status[status] : "unknown",
		.thread = m ? m->thread : CT_NONE,
		/* Both only grow, and wrap around together. */
		.n_runnable = ct_go_has(go, P_RUNQTAIL)
				      ? CT_MIN(u32_at(go, p, CT_GO_P_RUNQTAIL) -
							u32_at(go, p, CT_GO_P_RUNQHEAD),
						QUEUE)
				      : CT_NONE,
		.next = goroutine_at(o, ct_go_word(go, p, CT_GO_P_RUNNEXT)),
	};
}

/* Timers in the heap of a P, stopped ones that are still there too. */
static bool count_timers(const struct ct_go *go, uint64_t p, uint32_t *sum)
{
	/* A heap of its own type since 1.23 (time.go). */
	bool typed = ct_go_at(go, TIMERS_HEAP) != CT_GO_ABSENT;
	uint64_t n, slice = p + ct_go_at(go, P_TIMERS) + (typed ? ct_go_at(go, TIMERS_HEAP) : 0);

	if (ct_go_at(go, P_TIMERS) == CT_GO_ABSENT || ct_read_u64(go->target, slice + 8, &n))
		return false;
	*sum += (uint32_t)CT_MIN(n, (uint64_t)INT32_MAX);
	return true;
}

static void read_processors(const struct ct_go_observation *o, struct ct_fact_go *ret)
{
	struct ct_arena *arena = ct_sink_arena(o->sink);
	struct ct_go_processor *list;
	uint64_t slice[2], p;
	uint32_t timers = 0;
	bool known = true;

	ret->n_timers = CT_NONE;
	if (!o->go->globals.allp || ct_read(o->target, o->go->globals.allp, slice, sizeof(slice)))
		return;
	uint32_t n = (uint32_t)CT_MIN(slice[1], (uint64_t)MAX_P);
	list = ct_arena_new_array(arena, n, struct ct_go_processor);
	for (uint32_t i = 0; list && i < n; i++)
		if (!ct_read_u64(o->target, slice[0] + 8 * (uint64_t)i, &p) && p) {
			list[ret->n_processors++] = read_processor(o, p);
			known &= count_timers(o->go, p, &timers);
		}
	ret->n_timers = known && ret->n_processors ? timers : CT_NONE;
	ret->processors = list;
}

static struct ct_go_thread read_thread(
	const struct ct_go_observation *o, const struct ct_go_machine *m)
{
	const struct ct_go *go = o->go;
	uint64_t p = ct_go_word(go, m->at, CT_GO_M_P);

	return (struct ct_go_thread){
		.id = (int64_t)ct_go_word(go, m->at, CT_GO_M_ID),
		.actor = m->thread,
		.runs = goroutine_at(o, m->current),
		.locked = goroutine_at(o, ct_go_word(go, m->at, CT_GO_M_LOCKEDG)),
		.processor = p ? (int64_t)u32_at(go, p, CT_GO_P_ID) : -1,
		.spinning = flag_at(go, m->at, CT_GO_M_SPINNING),
		.blocked = flag_at(go, m->at, CT_GO_M_BLOCKED),
		.in_cgo = flag_at(go, m->at, CT_GO_M_INCGO),
		.throwing = u32_at(go, m->at, CT_GO_M_THROWING) != 0,
		.dying = u32_at(go, m->at, CT_GO_M_DYING) != 0,
	};
}

static int by_id(const void *a, const void *b)
{
	const struct ct_go_thread *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void read_threads(const struct ct_go_observation *o, struct ct_fact_go *ret)
{
	struct ct_go_thread *list =
		ct_arena_new_array(ct_sink_arena(o->sink), o->n_machines, struct ct_go_thread);

	for (uint32_t i = 0; list && i < o->n_machines; i++)
		list[i] = read_thread(o, &o->machines[i]);
	ret->threads = list;
	ret->n_threads = list ? o->n_machines : 0;
	if (ret->n_threads)
		qsort(list, ret->n_threads, sizeof(*list), by_id);
}

static void read_queues(const struct ct_go_observation *o, struct ct_fact_go *ret)
{
	const struct ct_go *go = o->go;
	uint64_t sched = go->globals.sched;
	bool old = ct_go_at(go, SCHED_RUNQSIZE) != CT_GO_ABSENT; /* before 1.26 */

	ret->n_runnable = count_at(go, sched, old ? CT_GO_SCHED_RUNQSIZE : CT_GO_SCHED_RUNQ_SIZE);
	ret->n_idle_processors = count_at(go, sched, CT_GO_SCHED_NPIDLE);
	ret->n_idle_threads = count_at(go, sched, CT_GO_SCHED_NMIDLE);
	ret->n_spinning = count_at(go, sched, CT_GO_SCHED_NMSPINNING);
	ret->stopping = sched && u32_at(go, sched, CT_GO_SCHED_GCWAITING) != 0;
}

enum ct_status ct_go_observe_sched(struct ct_go_observation *o)
{
	static const char *const layouts[] = {
		[CT_GO_LAYOUT_VERSION] = "the tables of this version",
		[CT_GO_LAYOUT_DWARF] = "the program's DWARF",
		[CT_GO_LAYOUT_NEAREST] = "its types, and the tables of the nearest version",
	};
	const struct ct_go *go = o->go;
	struct ct_fact_go fact = {
		.version = ct_sink_string(o->sink, go->version.text),
		.layout = layouts[go->layout_trust],
		.guessed = go->layout_trust == CT_GO_LAYOUT_NEAREST,
	};
	uint32_t phase;

	if (go->globals.gcphase && !ct_read_u32(o->target, go->globals.gcphase, &phase) &&
		phase < CT_COUNT(gc_phases))
		fact.gc_phase = gc_phases[phase];
	read_processors(o, &fact);
	read_threads(o, &fact);
	read_queues(o, &fact);
	fact.n_functions = ct_go_count_functions(go);
	fact.uses = ct_arena_copy(
		ct_sink_arena(o->sink), o->uses.items, o->uses.n * sizeof(*o->uses.items));
	fact.spins = ct_arena_copy(
		ct_sink_arena(o->sink), o->spins.items, o->spins.n * sizeof(*o->spins.items));
	fact.n_spins = fact.spins ? o->spins.n : 0;
	fact.n_uses = fact.uses ? o->uses.n : 0;
	fact.heap_rate = ct_go_profile_rate(go, go->globals.heaprate);
	fact.block_rate = ct_go_profile_rate(go, go->globals.blockrate);
	fact.mutex_rate = ct_go_profile_rate(go, go->globals.mutexrate);
	enum ct_status status = o->leaks ? ct_go_observe_leaks(o, &fact) : CT_OK;
	ct_sink_go(o->sink, &fact);
	return status;
}
