/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's globals. A program with symbols names them; a stripped one has the functions that
 * use them, and what their instructions refer to. Which function shows which global, and in which
 * way, held in Go 1.15 to 1.27; what is found is checked against memory before it is believed.
 */
#include "base/arena.h"
#include "runtime/go/operands.h"
#include "target/symbols.h"

#define MAX_REASONS 128
#define MAX_P       (1u << 20)

/* Is it a slice of pointers, of which the first few can be read? */
static bool is_slice(const struct ct_go *go, uint64_t at)
{
	uint64_t slice[3], first;

	return !ct_read(go->target, at, slice, sizeof(slice)) && slice[1] && slice[1] <= slice[2] &&
	       !ct_read_u64(go->target, slice[0], &first) && first;
}

static bool is_allgs(const struct ct_go *go, uint64_t at)
{
	uint64_t slice, g, goid;

	return is_slice(go, at) && !ct_read_u64(go->target, at, &slice) &&
	       !ct_read_u64(go->target, slice, &g) && !ct_go_u64(go, g, CT_GO_G_GOID, &goid) &&
	       goid;
}

/* An m whose g0 belongs to it. */
static bool is_allm(const struct ct_go *go, uint64_t at)
{
	uint64_t m, g0, back;

	return !ct_read_u64(go->target, at, &m) && m && !ct_go_u64(go, m, CT_GO_M_G0, &g0) && g0 &&
	       !ct_go_u64(go, g0, CT_GO_G_M, &back) && back == m;
}

/* Ps are numbered in the order of the slice. */
static bool is_allp(const struct ct_go *go, uint64_t at)
{
	uint64_t slice[2], p;
	uint32_t id;

	if (ct_read(go->target, at, slice, sizeof(slice)) || !slice[1] || slice[1] > MAX_P)
		return false;
	for (uint64_t i = 0; i < CT_MIN(slice[1], 4u); i++)
		if (ct_read_u64(go->target, slice[0] + 8 * i, &p) || !p ||
			ct_go_u32(go, p, CT_GO_P_ID, &id) || id != i)
			return false;
	return true;
}

static bool is_reasons(const struct ct_go *go, uint64_t at)
{
	uint64_t words[4];

	return !ct_read(go->target, at, words, sizeof(words)) && !words[0] && !words[1] &&
	       words[2] && words[3] == sizeof("GC assist marking") - 1;
}

static bool is_sched(const struct ct_go *go, uint64_t at)
{
	uint32_t max;

	return !ct_go_u32(go, at, CT_GO_SCHED_MAXMCOUNT, &max) && max;
}

static bool is_phase(const struct ct_go *go, uint64_t at)
{
	uint32_t phase;

	return !ct_read_u32(go->target, at, &phase) && phase <= 2;
}

static bool is_readable(const struct ct_go *go, uint64_t at)
{
	uint64_t word;

	return !ct_read_u64(go->target, at, &word);
}

/* A list of pools, which may be empty: in each a place for each P. */
static bool is_pools(const struct ct_go *go, uint64_t at)
{
	uint64_t slice[3], pool, words[5];

	if (ct_read(go->target, at, slice, sizeof(slice)) || slice[1] > slice[2])
		return false;
	if (!slice[1])
		return !slice[0] == !slice[2];
	return !ct_read_u64(go->target, slice[0], &pool) &&
	       !ct_read(go->target, pool, words, sizeof(words)) && words[1] <= MAX_P &&
	       words[3] <= MAX_P;
}

/* allgadd() appends to it: pointer, length and capacity. */
static uint64_t pick_allgs(const struct ct_go *go, const struct ct_go_operands *operands)
{
	(void)go;
	return ct_go_operands_run(operands, 3);
}

/* allgadd() stores the length behind the list, when it has appended. */
static uint64_t pick_allglen(const struct ct_go *go, const struct ct_go_operands *operands)
{
	uint64_t list = go->globals.allgs, ret = 0;

	for (uint32_t i = operands->n; list && i-- > 0;) {
		const struct ct_go_operand *o = &operands->items[i];

		if (o->address == list + 8 && o->read)
			return ret;
		if (o->address - list >= 24)
			ret = o->address;
	}
	return 0;
}

