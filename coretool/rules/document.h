/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall between judging and writing: all that a report says. Rules fill it, writers only print
 * it.
 */
#ifndef CT_RULES_DOCUMENT_H
#define CT_RULES_DOCUMENT_H

#include "facts/facts.h"
#include "graph/graph.h"

enum ct_document_kind {
	CT_DOCUMENT_REPORT = 1u << 0,
	CT_DOCUMENT_CATALOGUE = 1u << 1,
	CT_DOCUMENT_DIFF = 1u << 2,
	/* Of commands that make reports, for the formats that can write no other report: */
	CT_DOCUMENT_STACKS = 1u << 3,     /* it is about call stacks */
	CT_DOCUMENT_GOROUTINES = 1u << 4, /* it is about goroutines */
};

enum ct_level { CT_P0, CT_P1, CT_P2, CT_N_LEVELS };
enum ct_confidence { CT_PROVEN, CT_LIKELY, CT_POSSIBLE };

enum ct_verdict {
	CT_VERDICT_CRASH,
	CT_VERDICT_DEADLOCK,
	CT_VERDICT_STUCK,
	CT_VERDICT_LEAK,
	CT_VERDICT_CLEAN,
	CT_VERDICT_UNKNOWN,
	CT_N_VERDICTS,
};

/* Which parts of a report the asker wants to see. JSON's "summary", "findings" and "notes" are
 * always there. */
enum ct_section {
	CT_SECTION_FINDINGS = 1u << 0,
	CT_SECTION_CHAINS = 1u << 1,  /* who is behind whom */
	CT_SECTION_THREADS = 1u << 2, /* actors and stacks */
	CT_SECTION_LOCKS = 1u << 3,
	CT_SECTION_MODULES = 1u << 4,
	CT_SECTION_HINTS = 1u << 5, /* what would tell more */
	CT_SECTION_EXPLAIN = 1u << 6,
	CT_SECTION_ALL_STACKS =
		1u << 7, /* every stack; else those of findings, then the rest grouped */
	CT_SECTION_VERBOSE = 1u << 8,
	CT_SECTION_MISSING = 1u << 9,     /* of the modules only those that lack something */
	CT_SECTION_ORPHANS = 1u << 10,    /* who waits to be woken, and by whom */
	CT_SECTION_CRASH = 1u << 11,      /* registers and stack of the thread that crashed */
	CT_SECTION_GOROUTINES = 1u << 12, /* goroutines and their stacks */
	CT_SECTION_SCHED = 1u << 13,      /* Go's scheduler */
	CT_SECTION_CHANNELS = 1u << 14,   /* channels that goroutines wait at */
	CT_SECTION_HEAP = 1u << 15,       /* what lives in the heap of Go */
	CT_SECTION_CONTEXTS = 1u << 18,   /* the contexts of Go */
	CT_SECTION_TIMERS = 1u << 16,     /* timers of Go */
	CT_SECTION_LEAKS = 1u << 22,      /* goroutines that nobody can wake */
	CT_SECTION_POOLS = 1u << 19,      /* what is in pools of Go */
};

/* What goroutines that are put together have in common. */
enum ct_grouping {
	CT_BY_PLACE, /* stack and wait */
	CT_BY_STACK,
	CT_BY_STATE,
	CT_BY_WAIT,
	CT_BY_CREATOR,
	CT_BY_LABEL,
	CT_N_GROUPINGS,
};

/* What a profile (--format pprof) is of. */
enum ct_sample {
	CT_SAMPLE_GOROUTINES,
	CT_SAMPLE_WAITING, /* that wait for others, and how long at least */
	/* What the process has kept of itself: */
	CT_SAMPLE_HEAP,
	CT_SAMPLE_BLOCK,
	CT_SAMPLE_MUTEX,
	CT_N_SAMPLES,
};

/* Which goroutines a report shows, and how. */
struct ct_selection {
	const bool *skip;   /* per actor: left out; NULL: none is */
	uint32_t n_skipped; /* of them by what the asker said */
	enum ct_grouping by;
	enum ct_sample sample;
	bool full;    /* each by itself */
	uint64_t one; /* the id of the one that is asked for; 0: there is none */
};

struct ct_diff;

