/* SPDX-License-Identifier: Apache-2.0 */
/* The findings, worst first: for a cycle who waits for what and who holds it, for others the steps
 * of the proof. */
#include "report/text.h"
#include "rules/other_side.h"
#include "rules/words.h"

#define FULL_FINDINGS 4 /* told in full; the others get one line each */
#define LINE_FINDINGS 20
#define EDGES_SHOWN   8

#define STEPS_SHOWN  6
#define PROOFS_SHOWN 2  /* edges whose evidence is told without being asked */
#define WHO_COLUMN   36 /* longer names push their line to the right */
#define TAG_COLUMN   66

/* Its stack is part of the report, too. */
static void tell(struct ct_text *t, uint32_t actor)
{
	t->told[actor] = t->found[actor] = true;
}

static void add_tag(struct ct_text *t, const struct ct_finding *f)
{
	ct_text_paint(t, CT_PAINT_DIM);
	ct_text_add(t, "%s %s, %s, %s", f->rule, f->name, ct_level_name(f->level),
		ct_confidence_name(f->confidence));
	ct_text_plain(t);
}

/* What the message says that neither the title nor the verdict's sentence has said. */
static const char *rest_of_message(const struct ct_text *t, const struct ct_finding *f)
{
	const char *headline = t->document->summary.headline, *rest = f->message;
	size_t len = strlen(f->title);

	if (!strncmp(rest, f->title, len))
		rest += len;
	rest += strspn(rest, ":;, ");
	return *rest && !(headline && strstr(headline, rest)) ? rest : NULL;
}

static bool is_loop(const struct ct_text *t, const struct ct_finding *f)
{
	return f->n_cycles && t->graph && t->graph->cycles[f->cycles[0]].kind != CT_CYCLE_SELF;
}

/* The verdict's sentence often is the title of the first finding: it is not told twice. */
static void write_head(struct ct_text *t, const struct ct_finding *f)
{
	const char *headline = t->document->summary.headline;
	bool told = headline && strstr(headline, f->title);
	const char *title = f->title;

	if (told)
		title = is_loop(t, f) ? "The cycle" : "In detail";
	ct_text_gap(t);
	ct_text_paint(t, CT_PAINT_BOLD);
	ct_text_add(t, "%s", title);
	ct_text_plain(t);
	ct_text_pad(t, TAG_COLUMN);
	add_tag(t, f);
	ct_text_end(t);
}

static unsigned who_width(struct ct_text *t, const struct ct_cycle *c, uint32_t n)
{
	unsigned ret = 0;

	for (uint32_t i = 0; i < n; i++) {
		const char *who = ct_say_actor(&t->words, t->facts, c->edges[i].waiter);

		ret = CT_MAX(ret, who ? ct_text_width(who) : 0);
	}
	return CT_MIN(ret, WHO_COLUMN);
}

/* ", which would unlock it (deferred, main.go:40)", where that is known in detail */
static void add_unlock(struct ct_text *t, const struct ct_edge *edge)
{
	const struct ct_deed *deed = &t->facts->holds[edge->hold].deed;

	if (deed->kind)
		ct_text_add(t, ", %s would unlock it%s",
			edge->waiter == edge->holder ? "and" : "which",
			ct_say_deed_place(&t->words, t->facts, deed));
}

static void write_edge(struct ct_text *t, const struct ct_edge *edge, unsigned width)
{
	const struct ct_wait *wait = &t->facts->waits[edge->wait];

	ct_text_add(t, "  %s", ct_say_actor(&t->words, t->facts, edge->waiter));
	ct_text_pad(t, width + 4);
	ct_text_wait(t, wait, false);
	ct_text_place(t, &edge->waiter, 1);
	ct_text_end(t);
	if (edge->hold == CT_NONE) {
		ct_text_pad(t, width + 4);
		ct_text_add(t, "which %s would %s", ct_say_actor(&t->words, t->facts, edge->holder),
			ct_say_release(t->facts, wait));
		if (t->facts->peers[edge->peer].deed.kind)
			ct_text_add(t, "%s",
				ct_say_deed_place(
					&t->words, t->facts, &t->facts->peers[edge->peer].deed));
		ct_text_end(t);
	}
	if (edge->hold == CT_NONE || !ct_text_has_holder(t, wait))
		return;
	ct_text_pad(t, width + 4);
	ct_text_holder(t, wait, true);
	add_unlock(t, edge);
	ct_text_end(t);
}

