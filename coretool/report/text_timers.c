/* SPDX-License-Identifier: Apache-2.0 */
/* The timers of a Go program. */
#include <inttypes.h>

#include "report/text.h"
#include "rules/timers.h"
#include "rules/words.h"

#define GROUPS_SHOWN 40   /* without -v */
#define WAITERS      4096 /* of a group that are looked at for what is said of them */
#define COLUMN_WHEN  10
#define COLUMN_WHAT  28

static const char *say_when(struct ct_text *t, int64_t fires)
{
	return fires <= 0 ? "due" : ct_say_span(&t->words, fires);
}

static void write_when(struct ct_text *t, const struct ct_timer_group *group)
{
	if (!t->facts->go_timers->clock) {
		ct_text_add(t, "not known");
		return;
	}
	const char *first = group->first->endless ? "never" : say_when(t, group->first->fires);
	const char *last = group->first->endless ? first : say_when(t, group->last);
	ct_text_add(t, "%s", first);
	if (strcmp(first, last) != 0)
		ct_text_add(t, " … %s", last);
}

static void write_deadline(struct ct_text *t, const struct ct_timer_group *group)
{
	const char *mode = group->first->mode == CT_MODE_READ    ? "read "
			   : group->first->mode == CT_MODE_WRITE ? "write "
								 : "";

	ct_text_add(t, "%sdeadline", mode);
	if (group->n == 1 && group->first->fd >= 0)
		ct_text_add(t, " of fd %" PRId32, group->first->fd);
	else if (group->n > 1)
		ct_text_add(t, "s of files");
}

static void write_use(struct ct_text *t, const struct ct_timer_group *group)
{
	static const char *const words[] = {
		[CT_GO_TIMER_TICKER] = "ticker, every ",
		[CT_GO_TIMER_CHANNEL] = "timer of a channel",
		[CT_GO_TIMER_FUNCTION] = "calls ",
		[CT_GO_TIMER_CONTEXT] = "deadline of a context: calls ",
		[CT_GO_TIMER_SLEEP] = "sleep",
		[CT_GO_TIMER_DEADLINE] = "",
		[CT_GO_TIMER_RUNTIME] = "the runtime's own: calls ",
	};
	const struct ct_go_timer *first = group->first;
	const char *function =
		first->site != CT_NONE ? ct_say_site(&t->words, t->facts, first->site) : NULL;

	ct_text_add(t, "%s", words[first->kind]);
	if (first->kind == CT_GO_TIMER_TICKER)
		ct_text_add(t, "%s", ct_say_span(&t->words, first->period));
	else if (first->kind == CT_GO_TIMER_DEADLINE)
		write_deadline(t, group);
	else if (first->kind != CT_GO_TIMER_CHANNEL && first->kind != CT_GO_TIMER_SLEEP)
		ct_text_add(t, "%s", function ? function : "a function that is not known");
	if (first->period && first->kind != CT_GO_TIMER_TICKER)
		ct_text_add(t, ", every %s", ct_say_span(&t->words, first->period));
}

/* Those that are leaked, where nobody else has them. */
static void write_keepers(struct ct_text *t, const struct ct_timer_group *group)
{
	const uint32_t *actors = group->keepers;
	uint32_t n = group->n_keepers;

	if (!n)
		return;
	ct_text_add(t, ", and only ");
	ct_text_who(t, actors, n, false);
	ct_text_add(t, " ha%s %s: leaked", n > 1 ? "ve" : "s", group->n > 1 ? "them" : "it");
	ct_text_place(t, actors, n);
}

/* Who waits for them, or that nobody does. */
static void write_waiters(struct ct_text *t, const struct ct_timer_group *group)
{
	static const char *const verbs[][2] = {{"waits", "wait"}, {"sleeps", "sleep"}};
	uint8_t kind = group->first->kind;
	ct_autofree uint32_t *actors = calloc(WAITERS, sizeof(*actors));
	uint32_t n = actors ? ct_timer_waiters(t->facts, group, actors, WAITERS) : 0;

	t->failed |= !actors;
	if (n) {
		uint32_t known = CT_MIN(n, (uint32_t)WAITERS);

		ct_text_add(t, "; ");
		if (n > known)
			ct_text_add(t, "%" PRIu32 " goroutines", n);
		else
			ct_text_who(t, actors, known, false);
		ct_text_add(t, " %s", verbs[kind == CT_GO_TIMER_SLEEP][known > 1]);
		ct_text_place(t, actors, known);
	} else if (actors && (kind == CT_GO_TIMER_TICKER || kind == CT_GO_TIMER_CHANNEL)) {
		ct_text_add(t, "; nobody waits for %s", group->n > 1 ? "them" : "it");
		if (group->n_alone)
			ct_text_add(t, ", and nothing leads to %s any more",
				group->n > 1 ? "them" : "it");
		write_keepers(t, group);
	}
}

static void write_retained(struct ct_text *t, const struct ct_timer_group *group)
{
	if (!group->n_alone)
		return;
	ct_text_add(t, "; %s that nothing else keeps", ct_say_bytes(&t->words, group->retained));
	if (group->n_alone > 1)
		ct_text_add(t, ", the largest %s", ct_say_bytes(&t->words, group->largest));
}

static void write_group(struct ct_text *t, const struct ct_timer_group *group)
{
	ct_text_add(t, "%8" PRIu32 "  ", group->n);
	write_when(t, group);
	ct_text_pad(t, COLUMN_WHAT);
	write_use(t, group);
	write_waiters(t, group);
	write_retained(t, group);
	ct_text_end(t);
	if (t->verbose && group->n == 1)
		ct_text_say(t, "%*stimer 0x%" PRIx64 "%s0x%" PRIx64, COLUMN_WHAT, "",
			group->first->address, ", for ", group->first->object);
}

static void write_head(struct ct_text *t, const struct ct_fact_go_timers *facts)
{
	ct_text_head(t, "Timers: %" PRIu32 " set%s", facts->n,
		facts->measured ? "" : "; what they keep alive is not known");
	if (facts->n_stopped)
		ct_text_say(
			t, "%" PRIu32 " more are stopped and not removed yet.", facts->n_stopped);
	if (facts->n_left_out)
		ct_text_say(t, "%" PRIu32 " more are not taken down.", facts->n_left_out);
	if (facts->measured && facts->doubt)
		ct_text_say(t, "What nothing else keeps may be less: %s.", facts->doubt);
}

void ct_text_timers(struct ct_text *t)
{
	const struct ct_fact_go_timers *facts = t->facts->go_timers;
	struct ct_timer_groups groups;
	uint32_t shown = 0, left = 0;

	if (!facts) {
		ct_text_say(t,
			"There are no timers: this is no Go program, or one that cannot be read.");
		return;
	}
	if (ct_timer_groups_make(t->facts, &groups)) {
		t->failed = true;
		return;
	}
	write_head(t, facts);
	if (groups.n)
		ct_text_head(t, "  number  fires in at most  what");
	for (uint32_t i = 0; i < groups.n; i++) {
		if (!t->verbose && (shown == GROUPS_SHOWN ||
					   groups.groups[i].first->kind == CT_GO_TIMER_RUNTIME)) {
			left++;
			continue;
		}
		write_group(t, &groups.groups[i]);
		shown++;
	}
	if (left)
		ct_text_say(t, "  … %" PRIu32 " line%s more (-v)", left, left == 1 ? "" : "s");
	ct_timer_groups_free(&groups);
}
