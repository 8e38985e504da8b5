/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for others to wake it: those whom nobody can wake; those whom somebody may, with who
 * would; who is free to; and the threads that have exited.
 */
#include "report/text.h"
#include "rules/words.h"

#define GROUPS_SHOWN 8
#define PEERS_SHOWN  3

static bool is_about_orphans(const struct ct_finding *f)
{
	return !strcmp(f->rule, "CT110") || !strcmp(f->rule, "CT111");
}

static bool is_alive(const struct ct_text *t, uint32_t actor)
{
	enum ct_actor_state state = t->facts->actors[actor].state;

	return state != CT_STATE_ZOMBIE && state != CT_STATE_DEAD;
}

static bool is_orphan(const struct ct_text *t, uint32_t actor)
{
	return t->graph->orphan[actor] != CT_NO_ORPHAN;
}

/* Not for a holder, but for whoever comes to wake it. */
static bool waits_to_be_woken(const struct ct_text *t, uint32_t actor)
{
	const struct ct_wait *wait = ct_text_first_wait(t, actor);

	return wait && wait->resource != CT_NONE && !wait->timed && !is_orphan(t, actor) &&
	       !ct_wait_kind_has_holder(wait->kind) && wait->kind != CT_WAIT_FUTEX;
}

static bool is_free(const struct ct_text *t, uint32_t actor)
{
	const struct ct_wait *wait = ct_text_first_wait(t, actor);

	return is_alive(t, actor) && !is_orphan(t, actor) && !waits_to_be_woken(t, actor) &&
	       (!wait || wait->resource == CT_NONE || wait->timed || wait->kind == CT_WAIT_FUTEX);
}

static bool has_exited(const struct ct_text *t, uint32_t actor)
{
	return !is_alive(t, actor);
}

static void write_peers(struct ct_text *t, const struct ct_wait *wait)
{
	uint32_t n = t->verbose ? wait->n_peers : CT_MIN(wait->n_peers, (uint32_t)PEERS_SHOWN);

	if (wait->kind == CT_WAIT_BARRIER && !wait->n_peers)
		return;
	if (!wait->n_peers)
		ct_text_say(t, "    who would %s it was not seen", ct_say_release(t->facts, wait));
	for (uint32_t i = 0; i < n; i++) {
		const struct ct_peer *peer = &t->facts->peers[wait->first_peer + i];

		ct_text_say(t, "    %s would %s it: %s (%s)",
			ct_say_actor(&t->words, t->facts, peer->actor),
			ct_say_release(t->facts, wait), peer->why, ct_trust_name(peer->trust));
	}
	if (n < wait->n_peers)
		ct_text_say(t, "    and %u more (-v)", wait->n_peers - n);
}

static const struct part {
	const char *head;
	bool (*belongs)(const struct ct_text *t, uint32_t actor);
	ct_group_key key;
	bool peers;
} parts[] = {
	{"Wait to be woken", waits_to_be_woken, ct_group_by_resource, true},
	{"Free to act", is_free, ct_group_by_stack, false},
	{"Exited, not joined", has_exited, ct_group_by_stack, false},
};

static void write_groups(struct ct_text *t, const struct part *part, const struct ct_groups *groups)
{
	uint32_t n = t->verbose ? groups->n : CT_MIN(groups->n, (uint32_t)GROUPS_SHOWN), more = 0;

	ct_text_head(t, "%s: %u", part->head, groups->n_actors);
	for (uint32_t i = 0; i < n; i++) {
		const struct ct_group *group = &groups->groups[i];

		ct_text_add(t, "  ");
		ct_text_who(t, group->actors, group->n, t->verbose);
		ct_text_add(t, " ");
		ct_text_doing(t, group->actors, group->n);
		ct_text_place(t, group->actors, group->n);
		ct_text_end(t);
		if (part->peers)
			write_peers(t, ct_text_first_wait(t, group->actors[0]));
	}
	for (uint32_t i = n; i < groups->n; i++)
		more += groups->groups[i].n;
	if (more)
		ct_text_say(t, "  … and %u more in %u other places (-v)", more, groups->n - n);
}

static void write_part(struct ct_text *t, const struct part *part)
{
	ct_autofree bool *skip = calloc((size_t)t->facts->n_actors + 1, sizeof(*skip));
	struct ct_groups groups;

	for (uint32_t a = 0; skip && a < t->facts->n_actors; a++)
		skip[a] = !part->belongs(t, a);
	if (!skip || ct_groups_make(t->facts, skip, part->key, &groups)) {
		t->failed = true;
		return;
	}
	if (groups.n)
		write_groups(t, part, &groups);
	ct_groups_free(&groups);
}

void ct_text_orphans(struct ct_text *t)
{
	uint32_t found = 0, dead = 0;

	if (!t->graph)
		return;
	for (uint32_t i = 0; i < t->document->n_findings; i++) {
		const struct ct_finding *f = &t->document->findings[i];

		if (!is_about_orphans(f) || f->ignored_by)
			continue;
		ct_text_finding(t, f);
		found += f->n_actors;
	}
	for (uint32_t a = 0; a < t->facts->n_actors; a++)
		dead += is_orphan(t, a) &&
			(t->graph->cycle_of[a] != CT_NONE || t->graph->lost[a] != CT_NONE);
	if (!found)
		ct_text_head(t, "Orphans: none");
	if (dead)
		ct_text_say(t, "  %u thread%s in or behind a deadlock (coretool deadlocks)", dead,
			dead == 1 ? " is" : "s are");
	for (size_t i = 0; i < CT_COUNT(parts); i++)
		write_part(t, &parts[i]);
}
