/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict is the first that applies: crash by a synchronous fault, or by an abort with a
 * message; deadlock; crash by any other abort; stuck; clean; unknown, when neither waits nor stacks
 * could be read, or when some of the process is missing. A finding that is merely
 * possible decides nothing. A signal that another process sent is no crash.
 */
#include "rules/verdict.h"

#include <signal.h>

#include "base/str.h"
#include "facts/crash.h"
#include "rules/words.h"

static const struct decisive {
	const char *rule;
	enum ct_verdict verdict;
	const char *kind; /* of the crash that it must speak of; NULL: any, or none */
} decisive[] = {
	{"CT101", CT_VERDICT_DEADLOCK, NULL},
	{"CT102", CT_VERDICT_DEADLOCK, NULL},
	{"CT103", CT_VERDICT_DEADLOCK, NULL},
	{"CT104", CT_VERDICT_DEADLOCK, NULL},
	{"CT111", CT_VERDICT_DEADLOCK, NULL},
	{"CT203", CT_VERDICT_DEADLOCK, NULL},
	{"CT204", CT_VERDICT_DEADLOCK, NULL},
	{"CT105", CT_VERDICT_CRASH, NULL},
	{"CT205", CT_VERDICT_CRASH, NULL},
	{"CT201", CT_VERDICT_CRASH, "concurrent-map"},
	{"CT202", CT_VERDICT_CRASH, "bad-pointer"},
	{"CT110", CT_VERDICT_STUCK, NULL},
	{"CT112", CT_VERDICT_STUCK, NULL},
	{"CT120", CT_VERDICT_STUCK, NULL},
	{"CT210", CT_VERDICT_STUCK, NULL},
	{"CT211", CT_VERDICT_STUCK, NULL},
	{"CT212", CT_VERDICT_STUCK, NULL},
	{"CT213", CT_VERDICT_STUCK, NULL},
	{"CT228", CT_VERDICT_STUCK, NULL},
	{"CT229", CT_VERDICT_STUCK, NULL},
};

static bool is_fault(int number)
{
	return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL ||
	       number == SIGTRAP || number == SIGSYS;
}

static bool speaks_for(
	const struct ct_document *doc, const struct ct_finding *f, enum ct_verdict verdict)
{
	const struct ct_crash *crash = doc->facts->crash;

	if (f->confidence == CT_POSSIBLE || f->ignored_by)
		return false;
	for (size_t d = 0; d < CT_COUNT(decisive); d++)
		if (decisive[d].verdict == verdict && !strcmp(decisive[d].rule, f->rule))
			return !decisive[d].kind ||
			       (crash && crash->kind && !strcmp(crash->kind, decisive[d].kind));
	return false;
}

/* The finding that speaks for this verdict; they are sorted worst first. */
static const struct ct_finding *finding_for(const struct ct_document *doc, enum ct_verdict verdict)
{
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (speaks_for(doc, &doc->findings[i], verdict))
			return &doc->findings[i];
	return NULL;
}

static uint32_t count_decisive(const struct ct_document *doc, enum ct_verdict verdict)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < doc->n_findings; i++)
		n += speaks_for(doc, &doc->findings[i], verdict);
	return n;
}

static bool nothing_was_read(const struct ct_facts *facts)
{
	for (uint32_t i = 0; i < facts->n_actors; i++)
		if (ct_actor_call(&facts->actors[i]) || facts->actors[i].stack != CT_NONE)
			return false;
	return true;
}

static const char *say_place(struct ct_document *doc, uint32_t actor)
{
	const char *at =
		ct_say_frame(&doc->arena, doc->facts, actor, ct_own_frame(doc->facts, actor));

	return at ? ct_arena_printf(&doc->arena, " in %s", at) : "";
}

