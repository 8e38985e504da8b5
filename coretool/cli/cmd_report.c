/* SPDX-License-Identifier: Apache-2.0 */
/* threads, locks, deadlocks, graph, modules: one report, of which each shows other sections. */
#include "cli/run.h"

int ct_cmd_report(const struct ct_args *args)
{
	struct ct_error err = {0};
	struct ct_input input;
	enum ct_status status = ct_words_one(args, &args->words, &input, &err);

	return status ? ct_give_up(args, status, &err) : ct_run_report(args, &input);
}
