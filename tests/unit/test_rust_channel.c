/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of Rust's channels say, of both implementations, written by hand. */
#include "lock_scene.h"

#include "blocking/rust_channel.h"

#define OBJECT  (HEAP + 256)
#define ARC     (HEAP + 1024) /* of the Thread that is parked */
#define PARKER  (ARC + 40)
#define CONTEXT (HEAP + 1280) /* of its wait: an Arc that has the Thread */
#define ENTRIES (HEAP + 1536)
#define TOKEN   (HEAP + 2048) /* the same before 1.67 */
#define RAW     (TOKEN + 16)
#define NODE    (STACK + 1024)
#define NOTHING UINT64_C(8)      /* what an empty Vec points to */
#define NONE    UINT64_C(0xffff) /* no word: ends a list */

#define RUST_WAIT (9u | 128u) /* FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG */

struct word {
	uint64_t at, value; /* at: an offset in the object, or an address */
};

#define ENDS                                                                                       \
	{                                                                                          \
		NONE, 0                                                                            \
	}
#define MAX 32

static const struct word list[MAX] = {{0, 64}, {8, HEAP}, {128, 70}, {136, HEAP}, {264, 4},
	{272, ENTRIES}, {280, 1}, {288, 0}, {296, NOTHING}, {384, 2}, {392, 1}, ENDS};
static const struct word array[MAX] = {{0, 9}, {128, 16 + 9}, {264, 4}, {272, ENTRIES}, {280, 1},
	{328, 0}, {336, NOTHING}, {384, 5}, {392, 16}, {400, 8}, {408, HEAP}, {416, 5}, {512, 1},
	{520, 1}, ENDS};
static const struct word zero[MAX] = {{8, 0}, {16, NOTHING}, {32, 0}, {40, NOTHING}, {56, 4},
	{64, ENTRIES}, {72, 1}, {80, 0}, {88, NOTHING}, {112, 3}, {120, 1}, ENDS};
static const struct word queued[MAX] = {{0, 2}, {8, 1}, {16, 3}, {32, NODE}, {40, NODE}, {48, 2},
	{64, HEAP}, {72, 4}, {80, 4}, {88, 1}, {96, 4}, {104, 4}, ENDS};
static const struct word blocked[MAX] = {{0, 2}, {8, 1}, {16, 1}, {48, 1}, {56, TOKEN}, {64, HEAP},
	{72, 1}, {80, 1}, {88, 0}, {96, 0}, {104, 0}, ENDS};
static const struct word one[MAX] = {{0, 2}, {8, 1}, {16, RAW}, ENDS};
static const struct word shared[MAX] = {
	{0, 4}, {8, 1}, {16, HEAP}, {24, HEAP}, {32, UINT64_MAX}, {48, RAW}, {56, 3}, ENDS};
static const struct word stream[MAX] = {
	{0, 2}, {8, 1}, {64, HEAP}, {128, HEAP}, {152, UINT64_MAX}, {160, RAW}, ENDS};

static const struct row {
	const struct word *channel;
	struct word but;     /* what is otherwise */
	const char *flavour; /* NULL: it is none that the thread waits in */
	bool sends;
	uint64_t messages, senders;
} rows[] = {
	{list, ENDS, "unbounded", false, 3, 2},
	{list, {128, 71}, "unbounded", false, 3, 2},       /* disconnected */
	{list, {128, 64 + 66}, "unbounded", false, 32, 2}, /* a block's end is no message */
	{list, {272, 4}, NULL, false, 0, 0},
	{list, {280, 5}, NULL, false, 0, 0}, /* longer than there is room */
	{list, {280, 0}, NULL, false, 0, 0},
	{list, {256, 3}, NULL, false, 0, 0}, /* no mutex */
	{list, {392, 0}, NULL, false, 0, 0}, /* nobody receives, and yet it is connected */
	{list, {8, 0}, NULL, false, 0, 0},
	{list, {CONTEXT + 16, ARC + 48}, NULL, false, 0, 0}, /* another thread */
	{list, {CONTEXT + 8, 0}, NULL, false, 0, 0},
	{list, {ENTRIES, HEAP + 3}, NULL, false, 0, 0},
	{array, ENDS, "bounded", true, 5, 1},
	{array, {128, 11}, "bounded", true, 2, 1},
	{array, {400, 4}, NULL, true, 0, 0},
	{array, {392, 32}, NULL, true, 0, 0},
	{array, {416, 4}, NULL, true, 0, 0},
	{array, {384, UINT64_MAX}, NULL, true, 0, 0},
	{zero, ENDS, "rendezvous", false, CT_RUST_UNKNOWN, 3},
	{zero, {16, HEAP}, NULL, false, 0, 0},
	{zero, {112, UINT64_MAX}, NULL, false, 0, 0},
	{queued, ENDS, "bounded", true, 4, 3},
	{queued, {96, 5}, NULL, true, 0, 0},
	{queued, {80, 3}, NULL, true, 0, 0},
	{queued, {NODE, HEAP + 3072}, NULL, true, 0, 0},  /* another thread's */
	{queued, {32, NODE + 16}, "bounded", true, 4, 3}, /* the second in the queue */
	{queued, {NODE + 8, NODE}, "bounded", true, 4, 3},
	{blocked, ENDS, "rendezvous", false, CT_RUST_UNKNOWN, 1},
	{blocked, {48, 0}, "rendezvous", true, CT_RUST_UNKNOWN, 1},
	{blocked, {48, 3}, NULL, false, 0, 0},
	{blocked, {TOKEN + 24, 1}, NULL, false, 0, 0}, /* it has been woken */
	{one, ENDS, "unbounded", false, 0, 1},
	{one, {16, TOKEN}, NULL, false, 0, 0},
	{one, {0, 0}, NULL, false, 0, 0},
	{shared, ENDS, "unbounded", false, 0, 3},
	{shared, {32, 0}, NULL, false, 0, 0}, /* something has come */
	{stream, ENDS, "unbounded", false, 0, 1},
	{stream, {64, 0}, NULL, false, 0, 0},
};

