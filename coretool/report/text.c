/* SPDX-License-Identifier: Apache-2.0 */
/* The text report: the verdict first, in one sentence; then why; then everything else; then what
 * would tell more. */
#include "report/text.h"

#include <time.h>

#include "report/rows.h"

#define NOTES_SHOWN 5

/* What is worth reading only with the verdict above it. */
#define VERDICT_SECTIONS                                                                           \
	(CT_SECTION_FINDINGS | CT_SECTION_CHAINS | CT_SECTION_THREADS | CT_SECTION_LOCKS |         \
		CT_SECTION_ORPHANS | CT_SECTION_GOROUTINES | CT_SECTION_SCHED |                    \
		CT_SECTION_CHANNELS | CT_SECTION_HEAP | CT_SECTION_LEAKS | CT_SECTION_CONTEXTS |   \
		CT_SECTION_TIMERS | CT_SECTION_POOLS)

static const enum ct_paint verdict_paints[] = {
	[CT_VERDICT_CRASH] = CT_PAINT_RED,
	[CT_VERDICT_DEADLOCK] = CT_PAINT_RED,
	[CT_VERDICT_STUCK] = CT_PAINT_YELLOW,
	[CT_VERDICT_LEAK] = CT_PAINT_YELLOW,
	[CT_VERDICT_CLEAN] = CT_PAINT_GREEN,
	[CT_VERDICT_UNKNOWN] = CT_PAINT_YELLOW,
};
_Static_assert(CT_COUNT(verdict_paints) == CT_N_VERDICTS, "one paint for each verdict");

static void add_signal(struct ct_text *t, const struct ct_fact_signal *signal)
{
	if (!signal->number)
		return;
	if (signal->name)
		ct_text_add(t, ", stopped by %s", signal->name);
	else
		ct_text_add(t, ", stopped by signal %d", signal->number);
	if (signal->sender_pid)
		ct_text_add(t, " from process %lld", (long long)signal->sender_pid);
	else if (signal->sent)
		ct_text_add(t, " from outside of its PID namespace");
}

