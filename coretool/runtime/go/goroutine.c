/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/goroutine.h"

#define SCAN_BIT   0x1000u /* added to the status while the garbage collector has the goroutine */
#define MAX_G      4096    /* bytes of a struct g that are looked at; it has 456 in 1.27 */
#define RUNNING_FINALIZER 2u /* in fingStatus, 1.20 on */

uint32_t ct_go_n_goroutines(const struct ct_go *go)
{
	uint64_t n;

	if (!go->globals.allgs || ct_read_u64(go->target, go->globals.allgs + 8, &n))
		return 0;
	return (uint32_t)CT_MIN(n, (uint64_t)INT32_MAX);
}

/* The bytes of one g, and how to take fields out of them. */
struct bytes {
	const struct ct_go *go;
	const uint8_t *at;
	uint32_t size;
};

static uint64_t field(const struct bytes *b, enum ct_go_field field, size_t size)
{
	uint32_t offset = b->go->layout.offset[field];
	uint64_t value = 0;

	if (offset != CT_GO_ABSENT && ct_within(offset, size, b->size))
		memcpy(&value, b->at + offset, size);
	return value;
}

static void read_fields(const struct bytes *b, struct ct_go_g *g)
{
	uint32_t status = (uint32_t)field(b, CT_GO_G_ATOMICSTATUS, 4);

	g->goid = field(b, CT_GO_G_GOID, 8);
	g->stack_low = field(b, CT_GO_G_STACK_LO, 8);
	g->stack_high = field(b, CT_GO_G_STACK_HI, 8);
	g->m = field(b, CT_GO_G_M, 8);
	g->pc = field(b, CT_GO_G_SCHED_PC, 8);
	g->sp = field(b, CT_GO_G_SCHED_SP, 8);
	g->fp = field(b, CT_GO_G_SCHED_BP, 8);
	g->syscall_pc = field(b, CT_GO_G_SYSCALLPC, 8);
	g->syscall_sp = field(b, CT_GO_G_SYSCALLSP, 8);
	g->gopc = field(b, CT_GO_G_GOPC, 8);
	g->startpc = field(b, CT_GO_G_STARTPC, 8);
	g->parent = field(b, CT_GO_G_PARENTGOID, 8);
	g->waiting = field(b, CT_GO_G_WAITING, 8);
	g->locked = field(b, CT_GO_G_LOCKEDM, 8);
	g->labels = field(b, CT_GO_G_LABELS, 8);
	g->since = (int64_t)field(b, CT_GO_G_WAITSINCE, 8);
	g->reason = (uint8_t)field(b, CT_GO_G_WAITREASON, 1);
	g->status = (uint8_t)(status & ~SCAN_BIT);
	g->scanning = status & SCAN_BIT;
}

static bool is_alive(uint8_t status)
{
	return status != CT_GO_IDLE && status != CT_GO_DEAD && status < CT_GO_DEADEXTRA;
}

enum ct_status ct_go_goroutine_at(const struct ct_go *go, uint64_t at, struct ct_go_g *ret)
{
	uint8_t copy[MAX_G];
	struct bytes b = {go, copy, CT_MIN(ct_go_at(go, G_SIZE), (uint32_t)MAX_G)};
	struct ct_go_g g = {.at = at};
	const void *view;

	if (!ct_view(go->target, at, b.size, &view))
		b.at = view;
	else if (ct_read(go->target, at, copy, b.size))
		return CT_FAULT;
	read_fields(&b, &g);
	if (!is_alive(g.status))
		return CT_NOT_FOUND;
	if (!g.goid || g.stack_low >= g.stack_high)
		return CT_FAULT;
	*ret = g;
	return CT_OK;
}

enum ct_status ct_go_goroutine(const struct ct_go *go, uint32_t i, struct ct_go_g *ret)
{
	uint64_t list, at;

	if (ct_read_u64(go->target, go->globals.allgs, &list) ||
		ct_read_u64(go->target, list + (uint64_t)i * sizeof(at), &at) || !at)
		return CT_FAULT;
	return ct_go_goroutine_at(go, at, ret);
}

const char *ct_go_wait_reason(const struct ct_go *go, const struct ct_go_g *g)
{
	if ((g->status != CT_GO_WAITING && g->status != CT_GO_LEAKED) ||
		g->reason >= go->globals.n_reasons || !*go->reasons[g->reason])
		return NULL;
	return go->reasons[g->reason];
}

/* isSystemGoroutine() of runtime/traceback.go */
bool ct_go_is_system(const struct ct_go *go, const struct ct_go_g *g)
{
	struct ct_go_function f;
	uint32_t fing = 0;

	if (!ct_go_function_at(&go->tables, g->startpc, &f))
		return false;
	const char *name = ct_go_function_name(&f);
	if (strncmp(name, "runtime.", strlen("runtime.")) != 0 ||
		!strcmp(name, "runtime.main") || !strcmp(name, "runtime.corostart") ||
		!strcmp(name, "runtime.handleAsyncEvent"))
		return false;
	/* Finalizers and cleanups are the program's own code. */
	if (!strcmp(name, "runtime.runfinq") || !strcmp(name, "runtime.runFinalizers")) {
		if (go->globals.fing)
			(void)!ct_read_u32(go->target, go->globals.fing, &fing);
		return ct_go_since(go, 20) ? !(fing & RUNNING_FINALIZER) : !(fing & 0xff);
	}
	if (!strcmp(name, "runtime.runCleanups")) {
		uint8_t running = 0;

		(void)!ct_go_u8(go, g->at, CT_GO_G_RUNNINGCLEANUPS, &running);
		return !running;
	}
	return true;
}
