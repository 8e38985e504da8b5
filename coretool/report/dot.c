/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wait-for graph for Graphviz: boxes are actors, ellipses what they wait for; what belongs to a
 * cycle is red, the ends of chains are filled. Waiters that nobody waits for are one box for each
 * object: a convoy of a thousand has one arrow.
 */
#include <inttypes.h>

#include "report/groups.h"
#include "report/rows.h"
#include "report/say.h"
#include "rules/words.h"

#define MAX_BOXES 300 /* more than a person can look at; what is left out is told */

#define RED "color=red, fontcolor=red, penwidth=2"

struct dot {
	const struct ct_document *document;
	const struct ct_facts *facts;
	const struct ct_graph *graph;
	FILE *out;
	struct ct_arena words;     /* strings for the present statement */
	bool *boxed;               /* per actor: has a box of its own */
	bool *in_cycle;            /* per actor */
	bool *bad_wait, *bad_hold; /* per wait, per hold: an edge of a cycle */
	bool *drawn;               /* per resource: has an ellipse */
	uint32_t boxes, left_out;
	bool failed;
};

/* A quoted string of Graphviz; \n in what we add ourselves stays a line break. */
static void put_quoted(struct dot *d, const char *s)
{
	for (; s && *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', d->out);
		fputc(*s, d->out);
	}
}

static void end_statement(struct dot *d)
{
	fputs(";\n", d->out);
	d->failed |= d->words.failed;
	ct_arena_reset(&d->words);
}

static const char *line_style(enum ct_trust trust)
{
	if (trust == CT_TRUST_GUESS)
		return ", style=dotted";
	return trust == CT_TRUST_INFERRED ? ", style=dashed" : "";
}

static void put_box(struct dot *d, uint32_t actor)
{
	const struct ct_graph *graph = d->graph;
	const char *at = ct_say_frame(&d->words, d->facts, actor, ct_own_frame(d->facts, actor));

	fprintf(d->out, "\ta%u [shape=box, label=\"", actor);
	put_quoted(d, ct_say_actor(&d->words, d->facts, actor));
	if (at) {
		fputs("\\n", d->out);
		put_quoted(d, at);
	}
	if (graph->root[actor] == actor && graph->behind[actor]) {
		fputs("\\n", d->out);
		put_quoted(d, ct_say_activity(&d->words, d->facts, actor));
		fputs("\", style=filled, fillcolor=lightyellow]", d->out);
	} else {
		fputs(d->in_cycle[actor] ? "\", " RED "]" : "\"]", d->out);
	}
	end_statement(d);
}

static void put_ellipse(struct dot *d, uint32_t resource)
{
	const struct ct_resource *r = &d->facts->resources[resource];

	if (d->drawn[resource])
		return;
	d->drawn[resource] = true;
	fprintf(d->out, "\tr%u [shape=ellipse, label=\"", resource);
	put_quoted(d, ct_say_resource(&d->words, d->facts, resource));
	fputs("\"]", d->out);
	end_statement(d);
	if (r->owner_gone) {
		fprintf(d->out, "\tgone%u [shape=box, style=dashed, label=\"", resource);
		if (r->owner_exited != CT_NONE)
			put_quoted(d, ct_say_actor(&d->words, d->facts, r->owner_exited));
		else if (r->owner_gone == CT_OWNER_UNNAMED)
			fputs("a thread", d->out);
		else
			fprintf(d->out, "thread %" PRIu64, r->owner_gone);
		fprintf(d->out, "\\ngone\"];\n");
		fprintf(d->out, "\tr%u -> gone%u [label=\"held by\", " RED "];\n", resource,
			resource);
	}
}

/* An actor that stands for itself is waited for directly. */
static void put_wait(struct dot *d, const char *from, uint32_t number, uint32_t wait)
{
	const struct ct_wait *w = &d->facts->waits[wait];
	const struct ct_resource *r = &d->facts->resources[w->resource];
	const char *red = d->bad_wait[wait] ? ", " RED : "";

	if (!r->is_actor) {
		put_ellipse(d, w->resource);
		fprintf(d->out, "\t%s%u -> r%u [label=\"waits for%s\"%s%s];\n", from, number,
			w->resource, w->timed ? ", timed" : "", line_style(w->trust), red);
		return;
	}
	for (uint32_t i = 0; i < r->n_holds; i++) {
		const struct ct_hold *hold =
			&d->facts->holds[d->facts->holds_by_resource[r->first_hold + i]];

		if (d->boxed[hold->actor])
			fprintf(d->out, "\t%s%u -> a%u [label=\"joins\"%s%s];\n", from, number,
				hold->actor, line_style(w->trust), red);
	}
}

static void put_waits_of(struct dot *d, uint32_t actor)
{
	const struct ct_actor *a = &d->facts->actors[actor];

	for (uint32_t i = 0; i < a->n_waits; i++)
		if (d->facts->waits[a->first_wait + i].resource != CT_NONE)
			put_wait(d, "a", actor, a->first_wait + i);
}

/* Holds of what is waited for; a lock that nobody wants is no part of this picture. */
static void put_holds(struct dot *d)
{
	for (uint32_t i = 0; i < d->facts->n_holds; i++) {
		const struct ct_hold *hold = &d->facts->holds[i];

		if (!d->drawn[hold->resource] || !d->boxed[hold->actor])
			continue;
		fprintf(d->out, "\tr%u -> a%u [label=\"held by\"%s%s];\n", hold->resource,
			hold->actor, line_style(hold->trust), d->bad_hold[i] ? ", " RED : "");
	}
}

