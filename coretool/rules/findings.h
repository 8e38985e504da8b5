/* SPDX-License-Identifier: Apache-2.0 */
/* How rules make findings, and the words that they share. Only rules/ includes it. */
#ifndef CT_RULES_FINDINGS_H
#define CT_RULES_FINDINGS_H

#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "rules/rules.h"

/* How far it is known that no goroutine can run any more, and none is left to wake another. */
enum ct_asleep {
	CT_ASLEEP_NOT_ASKED,
	CT_ASLEEP_NOT_KNOWN, /* or not so */
	CT_ASLEEP_LIKELY,
	CT_ASLEEP_PROVEN, /* the runtime says so itself */
};

struct ct_findings {
	const struct ct_facts *facts;
	const struct ct_graph *graph;
	const struct ct_policy *policy;
	struct ct_arena *arena;
	enum ct_asleep asleep; /* see ct_findings_asleep() */
	CT_VEC(struct ct_finding) list;
	CT_VEC(struct ct_note) notes;
};

struct ct_indices {
	uint32_t *items;
	uint32_t n, cap;
};

/* A finding under construction; zero it, fill it, hand it over. */
struct ct_draft {
	const struct ct_rule *rule;
	enum ct_level level;
	enum ct_confidence confidence;
	const char *title, *message, *hint;
	const char *other_side; /* as that of a finding */
	const char *subject;    /* as that of a finding */
	bool has_retained;      /* as these of a finding: */
	uint64_t retained, stacks;
	struct ct_indices actors, resources, cycles;
	struct ct_hash seen; /* the resources */
	CT_VEC(struct ct_step) steps;
	bool failed;
};

void ct_draft_actor(struct ct_draft *draft, uint32_t actor);
void ct_draft_resource(struct ct_draft *draft, uint32_t resource);
void ct_draft_cycle(struct ct_draft *draft, uint32_t cycle);
void ct_draft_step(struct ct_draft *draft, const char *text, uint32_t actor, uint32_t resource,
	uint32_t frame);
/* "they keep 96 bytes alive that nothing else does, and 4096 of stacks", of n leaked goroutines. */
const char *ct_draft_say_kept(struct ct_findings *out, const struct ct_draft *draft, uint32_t n);
/* Takes all that the draft holds, also when it fails. */
enum ct_status ct_findings_add(struct ct_findings *out, struct ct_draft *draft);

/* A remark that is no finding; its code is the rule's number. */
enum ct_status ct_findings_note(
	struct ct_findings *out, const struct ct_rule *rule, const char *about, const char *text);

/* proven, likely or possible, from the worst trust of what a finding rests on. */
enum ct_confidence ct_confidence_of(const struct ct_facts *facts, enum ct_trust worst);

/* Calls report for each cycle of this kind, until one fails. */
enum ct_status ct_findings_for_cycles(struct ct_findings *out, enum ct_cycle_kind kind,
	enum ct_status (*report)(struct ct_findings *out, uint32_t cycle));

/* What CT203 says, found out at the first call. (go_all_asleep.c) */
enum ct_asleep ct_findings_asleep(struct ct_findings *out);

/* Does a goroutine take part? Then it is for Go's rules. (go_lock_cycle.c) */
bool ct_cycle_has_goroutine(const struct ct_facts *facts, const struct ct_cycle *cycle);
/* The finding about a circle or knot; about one that waits for itself. (lock_cycle.c,
 * self_deadlock.c) */
enum ct_status ct_report_cycle(struct ct_findings *out, const struct ct_rule *rule, uint32_t cycle);
enum ct_status ct_report_self(struct ct_findings *out, const struct ct_rule *rule, uint32_t cycle);

/* What ended a Go program: facts->crash, which is of CT_CRASH_GO. (go_panic.c) */
void ct_draft_go_fatal(struct ct_findings *out, struct ct_draft *draft);

/* The standard steps of one edge: who waits for what and where, who holds it and how that is known.
 */
void ct_draft_edge(struct ct_findings *out, struct ct_draft *draft, const struct ct_edge *edge);

/* Steps for threads that have exited and were not joined: whoever is missed may be among them.
 * before: what stands before "thread 0x7f… has exited". */
void ct_draft_exited(struct ct_findings *out, struct ct_draft *draft, const char *before);

extern const struct ct_rule ct_rule_barrier_short;
extern const struct ct_rule ct_rule_blocked_behind;
extern const struct ct_rule ct_rule_crash;
extern const struct ct_rule ct_rule_corrupt_lock;
extern const struct ct_rule ct_rule_dead_owner;
extern const struct ct_rule ct_rule_go_all_asleep;

extern const struct ct_rule ct_rule_go_bad_pointer;
extern const struct ct_rule ct_rule_go_close_by_receiver;
extern const struct ct_rule ct_rule_go_concurrent_map;
extern const struct ct_rule ct_rule_go_context_ignored;
extern const struct ct_rule ct_rule_go_context_lost;
extern const struct ct_rule ct_rule_go_db_pool;
extern const struct ct_rule ct_rule_go_goroutine_count;
extern const struct ct_rule ct_rule_go_handler_outlived;
extern const struct ct_rule ct_rule_go_leak;
extern const struct ct_rule ct_rule_go_leak_suspect;
extern const struct ct_rule ct_rule_go_lock_cycle;
extern const struct ct_rule ct_rule_go_nil_channel;
extern const struct ct_rule ct_rule_go_panic;
extern const struct ct_rule ct_rule_go_pool_double;
extern const struct ct_rule ct_rule_go_pool_large;
extern const struct ct_rule ct_rule_go_pool_mixed;
extern const struct ct_rule ct_rule_go_pool_use;
extern const struct ct_rule ct_rule_go_shutdown;
extern const struct ct_rule ct_rule_go_spin;
extern const struct ct_rule ct_rule_go_ticker_not_stopped;
extern const struct ct_rule ct_rule_go_timer_pile_up;
extern const struct ct_rule ct_rule_go_timer_retention;
extern const struct ct_rule ct_rule_go_waitgroup;
extern const struct ct_rule ct_rule_handler_deadlock;
extern const struct ct_rule ct_rule_lock_cycle;
extern const struct ct_rule ct_rule_orphan;
extern const struct ct_rule ct_rule_lock_left;
extern const struct ct_rule ct_rule_pile_up;
extern const struct ct_rule ct_rule_race_in_flight;
extern const struct ct_rule ct_rule_self_deadlock;

#endif