/* "    thread 12 waits: … (exact)" */
static void write_proof(
	struct ct_text *t, uint32_t actor, const char *verb, const char *why, enum ct_trust trust)
{
	if (why)
		ct_text_say(t, "    %s %s: %s (%s)", ct_say_carried(&t->words, t->facts, actor),
			verb, why, ct_trust_name(trust));
}

/* How it is known that this one waits, and that another one holds what it waits for. */
static void write_proof_of_wait(struct ct_text *t, const struct ct_wait *wait)
{
	const struct ct_resource *r =
		wait->resource != CT_NONE ? &t->facts->resources[wait->resource] : NULL;

	write_proof(t, wait->actor, "waits", wait->why, wait->trust);
	if (!r || r->is_actor || !r->n_holds)
		return;
	uint32_t n;
	const struct ct_hold *hold = ct_first_hold(t->facts, wait, &n);
	if (hold)
		write_proof(t, hold->actor, "holds", hold->why, hold->trust);
}

static void write_proof_of_edge(struct ct_text *t, const struct ct_edge *edge)
{
	const struct ct_peer *peer = edge->hold == CT_NONE ? &t->facts->peers[edge->peer] : NULL;

	write_proof_of_wait(t, &t->facts->waits[edge->wait]);
	if (peer)
		write_proof(t, peer->actor, "would end it", peer->why, peer->trust);
}

static void write_proofs(struct ct_text *t, const struct ct_cycle *c)
{
	uint32_t n = t->verbose ? c->n_edges : CT_MIN(c->n_edges, PROOFS_SHOWN);

	ct_text_say(t, "  How we know");
	for (uint32_t i = 0; i < n; i++)
		write_proof_of_edge(t, &c->edges[i]);
	if (n < c->n_edges)
		ct_text_say(t, "    … and so on, %u more (-v)", c->n_edges - n);
}

static void write_cycle(struct ct_text *t, const struct ct_cycle *c)
{
	uint32_t n = t->verbose ? c->n_edges : CT_MIN(c->n_edges, EDGES_SHOWN);
	unsigned width = who_width(t, c, n);

	for (uint32_t i = 0; i < n; i++)
		write_edge(t, &c->edges[i], width);
	if (n < c->n_edges)
		ct_text_say(t, "  … %u more, the last of which waits for the first one above (-v)",
			c->n_edges - n);
	for (uint32_t i = 0; i < c->n_edges; i++)
		tell(t, c->edges[i].waiter);
	write_proofs(t, c);
}

/* Steps that say more than who waits for what, which the lines above have told. */
static void write_steps(struct ct_text *t, const struct ct_finding *f)
{
	bool all = t->verbose || t->document->sections & CT_SECTION_CRASH;
	uint32_t shown = 0, more = 0;

	for (uint32_t i = 0; i < f->n_steps; i++) {
		const struct ct_step *step = &f->steps[i];

		if (step->resource != CT_NONE)
			continue;
		if (shown == STEPS_SHOWN && !all) {
			more++;
			continue;
		}
		shown++;
		ct_text_add(t, "  %s", step->text);
		if (step->actor != CT_NONE) {
			const char *at =
				ct_say_frame(&t->words, t->facts, step->actor, step->frame);

			tell(t, step->actor);
			if (at)
				ct_text_add(t, ", at %s", at);
		}
		ct_text_end(t);
	}
	if (more)
		ct_text_say(t, "  … %u more steps (-v)", more);
}

