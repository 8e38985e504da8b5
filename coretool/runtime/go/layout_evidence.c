/* SPDX-License-Identifier: Apache-2.0 */
/* Does memory have in the fields of goroutines, threads and processors what these have in them? */
#include "runtime/go/layout.h"

#define MAX_STACK  (UINT64_C(1) << 30) /* bytes (runtime.maxstackceiling is twice maxstacksize) */
#define MAX_GOID   (UINT64_C(1) << 48)
#define MAX_ID     (UINT64_C(1) << 32) /* of a thread */
#define QUEUE      256u                /* len(p.runq), all versions */
#define CENTURY    (INT64_C(100) * 366 * 86400 * 1000000000)
#define MAX_SIGNAL 64u

/* ---- the sample ---- */

static void take_goroutines(const struct ct_go *go, struct ct_go_sample *s)
{
	uint64_t n = ct_go_n_goroutines(go), step = n / CT_GO_SAMPLE + 1;

	for (uint64_t i = 0; i < n && s->n_g < CT_GO_SAMPLE; i += step)
		s->n_g += !ct_go_goroutine_address(go, (uint32_t)i, &s->g[s->n_g]);
}

static void take_machines(const struct ct_go *go, struct ct_go_sample *s)
{
	uint64_t at = 0;

	if (go->globals.allm)
		(void)!ct_read_u64(go->target, go->globals.allm, &at);
	for (; at && s->n_m < CT_GO_SAMPLE; at = ct_go_word(go, at, CT_GO_M_ALLLINK))
		s->m[s->n_m++] = at;
	s->all_m = s->n_m && !at;
}

static void take_processors(const struct ct_go *go, struct ct_go_sample *s)
{
	uint64_t slice[2];

	if (!go->globals.allp || ct_read(go->target, go->globals.allp, slice, sizeof(slice)))
		return;
	for (uint64_t i = 0; i < slice[1] && s->n_p < CT_GO_SAMPLE; i++)
		if (ct_read_u64(go->target, slice[0] + 8 * i, &s->p[s->n_p]) || !s->p[s->n_p++])
			break;
}

void ct_go_take_sample(const struct ct_go *go, struct ct_go_sample *ret)
{
	ret->go = go;
	ret->n_g = ret->n_m = ret->n_p = 0;
	take_goroutines(go, ret);
	take_machines(go, ret);
	take_processors(go, ret);
}

static bool is_one_of(const uint64_t *list, uint32_t n, uint64_t at)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i] == at)
			return true;
	return false;
}

static bool is_readable(const struct ct_go *go, uint64_t at)
{
	uint64_t word;

	return at % 8 == 0 && !ct_read_u64(go->target, at, &word);
}

static bool is_code(const struct ct_go *go, uint64_t pc)
{
	struct ct_go_function function;

	return ct_go_function_at(&go->tables, pc, &function);
}

static uint32_t u32_at(const struct ct_go *go, uint64_t at, enum ct_go_field field)
{
	uint32_t value = 0;

	return ct_go_u32(go, at, field, &value) ? 0 : value;
}

static uint8_t u8_at(const struct ct_go *go, uint64_t at, enum ct_go_field field)
{
	uint8_t value = 0;

	return ct_go_u8(go, at, field, &value) ? 0 : value;
}

static uint32_t status_of(const struct ct_go *go, uint64_t g)
{
	return u32_at(go, g, CT_GO_G_ATOMICSTATUS) & ~CT_GO_SCAN_BIT;
}

static bool is_on_stack(const struct ct_go *go, uint64_t g, uint64_t at)
{
	return at >= ct_go_word(go, g, CT_GO_G_STACK_LO) &&
	       at < ct_go_word(go, g, CT_GO_G_STACK_HI);
}

/* Those of the sample that live. */
#define EACH_GOROUTINE(s, go, i)                                                                   \
	for (uint32_t i = 0; i < (s)->n_g; i++)                                                    \
		if (status_of(go, (s)->g[i]) && status_of(go, (s)->g[i]) != CT_GO_DEAD)

/* ---- goroutines ---- */

