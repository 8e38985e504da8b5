/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recursive locks of glibc's own (struct {int lock, count; void *owner}): of a FILE, of the
 * list of FILEs, of exit. The owner is the struct pthread of the thread that has it (sysdeps/nptl,
 * libc-lockP.h and stdio-lock.h; 2.31 to 2.43). What is counted is how often it is taken, from 2.41
 * on without the first time.
 */
#include <sys/mman.h>

#include "blocking/owner.h"
#include "blocking/rows.h"
#include "target/modules.h"

struct libc_lock {
	uint32_t lock, count;
	uint64_t owner;
};

#define CONTENDED 2u
#define MOST      (1u << 20) /* times that a thread has it */

/* struct _IO_FILE of libio: where it has the address of its lock, and where fopen puts that. */
#define FILE_CHAIN 104u
#define FILE_LOCK  136u
#define FOPENED    224u

#define MOST_FILES (1u << 16)
#define MOST_DATA  (UINT64_C(1) << 20) /* of libc's own variables */
#define WORDS      (4096u / 8)         /* looked at together */

/* Taken, and by somebody? */
static bool read_words(const struct ct_blocking *ctx, uint64_t addr, struct libc_lock *ret)
{
	return addr % 8 == 0 && !ct_read(ctx->target, addr, ret, sizeof(*ret)) && ret->lock &&
	       ret->lock <= CONTENDED && ret->count <= MOST && ret->owner;
}

/* The live thread that has it, or CT_NONE. */
static uint32_t owner_of(const struct ct_blocking *ctx, uint64_t addr, struct libc_lock *ret)
{
	if (!read_words(ctx, addr, ret))
		return CT_NONE;
	uint32_t actor = ct_sink_actor_by_object(ctx->sink, ret->owner);
	return actor != CT_NONE && ct_sink_get_actor(ctx->sink, actor)->state != CT_STATE_ZOMBIE
		       ? actor
		       : CT_NONE;
}

static bool has_lock(const struct ct_blocking *ctx, uint64_t file, uint64_t addr)
{
	uint64_t lock;

	return !ct_read_u64(ctx->target, file + FILE_LOCK, &lock) && lock == addr;
}

/*
 * Is the owner field the descriptor of a thread that is no more? It is in the list of those that
 * nobody has joined, or kept for the next thread, or its memory has been given back: then only the
 * FILE around the lock tells that it is one. In a child of fork() it is that of a thread of the
 * parent, perhaps with its number.
 */
static bool owner_is_gone(const struct ct_blocking *ctx, uint64_t addr, struct libc_lock *ret)
{
	struct ct_libc_thread thread;

	if (!read_words(ctx, addr, ret) || !ct_owner_may_be_gone(ctx) || ret->owner % 8 ||
		owner_of(ctx, addr, ret) != CT_NONE)
		return false;
	if (!ct_libc_descriptor(ctx->target, ctx->libc, ret->owner, &thread))
		return !thread.tid || ct_sink_thread_by_id(ctx->sink, thread.tid) == CT_NONE;
	return has_lock(ctx, addr - FOPENED, addr) && !ct_target_map_at(ctx->target, ret->owner);
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	struct libc_lock lock;

	if (!ct_blocked_in_lll(blocked))
		return CT_NOT_FOUND;
	uint32_t owner = owner_of(ctx, addr, &lock);
	if (owner == CT_NONE && !owner_is_gone(ctx, addr, &lock))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_LIBC,
		.address = addr,
		.trust = owner == CT_NONE ? CT_TRUST_LAYOUT : CT_TRUST_EXACT,
		.why = owner == CT_NONE
			       ? ct_sink_string(ctx->sink,
					 "the futex is a lock of libc's own whose owner field "
					 "points to the descriptor of a thread that is no more")
			       : ct_sink_printf(ctx->sink,
					 "the futex is a lock of libc's own whose owner field "
					 "points to the descriptor of thread %llu",
					 (unsigned long long)ct_sink_get_actor(ctx->sink, owner)
						 ->id)};
	return CT_OK;
}

