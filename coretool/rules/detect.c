/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the rules over facts and graph, and makes their findings a document. */
#include "rules/findings.h"
#include "rules/policy.h"
#include "rules/verdict.h"
#include "rules/words.h"

static int worst_first(const void *a, const void *b)
{
	const struct ct_finding *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (x->confidence != y->confidence)
		return x->confidence < y->confidence ? -1 : 1;
	int by_rule = strcmp(x->rule, y->rule);
	if (by_rule)
		return by_rule;
	/* Then the larger one; the lowest actor breaks ties, so that the order is always the same.
	 */
	if (x->n_actors != y->n_actors)
		return x->n_actors > y->n_actors ? -1 : 1;
	uint32_t i = x->n_actors ? x->actors[0] : 0, j = y->n_actors ? y->actors[0] : 0;
	return (i > j) - (i < j);
}

static enum ct_status run_rules(struct ct_findings *out)
{
	for (size_t i = 0; i < ct_n_rules; i++) {
		enum ct_status status;

		if (ct_rules[i]->wants & ~out->facts->wants ||
			ct_policy_level(out->policy, ct_rules[i]->id) == CT_RULE_OFF)
			continue;
		status = ct_rules[i]->run(out->facts, out->graph, out->policy, out);
		if (status)
			return status;
	}
	return CT_OK;
}

static void settle(struct ct_document *doc, struct ct_findings *out)
{
	uint32_t *of_cycle = ct_arena_new_array(&doc->arena, out->graph->n_cycles, uint32_t);

	for (uint32_t i = 0; i < out->list.n; i++)
		out->list.items[i].ignored_by =
			ct_policy_ignores(out->policy, out->facts, &out->list.items[i]);
	if (out->list.n)
		qsort(out->list.items, out->list.n, sizeof(*out->list.items), worst_first);
	doc->findings =
		ct_arena_copy(&doc->arena, out->list.items, out->list.n * sizeof(*out->list.items));
	doc->n_findings = doc->findings ? out->list.n : 0;
	doc->notes = ct_arena_copy(
		&doc->arena, out->notes.items, out->notes.n * sizeof(*out->notes.items));
	doc->n_notes = doc->notes ? out->notes.n : 0;
	if (!of_cycle)
		return;
	memset(of_cycle, 0xff, out->graph->n_cycles * sizeof(*of_cycle));
	for (uint32_t i = 0; i < doc->n_findings; i++)
		for (uint32_t k = 0; k < doc->findings[i].n_cycles; k++)
			of_cycle[doc->findings[i].cycles[k]] = i;
	doc->finding_of_cycle = of_cycle;
}

enum ct_status ct_detect(const struct ct_facts *facts, const struct ct_policy *policy,
	struct ct_document **ret, struct ct_error *err)
{
	struct ct_arena arena = {0};
	struct ct_document *doc = ct_arena_new(&arena, struct ct_document);
	struct ct_graph *graph = NULL;

	if (!doc)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	doc->arena = arena;
	doc->kind = CT_DOCUMENT_REPORT;
	doc->sections = CT_SECTION_FINDINGS | CT_SECTION_CHAINS | CT_SECTION_THREADS |
			CT_SECTION_LOCKS | CT_SECTION_MODULES | CT_SECTION_HINTS;
	doc->facts = facts;
	doc->policy = policy;
	enum ct_status status = ct_graph_build(facts, &graph, err);
	doc->graph = graph;
	if (!status) {
		struct ct_findings out = {
			.facts = facts, .graph = graph, .policy = policy, .arena = &doc->arena};

		status = run_rules(&out);
		if (!status) {
			settle(doc, &out);
			ct_document_judge(doc);
		}
		ct_vec_free(&out.list);
		ct_vec_free(&out.notes);
		if (status || doc->arena.failed)
			status = ct_fail(err, CT_NO_MEMORY, "out of memory while judging");
	}
	if (status) {
		ct_document_free(doc);
		return status;
	}
	*ret = doc;
	return CT_OK;
}
