/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory, block and mutex profiles (runtime/mprof.go): a list of buckets for each. What a
 * bucket of memory counts is another thing before Go 1.19 and since 1.27.
 */
#include "runtime/go/profiles.h"

#include <inttypes.h>

#include "runtime/go/profile_stack.h"

#define MAX_COUNT 9e18 /* of waits: what is not larger is an int64_t, too */

#define CYCLES 3 /* of collections that are counted for themselves yet: memRecord.future */

struct reader {
	struct ct_go_observation *o;
	struct ct_go_profile_stack stack;
	uint32_t n_pcs;
	int64_t mutex_scale;
	CT_VEC(struct ct_go_profile_record) records;
};

/* memRecordCycle; since 1.27 bytes are not counted, as they are so many times the size. */
static bool add_cycle(const struct ct_go *go, uint64_t at, unsigned index,
	const struct ct_go_bucket *bucket, struct ct_go_profile_record *record)
{
	bool counts_bytes = !ct_go_since(go, 27);
	uint64_t words[4] = {0}, size = counts_bytes ? 32 : 16;

	if (ct_read(go->target, at + size * index, words, size))
		return false;
	record->allocs = (int64_t)((uint64_t)record->allocs + words[0]);
	record->frees = (int64_t)((uint64_t)record->frees + words[1]);
	record->alloc_bytes = (int64_t)((uint64_t)record->alloc_bytes +
					(counts_bytes ? words[2] : words[0] * bucket->size));
	record->free_bytes = (int64_t)((uint64_t)record->free_bytes +
				       (counts_bytes ? words[3] : words[1] * bucket->size));
	return true;
}

/*
 * What runtime.MemProfile() would say: what is published, and of the cycle that a collection has
 * finished what it would publish first. Before the first collection it takes all.
 */
static bool read_memory(const struct ct_go *go, const struct ct_go_bucket *bucket, unsigned cycles,
	struct ct_go_profile_record *record)
{
	bool ok = add_cycle(go, bucket->numbers, 0, bucket, record);

	for (unsigned i = 0; ok && i < CYCLES; i++)
		if (cycles >> i & 1)
			ok = add_cycle(go, bucket->numbers, 1 + i, bucket, record);
	record->size = bucket->size;
	return ok;
}

static bool read_block(const struct ct_go *go, const struct ct_go_bucket *bucket, int64_t scale,
	struct ct_go_profile_record *record)
{
	struct {
		double count;
		int64_t cycles;
	} numbers;

	if (ct_read(go->target, bucket->numbers, &numbers, sizeof(numbers)))
		return false;
	/* Neither is ever negative, nor as large as this. */
	if (!(numbers.count >= 0 && numbers.count < MAX_COUNT) || numbers.cycles < 0)
		return false;
	record->count = CT_MIN(numbers.count * (double)scale, MAX_COUNT);
	if (__builtin_mul_overflow(numbers.cycles, scale, &record->cycles))
		record->cycles = INT64_MAX;
	return true;
}

/* Cycles that the published numbers do not have yet, and that MemProfile() adds: a bit for each. */
static unsigned unpublished(const struct ct_go *go)
{
	uint32_t value;

	if (!go->globals.mprofcycle || ct_read_u32(go->target, go->globals.mprofcycle, &value))
		return 0;
	/* Bit 0: it is published. */
	return value & 1 ? 0 : 1u << (value >> 1) % CYCLES;
}

static bool is_empty(const struct ct_go_profile_record *record)
{
	return !record->allocs && !record->frees;
}

/* false: the list is broken here. */
static bool add_bucket(struct reader *r, const struct ct_go_bucket *bucket,
	enum ct_go_profile_kind kind, unsigned cycles, enum ct_status *status)
{
	const struct ct_go *go = r->o->go;
	struct ct_go_profile_record record = {.stack = CT_NONE};

	if (r->n_pcs + bucket->n > CT_GO_MAX_PROFILE_PCS)
		return false;
	r->n_pcs += (uint32_t)bucket->n;
	if (kind == CT_GO_PROFILE_HEAP
			? !read_memory(go, bucket, cycles, &record)
			: !read_block(go, bucket, kind == CT_GO_PROFILE_MUTEX ? r->mutex_scale : 1,
				  &record))
		return false;
	if (kind == CT_GO_PROFILE_HEAP ? is_empty(&record) : !record.count && !record.cycles)
		return true;
	*status = ct_go_profile_stack_add(&r->stack, bucket, &record.stack);
	if (*status)
		return *status != CT_FAULT;
	struct ct_go_profile_record *slot = ct_vec_push(&r->records);
	if (slot)
		*slot = record;
	else
		*status = CT_NO_MEMORY;
	return true;
}

