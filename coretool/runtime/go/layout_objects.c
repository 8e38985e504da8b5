/* SPDX-License-Identifier: Apache-2.0 */
/* Does memory have in the fields of what goroutines wait for, of the heap and of the module what
 * these have in them? */
#include "runtime/go/heap.h"
#include "runtime/go/layout.h"
#include "runtime/go/sudog.h"
#include "runtime/go/timers.h"
#include "runtime/go/types.h"

#define MAX_QUEUE   1000 /* waiting goroutines of one channel that are looked through */
#define MAX_TIMERS  64   /* of one P that are looked at */
#define MAX_PAGES   512  /* of one arena */
#define MAX_MAPS    4096 /* of one function's arguments */
#define N_FUNCTIONS 64
#define N_ROOTS     251 /* of semaphores; their size is that of a line of the cache, on amd64 */
#define ROOT_SIZE   64

static bool is_readable(const struct ct_go *go, uint64_t at)
{
	uint64_t word;

	return at % 8 == 0 && !ct_read_u64(go->target, at, &word);
}

/* ---- channels ---- */

static bool sudog_of(const struct ct_go *go, uint64_t g, struct ct_go_sudog *ret)
{
	uint64_t at = ct_go_word(go, g, CT_GO_G_WAITING);

	return at && !ct_go_sudog_at(go, at, ret);
}

static bool is_channel_wait(enum ct_go_parker parker)
{
	return parker == CT_GO_PARKER_RECEIVE || parker == CT_GO_PARKER_SEND ||
	       parker == CT_GO_PARKER_SELECT;
}

static bool is_sudog_of(const struct ct_go *go, uint64_t at, uint64_t g)
{
	struct ct_go_sudog sudog;

	return !at || (!ct_go_sudog_at(go, at, &sudog) && (!g || sudog.g == g));
}

void ct_go_check_sudog(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	for (uint32_t i = 0; i < s->n_g; i++) {
		enum ct_go_parker parker = ct_go_parker_of(go, s->g[i]);
		struct ct_go_sudog sudog, next;

		if (!is_channel_wait(parker))
			continue;
		if (!ct_go_word(go, s->g[i], CT_GO_G_WAITING)) {
			/* At a nil channel nobody waits in a queue. */
			e->differ += parker == CT_GO_PARKER_SELECT;
			continue;
		}
		bool right = sudog_of(go, s->g[i], &sudog) && sudog.g == s->g[i] && sudog.channel &&
			     is_readable(go, sudog.channel) &&
			     (!sudog.elem || !ct_read(go->target, sudog.elem, &(uint8_t){0}, 1)) &&
			     is_sudog_of(go, sudog.waitlink, s->g[i]) &&
			     is_sudog_of(go, sudog.next, 0) && is_sudog_of(go, sudog.prev, 0);
		if (right && sudog.next)
			right = !ct_go_sudog_at(go, sudog.next, &next) && next.prev == sudog.at &&
				next.channel == sudog.channel;
		ct_go_count(e, right);
	}
}

/* The channel that a goroutine of the sample waits at, sending or receiving; 0: it does not. */
static uint64_t channel_of(
	const struct ct_go_sample *s, uint32_t i, enum ct_go_parker *parker, uint64_t *sudog)
{
	struct ct_go_sudog at;

	*parker = ct_go_parker_of(s->go, s->g[i]);
	if (!is_channel_wait(*parker) || !sudog_of(s->go, s->g[i], &at) || at.g != s->g[i])
		return 0;
	*sudog = at.at;
	return at.channel;
}

static uint16_t elem_size(const struct ct_go *go, uint64_t channel)
{
	uint32_t size = 0;

	return ct_go_u32(go, channel, CT_GO_HCHAN_ELEMSIZE, &size) ? 0 : (uint16_t)size;
}

void ct_go_check_channel(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	for (uint32_t i = 0; i < s->n_g; i++) {
		enum ct_go_parker parker;
		uint64_t sudog, channel = channel_of(s, i, &parker, &sudog);
		uint32_t closed = 0;

		if (!channel)
			continue;
		uint64_t len = ct_go_word(go, channel, CT_GO_HCHAN_QCOUNT);
		uint64_t cap = ct_go_word(go, channel, CT_GO_HCHAN_DATAQSIZ);
		uint64_t buf = ct_go_word(go, channel, CT_GO_HCHAN_BUF);
		(void)!ct_go_u32(go, channel, CT_GO_HCHAN_CLOSED, &closed);
		/* While somebody waits, it is open, and empty or full. A timer's fires later. */
		ct_go_count(e, len <= cap && cap < UINT64_C(1) << 40 && closed == 0 &&
				       (!cap || !elem_size(go, channel) ||
					       !ct_read(go->target, buf, &(uint8_t){0}, 1)) &&
				       (parker != CT_GO_PARKER_SEND || len == cap));
	}
}

void ct_go_check_elem(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	for (uint32_t i = 0; i < s->n_g; i++) {
		enum ct_go_parker parker;
		uint64_t sudog, channel = channel_of(s, i, &parker, &sudog);
		struct ct_go_type type;

		if (channel)
			ct_go_count(e,
				!ct_go_type_at(s->go,
					ct_go_word(s->go, channel, CT_GO_HCHAN_ELEMTYPE), &type) &&
					type.size == elem_size(s->go, channel));
	}
}

