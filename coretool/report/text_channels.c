/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channels that goroutines wait at, those in trouble first: nil ones, damaged ones, those with
 * senders, those with receivers, those of timers. Channels of one type in one state, waited at in
 * one place, are one.
 */
#include <inttypes.h>

#include "base/vec.h"
#include "report/text.h"
#include "rules/words.h"

#define GROUPS_SHOWN 5 /* without -v: the answer is to fit in twenty lines */
#define PLACES_SHOWN 2

enum rank { RANK_DAMAGED, RANK_CLOSED, RANK_SENDERS, RANK_RECEIVERS, RANK_TIMER };

struct row {                      /* one channel */
	uint32_t resource, stack; /* stack: of the first that waits there */
	uint8_t rank;
	const struct ct_value *state; /* equal lists are one */
};

struct alike { /* rows[first, first + n) */
	uint32_t first, n, waiters;
	uint8_t rank;
};

struct rows {
	struct row *items;
	uint32_t n, cap;
};

struct actors {
	uint32_t *items;
	uint32_t n, cap;
};

static bool is_channel(const struct ct_resource *r)
{
	return !strcmp(r->kind, "go_chan") && r->n_waiters;
}

static const struct ct_wait *waiter(
	const struct ct_facts *facts, const struct ct_resource *r, uint32_t i)
{
	return &facts->waits[facts->waits_by_resource[r->first_waiter + i]];
}

static int64_t number(const struct ct_resource *r, const char *key)
{
	const struct ct_value *value = ct_resource_value(r, key);

	return value ? value->number : 0;
}

static enum rank rank_of(const struct ct_facts *facts, const struct ct_resource *r)
{
	if (r->corrupt)
		return RANK_DAMAGED;
	if (number(r, "closed"))
		return RANK_CLOSED;
	for (uint32_t i = 0; i < r->n_waiters; i++)
		if (waiter(facts, r, i)->kind == CT_WAIT_SEND)
			return RANK_SENDERS;
	return ct_resource_value(r, "timer") ? RANK_TIMER : RANK_RECEIVERS;
}

#define ORDER(x, y, field)                                                                         \
	do {                                                                                       \
		if ((x)->field != (y)->field)                                                      \
			return (x)->field < (y)->field ? -1 : 1;                                   \
	} while (0)

static int alike_together(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	ORDER(x, y, rank);
	ORDER(x, y, stack);
	ORDER(x, y, state);
	return x->resource < y->resource ? -1 : 1;
}

static int trouble_first(const void *a, const void *b)
{
	const struct alike *x = a, *y = b;

	ORDER(x, y, rank);
	ORDER(y, x, waiters);
	return x->first < y->first ? -1 : 1;
}

/* ---- who waits where ---- */

/* Adds those who wait in this way at the channels of a group. */
static bool add_waiters(const struct ct_facts *facts, const struct row *rows, uint32_t n,
	enum ct_wait_kind kind, struct actors *ret)
{
	for (uint32_t k = 0; k < n; k++) {
		const struct ct_resource *r = &facts->resources[rows[k].resource];

		for (uint32_t i = 0; i < r->n_waiters; i++) {
			const struct ct_wait *wait = waiter(facts, r, i);
			uint32_t *slot = wait->kind == kind ? ct_vec_push(ret) : NULL;

			if (slot)
				*slot = wait->actor;
			else if (wait->kind == kind)
				return false;
		}
	}
	return true;
}

struct placed {
	uint32_t site, actor; /* site: where it is in the program's own code */
};

struct place { /* actors[first, first + n) are at one */
	uint32_t first, n;
};

static int most_first(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	ORDER(y, x, n);
	return x->first < y->first ? -1 : 1;
}

static int by_site(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	ORDER(x, y, site);
	return (x->actor > y->actor) - (x->actor < y->actor);
}

/* A select may wait at several channels that are told as one. Sorted; returns how many are left. */
static uint32_t without_repeats(struct placed *list, uint32_t n)
{
	uint32_t ret = 0;

	for (uint32_t i = 0; i < n; i++)
		if (!i || list[i].actor != list[ret - 1].actor)
			list[ret++] = list[i];
	return ret;
}

