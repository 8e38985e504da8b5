/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT219: who receives from a channel will close it, while others go on to send: a send on a closed
 * channel is a panic. One send of each is no sign: a receiver that counts them may close after the
 * last. Who sends again after what it waits for, or for ever, is.
 */
#include "facts/go.h"
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8

static bool waits_to(
	const struct ct_facts *facts, uint32_t actor, uint32_t resource, enum ct_wait_kind kind)
{
	const struct ct_actor *a = &facts->actors[actor];

	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct ct_wait *wait = &facts->waits[a->first_wait + i];

		if (wait->resource == resource && wait->kind == kind)
			return true;
	}
	return false;
}

static bool is_receiver(const struct ct_facts *facts, const struct ct_channel_use *use)
{
	return use->closes && !use->sends &&
	       (use->receives || waits_to(facts, use->actor, use->resource, CT_WAIT_RECV)) &&
	       !waits_to(facts, use->actor, use->resource, CT_WAIT_SEND);
}

/* Will it send when what it may be waiting to send now is out? */
static bool sends_on(const struct ct_facts *facts, const struct ct_channel_use *use)
{
	bool parked = waits_to(facts, use->actor, use->resource, CT_WAIT_SEND);

	return !use->closes && (use->endless || use->sends > !parked);
}

static uint32_t count_senders(const struct ct_facts *facts, const struct ct_channel_use *uses,
	uint32_t n, uint32_t but, bool *endless)
{
	uint32_t ret = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (uses[i].actor == but || !sends_on(facts, &uses[i]))
			continue;
		*endless |= uses[i].endless;
		ret++;
	}
	return ret;
}

static enum ct_status report(struct ct_findings *out, const struct ct_channel_use *uses, uint32_t n,
	const struct ct_channel_use *closer)
{
	const struct ct_facts *facts = out->facts;
	struct ct_draft draft = {.rule = &ct_rule_go_close_by_receiver, .level = CT_P2};
	const char *channel = ct_say_resource(out->arena, facts, closer->resource);
	const char *who = ct_say_actor(out->arena, facts, closer->actor);
	bool endless = false;
	uint32_t senders = count_senders(facts, uses, n, closer->actor, &endless), shown = 0;

	if (!senders)
		return CT_OK;
	ct_draft_actor(&draft, closer->actor);
	ct_draft_resource(&draft, closer->resource);
	ct_draft_step(&draft,
		ct_arena_printf(out->arena, "%s receives from %s, and will close it: %s", who,
			channel, closer->why),
		closer->actor, CT_NONE, CT_NONE);
	for (uint32_t i = 0; i < n && shown < MAX_STEPS; i++) {
		if (uses[i].actor == closer->actor || !sends_on(facts, &uses[i]))
			continue;
		shown++;
		ct_draft_step(&draft,
			ct_arena_printf(out->arena, "%s sends to it%s: %s",
				ct_say_actor(out->arena, facts, uses[i].actor),
				uses[i].endless ? " again and again, without an end"
						: " more than once",
				uses[i].why),
			uses[i].actor, CT_NONE, CT_NONE);
	}
	draft.confidence = closer->sure && endless ? CT_LIKELY : CT_POSSIBLE;
	draft.title = ct_arena_printf(out->arena,
		"%s receives from %s and will close it, while %u goroutine%s to it", who, channel,
		senders, senders == 1 ? " still sends" : "s still send");
	draft.message = ct_arena_printf(out->arena, "%s: a send on a closed channel panics%s",
		draft.title,
		endless ? "" : "; that is right only if it receives all that they send before");
	draft.hint = "Let the one who sends close, and only when it has sent all; with several "
		     "senders close nothing, and tell them to end by a context or another channel.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	uint32_t n = facts->go ? facts->go->n_uses : 0;
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	/* Frames that are missing may send, too. */
	if (facts->target.n_partial)
		return CT_OK;
	for (uint32_t i = 0, end; !status && i < n; i = end) {
		const struct ct_channel_use *uses = &facts->go->uses[i];

		for (end = i + 1; end < n && facts->go->uses[end].resource == uses->resource; end++)
			;
		if (uses->over) /* CT205 tells it */
			continue;
		for (uint32_t k = 0; !status && k < end - i; k++)
			if (is_receiver(facts, &uses[k])) {
				status = report(out, uses, end - i, &uses[k]);
				break; /* the first speaks for all */
			}
	}
	return status;
}

const struct ct_rule ct_rule_go_close_by_receiver = {
	.id = "CT219",
	.name = "go-close-by-receiver",
	.summary = "a receiver will close a channel that others still send to",
	.help = "The code of a goroutine that receives from a channel closes it later on, and the "
		"code of another one sends to it more often than what it may be waiting to send: "
		"for ever (likely), or at least once more (possible). What is found in the frames "
		"of both is looked at; only channels that somebody waits at.",
	.silent_when = "Who closes does not receive; only who closes sends; each of the others has "
		       "but one send left, which a receiver that counts will have taken; a part of "
		       "memory is missing.",
	.level = CT_P2,
	.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES,
	.run = run,
};
