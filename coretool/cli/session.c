/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include "cli/run.h"
#include "source/gdb_numbers.h"
#include "source/gdb_pipe.h"

void ct_session_free(struct ct_session *session)
{
	for (uint32_t i = 0; i < session->observed.n; i++)
		ct_facts_free(session->observed.items[i].facts);
	ct_vec_free(&session->observed);
	ct_target_close(session->target);
	ct_pipe_free(&session->pipe);
}

/* The core, whose threads have gdb's numbers, or the process that gdb has stopped. */
static enum ct_status open_source(
	struct ct_session *session, struct ct_source *ret, struct ct_error *err)
{
	if (!session->input.core)
		return ct_gdb_open(&session->pipe, session->args->block_size, ret, err);
	enum ct_status status = ct_core_open(session->input.core, &session->options, ret, err);
	return status ? status : ct_gdb_number(&session->pipe, ret, err);
}

enum ct_status ct_session_target(
	struct ct_session *session, struct ct_target **ret, struct ct_error *err)
{
	struct ct_source source;

	if (!session->target) {
		session->options = ct_run_options(session->args, &session->input);
		enum ct_status status = open_source(session, &source, err);

		if (!status)
			status = ct_target_open(source, &session->options, &session->target, err);
		if (status)
			return status;
	}
	*ret = session->target;
	return CT_OK;
}

enum ct_status ct_session_facts(
	struct ct_session *session, unsigned wants, struct ct_facts **ret, struct ct_error *err)
{
	const struct ct_plan plan = {.wants = wants};
	struct ct_target *target;

	for (uint32_t i = 0; i < session->observed.n; i++)
		if (session->observed.items[i].wants == wants) {
			*ret = session->observed.items[i].facts;
			return CT_OK;
		}
	enum ct_status status = ct_session_target(session, &target, err);
	if (status)
		return status;
	struct ct_session_facts *slot = ct_vec_push(&session->observed);
	if (!slot)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	status = ct_observe(target, &plan, &slot->facts, err);
	slot->wants = wants;
	if (status)
		session->observed.n--;
	else
		*ret = slot->facts;
	return status;
}

unsigned ct_session_columns(const struct ct_session *session)
{
	return session->columns;
}
