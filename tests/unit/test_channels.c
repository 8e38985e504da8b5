/* SPDX-License-Identifier: Apache-2.0 */
/* The list of channels, against a golden in tests/report/golden. */
#include "../report/documents.h"

struct place {
	uint64_t pc;
	const char *function;
	uint32_t line;
};

static uint32_t goroutine(struct doc *d, uint64_t id, struct place place)
{
	const struct doc_frame frames[] = {{0x7f0000001000, "runtime.gopark", NULL, 0},
		{place.pc, place.function, "/src/shop.go", place.line}};
	uint32_t actor = doc_thread(d, id, NULL, doc_stack(d, frames, CT_COUNT(frames)));

	ct_sink_get_actor(d->sink, actor)->kind = CT_ACTOR_GOROUTINE;
	ct_sink_get_actor(d->sink, actor)->state = CT_STATE_WAITING;
	return actor;
}

static uint32_t channel(struct doc *d, uint64_t address, const char *name, const char *elem,
	int64_t len, int64_t cap)
{
	bool fresh;
	uint32_t index = ct_sink_resource(d->sink, "go_chan", address, &fresh);

	assert_true(fresh);
	ct_sink_value_int(d->sink, index, "len", len);
	ct_sink_value_int(d->sink, index, "cap", cap);
	ct_sink_value_bool(d->sink, index, "closed", false);
	ct_sink_value_text(d->sink, index, "elem", elem);
	ct_sink_get_resource(d->sink, index)->name =
		name ? name : ct_sink_printf(d->sink, "chan %s", elem);
	ct_sink_get_resource(d->sink, index)->name_of_type = !name;
	return index;
}

static void waits(struct doc *d, uint32_t actor, uint32_t resource, enum ct_wait_kind kind)
{
	ct_sink_wait(d->sink, &(struct ct_wait){.kind = (uint8_t)kind,
				      .actor = actor,
				      .resource = resource,
				      .never = resource == CT_NONE,
				      .has_since = true,
				      .since_ns = UINT64_C(4000000000)});
}

static void finish(struct doc *d, uint32_t n_goroutines)
{
	doc_finish(d, CT_VERDICT_CLEAN, "no deadlock was found");
	d->document.summary.n_goroutines = n_goroutines;
}

static struct doc *shop(unsigned sections)
{
	static const struct place order = {0x401100, "main.order", 10},
				  pack = {0x401200, "main.pack", 20},
				  gift = {0x401300, "main.gift", 30},
				  reply = {0x401400, "main.reply", 40};
	struct doc *d = doc_new(sections);
	uint64_t id = 1;

	waits(d, goroutine(d, id++, order), CT_NONE, CT_WAIT_RECV);
	waits(d, goroutine(d, id++, order), CT_NONE, CT_WAIT_SELECT);
	uint32_t shelf = channel(d, 0xc000001000, "main.shelf", "*main.parcel", 3, 3);
	for (unsigned i = 0; i < 9; i++)
		waits(d, goroutine(d, id++, i % 3 ? pack : gift), shelf, CT_WAIT_SEND);
	/* Each request has one of its own. */
	for (unsigned i = 0; i < 500; i++) {
		uint32_t done = channel(d, 0xc000100000 + 96 * i, NULL, "error", 0, 1);

		waits(d, goroutine(d, id++, reply), done, CT_WAIT_RECV);
	}
	uint32_t bad = channel(d, 0xc000002000, NULL, "int", 5, 3);
	ct_sink_get_resource(d->sink, bad)->corrupt = "it has more elements than room";
	waits(d, goroutine(d, id++, gift), bad, CT_WAIT_RECV);
	finish(d, (uint32_t)id - 1);
	return d;
}

static void test_channels(void **state)
{
	struct doc *d = shop(CT_SECTION_CHANNELS);
	char *text = doc_write(&d->document, "text", false);
	unsigned lines = 0;

	(void)state;
	doc_check_golden("channels.txt", text);
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	assert_in_range(lines, 1, 20);
	free(text);
	doc_free(d);
}

/* Goroutines that wait at no channel; and none at all, so that nothing is known of channels. */
static void test_none(void **state)
{
	static const char *const texts[] = {"this is no Go program, or one that cannot be read",
		"Channels: goroutines wait at none"};

	(void)state;
	for (uint32_t n = 0; n < 2; n++) {
		struct doc *d = doc_new(CT_SECTION_CHANNELS);

		doc_thread(d, 1, NULL, CT_NONE);
		finish(d, n);
		char *text = doc_write(&d->document, "text", false);
		assert_non_null(strstr(text, texts[n]));
		assert_null(strstr(text, texts[1 - n]));
		free(text);
		doc_free(d);
	}
}

/* A select at two channels that are alike is one goroutine. */
static void test_select_of_two(void **state)
{
	static const struct place serve = {0x401500, "main.serve", 50};
	struct doc *d = doc_new(CT_SECTION_CHANNELS);
	uint32_t actor = goroutine(d, 18, serve);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t resource = channel(d, 0xc000001000 + 96 * i, NULL, "int", 0, 0);

		ct_sink_wait(d->sink, &(struct ct_wait){.kind = CT_WAIT_RECV,
					      .actor = actor,
					      .resource = resource,
					      .any_of = true});
	}
	finish(d, 1);
	char *text = doc_write(&d->document, "text", false);
	assert_non_null(strstr(text, "2 channels"));
	assert_non_null(strstr(text, " 18 waits to receive"));
	free(text);
	doc_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_select_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
