/* SPDX-License-Identifier: Apache-2.0 */
/* Which records a document has, in which order, and which sections ask for them. */
#include "base/hash.h"
#include "facts/go_context.h"
#include "report/json.h"
#include "report/record.h"
#include "rules/diff.h"
#include "rules/policy.h"

static uint32_t count_actors(const struct ct_json *j)
{
	return j->facts->n_actors;
}

static uint32_t count_stacks(const struct ct_json *j)
{
	return j->facts->n_stacks;
}

static uint32_t count_resources(const struct ct_json *j)
{
	return j->facts->n_resources;
}

static uint32_t count_modules(const struct ct_json *j)
{
	return j->facts->n_modules;
}

static uint32_t count_panics(const struct ct_json *j)
{
	return j->facts->n_panics;
}

static uint32_t count_contexts(const struct ct_json *j)
{
	return j->facts->go_contexts->n_contexts;
}

static bool has_contexts(const struct ct_document *document)
{
	return document->facts && document->facts->go_contexts;
}

static bool has_panics(const struct ct_document *document)
{
	return document->facts && document->facts->n_panics;
}

static uint32_t count_timers(const struct ct_json *j)
{
	return j->timers.n;
}

static uint32_t count_leaks(const struct ct_json *j)
{
	return j->leaks.n;
}

static uint32_t count_notes(const struct ct_json *j)
{
	return ct_document_n_notes(j->document);
}

static uint32_t count_cycles(const struct ct_json *j)
{
	return j->document->graph ? j->document->graph->n_cycles : 0;
}

static uint32_t count_groups(const struct ct_json *j)
{
	return j->groups.n;
}

static bool has_goroutines(const struct ct_document *document)
{
	return document->summary.n_goroutines && !document->selection.full;
}

static uint32_t count_findings(const struct ct_json *j)
{
	return j->document->n_findings;
}

static uint32_t count_rows(const struct ct_json *j)
{
	return j->document->n_rows;
}

static uint32_t count_diff_findings(const struct ct_json *j)
{
	return j->document->diff->n_findings;
}

static uint32_t count_diff_locks(const struct ct_json *j)
{
	return j->document->diff->n_locks;
}

static uint32_t count_diff_stacks(const struct ct_json *j)
{
	return j->document->diff->n_stacks;
}

static uint32_t count_diff_goroutines(const struct ct_json *j)
{
	return j->document->diff->n_goroutines;
}

static uint32_t count_diff_pools(const struct ct_json *j)
{
	return j->document->diff->n_pools;
}

static uint32_t count_diff_types(const struct ct_json *j)
{
	return j->document->diff->n_types;
}

static bool compares_goroutines(const struct ct_document *document)
{
	return document->diff->old->n_goroutines || document->diff->new->n_goroutines;
}

static bool compares_pools(const struct ct_document *document)
{
	return document->diff->old->has_pools && document->diff->new->has_pools;
}

static bool compares_types(const struct ct_document *document)
{
	return document->diff->old->has_types && document->diff->new->has_types;
}

static uint32_t count_diff_notes(const struct ct_json *j)
{
	return j->document->diff->n_notes;
}

static bool has_policy(const struct ct_document *document)
{
	return ct_policy_says_something(document->policy);
}

/*
 * The cycles belong to the findings, which are always there. Chains, and what is said of one
 * object, cannot be read without actors and what they wait for; hints stand for the full report,
 * which has the modules too.
 */
static const struct ct_json_part report_parts[] = {
	{"target", "target", 0, NULL, ct_json_target, NULL, NULL},
	{"summary", "summary", 0, NULL, ct_json_summary, NULL, NULL},
	{"explained", "explained", CT_SECTION_EXPLAIN, NULL, ct_json_explained, NULL, NULL},
	{"actors", "actor",
		CT_SECTION_THREADS | CT_SECTION_LOCKS | CT_SECTION_CHAINS | CT_SECTION_EXPLAIN |
			CT_SECTION_ORPHANS | CT_SECTION_SCHED | CT_SECTION_CHANNELS |
			CT_SECTION_GOROUTINES | CT_SECTION_TIMERS,
		count_actors, ct_json_actor, NULL, ct_json_names_actor},
	{"groups", "group", CT_JSON_GROUPED, count_groups, ct_json_group, has_goroutines, NULL},
	{"stacks", "stack", CT_JSON_STACKS, count_stacks, ct_json_stack, NULL, NULL},
	{"resources", "resource",
		CT_SECTION_LOCKS | CT_SECTION_CHAINS | CT_SECTION_EXPLAIN | CT_SECTION_ORPHANS |
			CT_SECTION_CHANNELS | CT_SECTION_GOROUTINES,
		count_resources, ct_json_resource, NULL, ct_json_names_resource},
	{"cycles", "cycle", 0, count_cycles, ct_json_cycle, NULL, NULL},
	{"crash", "crash", 0, NULL, ct_json_crash, ct_json_has_crash, NULL},
	{"panics", "panic", 0, count_panics, ct_json_panic, has_panics, NULL},
	{"sched", "sched", CT_SECTION_SCHED, NULL, ct_json_sched, ct_json_has_go, NULL},
	{"heap", "heap", CT_SECTION_HEAP, NULL, ct_json_heap, ct_json_has_heap, NULL},
	{"contexts", "context", CT_SECTION_CONTEXTS, count_contexts, ct_json_context, has_contexts,
		NULL},
	{"timers", "timer", CT_SECTION_TIMERS, count_timers, ct_json_timer, ct_json_has_timers,
		NULL},
	{"pools", "pool", CT_SECTION_POOLS, ct_json_count_pools, ct_json_pool, ct_json_has_pools,
		NULL},
	{"leaks", "leak", CT_JSON_LEAKS, count_leaks, ct_json_leak, ct_json_has_leaks, NULL},
	{"modules", "module", CT_SECTION_MODULES | CT_SECTION_HINTS, count_modules, ct_json_module,
		NULL, NULL},
	{"findings", "finding", 0, count_findings, ct_json_finding, NULL, NULL},
	{"notes", "note", 0, count_notes, ct_json_note, NULL, NULL},
	{"policy", "policy", 0, NULL, ct_json_policy, has_policy, NULL},
};

