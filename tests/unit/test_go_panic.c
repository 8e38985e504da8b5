/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of panics and fatal errors by their words; CT205 on panics told by hand, and when it
 * stays silent. */
#include "story.h"

#include "facts/crash.h"
#include "facts/go.h"
#include "rules/rules.h"
#include "runtime/go/panic.h"

static void test_classes(void **state)
{
	(void)state;
	assert_string_equal(ct_go_panic_class("send on closed channel", "runtime.plainError"),
		"send-on-closed");
	assert_string_equal(ct_go_panic_class("sync: negative WaitGroup counter", "string"),
		"negative-waitgroup");
	assert_string_equal(ct_go_panic_class("", "runtime.boundsError"), "bounds");
	/* The program's own words mean nothing. */
	assert_string_equal(ct_go_panic_class("send on closed channel", "string"), "panic");
	assert_string_equal(ct_go_panic_class("index out of range", "*main.failure"), "panic");
	assert_string_equal(
		ct_go_fatal_class("sync: Unlock of unlocked RWMutex"), "unlock-of-unlocked");
	assert_string_equal(ct_go_fatal_class("fault"), "fault");
	assert_string_equal(ct_go_panic_class("runtime error: makechan: size out of range",
				    "runtime.plainError"),
		"bad-size");
	assert_string_equal(ct_go_panic_class("", "maps.unhashableTypeError"), "uncomparable");
	assert_string_equal(ct_go_panic_class("makeslice: none left", "string"), "panic");
	assert_string_equal(
		ct_go_fatal_class("runtime: cannot allocate heap metadata"), "out-of-memory");
	assert_string_equal(ct_go_fatal_class("runtime.newosproc"), "thread-exhaustion");
	assert_string_equal(
		ct_go_fatal_class("checkptr: misaligned pointer conversion"), "bad-pointer");
	assert_string_equal(
		ct_go_fatal_class("all goroutines are asleep - deadlock!"), "all-asleep");
	assert_string_equal(
		ct_go_fatal_class("no goroutines (main called runtime.Goexit) - deadlock!"),
		"all-asleep");
	assert_string_equal(ct_go_fatal_class("default"), "fatal-error");
}

static uint32_t goroutine(struct story *s, uint64_t id)
{
	return story_goroutine(s, id, CT_STATE_RUNNING);
}

static void panics(struct story *s, uint32_t actor, const char *value, bool recovered, bool goexit)
{
	ct_sink_panic(s->sink, &(struct ct_panic){.actor = actor,
				       .frame = CT_NONE,
				       .resource = CT_NONE,
				       .value = value,
				       .type = value ? "string" : NULL,
				       .class = "panic",
				       .recovered = recovered,
				       .goexit = goexit});
}

static const struct ct_finding *find_rule(const struct ct_document *doc, const char *rule)
{
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, rule))
			return &doc->findings[i];
	return NULL;
}

static const struct ct_finding *find(const struct ct_document *doc)
{
	return find_rule(doc, "CT205");
}

static void judge(struct story *s, struct ct_document **doc, struct ct_facts **facts)
{
	struct ct_error err;

	*facts = story_end(s);
	assert_int_equal(ct_detect(*facts, NULL, doc, &err), CT_OK);
}

static void crashes(struct story *s, uint32_t actor, enum ct_crash_class class, const char *kind)
{
	ct_sink_crash(s->sink, &(struct ct_crash){.actor = actor,
				       .class = class,
				       .kind = kind,
				       .trust = CT_TRUST_LAYOUT,
				       .frame = CT_NONE,
				       .cause = "panicked: second"});
}

static void test_panics_in_order(void **state)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	uint32_t other = goroutine(&s, 3), dying = goroutine(&s, 7);
	struct ct_document *doc;
	struct ct_facts *facts;

	(void)state;
	panics(&s, other, "not this one", false, false);
	panics(&s, dying, "second", false, false); /* the newest first */
	panics(&s, dying, "first", true, false);
	panics(&s, dying, NULL, false, true);
	crashes(&s, dying, CT_CRASH_GO, "send-on-closed");
	judge(&s, &doc, &facts);
	const struct ct_finding *f = find(doc);
	assert_non_null(f);
	assert_int_equal(f->n_actors, 1);
	assert_int_equal(f->actors[0], dying);
	assert_int_equal(f->confidence, CT_PROVEN);
	assert_int_equal(f->n_steps, 3);
	assert_string_equal(f->steps[0].text, "it ended itself by runtime.Goexit()");
	assert_string_equal(f->steps[1].text, "it panicked: first (string), which was recovered");
	assert_string_equal(f->steps[2].text, "it panicked: second (string)");
	assert_non_null(strstr(f->hint, "a default case does not help"));
	assert_int_equal(doc->summary.verdict, CT_VERDICT_CRASH);
	ct_document_free(doc);
	ct_facts_free(facts);
}

