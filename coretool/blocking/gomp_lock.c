/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libgomp's mutex: an int that is 0 free, 1 locked, -1 locked with waiters, who expect -1
 * (mutex.h). It is what omp_lock_t and critical sections are; that of a named section lies in the
 * program and has its name. Who has it is recorded nowhere.
 */
#include "blocking/gomp.h"
#include "blocking/rows.h"
#include "target/symbols.h"

enum { FREE = 0, LOCKED = 1, CONTENDED = -1 };

static bool read_state(const struct ct_blocking *ctx, uint64_t addr, int32_t *ret)
{
	uint32_t word;

	if (ct_read_u32(ctx->target, addr, &word))
		return false;
	*ret = (int32_t)word;
	return *ret >= CONTENDED && *ret <= LOCKED;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	int32_t state;

	if (!ct_gomp_sleeps(ctx, blocked) || (int32_t)blocked->call.args[2] != CONTENDED ||
		!read_state(ctx, addr, &state))
		return CT_NOT_FOUND;
	const char *of = ct_blocked_calls(blocked, "GOMP_critical")  ? " of a critical section"
			 : ct_blocked_calls(blocked, "omp_set_lock") ? " (below omp_set_lock)"
			 : ct_blocked_calls(blocked, "omp_set_nest_lock")
				 ? " (below omp_set_nest_lock)"
				 : "";
	*ret = (struct ct_match){.kind = CT_WAIT_MUTEX,
		.address = addr,
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_printf(ctx->sink,
			"the futex is the word of a lock of libgomp's%s, which does not record who "
			"has it",
			of)};
	return CT_OK;
}

/* The compiler makes a common symbol for each name that a program gives to a critical section. */
static void name_section(const struct ct_blocking *ctx, struct ct_resource *r)
{
	static const char prefix[] = ".gomp_critical_user_";
	struct ct_symbol symbol;

	if (!ct_symbol_at(ctx->target, r->address, CT_SYMBOL_DATA, &symbol) &&
		!strncmp(symbol.name, prefix, sizeof(prefix) - 1))
		r->name = ct_sink_printf(
			ctx->sink, "the critical section %s", symbol.name + sizeof(prefix) - 1);
}

static enum ct_status read_lock(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	int32_t state;
	bool fresh;

	if (!read_state(ctx, addr, &state))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "omp_lock", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		name_section(ctx, ct_sink_get_resource(ctx->sink, resource));
		ct_sink_value_text(ctx->sink, resource, "state",
			state == FREE     ? "free"
			: state == LOCKED ? "locked"
					  : "locked, with waiters");
		if (state == FREE)
			ct_sink_get_resource(ctx->sink, resource)->holders = CT_HOLDERS_COMPLETE;
	}
	*ret = resource;
	return CT_OK;
}

static uint32_t count_owners(const struct ct_blocking *ctx, uint64_t addr)
{
	int32_t state;

	return read_state(ctx, addr, &state) && state != FREE;
}

/* An unnamed critical section has no argument: of it the code tells nothing. */
static const struct ct_event_row events[] = {
	{"omp_set_lock", CT_CALL_ACQUIRES, 0},
	{"omp_test_lock", CT_CALL_GUARDS, 0},
	{"omp_unset_lock", CT_CALL_RELEASES, 0},
	{"omp_set_nest_lock", CT_CALL_ACQUIRES, 0},
	{"omp_unset_nest_lock", CT_CALL_RELEASES, 0},
	{"GOMP_critical_name_start", CT_CALL_ACQUIRES, 0},
	{"GOMP_critical_name_end", CT_CALL_RELEASES, 0},
};

static const struct ct_possession possession = {.mode = CT_HOLD_EXCLUSIVE, .count = count_owners};

const struct ct_primitive ct_primitive_gomp_lock = {
	.name = "omp_lock",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_lock,
	.events = events,
	.n_events = CT_COUNT(events),
	.possession = &possession,
};