static const char *crash_headline(struct ct_document *doc)
{
	const struct ct_finding *f = finding_for(doc, CT_VERDICT_CRASH);

	if (f)
		return f->message;
	const struct ct_crash *crash = doc->facts->crash;
	if (crash && crash->kind && crash->message)
		return ct_arena_printf(
			&doc->arena, "Go's runtime ended the process: %s", crash->message);
	const struct ct_fact_signal *signal = &doc->facts->target.signal;
	const char *who = signal->actor != CT_NONE
				  ? ct_say_actor(&doc->arena, doc->facts, signal->actor)
				  : "a thread";
	const char *place = signal->actor != CT_NONE ? say_place(doc, signal->actor) : "";
	/* A debugger has it in its hands. */
	const char *source = doc->facts->target.source;
	const char *what = source && !strcmp(source, "gdb") ? "was stopped by" : "died of";

	if (signal->has_address)
		return ct_arena_printf(&doc->arena, "%s %s %s (%s) at address 0x%llx%s", who, what,
			signal->name, signal->code, (unsigned long long)signal->address, place);
	return ct_arena_printf(&doc->arena, "%s %s %s%s", who, what, signal->name, place);
}

/* For a thread of this process to signal, to post or to arrive. */
static bool waits_to_be_woken(const struct ct_facts *facts, const struct ct_actor *actor)
{
	enum ct_wait_kind kind =
		actor->n_waits ? facts->waits[actor->first_wait].kind : CT_WAIT_OTHER;

	return kind == CT_WAIT_COND || kind == CT_WAIT_SEM || kind == CT_WAIT_BARRIER ||
	       (kind >= CT_WAIT_FUTURE && kind <= CT_WAIT_RECV);
}

/* Waits for something inside the process whose holder is recorded nowhere: of these nothing is
 * known. */
static bool waits_for_unknown(const struct ct_facts *facts, const struct ct_actor *actor)
{
	for (uint32_t i = 0; i < actor->n_waits; i++) {
		const struct ct_wait *wait = &facts->waits[actor->first_wait + i];

		if (wait->resource != CT_NONE && !wait->outside &&
			facts->resources[wait->resource].holders == CT_HOLDERS_UNKNOWN &&
			!facts->resources[wait->resource].n_holds)
			return true;
	}
	return false;
}

/* For an object of this process whose owner is another one. */
static bool waits_elsewhere(const struct ct_facts *facts, const struct ct_actor *actor)
{
	for (uint32_t i = 0; i < actor->n_waits; i++)
		if (facts->waits[actor->first_wait + i].resource != CT_NONE &&
			facts->waits[actor->first_wait + i].outside)
			return true;
	return false;
}

/* Of a Go program the goroutines tell, not the threads that wait for something to run. */
static const char *clean_go_headline(struct ct_document *doc)
{
	const struct ct_facts *facts = doc->facts;
	uint32_t waiting = 0;

	for (uint32_t i = 0; i < facts->n_actors; i++)
		waiting += facts->actors[i].kind == CT_ACTOR_GOROUTINE &&
			   facts->actors[i].state == CT_STATE_WAITING;
	return ct_arena_printf(&doc->arena, "%s%s: %u thread%s, %u goroutine%s, %u of them waiting",
		facts->target.n_partial ? "not all could be read, so a deadlock cannot be ruled out"
					: "no deadlock found",
		doc->summary.n_ignored ? " beside what is ignored" : "", doc->summary.n_threads,
		doc->summary.n_threads == 1 ? "" : "s", doc->summary.n_goroutines,
		doc->summary.n_goroutines == 1 ? "" : "s", waiting);
}

static const char *clean_headline(struct ct_document *doc)
{
	const struct ct_facts *facts = doc->facts;
	uint32_t asleep = 0, unknown = 0, elsewhere = 0, woken = 0, n = doc->summary.n_threads;
	const char *rest = "", *others = "", *idle = "";

	if (facts->go)
		return clean_go_headline(doc);

	for (uint32_t i = 0; i < facts->n_actors; i++) {
		asleep += ct_actor_call(&facts->actors[i]) != NULL;
		if (waits_to_be_woken(facts, &facts->actors[i]))
			woken++;
		else
			unknown += waits_for_unknown(facts, &facts->actors[i]);
		elsewhere += waits_elsewhere(facts, &facts->actors[i]);
	}
	if (elsewhere)
		others = ct_arena_printf(&doc->arena,
			"; %u wait%s for a lock that another process holds", elsewhere,
			elsewhere == 1 ? "s" : "");
	if (unknown)
		rest = ct_arena_printf(&doc->arena,
			"; %u wait%s on locks or futexes whose holder is not recorded", unknown,
			unknown == 1 ? "s" : "");
	if (woken)
		idle = ct_arena_printf(&doc->arena,
			"; %u wait%s for others to wake %s (condition variable, semaphore, "
			"barrier)",
			woken, woken == 1 ? "s" : "", woken == 1 ? "it" : "them");
	const char *beside = doc->summary.n_ignored ? " beside what is ignored" : "";
	/* Of what could not be read nothing is known. */
	const char *found = facts->target.n_partial
				    ? "not all could be read, so a deadlock cannot be ruled out"
				    : "no deadlock found";
	return ct_arena_printf(&doc->arena, "%s%s: %u thread%s, %u asleep%s%s%s", found, beside, n,
		n == 1 ? "" : "s", asleep, others, rest, idle);
}

