/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_barrier_t of musl 1.2 (src/thread/pthread_barrier_wait.c). The first thread that arrives
 * makes an instance on its stack and sleeps on its word `finished`; the others are counted there
 * and sleep on `last`. The barrier points to the instance until enough have come. A process-shared
 * one has no instance: all sleep on the count in itself. Who has not come is recorded nowhere.
 */
#include <sys/mman.h>

#include "blocking/musl.h"
#include "blocking/rows.h"
#include "target/modules.h"

struct barrier {
	uint32_t lock, waiters,
		limit;            /* limit: one less than needed; the top bit: process-shared */
	uint32_t count, waiters2; /* of a process-shared one */
	uint32_t pad;
	uint64_t instance;
};

_Static_assert(sizeof(struct barrier) == 32, "as in alltypes.h");

struct instance {
	uint32_t count, last, waiters, finished;
};

#define SHARED (1u << 31)
#define MOST   (1u << 20)

#define MAX_DATA (1u << 16) /* words of a program's variables that are searched */

static uint32_t needed(const struct barrier *b)
{
	return (b->limit & ~SHARED) + 1;
}

/* How many have arrived at the barrier at addr; 0: there is none, or nobody waits for others. */
static uint32_t arrived(const struct ct_blocking *ctx, uint64_t addr, struct barrier *b)
{
	struct instance inst;

	if (!addr || addr % 8 || ct_read(ctx->target, addr, b, sizeof(*b)) || needed(b) < 2 ||
		needed(b) > MOST || b->waiters > MOST)
		return 0;
	if (b->limit & SHARED)
		return b->count < needed(b) ? b->count : 0;
	if (!b->instance || b->lock > 1 || ct_read(ctx->target, b->instance, &inst, sizeof(inst)) ||
		inst.last || inst.finished > 1 || inst.count >= b->limit ||
		inst.waiters > inst.count)
		return 0;
	return inst.count + 1;
}

static bool is_of(
	const struct ct_blocking *ctx, uint64_t addr, uint64_t instance, struct barrier *b)
{
	return arrived(ctx, addr, b) && !(b->limit & SHARED) && b->instance == instance;
}

static uint64_t find_in_traces(const struct ct_blocking *ctx, const struct ct_regs *regs,
	uint64_t instance, struct barrier *b)
{
	uint64_t traces[CT_MUSL_TRACES];
	size_t n = ct_musl_traces(ctx, regs, UINT64_MAX, traces);

	for (size_t i = 0; i < n; i++)
		if (is_of(ctx, traces[i], instance, b))
			return traces[i];
	return 0;
}

/* Do these registers belong to another waiter at the same instance? */
static bool waits_too(const struct ct_blocking *ctx, const struct ct_regs *regs, uint64_t instance)
{
	const struct ct_arch *arch = ct_target_arch(ctx->target);

	for (unsigned i = 0; i < arch->n_regs; i++)
		if (ct_reg(regs, i) == instance + offsetof(struct instance, last))
			return true;
	return false;
}

/* Among the variables of the program. */
static uint64_t find_in_data(const struct ct_blocking *ctx, uint64_t instance, struct barrier *b)
{
	const struct ct_module *program = ct_module_main(ctx->target);
	uint64_t left = MAX_DATA, word;

	for (size_t i = 0; program && i < ct_target_n_maps(ctx->target); i++) {
		const struct ct_map *map = ct_target_map(ctx->target, i);

		if (map->start < program->start || map->start >= program->end ||
			!(map->prot & PROT_WRITE))
			continue;
		for (uint64_t at = map->start; at < map->end && left; at += sizeof(word), left--)
			if (!ct_read_u64(ctx->target, at, &word) && word == instance &&
				is_of(ctx, at - offsetof(struct barrier, instance), instance, b))
				return at - offsetof(struct barrier, instance);
	}
	return 0;
}

/*
 * The barrier of the instance that the thread sleeps at. The first one at it does not need the
 * barrier's address any more, and its compiler may have forgotten it: then others are asked.
 */
static uint64_t find_barrier(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_musl_sleep *sleep, struct barrier *b)
{
	bool first = sleep->expected;
	uint64_t instance = sleep->word - (first ? offsetof(struct instance, finished)
						 : offsetof(struct instance, last));
	uint64_t addr = find_in_traces(ctx, blocked->regs, instance, b);
	struct instance inst;

	if (addr || !first || ct_read(ctx->target, instance, &inst, sizeof(inst)) ||
		inst.finished != 1 || inst.last)
		return addr;
	for (size_t i = 0; !addr && inst.count && i < ct_target_n_threads(ctx->target); i++) {
		const struct ct_thread *thread = ct_target_thread(ctx->target, i);

		if (thread->stopped && waits_too(ctx, thread->regs, instance))
			addr = find_in_traces(ctx, thread->regs, instance, b);
	}
	return addr ? addr : find_in_data(ctx, instance, b);
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	struct ct_musl_sleep sleep;
	struct barrier b = {0};
	uint64_t addr = 0;

	if (!ct_musl_sleep(blocked, &sleep) || sleep.pi || sleep.timed)
		return CT_NOT_FOUND;
	if (sleep.is_private && sleep.expected <= 1)
		addr = find_barrier(ctx, blocked, &sleep, &b);
	else if (!sleep.is_private)
		addr = sleep.word - offsetof(struct barrier, count);
	uint32_t n = arrived(ctx, addr, &b);
	/* pthread_barrier_wait jumps on to the function for those, and leaves no frame. */
	if (!n || (!sleep.is_private &&
			  (!(b.limit & SHARED) || !sleep.expected || sleep.expected > b.count ||
				  b.lock || !b.waiters2 || b.waiters2 > b.count)))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_BARRIER,
		.address = addr,
		.trust = sleep.is_private ? CT_TRUST_EXACT : CT_TRUST_INFERRED,
		.why = ct_sink_printf(ctx->sink,
			"the futex is in the instance of a barrier of musl that %u of %u threads "
			"have reached",
			n, needed(&b)),
		.outside = !sleep.is_private};
	return CT_OK;
}

static enum ct_status read_barrier(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct barrier b;
	bool fresh;
	uint32_t n = arrived(ctx, addr, &b);

	if (!n)
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_barrier", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_get_resource(ctx->sink, resource)->process_shared = b.limit & SHARED;
		ct_sink_value_int(ctx->sink, resource, "arrived", n);
		ct_sink_value_int(ctx->sink, resource, "needed", needed(&b));
	}
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_musl_barrier = {
	.name = "pthread_barrier",
	.libcs = CT_IN_MUSL,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_barrier,
};
