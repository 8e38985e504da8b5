/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of coretool-report/1 and coretool-catalogue/1, one builder each, for json and ndjson
 * alike. Builders return NULL when out of memory. docs/coretool-report-1.schema.json describes what
 * they make.
 */
#ifndef CT_REPORT_JSON_H
#define CT_REPORT_JSON_H

#include "report/format.h"
#include "report/groups.h"
#include "report/leaks.h"
#include "report/record.h"
#include "rules/timers.h"

/* The sections that show stacks; without them nothing refers to one. */
#define CT_JSON_STACKS (CT_SECTION_THREADS | CT_SECTION_CHAINS | CT_SECTION_GOROUTINES)
/* The sections that show goroutines in groups, but for those that are named elsewhere. */
#define CT_JSON_GROUPED                                                                            \
	(CT_SECTION_THREADS | CT_SECTION_GOROUTINES | CT_SECTION_SCHED | CT_SECTION_TIMERS)
/* The sections that show leaked goroutines. */
#define CT_JSON_LEAKS   (CT_SECTION_LEAKS | CT_SECTION_FINDINGS)
#define CT_JSON_WAITERS 5 /* of a group of timers that are named */

struct ct_json {
	const struct ct_document *document;
	const struct ct_facts *facts;
	FILE *out;
	bool *twins; /* per resource: an earlier one stands at the same address */
	/* Which actors and resources have a record of their own; NULL: all. */
	bool *named_actors, *named_resources;
	struct ct_groups groups; /* of the other goroutines */
	struct ct_timer_groups timers;
	struct ct_leak_groups leaks; /* none when no section shows them */
};

/* One field of the document: a record, or a list of them. */
struct ct_json_part {
	const char *key;   /* in json */
	const char *type;  /* of a line of ndjson; NULL: the record has a type of its own */
	unsigned sections; /* that show it: enum ct_section; 0: always there */
	uint32_t (*count)(const struct ct_json *j); /* NULL: exactly one, not a list */
	json_t *(*record)(const struct ct_json *j, uint32_t index);
	bool (*is_there)(const struct ct_document *document);   /* NULL: it always is */
	bool (*shows)(const struct ct_json *j, uint32_t index); /* NULL: all of the list */
};

struct ct_json_layout {
	const char *schema;
	const char *type; /* of the first line of ndjson */
	const struct ct_json_part *parts;
	size_t n_parts;
};

/* The layout of a document of this kind. */
const struct ct_json_layout *ct_json_layout_of(const struct ct_document *document);
bool ct_json_shows(const struct ct_document *document, const struct ct_json_part *part);

CT_WARN_UNUSED enum ct_status ct_json_open(
	struct ct_json *j, const struct ct_document *document, FILE *out);
void ct_json_close(struct ct_json *j);
/* Writes the record and frees it; NULL is CT_NO_MEMORY. */
CT_WARN_UNUSED enum ct_status ct_json_dump(const struct ct_json *j, json_t *record);
json_t *ct_json_tool(void);

/* Identifiers: "t:12", "r:0x7f00". */
json_t *ct_json_actor_id(const struct ct_json *j, uint32_t actor);
json_t *ct_json_resource_id(const struct ct_json *j, uint32_t resource);
/* Adds the owner that is gone, when there is one. */
void ct_json_add_owner_gone(struct ct_record *r, uint64_t owner);
/*
 * Adds the index that a frame of the facts has in the JSON stack; nothing when there is no frame or
 * no stack is shown.
 */
void ct_json_add_frame(const struct ct_json *j, struct ct_record *r, const char *key,
	uint32_t actor, uint32_t frame);

json_t *ct_json_target(const struct ct_json *j, uint32_t index);
json_t *ct_json_summary(const struct ct_json *j, uint32_t index);
json_t *ct_json_explained(const struct ct_json *j, uint32_t index);
/* json_named.c: who has a record of its own. */
CT_WARN_UNUSED enum ct_status ct_json_name(struct ct_json *j);
bool ct_json_names_actor(const struct ct_json *j, uint32_t index);
bool ct_json_names_resource(const struct ct_json *j, uint32_t index);

json_t *ct_json_group(const struct ct_json *j, uint32_t index);
/* Where a goroutine was made, which is known; by_whom: and by which goroutine. */
json_t *ct_json_creator(const struct ct_json *j, uint32_t actor, bool by_whom);
json_t *ct_json_labels(const char *labels); /* of a label set of the facts */
/* Adds what is known of goroutines alone. */
void ct_json_add_goroutine(const struct ct_json *j, struct ct_record *r, uint32_t actor);
json_t *ct_json_actor(const struct ct_json *j, uint32_t index);
json_t *ct_json_stack(const struct ct_json *j, uint32_t index);
json_t *ct_json_resource(const struct ct_json *j, uint32_t index);
json_t *ct_json_cycle(const struct ct_json *j, uint32_t index);
bool ct_json_has_crash(const struct ct_document *document);
json_t *ct_json_crash(const struct ct_json *j, uint32_t index);
json_t *ct_json_panic(const struct ct_json *j, uint32_t index);
bool ct_json_has_go(const struct ct_document *document);
json_t *ct_json_go(const struct ct_fact_go *go); /* of the target */
json_t *ct_json_sched(const struct ct_json *j, uint32_t index);
bool ct_json_has_heap(const struct ct_document *document);
json_t *ct_json_heap(const struct ct_json *j, uint32_t index);
json_t *ct_json_context(const struct ct_json *j, uint32_t index);
bool ct_json_has_timers(const struct ct_document *document);
json_t *ct_json_timer(const struct ct_json *j, uint32_t index);
bool ct_json_has_pools(const struct ct_document *document);
uint32_t ct_json_count_pools(const struct ct_json *j);
json_t *ct_json_pool(const struct ct_json *j, uint32_t index);
bool ct_json_has_leaks(const struct ct_document *document);
json_t *ct_json_leak_counts(const struct ct_json *j); /* of the summary */
json_t *ct_json_leak(const struct ct_json *j, uint32_t index);
json_t *ct_json_module(const struct ct_json *j, uint32_t index);
json_t *ct_json_finding(const struct ct_json *j, uint32_t index);
json_t *ct_json_note(const struct ct_json *j, uint32_t index);
json_t *ct_json_policy(const struct ct_json *j, uint32_t index);
json_t *ct_json_row(const struct ct_json *j, uint32_t index);

json_t *ct_json_diff_summary(const struct ct_json *j, uint32_t index);
json_t *ct_json_diff_old(const struct ct_json *j, uint32_t index);
json_t *ct_json_diff_new(const struct ct_json *j, uint32_t index);
json_t *ct_json_diff_finding(const struct ct_json *j, uint32_t index);
json_t *ct_json_diff_lock(const struct ct_json *j, uint32_t index);
json_t *ct_json_diff_stack(const struct ct_json *j, uint32_t index);
json_t *ct_json_diff_goroutines(const struct ct_json *j, uint32_t index);
json_t *ct_json_diff_pool(const struct ct_json *j, uint32_t index);
json_t *ct_json_diff_type(const struct ct_json *j, uint32_t index);
json_t *ct_json_diff_note(const struct ct_json *j, uint32_t index);

#endif
