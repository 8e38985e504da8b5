/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of sentences about one actor or a group of them. */
#include "report/text.h"
#include "rules/other_side.h"
#include "rules/words.h"

#define OBJECTS_SHOWN 3

const struct ct_wait *ct_text_first_wait(const struct ct_text *t, uint32_t actor)
{
	const struct ct_actor *a = &t->facts->actors[actor];

	return a->n_waits ? &t->facts->waits[a->first_wait] : NULL;
}

void ct_text_who(struct ct_text *t, const uint32_t *actors, uint32_t n, bool all)
{
	ct_say_actors(&t->line, &t->words, t->facts, actors, n, all);
}

/* What a wait is called: of one, of several; what stands behind the object's name. */
static const struct {
	const char *one, *many, *after;
} verbs[] = {
	[CT_WAIT_MUTEX] = {"waits for", "wait for", ""},
	[CT_WAIT_JOIN] = {"waits for", "wait for", " to end"},
	[CT_WAIT_RWLOCK_READ] = {"waits for", "wait for", " (to read)"},
	[CT_WAIT_RWLOCK_WRITE] = {"waits for", "wait for", " (to write)"},
	[CT_WAIT_RWLOCK] = {"waits for", "wait for", " (to read or to write)"},
	[CT_WAIT_COND] = {"waits for a signal of", "wait for a signal of", ""},
	[CT_WAIT_SEM] = {"waits for a post of", "wait for a post of", ""},
	[CT_WAIT_BARRIER] = {"waits at", "wait at", ""},
	[CT_WAIT_ONCE] = {"waits for", "wait for", " to be done"},
	[CT_WAIT_SPIN] = {"spins for", "spin for", ""},
	[CT_WAIT_LIBC] = {"waits for", "wait for", ""},
	[CT_WAIT_FUTURE] = {"waits for the value of", "wait for the value of", ""},
	[CT_WAIT_ATOMIC] = {"waits for a change of", "wait for a change of", ""},
	[CT_WAIT_PARK] = {"is parked on", "are parked on", ""},
	[CT_WAIT_SEND] = {"waits for room in", "wait for room in", ""},
	[CT_WAIT_RECV] = {"waits to receive from", "wait to receive from", ""},
	[CT_WAIT_SELECT] = {"waits in a select", "wait in a select", ""},
	[CT_WAIT_WAITGROUP] = {"waits for", "wait for", " to be done"},
	[CT_WAIT_FUTEX] = {"waits on", "wait on", ""},
	[CT_WAIT_IO] = {"waits for I/O", "wait for I/O", ""},
	[CT_WAIT_SLEEP] = {"sleeps", "sleep", ""},
	[CT_WAIT_SIGNAL] = {"waits for a signal", "wait for a signal", ""},
	[CT_WAIT_CHILD] = {"waits for a child process", "wait for a child process", ""},
	[CT_WAIT_OTHER] = {"is blocked", "are blocked", ""},
};
_Static_assert(CT_COUNT(verbs) == CT_N_WAIT_KINDS, "one verb for each kind of wait");

/* "thread 13 (shipping)" for the thread that a join waits for, else the object. */
static const char *say_object(struct ct_text *t, uint32_t resource)
{
	const struct ct_resource *r = &t->facts->resources[resource];

	if (r->is_actor && r->n_holds) {
		uint32_t hold = t->facts->holds_by_resource[r->first_hold];

		return ct_say_actor(&t->words, t->facts, t->facts->holds[hold].actor);
	}
	return ct_say_resource(&t->words, t->facts, resource);
}

/* " for at least 5 minutes", in a unit that fits. */
static void add_duration(struct ct_text *t, uint64_t ns)
{
	static const struct {
		const char *unit;
		uint64_t from; /* seconds */
		uint64_t per;
	} units[] = {{"days", 2 * 86400, 86400}, {"hours", 2 * 3600, 3600}, {"minutes", 120, 60}};

	for (size_t i = 0; i < CT_COUNT(units); i++)
		if (ns / 1000000000 >= units[i].from) {
			ct_text_add(t, " for at least %llu %s",
				(unsigned long long)(ns / 1000000000 / units[i].per),
				units[i].unit);
			return;
		}
	ct_text_add(t, " for at least %.3g s", (double)ns / 1e9);
}

void ct_text_wait(struct ct_text *t, const struct ct_wait *wait, bool plural)
{
	const struct ct_actor_call *call = ct_actor_call(&t->facts->actors[wait->actor]);

	ct_text_add(t, "%s", plural ? verbs[wait->kind].many : verbs[wait->kind].one);
	if (wait->kind == CT_WAIT_IO && wait->resource != CT_NONE)
		ct_text_add(t, " on %s%s", say_object(t, wait->resource),
			wait->mode == CT_MODE_READ    ? ", to read"
			: wait->mode == CT_MODE_WRITE ? ", to write"
						      : "");
	else if (wait->resource != CT_NONE)
		ct_text_add(t, " %s%s", say_object(t, wait->resource), verbs[wait->kind].after);
	else if (wait->kind == CT_WAIT_SEND || wait->kind == CT_WAIT_RECV)
		ct_text_add(t, " a nil channel");
	else if (call && !plural && call->text)
		ct_text_add(t, " in %s", call->text);
	else if (call && call->name)
		ct_text_add(t, " in %s", call->name);
	if (wait->never)
		ct_text_add(t, " (for ever)");
	if (wait->timed && wait->kind != CT_WAIT_SLEEP)
		ct_text_add(t, " (with a timeout)");
	if (wait->has_since && !plural)
		add_duration(t, wait->since_ns);
}

