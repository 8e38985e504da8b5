/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_rwlock_t of glibc 2.31 to 2.43, and so std::shared_mutex. Who has it for writing is
 * recorded, who reads is not. A waiter sleeps on one of three words, and that word, what it expects
 * there and the state of the lock tell what it waits for (nptl/pthread_rwlock_common.c):
 *
 *	to read, behind a writer           wrphase_futex, 3
 *	to write, behind another writer    writers_futex, 3
 *	to write, behind readers           wrphase_futex, 2
 *	to read, behind a waiting writer   readers, which says so (writers are preferred)
 */
#include "blocking/owner.h"
#include "blocking/rows.h"

struct rwlock {
	uint32_t readers, writers, wrphase_futex, writers_futex, pad3, pad4;
	int32_t cur_writer, shared;
	int8_t elision, pad1[7];
	uint64_t pad2;
	uint32_t flags;
};

_Static_assert(offsetof(struct rwlock, flags) == 48, "as in struct_rwlock.h");

/* Of readers: the phase is the writers'; a writer has or wants it; readers wait for their phase. */
#define WRITE_PHASE 1u
#define WRITE_LOCK  2u
#define RWAITING    4u
#define COUNT(rw)   ((rw)->readers >> 3)

#define USED       2u         /* of the two futex words: somebody may sleep there */
#define HANDOVER   (1u << 31) /* of writers */
#define MOST       (1u << 20) /* threads that may wait or read at a time */
#define PREFERENCE 2u /* the highest of flags: PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP */

static bool possible(const struct ct_blocking *ctx, uint64_t addr)
{
	struct rwlock rw;

	return !ct_read(ctx->target, addr, &rw, sizeof(rw)) && rw.wrphase_futex <= 3 &&
	       rw.writers_futex <= 3 && !rw.pad3 && !rw.pad4 && !rw.pad2 && !rw.elision &&
	       (rw.shared == 0 || rw.shared == 1) && rw.flags <= PREFERENCE && COUNT(&rw) <= MOST &&
	       (rw.writers & ~HANDOVER) <= MOST && rw.cur_writer >= 0;
}

static bool write_locked(const struct rwlock *rw)
{
	return (rw->readers & (WRITE_PHASE | WRITE_LOCK)) == (WRITE_PHASE | WRITE_LOCK);
}

/* The ways to wait, and whether the lock is in the state that makes a thread do so. */
static bool behind_writer(const struct rwlock *rw)
{
	return rw->readers & WRITE_PHASE && COUNT(rw);
}

static bool behind_other_writer(const struct rwlock *rw)
{
	return rw->readers & WRITE_LOCK && rw->writers_futex & USED;
}

static bool behind_readers(const struct rwlock *rw)
{
	return (rw->readers & (WRITE_PHASE | WRITE_LOCK)) == WRITE_LOCK && COUNT(rw);
}

static bool behind_waiting_writer(const struct rwlock *rw)
{
	return rw->readers & RWAITING && rw->readers & WRITE_LOCK && rw->flags == PREFERENCE;
}

static const struct {
	uint8_t word; /* offset of the futex */
	uint8_t expects;
	enum ct_wait_kind kind;
	bool (*fits)(const struct rwlock *rw);
	const char *why;
} ways[] = {
	{offsetof(struct rwlock, wrphase_futex), 1 | USED, CT_WAIT_RWLOCK_READ, behind_writer,
		"it waits for the writer of this rwlock to leave"},
	{offsetof(struct rwlock, writers_futex), 1 | USED, CT_WAIT_RWLOCK_WRITE,
		behind_other_writer, "it waits for another writer of this rwlock to leave"},
	{offsetof(struct rwlock, wrphase_futex), USED, CT_WAIT_RWLOCK_WRITE, behind_readers,
		"it waits for the readers of this rwlock to leave, who are not recorded"},
	{offsetof(struct rwlock, readers), 0, CT_WAIT_RWLOCK_READ, behind_waiting_writer,
		"it lets a writer go first, who waits for readers that are not recorded"},
};

/* Does the thread wait in this way for the rwlock at addr? */
static bool waits_so(const struct ct_blocking *ctx, const struct ct_blocked *blocked, size_t way,
	uint64_t addr, struct rwlock *rw)
{
	uint32_t expects = (uint32_t)blocked->call.args[2];

	if (addr % 8 || (ways[way].expects && expects != ways[way].expects) ||
		!possible(ctx, addr) || ct_read(ctx->target, addr, rw, sizeof(*rw)) ||
		blocked->futex.is_private == !!rw->shared)
		return false;
	return (ways[way].expects || expects == rw->readers) && ways[way].fits(rw);
}

static enum ct_trust weigh(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, const struct rwlock *rw)
{
	bool owned = write_locked(rw) && rw->cur_writer &&
		     ct_sink_thread_by_id(ctx->sink, (uint64_t)rw->cur_writer) != CT_NONE;

	if (owned)
		return rw->shared ? CT_TRUST_INFERRED : CT_TRUST_EXACT;
	return ct_blocked_calls(blocked, "pthread_rwlock_") ? CT_TRUST_LAYOUT : CT_TRUST_INFERRED;
}