/* A watchdog's abort beside a deadlock: the deadlock is the answer, the signal its messenger. */
static const char *with_messenger(struct ct_document *doc, const char *headline)
{
	const struct ct_fact_signal *signal = &doc->facts->target.signal;

	if (!signal->number || signal->sent || signal->actor == CT_NONE)
		return headline;
	return ct_arena_printf(&doc->arena, "%s (%s raised %s)", headline,
		ct_say_actor(&doc->arena, doc->facts, signal->actor), signal->name);
}

static const char *finding_headline(struct ct_document *doc, enum ct_verdict verdict)
{
	const struct ct_finding *f = finding_for(doc, verdict);
	uint32_t more = count_decisive(doc, verdict) - 1;

	const char *message = f->confidence == CT_LIKELY
				      ? ct_arena_printf(&doc->arena, "probably %s", f->message)
				      : f->message;

	if (!more)
		return message;
	return ct_arena_printf(&doc->arena, "%s; and %u more %s", message, more,
		more == 1 ? "finding" : "findings");
}

static void judge(struct ct_document *doc)
{
	const struct ct_fact_signal *signal = &doc->facts->target.signal;
	struct ct_summary *s = &doc->summary;
	const struct ct_crash *crash = doc->facts->crash;
	bool own_signal = signal->number && !signal->sent;
	bool sure = crash ? ct_crash_is_sure(crash->class) : is_fault(signal->number);

	if ((own_signal || (crash && crash->kind)) && sure) {
		s->verdict = CT_VERDICT_CRASH;
		s->headline = crash_headline(doc);
	} else if (finding_for(doc, CT_VERDICT_DEADLOCK)) {
		s->verdict = CT_VERDICT_DEADLOCK;
		s->headline = with_messenger(doc, finding_headline(doc, CT_VERDICT_DEADLOCK));
	} else if (own_signal && (crash || signal->number == SIGABRT)) {
		s->verdict = CT_VERDICT_CRASH;
		s->headline = crash_headline(doc);
	} else if (finding_for(doc, CT_VERDICT_STUCK)) {
		s->verdict = CT_VERDICT_STUCK;
		s->headline = finding_headline(doc, CT_VERDICT_STUCK);
	} else if (nothing_was_read(doc->facts)) {
		s->verdict = CT_VERDICT_UNKNOWN;
		s->headline = "neither waits nor stacks could be read";
	} else {
		/* What is missing may be the lock that all wait for. */
		s->verdict = doc->facts->target.n_partial ? CT_VERDICT_UNKNOWN : CT_VERDICT_CLEAN;
		s->headline = clean_headline(doc);
	}
}

static void count(struct ct_document *doc)
{
	struct ct_summary *s = &doc->summary;

	*s = (struct ct_summary){0};
	for (uint32_t i = 0; i < doc->facts->n_actors; i++) {
		if (doc->facts->actors[i].state == CT_STATE_ZOMBIE)
			s->n_exited++;
		else if (doc->facts->actors[i].kind == CT_ACTOR_THREAD)
			s->n_threads++;
		else
			s->n_goroutines++;
	}
	for (uint32_t i = 0; i < doc->n_findings; i++) {
		if (doc->findings[i].ignored_by)
			s->n_ignored++;
		else
			s->n_findings[doc->findings[i].level]++;
	}
}