/* Where it began tells whether it is the runtime's own, too. */
static void check_birth(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	{
		uint64_t start = ct_go_word(go, s->g[i], CT_GO_G_STARTPC);
		struct ct_go_function function;

		ct_go_count(e, ct_go_function_at(&go->tables, start, &function) &&
				       function.entry == start &&
				       is_code(go, ct_go_word(go, s->g[i], CT_GO_G_GOPC)));
	}
}

void ct_go_check_identity(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;
	uint64_t goids[CT_GO_SAMPLE];
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_g; i++) {
		uint64_t low = ct_go_word(go, s->g[i], CT_GO_G_STACK_LO);
		uint64_t high = ct_go_word(go, s->g[i], CT_GO_G_STACK_HI);
		uint64_t goid = ct_go_word(go, s->g[i], CT_GO_G_GOID);
		uint32_t status = status_of(go, s->g[i]);

		if (!is_readable(go, s->g[i])) /* it is missing, whatever the layout */
			continue;
		if (status == CT_GO_IDLE || status == CT_GO_DEAD || status == CT_GO_DEADEXTRA)
			continue;
		ct_go_count(e, status < CT_GO_DEADEXTRA && low < high && high - low <= MAX_STACK &&
				       goid && goid < MAX_GOID && !is_one_of(goids, n, goid));
		goids[n++] = goid;
	}
	check_birth(s, e);
}

void ct_go_check_registers(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	{
		uint64_t sp = ct_go_word(go, s->g[i], CT_GO_G_SCHED_SP);
		uint64_t bp = ct_go_word(go, s->g[i], CT_GO_G_SCHED_BP);

		if (status_of(go, s->g[i]) == CT_GO_WAITING)
			ct_go_count(
				e, is_on_stack(go, s->g[i], sp) &&
					   is_code(go, ct_go_word(go, s->g[i], CT_GO_G_SCHED_PC)) &&
					   (!bp || is_on_stack(go, s->g[i], bp)));
	}
}

void ct_go_check_syscall(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	{
		uint64_t sp = ct_go_word(go, s->g[i], CT_GO_G_SYSCALLSP);
		uint32_t status = status_of(go, s->g[i]);

		if (status == CT_GO_SYSCALL)
			ct_go_count(
				e, is_on_stack(go, s->g[i], sp) &&
					   is_code(go, ct_go_word(go, s->g[i], CT_GO_G_SYSCALLPC)));
		else if (status == CT_GO_WAITING && sp)
			e->differ++;
	}
}

/* Most are made by the first one, or by one that lives still. */
void ct_go_check_parent(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;
	uint64_t last = 0;

	EACH_GOROUTINE(s, go, i)
	last = CT_MAX(last, ct_go_word(go, s->g[i], CT_GO_G_GOID));
	EACH_GOROUTINE(s, go, i)
	{
		uint64_t parent = ct_go_word(go, s->g[i], CT_GO_G_PARENTGOID);

		/* Numbers are given out by the handful. */
		if (parent > 2 * last + 1000 ||
			(parent && parent == ct_go_word(go, s->g[i], CT_GO_G_GOID)))
			e->differ++;
		for (uint32_t k = 0; parent && k < s->n_g; k++)
			if (ct_go_word(go, s->g[k], CT_GO_G_GOID) == parent) {
				e->agree++;
				break;
			}
	}
}

/* The function that has called gopark(); "": the goroutine waits otherwise. */
static const char *parker_of(const struct ct_go *go, uint64_t g)
{
	uint64_t pc = ct_go_word(go, g, CT_GO_G_SCHED_PC), back;
	uint64_t sp = ct_go_word(go, g, CT_GO_G_SCHED_SP);
	struct ct_go_function function;
	int32_t size;

	if (status_of(go, g) != CT_GO_WAITING || !is_on_stack(go, g, sp) ||
		!ct_go_function_at(&go->tables, pc, &function) ||
		strcmp(ct_go_function_name(&function), "runtime.gopark") != 0 ||
		!ct_go_pc_value(&function, CT_GO_PCSP, pc, &size) || size < 0 ||
		ct_read_u64(go->target, sp + (uint32_t)size, &back) ||
		!ct_go_function_at(&go->tables, back - 1, &function))
		return "";
	return ct_go_function_name(&function);
}

