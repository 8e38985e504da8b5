/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutexes that glibc or the kernel have on record though nobody waits for them. Robust ones are on
 * a list of their owner, for the kernel to mark them when the owner dies: pthread.robust_head,
 * whose links point to the next link of each mutex, with the lowest bit set for priority-inheriting
 * ones (nptl/descr.h, get_robust_list(2)). The locks of the dynamic linker are in fixed places of
 * its data (struct rtld_global of ldsodefs.h).
 */
#include <inttypes.h>
#include <sys/mman.h>

#include "blocking/mutex_shape.h"
#include "blocking/rows.h"
#include "target/modules.h"

#define MOST_OF_ONE 65536u               /* robust mutexes that one thread has */
#define MOST_OF_ALL (1u << 20)           /* that are looked at */
#define MOST_DATA   (UINT64_C(64) << 10) /* of the dynamic linker's variables */
#define PI_LINK     UINT64_C(1)

static void note_damage(const struct ct_blocking *ctx, uint32_t actor, const char *what)
{
	ct_sink_note(ctx->sink, CT_NOTE_DAMAGED,
		ct_sink_printf(
			ctx->sink, "thread %" PRIu64, ct_sink_get_actor(ctx->sink, actor)->id),
		"the list of its robust locks %s", what);
}

/* The mutex on the list of a thread; false: it is none of its. */
static bool add_robust(const struct ct_blocking *ctx, uint32_t actor, uint64_t addr)
{
	struct ct_mutex m;
	uint32_t resource;

	if (addr % 8 || ct_read(ctx->target, addr, &m, sizeof(m)) || !ct_mutex_shape(ctx, &m) ||
		!(m.kind & CT_MUTEX_ROBUST))
		return false;
	/* It is put on the list a little before or after the word names the thread. */
	if (ct_mutex_owner(&m) == ct_sink_get_actor(ctx->sink, actor)->id)
		(void)!ct_primitive_mutex.read(ctx, addr, &resource);
	return true;
}

static uint32_t walk_robust(const struct ct_blocking *ctx, uint32_t actor, uint64_t head)
{
	uint64_t at = head, next;
	uint32_t n = 0;

	for (; n < MOST_OF_ONE; n++) {
		if (ct_read_u64(ctx->target, at, &next)) {
			if (n)
				note_damage(ctx, actor, "ends in memory that cannot be read");
			return n;
		}
		at = next & ~PI_LINK;
		if (!at || at == head)
			return n;
		if (!add_robust(ctx, actor, at - offsetof(struct ct_mutex, next))) {
			note_damage(ctx, actor, "leads to what is no robust lock");
			return n;
		}
	}
	note_damage(ctx, actor, "has no end");
	return n;
}

static void add_all_robust(const struct ct_blocking *ctx)
{
	uint32_t n = ct_sink_n_actors(ctx->sink), seen = 0;

	for (uint32_t i = 0; i < n && seen < MOST_OF_ALL; i++) {
		const struct ct_actor *actor = ct_sink_get_actor(ctx->sink, i);

		if (actor->kind == CT_ACTOR_THREAD && actor->object && actor->id)
			seen += walk_robust(ctx, i, actor->object + ctx->libc->layout->robust);
	}
}

static const struct {
	uint16_t load_lock; /* offset of dl_load_lock in _rtld_global; dl_load_write_lock follows */
	bool has_tls_lock;  /* and behind that, dl_load_tls_lock */
} loaders[] = {{2568, true}, {1800, true}, {2312, false}}; /* 2.36 and 2.41; 2.43; 2.31 */

static bool is_loader_lock(const struct ct_blocking *ctx, uint64_t addr, struct ct_mutex *m)
{
	return !ct_read(ctx->target, addr, m, sizeof(*m)) && ct_mutex_shape(ctx, m) &&
	       (m->kind & ~CT_MUTEX_ELISION) == CT_MUTEX_RECURSIVE;
}

static bool loader_fits(const struct ct_blocking *ctx, uint64_t first, bool has_tls_lock)
{
	struct ct_mutex m;

	for (unsigned i = 0; i < 2u + has_tls_lock; i++)
		if (!is_loader_lock(ctx, first + i * sizeof(m), &m))
			return false;
	return true;
}

static void add_loader(const struct ct_blocking *ctx, uint64_t first, bool has_tls_lock)
{
	static const char *const names[] = {"the loader's lock (dl_load_lock)",
		"the loader's list lock (dl_load_write_lock)",
		"the loader's TLS lock (dl_load_tls_lock)"};
	struct ct_mutex m;

	for (unsigned i = 0; i < 2u + has_tls_lock; i++) {
		uint64_t addr = first + i * sizeof(m);
		uint32_t resource;

		if (ct_sink_has_resource(ctx->sink, addr) ||
			(is_loader_lock(ctx, addr, &m) && ct_mutex_held(&m)))
			if (!ct_primitive_mutex.read(ctx, addr, &resource))
				ct_sink_get_resource(ctx->sink, resource)->name =
					ct_sink_string(ctx->sink, names[i]);
	}
}

/* Is any lock among the variables of this file held? Most often none is, and no name is wanted. */
static bool any_held(const struct ct_blocking *ctx, const struct ct_map *map)
{
	uint64_t end = map->start + CT_MIN(map->present, MOST_DATA);
	struct ct_mutex m;

	for (uint64_t at = map->start; at + sizeof(m) <= end; at += 8)
		if (is_loader_lock(ctx, at, &m) && ct_mutex_held(&m))
			return true;
	return false;
}

static bool loader_in_use(const struct ct_blocking *ctx)
{
	for (size_t i = 0; i < ct_target_n_maps(ctx->target); i++) {
		const struct ct_map *map = ct_target_map(ctx->target, i);
		const struct ct_module *module = map->prot > 0 && map->prot & PROT_WRITE
							 ? ct_module_at(ctx->target, map->start)
							 : NULL;

		if (module &&
			(!strncmp(module->name, "ld-linux", 8) ||
				!strncmp(module->name, "ld-2", 4)) &&
			any_held(ctx, map))
			return true;
	}
	return false;
}

void ct_mutex_listed(const struct ct_blocking *ctx)
{
	uint64_t global;

	if (!ctx->libc->layout)
		return;
	add_all_robust(ctx);
	if (!loader_in_use(ctx))
		return;
	global = ct_libc_variable(ctx->target, ctx->libc, "_rtld_global");
	for (size_t i = 0; global && i < CT_COUNT(loaders); i++)
		if (loader_fits(ctx, global + loaders[i].load_lock, loaders[i].has_tls_lock)) {
			add_loader(ctx, global + loaders[i].load_lock, loaders[i].has_tls_lock);
			return;
		}
}