/* A lock says more about a proof than a join does; among equals the first of the finding. */
static const struct ct_wait *wait_to_prove(const struct ct_text *t, const struct ct_finding *f)
{
	const struct ct_wait *join = NULL;

	for (uint32_t i = 0; i < f->n_actors; i++) {
		const struct ct_wait *wait = ct_text_first_wait(t, f->actors[i]);

		if (wait && wait->kind != CT_WAIT_JOIN)
			return wait;
		join = join ? join : wait;
	}
	return join;
}

/* Of the actors that the finding is about, those who wait; how that is known of one of them. */
static void write_stuck(struct ct_text *t, const struct ct_finding *f)
{
	ct_autofree bool *skip = malloc((size_t)t->facts->n_actors + 1);
	const struct ct_wait *proven = wait_to_prove(t, f);

	if (!skip || !t->graph) {
		t->failed |= !skip;
		return;
	}
	memset(skip, true, t->facts->n_actors);
	for (uint32_t i = 0; i < f->n_actors; i++) {
		skip[f->actors[i]] = false;
		tell(t, f->actors[i]);
	}
	ct_text_waiters(t, skip, false);
	write_steps(t, f);
	if (proven) {
		ct_text_say(t, "  How we know");
		write_proof_of_wait(t, proven);
	}
}

/* The same advice as above is not given twice. */
static bool is_new_hint(const struct ct_text *t, const struct ct_finding *f)
{
	for (const struct ct_finding *other = t->document->findings; other < f; other++)
		if (!other->ignored_by && other->hint && !strcmp(other->hint, f->hint))
			return false;
	return true;
}

void ct_text_finding(struct ct_text *t, const struct ct_finding *f)
{
	const char *rest = rest_of_message(t, f);

	write_head(t, f);
	if (rest)
		ct_text_say(t, "  %s", rest);
	for (uint32_t i = 0; t->graph && i < f->n_cycles; i++)
		write_cycle(t, &t->graph->cycles[f->cycles[i]]);
	if (f->n_cycles)
		write_steps(t, f);
	else
		write_stuck(t, f);
	if (f->hint && is_new_hint(t, f))
		ct_text_say(t, "  What to do: %s", f->hint);
	if (t->verbose && f->fingerprint)
		ct_text_say(t, "  Fingerprint: %s", f->fingerprint);
}

static void write_line(struct ct_text *t, const struct ct_finding *f)
{
	ct_text_add(t, "  %s", f->title);
	ct_text_pad(t, TAG_COLUMN);
	add_tag(t, f);
	if (f->ignored_by)
		ct_text_add(t, " (ignored: %s)", f->ignored_by);
	ct_text_end(t);
}

/* One line each for those that are not told in full. */
static void write_others(struct ct_text *t, uint32_t full, uint32_t total)
{
	uint32_t seen = 0, lines = 0;

	if (total <= full)
		return;
	ct_text_head(t, "%u more finding%s", total - full, total - full == 1 ? "" : "s");
	for (uint32_t i = 0; i < t->document->n_findings && lines < LINE_FINDINGS; i++) {
		const struct ct_finding *f = &t->document->findings[i];

		if (f->ignored_by || seen++ < full)
			continue;
		write_line(t, f);
		lines++;
	}
	if (full + lines < total)
		ct_text_say(t, "  … %u more (-v)", total - full - lines);
}

static void write_ignored(struct ct_text *t)
{
	uint32_t n = t->document->summary.n_ignored;

	if (!n)
		return;
	ct_text_head(t, "%u finding%s ignored as asked%s", n, n == 1 ? "" : "s",
		t->verbose ? "" : " (-v)");
	for (uint32_t i = 0; t->verbose && i < t->document->n_findings; i++)
		if (t->document->findings[i].ignored_by)
			write_line(t, &t->document->findings[i]);
}

void ct_text_findings(struct ct_text *t)
{
	uint32_t total = 0, full = 0;

	for (uint32_t i = 0; i < t->document->n_findings; i++) {
		const struct ct_finding *f = &t->document->findings[i];

		if (f->ignored_by)
			continue;
		total++;
		if (full == FULL_FINDINGS && !t->verbose)
			continue;
		full++;
		ct_text_finding(t, f);
	}
	write_others(t, full, total);
	write_ignored(t);
}