/* Frames are known, and none of them is a function of rwlocks. */
static bool called_as_other(const struct ct_blocked *blocked)
{
	return blocked->n_callers > 1 && blocked->callers[1] &&
	       !ct_blocked_calls(blocked, "pthread_rwlock_");
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	const struct ct_futex_op *op = &blocked->futex;
	struct rwlock rw;

	if (!op->waits || op->pi || called_as_other(blocked))
		return CT_NOT_FOUND;
	for (size_t i = 0; i < CT_COUNT(ways); i++) {
		uint64_t addr = blocked->call.args[0] - ways[i].word;

		if (!waits_so(ctx, blocked, i, addr, &rw))
			continue;
		*ret = (struct ct_match){.kind = ways[i].kind,
			.address = addr,
			.trust = weigh(ctx, blocked, &rw),
			.why = ct_sink_string(ctx->sink, ways[i].why),
			.timed = blocked->call.args[3],
			.outside = rw.shared && !write_locked(&rw)};
		return CT_OK;
	}
	return CT_NOT_FOUND;
}

static void add_state(const struct ct_blocking *ctx, const struct rwlock *rw, uint32_t resource)
{
	static const char *const preferences[] = {
		"readers", "writers, recursive", "writers"}; /* of which 1 is the same as 0 */
	ct_sink_value_text(ctx->sink, resource, "prefers", preferences[rw->flags]);
	if (rw->shared)
		ct_sink_value_bool(ctx->sink, resource, "process_shared", true);
	/* In the writers' phase, those who are counted wait. */
	ct_sink_value_int(ctx->sink, resource,
		rw->readers & WRITE_PHASE ? "waiting_readers" : "readers", COUNT(rw));
	ct_sink_value_int(ctx->sink, resource, "owner", rw->cur_writer);
}

static enum ct_status read_rwlock(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct rwlock rw;
	bool fresh;

	if (!possible(ctx, addr) || ct_read(ctx->target, addr, &rw, sizeof(rw)))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_rwlock", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		const struct ct_owner owner = {
			.id = write_locked(&rw) ? (uint32_t)rw.cur_writer : 0,
			.taken = rw.readers & WRITE_LOCK ||
				 (!(rw.readers & WRITE_PHASE) && COUNT(&rw)),
			.shared = rw.shared,
			.field = "the lock is in its writers' phase, and its writer field names "
				 "this thread",
		};

		add_state(ctx, &rw, resource);
		ct_owner_add(ctx, resource, &owner);
	}
	*ret = resource;
	return CT_OK;
}

/* Held for writing by a thread: what is read or free looks like other data. */
static bool recognise(const struct ct_blocking *ctx, uint64_t addr)
{
	struct rwlock rw;

	return addr % 8 == 0 && possible(ctx, addr) &&
	       !ct_read(ctx->target, addr, &rw, sizeof(rw)) && write_locked(&rw) && rw.cur_writer &&
	       ct_sink_thread_by_id(ctx->sink, (uint64_t)rw.cur_writer) != CT_NONE;
}

/* Readers are counted; in the writers' phase it is the writer, who is recorded, that has it. */
static uint32_t count_readers(const struct ct_blocking *ctx, uint64_t addr)
{
	struct rwlock rw;

	if (!possible(ctx, addr) || ct_read(ctx->target, addr, &rw, sizeof(rw)) ||
		rw.readers & WRITE_PHASE || rw.shared)
		return 0;
	return COUNT(&rw);
}

static const struct ct_event_row events[] = {
	{"pthread_rwlock_rdlock", CT_CALL_ACQUIRES, 0},
	{"pthread_rwlock_tryrdlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_timedrdlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_clockrdlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_wrlock", CT_CALL_ACQUIRES, 0},
	{"pthread_rwlock_trywrlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_timedwrlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_clockwrlock", CT_CALL_TRIES, 0},
	{"pthread_rwlock_unlock", CT_CALL_RELEASES, 0},
};

static const struct ct_possession possession = {.mode = CT_HOLD_SHARED, .count = count_readers};

static bool noteworthy(const struct ct_blocking *ctx, uint64_t addr)
{
	struct rwlock rw;

	return possible(ctx, addr) && !ct_read(ctx->target, addr, &rw, sizeof(rw)) &&
	       write_locked(&rw) && rw.cur_writer;
}

/* The first three words and the writer's: taken for writing, nobody waits, and never used
 * otherwise. */
static bool near(const uint64_t *word)
{
	return (uint32_t)word[-3] == (WRITE_PHASE | WRITE_LOCK) && word[0] >> 32 <= 1 && !word[-1];
}

static bool held(const struct ct_blocking *ctx, const void *bytes, struct ct_scan_hit *hit)
{
	struct rwlock rw;

	memcpy(&rw, bytes, sizeof(rw));
	(void)ctx;
	return rw.readers == (WRITE_PHASE | WRITE_LOCK) && !rw.writers && rw.wrphase_futex & 1 &&
	       rw.wrphase_futex <= 3 && rw.writers_futex & 1 && rw.writers_futex <= 3 && !rw.pad3 &&
	       !rw.pad4 && !rw.pad2 && !rw.elision && !rw.shared && rw.flags <= PREFERENCE &&
	       hit->actor != CT_NONE;
}

static const struct ct_scan scan = {
	.owner = offsetof(struct rwlock, cur_writer),
	.size = sizeof(struct rwlock),
	.near = near,
	.held = held,
};

static const char *const types[] = {
	"pthread_rwlock_t", "std::shared_mutex", "std::shared_timed_mutex", NULL};

const struct ct_primitive ct_primitive_rwlock = {
	.name = "pthread_rwlock",
	.libcs = CT_IN_GLIBC,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_rwlock,
	.recognise = recognise,
	.possible = possible,
	.noteworthy = noteworthy,
	.scan = &scan,
	.types = types,
	.events = events,
	.n_events = CT_COUNT(events),
	.possession = &possession,
};
