/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools of connections that are exhausted: sql.DB, and what package database/sql makes of its
 * connections (database/sql/sql.go). Where their fields are tell the program's own descriptors.
 */
#ifndef CT_RUNTIME_GO_SQL_H
#define CT_RUNTIME_GO_SQL_H

#include "base/hash.h"
#include "base/vec.h"
#include "runtime/go/services.h"

#define CT_GO_MAX_DBS            64
#define CT_GO_MAX_DB_CONNECTIONS 4096 /* of one DB; those behind them are counted, no more */

struct ct_go_sql_type { /* of what has a connection */
	uint64_t size;
	uint32_t connection, closed; /* offsets; size 0: the program has no such type */
	uint8_t with;                /* enum ct_go_db_with */
};

struct ct_go_sql_object { /* a connection, or what has one */
	uint64_t at;
	uint32_t connection; /* index in the list of the DB */
	uint8_t with;        /* enum ct_go_db_with */
};

struct ct_go_sql_db {
	uint64_t at;
	struct ct_hash objects; /* by address: index in `list` */
	CT_VEC(struct ct_go_sql_object) list;
	CT_VEC(struct ct_go_db_connection) connections;
	CT_VEC(struct ct_go_db_user) users;
	uint32_t n_idle;
	bool failed; /* no memory */
};

/* Adds to *fact the DBs that somebody waits at. */
CT_WARN_UNUSED enum ct_status ct_go_observe_sql(
	const struct ct_go_services *services, struct ct_fact_go_services *fact);

/* Which goroutines have a connection of the DB. (sql_users.c) */
CT_WARN_UNUSED enum ct_status ct_go_sql_users(
	struct ct_go_observation *o, struct ct_go_world *world, struct ct_go_sql_db *db);

#endif