static const struct ct_json_part catalogue_parts[] = {
	{"rows", NULL, 0, count_rows, ct_json_row, NULL, NULL},
};

static const struct ct_json_part diff_parts[] = {
	{"summary", "summary", 0, NULL, ct_json_diff_summary, NULL, NULL},
	{"old", "old", 0, NULL, ct_json_diff_old, NULL, NULL},
	{"new", "new", 0, NULL, ct_json_diff_new, NULL, NULL},
	{"findings", "finding", 0, count_diff_findings, ct_json_diff_finding, NULL, NULL},
	{"locks", "lock", 0, count_diff_locks, ct_json_diff_lock, NULL, NULL},
	{"stacks", "stack", 0, count_diff_stacks, ct_json_diff_stack, NULL, NULL},
	{"goroutines", "goroutines", 0, count_diff_goroutines, ct_json_diff_goroutines,
		compares_goroutines, NULL},
	{"pools", "pool", 0, count_diff_pools, ct_json_diff_pool, compares_pools, NULL},
	{"types", "type", 0, count_diff_types, ct_json_diff_type, compares_types, NULL},
	{"notes", "note", 0, count_diff_notes, ct_json_diff_note, NULL, NULL},
	{"policy", "policy", 0, NULL, ct_json_policy, has_policy, NULL},
};

static const struct ct_json_layout report = {
	"coretool-report/1", "report", report_parts, CT_COUNT(report_parts)};
static const struct ct_json_layout catalogue = {
	"coretool-catalogue/1", "catalogue", catalogue_parts, CT_COUNT(catalogue_parts)};
static const struct ct_json_layout diff = {
	"coretool-diff/1", "diff", diff_parts, CT_COUNT(diff_parts)};

const struct ct_json_layout *ct_json_layout_of(const struct ct_document *document)
{
	switch (document->kind) {
	case CT_DOCUMENT_CATALOGUE:
		return &catalogue;
	case CT_DOCUMENT_DIFF:
		return &diff;
	default:
		return &report;
	}
}

bool ct_json_shows(const struct ct_document *document, const struct ct_json_part *part)
{
	return (!part->sections || (part->sections & document->sections)) &&
	       (!part->is_there || part->is_there(document));
}

/* Two kinds of resources may stand at one address; identifiers must still be unique. */
static bool find_twins(struct ct_json *j)
{
	struct ct_hash seen = {0};
	const struct ct_facts *facts = j->facts;
	bool ok = true;

	for (uint32_t i = 0; ok && i < facts->n_resources; i++) {
		uint64_t hash = ct_hash_u64(facts->resources[i].address);
		struct ct_hash_it it = ct_hash_find(&seen, hash);
		uint32_t other;

		while (!j->twins[i] && ct_hash_next(&seen, &it, &other))
			j->twins[i] =
				facts->resources[other].address == facts->resources[i].address;
		ok = j->twins[i] || ct_hash_insert(&seen, hash, i);
	}
	ct_hash_free(&seen);
	return ok;
}

enum ct_status ct_json_open(struct ct_json *j, const struct ct_document *document, FILE *out)
{
	struct ct_json ret = {.document = document, .facts = document->facts, .out = out};

	if (ret.facts && (document->sections & CT_SECTION_TIMERS) &&
		ct_timer_groups_make(ret.facts, &ret.timers))
		return CT_NO_MEMORY;
	if (ret.facts) {
		ret.twins = calloc((size_t)ret.facts->n_resources + 1, sizeof(*ret.twins));
		if ((document->sections & CT_JSON_LEAKS) &&
			ct_leak_groups_make(document, &ret.leaks)) {
			ct_json_close(&ret);
			return CT_NO_MEMORY;
		}
		if (!ret.twins || !find_twins(&ret) || ct_json_name(&ret)) {
			ct_json_close(&ret);
			return CT_NO_MEMORY;
		}
	}
	*j = ret;
	return CT_OK;
}

void ct_json_close(struct ct_json *j)
{
	free(j->twins);
	free(j->named_actors);
	free(j->named_resources);
	ct_groups_free(&j->groups);
	ct_timer_groups_free(&j->timers);
	ct_leak_groups_free(&j->leaks);
	j->twins = j->named_actors = j->named_resources = NULL;
}

enum ct_status ct_json_dump(const struct ct_json *j, json_t *record)
{
	if (!record)
		return CT_NO_MEMORY;
	int failed = json_dumpf(record, j->out, JSON_COMPACT);
	json_decref(record);
	if (!failed)
		return CT_OK;
	return ferror(j->out) ? CT_IO : CT_NO_MEMORY;
}

json_t *ct_json_tool(void)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "name", "coretool");
	ct_record_text(&r, "version", ct_version());
	return ct_record_done(&r);
}
