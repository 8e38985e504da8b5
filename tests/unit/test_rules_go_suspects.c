/* SPDX-License-Identifier: Apache-2.0 */
/* CT220 on facts told by hand: when goroutines look leaked, and what makes each of them look
 * otherwise. */
#include "story.h"

#include "facts/go.h"
#include "rules/policy.h"
#include "rules/rules.h"

#define SECOND UINT64_C(1000000000)
#define N      128

/* What is true of a shop whose couriers come one by one and stay. */
struct shop {
	uint32_t n;             /* of them */
	uint64_t oldest;        /* seconds that the first one has waited, … */
	uint64_t since;         /* … when the last one came about so long ago */
	enum ct_wait_kind kind; /* that they wait in; select: of two channels */
	const char *elem;       /* of their channels */
	uint32_t no_start;      /* of the n: those that came last, whose wait has no start */
	bool at_once;           /* they came so */
	bool bunched;           /* nearly all came in the first quarter of the time */
	bool woken;  /* each was once: how long it waits has nothing to do with its number */
	bool shared; /* they wait for one channel */
	bool timed, outside, guessed, system, bubble, never;
	enum { NOBODY_ELSE, OLD_ONE, NEW_ONE, NEW_ONES } elsewhere; /* made there, and runs */
	bool elsewhere_waits;                                       /* or waits at another place */
	bool peer;           /* somebody who runs is known to receive */
	bool told;           /* they are leaked, … */
	bool rule_off;       /* … which nobody wants to be told */
	const char *unknown; /* why it is not known who is leaked */
	bool no_creator, two_creators;
	bool partial, other_layouts; /* what could not be read */
	uint32_t least, age;         /* thresholds; 0: the usual ones */
};

static const struct shop usual = {
	.n = N, .oldest = 600, .kind = CT_WAIT_SEND, .elem = "main.order"};

static uint32_t site(struct story *s, uint64_t pc, const char *function)
{
	bool fresh;
	uint32_t ret = ct_sink_site(s->sink, pc, true, &fresh);

	ct_sink_get_site(s->sink, ret)->module = 0;
	ct_sink_get_site(s->sink, ret)->function = function;
	return ret;
}

static uint32_t stack(struct story *s, uint64_t pc, const char *function)
{
	struct ct_frame frame = {.site = site(s, pc, function)};

	return ct_sink_stack(s->sink,
		&(struct ct_stack){.frames = &frame, .n_frames = 1, .n_total = 1, .root = true});
}

static uint32_t channel(struct story *s, uint64_t address, const char *elem)
{
	bool fresh;
	uint32_t ret = ct_sink_resource(s->sink, "go_chan", address, &fresh);

	if (fresh)
		ct_sink_value_text(s->sink, ret, "elem", elem);
	return ret;
}

static uint32_t goroutine(struct story *s, const struct shop *shop, uint64_t id, uint64_t pc)
{
	uint32_t ret = story_goroutine(s, id, CT_STATE_WAITING);
	struct ct_actor *a = ct_sink_get_actor(s->sink, ret);

	a->stack = stack(s, pc, "main.deliver");
	a->start_site = site(s, 0x402000, "main.dispatch.func1");
	a->created_at = shop->no_creator ? CT_NONE : site(s, 0x403000, "main.dispatch");
	if (shop->two_creators && id % 2)
		a->created_at = site(s, 0x405000, "main.hire");
	a->creator = 1;
	return ret;
}

static struct ct_wait *waits(struct story *s, const struct shop *shop, uint32_t actor,
	enum ct_wait_kind kind, uint64_t address)
{
	struct ct_wait *wait = &s->waits[s->n_waits++];

	*wait = (struct ct_wait){.kind = (uint8_t)kind,
		.trust = shop->guessed ? CT_TRUST_GUESS : CT_TRUST_EXACT,
		.timed = shop->timed,
		.outside = shop->outside,
		.actor = actor,
		.resource = channel(s, address, shop->elem),
		.why = "told by hand"};
	return wait;
}

static uint64_t age_of(const struct shop *shop, uint32_t i)
{
	uint32_t n = CT_MAX(shop->n - shop->no_start, 1u);

	if (shop->at_once)
		return shop->oldest * SECOND;
	if (shop->bunched)
		return shop->oldest * SECOND / 1000 *
		       (i < n - 8 ? 1000 - 200 * i / n : 90 * (n - i));
	/* In the order of another number. */
	if (shop->woken)
		i = i * 37 % n;
	return shop->since * SECOND + shop->oldest * SECOND * (n - i) / n;
}

