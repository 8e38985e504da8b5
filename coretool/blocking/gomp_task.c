/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libgomp's semaphore, on which a thread waits for tasks, or for its turn in an ordered loop: an
 * int that its waiters expect to be the lowest number alone (sem.h). Who runs the tasks is recorded
 * nowhere that can be read without their types.
 */
#include "blocking/gomp.h"
#include "blocking/rows.h"

#define EMPTY 0x80000000u

/* The first that is found tells. */
static const struct {
	const char *below, *until;
} uses[] = {
	{"GOMP_taskgroup_end", ", until the tasks of a group are done"},
	{"GOMP_taskwait", ", until tasks of this thread are done"},
	{"GOMP_task", ", until the tasks are done that the next one depends on"},
	{"GOMP_ordered_start", ", until the turns of a loop before this one are done"},
};

static const char *until_when(const struct ct_blocked *blocked)
{
	for (size_t i = 0; i < CT_COUNT(uses); i++)
		if (ct_blocked_calls(blocked, uses[i].below))
			return uses[i].until;
	return "";
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	if (!ct_gomp_sleeps(ctx, blocked) || (uint32_t)blocked->call.args[2] != EMPTY)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_SEM,
		.address = blocked->call.args[0],
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_printf(ctx->sink,
			"the futex is a semaphore of libgomp's%s; who will post it is not recorded",
			until_when(blocked))};
	return CT_OK;
}

static enum ct_status read_sem(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	bool fresh;
	uint32_t resource = ct_sink_resource(ctx->sink, "omp_sem", addr, &fresh);

	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_gomp_task = {
	.name = "omp_sem",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_sem,
};
