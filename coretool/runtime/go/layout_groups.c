/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields that stand or fall together, and what is not known without them. Each group has the
 * offsets of the table by which most of memory looks as it must; when it does so by none, they are
 * absent.
 */
#include "base/arena.h"
#include "base/str.h"
#include "runtime/go/layout.h"

#define MAX_FIELDS 12
#define DAMAGED    8u /* of so many one may be wrong, in a damaged core */

struct group {
	const char *without; /* what is not known without them */
	ct_go_check *check;
	size_t global; /* that is found by them: offset in struct ct_go_globals; NONE */
	uint16_t fields[MAX_FIELDS];
	uint8_t n;
};

#define NONE         SIZE_MAX
#define GLOBAL(name) offsetof(struct ct_go_globals, name)
#define FIELDS(...)  {__VA_ARGS__}, sizeof((uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t)
#define X(id)        CT_GO_##id

/* In this order: what a check needs stands before it. */
static const struct group groups[] = {
	{"goroutines", ct_go_check_identity, GLOBAL(allgs),
		FIELDS(X(G_STACK_LO), X(G_STACK_HI), X(G_ATOMICSTATUS), X(G_GOID), X(G_GOPC),
			X(G_STARTPC))},
	{"stacks", ct_go_check_registers, NONE,
		FIELDS(X(G_SCHED_SP), X(G_SCHED_PC), X(G_SCHED_CTXT), X(G_SCHED_BP))},
	{"stacks in system calls", ct_go_check_syscall, NONE,
		FIELDS(X(G_SYSCALLSP), X(G_SYSCALLPC))},
	{"who made goroutines", ct_go_check_parent, NONE, FIELDS(X(G_PARENTGOID))},
	{"what goroutines wait for", ct_go_check_reason, NONE, FIELDS(X(G_WAITREASON))},
	{"since when they wait", ct_go_check_since, NONE, FIELDS(X(G_WAITSINCE))},
	{"panics", ct_go_check_panic, NONE,
		FIELDS(X(G_PANIC), X(PANIC_ARG), X(PANIC_LINK), X(PANIC_RECOVERED), X(PANIC_GOEXIT),
			X(PANIC_DEFERBITSPTR), X(PANIC_SLOTSPTR))},
	{"deferred calls", ct_go_check_defer, NONE,
		FIELDS(X(G_DEFER), X(DEFER_HEAP), X(DEFER_OPENDEFER), X(DEFER_RANGEFUNC),
			X(DEFER_SP), X(DEFER_PC), X(DEFER_FN), X(DEFER_LINK), X(DEFER_HEAD))},
	{"signals in Go code", ct_go_check_signal, NONE,
		FIELDS(X(G_SIG), X(G_SIGCODE0), X(G_SIGCODE1), X(G_SIGPC))},
	{"labels", ct_go_check_labels, NONE, FIELDS(X(G_LABELS))},
	{"cleanups that run", ct_go_check_cleanups, NONE, FIELDS(X(G_RUNNINGCLEANUPS))},
	{"the runtime's threads", ct_go_check_g0, GLOBAL(allm), FIELDS(X(M_G0), X(G_M))},
	{"all threads but one of the runtime", ct_go_check_link, NONE, FIELDS(X(M_ALLLINK))},
	{"which thread is which of the runtime", ct_go_check_procid, NONE, FIELDS(X(M_PROCID))},
	{"what threads run", ct_go_check_current, NONE, FIELDS(X(M_CURG))},
	{"threads in signal handlers", ct_go_check_gsignal, NONE, FIELDS(X(M_GSIGNAL))},
	{"goroutines that are locked to threads", ct_go_check_locked, NONE, FIELDS(X(G_LOCKEDM))},
	{"threads that goroutines are locked to", ct_go_check_lockedg, NONE, FIELDS(X(M_LOCKEDG))},
	{"numbers of threads", ct_go_check_m_id, NONE, FIELDS(X(M_ID))},
	{"fatal errors, and what threads do", ct_go_check_flags, NONE,
		FIELDS(X(M_THROWING), X(M_DYING), X(M_SPINNING), X(M_BLOCKED), X(M_INCGO))},
	{"processors", ct_go_check_p, GLOBAL(allp), FIELDS(X(P_ID), X(P_STATUS))},
	{"which thread has which processor", ct_go_check_m_of_p, NONE, FIELDS(X(P_M), X(M_P))},
	{"queues of processors", ct_go_check_queue, NONE,
		FIELDS(X(P_RUNQHEAD), X(P_RUNQTAIL), X(P_RUNQ))},
	{"what processors run next", ct_go_check_next, NONE, FIELDS(X(P_RUNNEXT))},
	{"the time of the processors", ct_go_check_ticks, NONE,
		FIELDS(X(P_SYSMONTICK_SCHEDWHEN), X(P_SYSMONTICK_SYSCALLWHEN))},
	{"the scheduler", ct_go_check_sched, GLOBAL(sched),
		FIELDS(X(SCHED_NMIDLE), X(SCHED_MNEXT), X(SCHED_MAXMCOUNT), X(SCHED_NMFREED),
			X(SCHED_NPIDLE), X(SCHED_NMSPINNING))},
	{"the queue of all", ct_go_check_runq, NONE,
		FIELDS(X(SCHED_RUNQSIZE), X(SCHED_RUNQ_SIZE), X(SCHED_RUNQ_HEAD))},
	{"whether the world is being stopped", ct_go_check_stopping, NONE,
		FIELDS(X(SCHED_GCWAITING))},
	{"the time of the scheduler", ct_go_check_lastpoll, NONE, FIELDS(X(SCHED_LASTPOLL))},
	{"channels that goroutines wait at", ct_go_check_sudog, NONE,
		FIELDS(X(G_WAITING), X(SUDOG_G), X(SUDOG_NEXT), X(SUDOG_PREV), X(SUDOG_ELEM),
			X(SUDOG_WAITLINK), X(SUDOG_C), X(SUDOG_SIZE))},
	{"what is in channels", ct_go_check_channel, NONE,
		FIELDS(X(HCHAN_QCOUNT), X(HCHAN_DATAQSIZ), X(HCHAN_BUF), X(HCHAN_ELEMSIZE),
			X(HCHAN_CLOSED), X(HCHAN_SIZE))},
	{"types of channels", ct_go_check_elem, NONE, FIELDS(X(HCHAN_ELEMTYPE))},
	{"positions in channels", ct_go_check_positions, NONE,
		FIELDS(X(HCHAN_SENDX), X(HCHAN_RECVX))},
	{"who waits at channels", ct_go_check_queues, NONE,
		FIELDS(X(HCHAN_RECVQ_FIRST), X(HCHAN_RECVQ_LAST), X(HCHAN_SENDQ_FIRST),
			X(HCHAN_SENDQ_LAST))},
	{"timers", ct_go_check_timers, NONE,
		FIELDS(X(P_TIMERS), X(TIMERS_HEAP), X(TIMER_WHEN), X(TIMER_PERIOD), X(TIMER_F),
			X(TIMER_ARG), X(TIMER_SEQ), X(TIMER_NEXTWHEN), X(TIMER_STATUS),
			X(TIMER_STATE), X(TIMER_ISCHAN))},
	{"timers of channels", ct_go_check_channel_timer, NONE, FIELDS(X(HCHAN_TIMER))},
	{"how long goroutines sleep", ct_go_check_sleep, NONE, FIELDS(X(G_TIMER), X(G_SLEEPWHEN))},
	{"semaphores", ct_go_check_semaphores, NONE, FIELDS(X(SEMAROOT_TREAP))},
	{"variables of the program", ct_go_check_sections, NONE,
		FIELDS(X(MODULEDATA_DATA), X(MODULEDATA_EDATA), X(MODULEDATA_BSS),
			X(MODULEDATA_EBSS), X(MODULEDATA_GCDATAMASK), X(MODULEDATA_GCBSSMASK))},
	{"inlined functions and maps of stacks", ct_go_check_gofunc, NONE,
		FIELDS(X(MODULEDATA_GOFUNC))},
	{"the heap", ct_go_check_arenas, GLOBAL(heap),
		FIELDS(X(MHEAP_ARENAS), X(MHEAP_ALLARENAS), X(MHEAP_HEAPARENAS))},
	{"objects of the heap", ct_go_check_heap, NONE,
		FIELDS(X(HEAPARENA_SPANS), X(MSPAN_STARTADDR), X(MSPAN_NPAGES), X(MSPAN_NELEMS),
			X(MSPAN_SPANCLASS), X(MSPAN_STATE), X(MSPAN_ELEMSIZE), X(MSPAN_SIZE))},
	{"finalizers and cleanups", ct_go_check_specials, NONE,
		FIELDS(X(SPECIALFINALIZER_FN), X(SPECIALWEAKHANDLE_HANDLE), X(SPECIALCLEANUP_FN),
			X(SPECIALCLEANUP_CLEANUP))},
};