enum ct_go_parker ct_go_parker_of(const struct ct_go *go, uint64_t g)
{
	const char *name = parker_of(go, g);

	return !strcmp(name, "runtime.chanrecv")   ? CT_GO_PARKER_RECEIVE
	       : !strcmp(name, "runtime.chansend") ? CT_GO_PARKER_SEND
	       : !strcmp(name, "runtime.selectgo") ? CT_GO_PARKER_SELECT
	       : !strcmp(name, "time.Sleep")       ? CT_GO_PARKER_SLEEP
						   : CT_GO_PARKER_OTHER;
}

/* The reason is an argument of gopark(): each caller has its own. */
void ct_go_check_reason(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	static const struct {
		const char *function, *reason; /* or how it begins */
	} callers[] = {{"runtime.chanrecv", "chan receive"}, {"runtime.chansend", "chan send"},
		{"runtime.selectgo", "select"}, {"runtime.block", "select (no cases)"},
		{"time.Sleep", "sleep"}, {"runtime.netpollblock", "IO wait"},
		{"sync.runtime_notifyListWait", "sync.Cond.Wait"}};
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	{
		uint32_t reason = u8_at(go, s->g[i], CT_GO_G_WAITREASON);
		const char *name = parker_of(go, s->g[i]);
		const char *text = reason < go->globals.n_reasons ? go->reasons[reason] : "";

		for (size_t k = 0; go->globals.n_reasons && k < CT_COUNT(callers); k++)
			if (!strcmp(name, callers[k].function))
				ct_go_count(e, !strncmp(text, callers[k].reason,
						       strlen(callers[k].reason)));
	}
}

/* Is it a time that the clock of a machine may have shown while the program ran? 0 is none. */
static void check_time(const struct ct_go *go, uint64_t value, struct ct_go_evidence *e)
{
	uint64_t start = 0;

	if (!value)
		return;
	if (go->globals.epoch)
		(void)!ct_read_u64(go->target, go->globals.epoch, &start);
	ct_go_count(e, value > start && value < (uint64_t)CENTURY && !is_readable(go, value));
}

void ct_go_check_since(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	check_time(go, ct_go_word(go, s->g[i], CT_GO_G_WAITSINCE), e);
}

/* Both lie on the stack, but for calls that were deferred in a loop. */
void ct_go_check_panic(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	{
		uint64_t panic = ct_go_word(go, s->g[i], CT_GO_G_PANIC), link;

		if (!panic)
			continue;
		link = ct_go_word(go, panic, CT_GO_PANIC_LINK);
		ct_go_count(e, is_on_stack(go, s->g[i], panic) &&
				       (!link || is_on_stack(go, s->g[i], link)));
	}
}

void ct_go_check_defer(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	{
		uint64_t call = ct_go_word(go, s->g[i], CT_GO_G_DEFER), link;

		if (!call)
			continue;
		link = ct_go_word(go, call, CT_GO_DEFER_LINK);
		ct_go_count(e, is_on_stack(go, s->g[i], ct_go_word(go, call, CT_GO_DEFER_SP)) &&
				       (!link || is_readable(go, link)));
	}
}

void ct_go_check_signal(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	{
		uint32_t signal = u32_at(go, s->g[i], CT_GO_G_SIG);
		uint64_t pc = ct_go_word(go, s->g[i], CT_GO_G_SIGPC);

		if (signal)
			ct_go_count(e, signal <= MAX_SIGNAL && is_code(go, pc));
		else if (pc)
			e->differ++;
	}
}

void ct_go_check_labels(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	{
		uint64_t at = ct_go_word(go, s->g[i], CT_GO_G_LABELS);

		e->differ += at && (!is_readable(go, at) || is_on_stack(go, s->g[i], at));
	}
}

void ct_go_check_cleanups(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	e->differ += u8_at(go, s->g[i], CT_GO_G_RUNNINGCLEANUPS) > 1;
}

void ct_go_check_locked(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	EACH_GOROUTINE(s, go, i)
	{
		uint64_t m = ct_go_word(go, s->g[i], CT_GO_G_LOCKEDM);

		if (m && s->all_m)
			ct_go_count(e, is_one_of(s->m, s->n_m, m));
	}
}