/* Is it the first of those who would end its wait? Then that is true of itself alone. */
static bool is_own_waker(const struct ct_text *t, uint32_t actor)
{
	const struct ct_wait *wait = ct_text_first_wait(t, actor);
	struct ct_doer list[CT_MAX_DOERS];
	uint32_t n = 0;

	return wait && ct_list_doers(t->facts, wait, list, &n) && list[0].actor == actor;
}

const char *ct_text_other_side(struct ct_text *t, const uint32_t *actors, uint32_t n)
{
	bool is_select = t->facts->actors[actors[0]].n_waits > 1;
	bool many = n > 1 && (is_select || ct_text_count_objects(t, actors, n) > 1 ||
				     is_own_waker(t, actors[0]));
	const char *text = many ? ct_say_object_and_other_side(&t->words, t->facts, actors[0])
				: ct_say_other_side(&t->words, t->facts, actors[0]);

	return text && many ? ct_arena_printf(&t->words, "e.g. %s", text) : text;
}

/* Of one that waits for nothing we know. */
static void add_activity(struct ct_text *t, uint32_t actor, bool plural)
{
	const struct ct_actor *a = &t->facts->actors[actor];

	if (a->state == CT_STATE_DEAD || a->state == CT_STATE_ZOMBIE) {
		ct_text_add(t, "%s exited%s", plural ? "have" : "has",
			a->state == CT_STATE_ZOMBIE ? ", not joined yet" : "");
		if (!plural && ct_actor_end(a))
			ct_text_add(t, "; %s", ct_actor_end(a));
		return;
	}
	ct_text_add(t, "%s ", plural ? "are" : "is");
	const struct ct_actor_call *call = ct_actor_call(a);
	if (!plural && call && call->text)
		ct_text_add(t, "in %s", call->text);
	else
		ct_text_add(t, "%s", ct_say_activity(&t->words, t->facts, actor));
}

/* The mark of what an actor waits for; NULL when that is nothing. */
static uint32_t *object_mark(const struct ct_text *t, uint32_t actor)
{
	const struct ct_wait *wait = ct_text_first_wait(t, actor);

	return wait && wait->resource != CT_NONE ? &t->marks[wait->resource] : NULL;
}

static void clear_object_marks(const struct ct_text *t, const uint32_t *actors, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (object_mark(t, actors[i]))
			*object_mark(t, actors[i]) = 0;
}

uint32_t ct_text_count_objects(const struct ct_text *t, const uint32_t *actors, uint32_t n)
{
	uint32_t ret = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t *mark = object_mark(t, actors[i]);

		if (mark && !(*mark)++)
			ret++;
	}
	clear_object_marks(t, actors, n);
	return ret;
}

/* "g_a, g_b, g_c and 5 more" */
static void add_objects(struct ct_text *t, const uint32_t *actors, uint32_t n)
{
	uint32_t total = ct_text_count_objects(t, actors, n), shown = 0;

	for (uint32_t i = 0; i < n && shown < OBJECTS_SHOWN; i++) {
		uint32_t *mark = object_mark(t, actors[i]);

		if (!mark || (*mark)++)
			continue;
		ct_text_add(t, "%s%s", shown++ ? ", " : " ",
			say_object(t, ct_text_first_wait(t, actors[i])->resource));
	}
	clear_object_marks(t, actors, n);
	if (shown < total)
		ct_text_add(t, " and %u more", total - shown);
}

/* "waits in a select: to receive from main.orders, to send to main.shelf and 2 more" */
static void add_select(struct ct_text *t, const struct ct_actor *a, bool plural)
{
	const struct ct_wait *waits = &t->facts->waits[a->first_wait];

	ct_text_add(t, "%s in a select", plural ? "wait" : "waits");
	for (uint32_t i = 0; !plural && i < CT_MIN(a->n_waits, (uint32_t)OBJECTS_SHOWN); i++)
		ct_text_add(t, "%s to %s %s", i ? "," : ":",
			waits[i].kind == CT_WAIT_SEND ? "send to" : "receive from",
			say_object(t, waits[i].resource));
	if (!plural && a->n_waits > OBJECTS_SHOWN)
		ct_text_add(t, " and %u more", a->n_waits - OBJECTS_SHOWN);
}

static bool is_select(const struct ct_wait *wait, const struct ct_actor *a)
{
	return wait->any_of && a->n_waits > 1 && wait->resource != CT_NONE &&
	       (wait->kind == CT_WAIT_SEND || wait->kind == CT_WAIT_RECV);
}

