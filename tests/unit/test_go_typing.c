/* SPDX-License-Identifier: Apache-2.0 */
/* What objects are, by descriptors made by hand, as runtime/type.go of Go 1.22 lays them out. */
#include "fake_go_heap.h"
#include "runtime/go/heap_types.h"
#include "runtime/go/types.h"

#define MODULE    DATA
#define TYPES     (DATA + 0x100)
#define TYPES_END (DATA + 0xc00)
#define ITEM      (TYPES + 0x00)  /* 24 bytes with one pointer */
#define TO_ITEM   (TYPES + 0x80)  /* *item */
#define MANY      (TYPES + 0x100) /* [1000]*item */
#define SHELF     (TYPES + 0x180) /* struct { head int; many [1000]*item; last *item } */
#define FIELDS    (TYPES + 0x200) /* of it */
#define PAIRS     (TYPES + 0x280) /* [3][2]*item */
#define PAIR      (TYPES + 0x300) /* [2]*item */
#define LARGE     8192
#define SLOT      48

static void word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

static void put_type(uint64_t at, uint8_t kind, uint64_t size, uint64_t pointers)
{
	word(at, size);
	word(at + 8, pointers);
	put(at + 23, &kind, 1);
}

static void put_array(uint64_t at, uint64_t elem, uint64_t n, uint64_t size)
{
	put_type(at, CT_GO_KIND_ARRAY, size, size);
	word(at + 48, elem);
	word(at + 64, n);
}

static void put_field(unsigned i, uint64_t type, uint64_t offset)
{
	word(FIELDS + i * 24 + 8, type);
	word(FIELDS + i * 24 + 16, offset);
}

struct stage {
	struct ct_go_table table;
	struct ct_go_heap *heap;
	struct ct_go_mark *mark;
	struct ct_go_masks masks;
	struct ct_go_typing typing;
};

/* A span of small objects, and one of an object that is a page large. All live. */
static struct stage *begin(struct ct_target *target)
{
	struct stage *s = calloc(1, sizeof(*s));

	memset(memory, 0, sizeof(memory));
	memset(go.layout.offset, 0xff, sizeof(go.layout.offset));
	go.version.minor = 22;
	go.layout.offset[CT_GO_MODULEDATA_TYPES] = 0;
	go.layout.offset[CT_GO_MODULEDATA_ETYPES] = 8;
	go.layout.offset[CT_GO_HCHAN_BUF] = 16;
	word(MODULE, TYPES);
	word(MODULE + 8, TYPES_END);
	s->table.moduledata = MODULE;
	go.tables = (struct ct_go_tables){.list = &s->table, .n = 1};
	put_type(ITEM, CT_GO_KIND_STRUCT, 24, 8);
	put_type(TO_ITEM, CT_GO_KIND_POINTER, 8, 8);
	word(TO_ITEM + 48, ITEM);
	put_array(MANY, TO_ITEM, 1000, 8000);
	put_type(SHELF, CT_GO_KIND_STRUCT, 8016, 8016);
	word(SHELF + 56, FIELDS);
	word(SHELF + 64, 2);
	put_field(0, MANY, 8);
	put_field(1, TO_ITEM, 8008);
	put_array(PAIR, TO_ITEM, 2, 16);
	put_array(PAIRS, PAIR, 3, 48);
	s->heap = new_heap(target);
	add_span(s->heap, 0, 1, SLOT, CT_GO_MAP_SPAN);
	add_span(s->heap, 1, 1, LARGE, CT_GO_MAP_LARGE)->class = 0;
	s->masks.heap = s->heap;
	s->mark = ct_go_mark_new(s->heap, 1);
	for (uint32_t id = 0; id < s->heap->n_objects; id++) {
		struct ct_go_object object;

		ct_go_object_get(s->heap, id, &object);
		ct_go_mark_alone(s->mark, &object);
	}
	assert_int_equal(ct_go_typing_init(&s->typing, s->heap, s->mark, &s->masks), CT_OK);
	return s;
}

static void end(struct stage *s)
{
	ct_go_typing_free(&s->typing);
	ct_go_mark_free(s->mark);
	close_heap(s->heap);
	go.tables = (struct ct_go_tables){0};
	free(s);
}

static uint32_t add(struct stage *s, uint64_t type, enum ct_go_form form)
{
	uint32_t known = ct_go_typing_add(&s->typing, type, form);

	assert_int_not_equal(known, CT_NONE);
	return known;
}

