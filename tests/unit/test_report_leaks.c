/* SPDX-License-Identifier: Apache-2.0 */
/* Leaked goroutines in text, with who would end their waits, against a golden in
 * tests/report/golden. */
#include "../report/documents.h"
#include "facts/go.h"

static uint32_t goroutine(struct doc *d, uint64_t id, const char *function, uint32_t line)
{
	const struct doc_frame frame = {0x401000 + 16 * line, function, "/src/shop.go", line};
	uint32_t actor = doc_thread(d, id, NULL, doc_stack(d, &frame, 1));

	ct_sink_get_actor(d->sink, actor)->kind = CT_ACTOR_GOROUTINE;
	ct_sink_get_actor(d->sink, actor)->state = CT_STATE_WAITING;
	return actor;
}

static uint32_t waits(
	struct doc *d, uint32_t actor, enum ct_wait_kind kind, uint64_t channel, bool any_of)
{
	bool fresh;

	return ct_sink_wait(
		d->sink, &(struct ct_wait){.kind = (uint8_t)kind,
				 .actor = actor,
				 .any_of = any_of,
				 .trust = CT_TRUST_EXACT,
				 .resource = ct_sink_resource(d->sink, "go_chan", channel, &fresh),
				 .why = "told by hand"});
}

static void peer(struct doc *d, uint32_t wait, uint32_t actor, enum ct_deed_kind kind)
{
	ct_sink_peer(d->sink, wait,
		&(struct ct_peer){.actor = actor,
			.trust = CT_TRUST_INFERRED,
			.why = "told by hand",
			.deed = {.kind = (uint8_t)kind, .sure = true, .site = CT_NONE}});
}

static struct doc *shop(void)
{
	struct doc *d = doc_new(CT_SECTION_LEAKS);
	struct ct_go_leak leaks[10] = {{0}};
	uint32_t n = 0, own = CT_NONE;

	(void)goroutine(d, 1, "main.main", 1);
	/* Each at a channel of its own; all at one; all at one from which they receive, too. */
	for (uint64_t i = 0; i < 2; i++)
		waits(d, goroutine(d, 2 + i, "main.pack", 10), CT_WAIT_SEND, 0xc000 + 96 * i,
			false);
	for (uint64_t i = 0; i < 2; i++)
		waits(d, goroutine(d, 4 + i, "main.gift", 20), CT_WAIT_RECV, 0xd000, false);
	for (uint64_t i = 0; i < 2; i++) {
		uint32_t actor = goroutine(d, 6 + i, "main.swap", 30);

		own = waits(d, actor, CT_WAIT_SEND, 0xe000, false);
		peer(d, own, actor, CT_DEED_RECEIVE);
	}
	/* In selects that are alike. */
	for (uint64_t i = 0; i < 2; i++) {
		uint32_t actor = goroutine(d, 8 + i, "main.choose", 40);

		waits(d, actor, CT_WAIT_SEND, 0xf000, true);
		waits(d, actor, CT_WAIT_RECV, 0xf100 + 96 * i, true);
	}
	/* One behind the other. */
	uint32_t last = goroutine(d, 10, "main.reply", 50);
	waits(d, last, CT_WAIT_SEND, 0xa000, false);
	peer(d, waits(d, goroutine(d, 11, "main.ask", 60), CT_WAIT_RECV, 0xa100, false), last,
		CT_DEED_SEND);
	for (uint32_t actor = 1; actor <= 10; actor++)
		leaks[n++] = (struct ct_go_leak){.actor = actor, .bytes = 100, .stack = 2048};
	ct_sink_go(d->sink,
		&(struct ct_fact_go){.version = "go1.24.4",
			.leaks = ct_arena_copy(ct_sink_arena(d->sink), leaks, sizeof(leaks)),
			.n_leaks = n});
	doc_finish(d, CT_VERDICT_STUCK, "10 goroutines are leaked");
	return d;
}

static void each_place_has_its_other_side(void **state)
{
	struct doc *d = shop();
	char *text = doc_write(&d->document, "text", false);

	(void)state;
	doc_check_golden("leaks.txt", text);
	free(text);
	doc_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_place_has_its_other_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
