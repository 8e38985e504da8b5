/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of what a goroutine waits for: who will send, receive, close, unlock, call Done or
 * signal, whether those can, and what it means that nobody was found.
 */
#ifndef CT_RULES_OTHER_SIDE_H
#define CT_RULES_OTHER_SIDE_H

#include "facts/facts.h"

#define CT_MAX_DOERS 4

struct ct_doer { /* one whose code will end the wait, or make who waits panic (a close) */
	uint32_t actor;
	uint8_t trust; /* enum ct_trust */
	const struct ct_wait *wait;
	const char *why; /* NULL: none is told */
	struct ct_deed deed;
	bool holds; /* it has what is waited for */
};

/*
 * Those whose code will end the wait, of which there may be more than *n, at most CT_MAX_DOERS;
 * returns how many there are in all. First those who can go on, the surer first.
 */
uint32_t ct_list_doers(const struct ct_facts *facts, const struct ct_wait *wait,
	struct ct_doer list[CT_MAX_DOERS], uint32_t *n);

/* What leads to what is waited for; NULL: nobody has looked. */
const struct ct_go_referred *ct_find_referred(
	const struct ct_facts *facts, const struct ct_wait *wait);

/* Does the actor wait for others, by no time and for nothing outside? */
bool ct_is_blocked(const struct ct_facts *facts, uint32_t actor);

/*
 * "goroutine 17 (main.pump) will close it (deferred, main.go:40), but is itself blocked on …, at
 * main.pump() main.go:44"; "nobody will receive from it: …". NULL: it is no goroutine, or it waits
 * for nothing of the kind. That nobody will is said of those alone that are proven to be leaked.
 */
const char *ct_say_other_side(struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor);
/* The same with the object in front of it: "chan int at 0x…: nobody …". */
const char *ct_say_object_and_other_side(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor);
/* " (deferred, main.go:40)", or less of it, down to nothing: where it will be done. */
const char *ct_say_deed_place(
	struct ct_arena *arena, const struct ct_facts *facts, const struct ct_deed *deed);
/* ", but is itself blocked on …, at …", or what else one does for whom the waiter waits. */
const char *ct_say_doer_state(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t waiter, uint32_t actor);

#endif