/* The leads of a type, as the objects that are found by them see them. */
static void assert_leads(struct stage *s, uint64_t type, const struct ct_go_lead *want, uint32_t n)
{
	uint32_t known = add(s, type, CT_GO_FORM_VALUE), item = add(s, ITEM, CT_GO_FORM_VALUE);

	ct_go_typing_flatten(&s->typing, known);
	const struct ct_go_known *k = &s->typing.known.items[known];
	assert_int_equal(k->n, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct ct_go_lead *lead = &s->typing.fields.items[k->first + i];

		assert_int_equal(lead->offset, want[i].offset);
		assert_int_equal(lead->n, want[i].n);
		if (lead->n > 1)
			assert_int_equal(lead->stride, want[i].stride);
		assert_int_equal(lead->known, item);
	}
}

static void arrays_are_not_written_out(void **state)
{
	struct stage *s = begin(*state);

	assert_leads(s, SHELF,
		(struct ct_go_lead[]){
			{.offset = 8, .n = 1000, .stride = 8}, {.offset = 8008, .n = 1}},
		2);
	end(s);
}

static void arrays_of_arrays_are(void **state)
{
	struct stage *s = begin(*state);

	assert_leads(s, PAIRS,
		(struct ct_go_lead[]){{.offset = 0, .n = 2, .stride = 8},
			{.offset = 16, .n = 2, .stride = 8}, {.offset = 32, .n = 2, .stride = 8}},
		3);
	end(s);
}

/* An array that is longer than what it is in, and more fields than there is room for. */
static void no_type_has_more_words_than_its_size(void **state)
{
	struct stage *s = begin(*state);

	word(MANY + 64, UINT64_MAX);
	put_type(SHELF, CT_GO_KIND_STRUCT, 40, 40);
	put_field(1, MANY, 0);
	assert_leads(s, SHELF,
		(struct ct_go_lead[]){
			{.offset = 8, .n = 4, .stride = 8}, {.offset = 0, .n = 1, .stride = 8}},
		2);
	end(s);
}

static void what_an_array_leads_to_is_known_to_its_end(void **state)
{
	struct stage *s = begin(*state);
	const uint64_t shelf = ARENA + CT_GO_PAGE;

	set_word(shelf + 8 + 999 * 8, ARENA + 2 * SLOT);
	set_word(shelf + 8008, ARENA + 3 * SLOT);
	put_type(ITEM, CT_GO_KIND_STRUCT, 40, 8);
	ct_go_typing_points(&s->typing, shelf, add(s, SHELF, CT_GO_FORM_VALUE), false);
	assert_int_equal(ct_go_typing_follow(&s->typing), CT_OK);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(
			s->typing.of[i], i == 2 || i == 3 ? add(s, ITEM, CT_GO_FORM_VALUE) + 1 : 0);
	end(s);
}

static void set_slots(struct stage *s, uint64_t size, enum ct_go_pointer_map map)
{
	s->heap->spans[0].elemsize = size;
	s->heap->spans[0].map = (uint8_t)map;
}

#define WITH    CT_GO_MAP_SPAN
#define WITHOUT CT_GO_MAP_NONE
#define EITHER  CT_GO_MAP_UNKNOWN

/* Else the pointer is to a first field, or to memory that somebody has made a slice of. */
static void only_what_fills_an_object_names_it(void **state)
{
	static const struct {
		uint64_t slot, size, pointers;
		enum ct_go_form form;
		enum ct_go_pointer_map map;
		bool named;
	} rows[] = {
		{48, 40, 8, CT_GO_FORM_VALUE, WITH, true},
		{48, 33, 8, CT_GO_FORM_VALUE, WITH, true},
		{48, 48, 8, CT_GO_FORM_VALUE, WITH, true},
		{48, 32, 8, CT_GO_FORM_VALUE, WITH, false},
		{48, 49, 8, CT_GO_FORM_VALUE, WITH, false},
		{8, 0, 0, CT_GO_FORM_VALUE, WITHOUT, false},
		{24, 16, 8, CT_GO_FORM_VALUE, WITH, false},
		{24, 17, 8, CT_GO_FORM_VALUE, WITH, true},
		{32, 24, 8, CT_GO_FORM_VALUE, WITH, false},
		{32, 25, 8, CT_GO_FORM_VALUE, WITH, true},
		{256, 240, 8, CT_GO_FORM_VALUE, WITH, false},
		{256, 241, 8, CT_GO_FORM_VALUE, WITH, true},
		{768, 641, 8, CT_GO_FORM_VALUE, WITH, true},
		{768, 640, 8, CT_GO_FORM_VALUE, WITH, false},
		{48, 40, 0, CT_GO_FORM_VALUE, WITH, false},
		{48, 40, 8, CT_GO_FORM_VALUE, WITHOUT, false},
		{48, 40, 0, CT_GO_FORM_VALUE, WITHOUT, true},
		{48, 40, 0, CT_GO_FORM_VALUE, EITHER, true},
		{48, 16, 8, CT_GO_FORM_ARRAY, WITH, true},
		{48, 16, 0, CT_GO_FORM_ARRAY, WITH, false},
		{48, 0, 0, CT_GO_FORM_ARRAY, WITHOUT, false},
		{48, 49, 8, CT_GO_FORM_ARRAY, WITH, false},
		{48, 40, 8, CT_GO_FORM_CHAN, WITHOUT, true},
	};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct stage *s = begin(*state);

		set_slots(s, rows[i].slot, rows[i].map);
		put_type(ITEM, CT_GO_KIND_STRUCT, rows[i].size, rows[i].pointers);
		uint32_t known = add(s, ITEM, rows[i].form);
		ct_go_typing_points(&s->typing, ARENA + rows[i].slot, known, false);
		assert_int_equal(s->typing.of[1], rows[i].named ? known + 1 : 0);
		end(s);
	}
}