static void add_time(struct ct_text *t, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	char text[64];

	if (seconds && gmtime_r(&when, &tm) &&
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		ct_text_add(t, ", %s", text);
}

/* "orders (pid 4711), 14 threads, x86_64, glibc 2.36, stopped by SIGABRT, 2026-11-23 …" */
static void write_target(struct ct_text *t)
{
	const struct ct_fact_target *target = &t->facts->target;
	const struct ct_summary *summary = &t->document->summary;
	const char *what = target->exe ? target->exe : target->path ? target->path : target->source;
	const char *slash = strrchr(what, '/');

	ct_text_paint(t, CT_PAINT_DIM);
	ct_text_add(t, "%s", slash ? slash + 1 : what);
	if (target->pid > 0)
		ct_text_add(t, " (pid %lld)", (long long)target->pid);
	ct_text_add(t, ", %u thread%s", summary->n_threads, summary->n_threads == 1 ? "" : "s");
	if (summary->n_exited)
		ct_text_add(t, " (%u more exited, not joined)", summary->n_exited);
	if (summary->n_goroutines)
		ct_text_add(t, ", %u goroutines", summary->n_goroutines);
	if (target->arch)
		ct_text_add(t, ", %s", target->arch);
	for (uint32_t i = 0; i < target->n_runtimes; i++)
		ct_text_add(t, ", %s", target->runtimes[i]);
	add_signal(t, &target->signal);
	add_time(t, target->time);
	ct_text_plain(t);
	ct_text_end(t);
	for (uint32_t i = 0; i < target->n_partial; i++)
		ct_text_say(t, "In part only: %s", target->partial[i]);
	if (target->main_exited)
		ct_text_say(t, "The main thread has exited; the process lives on in the others.");
	if (!target->still)
		ct_text_say(t, "The program ran while it was read: nothing here is proven.");
}

void ct_text_verdict(struct ct_text *t)
{
	const struct ct_summary *summary = &t->document->summary;

	ct_text_paint(t, verdict_paints[summary->verdict]);
	ct_text_add(t, "%s:", ct_verdict_name(summary->verdict));
	ct_text_plain(t);
	ct_text_paint(t, CT_PAINT_BOLD);
	ct_text_add(t, " %s", summary->headline ? summary->headline : "");
	ct_text_plain(t);
	ct_text_end(t);
	if (t->document->sections & VERDICT_SECTIONS)
		write_target(t);
}

/* Damage, missing and mismatching files change what the report can say; the others are told when
 * asked for. */
static bool is_important(const struct ct_note *note)
{
	return note->code >= 901 && note->code <= 903;
}

/* The head of the report tells what the target lacks. */
static bool is_told(const struct ct_text *t, const struct ct_note *note)
{
	const struct ct_fact_target *target = &t->facts->target;
	bool headed = t->document->sections & VERDICT_SECTIONS;

	for (uint32_t i = 0; headed && i < target->n_partial; i++) {
		const char *text = target->partial[i];
		size_t about = note->about ? strlen(note->about) : 0;

		if (!strcmp(text, note->text))
			return true;
		if (about && !strncmp(text, note->about, about) &&
			!strncmp(text + about, ": ", 2) && !strcmp(text + about + 2, note->text))
			return true;
	}
	return false;
}

void ct_text_notes(struct ct_text *t)
{
	uint32_t shown = 0, rest = 0;

	for (uint32_t i = 0; i < ct_document_n_notes(t->document); i++) {
		const struct ct_note *note = ct_document_note(t->document, i);

		if (is_told(t, note))
			continue;
		rest++;
		if (!t->verbose && (!is_important(note) || shown == NOTES_SHOWN))
			continue;
		if (!shown++)
			ct_text_head(t, "Notes");
		ct_text_say(t, "  CT%u %s%s%s", note->code, note->about ? note->about : "",
			note->about && *note->about ? ": " : "", note->text);
	}
	rest -= shown;
	if (!rest)
		return;
	if (!shown)
		ct_text_gap(t);
	ct_text_say(t, "%s%u %snote%s (-v)", shown ? "  … " : "", rest, shown ? "more " : "",
		rest == 1 ? "" : "s");
}

void ct_text_hints(struct ct_text *t)
{
	if (!t->document->n_hints)
		return;
	ct_text_head(t, "What next");
	for (uint32_t i = 0; i < t->document->n_hints; i++)
		ct_text_say(t, "  %s", t->document->hints[i]);
}

static void write_strings(struct ct_text *t, const char *head, const struct ct_fact_strings *s)
{
	if (!s->asked)
		return;
	ct_text_head(t, "%s: %u%s", head, s->n, s->cut ? ", not all of it" : "");
	for (uint32_t i = 0; i < s->n; i++)
		ct_text_say(t, "  %s", s->items[i]);
	if (s->why)
		ct_text_say(t, "  (%s)", s->why);
}

static void write_start(struct ct_text *t)
{
	write_strings(t, "Arguments", &t->facts->target.args);
	write_strings(t, "Environment", &t->facts->target.env);
}

/* In the order of the report; sections that show a part, 0: always. */
static const struct {
	unsigned sections;
	void (*write)(struct ct_text *t);
} parts[] = {
	{VERDICT_SECTIONS, ct_text_verdict},
	{CT_SECTION_FINDINGS, ct_text_findings},
	{CT_SECTION_ORPHANS, ct_text_orphans},
	{CT_SECTION_CRASH, ct_text_crash},
	{CT_SECTION_CHAINS, ct_text_chains},
	{CT_SECTION_THREADS | CT_SECTION_GOROUTINES, ct_text_goroutines},
	{CT_SECTION_CHANNELS, ct_text_channels},
	{CT_SECTION_SCHED, ct_text_sched},
	{CT_SECTION_HEAP, ct_text_heap},
	{CT_SECTION_LEAKS, ct_text_leaks},
	{CT_SECTION_CONTEXTS, ct_text_contexts},
	{CT_SECTION_TIMERS, ct_text_timers},
	{CT_SECTION_POOLS, ct_text_pools},
	{CT_SECTION_THREADS, ct_text_threads},
	{CT_SECTION_LOCKS, ct_text_locks},
	{CT_SECTION_MODULES, ct_text_modules},
	{CT_SECTION_EXPLAIN, ct_text_explained},
	{0, write_start},
	{0, ct_text_notes},
	{0, ct_text_policy},
	{CT_SECTION_HINTS, ct_text_hints},
};

static enum ct_status write_report(struct ct_text *t)
{
	size_t n = (size_t)t->facts->n_actors + 1;
	size_t n_marks = CT_MAX(t->facts->n_resources, t->facts->n_stacks) + (size_t)1;
	ct_autofree bool *told = calloc(n, sizeof(*told)), *found = calloc(n, sizeof(*found));
	ct_autofree uint32_t *marks = calloc(n_marks, sizeof(*marks));

	if (!told || !found || !marks)
		return CT_NO_MEMORY;
	t->told = told;
	t->found = found;
	t->marks = marks;
	/* A signal of the process's own making is the answer itself, or points to it. */
	const struct ct_fact_signal *signal = &t->facts->target.signal;
	if (signal->number && !signal->sent && signal->actor != CT_NONE)
		found[signal->actor] = true;
	if (!t->document->sections) {
		ct_text_verdict(t);
		return CT_OK;
	}
	for (size_t i = 0; i < CT_COUNT(parts); i++)
		if (!parts[i].sections || (parts[i].sections & t->document->sections))
			parts[i].write(t);
	return CT_OK;
}

static enum ct_status text_write(
	const struct ct_document *document, const struct ct_style *style, FILE *out)
{
	struct ct_text t = {.document = document,
		.facts = document->facts,
		.graph = document->graph,
		.out = out,
		.color = style->color,
		.verbose = document->sections & CT_SECTION_VERBOSE};
	enum ct_status status = CT_OK;

	ct_arena_init(&t.words);
	if (document->kind == CT_DOCUMENT_CATALOGUE)
		ct_text_catalogue(&t);
	else if (document->kind == CT_DOCUMENT_DIFF)
		ct_text_diff(&t);
	else
		status = write_report(&t);
	ct_str_free(&t.line);
	ct_arena_free(&t.words);
	if (status || t.failed)
		return CT_NO_MEMORY;
	return ferror(out) ? CT_IO : CT_OK;
}

const struct ct_format ct_format_text = {
	.name = "text",
	.summary = "for people: the verdict first, then why",
	.documents = CT_DOCUMENT_REPORT | CT_DOCUMENT_CATALOGUE | CT_DOCUMENT_DIFF,
	.for_people = true,
	.write = text_write,
};
