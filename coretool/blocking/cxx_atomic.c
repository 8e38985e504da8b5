/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The waits of C++20 in libstdc++ (bits/atomic_wait.h, headers alone): of std::atomic, std::latch,
 * std::barrier and std::counting_semaphore. All sleep in __platform_wait, through syscall(): on the
 * object itself where it is an int, else on an entry of a table that it shares with others (the
 * address chooses one of 16), and then the object is recorded nowhere. What it is stands in the
 * names of the functions, template arguments included; without them it is a futex like any other.
 */
#include "blocking/inlined.h"
#include "blocking/rows.h"
#include "target/symbols.h"

enum use { LATCH, BARRIER, SEMAPHORE, ATOMIC };

static const struct {
	const char *in_name; /* of one of the innermost frames; NULL: any */
	enum ct_wait_kind kind;
	const char *resource, *what, *end; /* end: what is not known of it */
	const char *value;                 /* what its word is */
} uses[] = {
	[LATCH] = {"std::latch::", CT_WAIT_BARRIER, "cxx_latch", "a std::latch",
		"who has not counted it down", "remaining"},
	[BARRIER] = {"std::__tree_barrier<", CT_WAIT_BARRIER, "cxx_barrier", "a std::barrier",
		"who has not arrived", "version"},
	[SEMAPHORE] = {"std::__atomic_semaphore::", CT_WAIT_SEM, "cxx_semaphore",
		"a std::counting_semaphore", "who will release it", "value"},
	[ATOMIC] = {NULL, CT_WAIT_ATOMIC, "cxx_atomic", "a std::atomic", "who will change it",
		"value"},
};

#define NAMED              6 /* innermost frames in which the use shows */
#define WAIT               "std::__detail::__platform_wait"
#define MAX_INLINED_FRAMES 3 /* which may have it inlined */

static enum use use_by(const char *name)
{
	enum use use = LATCH;

	while (use < ATOMIC &&
		!(name && !strncmp(name, "std::", 5) && strstr(name, uses[use].in_name)))
		use++;
	return use;
}

/* Does a function that waits run, by its own name or inlined? And which use of it is it? */
static bool find_use(const struct ct_blocking *ctx, const struct ct_blocked *blocked, enum use *ret)
{
	struct ct_inlined inlined;
	bool waits = ct_blocked_calls(blocked, WAIT);

	*ret = ATOMIC;
	for (size_t f = 1; f < blocked->n_callers && f < NAMED && *ret == ATOMIC; f++)
		*ret = use_by(blocked->callers[f]);
	for (size_t f = 1; f <= MAX_INLINED_FRAMES && f < blocked->n_callers; f++) {
		if (waits && *ret != ATOMIC)
			break;
		ct_blocked_inlined(ctx, blocked, f, &inlined);
		for (size_t i = 0; i < inlined.n; i++) {
			waits |= strstr(inlined.names[i], WAIT) == inlined.names[i];
			*ret = *ret == ATOMIC ? use_by(inlined.names[i]) : *ret;
		}
		if (!waits)
			break;
	}
	return waits;
}

/* An entry of the table, which is a static variable of a function in every program. */
static bool in_table(const struct ct_blocking *ctx, uint64_t addr)
{
	struct ct_symbol symbol;

	return !ct_symbol_at(ctx->target, addr, CT_SYMBOL_DATA, &symbol) &&
	       strstr(symbol.name, "__waiter_pool_base6_S_for");
}

static enum ct_status match(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	enum use use, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	enum use found;

	if (!blocked->futex.waits || blocked->futex.pi || addr % 4 ||
		!find_use(ctx, blocked, &found) || found != use)
		return CT_NOT_FOUND;
	bool shared = in_table(ctx, addr);
	*ret = (struct ct_match){.kind = uses[use].kind,
		.address = addr,
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_printf(ctx->sink,
			shared ? "asleep below __platform_wait for %s, on an entry of libstdc++'s "
				 "table; which "
				 "one it is, and %s, is not recorded"
			       : "the futex is %s (below __platform_wait); %s is not recorded",
			uses[use].what, uses[use].end),
		.timed = blocked->call.args[3]};
	return CT_OK;
}

static enum ct_status read_word(
	const struct ct_blocking *ctx, uint64_t addr, enum use use, uint32_t *ret)
{
	uint32_t word;
	bool fresh;

	if (ct_read_u32(ctx->target, addr, &word))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, uses[use].resource, addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh && in_table(ctx, addr))
		ct_sink_get_resource(ctx->sink, resource)->name =
			ct_sink_string(ctx->sink, "an entry of libstdc++'s table of waiters");
	else if (fresh)
		ct_sink_value_int(ctx->sink, resource, uses[use].value, (int32_t)word);
	*ret = resource;
	return CT_OK;
}

/* One primitive for each use. */
#define PRIMITIVE(lower, upper)                                                                    \
	static enum ct_status match_##lower(const struct ct_blocking *ctx,                         \
		const struct ct_blocked *blocked, struct ct_match *ret)                            \
	{                                                                                          \
		return match(ctx, blocked, upper, ret);                                            \
	}                                                                                          \
	static enum ct_status read_##lower(                                                        \
		const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)                       \
	{                                                                                          \
		return read_word(ctx, addr, upper, ret);                                           \
	}                                                                                          \
	const struct ct_primitive ct_primitive_cxx_##lower = {.name = "cxx_" #lower,               \
		.match = match_##lower,                                                            \
		.place = CT_SLEEPS_OUTSIDE,                                                        \
		.read = read_##lower}

PRIMITIVE(latch, LATCH);
PRIMITIVE(barrier, BARRIER);
PRIMITIVE(semaphore, SEMAPHORE);
PRIMITIVE(atomic, ATOMIC);