static bool is_count(const struct ct_go *go, uint64_t at)
{
	uint64_t n;

	return !ct_read_u64(go->target, at, &n) && n && n <= INT32_MAX;
}

static uint64_t pick_allp(const struct ct_go *go, const struct ct_go_operands *operands)
{
	for (uint32_t i = 0; i < operands->n; i++)
		if (ct_go_operands_have(operands, operands->items[i].address + 8) &&
			is_allp(go, operands->items[i].address))
			return operands->items[i].address;
	return 0;
}

static uint64_t pick_allm(const struct ct_go *go, const struct ct_go_operands *operands)
{
	for (uint32_t i = 0; i < operands->n; i++)
		if (is_allm(go, operands->items[i].address))
			return operands->items[i].address;
	return 0;
}

/* checkmcount() compares with sched.mnext and others behind it. */
static uint64_t pick_sched(const struct ct_go *go, const struct ct_go_operands *operands)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < operands->n; i++)
		least = CT_MIN(least, operands->items[i].address);
	return operands->n ? least - ct_go_at(go, SCHED_MNEXT) : 0;
}

static uint64_t pick_reasons(const struct ct_go *go, const struct ct_go_operands *operands)
{
	for (uint32_t i = 0; i < operands->n; i++)
		if (is_reasons(go, operands->items[i].address))
			return operands->items[i].address;
	return 0;
}

/* The table's address is taken more often than that of anything else. */
static uint64_t pick_semtable(const struct ct_go *go, const struct ct_go_operands *operands)
{
	uint64_t best = 0;
	uint32_t most = 0;

	(void)go;
	for (uint32_t i = 0; i < operands->n; i++) {
		uint32_t n = 0;

		if (operands->items[i].size)
			continue;
		for (uint32_t k = 0; k < operands->n; k++)
			n += !operands->items[k].size &&
			     operands->items[k].address == operands->items[i].address;
		if (n > most) {
			most = n;
			best = operands->items[i].address;
		}
	}
	return best;
}

static uint64_t pick_first(const struct ct_go *go, const struct ct_go_operands *operands)
{
	(void)go;
	return operands->n ? operands->items[0].address : 0;
}

/* time.Now() reads time.Local several times, before it or behind it, and this once. */
static uint64_t pick_epoch(const struct ct_go *go, const struct ct_go_operands *operands)
{
	(void)go;
	for (uint32_t i = 0; i < operands->n; i++) {
		uint32_t n = 0;

		for (uint32_t k = 0; k < operands->n; k++)
			n += operands->items[k].address == operands->items[i].address;
		if (n == 1 && operands->items[i].read && operands->items[i].size == 8)
			return operands->items[i].address;
	}
	return 0;
}

/* gcphase is compared with 0 before anything else. */
static uint64_t pick_phase(const struct ct_go *go, const struct ct_go_operands *operands)
{
	(void)go;
	for (uint32_t i = 0; i < operands->n; i++)
		if (operands->items[i].read && operands->items[i].size == 4)
			return operands->items[i].address;
	return 0;
}

/* It has a table of arenas, and lists those in use. */
static bool is_heap(const struct ct_go *go, uint64_t at)
{
	enum ct_go_field list = ct_go_at(go, MHEAP_HEAPARENAS) != CT_GO_ABSENT
					? CT_GO_MHEAP_HEAPARENAS
					: CT_GO_MHEAP_ALLARENAS;
	uint64_t table, slice[3], index, record;

	return ct_go_at(go, MHEAP_ARENAS) != CT_GO_ABSENT &&
	       go->layout.offset[list] != CT_GO_ABSENT &&
	       !ct_go_u64(go, at, CT_GO_MHEAP_ARENAS, &table) && table &&
	       !ct_read(go->target, at + go->layout.offset[list], slice, sizeof(slice)) &&
	       slice[1] && slice[1] <= slice[2] && !ct_read_u64(go->target, slice[0], &index) &&
	       index < 1u << 22 && !ct_read_u64(go->target, table + 8 * index, &record) && record;
}

