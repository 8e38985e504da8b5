/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents made by hand for the tests of the writers: facts through the sink, the graph from them,
 * findings as literals. No core and no rule takes part. Every function is inline because each test
 * program uses some of them.
 */
#ifndef CT_TESTS_REPORT_DOCUMENTS_H
#define CT_TESTS_REPORT_DOCUMENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "facts/sink.h"
#include "report/format.h"

#define DOC_ALL_WANTS                                                                              \
	(CT_WANT_STACKS | CT_WANT_LINES | CT_WANT_HELD | CT_WANT_NAMES | CT_WANT_LEAKS)
#define DOC_ANALYZE                                                                                \
	(CT_SECTION_FINDINGS | CT_SECTION_CHAINS | CT_SECTION_THREADS | CT_SECTION_HINTS)

/* A document under construction and all that it refers to. */
struct doc {
	struct ct_sink *sink;
	struct ct_facts *facts;
	struct ct_graph *graph;
	struct ct_document document;
	struct ct_finding findings[8];
	uint32_t exe, libc; /* modules */
};

/* Where a stack is and what it is called. */
struct doc_frame {
	uint64_t pc;
	const char *function, *file; /* NULL: no name, no line */
	uint32_t line;
};

static inline uint32_t doc_site(
	struct doc *d, uint64_t pc, const char *function, const char *file, uint32_t line)
{
	bool fresh, in_libc = pc >= 0x7f0000000000;
	uint32_t index = ct_sink_site(d->sink, pc, true, &fresh);

	if (!fresh)
		return index;
	struct ct_site *site = ct_sink_get_site(d->sink, index);
	site->module = in_libc ? d->libc : d->exe;
	site->offset = pc - (in_libc ? 0x7f0000000000 : 0x400000);
	site->function = ct_sink_string(d->sink, function);
	if (!file)
		return index;
	struct ct_line *copy = ct_arena_new(ct_sink_arena(d->sink), struct ct_line);
	*copy = (struct ct_line){site->function, ct_sink_string(d->sink, file), line, false, false};
	site->has_lines = true;
	site->n_lines = 1;
	site->lines = copy;
	return index;
}

/* Puts an inlined call in front of a site's own line. */
static inline void doc_inline(
	struct doc *d, uint32_t index, const char *function, const char *file, uint32_t line)
{
	struct ct_site *site = ct_sink_get_site(d->sink, index);
	struct ct_line *lines =
		ct_arena_new_array(ct_sink_arena(d->sink), site->n_lines + 1, struct ct_line);

	lines[0] = (struct ct_line){function, file, line, true, false};
	memcpy(lines + 1, site->lines, site->n_lines * sizeof(*lines));
	site->lines = lines;
	site->n_lines++;
}

static inline uint32_t doc_stack(struct doc *d, const struct doc_frame *frames, uint32_t n)
{
	struct ct_frame *list = calloc(n, sizeof(*list));
	struct ct_stack stack = {.frames = list, .n_frames = n, .n_total = n, .root = true};

	for (uint32_t i = 0; i < n; i++)
		list[i].site = doc_site(
			d, frames[i].pc, frames[i].function, frames[i].file, frames[i].line);
	uint32_t ret = ct_sink_stack(d->sink, &stack);
	free(list);
	return ret;
}

static inline struct doc *doc_new(unsigned sections)
{
	static const char *const runtimes[] = {"glibc 2.36"};
	struct doc *d = calloc(1, sizeof(*d));

	d->sink = ct_sink_new(DOC_ALL_WANTS);
	struct ct_fact_target *target = ct_sink_target(d->sink);
	target->source = "core";
	target->path = "core.4711";
	target->exe = "/usr/sbin/orders";
	target->arch = "x86_64";
	target->pid = 4711;
	target->time = 1795395972;
	target->still = true;
	target->runtimes = runtimes;
	target->n_runtimes = 1;
	d->exe = ct_sink_module(
		d->sink, &(struct ct_fact_module){.path = "/usr/sbin/orders",
				 .base = 0x400000,
				 .size = 0x8000,
				 .build_id = "3f2a6b0c9d1e4f5061728394a5b6c7d8e9fa0b1c",
				 .found = "path",
				 .state = "ok",
				 .file = "/usr/sbin/orders"});
	d->libc = ct_sink_module(
		d->sink, &(struct ct_fact_module){.path = "/lib/x86_64-linux-gnu/libc.so.6",
				 .base = 0x7f0000000000,
				 .size = 0x1d5000,
				 .build_id = "51657f818beb1ae70372216a99b7412b8a100a20",
				 .found = "path",
				 .state = "no-symbols",
				 .advice = "apt-get install libc6-dbg"});
	ct_sink_module(d->sink, &(struct ct_fact_module){.path = "/usr/lib/libextra.so.1",
					.base = 0x7f8000000000,
					.size = 0x1000,
					.found = "none"});
	d->document.kind = CT_DOCUMENT_REPORT;
	d->document.sections = sections;
	return d;
}

static inline uint32_t doc_thread(struct doc *d, uint64_t id, const char *name, uint32_t stack)
{
	struct ct_actor actor = {.kind = CT_ACTOR_THREAD,
		.state = CT_STATE_RUNNING,
		.id = id,
		.lwp = id,
		.name = ct_sink_string(d->sink, name),
		.carrier = CT_NONE,
		.runs = CT_NONE,
		.stack = stack,
		.start_site = CT_NONE,
		.created_at = CT_NONE};

	return ct_sink_actor(d->sink, &actor);
}

static inline void doc_call(struct doc *d, uint32_t actor, enum ct_actor_state state,
	int64_t number, const char *name, const char *text)
{
	struct ct_actor *a = ct_sink_get_actor(d->sink, actor);

	a->state = state;
	ct_sink_thread(d->sink, actor)->call =
		(struct ct_actor_call){number, name, ct_sink_string(d->sink, text)};
}

