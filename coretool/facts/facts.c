/* SPDX-License-Identifier: Apache-2.0 */
#include "facts/facts.h"

const char *ct_actor_words(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor, const char *label)
{
	const struct ct_actor *a = &facts->actors[actor];
	const char *kind = a->kind == CT_ACTOR_THREAD ? "thread" : "goroutine";
	unsigned long long id = a->id;

	if (facts->say_numbers && ct_actor_number(a))
		return ct_arena_printf(arena, "%s %s (LWP %llu%s%s)", kind, ct_actor_number(a), id,
			label ? ", " : "", label ? label : "");
	if (!id && a->object)
		return ct_arena_printf(arena, "%s 0x%llx%s%s%s", kind,
			(unsigned long long)a->object, label ? " (" : "", label ? label : "",
			label ? ")" : "");
	if (label)
		return ct_arena_printf(arena, "%s %llu (%s)", kind, id, label);
	return ct_arena_printf(arena, "%s %llu", kind, id);
}

const char *ct_owner_gone_words(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t resource)
{
	const struct ct_resource *r = &facts->resources[resource];
	uint32_t actor = r->owner_exited;

	if (actor != CT_NONE)
		return ct_arena_printf(arena, "%s, which has exited",
			ct_actor_words(arena, facts, actor,
				facts->actors[actor].start_site != CT_NONE
					? facts->sites[facts->actors[actor].start_site].function
					: facts->actors[actor].name));
	if (r->owner_gone == CT_OWNER_UNNAMED)
		return ct_arena_printf(arena, "a thread that has exited");
	/* An address is larger than any id. */
	return ct_arena_printf(arena,
		r->owner_gone > UINT32_MAX ? "thread 0x%llx, which is no thread of this process"
					   : "thread %llu, which is no thread of this process",
		(unsigned long long)r->owner_gone);
}

const struct ct_value *ct_resource_value(const struct ct_resource *resource, const char *key)
{
	for (uint32_t i = 0; i < resource->n_values; i++)
		if (!strcmp(resource->values[i].key, key))
			return &resource->values[i];
	return NULL;
}

const char *ct_trust_name(enum ct_trust trust)
{
	static const char *const names[] = {"exact", "debug-info", "layout", "inferred", "guess"};

	return names[trust];
}

const char *ct_deed_name(enum ct_deed_kind kind)
{
	static const char *const names[CT_N_DEEDS] = {
		[CT_DEED_UNLOCK] = "unlock",
		[CT_DEED_SEND] = "send",
		[CT_DEED_RECEIVE] = "receive",
		[CT_DEED_CLOSE] = "close",
		[CT_DEED_DONE] = "done",
		[CT_DEED_SIGNAL] = "signal",
		[CT_DEED_RESET] = "reset",
	};

	return names[kind];
}

const char *ct_wait_kind_name(enum ct_wait_kind kind)
{
	static const char *const names[] = {"mutex", "join", "rwlock-read", "rwlock-write",
		"rwlock", "cond", "sem", "barrier", "once", "spin", "libc-lock", "future", "atomic",
		"park", "chan-send", "chan-recv", "select", "waitgroup", "futex", "io", "sleep",
		"signal", "child", "other"};

	_Static_assert(CT_COUNT(names) == CT_N_WAIT_KINDS, "one name for each kind");
	return names[kind];
}

bool ct_hold_blocks(const struct ct_wait *wait, const struct ct_hold *hold)
{
	return !(hold->waits && hold->actor == wait->actor) &&
	       !(wait->behind_writers && hold->mode == CT_HOLD_SHARED);
}

const struct ct_hold *ct_first_hold(
	const struct ct_facts *facts, const struct ct_wait *wait, uint32_t *n)
{
	const struct ct_resource *r = &facts->resources[wait->resource];
	const struct ct_hold *first = NULL;

	*n = 0;
	for (uint32_t i = 0; i < r->n_holds; i++) {
		const struct ct_hold *hold =
			&facts->holds[facts->holds_by_resource[r->first_hold + i]];

		if (!ct_hold_blocks(wait, hold))
			continue;
		first = first ? first : hold;
		++*n;
	}
	return first;
}

bool ct_wait_kind_has_holder(enum ct_wait_kind kind)
{
	switch (kind) {
	case CT_WAIT_MUTEX:
	case CT_WAIT_JOIN:
	case CT_WAIT_RWLOCK_READ:
	case CT_WAIT_RWLOCK_WRITE:
	case CT_WAIT_RWLOCK:
	case CT_WAIT_ONCE:
	case CT_WAIT_SPIN:
	case CT_WAIT_LIBC:
		return true;
	default:
		return false;
	}
}

const char *ct_actor_state_name(enum ct_actor_state state)
{
	static const char *const names[] = {
		"running", "runnable", "waiting", "syscall", "dead", "zombie"};

	_Static_assert(CT_COUNT(names) == CT_N_ACTOR_STATES, "one name for each state");
	return names[state];
}

const char *ct_site_trust_name(enum ct_site_trust trust)
{
	static const char *const names[] = {"cfi", "fp", "pclntab", "scan", "code"};

	_Static_assert(CT_COUNT(names) == CT_N_SITE_TRUSTS, "one name for each trust");
	return names[trust];
}

void ct_facts_free(struct ct_facts *facts)
{
	if (!facts)
		return;
	/* The facts stand in their own arena. */
	struct ct_arena arena = facts->arena;
	ct_arena_free(&arena);
}