static bool is_size(uint16_t field)
{
	return !*ct_go_field_names[field].field;
}

/* Is any of its fields open? */
static bool is_open(const struct ct_go_fitting *f, const struct group *group)
{
	for (uint32_t i = 0; i < group->n; i++)
		if (f->how[group->fields[i]] != CT_GO_TOLD)
			return true;
	return false;
}

static void take(struct ct_go_fitting *f, const struct group *group, const uint32_t *offsets)
{
	for (uint32_t i = 0; i < group->n; i++)
		if (f->how[group->fields[i]] != CT_GO_TOLD)
			f->go->layout.offset[group->fields[i]] = offsets[i];
}

static struct ct_go_evidence ask(struct ct_go_fitting *f, const struct group *group)
{
	struct ct_go_evidence e = {0};
	ct_autofree struct ct_go_sample *sample = malloc(sizeof(*sample));

	if (group->global != NONE) {
		uint64_t *slot = (uint64_t *)((char *)&f->go->globals + group->global);

		*slot = 0;
		ct_go_find_globals(f->go);
		if (!*slot)
			e.differ++;
	}
	if (sample && !e.differ) {
		ct_go_take_sample(f->go, sample);
		group->check(sample, &e);
	}
	return e;
}

static bool is_refuted(struct ct_go_evidence e)
{
	return e.differ > e.agree / DAMAGED;
}