/* The walk ends where the list comes back to (Brent): then nobody knows what was counted twice, and
 * none of it is told. */
static enum ct_status add_list(
	struct reader *r, uint64_t first, enum ct_go_profile_kind kind, unsigned cycles, bool *cut)
{
	enum ct_status status = CT_OK;
	struct ct_go_bucket bucket = {0};
	uint64_t at = first, mark = 0;

	r->n_pcs = 0;
	r->records.n = 0;
	for (uint32_t n = 0; at && !status && !*cut; n++, at = bucket.next) {
		*cut = at == mark || n >= CT_GO_MAX_BUCKETS ||
		       !ct_go_bucket_at(r->o->go, at, kind, &bucket) ||
		       !add_bucket(r, &bucket, kind, cycles, &status);
		if (at == mark)
			r->records.n = 0;
		if (!(n & (n - 1)))
			mark = at;
	}
	return *cut && status == CT_FAULT ? CT_OK : status;
}

static enum ct_status read_profile(
	struct reader *r, uint64_t list, enum ct_go_profile_kind kind, struct ct_go_profile *ret)
{
	static const char *const names[] = {"heap", "block", "mutex"};
	uint64_t first;
	bool cut = false;
	enum ct_status status;

	if (!list || ct_read_u64(r->o->target, list, &first))
		return CT_OK;
	status = add_list(r, first, kind, unpublished(r->o->go), &cut);
	/* No collection was over yet. */
	if (!status && !cut && kind == CT_GO_PROFILE_HEAP && !r->records.n)
		status = add_list(r, first, kind, (1u << CYCLES) - 1, &cut);
	if (status)
		return status;
	if (cut)
		ct_target_note(r->o->target, CT_NOTE_DAMAGED, "Go profiles",
			"the list of the %s profile is damaged: it has more than the %" PRIu32
			" stacks that could be read",
			names[kind], (uint32_t)r->records.n);
	ret->found = true;
	ret->cut = cut;
	ret->n = r->records.n;
	ret->records = ct_arena_copy(ct_sink_arena(r->o->sink), r->records.items,
		r->records.n * sizeof(*r->records.items));
	return ret->records ? CT_OK : CT_NO_MEMORY;
}

/* Measured when a profile was first written; since 1.22 behind where the measurement began. */
static int64_t cycles_per_second(const struct ct_go *go)
{
	uint64_t value = 0;

	if (!go->globals.ticks ||
		ct_read_u64(
			go->target, go->globals.ticks + (ct_go_since(go, 22) ? 24 : 16), &value))
		return 0;
	return value <= INT64_MAX ? (int64_t)value : 0;
}

/* Later versions count a wait as many times as it stands for; before, who writes the profile does.
 */
static int64_t mutex_scale(const struct ct_go *go)
{
	int64_t rate = ct_go_profile_rate(go, go->globals.mutexrate);

	return ct_go_since(go, 21) || rate <= 0 ? 1 : rate;
}

enum ct_status ct_go_observe_profiles(struct ct_go_observation *o)
{
	const struct ct_go_globals *globals = &o->go->globals;
	const uint64_t lists[CT_GO_N_PROFILES] = {
		globals->mbuckets, globals->bbuckets, globals->xbuckets};
	struct reader r = {.o = o, .stack = {.o = o}, .mutex_scale = mutex_scale(o->go)};
	struct ct_fact_go_profiles fact = {.cycles_per_second = cycles_per_second(o->go)};
	enum ct_status status = CT_OK;

	/* Cycles were counted in another way. */
	for (unsigned kind = 0; ct_go_since(o->go, 19) && !status && kind < CT_GO_N_PROFILES;
		kind++)
		status = read_profile(&r, lists[kind], kind, &fact.profiles[kind]);
	ct_vec_free(&r.records);
	if (!status)
		ct_sink_go_profiles(o->sink, &fact);
	return status;
}
