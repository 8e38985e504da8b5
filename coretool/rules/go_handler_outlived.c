/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT214: goroutines that go on with a request of an HTTP server, or its context, after its handler
 * has returned. Those made and waiting at one place are one finding.
 */
#include <inttypes.h>

#include "facts/go_context.h"
#include "rules/contexts.h"
#include "rules/findings.h"
#include "rules/progress.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of one finding */

static const char *say_what(struct ct_arena *arena, const struct ct_fact_go_contexts *c,
	const struct ct_go_outlived *outlived)
{
	const struct ct_go_context *context = &c->contexts[outlived->context];
	const char *bytes = outlived->bytes ? ct_arena_printf(arena,
						      ", and keeps %" PRIu64 " bytes alive by it",
						      outlived->bytes)
					    : "";

	if (outlived->request)
		return ct_arena_printf(arena,
			"has the http.Request 0x%" PRIx64 "%s, whose handler has returned (%s)%s",
			outlived->request, outlived->closure ? " in a closure" : "", context->err,
			bytes);
	return ct_arena_printf(arena,
		"has the context of a request (%s)%s, whose handler has returned (%s)%s",
		ct_say_context(arena, context), outlived->closure ? " in a closure" : "",
		context->err, bytes);
}

static enum ct_status report(struct ct_findings *out, const struct ct_late *late, uint32_t n)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_fact_go_contexts *c = facts->go_contexts;
	const struct ct_go_outlived *first = &c->outlived[late->i];
	struct ct_draft draft = {.rule = &ct_rule_go_handler_outlived,
		.level = late->goes_on ? CT_P2 : CT_P1,
		.confidence = ct_confidence_of(facts, CT_TRUST_INFERRED)};
	const char *at =
		ct_say_frame(out->arena, facts, first->actor, ct_own_frame(facts, first->actor));

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_go_outlived *one = &c->outlived[late[i].i];

		ct_draft_actor(&draft, one->actor);
		draft.has_retained |= c->outlived_sized && one->request;
		draft.retained += one->bytes;
		if (draft.steps.n < MAX_STEPS)
			ct_draft_step(&draft,
				ct_arena_printf(out->arena, "%s %s",
					ct_say_actor(out->arena, facts, one->actor),
					say_what(out->arena, c, one)),
				one->actor, CT_NONE, one->frame);
	}
	draft.title = n == 1 ? ct_arena_printf(out->arena, "%s has outlived its HTTP handler",
				       ct_say_actor(out->arena, facts, first->actor))
			     : ct_arena_printf(out->arena,
				       "%u goroutines have outlived their HTTP handlers", n);
	draft.message = ct_arena_printf(out->arena, "%s: %s is %s%s%s%s", draft.title,
		n == 1 ? "it" : "the first", ct_say_activity(out->arena, facts, first->actor),
		at ? ", at " : "", at ? at : "",
		late->goes_on ? "; until then it keeps the request"
			      : "; nobody is known who will end that");
	draft.hint = "Take out of the request what the goroutine needs before the handler returns, "
		     "and give it a context of its own (context.WithoutCancel) with a time limit.";
	return ct_findings_add(out, &draft);
}

static uint32_t list_late(const struct ct_facts *facts, struct ct_late *ret)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;

	for (uint32_t i = 0; i < c->n_outlived; i++) {
		uint32_t actor = c->outlived[i].actor;

		ret[i] = (struct ct_late){ct_goroutine_creator(facts, actor),
			facts->actors[actor].stack, i, ct_may_go_on(facts, actor)};
	}
	return c->n_outlived;
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)graph, (void)policy;
	/* The handler, or that the connection is over, may be in what is missing. */
	if (!facts->go_contexts || !facts->go_contexts->n_outlived || facts->target.n_partial)
		return CT_OK;
	ct_autofree struct ct_late *late = calloc(facts->go_contexts->n_outlived, sizeof(*late));
	if (!late)
		return CT_NO_MEMORY;
	return ct_late_by_place(out, late, list_late(facts, late), report);
}

const struct ct_rule ct_rule_go_handler_outlived = {
	.id = "CT214",
	.name = "go-handler-outlived",
	.summary = "a goroutine goes on with an HTTP request whose handler has returned",
	.help = "It has the request, or a context of the request's, in a frame that will use it "
		"yet, or in a closure there; and the server has cancelled that context, while "
		"nobody is in the handler any more. When it waits for something that is known "
		"to end, or nothing but time, it is P2.",
	.silent_when =
		"The handler has not returned, though its client is gone; the context was made "
		"by context.WithoutCancel, or is of another type than those of package context; "
		"the request is one of a client with a context of its own, or in a "
		"goroutine that net/http itself began; requests of HTTP/2; nothing of the "
		"goroutine will use it again; a part of memory is missing.",
	.level = CT_P1,
	.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_CONTEXTS,
	.run = run,
};