void ct_text_why(struct ct_text *t, const uint32_t *actors, uint32_t n)
{
	bool differs;
	const char *why = ct_group_why(t->facts, actors, n, &differs);

	if (why)
		ct_text_say(t, "      %s%s", differs ? "e.g. " : "", why);
}

void ct_text_doing(struct ct_text *t, const uint32_t *actors, uint32_t n)
{
	const struct ct_wait *wait = ct_text_first_wait(t, actors[0]);
	uint32_t thread = ct_doing_actor(t->facts, actors[0]);

	if (n == 1 && thread != actors[0] && ct_is_in_c(t->facts, actors[0])) {
		ct_text_add(t, "is in C code and ");
		ct_text_wait(t, ct_text_first_wait(t, thread), false);
	} else if (!wait) {
		add_activity(t, actors[0], n > 1);
	} else if (is_select(wait, &t->facts->actors[actors[0]])) {
		add_select(t, &t->facts->actors[actors[0]], n > 1);
	} else if (n == 1 || ct_text_count_objects(t, actors, n) < 2) {
		ct_text_wait(t, wait, n > 1);
	} else {
		ct_text_add(t, "%s", verbs[wait->kind].many);
		add_objects(t, actors, n);
		ct_text_add(t, "%s", verbs[wait->kind].after);
	}
}

void ct_text_who_does(struct ct_text *t, const uint32_t *actors, uint32_t n)
{
	ct_text_paint(t, CT_PAINT_BOLD);
	ct_text_add(t, "  ");
	ct_text_who(t, actors, n, t->verbose);
	ct_text_plain(t);
	ct_text_add(t, " ");
	ct_text_doing(t, actors, n);
	ct_text_end(t);
}

/* The actor whose stack most of them have; how many have another one. */
static uint32_t most_common(
	const struct ct_text *t, const uint32_t *actors, uint32_t n, uint32_t *elsewhere)
{
	uint32_t best = actors[0], most = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t stack = t->facts->actors[actors[i]].stack;

		if (stack == CT_NONE || ++t->marks[stack] <= most)
			continue;
		most = t->marks[stack];
		best = actors[i];
	}
	for (uint32_t i = 0; i < n; i++)
		if (t->facts->actors[actors[i]].stack != CT_NONE)
			t->marks[t->facts->actors[actors[i]].stack] = 0;
	*elsewhere = n - most;
	return best;
}

void ct_text_place(struct ct_text *t, const uint32_t *actors, uint32_t n)
{
	uint32_t elsewhere = 0;
	uint32_t actor = n > 1 ? most_common(t, actors, n, &elsewhere) : actors[0];
	const char *at = ct_say_frame(&t->words, t->facts, actor, ct_own_frame(t->facts, actor));

	if (!at)
		return;
	ct_text_add(t, " at %s", at);
	if (elsewhere)
		ct_text_add(t, ", %u of them elsewhere", elsewhere);
}

bool ct_text_has_holder(const struct ct_text *t, const struct ct_wait *wait)
{
	const struct ct_resource *r =
		wait->resource != CT_NONE ? &t->facts->resources[wait->resource] : NULL;

	return wait->owner_gone ||
	       (r && !r->is_actor && (r->n_holds || ct_wait_kind_has_holder(wait->kind)));
}

/* How sure we are that someone holds it; the words of a recorded owner need none. */
static const char *held_by(enum ct_trust trust)
{
	if (trust == CT_TRUST_GUESS)
		return "perhaps held by";
	return trust == CT_TRUST_INFERRED ? "probably held by" : "held by";
}

void ct_text_holder(struct ct_text *t, const struct ct_wait *wait, bool where)
{
	const struct ct_resource *r =
		wait->resource != CT_NONE ? &t->facts->resources[wait->resource] : NULL;

	if (wait->owner_gone) {
		ct_text_add(
			t, "held by %s", ct_owner_gone_words(&t->words, t->facts, wait->resource));
		return;
	}
	if (!ct_text_has_holder(t, wait))
		return;
	if (!r->n_holds && wait->outside) {
		ct_text_add(t, "held by another process");
		return;
	}
	if (!r->n_holds) {
		ct_text_add(t, "%s",
			r->holders == CT_HOLDERS_COMPLETE ? "held by nobody at this moment"
							  : "held by whom is not recorded");
		return;
	}
	uint32_t n;
	const struct ct_hold *hold = ct_first_hold(t->facts, wait, &n);
	if (!hold) {
		ct_text_add(t, "held by whom is not recorded");
		return;
	}
	const char *took =
		where ? ct_say_frame(&t->words, t->facts, hold->actor, hold->took_frame) : NULL;
	if (hold->actor == wait->actor)
		ct_text_add(t, "which it holds itself");
	else
		ct_text_add(t, "%s %s", held_by(hold->trust),
			ct_say_carried(&t->words, t->facts, hold->actor));
	if (n > 1)
		ct_text_add(t, " and %u more", n - 1);
	if (took)
		ct_text_add(t, ", probably taken in %s", took);
}