/* ---- threads ---- */

void ct_go_check_g0(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	if (s->n_m) /* the others depend on how they are linked */
		ct_go_count(e,
			ct_go_word(go, ct_go_word(go, s->m[0], CT_GO_M_G0), CT_GO_G_M) == s->m[0]);
}

void ct_go_check_link(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	for (uint32_t i = 0; i < s->n_m; i++)
		ct_go_count(e,
			ct_go_word(go, ct_go_word(go, s->m[i], CT_GO_M_G0), CT_GO_G_M) == s->m[i] &&
				!is_one_of(s->m, i, s->m[i]));
	/* Each thread of Go's has one. */
	e->differ += s->all_m && s->n_m == 1 && ct_target_n_threads(go->target) > 1;
}

void ct_go_check_procid(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	size_t n = ct_target_n_threads(s->go->target);

	for (uint32_t i = 0; i < s->n_m; i++) {
		uint64_t id = ct_go_word(s->go, s->m[i], CT_GO_M_PROCID);
		bool found = false;

		for (size_t k = 0; k < n && !found; k++)
			found = ct_target_thread(s->go->target, k)->lwp == id;
		/* 0: it starts; another number: up to 1.20 that of a thread of C that is gone. */
		if (found)
			e->agree++;
		else if (id >= MAX_ID)
			e->differ++;
	}
	e->differ += s->n_m && !e->agree;
}

static void check_back(
	const struct ct_go_sample *s, enum ct_go_field field, struct ct_go_evidence *e)
{
	for (uint32_t i = 0; i < s->n_m; i++) {
		uint64_t g = ct_go_word(s->go, s->m[i], field);

		if (g)
			ct_go_count(e, ct_go_word(s->go, g, CT_GO_G_M) == s->m[i] &&
					       g != ct_go_word(s->go, s->m[i], CT_GO_M_G0));
	}
}

void ct_go_check_current(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	check_back(s, CT_GO_M_CURG, e);
	for (uint32_t i = 0; i < s->n_m; i++) {
		uint64_t g = ct_go_word(s->go, s->m[i], CT_GO_M_CURG);

		e->differ += g && g == ct_go_word(s->go, s->m[i], CT_GO_M_GSIGNAL);
	}
}

void ct_go_check_gsignal(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	check_back(s, CT_GO_M_GSIGNAL, e);
}

void ct_go_check_flags(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	static const struct {
		enum ct_go_field field;
		uint32_t most, bits;
	} flags[] = {{CT_GO_M_THROWING, 2, 32}, {CT_GO_M_DYING, 3, 32}, {CT_GO_M_SPINNING, 1, 8},
		{CT_GO_M_BLOCKED, 1, 8}, {CT_GO_M_INCGO, 1, 8}};

	for (uint32_t i = 0; i < s->n_m; i++)
		for (size_t k = 0; k < CT_COUNT(flags); k++)
			e->differ += (flags[k].bits == 8 ? u8_at(s->go, s->m[i], flags[k].field)
							 : u32_at(s->go, s->m[i], flags[k].field)) >
				     flags[k].most;
}

void ct_go_check_m_id(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	uint64_t ids[CT_GO_SAMPLE];

	for (uint32_t i = 0; i < s->n_m; i++) {
		ids[i] = ct_go_word(s->go, s->m[i], CT_GO_M_ID);
		ct_go_count(e, ids[i] < 1u << 20 && !is_one_of(ids, i, ids[i]));
	}
}

void ct_go_check_lockedg(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	for (uint32_t i = 0; i < s->n_m; i++) {
		uint64_t g = ct_go_word(s->go, s->m[i], CT_GO_M_LOCKEDG);

		if (g)
			ct_go_count(e, ct_go_word(s->go, g, CT_GO_G_LOCKEDM) == s->m[i]);
	}
}

/* ---- processors ---- */

void ct_go_check_p(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	for (uint32_t i = 0; i < s->n_p; i++)
		ct_go_count(e, u32_at(s->go, s->p[i], CT_GO_P_ID) == i &&
				       u32_at(s->go, s->p[i], CT_GO_P_STATUS) <= 4);
}