/* spanOfHeap() begins with the table of arenas. */
static uint64_t pick_heap(const struct ct_go *go, const struct ct_go_operands *operands)
{
	for (uint32_t i = 0; i < operands->n; i++) {
		uint64_t at = operands->items[i].address - ct_go_at(go, MHEAP_ARENAS);

		if (is_heap(go, at))
			return at;
	}
	return 0;
}

/* How many a block has, which is no more than it has room for. One that is not in the core, though
 * it is memory of the program's, may have any. */
static bool may_have(const struct ct_go *go, uint64_t count, uint32_t most)
{
	uint32_t n;

	if (ct_read_u32(go->target, count, &n))
		return ct_target_map_at(go->target, count) != NULL;
	return n <= most;
}

static bool is_finalizers(const struct ct_go *go, uint64_t at)
{
	uint64_t block;

	return !ct_read_u64(go->target, at, &block) && (!block || may_have(go, block + 16, 101));
}

/* queuefinalizer() puts a new block before the list of all: it reads the list, then the block, and
 * writes the list. */
static uint64_t pick_finalizers(const struct ct_go *go, const struct ct_go_operands *operands)
{
	(void)go;
	for (uint32_t i = 0; i + 2 < operands->n; i++) {
		const struct ct_go_operand *list = &operands->items[i];

		if (list->read && list->size == 8 && list[1].read && list[1].size == 8 &&
			list[1].address != list->address && list[2].write &&
			list[2].address == list->address)
			return list->address;
	}
	return 0;
}

/* pinSlow() appends to it. */
static uint64_t pick_pools(const struct ct_go *go, const struct ct_go_operands *operands)
{
	(void)go;
	return ct_go_operands_run(operands, 3);
}

/* poolCleanup() goes through the pools of the last time, then has those of this time be these. */
static uint64_t pick_old_pools(const struct ct_go *go, const struct ct_go_operands *operands)
{
	for (uint32_t i = 0; go->globals.allpools && i < operands->n; i++) {
		uint64_t at = operands->items[i].address;

		if (at - go->globals.allpools >= 24 && ct_go_operands_have(operands, at + 8) &&
			is_pools(go, at))
			return at;
	}
	return 0;
}

/* The list of all blocks of cleanups is 128 bytes behind the queue's start; a block has room for at
 * most 60. */
static bool is_cleanups(const struct ct_go *go, uint64_t at)
{
	uint64_t block;

	return ct_go_since(go, 25) && !ct_read_u64(go->target, at + 128, &block) &&
	       (!block || may_have(go, block + 24, 60));
}

#define MHEAP_ROOM (UINT64_C(128) << 10) /* bytes, more than it has in any version */

/* freeSpecial() takes the address of the queue, and others that are in mheap_. */
static uint64_t pick_cleanups(const struct ct_go *go, const struct ct_go_operands *operands)
{
	for (uint32_t i = 0; i < operands->n && go->globals.heap; i++)
		if (!operands->items[i].size &&
			operands->items[i].address - go->globals.heap >= MHEAP_ROOM)
			return operands->items[i].address;
	return 0;
}

/* semacquire1() asks for the rate of blocking, then for that of mutexes. */
static uint64_t pick_rate(const struct ct_go_operands *operands, unsigned which)
{
	uint64_t first = 0;

	for (uint32_t i = 0; i < operands->n; i++) {
		const struct ct_go_operand *at = &operands->items[i];

		if (!at->read || at->size != 8)
			continue;
		if (!which || (first && at->address != first))
			return at->address;
		first = at->address;
	}
	return 0;
}

static uint64_t pick_block_rate(const struct ct_go *go, const struct ct_go_operands *operands)
{
	(void)go;
	return pick_rate(operands, 0);
}

static uint64_t pick_mutex_rate(const struct ct_go *go, const struct ct_go_operands *operands)
{
	(void)go;
	return pick_rate(operands, 1);
}

/* profilealloc() asks for it last; before 1.16 first. */
static uint64_t pick_heap_rate(const struct ct_go *go, const struct ct_go_operands *operands)
{
	uint64_t ret = 0;

	for (uint32_t i = 0; i < operands->n; i++)
		if (operands->items[i].read && operands->items[i].size == 8 &&
			(!ret || ct_go_since(go, 16)))
			ret = operands->items[i].address;
	return ret;
}

