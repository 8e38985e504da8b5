/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/goroutine.h"

#include "runtime/go/record.h"

#define RUNNING_FINALIZER 2u /* in fingStatus, 1.20 on */

uint32_t ct_go_n_goroutines(const struct ct_go *go)
{
	uint64_t n;

	if (!go->globals.allgs || ct_read_u64(go->target, go->globals.allgs + 8, &n))
		return 0;
	return (uint32_t)CT_MIN(n, (uint64_t)INT32_MAX);
}

static void read_fields(const struct ct_go_record *r, struct ct_go_g *g)
{
	uint32_t status = (uint32_t)ct_go_field(r, CT_GO_G_ATOMICSTATUS, 4, 0);

	g->goid = ct_go_get(r, G_GOID);
	g->stack_low = ct_go_get(r, G_STACK_LO);
	g->stack_high = ct_go_get(r, G_STACK_HI);
	g->m = ct_go_get(r, G_M);
	g->pc = ct_go_get(r, G_SCHED_PC);
	g->sp = ct_go_get(r, G_SCHED_SP);
	g->fp = ct_go_get(r, G_SCHED_BP);
	g->syscall_pc = ct_go_get(r, G_SYSCALLPC);
	g->syscall_sp = ct_go_get(r, G_SYSCALLSP);
	g->gopc = ct_go_get(r, G_GOPC);
	g->startpc = ct_go_get(r, G_STARTPC);
	g->parent = ct_go_get(r, G_PARENTGOID);
	g->waiting = ct_go_get(r, G_WAITING);
	g->locked = ct_go_get(r, G_LOCKEDM);
	g->labels = ct_go_get(r, G_LABELS);
	g->since = (int64_t)ct_go_get(r, G_WAITSINCE);
	g->reason = (uint8_t)ct_go_field(r, CT_GO_G_WAITREASON, 1, 0);
	g->status = (uint8_t)(status & ~CT_GO_SCAN_BIT);
	g->scanning = status & CT_GO_SCAN_BIT;
}

static bool is_alive(uint8_t status)
{
	return status != CT_GO_IDLE && status != CT_GO_DEAD && status < CT_GO_DEADEXTRA;
}

enum ct_status ct_go_goroutine_at(const struct ct_go *go, uint64_t at, struct ct_go_g *ret)
{
	struct ct_go_g g = {.at = at};
	struct ct_go_record record;

	if (ct_go_record(go, at, CT_GO_G_SIZE, &record))
		return CT_FAULT;
	read_fields(&record, &g);
	if (!is_alive(g.status))
		return CT_NOT_FOUND;
	if (!g.goid || g.stack_low >= g.stack_high)
		return CT_FAULT;
	*ret = g;
	return CT_OK;
}

enum ct_status ct_go_goroutine_address(const struct ct_go *go, uint32_t i, uint64_t *ret)
{
	uint64_t list, at;

	if (ct_read_u64(go->target, go->globals.allgs, &list) ||
		ct_read_u64(go->target, list + (uint64_t)i * sizeof(at), &at) || !at)
		return CT_FAULT;
	*ret = at;
	return CT_OK;
}

const char *ct_go_wait_reason(const struct ct_go *go, const struct ct_go_g *g)
{
	if ((g->status != CT_GO_WAITING && g->status != CT_GO_LEAKED) ||
		g->reason >= go->globals.n_reasons || !*go->reasons[g->reason])
		return NULL;
	return go->reasons[g->reason];
}

/* isSystemGoroutine() of runtime/traceback.go */
enum ct_go_system ct_go_system_of(const struct ct_go *go, uint64_t startpc)
{
	struct ct_go_function f;

	if (!ct_go_function_at(&go->tables, startpc, &f))
		return CT_GO_SYSTEM_NO;
	const char *name = ct_go_function_name(&f);
	if (strncmp(name, "runtime.", strlen("runtime.")) != 0 || !strcmp(name, "runtime.main") ||
		!strcmp(name, "runtime.corostart") || !strcmp(name, "runtime.handleAsyncEvent"))
		return CT_GO_SYSTEM_NO;
	if (!strcmp(name, "runtime.runfinq") || !strcmp(name, "runtime.runFinalizers"))
		return CT_GO_SYSTEM_FINALIZERS;
	if (!strcmp(name, "runtime.runCleanups"))
		return CT_GO_SYSTEM_CLEANUPS;
	return CT_GO_SYSTEM_YES;
}

bool ct_go_is_system(const struct ct_go *go, const struct ct_go_g *g, enum ct_go_system kind)
{
	uint8_t running = 0;
	uint32_t fing = 0;

	switch (kind) {
	case CT_GO_SYSTEM_FINALIZERS:
		if (go->globals.fing)
			(void)!ct_read_u32(go->target, go->globals.fing, &fing);
		return ct_go_since(go, 20) ? !(fing & RUNNING_FINALIZER) : !(fing & 0xff);
	case CT_GO_SYSTEM_CLEANUPS:
		(void)!ct_go_u8(go, g->at, CT_GO_G_RUNNINGCLEANUPS, &running);
		return !running;
	default:
		return kind == CT_GO_SYSTEM_YES;
	}
}
