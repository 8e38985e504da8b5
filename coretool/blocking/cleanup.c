/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/cleanup.h"

/* struct _pthread_cleanup_buffer of glibc and struct __ptcb of musl begin so. */
struct buffer {
	uint64_t routine, arg;
};

size_t ct_cleanups(
	const struct ct_blocking *ctx, uint32_t actor, struct ct_cleanup ret[CT_MAX_CLEANUPS])
{
	const struct ct_libc_layout *layout = ctx->libc->layout;
	uint64_t object = ct_sink_get_actor(ctx->sink, actor)->object, at;
	size_t n = 0;

	if (!layout || !object || ct_read_u64(ctx->target, object + layout->cleanup, &at))
		return 0;
	while (at && n < CT_MAX_CLEANUPS) {
		struct buffer buffer;
		uint64_t previous;

		if (at % 8 || ct_read(ctx->target, at, &buffer, sizeof(buffer)) ||
			ct_read_u64(ctx->target, at + layout->cleanup_previous, &previous))
			break;
		ret[n++] = (struct ct_cleanup){buffer.routine, buffer.arg};
		/* Buffers are on the stack, which older ones are further up. */
		if (previous <= at)
			break;
		at = previous;
	}
	return n;
}