/* What a shell takes as one word. */
static const char *quoted(struct ct_arena *arena, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+@%:=,";
	ct_autostr text = {0};

	if (word[0] && word[strspn(word, plain)] == '\0')
		return word;
	ct_str_add(&text, "'");
	for (const char *p = word; *p; p++) {
		if (*p == '\'')
			ct_str_add(&text, "'\\''");
		else
			ct_str_add_bytes(&text, p, 1);
	}
	ct_str_add(&text, "'");
	return ct_arena_strndup(arena, ct_str_text(&text), text.len);
}

#define MAX_HINTS 8

static void add_hint(struct ct_document *doc, const char **hints, const char *text)
{
	if (text && doc->n_hints < MAX_HINTS)
		hints[doc->n_hints++] = text;
}

/* The one thread whose end would free the most. */
static const char *whom_to_free(struct ct_document *doc)
{
	const struct ct_graph *g = doc->graph;
	uint32_t best = CT_NONE;

	for (uint32_t a = 0; a < doc->facts->n_actors; a++)
		if (g->behind[a] && g->root[a] == a &&
			(best == CT_NONE || g->behind[a] > g->behind[best]))
			best = a;
	if ((doc->summary.verdict == CT_VERDICT_DEADLOCK && doc->findings[0].level == CT_P0) ||
		(doc->summary.verdict == CT_VERDICT_STUCK &&
			!strcmp(doc->findings[0].rule, "CT110") &&
			doc->findings[0].confidence == CT_PROVEN))
		return "Nothing inside the process can end this: restart it.";
	if (best == CT_NONE || doc->summary.verdict != CT_VERDICT_STUCK)
		return NULL;
	return ct_arena_printf(&doc->arena, "Whatever lets %s go on frees %u waiting %s%s.",
		ct_say_actor(&doc->arena, doc->facts, best), g->behind[best],
		doc->facts->actors[g->first_of_root[best]].kind == CT_ACTOR_GOROUTINE ? "goroutine"
										      : "thread",
		g->behind[best] == 1 ? "" : "s");
}

/* A stripped Go program has its names and lines all the same: nothing is to be installed for it. */
static bool is_go_program(const struct ct_facts *facts, uint32_t module)
{
	const struct ct_fact_module *m = &facts->modules[module];

	return facts->go && facts->target.exe && !strcmp(facts->target.exe, m->path) && m->state &&
	       !strcmp(m->state, "no-symbols");
}

static void add_hints(struct ct_document *doc)
{
	const char **hints = ct_arena_new_array(&doc->arena, MAX_HINTS, const char *);
	const struct ct_facts *facts = doc->facts;
	const char *core = doc->policy && doc->policy->no_core ? ""
			   : facts->target.path                ? ct_arena_printf(&doc->arena, " %s",
									 quoted(&doc->arena, facts->target.path))
							       : " CORE";

	doc->n_hints = 0;
	if (!hints)
		return;
	add_hint(doc, hints, whom_to_free(doc));
	for (uint32_t i = 0, said = 0; i < facts->n_modules && said < 3; i++)
		if (facts->modules[i].advice && !is_go_program(facts, i)) {
			add_hint(doc, hints, facts->modules[i].advice);
			said++;
		}
	if (doc->n_findings && doc->findings[0].n_resources)
		add_hint(doc, hints,
			ct_arena_printf(&doc->arena, "coretool explain%s 0x%llx", core,
				(unsigned long long)facts->resources[doc->findings[0].resources[0]]
					.address));
	if (facts->crash)
		add_hint(doc, hints, ct_arena_printf(&doc->arena, "coretool crash%s", core));
	if (facts->go) {
		add_hint(doc, hints, ct_arena_printf(&doc->arena, "coretool goroutines%s", core));
		add_hint(doc, hints, ct_arena_printf(&doc->arena, "coretool channels%s", core));
	} else {
		add_hint(doc, hints, ct_arena_printf(&doc->arena, "coretool threads%s", core));
	}
	doc->hints = hints;
}

void ct_document_judge(struct ct_document *document)
{
	count(document);
	judge(document);
	add_hints(document);
}
