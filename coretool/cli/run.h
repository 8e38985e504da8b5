/* SPDX-License-Identifier: Apache-2.0 */
/* The way from a core to a document that a format can write. */
#ifndef CT_CLI_RUN_H
#define CT_CLI_RUN_H

#include "cli/words.h"
#include "report/format.h"

struct ct_run {
	bool shared_target, shared_facts; /* they are a session's */
	uint64_t address, goroutine;      /* of the input */
	struct ct_options options;        /* the target borrows it: a run does not move */
	struct ct_source source;          /* the target's */
	struct ct_target *target;
	struct ct_facts *facts;
	struct ct_document *document;
};

/* What the args say of how files are found. */
struct ct_options ct_run_options(const struct ct_args *args, const struct ct_input *input);

/* Opens the core. The run is to be closed also when this, or what follows, fails. */
CT_WARN_UNUSED enum ct_status ct_run_open(const struct ct_args *args, const struct ct_input *input,
	struct ct_run *run, struct ct_error *err);
/* Adds the facts, or takes those that the session has. */
CT_WARN_UNUSED enum ct_status ct_run_observe(
	const struct ct_args *args, struct ct_run *run, struct ct_error *err);
/* All up to the document, with the source lines that a reader of it needs. */
CT_WARN_UNUSED enum ct_status ct_run_document(const struct ct_args *args,
	const struct ct_input *input, struct ct_run *run, struct ct_error *err);
void ct_run_close(struct ct_run *run);

/* All of it: open, observe, detect, lines, write. Gives the exit status, having complained when
 * there was reason to. */
int ct_run_report(const struct ct_args *args, const struct ct_input *input);

/* The format that args ask for; NULL with a text when it cannot write what the command makes. */
const struct ct_format *ct_run_format(const struct ct_args *args, struct ct_error *err);

/* Writes any document; gives the exit status, having complained when it is not CT_EXIT_OK. */
int ct_run_write(const struct ct_args *args, struct ct_document *document);

/* Writes the document of a run, or says why (status, err) there is none; gives the exit status of
 * the command. */
int ct_run_end(const struct ct_args *args, struct ct_run *run, enum ct_status status,
	const struct ct_error *err);

/* How far what was found and what is missing go into the exit status, by --fail-on and --strict. */
int ct_run_judge(const struct ct_args *args, const struct ct_document *document);

#endif
