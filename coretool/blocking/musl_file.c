/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of a FILE of musl 1.2: a word of the FILE itself with the id of the thread that has it
 * (src/stdio/__lockfile.c, src/internal/stdio_impl.h).
 */
#include "blocking/musl.h"
#include "blocking/owner.h"
#include "blocking/rows.h"

#define LOCK    140u /* of FILE.lock, on 64-bit machines; FILE.mode before it is -1, 0 or 1 */
#define FD      120u /* of FILE.fd */
#define WAITERS 0x40000000u
#define MAX_TID ((uint32_t)4 * 1024 * 1024)

struct file_words {
	uint64_t lockcount;
	int32_t mode;
	uint32_t lock;
	int32_t line_end; /* the character that flushes, or -1 */
};

/* The id in the lock word of a FILE at addr - LOCK; 0: that is something else. */
static uint32_t owner_of(const struct ct_blocking *ctx, uint64_t addr)
{
	struct file_words words;

	if (addr % 4 || (addr - LOCK) % 8 ||
		ct_read(ctx->target, addr - offsetof(struct file_words, lock), &words,
			sizeof(words)) ||
		words.lockcount > INT32_MAX || words.mode < -1 || words.mode > 1 ||
		words.line_end < -1 || words.line_end > UINT8_MAX)
		return 0;
	uint32_t owner = words.lock & ~WAITERS;

	return owner <= MAX_TID ? owner : 0;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	struct ct_musl_sleep sleep;

	if (!ct_musl_sleep(blocked, &sleep) || sleep.pi || sleep.timed || !sleep.is_private ||
		!(sleep.expected & WAITERS))
		return CT_NOT_FOUND;
	uint32_t owner = owner_of(ctx, sleep.word);
	if (!owner || (sleep.expected & ~WAITERS) != owner ||
		ct_sink_thread_by_id(ctx->sink, owner) == CT_NONE)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_LIBC,
		.address = sleep.word,
		.trust = CT_TRUST_EXACT,
		.why = ct_sink_printf(ctx->sink,
			"the futex is the lock word of a FILE of musl that names thread %u",
			owner)};
	return CT_OK;
}

static enum ct_status read_lock(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	uint32_t id = owner_of(ctx, addr);
	bool fresh;
	int32_t fd;

	if (!id)
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "libc_lock", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	if (!fresh)
		return CT_OK;
	const struct ct_owner owner = {
		.id = id, .taken = true, .field = "the lock word of the FILE names this thread"};

	if (!ct_read(ctx->target, addr - LOCK + FD, &fd, sizeof(fd)))
		ct_sink_value_int(ctx->sink, resource, "fd", fd);
	ct_sink_get_resource(ctx->sink, resource)->name = ct_sink_printf(
		ctx->sink, "the lock of the FILE at 0x%llx", (unsigned long long)(addr - LOCK));
	ct_owner_add(ctx, resource, &owner);
	return CT_OK;
}

const struct ct_primitive ct_primitive_musl_file = {
	.name = "libc_lock",
	.libcs = CT_IN_MUSL,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_lock,
};