/* Each class has its advice. */
static void test_hints(void **state)
{
	static const char *const classes[] = {"send-on-closed", "close-of-closed", "close-of-nil",
		"negative-waitgroup", "waitgroup-misuse", "unlock-of-unlocked", "nil-map-write",
		"nil-dereference", "bounds", "divide", "type-assertion", "stack-overflow", "fault",
		"out-of-memory", "thread-exhaustion", "all-asleep", "bad-pointer", "runtime-fault",
		"bad-size", "negative-shift", "uncomparable", "panic", "fatal-error"};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(classes); i++) {
		struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
		struct ct_document *doc;
		struct ct_facts *facts;

		crashes(&s, goroutine(&s, 7), CT_CRASH_GO, classes[i]);
		judge(&s, &doc, &facts);
		/* Bad pointers have a rule of their own, with the same words. */
		const struct ct_finding *f = find(doc) ? find(doc) : find_rule(doc, "CT202");
		assert_non_null(f);
		if (!f->hint)
			fail_msg("no advice for %s", classes[i]);
		ct_document_free(doc);
		ct_facts_free(facts);
	}
}

static void test_silent(void **state)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	uint32_t g = goroutine(&s, 7);
	struct ct_document *doc;
	struct ct_facts *facts;

	(void)state;
	panics(&s, g, "on its way", false, false);
	judge(&s, &doc, &facts);
	assert_null(find(doc));
	assert_int_not_equal(doc->summary.verdict, CT_VERDICT_CRASH);
	ct_document_free(doc);
	ct_facts_free(facts);

	/* That all are asleep is for CT203. */
	s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	crashes(&s, goroutine(&s, 1), CT_CRASH_GO_ASLEEP, "all-asleep");
	judge(&s, &doc, &facts);
	assert_null(find(doc));
	ct_document_free(doc);
	ct_facts_free(facts);
}

static struct ct_channel_use use_of(uint32_t actor, uint32_t channel, uint32_t sends)
{
	return (struct ct_channel_use){.actor = actor,
		.resource = channel,
		.sends = sends,
		.receives = !sends,
		.why = "its code"};
}

/* Whose code goes on to use the channel of the panic; another channel is no matter. */
static void test_channel(void **state)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	uint32_t dying = goroutine(&s, 7), sender = goroutine(&s, 8), other = goroutine(&s, 9);
	bool fresh;
	uint32_t channel = ct_sink_resource(s.sink, "go_chan", 0x1000, &fresh);
	uint32_t open = ct_sink_resource(s.sink, "go_chan", 0x2000, &fresh);
	const struct ct_channel_use uses[] = {
		use_of(dying, channel, 1), use_of(sender, channel, 2), use_of(other, open, 1)};
	struct ct_document *doc;
	struct ct_facts *facts;

	(void)state;
	ct_sink_panic(s.sink, &(struct ct_panic){.actor = dying,
				      .frame = CT_NONE,
				      .resource = channel,
				      .value = "send on closed channel",
				      .type = "runtime.plainError",
				      .class = "send-on-closed"});
	ct_sink_go(s.sink, &(struct ct_fact_go){.uses = uses, .n_uses = CT_COUNT(uses)});
	crashes(&s, dying, CT_CRASH_GO, "send-on-closed");
	judge(&s, &doc, &facts);
	const struct ct_finding *f = find(doc);
	assert_non_null(f);
	assert_int_equal(f->n_resources, 1);
	assert_int_equal(f->resources[0], channel);
	assert_int_equal(f->n_steps, 3);
	assert_non_null(strstr(f->steps[1].text, "which was closed before"));
	assert_int_equal(f->steps[2].actor, sender);
	assert_non_null(strstr(f->steps[2].text, "has code that sends to it: its code"));
	ct_document_free(doc);
	ct_facts_free(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_panics_in_order),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