static void say(const struct ct_go_fitting *f, const struct group *group)
{
	struct ct_go *go = f->go;
	struct ct_arena *arena = ct_target_arena(go->target);
	ct_autostr text = {0};

	ct_str_add(&text, "%s%s%s", go->unknown ? go->unknown : "", go->unknown ? ", " : "",
		group->without);
	go->unknown = ct_arena_strndup(arena, ct_str_text(&text), text.len);
}

/* The offsets of this group that memory looks most like; the first of those that are as good. */
static void settle(struct ct_go_fitting *f, const struct group *group)
{
	uint32_t best[MAX_FIELDS], offsets[MAX_FIELDS];
	enum ct_go_how how;

	for (uint32_t i = 0; i < group->n; i++)
		best[i] = f->go->layout.offset[group->fields[i]];
	struct ct_go_evidence most = ask(f, group);
	for (size_t k = ct_go_n_layouts; (is_refuted(most) || !most.agree) && k-- > 0;) {
		for (uint32_t i = 0; i < group->n; i++)
			offsets[i] = ct_go_layouts[k]->offset[group->fields[i]];
		take(f, group, offsets);
		struct ct_go_evidence e = ask(f, group);
		if (is_refuted(e) || !e.agree)
			continue;
		memcpy(best, offsets, sizeof(best));
		most = e;
	}
	how = is_refuted(most) ? CT_GO_REFUTED : most.agree ? CT_GO_CHECKED : CT_GO_GUESSED;
	for (uint32_t i = 0; how == CT_GO_REFUTED && i < group->n; i++)
		if (!is_size(group->fields[i]))
			best[i] = CT_GO_ABSENT;
	take(f, group, best);
	for (uint32_t i = 0; i < group->n; i++)
		if (f->how[group->fields[i]] != CT_GO_TOLD)
			f->how[group->fields[i]] = (uint8_t)how;
	if (how == CT_GO_REFUTED)
		say(f, group);
	if (group->global != NONE)
		(void)ask(f, group);
}

void ct_go_layout_by_content(struct ct_go_fitting *f)
{
	for (size_t i = 0; i < CT_COUNT(groups); i++)
		if (is_open(f, &groups[i]))
			settle(f, &groups[i]);
	for (uint32_t i = 0; i < CT_GO_N_FIELDS; i++)
		f->go->n_guessed +=
			f->how[i] == CT_GO_GUESSED && f->go->layout.offset[i] != CT_GO_ABSENT;
}