static void come(struct story *s, const struct shop *shop, uint32_t i)
{
	uint32_t actor = goroutine(s, shop, 100 + i, 0x401000);
	uint64_t at = 0x10000 + (shop->shared ? 0 : 0x1000 * (uint64_t)i);
	bool select = shop->kind == CT_WAIT_SELECT;

	ct_sink_get_actor(s->sink, actor)->system = shop->system;
	ct_sink_get_actor(s->sink, actor)->bubble = shop->bubble;
	for (unsigned k = 0; k < (select ? 2 : 1); k++) {
		struct ct_wait *wait =
			waits(s, shop, actor, select ? CT_WAIT_RECV : shop->kind, at + 0x100 * k);

		wait->any_of = select;
		wait->never = shop->never;
		wait->has_since = i < shop->n - shop->no_start;
		wait->since_ns = wait->has_since ? age_of(shop, i) : 0;
	}
}

static void add_others(struct story *s, const struct shop *shop)
{
	uint32_t n = shop->elsewhere == NOBODY_ELSE ? 0 : shop->elsewhere == NEW_ONES ? N / 2 : 1;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t id = shop->elsewhere == OLD_ONE ? 99 : 1000 + i;
		uint32_t actor = goroutine(s, shop, id, 0x404000);

		ct_sink_get_actor(s->sink, actor)->state =
			shop->elsewhere_waits ? CT_STATE_WAITING : CT_STATE_RUNNING;
		if (shop->elsewhere_waits)
			waits(s, shop, actor, CT_WAIT_RECV, 0x9000000);
	}
	/* Somebody goes on, so that not all are asleep. */
	story_goroutine(s, 5000, CT_STATE_RUNNING);
}

static struct ct_policy policy_of(const struct shop *shop, struct ct_setting *settings)
{
	struct ct_policy policy = {.thresholds = settings};

	if (shop->least)
		settings[policy.n_thresholds++] =
			(struct ct_setting){ct_thresholds[CT_THRESHOLD_SUSPECTS].name, shop->least};
	if (shop->age)
		settings[policy.n_thresholds++] = (struct ct_setting){
			ct_thresholds[CT_THRESHOLD_SUSPECT_AGE].name, shop->age};
	return policy;
}

/* How many are suspected; found: the finding, or NULL. */
static uint32_t suspected(const struct shop *shop,
	void (*look)(const struct ct_document *doc, const struct ct_finding *found))
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_LEAKS);
	struct ct_setting off = {.name = "CT210", .value = CT_RULE_OFF};
	struct ct_go_leak leaks[2 * N] = {{0}};
	struct ct_setting settings[2];
	static const char *const parts[] = {"the core is truncated"};
	struct ct_policy policy = policy_of(shop, settings);
	struct ct_document *doc = NULL;
	struct ct_error err;
	uint32_t n = 0;

	policy.rules = &off;
	policy.n_rules = shop->rule_off;
	ct_sink_target(s.sink)->partial = parts;
	ct_sink_target(s.sink)->n_partial = shop->partial;
	ct_sink_module(s.sink, &(struct ct_fact_module){.path = "/srv/shop", .found = "path"});
	for (uint32_t i = 0; i < shop->n; i++) {
		come(&s, shop, i);
		leaks[i].actor = i;
	}
	add_others(&s, shop);
	if (shop->peer)
		ct_sink_peer(s.sink, 0,
			&(struct ct_peer){
				.actor = shop->n, .trust = CT_TRUST_INFERRED, .why = "it will"});
	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4",
				   .n_functions = 1,
				   .guessed = shop->other_layouts,
				   .leaks_unknown = shop->unknown,
				   .leaks = leaks,
				   .n_leaks = shop->told ? shop->n : 0});
	struct ct_facts *facts = story_end(&s);
	assert_int_equal(ct_detect(facts, &policy, &doc, &err), CT_OK);
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, "CT220")) {
			n += doc->findings[i].n_actors;
			if (look)
				look(doc, &doc->findings[i]);
		}
	ct_document_free(doc);
	ct_facts_free(facts);
	return n;
}

static void look(const struct ct_document *doc, const struct ct_finding *found)
{
	assert_int_equal(found->level, CT_P2);
	assert_int_equal(found->confidence, CT_LIKELY);
	assert_int_equal(found->n_steps, 3);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_CLEAN);
	assert_non_null(strstr(found->message, "made by main.dispatch()"));
	assert_non_null(strstr(found->message, "at main.deliver()"));
	assert_non_null(strstr(found->message, "for at least 600 s"));
	assert_non_null(strstr(found->message, "as something still reaches"));
	assert_non_null(strstr(found->hint, "Harmless when"));
}

/* In a large heap nobody has looked for what reaches them. */
static void look_where_it_is_not_known(
	const struct ct_document *doc, const struct ct_finding *found)
{
	(void)doc;
	assert_null(strstr(found->message, "as something still reaches"));
	assert_non_null(strstr(found->message, "is not known: the heap is large"));
}