void ct_go_check_positions(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	for (uint32_t i = 0; i < s->n_g; i++) {
		enum ct_go_parker parker;
		uint64_t sudog, channel = channel_of(s, i, &parker, &sudog);

		if (!channel)
			continue;
		uint64_t cap = ct_go_word(go, channel, CT_GO_HCHAN_DATAQSIZ);
		uint64_t send = ct_go_word(go, channel, CT_GO_HCHAN_SENDX);
		uint64_t receive = ct_go_word(go, channel, CT_GO_HCHAN_RECVX);
		/* Empty or full, both are the same. */
		if (send || receive)
			ct_go_count(e, send < cap && send == receive);
	}
}

static bool is_in_queue(
	const struct ct_go *go, uint64_t channel, enum ct_go_field first, uint64_t sudog)
{
	uint64_t at = ct_go_word(go, channel, first);
	struct ct_go_sudog one;

	for (unsigned i = 0; i < MAX_QUEUE && at && !ct_go_sudog_at(go, at, &one); i++) {
		if (at == sudog)
			return true;
		at = one.next;
	}
	return false;
}

void ct_go_check_queues(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	for (uint32_t i = 0; i < s->n_g; i++) {
		enum ct_go_parker parker;
		uint64_t sudog, channel = channel_of(s, i, &parker, &sudog);

		if (channel)
			ct_go_count(e,
				(parker != CT_GO_PARKER_SEND &&
					is_in_queue(go, channel, CT_GO_HCHAN_RECVQ_FIRST, sudog)) ||
					(parker != CT_GO_PARKER_RECEIVE &&
						is_in_queue(go, channel, CT_GO_HCHAN_SENDQ_FIRST,
							sudog)));
	}
}

/* ---- timers ---- */

void ct_go_check_channel_timer(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	for (uint32_t i = 0; i < s->n_g; i++) {
		enum ct_go_parker parker;
		uint64_t sudog, channel = channel_of(s, i, &parker, &sudog);
		uint64_t timer = channel ? ct_go_word(s->go, channel, CT_GO_HCHAN_TIMER) : 0;

		if (timer)
			ct_go_count(e, ct_go_timer_argument(s->go, timer) == channel);
	}
}

/* It has a time, and a function: a closure, whose first word is code. */
static bool is_timer(const struct ct_go *go, uint64_t timer)
{
	uint64_t closure = ct_go_word(go, timer, CT_GO_TIMER_F), entry;
	struct ct_go_function function;

	return (int64_t)ct_go_word(go, timer, CT_GO_TIMER_WHEN) >= 0 && closure &&
	       !ct_read_u64(go->target, closure, &entry) &&
	       ct_go_function_at(&go->tables, entry, &function) && function.entry == entry;
}

void ct_go_check_timers(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;
	bool pairs = ct_go_at(go, TIMERS_HEAP) != CT_GO_ABSENT;
	uint64_t heap = ct_go_at(go, P_TIMERS) + (pairs ? ct_go_at(go, TIMERS_HEAP) : 0);

	for (uint32_t i = 0; ct_go_at(go, P_TIMERS) != CT_GO_ABSENT && i < s->n_p; i++) {
		uint64_t slice[3], timer;

		if (ct_read(go->target, s->p[i] + heap, slice, sizeof(slice)))
			continue;
		e->differ += slice[1] > slice[2] || (!slice[0] && slice[2]) ||
			     (slice[0] && !is_readable(go, slice[0]));
		for (uint64_t k = 0; k < CT_MIN(slice[1], (uint64_t)MAX_TIMERS); k++)
			if (!ct_read_u64(go->target, slice[0] + (pairs ? 16 : 8) * k, &timer))
				ct_go_count(e, is_timer(go, timer));
	}
}

/* time.Sleep() gives its timer the goroutine; since 1.23 it keeps the time beside it. */
void ct_go_check_sleep(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	for (uint32_t i = 0; i < s->n_g; i++) {
		uint64_t timer = ct_go_word(go, s->g[i], CT_GO_G_TIMER), when;

		if (ct_go_parker_of(go, s->g[i]) != CT_GO_PARKER_SLEEP)
			continue;
		when = ct_go_word(go, s->g[i], CT_GO_G_SLEEPWHEN);
		ct_go_count(e, timer && ct_go_timer_argument(go, timer) == s->g[i] &&
				       (ct_go_at(go, G_SLEEPWHEN) == CT_GO_ABSENT ||
					       when == ct_go_word(go, timer, CT_GO_TIMER_WHEN)));
	}
}

/* ---- semaphores ---- */

void ct_go_check_semaphores(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;

	for (uint32_t i = 0; go->globals.semtable && i < N_ROOTS; i++) {
		struct ct_go_sudog sudog;
		uint64_t tree = ct_go_word(
			go, go->globals.semtable + i * (uint64_t)ROOT_SIZE, CT_GO_SEMAROOT_TREAP);

		if (tree)
			ct_go_count(e, !ct_go_sudog_at(go, tree, &sudog) && sudog.elem &&
					       ct_go_word(go, sudog.g, CT_GO_G_GOID));
	}
}

