/* SPDX-License-Identifier: Apache-2.0 */
/* Packs a core with the files of its modules. */
#include <fcntl.h>
#include <jansson.h>

#include "cli/bundle_files.h"
#include "cli/lean.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/run.h"
#include "source/core_file.h"

struct job {
	const struct ct_args *args;
	struct ct_run *run;
	struct ct_bundle_files files;
	struct ct_bundle_writer *writer;
	const struct ct_pieces *pieces;
};

static json_t *manifest_of(const struct job *job)
{
	const struct ct_process *process = ct_target_process(job->run->target);
	json_t *files = json_array();

	for (uint32_t i = 0; files && i < job->files.n; i++)
		json_array_append_new(files, ct_bundle_file_json(&job->files.items[i]));
	return json_pack("{s:s, s:{s:s, s:s}, s:b, s:s?, s:s?, s:s, s:I, s:I, s:o}", "schema",
		CT_BUNDLE_SCHEMA, "tool", "name", "coretool", "version", ct_version(), "lean",
		(int)job->args->lean, "damage", process->damage, "exe", process->exe, "arch",
		process->arch->name, "pid", (json_int_t)process->pid, "time",
		(json_int_t)process->time, "files", files);
}

static enum ct_status write_manifest(const struct job *job, struct ct_error *err)
{
	json_t *manifest = manifest_of(job);
	ct_autofree char *text = manifest ? json_dumps(manifest, JSON_INDENT(1)) : NULL;

	json_decref(manifest);
	if (!text)
		return ct_fail(err, CT_NO_MEMORY, "out of memory while writing the manifest");
	return ct_bundle_write_manifest(job->writer, text, err);
}

static void core_progress(void *data, uint64_t done)
{
	const struct job *job = data;

	ct_progress(job->args, "packing the core: %.0f of %.0f MiB", (double)done / (1 << 20),
		(double)job->pieces->size / (1 << 20));
}

static enum ct_status write_members(struct job *job, struct ct_error *err)
{
	enum ct_status status = write_manifest(job, err);

	for (uint32_t i = 0; i < job->files.n && !status; i++) {
		const struct ct_bundled_file *file = &job->files.items[i];

		if (file->fd < 0)
			continue;
		ct_progress(job->args, "packing %s", file->path);
		status = ct_bundle_write_file(job->writer, file->build_id, file->build_id_len,
			file->debug, file->fd, err);
	}
	if (!status)
		status = ct_bundle_write_core(job->writer, job->pieces,
			ct_target_process(job->run->target)->time, core_progress, job, err);
	ct_progress_end(job->args);
	return status;
}

static int write_bundle(struct job *job)
{
	struct ct_error err = {0};
	struct ct_output out;
	enum ct_status status = ct_output_open(job->args, 0600, &out, &err);

	if (!status) {
		status = ct_bundle_writer_new(out.file, &job->writer, &err);
		if (!status)
			status = write_members(job, &err);
		if (!status)
			status = ct_bundle_writer_end(job->writer, &err);
		else
			ct_bundle_writer_free(job->writer);
		enum ct_status closed = ct_output_close(&out, !status, status ? NULL : &err);
		status = status ? status : closed;
	}
	if (!status)
		return CT_EXIT_OK;
	ct_complain(err.text);
	return status == CT_IO ? CT_EXIT_WRITE : CT_EXIT_FAILED;
}

/* What to keep is told by what is observed: where the locks are, and the threads' own records. */
static enum ct_status make_lean(const struct ct_args *args, struct ct_run *run,
	struct ct_lean_core *lean, struct ct_error *err)
{
	struct ct_range *ranges = NULL;
	size_t n;
	enum ct_status status = ct_run_observe(args, run, err);

	if (!status)
		status = ct_lean_ranges(run->target, run->facts, &ranges, &n, err);
	if (!status)
		status = ct_lean_core_make(run->source, ranges, n, lean, err);
	free(ranges);
	return status;
}

static enum ct_status make_full(
	const struct ct_run *run, struct ct_lean_core *lean, struct ct_error *err)
{
	const struct ct_core *core = ct_core_of(run->source);

	if (!core)
		return ct_fail(err, CT_UNSUPPORTED, "only a core file can be bundled");
	return ct_pieces_of_file(core->fd, core->bytes, core->size, &lean->pieces, err);
}

static int bundle(const struct ct_args *args, const struct ct_input *input)
{
	struct ct_error err = {0};
	struct ct_run run = {0};
	struct ct_lean_core core = {0};
	struct job job = {.args = args, .run = &run, .pieces = &core.pieces};
	enum ct_status status = ct_run_open(args, input, &run, &err);
	int result;

	if (!status)
		status = ct_bundle_files_find(run.target, run.source, &job.files, &err);
	if (!status)
		status = args->lean ? make_lean(args, &run, &core, &err)
				    : make_full(&run, &core, &err);
	result = status ? ct_give_up(args, status, &err) : write_bundle(&job);
	ct_bundle_files_free(&job.files);
	ct_lean_core_free(&core);
	ct_run_close(&run);
	return result;
}

int ct_cmd_bundle(const struct ct_args *args)
{
	struct ct_error err = {0};
	struct ct_input input;
	enum ct_status status = ct_words_one(args, &args->words, &input, &err);

	if (!status && !args->output)
		status = ct_fail(&err, CT_USAGE, "coretool bundle needs -o FILE.tar.zst");
	return status ? ct_give_up(args, status, &err) : bundle(args, &input);
}
