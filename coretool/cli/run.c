/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run.h"

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "observe/observe.h"
#include "target/modules.h"

struct ct_options ct_run_options(const struct ct_args *args, const struct ct_input *input)
{
	return (struct ct_options){
		.exe = input->exe,
		.sysroot = args->sysroot,
		.debug_dirs = args->debug_dirs.items,
		.n_debug_dirs = args->debug_dirs.n,
		.no_debuginfod = args->no_debuginfod || args->untrusted,
		.only_given = args->untrusted,
		.redact = args->redact,
		.max_frames = (uint32_t)args->max_frames,
		.max_unpacked = args->max_unpacked,
	};
}

const struct ct_format *ct_run_format(const struct ct_args *args, struct ct_error *err)
{
	const struct ct_command *command = args->command;
	const char *name = args->json ? "json" : args->format ? args->format : command->format;
	const struct ct_format *format = ct_format_find(name);
	ct_autostr known = {0};

	if (format && format->documents & command->documents)
		return format;
	for (size_t i = 0; i < ct_n_formats; i++)
		if (ct_formats[i]->documents & command->documents)
			ct_str_add(&known, "%s%s", known.len ? ", " : "", ct_formats[i]->name);
	ct_fail(err, CT_USAGE, "coretool %s does not write the format '%s'; it writes %s",
		command->name, name, ct_str_text(&known));
	return NULL;
}

/* Readers of text see the lines of findings alone, and only those are looked up; other formats show
 * all. */
static unsigned wants_of(const struct ct_args *args)
{
	const struct ct_format *format = args->command->format ? ct_run_format(args, NULL) : NULL;
	unsigned wants = args->command->wants;
	unsigned asked =
		(args->include_args ? CT_WANT_ARGS : 0) | (args->include_env ? CT_WANT_ENV : 0);

	if (args->quick)
		return asked;
	wants |= asked | (args->sample ? CT_WANT_PROFILES : 0);
	if (wants & CT_WANT_STACKS && format && (args->verbose || strcmp(format->name, "text")))
		wants |= CT_WANT_LINES;
	return wants;
}

/* Looks for the files of all modules, also of those that no stack needs. */
static void load_modules(struct ct_target *target)
{
	for (size_t i = 0; i < ct_target_n_modules(target); i++)
		ct_module_load_debug(target, ct_target_module(target, i));
}

enum ct_status ct_run_open(const struct ct_args *args, const struct ct_input *input,
	struct ct_run *run, struct ct_error *err)
{
	enum ct_status status;

	if (args->session) {
		*run = (struct ct_run){.shared_target = true,
			.address = input->address,
			.goroutine = input->goroutine};
		return ct_session_target(args->session, &run->target, err);
	}
	*run = (struct ct_run){.options = ct_run_options(args, input),
		.address = input->address,
		.goroutine = input->goroutine};
	ct_progress(args, "opening %s", input->core);
	status = ct_core_open(input->core, &run->options, &run->source, err);
	if (!status)
		status = ct_target_open(run->source, &run->options, &run->target, err);
	ct_progress_end(args);
	return status;
}

enum ct_status ct_run_observe(const struct ct_args *args, struct ct_run *run, struct ct_error *err)
{
	struct ct_plan plan = {.wants = wants_of(args),
		.address = run->address,
		.goroutine = run->goroutine,
		.context_values = args->policy ? &args->policy->context_values : NULL};
	if (plan.goroutine && !args->quick)
		plan.wants |=
			CT_WANT_LEAKS | CT_WANT_REFERENCES | CT_WANT_CONTEXTS | CT_WANT_TIMERS;
	bool modules = args->command->sections & CT_SECTION_MODULES && !args->quick;

	/* What is about one object, or about all files, is in no facts that others asked for. */
	if (run->shared_target && !plan.address && !plan.goroutine && !modules) {
		run->shared_facts = true;
		return ct_session_facts(args->session, plan.wants, &run->facts, err);
	}
	ct_progress(args, "observing %s", ct_target_process(run->target)->path);
	if (modules)
		load_modules(run->target);
	enum ct_status status = ct_observe(run->target, &plan, &run->facts, err);
	ct_progress_end(args);
	return status;
}

/* The headline of a crash names the line that it happened at. */
static enum ct_status add_crash_lines(struct ct_run *run)
{
	uint32_t *sites, n;

	if (!run->facts->crash || !(run->facts->wants & CT_WANT_STACKS) ||
		run->facts->wants & CT_WANT_LINES)
		return CT_OK;
	enum ct_status status = ct_crash_sites(run->facts, &sites, &n);
	if (status)
		return status;
	status = ct_observe_lines(run->target, run->facts, sites, n);
	free(sites);
	return status;
}

static enum ct_status add_lines(struct ct_run *run)
{
	uint32_t *sites, n;
	enum ct_status status = CT_OK;

