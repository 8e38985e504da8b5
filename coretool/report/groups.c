/* SPDX-License-Identifier: Apache-2.0 */
#include "report/groups.h"

#include "base/hash.h"
#include "base/vec.h"
#include "rules/words.h"

bool ct_group_by_stack(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	const struct ct_actor *a = &facts->actors[actor];

	const struct ct_wait *wait = a->n_waits ? &facts->waits[a->first_wait] : NULL;
	uint64_t where = a->stack;
	bool stopped_for = facts->target.signal.number && facts->target.signal.actor == actor;
	const struct ct_actor_call *call = ct_actor_call(a);
	uint32_t doing = call ? (uint32_t)call->number : a->reason ? a->reason : UINT32_MAX;
	uint32_t what = (doing & 0x7ffff) | (uint32_t)stopped_for << 19;

	if (a->state == CT_STATE_ZOMBIE)
		where = a->start_site;
	else if (a->stack == CT_NONE)
		where = wait ? wait->resource : CT_NONE;
	else
		what |= UINT32_C(1) << 31;
	what |= (uint32_t)a->state << 27 | (wait ? (uint32_t)wait->kind + 1 : 0) << 20;
	*ret = where << 32 | what;
	return true;
}

static bool by_stack_alone(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	*ret = facts->actors[actor].stack;
	return true;
}

static bool by_state(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	*ret = facts->actors[actor].state;
	return true;
}

/* By the runtime's word for it, else by what is known of the wait. */
static bool by_wait(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	const struct ct_actor *a = &facts->actors[actor];
	uint64_t kind = a->n_waits ? facts->waits[a->first_wait].kind + 1u : 0;

	*ret = a->reason ? a->reason : (uint64_t)a->state << 16 | kind << 8;
	return true;
}

/* Equal strings of the facts are one. */
static bool by_creator(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	uint32_t site = ct_goroutine_creator(facts, actor);

	*ret = site != CT_NONE ? (uintptr_t)facts->sites[site].function : 0;
	return true;
}

static bool by_label(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	uint32_t labels = facts->actors[actor].labels;

	*ret = labels ? (uintptr_t)facts->label_sets[labels] : 0;
	return true;
}

bool ct_group_by_all(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	uint64_t keys[3] = {0, 0, 0};

	ct_group_by_stack(facts, actor, &keys[0]);
	by_creator(facts, actor, &keys[1]);
	by_label(facts, actor, &keys[2]);
	*ret = ct_hash_bytes(keys, sizeof(keys));
	return true;
}

ct_group_key ct_group_goroutines(enum ct_grouping by)
{
	static const ct_group_key keys[] = {
		[CT_BY_PLACE] = ct_group_by_stack,
		[CT_BY_STACK] = by_stack_alone,
		[CT_BY_STATE] = by_state,
		[CT_BY_WAIT] = by_wait,
		[CT_BY_CREATOR] = by_creator,
		[CT_BY_LABEL] = by_label,
	};

	_Static_assert(CT_COUNT(keys) == CT_N_GROUPINGS, "a key for each grouping");
	return keys[by];
}

bool ct_group_by_resource(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	const struct ct_actor *a = &facts->actors[actor];

	if (!a->n_waits || facts->waits[a->first_wait].resource == CT_NONE)
		return false;
	*ret = facts->waits[a->first_wait].resource;
	return true;
}

bool ct_group_by_holder(const struct ct_facts *facts, uint32_t actor, uint64_t *ret)
{
	if (!ct_group_by_resource(facts, actor, ret))
		return false;
	const struct ct_wait *wait = &facts->waits[facts->actors[actor].first_wait];
	const struct ct_resource *r = &facts->resources[wait->resource];
	if (!r->n_holds || wait->owner_gone)
		return true;
	uint32_t hold = facts->holds_by_resource[r->first_hold];
	*ret = ((uint64_t)wait->kind + 1) << 32 | facts->holds[hold].actor;
	return true;
}

