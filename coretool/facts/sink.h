/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The append-only way into the facts. Actors come first, then waits actor by actor, holds at any
 * time. Functions return an index, or CT_NONE when out of memory; that failure is kept and
 * ct_sink_finish() reports it, so callers need not check each call.
 */
#ifndef CT_FACTS_SINK_H
#define CT_FACTS_SINK_H

#include "facts/crash.h"
#include "facts/go.h"
#include "facts/go_context.h"
#include "facts/go_heap.h"
#include "facts/go_maps.h"
#include "facts/go_pools.h"
#include "facts/go_profiles.h"
#include "facts/go_services.h"
#include "facts/go_timers.h"
#include "facts/panic.h"
#include "facts/races.h"

struct ct_sink;

struct ct_sink *ct_sink_new(unsigned wants); /* NULL: no memory */
void ct_sink_free(struct ct_sink *sink);
void ct_sink_redact(struct ct_sink *sink, bool redact); /* before the first secret comes */

/* The arena of the facts to be: strings that records point to may be made here. */
struct ct_arena *ct_sink_arena(struct ct_sink *sink);
struct ct_fact_target *ct_sink_target(struct ct_sink *sink);

/* Clean, interned copies. NULL stays NULL. */
const char *ct_sink_string(struct ct_sink *sink, const char *s);
CT_PRINTF(2, 3) const char *ct_sink_printf(struct ct_sink *sink, const char *fmt, ...);
/*
 * The same for what may be a secret: every string out of memory that the process could write, and
 * what it told the kernel (names of threads, arguments, messages). When the reader asked for it
 * (--redact), "<14 bytes>" stands for it, here and in every sentence that is made of it.
 */
const char *ct_sink_secret(struct ct_sink *sink, const char *s);

uint32_t ct_sink_actor(struct ct_sink *sink, const struct ct_actor *actor);
struct ct_actor *ct_sink_get_actor(
	struct ct_sink *sink, uint32_t actor); /* until the next one is added */
/* What few actors have, to be filled in. */
struct ct_actor_thread *ct_sink_thread(struct ct_sink *sink, uint32_t actor);
/* Index of the words that say why a goroutine waits; 0: there is no room for more. */
uint8_t ct_sink_reason(struct ct_sink *sink, const char *reason);
/* Index of a new set of labels, "key=value, key=value". They may be a secret. */
uint32_t ct_sink_labels(struct ct_sink *sink, const char *labels);
uint32_t ct_sink_n_actors(const struct ct_sink *sink);
/* The thread that the process itself calls by this id, or CT_NONE. */
uint32_t ct_sink_thread_by_id(const struct ct_sink *sink, uint64_t id);
/* The same of those that have exited and were not joined, where their ids are known. */
uint32_t ct_sink_exited_by_id(const struct ct_sink *sink, uint64_t id);
/* The actor whose struct pthread or g is at this address, or CT_NONE. */
uint32_t ct_sink_actor_by_object(struct ct_sink *sink, uint64_t object);

/* One resource for each address and kind: the second call gives the first one's index, fresh false.
 */
uint32_t ct_sink_resource(struct ct_sink *sink, const char *kind, uint64_t address, bool *fresh);
struct ct_resource *ct_sink_get_resource(
	struct ct_sink *sink, uint32_t resource); /* until the next */
uint32_t ct_sink_n_resources(const struct ct_sink *sink);
/* Fields of a resource's state; keys are constants. Only for the resource added last. */
void ct_sink_value_int(struct ct_sink *sink, uint32_t resource, const char *key, int64_t number);
void ct_sink_value_hex(struct ct_sink *sink, uint32_t resource, const char *key, uint64_t number);
void ct_sink_value_bool(struct ct_sink *sink, uint32_t resource, const char *key, bool value);
void ct_sink_value_text(struct ct_sink *sink, uint32_t resource, const char *key, const char *text);

uint32_t ct_sink_wait(struct ct_sink *sink, const struct ct_wait *wait);
const struct ct_wait *ct_sink_get_wait(
	const struct ct_sink *sink, uint32_t wait); /* until the next */