static inline uint32_t doc_mutex(struct doc *d, uint64_t address, const char *name, uint64_t owner)
{
	bool fresh;
	uint32_t index = ct_sink_resource(d->sink, "pthread_mutex", address, &fresh);

	if (fresh) {
		ct_sink_get_resource(d->sink, index)->name = ct_sink_string(d->sink, name);
		ct_sink_get_resource(d->sink, index)->holders = CT_HOLDERS_COMPLETE;
		ct_sink_value_text(d->sink, index, "type", "normal");
		ct_sink_value_hex(d->sink, index, "lock", 2);
		ct_sink_value_int(d->sink, index, "owner", (int64_t)owner);
	}
	return index;
}

static inline void doc_wait(struct doc *d, uint32_t actor, uint32_t resource)
{
	uint64_t address = ct_sink_get_resource(d->sink, resource)->address;

	doc_call(d, actor, CT_STATE_WAITING, 202, "futex",
		ct_sink_printf(d->sink, "futex(0x%llx, FUTEX_WAIT_PRIVATE, 2, NULL)",
			(unsigned long long)address));
	ct_sink_wait(d->sink, &(struct ct_wait){.kind = CT_WAIT_MUTEX,
				      .actor = actor,
				      .resource = resource,
				      .why = "the futex is the lock word of a mutex"});
}

static inline void doc_hold(struct doc *d, uint32_t actor, uint32_t resource, uint32_t took_frame)
{
	ct_sink_hold(d->sink,
		&(struct ct_hold){.actor = actor,
			.resource = resource,
			.took_frame = took_frame,
			.why = "the owner field names this thread, and the lock word is taken"});
}

/* waiter waits for target to end. */
static inline void doc_join(struct doc *d, uint32_t waiter, uint32_t target)
{
	uint64_t id = ct_sink_get_actor(d->sink, target)->id;
	bool fresh;
	uint32_t index = ct_sink_resource(d->sink, "thread", 0x7f1000000000 + id * 0x1000, &fresh);

	if (fresh) {
		struct ct_resource *r = ct_sink_get_resource(d->sink, index);

		r->is_actor = true;
		r->holders = CT_HOLDERS_COMPLETE;
		r->name = ct_sink_printf(d->sink, "thread %llu", (unsigned long long)id);
		ct_sink_hold(d->sink, &(struct ct_hold){.actor = target,
					      .resource = index,
					      .took_frame = CT_NONE,
					      .why = "it has not exited"});
	}
	doc_call(
		d, waiter, CT_STATE_WAITING, 202, "futex", "futex(…, FUTEX_WAIT_BITSET, 13, NULL)");
	ct_sink_wait(d->sink, &(struct ct_wait){.kind = CT_WAIT_JOIN,
				      .actor = waiter,
				      .resource = index,
				      .why = "the futex is the tid field of a live thread"});
}

/* Ends the facts and makes the graph; findings come after it. */
static inline void doc_finish(struct doc *d, enum ct_verdict verdict, const char *headline)
{
	struct ct_error err;

	assert_int_equal(ct_sink_finish(d->sink, &d->facts, &err), CT_OK);
	d->sink = NULL;
	assert_int_equal(ct_graph_build(d->facts, &d->graph, &err), CT_OK);
	d->document.facts = d->facts;
	d->document.graph = d->graph;
	d->document.findings = d->findings;
	d->document.summary.verdict = verdict;
	d->document.summary.headline = headline;
	d->document.summary.n_threads = d->facts->n_actors;
}

static inline struct ct_finding *doc_finding(
	struct doc *d, const char *rule, const char *name, const char *title, const char *message)
{
	struct ct_finding *f = &d->findings[d->document.n_findings++];

	*f = (struct ct_finding){.rule = rule,
		.name = name,
		.level = CT_P0,
		.confidence = CT_PROVEN,
		.title = title,
		.message = message};
	d->document.summary.n_findings[CT_P0]++;
	return f;
}

static inline void doc_free(struct doc *d)
{
	ct_graph_free(d->graph);
	ct_facts_free(d->facts);
	free(d);
}

/*
 * Compares with tests/report/golden/NAME, found beside this file; with CT_GOLDEN_UPDATE set, writes
 * it instead. The tests run where they were compiled.
 */
static inline void doc_check_golden(const char *name, const char *text)
{
	char path[4096], *golden = NULL;
	size_t size = 0;

	snprintf(path, sizeof(path), "%.*s/golden/%s", (int)(strrchr(__FILE__, '/') - __FILE__),
		__FILE__, name);
	FILE *file = fopen(path, getenv("CT_GOLDEN_UPDATE") ? "w" : "r");
	if (!file)
		fail_msg("%s: cannot be opened", path);
	if (getenv("CT_GOLDEN_UPDATE")) {
		fputs(text, file);
		assert_int_equal(fclose(file), 0);
		return;
	}
	assert_true(getdelim(&golden, &size, '\0', file) >= 0);
	fclose(file);
	if (strcmp(golden, text) != 0)
		fail_msg("%s differs; this was written:\n%s", path, text);
	free(golden);
}

/* What the writer makes of it; the caller frees it. Inlined, it makes gcc 12 warn of a pointer that
 * does not dangle. */
static __attribute__((noinline, unused)) char *doc_write(
	const struct ct_document *document, const char *format, bool color)
{
	const struct ct_style style = {.color = color};
	const struct ct_format *f = ct_format_find(format);
	char *text = NULL;
	size_t size = 0;

	assert_non_null(f);
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_int_equal(f->write(document, &style, out), CT_OK);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), size);
	return text;
}

#endif