static uint32_t site_of(const struct ct_facts *facts, uint32_t actor)
{
	uint32_t frame = ct_own_frame(facts, actor), stack = facts->actors[actor].stack;

	return frame != CT_NONE ? facts->stacks[stack].frames[frame].site : CT_NONE;
}

/* Sorts the actors by where they are; the places, most first. */
static uint32_t find_places(
	const struct ct_facts *facts, struct actors *actors, struct place *places)
{
	ct_autofree struct placed *list = calloc((size_t)actors->n + 1, sizeof(*list));
	uint32_t n = 0;

	for (uint32_t i = 0; list && i < actors->n; i++)
		list[i] = (struct placed){site_of(facts, actors->items[i]), actors->items[i]};
	if (list && actors->n)
		qsort(list, actors->n, sizeof(*list), by_site);
	actors->n = list ? without_repeats(list, actors->n) : 0;
	for (uint32_t i = 0; list && i < actors->n; i++) {
		if (!i || list[i].site != list[i - 1].site)
			places[n++].first = i;
		places[n - 1].n++;
		actors->items[i] = list[i].actor;
	}
	if (n)
		qsort(places, n, sizeof(*places), most_first);
	return n;
}

static void write_places(struct ct_text *t, struct actors *actors, const char *doing)
{
	ct_autofree struct place *places = calloc((size_t)actors->n + 1, sizeof(*places));
	uint32_t n = places ? find_places(t->facts, actors, places) : 0, rest = 0;

	t->failed |= !places;
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t *who = actors->items + places[i].first;

		if (i >= PLACES_SHOWN && !t->verbose) {
			rest += places[i].n;
			continue;
		}
		ct_text_add(t, "    ");
		ct_text_who(t, who, places[i].n, t->verbose);
		ct_text_add(t, " wait%s %s", places[i].n == 1 ? "s" : "", doing);
		ct_text_place(t, who, places[i].n);
		ct_text_end(t);
		const char *other = ct_text_other_side(t, who, places[i].n);
		if (other)
			ct_text_say(t, "      %s", other);
	}
	if (rest)
		ct_text_say(t, "    … %u more elsewhere (-v)", rest);
}

static void write_side(
	struct ct_text *t, const struct row *rows, uint32_t n, enum ct_wait_kind kind)
{
	struct actors actors = {0};

	if (add_waiters(t->facts, rows, n, kind, &actors))
		write_places(t, &actors, kind == CT_WAIT_SEND ? "to send" : "to receive");
	else
		t->failed = true;
	ct_vec_free(&actors);
}

/* ---- one channel, or those alike ---- */

/* "full (3 of 3)" */
static void add_state(struct ct_text *t, const struct ct_resource *r)
{
	int64_t len = number(r, "len"), cap = number(r, "cap");

	if (!cap)
		ct_text_add(t, "no buffer");
	else
		ct_text_add(t, "%s (%" PRId64 " of %" PRId64 ")",
			len == cap ? "full"
			: len      ? "filled"
				   : "empty",
			len, cap);
	if (number(r, "closed"))
		ct_text_add(t, ", closed");
	if (ct_resource_value(r, "timer"))
		ct_text_add(
			t, number(r, "timer") ? ", of a timer" : ", of a timer that does not run");
	if (r->corrupt)
		ct_text_add(t, "; %s", r->corrupt);
}

/* How long the one that waits longest does so at least; 0: not recorded. */
static uint64_t longest(const struct ct_facts *facts, const struct row *rows, uint32_t n)
{
	uint64_t ret = 0;

	for (uint32_t k = 0; k < n; k++) {
		const struct ct_resource *r = &facts->resources[rows[k].resource];

		for (uint32_t i = 0; i < r->n_waiters; i++)
			ret = CT_MAX(ret, waiter(facts, r, i)->since_ns);
	}
	return ret;
}