	if (!(run->facts->wants & CT_WANT_LINES)) {
		status = ct_document_sites(run->document, &sites, &n);
		if (status)
			return status;
		status = ct_observe_lines(run->target, run->facts, sites, n);
		free(sites);
	}
	if (!status)
		ct_document_fingerprint(run->document);
	return status;
}

static unsigned sections_of(const struct ct_args *args)
{
	if (args->quiet)
		return 0;
	return args->command->sections | (args->verbose ? CT_SECTION_VERBOSE : 0) |
	       (args->missing ? CT_SECTION_MISSING : 0);
}

static enum ct_status detect(const struct ct_args *args, struct ct_run *run, struct ct_error *err)
{
	const struct ct_format *format = ct_run_format(args, NULL);

	/* Programs that read a report know threads by the process's own ids. */
	run->facts->say_numbers = format && format->for_people;
	enum ct_status status = add_crash_lines(run);
	if (status)
		return ct_fail(err, status, "out of memory while looking up source lines");
	status = ct_detect(run->facts, args->policy, &run->document, err);

	if (!status) {
		run->document->sections = sections_of(args);
		run->document->selection.full = args->full;
	}
	if (!status && run->facts->wants & CT_WANT_STACKS) {
		status = add_lines(run);
		if (status)
			ct_fail(err, status, "out of memory while looking up source lines");
	}
	return status;
}

enum ct_status ct_run_document(const struct ct_args *args, const struct ct_input *input,
	struct ct_run *run, struct ct_error *err)
{
	enum ct_status status = ct_run_open(args, input, run, err);

	if (!status)
		status = ct_run_observe(args, run, err);
	return status ? status : detect(args, run, err);
}

/* What a request prints must not hang on those before it: the lines that it asked for go with it.
 */
static void forget_lines(struct ct_run *run)
{
	uint32_t *sites, n;

	if (!run->document || run->facts->wants & CT_WANT_LINES ||
		ct_document_sites(run->document, &sites, &n))
		return;
	for (uint32_t i = 0; i < n; i++) {
		run->facts->sites[sites[i]].has_lines = false;
		run->facts->sites[sites[i]].n_lines = 0;
	}
	free(sites);
}

void ct_run_close(struct ct_run *run)
{
	if (run->shared_facts)
		forget_lines(run);
	ct_document_free(run->document);
	if (!run->shared_facts)
		ct_facts_free(run->facts);
	if (!run->shared_target)
		ct_target_close(run->target);
	*run = (struct ct_run){0};
}

int ct_run_write(const struct ct_args *args, struct ct_document *document)
{
	struct ct_error err = {0};
	struct ct_output out;
	const struct ct_format *format = ct_run_format(args, &err);

	if (!format)
		return ct_usage(args->command, "%s", err.text);
	document->sections = sections_of(args);
	enum ct_status status = ct_output_open(args, 0666, &out, &err);
	if (!status) {
		struct ct_style style = ct_output_style(args, &out);
		enum ct_status written = format->write(document, &style, out.file);

		status = ct_output_close(&out, !written, &err);
		if (!status && written) {
			ct_complain("out of memory while writing the report");
			return CT_EXIT_FAILED;
		}
	}
	if (!status)
		return CT_EXIT_OK;
	ct_complain(err.text);
	return CT_EXIT_WRITE;
}

static bool is_partial(const struct ct_facts *facts)
{
	for (uint32_t i = 0; i < facts->n_notes; i++)
		if (facts->notes[i].code == CT_NOTE_DAMAGED ||
			facts->notes[i].code == CT_NOTE_LIMIT ||
			facts->notes[i].code == CT_NOTE_NOT_STILL)
			return true;
	return facts->target.n_partial;
}

int ct_run_judge(const struct ct_args *args, const struct ct_document *document)
{
	if (args->strict && is_partial(document->facts))
		return CT_EXIT_PARTIAL;
	for (enum ct_level i = 0; i < CT_N_LEVELS; i++)
		if (args->policy->gates[i] && document->summary.n_findings[i])
			return CT_EXIT_FINDINGS;
	return CT_EXIT_OK;
}

int ct_run_end(const struct ct_args *args, struct ct_run *run, enum ct_status status,
	const struct ct_error *err)
{
	if (status)
		return ct_give_up(args, status, err);
	int result = ct_run_write(args, run->document);
	return result ? result : ct_run_judge(args, run->document);
}

int ct_run_report(const struct ct_args *args, const struct ct_input *input)
{
	struct ct_error err = {0};
	struct ct_run run = {0};
	enum ct_status status;

	if (!ct_run_format(args, &err))
		return ct_give_up(args, CT_USAGE, &err);
	status = ct_run_document(args, input, &run, &err);
	int result = ct_run_end(args, &run, status, &err);
	ct_run_close(&run);
	return result;
}
