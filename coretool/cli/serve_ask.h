/* SPDX-License-Identifier: Apache-2.0 */
/* The smaller requests of docs/gdb-pipe.md. Each writes to the standard streams and gives its exit
 * status. */
#ifndef CT_CLI_SERVE_ASK_H
#define CT_CLI_SERVE_ASK_H

#include "cli/session.h"

/* One line about the object of this type at address, for a pretty-printer. */
int ct_serve_describe(struct ct_session *session, uint64_t address, const char *type);
/* Candidates for the last of the words, one a line. */
int ct_serve_complete(struct ct_session *session, struct ct_pipe_reader *words);
/* Whom a thread waits for ("holder"), who waits for it ("waiter"), or where its chain ends
 * ("root"). */
int ct_serve_find(struct ct_session *session, uint64_t lwp, const char *what);

#endif