uint32_t ct_sink_n_waits(const struct ct_sink *sink);
/* Who could end this wait, beside others. */
void ct_sink_peer(struct ct_sink *sink, uint32_t wait, const struct ct_peer *peer);
uint32_t ct_sink_hold(struct ct_sink *sink, const struct ct_hold *hold);
uint32_t ct_sink_n_holds(const struct ct_sink *sink);
struct ct_hold *ct_sink_get_hold(struct ct_sink *sink, uint32_t hold); /* until the next */
/* Is there a resource of any kind at this address? */
bool ct_sink_has_resource(const struct ct_sink *sink, uint64_t address);

/* is_call: see struct ct_site. fresh: the caller fills in the rest of the site. */
uint32_t ct_sink_site(struct ct_sink *sink, uint64_t pc, bool is_call, bool *fresh);
struct ct_site *ct_sink_get_site(
	struct ct_sink *sink, uint32_t site); /* until the next one is added */
uint32_t ct_sink_n_sites(const struct ct_sink *sink);
/* Equal stacks are kept once; n_actors counts. */
uint32_t ct_sink_stack(struct ct_sink *sink, const struct ct_stack *stack);
/* One actor more has a stack that is there already. */
void ct_sink_share_stack(struct ct_sink *sink, uint32_t stack);
const struct ct_stack *ct_sink_get_stack(const struct ct_sink *sink, uint32_t stack);
uint32_t ct_sink_n_stacks(const struct ct_sink *sink);

uint32_t ct_sink_module(struct ct_sink *sink, const struct ct_fact_module *module);
/* What killed the process: kept as a copy; what it points to is in the sink's arena. */
void ct_sink_crash(struct ct_sink *sink, const struct ct_crash *crash);
bool ct_sink_has_crash(const struct ct_sink *sink);
/* The next panic of an actor: those of one come together, newest first. */
void ct_sink_panic(struct ct_sink *sink, const struct ct_panic *panic);
uint32_t ct_sink_n_panics(const struct ct_sink *sink);
const struct ct_panic *ct_sink_get_panic(const struct ct_sink *sink, uint32_t panic);
/* The newest one of an actor, or NULL; until the next one is added. */
const struct ct_panic *ct_sink_panic_of(const struct ct_sink *sink, uint32_t actor);
/* The Go runtime; likewise. */
void ct_sink_go(struct ct_sink *sink, const struct ct_fact_go *go);
void ct_sink_go_heap(struct ct_sink *sink, const struct ct_fact_go_heap *heap);
void ct_sink_go_contexts(struct ct_sink *sink, const struct ct_fact_go_contexts *contexts);
void ct_sink_go_object(struct ct_sink *sink, const struct ct_fact_go_object *object);
void ct_sink_go_references(struct ct_sink *sink, const struct ct_fact_go_references *references);
void ct_sink_go_place(struct ct_sink *sink, const struct ct_fact_go_place *place);
void ct_sink_go_timers(struct ct_sink *sink, const struct ct_fact_go_timers *timers);
void ct_sink_go_profiles(struct ct_sink *sink, const struct ct_fact_go_profiles *profiles);
void ct_sink_go_pools(struct ct_sink *sink, const struct ct_fact_go_pools *pools);
void ct_sink_races(struct ct_sink *sink, const struct ct_fact_races *races);
void ct_sink_go_maps(struct ct_sink *sink, const struct ct_fact_go_maps *maps);
void ct_sink_go_freed(struct ct_sink *sink, const struct ct_fact_go_freed *freed);
void ct_sink_go_services(struct ct_sink *sink, const struct ct_fact_go_services *services);
CT_PRINTF(4, 5)
void ct_sink_note(struct ct_sink *sink, unsigned code, const char *about, const char *fmt, ...);

/* Consumes the sink, also when it fails. */
CT_WARN_UNUSED enum ct_status ct_sink_finish(
	struct ct_sink *sink, struct ct_facts **ret, struct ct_error *err);

#endif
