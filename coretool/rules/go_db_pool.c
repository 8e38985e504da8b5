/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT229: goroutines that wait for a connection to a database while all that there may be are in
 * use. Whether those who have them go on is what the level depends on.
 */
#include <inttypes.h>

#include "facts/go_services.h"
#include "rules/findings.h"
#include "rules/progress.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of one finding */

enum fate {           /* of a connection */
	FATE_SELF,    /* who has it waits for another one of the same pool */
	FATE_STUCK,   /* who has it waits for something else, and nobody is known to end that */
	FATE_LOST,    /* nothing leads to what it was given to, which was not closed */
	FATE_UNKNOWN, /* who has it is not known */
	FATE_GOES_ON,
	N_FATES,
};

struct judged {
	struct ct_findings *out;
	const struct ct_go_db *db;
	struct ct_draft draft;
	uint32_t n[N_FATES];
};

static bool waits_here(const struct ct_go_db *db, uint32_t actor)
{
	for (uint32_t i = 0; i < db->n_waiters; i++)
		if (db->waiters[i] == actor)
			return true;
	return false;
}

/* Of several who have it one that goes on is enough: it will give it back. */
static enum fate fate_of(const struct judged *j, const struct ct_go_db_connection *connection,
	const struct ct_go_db_user *users, uint32_t n, const struct ct_go_db_user **who)
{
	enum fate fate = FATE_SELF;
	*who = NULL;
	for (uint32_t i = 0; i < n; i++) {
		enum fate of_this = FATE_STUCK;

		if (users[i].watches)
			continue;
		if (ct_may_go_on(j->out->facts, users[i].actor))
			of_this = j->out->facts->target.n_partial ? FATE_UNKNOWN : FATE_GOES_ON;
		else if (users[i].guessed)
			of_this = FATE_UNKNOWN;
		else if (waits_here(j->db, users[i].actor))
			of_this = FATE_SELF;
		if (!*who || of_this > fate) {
			fate = of_this;
			*who = &users[i];
		}
	}
	if (*who)
		return fate;
	return connection->lost ? FATE_LOST : FATE_UNKNOWN;
}

static const char *say_with(const struct ct_go_db_connection *connection)
{
	static const char *const names[CT_GO_N_DB_WITHS] = {[CT_GO_DB_CONNECTION] = "a query",
		[CT_GO_DB_ROWS] = "Rows that are not closed",
		[CT_GO_DB_TX] = "a Tx that is neither committed nor rolled back",
		[CT_GO_DB_CONN] = "a Conn that is not closed"};

	return names[connection->object ? connection->with : CT_GO_DB_CONNECTION];
}

/* The first frame from there on that is not of the package itself; CT_NONE. */
static uint32_t place_of(const struct ct_facts *facts, const struct ct_go_db_user *user)
{
	const struct ct_actor *a = &facts->actors[user->actor];
	const struct ct_stack *stack = a->stack == CT_NONE ? NULL : &facts->stacks[a->stack];

	for (uint32_t i = user->frame == CT_NONE ? 0 : user->frame; stack && i < stack->n_frames;
		i++) {
		const char *name = facts->sites[stack->frames[i].site].function;

		if (name && strncmp(name, "database/sql.", strlen("database/sql.")) != 0 &&
			strncmp(name, "runtime.", strlen("runtime.")) != 0)
			return i;
	}
	return CT_NONE;
}

static const char *say_fate(struct judged *j, enum fate fate,
	const struct ct_go_db_connection *connection, const struct ct_go_db_user *who)
{
	struct ct_arena *arena = j->out->arena;
	const struct ct_facts *facts = j->out->facts;
	const char *with = say_with(connection);

	if (fate == FATE_LOST)
		return ct_arena_printf(arena,
			"a connection was given to %s; nothing leads to that any more, so that "
			"nobody can give it back",
			connection->object ? with : "what is gone, and was not closed");
	if (!who)
		return ct_arena_printf(arena,
			"a connection is with %s; which goroutine will give it back is not known",
			with);
	const char *actor = ct_say_actor(arena, facts, who->actor);
	if (fate == FATE_SELF)
		return ct_arena_printf(arena,
			"%s has a connection of it and waits for another one of it: with %s", actor,
			with);
	return ct_arena_printf(arena, "%s has a connection, with %s, and is %s", actor, with,
		ct_say_activity(arena, facts, who->actor));
}

static void add_step(struct judged *j, enum fate fate, const struct ct_go_db_connection *connection,
	const struct ct_go_db_user *who)
{
	if (j->draft.steps.n < MAX_STEPS)
		ct_draft_step(&j->draft, say_fate(j, fate, connection, who),
			who ? who->actor : CT_NONE, CT_NONE,
			who ? place_of(j->out->facts, who) : CT_NONE);
}