struct builder {
	CT_VEC(struct ct_group) groups;
	struct ct_hash by_key;
	uint32_t *group_of; /* per actor, or CT_NONE */
};

/* Index of the group with this key, made when it is new; CT_NONE when out of memory. */
static uint32_t find_group(struct builder *b, uint64_t key)
{
	uint64_t hash = ct_hash_u64(key);
	struct ct_hash_it it = ct_hash_find(&b->by_key, hash);
	uint32_t value;

	while (ct_hash_next(&b->by_key, &it, &value))
		if (b->groups.items[value].key == key)
			return value;
	struct ct_group *group = ct_vec_push(&b->groups);
	if (!group || !ct_hash_insert(&b->by_key, hash, b->groups.n - 1))
		return CT_NONE;
	group->key = key;
	return b->groups.n - 1;
}

static bool assign(
	struct builder *b, const struct ct_facts *facts, const bool *skip, ct_group_key key)
{
	for (uint32_t i = 0; i < facts->n_actors; i++) {
		uint64_t value;

		b->group_of[i] = CT_NONE;
		if ((skip && skip[i]) || !key(facts, i, &value))
			continue;
		uint32_t group = find_group(b, value);
		if (group == CT_NONE)
			return false;
		b->group_of[i] = group;
		b->groups.items[group].n++;
	}
	return true;
}

/* Members lie group by group; returns how many there are. */
static uint32_t fill(struct builder *b, uint32_t n_actors, uint32_t *members, uint32_t *next)
{
	uint32_t at = 0;

	for (uint32_t g = 0; g < b->groups.n; g++) {
		b->groups.items[g].actors = members + at;
		next[g] = at;
		at += b->groups.items[g].n;
	}
	for (uint32_t i = 0; i < n_actors; i++)
		if (b->group_of[i] != CT_NONE)
			members[next[b->group_of[i]]++] = i;
	return at;
}

static int larger_first(const void *a, const void *b)
{
	const struct ct_group *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return x->actors < y->actors ? -1 : 1;
}

enum ct_status ct_groups_make(
	const struct ct_facts *facts, const bool *skip, ct_group_key key, struct ct_groups *ret)
{
	struct builder b = {.group_of = calloc((size_t)facts->n_actors + 1, sizeof(*b.group_of))};
	uint32_t *members = calloc((size_t)facts->n_actors + 1, sizeof(*members));
	bool ok = b.group_of && members && assign(&b, facts, skip, key);
	ct_autofree uint32_t *next = ok ? calloc((size_t)b.groups.n + 1, sizeof(*next)) : NULL;

	ct_hash_free(&b.by_key);
	if (!next) {
		free(b.group_of);
		free(members);
		ct_vec_free(&b.groups);
		return CT_NO_MEMORY;
	}
	uint32_t n = fill(&b, facts->n_actors, members, next);
	free(b.group_of);
	if (b.groups.n)
		qsort(b.groups.items, b.groups.n, sizeof(*b.groups.items), larger_first);
	*ret = (struct ct_groups){b.groups.items, b.groups.n, n, members};
	return CT_OK;
}

void ct_groups_free(struct ct_groups *groups)
{
	free(groups->groups);
	free(groups->members);
	*groups = (struct ct_groups){0};
}

static const char *why_of(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	return a->n_waits ? facts->waits[a->first_wait].why : NULL;
}

const char *ct_group_why(
	const struct ct_facts *facts, const uint32_t *actors, uint32_t n, bool *differs)
{
	const char *ret = NULL;

	for (uint32_t i = 0; !ret && i < n; i++)
		ret = why_of(facts, actors[i]);
	*differs = false;
	/* Equal words are one string. */
	for (uint32_t i = 0; ret && !*differs && i < n; i++)
		*differs = why_of(facts, actors[i]) != ret;
	return ret;
}
