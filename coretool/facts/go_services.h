/* SPDX-License-Identifier: Apache-2.0 */
/* What packages of the standard library that serve others wait for: pools of database/sql that are
 * exhausted, and servers that are being shut down. Part of the facts. */
#ifndef CT_FACTS_GO_SERVICES_H
#define CT_FACTS_GO_SERVICES_H

#include "facts/facts.h"

/* What has a connection. */
enum ct_go_db_with {
	CT_GO_DB_CONNECTION, /* nothing but the connection itself is known */
	CT_GO_DB_ROWS,       /* that are not closed */
	CT_GO_DB_TX,         /* that is neither committed nor rolled back */
	CT_GO_DB_CONN,       /* a sql.Conn that is not closed */
	CT_GO_N_DB_WITHS,
};

/* A goroutine that has an open connection in a frame, or in what that points to. */
struct ct_go_db_user {
	uint32_t connection; /* index, in those of its pool */
	uint32_t actor;
	uint32_t frame; /* of its stack; CT_NONE: not one that is kept */
	bool inside;    /* not the frame has it, but an object that it points to */
	bool watches;   /* it does nothing but close it when a context ends (database/sql's own) */
	bool guessed;   /* the word that has it may not be used any more */
};

struct ct_go_db_connection { /* one that is in use */
	uint64_t address;
	uint64_t object; /* that has it and lives or did: Rows …; 0: none is there */
	uint8_t with;    /* enum ct_go_db_with */
	bool lost;       /* no goroutine has it, and nothing that lives leads to what has it */
};

struct ct_go_db { /* a sql.DB that somebody waits at for a connection */
	uint64_t address;
	int64_t max_open, n_open; /* connections that there may be, and are */
	uint32_t n_idle;          /* of those that were found */
	const uint32_t *waiters;  /* actors */
	const struct ct_go_db_connection *connections;
	const struct ct_go_db_user *users; /* by connection, then by actor */
	uint32_t n_waiters, n_connections, n_users;
	uint32_t resource;
};

enum ct_go_closing { CT_GO_SERVER_SHUTDOWN, CT_GO_DB_CLOSE };

struct ct_go_shutdown {   /* a goroutine that waits until something has ended */
	uint64_t address; /* of the http.Server; 0: it is none, or not known */
	uint32_t actor;
	uint8_t closing;          /* enum ct_go_closing */
	const uint32_t *handlers; /* actors that serve its active connections, by HTTP/1 */
	uint32_t n_handlers;
};

struct ct_fact_go_services {
	const struct ct_go_db *dbs;
	const struct ct_go_shutdown *shutdowns;
	uint32_t n_dbs, n_shutdowns;
};

#endif
