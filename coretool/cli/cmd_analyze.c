/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch.h"
#include "cli/run.h"

/* One core is reported in full, several or a directory with a line for each. */
int ct_cmd_analyze(const struct ct_args *args)
{
	size_t n_cores = 0;
	bool directory = false;

	for (size_t i = 0; i < args->words.n; i++) {
		enum ct_word kind = ct_word_kind(args->words.items[i]);

		n_cores += kind == CT_WORD_CORE;
		directory = directory || kind == CT_WORD_DIRECTORY;
	}
	return directory || n_cores > 1 ? ct_batch_run(args) : ct_cmd_report(args);
}
