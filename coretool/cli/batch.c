/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch.h"

#include <jansson.h>
#include <time.h>

#include "cli/core_walk.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/run.h"
#include "source/temporary.h"

struct batch {
	const struct ct_args *args;
	const char *exe; /* of all the cores; NULL: not given */
	bool ndjson;
	FILE *out;
	unsigned n;
	bool failed, partial, findings; /* of any core */
};

/* What is said about one core. */
struct line {
	const char *path;
	const struct ct_document *document; /* NULL: it could not be analysed … */
	const char *error;                  /* … because of this */
	double seconds;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool write_text(const struct batch *b, const struct line *line, const char *path)
{
	if (!line->document)
		return fprintf(b->out, "%s: failed: %s (%.2f s)\n", path, line->error,
			       line->seconds) > 0;
	return fprintf(b->out, "%s: %s: %s (%.2f s)\n", path,
		       ct_verdict_name(line->document->summary.verdict),
		       line->document->summary.headline, line->seconds) > 0;
}

static json_t *json_of(const struct line *line, const char *path)
{
	if (!line->document)
		return json_pack("{s:s, s:s, s:s, s:f}", "type", "core", "path", path, "error",
			line->error, "seconds", line->seconds);
	const struct ct_summary *s = &line->document->summary;
	const struct ct_fact_target *target = &line->document->facts->target;
	json_t *partial = json_array();
	for (uint32_t i = 0; partial && i < target->n_partial; i++)
		json_array_append_new(partial, json_string(target->partial[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:I, s:I, s:I, s:I}, s:I, s:o, s:f}", "type",
		"core", "path", path, "verdict", ct_verdict_name(s->verdict), "headline",
		s->headline, "findings", "P0", (json_int_t)s->n_findings[CT_P0], "P1",
		(json_int_t)s->n_findings[CT_P1], "P2", (json_int_t)s->n_findings[CT_P2], "ignored",
		(json_int_t)s->n_ignored, "threads", (json_int_t)s->n_threads, "partial", partial,
		"seconds", line->seconds);
}

static bool write_json(const struct batch *b, const struct line *line, const char *path)
{
	json_t *object = json_of(line, path);
	bool ok = object && !json_dumpf(object, b->out, JSON_COMPACT | JSON_REAL_PRECISION(6)) &&
		  fputc('\n', b->out) != EOF;

	json_decref(object);
	return ok;
}

/* false: the output cannot be written, and there is no use in going on. */
static bool write_line(const struct batch *b, const struct line *line)
{
	ct_autostr path = {0}, error = {0};
	size_t len = strlen(line->path);
	struct line clean = *line;

	ct_str_add_clean(&path, line->path, len, len);
	if (line->error) {
		/* Messages start with the path, which the line says already. */
		const char *text = line->error;
		if (!strncmp(text, path.text, path.len) && !strncmp(text + path.len, ": ", 2))
			text += path.len + 2;
		ct_str_add_clean(&error, text, strlen(text), strlen(text));
		clean.error = ct_str_text(&error);
	}
	ct_progress_end(b->args);
	bool ok = b->ndjson ? write_json(b, &clean, ct_str_text(&path))
			    : write_text(b, &clean, ct_str_text(&path));
	return ok && !fflush(b->out);
}

static bool analyze_core(void *data, const char *path, const char *error)
{
	struct batch *b = data;
	struct ct_input input = {.core = path, .exe = b->exe};
	struct ct_error err = {0};
	struct ct_run run = {0};
	struct line line = {.path = path, .error = error};
	enum ct_status status = CT_OK;
	double start = now();

	b->n++;
	if (!error)
		status = ct_run_document(b->args, &input, &run, &err);
	line.seconds = now() - start;
	if (status)
		line.error = err.text;
	line.document = line.error ? NULL : run.document;
	b->failed = b->failed || line.error;
	int verdict = line.document ? ct_run_judge(b->args, line.document) : CT_EXIT_OK;
	b->partial = b->partial || verdict == CT_EXIT_PARTIAL;
	b->findings = b->findings || verdict == CT_EXIT_FINDINGS;
	bool go_on = write_line(b, &line);
	ct_run_close(&run);
	ct_temporary_recycle();
	return go_on;
}

static enum ct_status prepare(struct batch *b, struct ct_list *cores, struct ct_error *err)
{
	const struct ct_args *args = b->args;
	const char *format = args->json ? "json" : args->format ? args->format : "text";

	b->ndjson = !strcmp(format, "ndjson");
	if (!b->ndjson && strcmp(format, "text"))
		return ct_fail(err, CT_USAGE,
			"several cores are written as text or ndjson, not as %s", format);
	b->exe = args->exe;
	for (size_t i = 0; i < args->words.n; i++) {
		const char *word = args->words.items[i];

		if (ct_word_kind(word) != CT_WORD_PROGRAM) {
			cores->items[cores->n++] = word;
			continue;
		}
		if (b->exe)
			return ct_fail(err, CT_USAGE, "two programs: '%s' and '%s'", b->exe, word);
		b->exe = word;
	}
	return CT_OK;
}

static int run_cores(struct batch *b, const struct ct_list *cores)
{
	struct ct_error err = {0};
	struct ct_output out;

	if (ct_output_open(b->args, 0666, &out, &err)) {
		ct_complain(err.text);
		return CT_EXIT_WRITE;
	}
	b->out = out.file;
	for (size_t i = 0; i < cores->n; i++)
		if (!ct_core_walk(cores->items[i], analyze_core, b))
			break;
	ct_progress_end(b->args);
	if (ct_output_close(&out, true, &err)) {
		ct_complain(err.text);
		return CT_EXIT_WRITE;
	}
	if (!b->n)
		ct_complain("there are no cores in these directories");
	return b->failed || !b->n ? CT_EXIT_FAILED
	       : b->partial       ? CT_EXIT_PARTIAL
	       : b->findings      ? CT_EXIT_FINDINGS
				  : CT_EXIT_OK;
}

int ct_batch_run(const struct ct_args *args)
{
	struct batch b = {.args = args};
	struct ct_error err = {0};
	const char **items = calloc(args->words.n, sizeof(*items));
	struct ct_list cores = {.items = items};
	enum ct_status status;

	if (!items)
		status = ct_fail(&err, CT_NO_MEMORY, "out of memory");
	else
		status = prepare(&b, &cores, &err);
	int result = status ? ct_give_up(args, status, &err) : run_cores(&b, &cores);
	free(items);
	return result;
}
