/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of a FILE of musl 1.1.24 to 1.2.6: a word of the FILE itself with the id of the thread
 * that has it (src/stdio/__lockfile.c, src/internal/stdio_impl.h). Those that a thread has by
 * flockfile are in a list of its descriptor; when it exits, its id in them is wiped, and the word
 * says only that somebody waits (src/stdio/ftrylockfile.c).
 */
#include "blocking/musl.h"
#include "blocking/owner.h"
#include "blocking/rows.h"
#include "target/modules.h"

/* struct _IO_FILE, on 64-bit machines. */
struct file {
	uint32_t flags, pad;
	uint64_t rpos, rend, close, wend, wpos, zero, wbase;
	uint64_t read, write, seek, buf, buf_size, prev, next;
	int32_t fd, pipe_pid;
	uint64_t lockcount;
	int32_t mode; /* -1, 0 or 1 */
	uint32_t lock;
	int32_t line_end; /* the character that flushes, or -1 */
	uint32_t pad2;
	uint64_t cookie, off, getln_buf, zero2, shend, shlim, shcnt;
	uint64_t prev_locked, next_locked;
};

_Static_assert(offsetof(struct file, lock) == 140 && offsetof(struct file, next_locked) == 216,
	"as in stdio_impl.h");

#define WAITERS    0x40000000u
#define NEVER      0x80000000u /* the FILE is used without a lock */
#define MAX_TID    ((uint32_t)4 * 1024 * 1024)
#define MOST_FILES (1u << 16)

/* Is there a FILE? What it reads, writes and closes by is code. */
static bool read_file(const struct ct_blocking *ctx, uint64_t addr, struct file *ret)
{
	if (addr % 8 || ct_read(ctx->target, addr, ret, sizeof(*ret)) ||
		ret->lockcount > INT32_MAX || ret->mode < -1 || ret->mode > 1 ||
		ret->line_end < -1 || ret->line_end > UINT8_MAX || ret->lock & NEVER)
		return false;
	return ret->close && ct_module_at(ctx->target, ret->close) &&
	       (!ret->read || ct_module_at(ctx->target, ret->read)) &&
	       (!ret->write || ct_module_at(ctx->target, ret->write));
}

/* The FILE whose lock word is at addr, when somebody has it. */
static bool read_held(const struct ct_blocking *ctx, uint64_t addr, struct file *ret)
{
	return addr >= offsetof(struct file, lock) &&
	       read_file(ctx, addr - offsetof(struct file, lock), ret) && ret->lock &&
	       (ret->lock & ~WAITERS) <= MAX_TID;
}

static bool in_libc(const struct ct_blocking *ctx, uint64_t function)
{
	return ct_libc_owns(ctx->target, ctx->libc, function);
}

/* Does it read or write, and close, by functions of libc's, as all do that fopen makes? */
static bool is_libcs(const struct ct_blocking *ctx, const struct file *file)
{
	return in_libc(ctx, file->close) && (file->read || file->write) &&
	       (!file->read || in_libc(ctx, file->read)) &&
	       (!file->write || in_libc(ctx, file->write));
}

static uint32_t owner_of(const struct file *file)
{
	return file->lock & ~WAITERS;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	struct ct_musl_sleep sleep;
	struct file file;

	if (!ct_musl_sleep(blocked, &sleep) || sleep.pi || sleep.timed || !sleep.is_private ||
		!(sleep.expected & WAITERS) || !read_held(ctx, sleep.word, &file) ||
		sleep.expected != file.lock)
		return CT_NOT_FOUND;
	uint32_t owner = owner_of(&file);
	bool live = owner && ct_sink_thread_by_id(ctx->sink, owner) != CT_NONE;
	if (owner && !live && !ct_blocked_calls(blocked, "flockfile") && !is_libcs(ctx, &file))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_LIBC,
		.address = sleep.word,
		.trust = live || !owner ? CT_TRUST_EXACT : CT_TRUST_LAYOUT,
		.why = owner ? ct_sink_printf(ctx->sink,
				       "the futex is the lock word of a FILE of musl that names "
				       "thread %u",
				       owner)
			     : ct_sink_string(ctx->sink,
				       "the futex is the lock word of a FILE of musl whose owner "
				       "has exited")};
	return CT_OK;
}

static const char *const names[] = {"stdin", "stdout", "stderr"};

/* The first three have names. */
static const char *name_of(const struct ct_blocking *ctx, uint64_t file)
{
	uint64_t at;

	for (size_t i = 0; i < CT_COUNT(names); i++) {
		uint64_t variable = ct_libc_variable(ctx->target, ctx->libc, names[i]);

		if (variable && !ct_read_u64(ctx->target, variable, &at) && at == file)
			return ct_sink_printf(ctx->sink, "the lock of %s", names[i]);
	}
	return ct_sink_printf(
		ctx->sink, "the lock of the FILE at 0x%llx", (unsigned long long)file);
}

static enum ct_status read_lock(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct file file;
	bool fresh;

	if (!read_held(ctx, addr, &file))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "libc_lock", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	if (!fresh)
		return CT_OK;
	const struct ct_owner owner = {
		.id = owner_of(&file),
		.taken = true,
		.exited = !owner_of(&file),
		.field = owner_of(&file) ? "the lock word of the FILE names this thread"
					 : "the lock word of the FILE says that it is taken, and "
					   "its owner's id is wiped",
	};

	ct_sink_value_int(ctx->sink, resource, "fd", file.fd);
	ct_sink_get_resource(ctx->sink, resource)->name =
		name_of(ctx, addr - offsetof(struct file, lock));
	ct_owner_add(ctx, resource, &owner);
	return CT_OK;
}

/* The FILEs that a thread has by flockfile, as its descriptor lists them. */
static void add_list(const struct ct_blocking *ctx, const struct ct_actor *actor, uint32_t *left)
{
	uint64_t at = 0;
	uint32_t resource;
	struct file file;

	if (!actor->object ||
		ct_read_u64(ctx->target, actor->object + ctx->libc->layout->stdio_locks, &at))
		return;
	for (; at && *left; at = file.next_locked) {
		--*left;
		if (!read_file(ctx, at, &file) || owner_of(&file) != actor->id ||
			read_lock(ctx, at + offsetof(struct file, lock), &resource))
			return;
	}
}

/* Those, and the first three, which a thread may be writing to. */
static void listed(const struct ct_blocking *ctx)
{
	uint32_t n = ct_sink_n_actors(ctx->sink), left = MOST_FILES, resource;
	uint64_t file;

	for (uint32_t i = 0; ctx->libc->layout && i < n; i++)
		add_list(ctx, ct_sink_get_actor(ctx->sink, i), &left);
	for (size_t i = 0; i < CT_COUNT(names); i++) {
		uint64_t variable = ct_libc_variable(ctx->target, ctx->libc, names[i]);

		if (variable && !ct_read_u64(ctx->target, variable, &file))
			(void)!read_lock(ctx, file + offsetof(struct file, lock), &resource);
	}
}

const struct ct_primitive ct_primitive_musl_file = {
	.name = "libc_lock",
	.libcs = CT_IN_MUSL,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_lock,
	.listed = listed,
};
