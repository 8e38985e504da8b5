/* SPDX-License-Identifier: Apache-2.0 */
#include "source/gdb_pipe.h"

#include "source/gdb_ask.h"

#define DESCRIPTOR 0x900 /* bytes above the thread pointer that are looked at (glibc's) */

struct ct_gdb {
	struct ct_pipe *pipe;
	struct ct_process process;
	struct ct_arena arena; /* of the process's strings */
	struct ct_cache cache;
	struct ct_gdb_threads threads;
	struct ct_gdb_maps maps;
	struct ct_gdb_auxv auxv;
};

/* What every analysis looks at: of each thread the end of the stack and the descriptor. */
static enum ct_status prefetch(struct ct_gdb *g, struct ct_error *err)
{
	const struct ct_arch *arch = g->process.arch;
	CT_VEC(uint64_t) addrs = {0};
	bool failed = false;

	for (uint32_t i = 0; i < g->threads.list.n; i++) {
		const struct ct_thread *thread = &g->threads.list.items[i];
		uint64_t sp = ct_reg(thread->regs, arch->sp);
		uint64_t tp = arch->thread_pointer(thread->regs);
		const uint64_t wanted[] = {sp, sp + CT_CACHE_PAGE, tp, tp + DESCRIPTOR};

		for (size_t k = 0; thread->stopped && k < CT_COUNT(wanted); k++) {
			uint64_t *slot = ct_vec_push(&addrs);

			failed |= !slot;
			if (slot)
				*slot = wanted[k];
		}
	}
	if (!failed)
		ct_cache_prefetch(&g->cache, addrs.items, addrs.n);
	ct_vec_free(&addrs);
	return failed ? ct_fail(err, CT_NO_MEMORY, "out of memory") : CT_OK;
}

static enum ct_status gdb_process(void *self, struct ct_process *ret)
{
	struct ct_gdb *g = self;

	if (*g->pipe->broken)
		g->process.damage = g->pipe->broken;
	*ret = g->process;
	return CT_OK;
}

static enum ct_status gdb_next_map(void *self, size_t *cur, struct ct_map *ret)
{
	struct ct_gdb *g = self;

	if (*cur >= g->maps.list.n)
		return CT_DONE;
	*ret = g->maps.list.items[(*cur)++];
	return CT_OK;
}

static enum ct_status gdb_next_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	struct ct_gdb *g = self;

	if (*cur >= g->threads.list.n)
		return CT_DONE;
	*ret = g->threads.list.items[(*cur)++];
	return CT_OK;
}

static enum ct_status gdb_read(void *self, uint64_t addr, void *buf, size_t len)
{
	struct ct_gdb *g = self;

	return ct_cache_read(&g->cache, addr, buf, len);
}

static enum ct_status gdb_auxv(void *self, uint64_t type, uint64_t *ret)
{
	struct ct_gdb *g = self;

	for (uint32_t i = 0; i < g->auxv.list.n; i++) {
		if (g->auxv.list.items[i].a_type != type)
			continue;
		*ret = g->auxv.list.items[i].a_un.a_val;
		return CT_OK;
	}
	return CT_NOT_FOUND;
}

static void gdb_close(void *self)
{
	struct ct_gdb *g = self;

	ct_cache_free(&g->cache);
	ct_gdb_threads_free(&g->threads);
	ct_gdb_maps_free(&g->maps);
	ct_gdb_auxv_free(&g->auxv);
	ct_arena_free(&g->arena);
	free(g);
}

static const struct ct_source_ops gdb_ops = {
	.name = "gdb",
	.process = gdb_process,
	.next_map = gdb_next_map,
	.next_thread = gdb_next_thread,
	.read = gdb_read,
	.auxv = gdb_auxv,
	.close = gdb_close,
};

static enum ct_status ask_all(struct ct_gdb *g, struct ct_error *err)
{
	enum ct_status status = ct_gdb_ask_process(g->pipe, &g->arena, &g->process, err);

	if (!status)
		status = ct_gdb_ask_threads(g->pipe, g->process.arch, &g->threads, err);
	if (!status)
		status = ct_gdb_ask_maps(g->pipe, &g->maps, err);
	if (!status)
		status = ct_gdb_ask_auxv(g->pipe, &g->auxv, err);
	if (!status)
		status = prefetch(g, err);
	for (uint32_t i = 0; i < g->threads.list.n; i++)
		g->process.still = g->process.still && g->threads.list.items[i].stopped;
	if (!status && g->arena.failed)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	return status;
}

enum ct_status ct_gdb_open(
	struct ct_pipe *pipe, uint64_t block, struct ct_source *ret, struct ct_error *err)
{
	struct ct_gdb *g = calloc(1, sizeof(*g));

	if (!g)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	g->pipe = pipe;
	ct_cache_init(&g->cache, ct_gdb_ask_memory, pipe, block);
	enum ct_status status = ask_all(g, err);
	if (status) {
		gdb_close(g);
		return status;
	}
	*ret = (struct ct_source){&gdb_ops, g};
	return CT_OK;
}
