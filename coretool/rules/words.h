/* SPDX-License-Identifier: Apache-2.0 */
/* How actors, resources and places are called in sentences; rules and writers use the same words.
 */
#ifndef CT_RULES_WORDS_H
#define CT_RULES_WORDS_H

#include "base/str.h"
#include "facts/facts.h"

/* "thread 12 (billing)"; without a name of its own, the function that it started in. */
const char *ct_say_actor(struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor);
/* The same; of a thread that runs a goroutine "goroutine 7 (main.serve) on thread 12". */
const char *ct_say_carried(struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor);
/* "thread", "threads", "goroutines", "threads and goroutines": what these are, without a number. */
const char *ct_say_kind(const struct ct_facts *facts, const uint32_t *actors, uint32_t n);
/* The name in those parentheses, or NULL. */
const char *ct_actor_label(const struct ct_facts *facts, uint32_t actor);
/*
 * The place of the go statement that made a goroutine; CT_NONE: not known. What the runtime itself
 * began with, the first goroutine, was made by nobody.
 */
uint32_t ct_goroutine_creator(const struct ct_facts *facts, uint32_t actor);
/* Takes the first "key=value" off a label set of the facts; gives the rest. (label.c) */
const char *ct_label_take(const char *labels, struct ct_str *key, struct ct_str *value);
/* "g_lock", "the mutex at 0x7f…". */
const char *ct_say_resource(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t resource);

/* Is the code at this site the program's own, not the C or C++ library's or the dynamic linker's?
 */
bool ct_own_site(const struct ct_facts *facts, uint32_t site);

/* The same of code that is known by names alone: its file and function (or NULL). is_static: the
 * program has the C library in its own file. */
bool ct_own_code(const char *module, const char *function, bool is_static);
/*
 * Adds the name without template arguments and marks of the compiler's clones, which differ between
 * builds of the same source. (function_name.c)
 */
void ct_str_add_function(struct ct_str *s, const char *name);

/*
 * The first frame that is the program's own, not the C or C++ library's or the dynamic linker's:
 * where a person would say that the thread is. CT_NONE: no such frame.
 */
uint32_t ct_own_frame(const struct ct_facts *facts, uint32_t actor);
/* Of the lines of a site the first that is the program's own: a std::lock_guard inlined into f()
 * means f(); NULL: it has none. */
const struct ct_line *ct_own_line(const struct ct_site *site);
/* The same from a frame on. */
uint32_t ct_own_frame_from(const struct ct_facts *facts, uint32_t actor, uint32_t frame);
/* "take_b() a.c:41"; frame CT_NONE, or one without any name: NULL. */
const char *ct_say_frame(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor, uint32_t frame);
/* "main.serve() serve.go:88": of a site that is no frame; NULL: it has no name. */
const char *ct_say_site(struct ct_arena *arena, const struct ct_facts *facts, uint32_t site);
/* "serve.go:88": the line of a site that is the program's own; NULL: none is known. */
const char *ct_say_line(struct ct_arena *arena, const struct ct_facts *facts, uint32_t site);
/* "signal", "post", "release": what ends such a wait, with the object's name behind it. */
const char *ct_say_release(const struct ct_facts *facts, const struct ct_wait *wait);
/* "take_b()": the function of a frame as a whole, whatever was inlined where it is now. */
const char *ct_say_function(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor, uint32_t frame);
/* "asleep in nanosleep", "running": what an actor does, in a few words. */
/* A goroutine in C code or in a system call, of which nothing is known but what its thread waits
 * for: the thread. Else the actor itself. */
uint32_t ct_doing_actor(const struct ct_facts *facts, uint32_t actor);
/* Is the goroutine in C code? */
bool ct_is_in_c(const struct ct_facts *facts, uint32_t actor);
const char *ct_say_activity(struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor);

#endif
