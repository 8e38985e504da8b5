/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutines as the Go runtime prints them (/debug/pprof/goroutine?debug=2, GOTRACEBACK=all), for
 * the tools that read that. As there, frames of the runtime are left out unless all is asked for
 * (showframe() and printcreatedby() of runtime/traceback.go). Arguments of calls are not known.
 */
#include <ctype.h>
#include <inttypes.h>

#include "report/rows.h"
#include "report/shown.h"
#include "rules/words.h"

#define NS_PER_MINUTE UINT64_C(60000000000)

struct trace {
	const struct ct_document *document;
	const struct ct_facts *facts;
	bool all;           /* frames */
	const char *callee; /* the function of the frame before; NULL: there is none */
	bool failed;
	FILE *out;
};

/* A function, or a method of a type, that programs can call; name: behind "runtime.". */
static bool is_exported(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot)
		return isupper((unsigned char)name[0]);
	name += !strncmp(name, "(*", 2) ? 2 : 0;
	return isupper((unsigned char)name[0]) && isupper((unsigned char)dot[1]);
}

static bool is_shown(const struct trace *t, const char *name, bool innermost)
{
	static const char runtime[] = "runtime.";

	if (t->all || strncmp(name, runtime, strlen(runtime)) != 0)
		return t->all || strchr(name, '.');
	if (!strcmp(name, "runtime.gopanic"))
		return !innermost;
	/* That the program's finalizers are run; of 1.25 on, whose names these are. */
	if (!strcmp(name, "runtime.runFinalizers") || !strcmp(name, "runtime.runCleanups"))
		return true;
	return is_exported(name + strlen(runtime));
}

/* Of wrappers only those are shown that a panic came to (elideWrapperCalling()). */
static bool is_elided(struct trace *t, const char *name, const struct ct_line *line)
{
	const char *callee = t->callee ? t->callee : "";

	t->callee = name;
	return !t->all && line && line->wrapper && strcmp(callee, "runtime.gopanic") != 0 &&
	       strcmp(callee, "runtime.sigpanic") != 0 && strcmp(callee, "runtime.panicwrap") != 0;
}

/* Type arguments are left out, and the function of a panic is called panic. */
static void put_name(const struct trace *t, const char *name)
{
	const char *open = strchr(name, '['), *close = strrchr(name, ']');

	if (!strcmp(name, "runtime.gopanic"))
		fputs("panic", t->out);
	else if (open && close && open < close)
		fprintf(t->out, "%.*s[...]%s", (int)(open - name), name, close + 1);
	else
		fputs(name, t->out);
}

static void put_place(
	const struct trace *t, const struct ct_site *site, const struct ct_line *line, bool offset)
{
	fprintf(t->out, "\n\t%s:%u", line && line->file ? line->file : "?", line ? line->line : 0);
	if (offset && site->function_offset)
		fprintf(t->out, " +0x%" PRIx64, site->function_offset);
	putc('\n', t->out);
}

static void put_frame(struct trace *t, const struct ct_site *site, bool innermost)
{
	for (uint32_t i = 0; i < ct_site_calls(site); i++) {
		const struct ct_line *line = i < site->n_lines ? &site->lines[i] : NULL;
		ct_autostr name = {0};

		ct_str_add_frame(&name, t->facts, site, i);
		t->failed |= name.failed;
		const char *function = line && line->function ? line->function : site->function;
		if (is_elided(t, function ? function : "", line) ||
			!is_shown(t, ct_str_text(&name), innermost && !i))
			continue;
		put_name(t, ct_str_text(&name));
		fputs("(...)", t->out);
		put_place(t, site, line, i + 1 == ct_site_calls(site));
	}
}

static void put_stack(struct trace *t, const struct ct_actor *a)
{
	const struct ct_stack *stack = a->stack != CT_NONE ? &t->facts->stacks[a->stack] : NULL;

	if (!stack || !stack->n_frames) {
		fputs(a->state == CT_STATE_RUNNING
				? "\tgoroutine running on other thread; stack unavailable\n"
				: "\tstack unavailable\n",
			t->out);
		return;
	}
	t->callee = NULL;
	for (uint32_t i = 0; i < stack->n_frames; i++) {
		const struct ct_site *site = &t->facts->sites[stack->frames[i].site];

		if (stack->skipped_at && i == stack->skipped_at)
			fprintf(t->out, "...%u frames elided...\n",
				stack->n_total - stack->n_frames);
		/* The runtime prints no base that is all its own, and no frames of C. */
		if (t->all ||
			(stack->frames[i].trust == CT_SITE_PCLNTAB &&
				(!site->function || strcmp(site->function, "runtime.goexit") != 0)))
			put_frame(t, site, !i);
	}
}

static void put_creator(const struct trace *t, uint32_t actor)
{
	uint32_t index = ct_goroutine_creator(t->facts, actor);
	uint64_t creator = t->facts->actors[actor].creator;

	if (index == CT_NONE)
		return;
	const struct ct_site *site = &t->facts->sites[index];
	if (!is_shown(t, site->function, false))
		return;
	fputs("created by ", t->out);
	put_name(t, site->function);
	if (creator)
		fprintf(t->out, " in goroutine %" PRIu64, creator);
	put_place(t, site, site->n_lines ? &site->lines[0] : NULL, true);
}

static void put_head(const struct trace *t, const struct ct_actor *a)
{
	const struct ct_wait *wait = a->n_waits ? &t->facts->waits[a->first_wait] : NULL;
	uint64_t minutes = wait && wait->has_since ? wait->since_ns / NS_PER_MINUTE : 0;

	fprintf(t->out, "goroutine %" PRIu64 " [%s", a->id,
		a->reason ? t->facts->reasons[a->reason] : ct_actor_state_name(a->state));
	if (minutes)
		fprintf(t->out, ", %" PRIu64 " minutes", minutes);
	fprintf(t->out, "%s]:\n", a->locked ? ", locked to thread" : "");
}

static enum ct_status gotrace_write(
	const struct ct_document *document, const struct ct_style *style, FILE *out)
{
	struct trace t = {.document = document,
		.facts = document->facts,
		.all = document->sections & CT_SECTION_VERBOSE,
		.out = out};
	const char *between = "";

	(void)style;
	for (uint32_t i = 0; !t.failed && i < t.facts->n_actors; i++) {
		if (!ct_shows_stack_of(document, i))
			continue;
		fputs(between, out);
		put_head(&t, &t.facts->actors[i]);
		put_stack(&t, &t.facts->actors[i]);
		put_creator(&t, i);
		between = "\n";
	}
	return t.failed ? CT_NO_MEMORY : ferror(out) ? CT_IO : CT_OK;
}

const struct ct_format ct_format_gotrace = {
	.name = "gotrace",
	.summary = "goroutines as the Go runtime prints them (debug=2)",
	.documents = CT_DOCUMENT_GOROUTINES,
	.write = gotrace_write,
};