/* ---- the heap ---- */

/* The first arena, and where its record is; false: there is none. */
static bool first_arena(const struct ct_go *go, uint64_t *start, uint64_t *record)
{
	enum ct_go_field list = ct_go_at(go, MHEAP_HEAPARENAS) != CT_GO_ABSENT
					? CT_GO_MHEAP_HEAPARENAS
					: CT_GO_MHEAP_ALLARENAS;
	uint64_t table, index, at = ct_go_word(go, go->globals.heap, list);

	if (!go->globals.heap || ct_go_u64(go, go->globals.heap, CT_GO_MHEAP_ARENAS, &table) ||
		ct_read_u64(go->target, at, &index) || index >= 1u << 22 ||
		ct_read_u64(go->target, table + 8 * index, record))
		return false;
	*start = (index << CT_GO_ARENA_BITS) - (UINT64_C(1) << 47);
	return *record != 0;
}

/* The global is checked when it is found. */
void ct_go_check_arenas(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	uint64_t start, record;

	ct_go_count(e, first_arena(s->go, &start, &record));
}

void ct_go_check_heap(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;
	uint64_t start, record, span;
	uint32_t n_other = 0;

	if (ct_go_at(go, HEAPARENA_SPANS) == CT_GO_ABSENT || !first_arena(go, &start, &record))
		return;
	record += ct_go_at(go, HEAPARENA_SPANS);
	for (uint32_t i = 0; i < MAX_PAGES; i++) {
		if (ct_read_u64(go->target, record + 8 * i, &span) || !span)
			continue;
		uint64_t from = ct_go_word(go, span, CT_GO_MSPAN_STARTADDR);
		uint64_t pages = ct_go_word(go, span, CT_GO_MSPAN_NPAGES);
		uint64_t page = start + i * CT_GO_PAGE;

		if (page >= from && page - from < pages * CT_GO_PAGE)
			e->agree++;
		else
			n_other++;
	}
	/* A span that was freed is named still, and may be that of other pages by now. */
	e->differ += n_other > e->agree ? n_other : 0;
}

/* What these records have follows behind what all of them begin with. */
void ct_go_check_specials(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	uint32_t size = ct_go_at(s->go, SPECIAL_SIZE);

	ct_go_count(e, ct_go_at(s->go, SPECIALFINALIZER_FN) == size);
	if (ct_go_has(s->go, SPECIALWEAKHANDLE_HANDLE))
		ct_go_count(e, ct_go_at(s->go, SPECIALWEAKHANDLE_HANDLE) == size);
}

/* ---- the module ---- */

/* A section's variables, and its mask: a bit for each word. */
static void check_section(
	const struct ct_go *go, const enum ct_go_field f[3], struct ct_go_evidence *e)
{
	uint64_t data = go->tables.list[0].moduledata, start = ct_go_word(go, data, f[0]);
	uint64_t end = ct_go_word(go, data, f[1]);
	uint32_t n = 0;

	(void)!ct_go_u32(go, data, f[2], &n);
	ct_go_count(e, start >= go->module->start && start <= end && n <= (end - start) / 8 &&
			       (n > 0) == (end > start));
}

void ct_go_check_sections(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	static const enum ct_go_field sections[][3] = {
		{CT_GO_MODULEDATA_DATA, CT_GO_MODULEDATA_EDATA, CT_GO_MODULEDATA_GCDATAMASK},
		{CT_GO_MODULEDATA_BSS, CT_GO_MODULEDATA_EBSS, CT_GO_MODULEDATA_GCBSSMASK}};

	for (size_t i = 0; i < CT_COUNT(sections); i++)
		check_section(s->go, sections[i], e);
}

/* The maps of a function's arguments are found by it: how many, and of how many words. */
void ct_go_check_gofunc(const struct ct_go_sample *s, struct ct_go_evidence *e)
{
	const struct ct_go *go = s->go;
	struct ct_go_table table = go->tables.list[0];
	struct ct_go_function function;
	uint32_t n = 0;

	if (table.format <= CT_GO_FORMAT_16)
		return; /* addresses stand in the table itself */
	table.gofunc = ct_go_word(go, table.moduledata, CT_GO_MODULEDATA_GOFUNC);
	for (uint32_t i = 0; i < table.n_functions && n < N_FUNCTIONS; i++) {
		uint64_t at = ct_go_function_get(&table, i, &function)
				      ? ct_go_funcdata(go->target, &function, CT_GO_ARGS_MAP)
				      : 0;
		uint32_t args = at ? ct_go_function_args(&function) : 0;
		int32_t head[2];

		if (!args || args > INT32_MAX)
			continue;
		n++;
		ct_go_count(e, !ct_read(go->target, at, head, sizeof(head)) && head[0] > 0 &&
				       head[0] < MAX_MAPS && head[1] > 0 &&
				       (uint32_t)head[1] <= args / 8);
	}
}