static void look_at_receivers(const struct ct_document *doc, const struct ct_finding *found)
{
	assert_int_equal(found->confidence, CT_POSSIBLE);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_CLEAN);
}

static void many_that_came_and_stay(void **state)
{
	struct shop s = usual;

	(void)state;
	assert_int_equal(suspected(&s, look), N);
	s.unknown = "the heap is large";
	assert_int_equal(suspected(&s, look_where_it_is_not_known), N);
	s.unknown = NULL;
	s.kind = CT_WAIT_RECV;
	assert_int_equal(suspected(&s, look_at_receivers), N);
	s.kind = CT_WAIT_SELECT;
	assert_int_equal(suspected(&s, look_at_receivers), N);
	/* Those that came last have no note of when; all send to one channel. */
	s = usual;
	s.no_start = N / 8;
	s.shared = true;
	assert_int_equal(suspected(&s, NULL), N);
	/* Some have not come to the wait yet. */
	s.elsewhere = NEW_ONE;
	assert_int_equal(suspected(&s, NULL), N);
}

static const struct {
	const char *what;
	struct shop shop;
} silences[] = {
#define BUT(...)                                                                                   \
	{                                                                                          \
		.n = N, .oldest = 600, .kind = CT_WAIT_SEND, .elem = "main.order", __VA_ARGS__     \
	}
	{"came at once", BUT(.at_once = true)},
	{"nearly all came early", BUT(.bunched = true)},
	{"is in a bubble of a test", BUT(.bubble = true)},
	{"never ends", BUT(.never = true)},
	{"was woken", BUT(.woken = true)},
	{"ends by a time", BUT(.timed = true)},
	{"ends from outside", BUT(.outside = true)},
	{"is a guess", BUT(.guessed = true)},
	{"is the runtime's", BUT(.system = true)},
	{"work in flight", BUT(.elsewhere = OLD_ONE)},
	{"work in flight that waits", BUT(.elsewhere = OLD_ONE, .elsewhere_waits = true)},
	{"too many are new", BUT(.elsewhere = NEW_ONES)},
	{"somebody will receive", BUT(.peer = true)},
	{"another rule tells", BUT(.told = true)},
	{"they are leaked", BUT(.told = true, .rule_off = true)},
	{"who made them is not known", BUT(.no_creator = true)},
	{"made at two places, too few at each", BUT(.two_creators = true)},
	{"a part is missing", BUT(.partial = true)},
	{"layouts of another version", BUT(.other_layouts = true)},
	{"no note of when", BUT(.no_start = N)},
	{"most have no note", BUT(.no_start = N - 2)},
#undef BUT
};

static void each_of_these_is_another_matter(void **state)
{
	(void)state;
	for (size_t i = 0; i < CT_COUNT(silences); i++)
		if (suspected(&silences[i].shop, NULL))
			fail_msg("suspected though: %s", silences[i].what);
}

static void receivers_that_are_no_leak(void **state)
{
	struct shop s = usual;

	(void)state;
	s.kind = CT_WAIT_RECV;
	s.shared = true; /* a pool */
	assert_int_equal(suspected(&s, NULL), 0);
	s.kind = CT_WAIT_SELECT;
	assert_int_equal(suspected(&s, NULL), 0);
	s.shared = false;
	s.elem = "struct {}"; /* the end of something */
	assert_int_equal(suspected(&s, NULL), 0);
	s.kind = CT_WAIT_RECV;
	assert_int_equal(suspected(&s, NULL), 0);
	/* Who sends one, as to a semaphore, waits for room. */
	s.kind = CT_WAIT_SEND;
	assert_int_equal(suspected(&s, NULL), N);
}

static void thresholds(void **state)
{
	struct shop s = usual;

	(void)state;
	s.n = 99;
	assert_int_equal(suspected(&s, NULL), 0);
	s.n = 100;
	assert_int_equal(suspected(&s, NULL), 100);
	s.least = 101;
	assert_int_equal(suspected(&s, NULL), 0);
	s.least = 0;
	s.oldest = 302; /* the last one has waited for a hundredth of that */
	assert_int_equal(suspected(&s, NULL), 0);
	s.oldest = 304;
	assert_int_equal(suspected(&s, NULL), 100);
	s.since = 3600; /* nobody has come since an hour ago */
	assert_int_equal(suspected(&s, NULL), 100);
	s.oldest = 302;
	assert_int_equal(suspected(&s, NULL), 0);
	s.oldest = 304;
	s.age = 301;
	assert_int_equal(suspected(&s, NULL), 0);
	s.n = 16;
	s.least = 16;
	s.age = 1;
	assert_int_equal(suspected(&s, NULL), 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_that_came_and_stay),
		cmocka_unit_test(each_of_these_is_another_matter),
		cmocka_unit_test(receivers_that_are_no_leak),
		cmocka_unit_test(thresholds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