/* Those that say the most first. */
static void add_steps(struct judged *j, bool count, enum fate wanted)
{
	const struct ct_go_db *db = j->db;

	for (uint32_t c = 0, u = 0, end; c < db->n_connections; c++, u = end) {
		const struct ct_go_db_user *who;

		for (end = u; end < db->n_users && db->users[end].connection == c; end++)
			;
		enum fate fate = fate_of(j, &db->connections[c], &db->users[u], end - u, &who);
		if (count)
			j->n[fate]++;
		else if (fate == wanted)
			add_step(j, fate, &db->connections[c], who);
	}
}

static const char *say_fates(struct judged *j)
{
	static const char *const names[N_FATES] = {
		[FATE_SELF] = "with goroutines that wait for another one",
		[FATE_STUCK] = "with goroutines that wait for something else",
		[FATE_LOST] = "given to what nobody can close any more",
		[FATE_UNKNOWN] = "with somebody who is not known",
		[FATE_GOES_ON] = "with goroutines that go on"};
	ct_autostr text = {0};

	for (size_t i = 0; i < N_FATES; i++)
		if (j->n[i])
			ct_str_add(&text, "%s%u %s %s", text.len ? ", " : "", j->n[i],
				j->n[i] == 1 ? "is" : "are", names[i]);
	return ct_arena_strndup(j->out->arena, ct_str_text(&text), text.len);
}

static const char *say_hint(const struct judged *j)
{
	if (j->n[FATE_GOES_ON] || j->n[FATE_UNKNOWN])
		return "They get one when another is given back; if many wait for long, allow "
		       "more with SetMaxOpenConns, or make what has them quicker.";
	if (j->n[FATE_SELF])
		return "Whoever has Rows or a Tx asks that one, not the DB, or closes it before "
		       "the next query: read all rows first, and use tx.Query inside of a "
		       "transaction.";
	return "Close Rows, and commit or roll back each Tx, in a defer right behind the error "
	       "check; more connections would only put it off.";
}

static enum ct_status report(struct ct_findings *out, const struct ct_go_db *db)
{
	struct judged j = {.out = out, .db = db, .draft = {.rule = &ct_rule_go_db_pool}};
	struct ct_arena *arena = out->arena;

	/* One that is free is about to be given to somebody; it may be in what is missing. */
	bool lost = out->facts->target.n_partial && db->n_connections < db->n_open;
	if (!db->n_waiters || db->max_open <= 0 || db->n_open < db->max_open || db->n_idle || lost)
		return CT_OK;
	add_steps(&j, true, N_FATES);
	if (db->n_connections < db->n_open)
		j.n[FATE_UNKNOWN] +=
			(uint32_t)CT_MIN(db->n_open - db->n_connections, (int64_t)UINT32_MAX);
	bool open = j.n[FATE_GOES_ON] || j.n[FATE_UNKNOWN];
	j.draft.level = open ? CT_P2 : CT_P1;
	j.draft.confidence = open ? CT_POSSIBLE : ct_confidence_of(out->facts, CT_TRUST_INFERRED);
	for (uint32_t i = 0; i < db->n_waiters; i++)
		ct_draft_actor(&j.draft, db->waiters[i]);
	ct_draft_resource(&j.draft, db->resource);
	for (enum fate fate = FATE_SELF; fate < N_FATES; fate++)
		add_steps(&j, false, fate);
	j.draft.title = ct_arena_printf(arena,
		"%u goroutine%s wait%s for a connection to a database, and all %" PRId64
		" that its pool may have are in use",
		db->n_waiters, db->n_waiters == 1 ? "" : "s", db->n_waiters == 1 ? "s" : "",
		db->max_open);
	j.draft.message = ct_arena_printf(arena, "%s: %s", j.draft.title, say_fates(&j));
	j.draft.hint = say_hint(&j);
	return ct_findings_add(out, &j.draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_fact_go_services *services = facts->go_services;
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	for (uint32_t i = 0; services && !status && i < services->n_dbs; i++)
		status = report(out, &services->dbs[i]);
	return status;
}

const struct ct_rule ct_rule_go_db_pool = {
	.id = "CT229",
	.name = "go-db-pool-exhausted",
	.summary = "all connections of a sql.DB are in use, and goroutines wait for one",
	.help = "They wait in database/sql for a connection, and the pool has as many open ones as "
		"it may have. Each connection that is in use is looked for: in the frames of "
		"goroutines, and in Rows, transactions and Conns that were not closed. When one "
		"of those who have them goes on, or is not known, it is possible and no more.",
	.silent_when = "The pool may open more, or has a free connection; the program sets no "
		       "limit; a part of memory is missing, and not all connections were found.",
	.level = CT_P1,
	.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_SERVICES,
	.run = run,
};