/* Bytes of a string that somebody has made of an object's own array are not what the object is. */
static void bytes_have_no_pointers(void **state)
{
	struct stage *s = begin(*state);
	uint32_t bytes = ct_go_typing_add(&s->typing, 0, CT_GO_FORM_BYTES);

	ct_go_typing_points(&s->typing, ARENA + 8, bytes, true);
	assert_int_equal(s->typing.of[0], 0);
	set_slots(s, SLOT, CT_GO_MAP_NONE);
	ct_go_typing_points(&s->typing, ARENA + 8, bytes, true);
	assert_int_equal(s->typing.of[0], bytes + 1);
	end(s);
}

/* A pointer to what is embedded comes first or later. */
static void what_embeds_is_what_the_object_is(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct stage *s = begin(*state);
		uint32_t known[2];

		put_type(ITEM, CT_GO_KIND_STRUCT, 40, 8);
		put_type(SHELF, CT_GO_KIND_STRUCT, 48, 16);
		known[0] = add(s, ITEM, CT_GO_FORM_VALUE);
		known[1] = add(s, SHELF, CT_GO_FORM_VALUE);
		ct_go_typing_points(&s->typing, ARENA, known[i], false);
		ct_go_typing_points(&s->typing, ARENA, known[1 - i], false);
		assert_int_equal(s->typing.of[0], known[1] + 1);
		assert_int_equal(ct_go_typing_follow(&s->typing), CT_OK);
		end(s);
	}
}

/* A type with many of itself. */
static void no_type_takes_for_ever(void **state)
{
	struct stage *s = begin(*state);
	const uint64_t self = TYPES + 0x400, fields = self + 0x80;

	put_type(self, CT_GO_KIND_STRUCT, 8, 8);
	word(self + 56, fields);
	word(self + 64, 40);
	for (unsigned i = 0; i < 40; i++)
		word(fields + i * 24 + 8, self);
	ct_go_typing_flatten(&s->typing, add(s, self, CT_GO_FORM_VALUE));
	assert_int_equal(s->typing.known.items[0].n, 0);
	end(s);
}

/* Only slices lead into the middle, and what is known first stays. */
static void a_pointer_into_the_middle_names_nothing(void **state)
{
	struct stage *s = begin(*state);
	uint32_t value, array;

	put_type(ITEM, CT_GO_KIND_STRUCT, SLOT, 8);
	value = add(s, ITEM, CT_GO_FORM_VALUE);
	array = add(s, TO_ITEM, CT_GO_FORM_ARRAY);
	ct_go_typing_points(&s->typing, ARENA + 8, value, false);
	assert_int_equal(s->typing.of[0], 0);
	ct_go_typing_points(&s->typing, ARENA + 4, array, true);
	assert_int_equal(s->typing.of[0], 0);
	ct_go_typing_points(&s->typing, ARENA + 8, array, true);
	assert_int_equal(s->typing.of[0], array + 1);
	ct_go_typing_points(&s->typing, ARENA, value, false);
	assert_int_equal(s->typing.of[0], array + 1);
	ct_go_typing_points(&s->typing, ARENA + SLOT, CT_NONE, false);
	assert_int_equal(s->typing.of[1], 0);
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(arrays_are_not_written_out),
		TEST(arrays_of_arrays_are),
		TEST(no_type_has_more_words_than_its_size),
		TEST(what_an_array_leads_to_is_known_to_its_end),
		TEST(only_what_fills_an_object_names_it),
		TEST(bytes_have_no_pointers),
		TEST(what_embeds_is_what_the_object_is),
		TEST(no_type_takes_for_ever),
		TEST(a_pointer_into_the_middle_names_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
