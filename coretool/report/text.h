/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text report. text.c puts the parts in order; each part is a function that writes whole lines.
 * A line is built with ct_text_add() and written by ct_text_end(), which cuts trailing blanks. Out
 * of memory is kept in failed.
 */
#ifndef CT_REPORT_TEXT_H
#define CT_REPORT_TEXT_H

#include "base/str.h"
#include "report/format.h"
#include "report/groups.h"
#include "report/say.h"

enum ct_paint { CT_PAINT_BOLD, CT_PAINT_DIM, CT_PAINT_RED, CT_PAINT_YELLOW, CT_PAINT_GREEN };

struct ct_text {
	const struct ct_document *document;
	const struct ct_facts *facts;
	const struct ct_graph *graph; /* NULL: none was made */
	FILE *out;
	bool color, verbose;
	bool begun;      /* something was written */
	bool failed;     /* no memory */
	bool *told;      /* per actor: the report has spoken of it */
	bool *found;     /* per actor: a finding speaks of it */
	uint32_t *marks; /* zeroes, as many as there are resources or stacks; left as found */
	struct ct_str line;
	struct ct_arena words; /* strings for the present line */
};

/* text_line.c: lines. */
CT_PRINTF(2, 3) void ct_text_add(struct ct_text *t, const char *fmt, ...);
/* Blanks up to a column (from 0), at least one. */
void ct_text_pad(struct ct_text *t, unsigned column);
void ct_text_end(struct ct_text *t);
/* A whole line. */
CT_PRINTF(2, 3) void ct_text_say(struct ct_text *t, const char *fmt, ...);
/* A line that heads a part, set apart from what is above it. */
CT_PRINTF(2, 3) void ct_text_head(struct ct_text *t, const char *fmt, ...);
void ct_text_gap(struct ct_text *t);
void ct_text_paint(struct ct_text *t, enum ct_paint paint);
void ct_text_plain(struct ct_text *t); /* ends ct_text_paint() */
/* Columns that s takes. */
unsigned ct_text_width(const char *s);

/* text_phrase.c: parts of sentences. */
/* See ct_say_actors(). */
void ct_text_who(struct ct_text *t, const uint32_t *actors, uint32_t n, bool all);
/* How many different objects they wait for. */
uint32_t ct_text_count_objects(const struct ct_text *t, const uint32_t *actors, uint32_t n);
/* "waits for g_lock", "is asleep in nanosleep"; n actors that do the same kind of thing, maybe with
 * different objects. */
void ct_text_doing(struct ct_text *t, const uint32_t *actors, uint32_t n);
/* A line that begins a paragraph: who they are, and what they do. */
void ct_text_who_does(struct ct_text *t, const uint32_t *actors, uint32_t n);
/* Who will end the wait of n actors that wait in one way, by the first of them; NULL: nothing is to
 * be said. */
const char *ct_text_other_side(struct ct_text *t, const uint32_t *actors, uint32_t n);
/* A line that says why they do not go on, when it is the same of all. */
void ct_text_why(struct ct_text *t, const uint32_t *actors, uint32_t n);
/* " at take_b() a.c:41" and how many other places; nothing when no place is known. */
void ct_text_place(struct ct_text *t, const uint32_t *actors, uint32_t n);
/* "waits for g_lock" of one wait. */
void ct_text_wait(struct ct_text *t, const struct ct_wait *wait, bool plural);
/*
 * "held by thread 13 (shipping)"; nothing when the resource stands for an actor. where: also the
 * place in which it was probably taken.
 */
void ct_text_holder(struct ct_text *t, const struct ct_wait *wait, bool where);
/* Anything to say for ct_text_holder()? */
bool ct_text_has_holder(const struct ct_text *t, const struct ct_wait *wait);
/* The first wait of an actor, or NULL. */
const struct ct_wait *ct_text_first_wait(const struct ct_text *t, uint32_t actor);

/*
 * text_waiters.c: who waits for what and where, and who holds it; those with one holder together.
 * skip: per actor, those to leave out. heads: tells where the chains end.
 */
void ct_text_waiters(struct ct_text *t, const bool *skip, bool heads);

/* text_findings.c: one finding in full. */
void ct_text_finding(struct ct_text *t, const struct ct_finding *finding);

/* text_stack.c: one stack, each line indented. actor: notes where it took what it holds; or
 * CT_NONE. */
void ct_text_stack(struct ct_text *t, uint32_t stack, uint32_t max_frames, uint32_t actor);

/* text_goroutine.c: "created by main.serve() at serve.go:88 in goroutine 1", when that is known. */
void ct_text_creator(struct ct_text *t, uint32_t actor, bool by_whom);
/* One goroutine in full. */
void ct_text_goroutine(struct ct_text *t, uint32_t actor);

/* The parts. */
void ct_text_verdict(struct ct_text *t);
void ct_text_findings(struct ct_text *t);
void ct_text_orphans(struct ct_text *t);
void ct_text_crash(struct ct_text *t);
void ct_text_chains(struct ct_text *t);
void ct_text_threads(struct ct_text *t);
void ct_text_goroutines(struct ct_text *t);
void ct_text_channels(struct ct_text *t);
void ct_text_sched(struct ct_text *t);
void ct_text_heap(struct ct_text *t);
void ct_text_leaks(struct ct_text *t);
void ct_text_contexts(struct ct_text *t);
void ct_text_timers(struct ct_text *t);
void ct_text_pools(struct ct_text *t);
void ct_text_locks(struct ct_text *t);
void ct_text_modules(struct ct_text *t);
void ct_text_explained(struct ct_text *t);
void ct_text_notes(struct ct_text *t);
void ct_text_policy(struct ct_text *t);
void ct_text_hints(struct ct_text *t);
void ct_text_catalogue(struct ct_text *t);
void ct_text_diff(struct ct_text *t);

#endif
