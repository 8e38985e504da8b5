/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `coretool serve` keeps between requests: the open target and what was observed of it. It is
 * good until the process goes on, and then ends with the program.
 */
#ifndef CT_CLI_SESSION_H
#define CT_CLI_SESSION_H

#include "base/vec.h"
#include "cli/words.h"
#include "source/pipe_frame.h"

struct ct_session_facts {
	unsigned wants;
	struct ct_facts *facts;
};

struct ct_session {
	const struct ct_args *args; /* of coretool serve itself */
	struct ct_input input;      /* the core; none: gdb's process */
	struct ct_pipe pipe;
	struct ct_options options;
	struct ct_target *target; /* NULL: nobody asked for it yet */
	CT_VEC(struct ct_session_facts) observed;
	unsigned columns; /* of the terminal, for the request at hand; 0: no limit */
};

void ct_session_free(struct ct_session *session); /* the pipe's descriptors stay open */

/* The target, opened when it is asked for first. It and the facts are the session's. */
CT_WARN_UNUSED enum ct_status ct_session_target(
	struct ct_session *session, struct ct_target **ret, struct ct_error *err);
/* Facts with just these wants. */
CT_WARN_UNUSED enum ct_status ct_session_facts(
	struct ct_session *session, unsigned wants, struct ct_facts **ret, struct ct_error *err);
unsigned ct_session_columns(const struct ct_session *session);

#endif
