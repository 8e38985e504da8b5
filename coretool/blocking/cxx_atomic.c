/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The waits of C++20 in libstdc++ (bits/atomic_wait.h, headers alone): of std::atomic, std::latch,
 * std::barrier and std::counting_semaphore. All sleep in __platform_wait, through syscall(): on the
 * object itself where it is an int, else on an entry of a table that it shares with others (the
 * address chooses one of 16), and then the object is recorded nowhere. What it is stands in the
 * names of the functions, template arguments included; without them it is a futex like any other.
 */
#include "blocking/cxx_barrier.h"
#include "blocking/cxx_proxy.h"
#include "blocking/inlined.h"
#include "blocking/rows.h"
#include "target/symbols.h"

enum use { LATCH, BARRIER, SEMAPHORE, ATOMIC };

static const struct {
	const char *in_name; /* of one of the innermost frames; NULL: any */
	enum ct_wait_kind kind;
	const char *resource, *what, *end; /* end: what is not known of it */
	const char *value;                 /* what its word is; NULL: it has none */
} uses[] = {
	[LATCH] = {"std::latch::", CT_WAIT_BARRIER, "cxx_latch", "a std::latch",
		"who has not counted it down", "remaining"},
	[BARRIER] = {"std::__tree_barrier<", CT_WAIT_BARRIER, "cxx_barrier", "a std::barrier",
		"who has not arrived", NULL},
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

/* ---- what sleeps on an entry of the table ---- */

/* Its value, where it is no more than a number. */
static void say_value(
	const struct ct_blocking *ctx, uint32_t resource, const struct ct_cxx_proxied *object)
{
	uint64_t value = 0;

	if (object->size <= sizeof(value) && !(object->size & (object->size - 1)) &&
		!ct_read(ctx->target, object->addr, &value, object->size))
		ct_sink_value_int(ctx->sink, resource, uses[ATOMIC].value, (int64_t)value);
}

/* The match of one that sleeps on an entry, if what it sleeps for can be told. */
static enum ct_status match_proxied(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	enum use use, unsigned entry, struct ct_match *ret)
{
	struct ct_cxx_barrier state;
	struct ct_cxx_proxied object;
	bool fresh;

	if (!ct_cxx_find_proxied(ctx, blocked, entry, &object))
		return CT_NOT_FOUND;
	if (use == BARRIER) {
		object.addr -= CT_CXX_PHASE;
		if (object.size != 1 || !ct_cxx_barrier_read(ctx, object.addr, &state))
			return CT_NOT_FOUND;
	} else {
		/* Only here it is known how large it is. */
		uint32_t resource =
			ct_sink_resource(ctx->sink, uses[use].resource, object.addr, &fresh);
		if (resource == CT_NONE)
			return CT_NO_MEMORY;
		if (fresh)
			say_value(ctx, resource, &object);
	}
	*ret = (struct ct_match){.kind = uses[use].kind,
		.address = object.addr,
		.trust = CT_TRUST_INFERRED,
		.why = ct_sink_printf(ctx->sink,
			"asleep below __platform_wait for %s, on an entry of libstdc++'s table; "
			"frame #%u will look at this one next%s; %s is not recorded",
			uses[use].what, object.frame,
			entry == CT_CXX_ANY_ENTRY ? "" : ", whose address leads to that entry",
			uses[use].end),
		.timed = blocked->call.args[3]};
	return CT_OK;
}

static enum ct_status match(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	enum use use, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	unsigned entry;
	enum use found;

	if (!blocked->futex.waits || blocked->futex.pi || addr % 4 ||
		!find_use(ctx, blocked, &found) || found != use)
		return CT_NOT_FOUND;
	bool shared = ct_cxx_in_table(ctx, addr, &entry);
	/* Where nothing has a name but functions, this one is in the table all the same. */
	if (!shared && use == BARRIER) {
		entry = CT_CXX_ANY_ENTRY;
		shared = true;
	}
	if (shared) {
		enum ct_status status = match_proxied(ctx, blocked, use, entry, ret);
		if (status != CT_NOT_FOUND)
			return status;
	}
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
	unsigned entry;
	bool fresh;

	if (ct_read_u32(ctx->target, addr, &word))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, uses[use].resource, addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh && ct_cxx_in_table(ctx, addr, &entry))
		ct_sink_get_resource(ctx->sink, resource)->name =
			ct_sink_string(ctx->sink, "an entry of libstdc++'s table of waiters");
	else if (fresh && uses[use].value)
		ct_sink_value_int(ctx->sink, resource, uses[use].value, (int32_t)word);
	*ret = resource;
	return CT_OK;
}