static void put_word(struct scene *s, struct word word)
{
	if (word.at != NONE)
		put(s, word.at < 4096 ? OBJECT + word.at : word.at, &word.value, 8);
}

static void set_up(struct scene *s, const struct row *row)
{
	static const struct word rest[] = {{ENTRIES, CONTEXT}, {CONTEXT, 2}, {CONTEXT + 8, 1},
		{CONTEXT + 16, ARC}, {TOKEN, 2}, {TOKEN + 8, 1}, {TOKEN + 16, ARC},
		{PARKER, UINT32_MAX}, {NODE, TOKEN}, {NODE + 16, HEAP + 3072}, {NODE + 24, NODE},
		{STACK + 64, OBJECT}};

	begin(s);
	sleep_in(s, PARKER, (struct call){RUST_WAIT, UINT32_MAX, 0});
	stand_between(s, "syscall", NULL);
	for (size_t i = 0; i < CT_COUNT(rest); i++)
		put_word(s, rest[i]);
	for (const struct word *word = row->channel; word->at != NONE; word++)
		put_word(s, *word);
	put_word(s, row->but);
}

static void channels_tell_who_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const struct ct_primitive *found;
		struct ct_rust_channel channel;
		struct scene s;

		set_up(&s, &rows[i]);
		enum ct_status status = ct_primitive_match(&s.ctx, &s.blocked, &found, &s.match);
		bool is_channel = !status && found == &ct_primitive_rust_channel;
		assert_int_equal(is_channel, rows[i].flavour != NULL);
		if (is_channel) {
			assert_int_equal(s.match.address, OBJECT);
			assert_int_equal(s.match.trust, CT_TRUST_EXACT);
			assert_int_equal(s.match.kind, rows[i].sends ? CT_WAIT_SEND : CT_WAIT_RECV);
			assert_true(ct_rust_channel_new(&s.ctx, OBJECT, 0, &channel) ||
				    ct_rust_channel_old(&s.ctx, OBJECT, 0, &channel));
			assert_string_equal(channel.flavour, rows[i].flavour);
			assert_int_equal(channel.messages, rows[i].messages);
			assert_int_equal(channel.senders, rows[i].senders);
		}
		end(&s);
	}
}

/* Code may have no other pointer than one to the data in the Arc. */
static void the_data_leads_to_the_arc(void **state)
{
	const struct row row = {queued, {STACK + 64, OBJECT + 16}, "bounded", true, 4, 3};
	const struct ct_primitive *found;
	struct scene s;

	(void)state;
	set_up(&s, &row);
	assert_int_equal(ct_primitive_match(&s.ctx, &s.blocked, &found, &s.match), CT_OK);
	assert_ptr_equal(found, &ct_primitive_rust_channel);
	assert_int_equal(s.match.address, OBJECT);
	end(&s);
}

/* A queue in a ring, and a list longer than anybody looks at: no end, and no claim. */
static void what_has_no_end_is_left(void **state)
{
	const struct row ring = {queued, {NODE + 24, NODE + 16}, NULL, true, 0, 0};
	const struct row longer = {array, {264, 1u << 20}, NULL, true, 0, 0};
	const struct ct_primitive *found;
	struct scene s;

	(void)state;
	set_up(&s, &ring);
	put_word(&s, (struct word){32, NODE + 16});
	assert_int_equal(ct_primitive_match(&s.ctx, &s.blocked, &found, &s.match), CT_OK);
	assert_ptr_not_equal(found, &ct_primitive_rust_channel);
	end(&s);
	set_up(&s, &longer);
	put_word(&s, (struct word){280, 1u << 20});
	put_word(&s, (struct word){ENTRIES, 0});
	assert_int_equal(ct_primitive_match(&s.ctx, &s.blocked, &found, &s.match), CT_OK);
	assert_ptr_not_equal(found, &ct_primitive_rust_channel);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(channels_tell_who_waits),
		cmocka_unit_test(the_data_leads_to_the_arc),
		cmocka_unit_test(what_has_no_end_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