/* The lists of buckets of the other two kinds follow that of memory. */
static uint64_t pick_bucket_list(
	const struct ct_go *go, const struct ct_go_operands *operands, unsigned which)
{
	for (uint32_t i = 0; go->globals.mbuckets && i + which < operands->n; i++)
		if (operands->items[i].address == go->globals.mbuckets)
			return operands->items[i + which].address;
	return 0;
}

static uint64_t pick_xbuckets(const struct ct_go *go, const struct ct_go_operands *operands)
{
	return pick_bucket_list(go, operands, 1);
}

static uint64_t pick_bbuckets(const struct ct_go *go, const struct ct_go_operands *operands)
{
	return pick_bucket_list(go, operands, 2);
}

/* mProf_Malloc() asks for the cycle before it takes the address of that cycle's lock. */
static uint64_t pick_cycle(const struct ct_go *go, const struct ct_go_operands *operands)
{
	uint64_t last = 0;

	(void)go;
	for (uint32_t i = 0; i < operands->n && operands->items[i].size; i++)
		if (operands->items[i].read && operands->items[i].size == 4)
			last = operands->items[i].address;
	return last;
}

/* Up to 1.21: the first that is read is the result, behind a lock and a pad. */
static uint64_t pick_ticks(const struct ct_go *go, const struct ct_go_operands *operands)
{
	uint64_t value = pick_rate(operands, 0);

	return value && !ct_go_since(go, 22) ? value - 16 : 0;
}

/* Behind an empty list, or a bucket of the list's kind. */
static bool is_buckets(const struct ct_go *go, uint64_t at, uint64_t type)
{
	uint64_t bucket, words[3];

	return !ct_read_u64(go->target, at, &bucket) &&
	       (!bucket ||
		       (!ct_read(go->target, bucket, words, sizeof(words)) && words[2] == type));
}

static bool is_mbuckets(const struct ct_go *go, uint64_t at)
{
	return is_buckets(go, at, 1);
}

static bool is_bbuckets(const struct ct_go *go, uint64_t at)
{
	return is_buckets(go, at, 2);
}

static bool is_xbuckets(const struct ct_go *go, uint64_t at)
{
	return is_buckets(go, at, 3);
}

struct row {
	const char *symbol, *function;
	size_t global; /* offset in struct ct_go_globals */
	bool read_only;
	uint64_t (*pick)(const struct ct_go *go, const struct ct_go_operands *operands);
	bool (*check)(const struct ct_go *go, uint64_t at);
};

#define GLOBAL(name) offsetof(struct ct_go_globals, name)