struct ct_step { /* one line of a proof */
	const char *text;
	uint32_t actor, resource; /* CT_NONE: none */
	uint32_t frame;           /* in the actor's stack, or CT_NONE */
};

struct ct_finding {
	const char *rule, *name; /* "CT101", "lock-cycle" */
	enum ct_level level;
	enum ct_confidence confidence;
	const char *title, *message, *hint; /* hint may be NULL */
	const char *other_side; /* who will end the wait of the first goroutine, or NULL */
	const uint32_t *actors, *resources, *cycles;
	uint32_t n_actors, n_resources, n_cycles;
	const struct ct_step *steps;
	uint32_t n_steps;
	bool has_retained;
	uint64_t retained;       /* bytes that nothing but its actors keeps alive, … */
	uint64_t stacks;         /* … and of their stacks; 0: not asked for */
	const char *subject;     /* what it is about, the same in another run, where no thread and
				    no object is part of it; or NULL */
	const char *fingerprint; /* NULL: no stacks to make one of */
	const char *ignored_by;  /* the option or baseline that ignores it, or NULL */
};

struct ct_summary {
	enum ct_verdict verdict;
	const char *headline;             /* one sentence */
	uint32_t n_threads, n_goroutines; /* that live */
	uint32_t n_exited;                /* threads that nobody has joined */
	uint32_t n_findings[CT_N_LEVELS]; /* without the ignored ones */
	uint32_t n_ignored;
};

/* One row of a catalogue: key and text pairs, ended by a NULL key. */
struct ct_catalogue_row {
	const char *type; /* "rule", "command", "option" */
	const struct ct_explanation *fields;
	uint32_t n_fields;
};

struct ct_document {
	enum ct_document_kind kind;
	unsigned sections; /* of enum ct_section */
	/* A report: */
	const struct ct_facts *facts;
	const struct ct_graph *graph;
	const struct ct_policy *policy; /* NULL: none */
	struct ct_summary summary;
	const struct ct_finding *findings; /* worst first */
	uint32_t n_findings;
	const uint32_t
		*finding_of_cycle; /* per cycle of the graph: index of the finding, or CT_NONE */
	const char *const *hints;  /* what would tell more, in order */
	uint32_t n_hints;
	const struct ct_note *notes; /* of rules; those of the facts come before them */
	uint32_t n_notes;
	struct ct_selection selection;
	uint64_t explained; /* explain's address */
	const struct ct_explanation *explanations;
	uint32_t n_explanations;
	/* A diff: */
	const struct ct_diff *diff;
	/* A catalogue: */
	const struct ct_catalogue_row *rows;
	uint32_t n_rows;
	struct ct_arena arena;
};

/* Notes of a report, about how it was made and from rules: how many, and each. */
static inline uint32_t ct_document_n_notes(const struct ct_document *doc)
{
	return doc->facts->n_notes + doc->n_notes;
}

static inline const struct ct_note *ct_document_note(const struct ct_document *doc, uint32_t i)
{
	uint32_t n = doc->facts->n_notes;

	return i < n ? &doc->facts->notes[i] : &doc->notes[i - n];
}

const char *ct_level_name(enum ct_level level);                /* "P0" */
const char *ct_confidence_name(enum ct_confidence confidence); /* "proven" */
const char *ct_verdict_name(enum ct_verdict verdict);          /* "deadlock" */

/*
 * Fills in the fingerprints, from the function names (inlined ones included) of the findings'
 * stacks. Called once, after the lines of these sites are known. Findings that the policy knows by
 * their fingerprint count no more from then on.
 */
void ct_document_fingerprint(struct ct_document *document);

/*
 * Of the stack of the thread that crashed, the sites of the program's own code: their lines are
 * part of what is judged to be the headline. None without a crash. The caller frees *ret.
 */
CT_WARN_UNUSED enum ct_status ct_crash_sites(
	const struct ct_facts *facts, uint32_t **ret, uint32_t *n);

/*
 * The sites whose lines a reader of this document needs: those of the program's own code in its
 * findings' stacks, and in all stacks when the sections show them.
 */
CT_WARN_UNUSED enum ct_status ct_document_sites(const struct ct_document *document, uint32_t **ret,
	uint32_t *n); /* the caller frees *ret */

#endif
