/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and environment out of the start of a stack, as the kernel lays it out, and damaged. */
#include "core_image.h"

#include "base/str.h"
#include "observe/observe.h"

#define STACK   UINT64_C(0x7ff000000000)
#define WORDS   512
#define SIZE    (WORDS * 8 + 8192)
#define RANDOM  (STACK + 0x400)
#define STRINGS (STACK + WORDS * 8)

/* The stack of a program called with these arguments and this environment. */
struct start {
	union {
		uint64_t words[WORDS];
		char bytes[SIZE];
	} stack;
	uint64_t path, next; /* of the string */
	uint32_t n;          /* words */
};

static void push(struct start *s, uint64_t word)
{
	s->stack.words[s->n++] = word;
}

static uint64_t add_string(struct start *s, const char *text)
{
	uint64_t at = s->next;

	strcpy(s->stack.bytes + (at - STACK), text);
	s->next += strlen(text) + 1;
	return at;
}

static struct start start_of(const char *const *args, const char *const *env)
{
	struct start s = {.next = STRINGS};
	uint64_t n = 0;

	while (args[n])
		n++;
	push(&s, n);
	for (uint64_t i = 0; args[i]; i++)
		push(&s, add_string(&s, args[i]));
	push(&s, 0);
	for (uint64_t i = 0; env[i]; i++)
		push(&s, add_string(&s, env[i]));
	push(&s, 0);
	s.path = add_string(&s, "/bin/shop");
	const uint64_t auxv[] = {AT_PAGESZ, 4096, AT_EXECFN, s.path, AT_RANDOM, RANDOM, AT_NULL, 0};
	for (size_t i = 0; i < 8; i++)
		push(&s, auxv[i]);
	return s;
}

static struct ct_facts *observe(struct start *s, unsigned wants, bool redact)
{
	const uint64_t auxv[] = {AT_EXECFN, s->path, AT_RANDOM, RANDOM, AT_NULL, 0};
	const struct ct_options options = {.no_debuginfod = true, .redact = redact};
	const struct ct_plan plan = {.wants = wants};
	struct core_image image = {0};
	struct ct_target *target;
	struct ct_facts *facts;
	struct ct_error err;

	core_add_thread(&image, PID, 0);
	core_add_prpsinfo(&image, PID, "shop", "shop --open all");
	core_add_note(&image, "CORE", NT_AUXV, auxv, sizeof(auxv));
	core_add_load(&image, STACK, SIZE, s->stack.bytes, SIZE);
	assert_int_equal(ct_target_open(core_open_image(&image), &options, &target, &err), CT_OK);
	assert_int_equal(ct_observe(target, &plan, &facts, &err), CT_OK);
	ct_target_close(target);
	return facts;
}

static void check_strings(const struct ct_fact_strings *s, const char *const *wanted)
{
	for (uint32_t i = 0; i < s->n; i++)
		assert_string_equal(s->items[i], wanted[i]);
	assert_null(wanted[s->n]);
}

static const char *const shop[] = {"shop", "--port", "80", "", NULL};
static const char *const home[] = {"HOME=/srv/shops", "TOKEN=4711", NULL};
static const char *const none[] = {NULL};
#define BOTH (CT_WANT_ARGS | CT_WANT_ENV)

static void only_what_is_asked_for(void **state)
{
	struct start s = start_of(shop, home);
	struct ct_facts *facts = observe(&s, 0, false);

	(void)state;
	assert_false(facts->target.args.asked || facts->target.env.asked);
	assert_int_equal(facts->target.args.n + facts->target.env.n, 0);
	ct_facts_free(facts);
	facts = observe(&s, CT_WANT_ARGS, false);
	check_strings(&facts->target.args, shop);
	assert_int_equal(facts->target.env.n, 0);
	assert_false(facts->target.args.cut);
	ct_facts_free(facts);
	facts = observe(&s, BOTH, false);
	check_strings(&facts->target.args, shop);
	check_strings(&facts->target.env, home);
	ct_facts_free(facts);
}

static void of_secrets_the_length(void **state)
{
	static const char *const lengths[] = {"<15 bytes>", "<10 bytes>", NULL};
	struct start s = start_of(shop, home);
	struct ct_facts *facts = observe(&s, BOTH, true);

	(void)state;
	check_strings(&facts->target.env, lengths);
	assert_string_equal(facts->target.args.items[1], "<6 bytes>");
	ct_facts_free(facts);
}

static void neither_has_to_be(void **state)
{
	struct start s = start_of(none, none);
	struct ct_facts *facts = observe(&s, BOTH, false);

	(void)state;
	assert_int_equal(facts->target.args.n + facts->target.env.n, 0);
	assert_null(facts->target.args.why);
	ct_facts_free(facts);
}

/* A stack that the program, or an attacker, has written over: then the kernel's short copy. */
static void what_does_not_fit_is_not_told(void **state)
{
	static const char *const copy[] = {"shop --open all", NULL};
	static const struct {
		uint32_t word;
		uint64_t value;
	} damages[] = {
		{0, 5},                 /* the count */
		{0, UINT64_MAX},        /* likewise */
		{2, 0},                 /* a NULL among the arguments */
		{3, STACK + 8},         /* what is no string of the kernel's */
		{5, STRINGS + 1},       /* no NULL between arguments and environment */
		{8, STRINGS + 1},       /* nor before the vector */
		{11, 1},                /* another vector than the core's */
		{9, UINT64_C(1) << 40}, /* a vector that does not begin */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(damages); i++) {
		struct start s = start_of(shop, home);

		s.stack.words[damages[i].word] = damages[i].value;
		struct ct_facts *facts = observe(&s, BOTH, false);
		check_strings(&facts->target.args, copy);
		assert_int_equal(facts->target.env.n, 0);
		assert_non_null(facts->target.env.why);
		ct_facts_free(facts);
	}
}

static void long_ones_are_cut(void **state)
{
	static char text[6000];
	const char *const args[] = {"shop", text, NULL};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	struct start s = start_of(args, none);
	struct ct_facts *facts = observe(&s, BOTH, false);
	assert_int_equal(facts->target.args.n, 2);
	assert_true(facts->target.args.cut);
	assert_true(strlen(facts->target.args.items[1]) < 4200);
	ct_facts_free(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_asked_for),
		cmocka_unit_test(of_secrets_the_length),
		cmocka_unit_test(neither_has_to_be),
		cmocka_unit_test(what_does_not_fit_is_not_told),
		cmocka_unit_test(long_ones_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