static const struct row rows[] = {
	{"runtime.allgs", "runtime.allgadd", GLOBAL(allgs), false, pick_allgs, is_allgs},
	{"runtime.allglen", "runtime.allgadd", GLOBAL(allglen), false, pick_allglen, is_count},
	{"runtime.allm", "runtime.mexit", GLOBAL(allm), false, pick_allm, is_allm},
	{"runtime.allm", "runtime.mcommoninit", GLOBAL(allm), false, pick_allm, is_allm},
	{"runtime.allp", "runtime.timeSleepUntil", GLOBAL(allp), false, pick_allp, is_allp},
	{"runtime.allp", "runtime.retake", GLOBAL(allp), false, pick_allp, is_allp},
	{"runtime.sched", "runtime.checkmcount", GLOBAL(sched), false, pick_sched, is_sched},
	{"runtime.waitReasonStrings", "runtime.waitReason.String", GLOBAL(reasons), true,
		pick_reasons, is_reasons},
	{"runtime.semtable", "runtime.semacquire1", GLOBAL(semtable), false, pick_semtable,
		is_readable},
	{"runtime.gcphase", "runtime.queuefinalizer", GLOBAL(gcphase), false, pick_phase, is_phase},
	{"runtime.fingStatus", "runtime.isSystemGoroutine", GLOBAL(fing), false, pick_first,
		is_readable},
	{"runtime.itabTable", "runtime.getitab", GLOBAL(itabs), false, pick_first, is_readable},
	{"runtime.mheap_", "runtime.spanOfHeap", GLOBAL(heap), false, pick_heap, is_heap},
	{"runtime.mheap_", "runtime.spanOf", GLOBAL(heap), false, pick_heap, is_heap},
	{"runtime.mheap_", "runtime.findObject", GLOBAL(heap), false, pick_heap, is_heap},
	{"runtime.allfin", "runtime.queuefinalizer", GLOBAL(allfin), false, pick_finalizers,
		is_finalizers},
	{"time.startNano", "time.Now", GLOBAL(epoch), false, pick_epoch, is_readable},
	{"sync.allPools", "sync.(*Pool).pinSlow", GLOBAL(allpools), false, pick_pools, is_pools},
	{"runtime.mbuckets", "runtime.mProf_FlushLocked", GLOBAL(mbuckets), false, pick_first,
		is_mbuckets},
	{"runtime.xbuckets", "runtime.stkbucket", GLOBAL(xbuckets), false, pick_xbuckets,
		is_xbuckets},
	{"runtime.bbuckets", "runtime.stkbucket", GLOBAL(bbuckets), false, pick_bbuckets,
		is_bbuckets},
	{"runtime.mProfCycle", "runtime.mProf_Malloc", GLOBAL(mprofcycle), false, pick_cycle,
		is_readable},
	{"runtime.MemProfileRate", "runtime.profilealloc", GLOBAL(heaprate), false, pick_heap_rate,
		is_readable},
	{"runtime.blockprofilerate", "runtime.semacquire1", GLOBAL(blockrate), false,
		pick_block_rate, is_readable},
	{"runtime.mutexprofilerate", "runtime.semacquire1", GLOBAL(mutexrate), false,
		pick_mutex_rate, is_readable},
	{"runtime.ticks", "runtime.(*ticksType).init", GLOBAL(ticks), false, pick_first,
		is_readable},
	{"runtime.ticks", "runtime.tickspersecond", GLOBAL(ticks), false, pick_ticks, is_readable},
	{"runtime.ticks", "runtime.ticksPerSecond", GLOBAL(ticks), false, pick_ticks, is_readable},
	{"sync.oldPools", "sync.poolCleanup", GLOBAL(oldpools), false, pick_old_pools, is_pools},
	{"runtime.gcCleanups", "runtime.freeSpecial", GLOBAL(cleanups), false, pick_cleanups,
		is_cleanups},
};

static uint64_t find(const struct ct_go *go, const struct row *row)
{
	struct ct_go_operands operands;
	struct ct_symbol symbol;
	uint64_t at = 0;

	if (!ct_symbol_find(go->target, go->module, row->symbol, CT_SYMBOL_DATA, &symbol) &&
		row->check(go, symbol.start))
		return symbol.start;
	if (!ct_go_operands_of(go, row->function, !row->read_only, &operands))
		at = row->pick(go, &operands);
	ct_go_operands_free(&operands);
	return at && row->check(go, at) ? at : 0;
}

/* The strings end where the next thing in the image is no string of such a length. */
static void read_reasons(struct ct_go *go)
{
	struct ct_arena *arena = ct_target_arena(go->target);
	char text[64];
	uint32_t n = 0;

	go->reasons = ct_arena_new_array(arena, MAX_REASONS, const char *);
	while (go->reasons && go->globals.reasons && n < MAX_REASONS) {
		uint64_t words[2];

		if (ct_read(go->target, go->globals.reasons + 16u * n, words, sizeof(words)) ||
			(n && (!words[0] || !words[1])) || words[1] >= sizeof(text) ||
			!ct_go_string(
				go->target, go->globals.reasons + 16u * n, text, sizeof(text)))
			break;
		go->reasons[n++] = ct_arena_strndup(arena, text, strlen(text));
	}
	go->globals.n_reasons = n;
}

void ct_go_find_globals(struct ct_go *go)
{
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		uint64_t *slot = (uint64_t *)((char *)&go->globals + rows[i].global);

		if (!*slot)
			*slot = find(go, &rows[i]);
	}
	read_reasons(go);
}