static void write_alike(struct ct_text *t, const struct row *rows, uint32_t n)
{
	const struct ct_resource *r = &t->facts->resources[rows[0].resource];
	uint64_t since = longest(t->facts, rows, n);

	ct_text_paint(t, r->corrupt ? CT_PAINT_RED : CT_PAINT_BOLD);
	if (n > 1)
		ct_text_add(t, "  %u channels", n);
	else
		ct_text_add(t, "  %s", ct_say_resource(&t->words, t->facts, rows[0].resource));
	ct_text_plain(t);
	const struct ct_value *elem = ct_resource_value(r, "elem");
	if (elem && (n > 1 || !r->name_of_type))
		ct_text_add(t, ", chan %s", elem->text);
	ct_text_add(t, ": ");
	add_state(t, r);
	if (since)
		ct_text_add(t, "; for at least %.3g s", (double)since / 1e9);
	ct_text_end(t);
	write_side(t, rows, n, CT_WAIT_SEND);
	write_side(t, rows, n, CT_WAIT_RECV);
}

/* ---- all of them ---- */

static void write_never(
	struct ct_text *t, enum ct_wait_kind kind, const char *what, const char *doing)
{
	struct actors actors = {0};

	for (uint32_t w = 0; w < t->facts->n_waits; w++) {
		const struct ct_wait *wait = &t->facts->waits[w];
		uint32_t *slot = wait->never && wait->kind == kind ? ct_vec_push(&actors) : NULL;

		if (slot)
			*slot = wait->actor;
		else if (wait->never && wait->kind == kind)
			t->failed = true;
	}
	if (actors.n) {
		ct_text_paint(t, CT_PAINT_RED);
		ct_text_add(t, "  %s", what);
		ct_text_plain(t);
		ct_text_end(t);
	}
	write_places(t, &actors, doing);
	ct_vec_free(&actors);
}

static void write_groups(struct ct_text *t, struct rows *rows)
{
	ct_autofree struct alike *groups = calloc((size_t)rows->n + 1, sizeof(*groups));
	uint32_t n = 0, left = 0;

	if (!groups) {
		t->failed = true;
		return;
	}
	if (rows->n)
		qsort(rows->items, rows->n, sizeof(*rows->items), alike_together);
	for (uint32_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->items[i], *before = i ? row - 1 : row;

		if (!i || row->rank != before->rank || row->stack != before->stack ||
			row->state != before->state)
			groups[n++] = (struct alike){.first = i, .rank = row->rank};
		groups[n - 1].n++;
		groups[n - 1].waiters += t->facts->resources[row->resource].n_waiters;
	}
	if (n)
		qsort(groups, n, sizeof(*groups), trouble_first);
	for (uint32_t i = 0; i < n; i++)
		if (i < GROUPS_SHOWN || t->verbose)
			write_alike(t, rows->items + groups[i].first, groups[i].n);
		else
			left += groups[i].n;
	if (left)
		ct_text_say(t, "  … %u channel%s more (-v)", left, left == 1 ? "" : "s");
}

void ct_text_channels(struct ct_text *t)
{
	const struct ct_facts *facts = t->facts;
	struct rows rows = {0};

	if (!t->document->summary.n_goroutines) {
		ct_text_say(t, "There are no goroutines that could wait at channels: this is no Go "
			       "program, or one that cannot be read.");
		return;
	}
	for (uint32_t i = 0; i < facts->n_resources; i++) {
		const struct ct_resource *r = &facts->resources[i];
		struct row *row = is_channel(r) ? ct_vec_push(&rows) : NULL;

		if (row)
			*row = (struct row){i, facts->actors[waiter(facts, r, 0)->actor].stack,
				(uint8_t)rank_of(facts, r), r->values};
		else if (is_channel(r))
			t->failed = true;
	}
	if (rows.n)
		ct_text_head(t, "Channels: goroutines wait at %u, those in trouble first", rows.n);
	else
		ct_text_head(t, "Channels: goroutines wait at none");
	write_never(t, CT_WAIT_RECV, "nil channels: nobody can ever send to them",
		"to receive, for ever");
	write_never(t, CT_WAIT_SEND, "nil channels: nobody can ever receive from them",
		"to send, for ever");
	write_never(
		t, CT_WAIT_SELECT, "select without cases, or with nil channels alone", "for ever");
	write_groups(t, &rows);
	ct_vec_free(&rows);
}