static void mark_cycles(struct dot *d)
{
	for (uint32_t c = 0; c < d->graph->n_cycles; c++) {
		const struct ct_cycle *cycle = &d->graph->cycles[c];

		for (uint32_t i = 0; i < cycle->n_edges; i++) {
			d->in_cycle[cycle->edges[i].waiter] = true;
			d->bad_wait[cycle->edges[i].wait] = true;
			if (cycle->edges[i].hold != CT_NONE)
				d->bad_hold[cycle->edges[i].hold] = true;
		}
	}
}

static void box(struct dot *d, uint32_t actor)
{
	if (d->boxed[actor])
		return;
	if (d->boxes == MAX_BOXES) {
		d->left_out++;
		return;
	}
	d->boxed[actor] = true;
	d->boxes++;
}

/* Those in a cycle first: they must not be the ones that are left out. */
static void choose_boxes(struct dot *d)
{
	for (uint32_t a = 0; a < d->facts->n_actors; a++)
		if (d->in_cycle[a])
			box(d, a);
	for (uint32_t a = 0; a < d->facts->n_actors; a++)
		if (d->graph->behind[a] && !d->in_cycle[a])
			box(d, a);
}

static void put_title(struct dot *d)
{
	const struct ct_summary *summary = &d->document->summary;

	fputs("digraph coretool {\n\tgraph [labelloc=t, labeljust=l, fontname=\"sans-serif\", "
	      "label=\"",
		d->out);
	put_quoted(d, ct_verdict_name(summary->verdict));
	fputs(": ", d->out);
	put_quoted(d, summary->headline);
	if (d->left_out)
		fprintf(d->out, "\\n%u more threads are not drawn", d->left_out);
	fputs("\\n\"];\n\tnode [fontname=\"sans-serif\", fontsize=11];\n"
	      "\tedge [fontname=\"sans-serif\", fontsize=9];\n",
		d->out);
}

static void put_leaves(struct dot *d, const struct ct_groups *groups)
{
	for (uint32_t i = 0; i < groups->n; i++) {
		const struct ct_group *group = &groups->groups[i];
		ct_autostr who = {0};

		if (d->boxes + i >= MAX_BOXES)
			break;
		ct_say_actors(&who, &d->words, d->facts, group->actors, group->n, false);
		d->failed |= who.failed;
		fprintf(d->out, "\tg%u [shape=box, label=\"", i);
		put_quoted(d, ct_str_text(&who));
		fputs("\"]", d->out);
		end_statement(d);
		put_wait(d, "g", i, d->facts->actors[group->actors[0]].first_wait);
	}
}

/* Actors in groups that have no room. */
static uint32_t count_left_out(const struct dot *d, const struct ct_groups *groups)
{
	uint32_t ret = 0;

	for (uint32_t i = MAX_BOXES - d->boxes; i < groups->n; i++)
		ret += groups->groups[i].n;
	return ret;
}

static enum ct_status put_graph(struct dot *d)
{
	ct_autofree bool *skip = calloc((size_t)d->facts->n_actors + 1, sizeof(*skip));
	struct ct_groups leaves;

	if (!skip)
		return CT_NO_MEMORY;
	mark_cycles(d);
	choose_boxes(d);
	for (uint32_t a = 0; a < d->facts->n_actors; a++)
		skip[a] = d->in_cycle[a] || d->graph->behind[a];
	enum ct_status status = ct_groups_make(d->facts, skip, ct_group_by_resource, &leaves);
	if (status)
		return status;
	d->left_out += count_left_out(d, &leaves);
	put_title(d);
	for (uint32_t a = 0; a < d->facts->n_actors; a++)
		if (d->boxed[a])
			put_box(d, a);
	for (uint32_t a = 0; a < d->facts->n_actors; a++)
		if (d->boxed[a])
			put_waits_of(d, a);
	put_leaves(d, &leaves);
	put_holds(d);
	fputs("}\n", d->out);
	ct_groups_free(&leaves);
	return d->failed ? CT_NO_MEMORY : CT_OK;
}

static bool *flags(struct ct_arena *arena, uint32_t n)
{
	return ct_arena_new_array(arena, (size_t)n + 1, bool);
}

static enum ct_status dot_write(
	const struct ct_document *document, const struct ct_style *style, FILE *out)
{
	const struct ct_facts *facts = document->facts;
	struct dot d = {.document = document, .facts = facts, .graph = document->graph, .out = out};
	struct ct_arena arena;

	(void)style;
	ct_arena_init(&arena);
	ct_arena_init(&d.words);
	d.boxed = flags(&arena, facts->n_actors);
	d.in_cycle = flags(&arena, facts->n_actors);
	d.bad_wait = flags(&arena, facts->n_waits);
	d.bad_hold = flags(&arena, facts->n_holds);
	d.drawn = flags(&arena, facts->n_resources);
	enum ct_status status = arena.failed ? CT_NO_MEMORY : put_graph(&d);
	ct_arena_free(&arena);
	ct_arena_free(&d.words);
	return status ? status : ferror(out) ? CT_IO : CT_OK;
}

const struct ct_format ct_format_dot = {
	.name = "dot",
	.summary = "the wait-for graph, for Graphviz",
	.documents = CT_DOCUMENT_REPORT,
	.for_people = true,
	.write = dot_write,
};
