/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/timers.h"

#include "rules/words.h"

struct key { /* of a timer: what those of a group have in common */
	uint8_t kind, mode;
	bool idle, lasting, alone, endless, kept;
	uint32_t site, stack, created_at; /* of the goroutine that waits, or has it */
	int64_t period;
	uint32_t timer;
};

static struct key key_of(const struct ct_facts *facts, uint32_t i)
{
	const struct ct_go_timer *t = &facts->go_timers->timers[i];
	uint32_t actor = t->keeper != CT_NONE ? t->keeper : t->actor;
	const struct ct_actor *a = actor != CT_NONE ? &facts->actors[actor] : NULL;

	return (struct key){
		.kind = t->kind,
		.mode = t->mode,
		.idle = t->idle,
		.lasting = t->lasting,
		.endless = t->endless,
		.kept = t->keeper != CT_NONE,
		/* Of those that call a function some may be kept by others as well. */
		.alone = t->alone && t->site == CT_NONE,
		.site = t->site,
		.stack = a ? a->stack : CT_NONE,
		.created_at = a ? ct_goroutine_creator(facts, actor) : CT_NONE,
		.period = t->period,
		.timer = i,
	};
}

#define ORDER(x, y, field)                                                                         \
	do {                                                                                       \
		if ((x)->field != (y)->field)                                                      \
			return (x)->field < (y)->field ? -1 : 1;                                   \
	} while (0)

static int compare(const struct key *x, const struct key *y)
{
	ORDER(x, y, kind);
	ORDER(x, y, mode);
	ORDER(x, y, idle);
	ORDER(x, y, lasting);
	ORDER(x, y, alone);
	ORDER(x, y, endless);
	ORDER(x, y, kept);
	ORDER(x, y, site);
	ORDER(x, y, stack);
	ORDER(x, y, created_at);
	ORDER(x, y, period);
	return 0;
}

static int alike_together(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = compare(x, y);

	return order ? order : (x->timer > y->timer) - (x->timer < y->timer);
}

static int soonest_first(const void *a, const void *b)
{
	const struct ct_timer_group *x = a, *y = b;

	ORDER(x, y, first->kind);
	ORDER(x, y, first->fires);
	return (x->members > y->members) - (x->members < y->members);
}

static void add_member(struct ct_timer_group *group, const struct ct_go_timer *t)
{
	if (!group->n++)
		group->first = t;
	group->last = t->fires;
	group->n_alone += t->alone;
	group->retained += t->retained;
	group->largest = CT_MAX(group->largest, t->retained);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* list: room for as many as are in the group. */
static void find_keepers(const struct ct_facts *facts, struct ct_timer_group *group, uint32_t *list)
{
	uint32_t n = group->first->keeper == CT_NONE ? 0 : group->n;

	group->keepers = list;
	for (uint32_t i = 0; i < n; i++)
		list[i] = facts->go_timers->timers[group->members[i]].keeper;
	if (n)
		qsort(list, n, sizeof(*list), by_number);
	for (uint32_t i = 0; i < n; i++)
		if (!group->n_keepers || list[i] != list[group->n_keepers - 1])
			list[group->n_keepers++] = list[i];
}

enum ct_status ct_timer_groups_make(const struct ct_facts *facts, struct ct_timer_groups *ret)
{
	uint32_t n = facts->go_timers ? facts->go_timers->n : 0;
	ct_autofree struct key *keys = calloc((size_t)n + 1, sizeof(*keys));

	*ret = (struct ct_timer_groups){.groups = calloc((size_t)n + 1, sizeof(*ret->groups)),
		.members = calloc((size_t)n + 1, sizeof(*ret->members)),
		.keepers = calloc((size_t)n + 1, sizeof(*ret->keepers))};
	if (!keys || !ret->groups || !ret->members || !ret->keepers) {
		ct_timer_groups_free(ret);
		return CT_NO_MEMORY;
	}
	for (uint32_t i = 0; i < n; i++)
		keys[i] = key_of(facts, i);
	if (n)
		qsort(keys, n, sizeof(*keys), alike_together);
	for (uint32_t i = 0; i < n; i++) {
		if (!i || compare(&keys[i - 1], &keys[i]))
			ret->groups[ret->n++].members = &ret->members[i];
		ret->members[i] = keys[i].timer;
		add_member(&ret->groups[ret->n - 1], &facts->go_timers->timers[keys[i].timer]);
	}
	for (uint32_t i = 0; i < ret->n; i++)
		find_keepers(facts, &ret->groups[i],
			ret->keepers + (ret->groups[i].members - ret->members));
	if (ret->n)
		qsort(ret->groups, ret->n, sizeof(*ret->groups), soonest_first);
	return CT_OK;
}

void ct_timer_groups_free(struct ct_timer_groups *groups)
{
	free(groups->groups);
	free(groups->members);
	free(groups->keepers);
	*groups = (struct ct_timer_groups){0};
}

uint32_t ct_timer_waiters(const struct ct_facts *facts, const struct ct_timer_group *group,
	uint32_t *ret, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < group->n; i++) {
		const struct ct_go_timer *t = &facts->go_timers->timers[group->members[i]];
		const struct ct_resource *r =
			t->resource != CT_NONE ? &facts->resources[t->resource] : NULL;

		for (uint32_t k = 0; r && k < r->n_waiters; k++, n++)
			if (n < max)
				ret[n] = facts->waits[facts->waits_by_resource[r->first_waiter + k]]
						 .actor;
		if (!r && t->actor != CT_NONE && n++ < max)
			ret[n - 1] = t->actor;
	}
	return n;
}

const char *ct_say_bytes(struct ct_arena *arena, uint64_t bytes)
{
	static const struct {
		double bytes;
		const char *unit;
	} units[] = {{0x1p40, "TiB"}, {0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}};

	for (size_t i = 0; i < CT_COUNT(units); i++)
		if ((double)bytes >= units[i].bytes * 0.9995)
			return ct_arena_printf(
				arena, "%.3g %s", (double)bytes / units[i].bytes, units[i].unit);
	return ct_arena_printf(arena, "%llu bytes", (unsigned long long)bytes);
}