/* fopen makes a FILE and its lock in one piece; the first three have theirs somewhere in libc. */
static void name_lock(const struct ct_blocking *ctx, struct ct_resource *r)
{
	static const struct {
		const char *symbol, *name;
	} standard[] = {{"_IO_2_1_stdin_", "the lock of stdin"},
		{"_IO_2_1_stdout_", "the lock of stdout"},
		{"_IO_2_1_stderr_", "the lock of stderr"}};
	uint64_t file = r->address - FOPENED;

	for (size_t i = 0; i < CT_COUNT(standard); i++) {
		uint64_t at = ct_libc_variable(ctx->target, ctx->libc, standard[i].symbol);

		if (at && has_lock(ctx, at, r->address))
			r->name = ct_sink_string(ctx->sink, standard[i].name);
	}
	if (!r->name && has_lock(ctx, file, r->address))
		r->name = ct_sink_printf(
			ctx->sink, "the lock of the FILE at 0x%llx", (unsigned long long)file);
}

static enum ct_status read_lock(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct libc_lock lock;
	bool fresh;
	uint32_t owner = owner_of(ctx, addr, &lock);

	if (owner == CT_NONE && !owner_is_gone(ctx, addr, &lock))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "libc_lock", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	if (!fresh)
		return CT_OK;
	struct ct_resource *r = ct_sink_get_resource(ctx->sink, resource);
	ct_sink_value_int(ctx->sink, resource, "count", lock.count);
	r->holders = CT_HOLDERS_COMPLETE;
	name_lock(ctx, r);
	if (owner == CT_NONE) {
		r->owner_gone = lock.owner;
		r->owner_exited = ct_sink_actor_by_object(ctx->sink, lock.owner);
		return CT_OK;
	}
	ct_sink_hold(ctx->sink, &(struct ct_hold){.actor = owner,
					.resource = resource,
					.trust = CT_TRUST_EXACT,
					.took_frame = CT_NONE,
					.why = ct_sink_string(ctx->sink,
						"the owner field points to its descriptor")});
	return CT_OK;
}

/* All FILEs are in a chain that begins at an exported variable (libio/libio.h). */
static void add_files(const struct ct_blocking *ctx)
{
	uint64_t list = ct_libc_variable(ctx->target, ctx->libc, "_IO_list_all"), file, lock;
	uint32_t resource;

	if (!list || ct_read_u64(ctx->target, list, &file))
		return;
	for (uint32_t n = 0; file && n < MOST_FILES; n++) {
		if (!ct_read_u64(ctx->target, file + FILE_LOCK, &lock) && lock)
			(void)!read_lock(ctx, lock, &resource);
		if (ct_read_u64(ctx->target, file + FILE_CHAIN, &file))
			return;
	}
}

/* The others are among libc's own variables. */
static void add_variables(const struct ct_blocking *ctx, const struct ct_module *libc)
{
	uint64_t words[WORDS];
	struct libc_lock lock;
	uint32_t resource;

	for (size_t i = 0; i < ct_target_n_maps(ctx->target); i++) {
		const struct ct_map *map = ct_target_map(ctx->target, i);
		uint64_t end = CT_MIN(map->end, libc->end);

		if (map->start < libc->start || map->start >= end || map->prot <= 0 ||
			!(map->prot & PROT_WRITE))
			continue;
		end = map->start + CT_MIN(end - map->start, MOST_DATA);
		for (uint64_t at = map->start; at < end; at += sizeof(words)) {
			size_t len = CT_MIN(sizeof(words), end - at);

			if (ct_read(ctx->target, at, words, len))
				continue;
			for (size_t w = 1; w < len / 8; w++)
				if (words[w] && words[w - 1] && words[w] % 64 == 0 &&
					owner_of(ctx, at + (w - 1) * 8, &lock) != CT_NONE)
					(void)!read_lock(ctx, at + (w - 1) * 8, &resource);
		}
	}
}

static void listed(const struct ct_blocking *ctx)
{
	const struct ct_module *libc = ct_module_named(ctx->target, "libc.so.6");

	add_files(ctx);
	if (libc)
		add_variables(ctx, libc);
}

static bool recognise(const struct ct_blocking *ctx, uint64_t addr)
{
	struct libc_lock lock;

	return owner_of(ctx, addr, &lock) != CT_NONE;
}

const struct ct_primitive ct_primitive_libc_lock = {
	.name = "libc_lock",
	.libcs = CT_IN_GLIBC,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_lock,
	.recognise = recognise,
	.listed = listed,
};