static enum ct_status read_barrier(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct ct_cxx_barrier state;
	bool fresh;

	if (!ct_cxx_barrier_read(ctx, addr, &state))
		return read_word(ctx, addr, BARRIER, ret);
	uint32_t resource = ct_sink_resource(ctx->sink, uses[BARRIER].resource, addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_value_int(ctx->sink, resource, "expected", state.expected);
		if (state.arrived != CT_NONE)
			ct_sink_value_int(ctx->sink, resource, "arrived", state.arrived);
	}
	*ret = resource;
	return CT_OK;
}

/* ---- who would end it ---- */

static uint32_t count_remaining(const struct ct_blocking *ctx, uint64_t addr)
{
	uint32_t word;

	return ct_read_u32(ctx->target, addr, &word) || word > INT32_MAX ? 0 : word;
}

static uint32_t count_to_arrive(const struct ct_blocking *ctx, uint64_t addr)
{
	struct ct_cxx_barrier state;

	if (!ct_cxx_barrier_read(ctx, addr, &state))
		return 0;
	return state.arrived == CT_NONE ? CT_NONE : state.expected - state.arrived;
}

/* Counting down is an atomic instruction on the latch itself, in whatever function. */
static const struct ct_possession latch_possession = {
	.mode = CT_HOLD_SHARED, .any_of = true, .inlined = true, .count = count_remaining};

/* Arriving is not: it shows where the function is called. */
static const struct ct_possession barrier_possession = {
	.mode = CT_HOLD_SHARED, .any_of = true, .count = count_to_arrive};

#define TREE "_ZNSt14__tree_barrierISt18__empty_completionE"
#define OF   "_ZNSt7barrierISt18__empty_completionE"
static const struct ct_event_row arrivals[] = {
	{TREE "6arriveEl", CT_CALL_RELEASES, 0},
	{TREE "15arrive_and_dropEv", CT_CALL_RELEASES, 0},
	{OF "6arriveEl", CT_CALL_RELEASES, 0},
	{OF "15arrive_and_waitEv", CT_CALL_RELEASES, 0},
	{OF "15arrive_and_dropEv", CT_CALL_RELEASES, 0},
};

/* One primitive for each use. */
#define PRIMITIVE(lower, upper, ...)                                                               \
	static enum ct_status match_##lower(const struct ct_blocking *ctx,                         \
		const struct ct_blocked *blocked, struct ct_match *ret)                            \
	{                                                                                          \
		return match(ctx, blocked, upper, ret);                                            \
	}                                                                                          \
	const struct ct_primitive ct_primitive_cxx_##lower = {.name = "cxx_" #lower,               \
		.match = match_##lower,                                                            \
		.place = CT_SLEEPS_OUTSIDE,                                                        \
		.read = read_##lower,                                                              \
		__VA_ARGS__}

static enum ct_status read_latch(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	return read_word(ctx, addr, LATCH, ret);
}

static enum ct_status read_semaphore(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	return read_word(ctx, addr, SEMAPHORE, ret);
}

static enum ct_status read_atomic(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	return read_word(ctx, addr, ATOMIC, ret);
}

PRIMITIVE(latch, LATCH, .possession = &latch_possession);
PRIMITIVE(barrier, BARRIER, .possession = &barrier_possession, .events = arrivals,
	.n_events = CT_COUNT(arrivals));
PRIMITIVE(semaphore, SEMAPHORE, .possession = NULL);
PRIMITIVE(atomic, ATOMIC, .possession = NULL);