void ct_go_check_m_of_p(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	for (uint32_t i = 0; i < s->n_p; i++) {
		uint64_t m = ct_go_word(s->go, s->p[i], CT_GO_P_M);

		if (m && s->all_m)
			ct_go_count(e, is_one_of(s->m, s->n_m, m) &&
					       ct_go_word(s->go, m, CT_GO_M_P) == s->p[i]);
	}
}

static bool is_runnable(const struct ct_go *go, uint64_t g)
{
	return g % 8 == 0 && ct_go_word(go, g, CT_GO_G_GOID) &&
	       (status_of(go, g) == CT_GO_RUNNABLE || status_of(go, g) == CT_GO_PREEMPTED);
}

void ct_go_check_queue(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	uint32_t queue = ct_go_at(s->go, P_RUNQ);

	for (uint32_t i = 0; i < s->n_p; i++) {
		uint32_t head = u32_at(s->go, s->p[i], CT_GO_P_RUNQHEAD), n;
		uint64_t g;

		n = u32_at(s->go, s->p[i], CT_GO_P_RUNQTAIL) - head;
		e->differ += n > QUEUE;
		for (uint32_t k = 0; queue != CT_GO_ABSENT && n <= QUEUE && k < n; k++)
			if (!ct_read_u64(s->go->target,
				    s->p[i] + queue + (head + k) % QUEUE * UINT64_C(8), &g))
				ct_go_count(e, is_runnable(s->go, g));
	}
}

void ct_go_check_next(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	for (uint32_t i = 0; i < s->n_p; i++) {
		uint64_t g = ct_go_word(s->go, s->p[i], CT_GO_P_RUNNEXT);

		if (g)
			ct_go_count(e, is_runnable(s->go, g));
	}
}

void ct_go_check_ticks(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	for (uint32_t i = 0; i < s->n_p; i++) {
		check_time(s->go, ct_go_word(s->go, s->p[i], CT_GO_P_SYSMONTICK_SCHEDWHEN), e);
		check_time(s->go, ct_go_word(s->go, s->p[i], CT_GO_P_SYSMONTICK_SYSCALLWHEN), e);
	}
}

/* ---- the scheduler ---- */

void ct_go_check_lastpoll(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	if (s->go->globals.sched)
		check_time(s->go, ct_go_word(s->go, s->go->globals.sched, CT_GO_SCHED_LASTPOLL), e);
}

void ct_go_check_sched(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;
	uint64_t sched = go->globals.sched;

	if (!sched || !s->all_m || !s->n_p)
		return;
	/* Threads are numbered from 0 on; of those that are freed there is a count. */
	ct_go_count(e, ct_go_word(go, sched, CT_GO_SCHED_MNEXT) -
				       ct_go_word(go, sched, CT_GO_SCHED_NMFREED) ==
			       s->n_m);
	ct_go_count(e, u32_at(go, sched, CT_GO_SCHED_MAXMCOUNT) >= s->n_m);
	e->differ += u32_at(go, sched, CT_GO_SCHED_NMIDLE) > s->n_m;
	e->differ += u32_at(go, sched, CT_GO_SCHED_NMSPINNING) > s->n_m;
	e->differ += u32_at(go, sched, CT_GO_SCHED_NPIDLE) > CT_MAX(s->n_p, CT_GO_SAMPLE);
}

void ct_go_check_runq(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;
	bool old = ct_go_has(go, SCHED_RUNQSIZE); /* before 1.26 */
	uint64_t sched = go->globals.sched, first;

	if (!sched)
		return;
	uint32_t n = u32_at(go, sched, old ? CT_GO_SCHED_RUNQSIZE : CT_GO_SCHED_RUNQ_SIZE);
	first = ct_go_word(go, sched, CT_GO_SCHED_RUNQ_HEAD);
	if (n || first)
		ct_go_count(e, n && n <= ct_go_n_goroutines(go) && is_runnable(go, first));
}

void ct_go_check_stopping(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	e->differ += s->go->globals.sched &&
		     u32_at(s->go, s->go->globals.sched, CT_GO_SCHED_GCWAITING) > 1;
}
