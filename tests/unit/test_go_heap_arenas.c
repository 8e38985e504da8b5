/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas and spans as a core tells them, true or not. */
#include "fake_target.h"
#include "runtime/go/heap_mark.h"
#include "want_log.h"

#define ARENA  UINT64_C(0xc000000000)
#define RECORD UINT64_C(0x7f0000100000) /* of the arena: its table of spans */
#define SPANS  UINT64_C(0x7f0000200000)

enum {
	STARTADDR = 0,
	NPAGES = 8,
	NELEMS = 16,
	LIMIT = 24,
	ELEMSIZE = 32,
	STATE = 40,
	CLASS = 41,
	BITS = 48,
	SIZE = 56
};

static uint64_t record[CT_GO_ARENA_PAGES];
static uint8_t spans[80 * SIZE];
static uint8_t first_page[CT_GO_PAGE]; /* of the arena */

static enum ct_status read_all(void *self, uint64_t addr, void *buf, size_t len)
{
	if (addr >= RECORD && ct_within(addr - RECORD, len, sizeof(record)))
		memcpy(buf, (const uint8_t *)record + (addr - RECORD), len);
	else if (addr >= SPANS && ct_within(addr - SPANS, len, sizeof(spans)))
		memcpy(buf, spans + (addr - SPANS), len);
	else if (addr >= ARENA && ct_within(addr - ARENA, len, sizeof(first_page)))
		memcpy(buf, first_page + (addr - ARENA), len);
	else
		return fake_read(self, addr, buf, len);
	return CT_OK;
}

static enum ct_status view_list(void *self, uint64_t addr, size_t len, const void **ret)
{
	(void)self;
	if (addr < DATA || !ct_within(addr - DATA, len, sizeof(memory)))
		return CT_FAULT;
	*ret = memory + (addr - DATA);
	return CT_OK;
}

/* Of 1.19; changed by who wants another version's fields. */
static struct ct_go go;

static void set_layout(void)
{
	go = (struct ct_go){.version = {.text = "go1.19", .major = 1, .minor = 19}};
	memset(go.layout.offset, 0xff, sizeof(go.layout.offset));
	go.layout.offset[CT_GO_MHEAP_ALLARENAS] = 0;
	go.layout.offset[CT_GO_MHEAP_ARENAS] = 24;
	go.layout.offset[CT_GO_HEAPARENA_SPANS] = 0;
	go.layout.offset[CT_GO_MSPAN_STARTADDR] = STARTADDR;
	go.layout.offset[CT_GO_MSPAN_NPAGES] = NPAGES;
	go.layout.offset[CT_GO_MSPAN_NELEMS] = NELEMS;
	go.layout.offset[CT_GO_MSPAN_LIMIT] = LIMIT;
	go.layout.offset[CT_GO_MSPAN_ELEMSIZE] = ELEMSIZE;
	go.layout.offset[CT_GO_MSPAN_STATE] = STATE;
	go.layout.offset[CT_GO_MSPAN_SPANCLASS] = CLASS;
	go.layout.offset[CT_GO_MSPAN_ALLOCBITS] = BITS;
	go.layout.offset[CT_GO_MSPAN_SIZE] = SIZE;
	go.globals.heap = DATA;
}

static int open_process(void **state)
{
	static const struct ct_options options = {.no_debuginfod = true};
	static struct ct_source_ops ops;
	struct ct_error err;
	struct ct_target *target;

	ops = fake;
	ops.read = read_all;
	ops.view = view_list;
	ops.want = log_want;
	ops.fetch = log_fetch;
	n_want_log = 0;
	memset(memory, 0, sizeof(memory));
	memset(record, 0, sizeof(record));
	memset(spans, 0, sizeof(spans));
	set_layout();
	if (ct_target_open((struct ct_source){.ops = &ops}, &options, &target, &err))
		return -1;
	*state = target;
	return 0;
}

/* The next span of the arena, from this page on, whose objects have no pointers. */
static void add_span(uint32_t i, uint32_t page, uint64_t pages, uint64_t elemsize)
{
	uint8_t *span = spans + (size_t)i * SIZE;
	uint64_t start = ARENA + page * CT_GO_PAGE, n = pages * CT_GO_PAGE / elemsize;
	uint64_t limit = start + n * elemsize;

	memcpy(span + STARTADDR, &start, 8);
	memcpy(span + NPAGES, &pages, 8);
	memcpy(span + NELEMS, &n, 8);
	memcpy(span + LIMIT, &limit, 8);
	memcpy(span + ELEMSIZE, &elemsize, 8);
	span[STATE] = 1;
	span[CLASS] = 2 << 1 | 1;
	for (uint64_t k = 0; k < pages; k++)
		record[page + k] = SPANS + (uint64_t)i * SIZE;
}

static struct ct_go_heap *open_heap(struct ct_target *target)
{
	/* The list of arenas and the table of their records, of which one item is in memory. */
	uint64_t index = (ARENA + (UINT64_C(1) << 47)) >> CT_GO_ARENA_BITS;
	uint64_t mheap[] = {DATA + 64, 1, 1, DATA + 72 - 8 * index}, list[] = {index, RECORD};
	struct ct_go_heap *heap;

	go.target = target;
	put(DATA, mheap, sizeof(mheap));
	put(DATA + 64, list, sizeof(list));
	assert_int_equal(ct_go_heap_open(&go, &heap), CT_OK);
	return heap;
}

static void spans_of_an_arena(void **state)
{
	add_span(0, 0, 1, 1024);
	add_span(1, 1, 16, 64);
	struct ct_go_heap *heap = open_heap(*state);
	assert_int_equal(heap->n_spans, 2);
	assert_int_equal(heap->n_objects, 8 + 16 * 8192 / 64);
	assert_int_equal(heap->bytes, 17 * 8192);
	assert_int_equal(heap->n_bad, 0);
	ct_go_heap_close(heap);
}

/* Memory of ours is needed for each object: a core of a few KB has not 1,280,000. */
static void more_objects_than_a_core_can_have(void **state)
{
	for (uint32_t i = 0; i < 79; i++)
		add_span(i, 16 * i, 16, 8);
	struct ct_go_heap *heap = open_heap(*state);
	assert_in_range(heap->n_objects, 1 << 19, (1 << 20) + sizeof(first_page) + sizeof(memory));
	assert_in_range(heap->n_bad, 79 - 64, 79 - 32);
	ct_go_heap_close(heap);
}

/* Who goes through an object goes on as far as it is large. */
static void an_object_is_no_larger_than_its_span(void **state)
{
	const uint64_t sizes[] = {8192, 8200, UINT64_C(1) << 37};

	for (size_t i = 0; i < CT_COUNT(sizes); i++) {
		add_span(0, 0, 1, 8192);
		memcpy(spans + ELEMSIZE, &sizes[i], 8);
		struct ct_go_heap *heap = open_heap(*state);
		assert_int_equal(heap->n_objects, i == 0);
		assert_int_equal(heap->n_bad, i != 0);
		ct_go_heap_close(heap);
	}
}

/* Memory is copied by how many pages a span claims: they are those of its objects. */
static void a_span_has_no_more_pages_than_its_objects(void **state)
{
	const struct {
		uint64_t pages;
		bool bad;
	} rows[] = {{8, false}, {16, false}, {18, true}, {CT_GO_ARENA_PAGES + 1, true}, {0, true}};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		add_span(0, 0, 8, 1024);
		memcpy(spans + NPAGES, &rows[i].pages, 8);
		struct ct_go_heap *heap = open_heap(*state);
		assert_int_equal(heap->n_objects != 0, !rows[i].bad);
		assert_int_equal(heap->n_bad != 0, rows[i].bad);
		ct_go_heap_close(heap);
	}
}

/* The mark goes through all bits of a span each time that its turn has come. */
static void a_span_of_several_objects_is_small(void **state)
{
	for (uint64_t pages = 16; pages <= 17; pages++) {
		add_span(0, 0, pages, 64);
		struct ct_go_heap *heap = open_heap(*state);
		assert_int_equal(heap->n_bad != 0, pages == 17);
		ct_go_heap_close(heap);
	}
}

/* That much of a heap may be missing from a core that is cut off. */
static void objects_that_are_missing(void **state)
{
	add_span(0, 0, 1, 1024);
	add_span(1, 1, CT_GO_ARENA_PAGES - 1, (CT_GO_ARENA_PAGES - 1) * CT_GO_PAGE);
	struct ct_go_heap *heap = open_heap(*state);
	assert_int_equal(heap->n_objects, 8 + 1);
	assert_int_equal(heap->n_bad, 0);
	ct_go_heap_close(heap);
}

/* The records of spans before all else; what may hold pointers of a span, for who marks. */
static void what_is_fetched(void **state)
{
	add_span(0, 0, 1, 1024);
	add_span(1, 1, 2, 64);
	spans[SIZE + CLASS] = 2 << 1;
	memcpy(spans + SIZE + BITS, &(uint64_t){DATA + 256}, 8);
	struct ct_go_heap *heap = open_heap(*state);
	const struct wanted rows[] = {{RECORD, sizeof(record)}, {0, 0}, {SPANS, SIZE},
		{SPANS + SIZE, SIZE}, {0, 0}, {DATA + 256, 2 * CT_GO_PAGE / 64 / 8},
		{ARENA + CT_GO_PAGE, 2 * CT_GO_PAGE}};
	check_want_log(rows, CT_COUNT(rows));
	struct ct_go_mark *mark = ct_go_mark_new(heap, 1);
	assert_int_equal(n_want_log, 0);
	assert_int_equal(ct_go_mark_run(mark), CT_OK);
	check_want_log((struct wanted[]){{0, 0}}, 1);
	ct_go_mark_free(mark);
	ct_go_heap_close(heap);
}

/* Since 1.26 mark bits may stand behind the bitmap: a bit of the arena's record says of which
 * pages. */
static void where_a_bitmap_is(void **state)
{
	static const struct {
		uint32_t offset; /* of those bits, in the record; behind it nothing can be read */
		uint8_t bits;
		uint8_t map, first; /* byte of the bitmap */
	} rows[] = {{sizeof(record) - 1024, 0, CT_GO_MAP_SPAN, 0x11},
		{sizeof(record) - 1024, 1, CT_GO_MAP_SPAN, 0x22},
		{sizeof(record) - 1024, 2, CT_GO_MAP_SPAN, 0x11}, /* of another page */
		{sizeof(record), 0, CT_GO_MAP_UNKNOWN, 0}};

	first_page[CT_GO_PAGE - 128] = 0x11;
	first_page[CT_GO_PAGE - 256] = 0x22;
	go.layout.offset[CT_GO_MSPAN_LARGETYPE] = CLASS;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		go.layout.offset[CT_GO_HEAPARENA_PAGEUSESPANINLINEMARKBITS] = rows[i].offset;
		add_span(0, 0, 1, 64);
		spans[CLASS] = 2 << 1;
		record[sizeof(record) / 8 - 128] = rows[i].bits;
		struct ct_go_heap *heap = open_heap(*state);
		assert_int_equal(heap->n_spans, 1);
		assert_int_equal(heap->spans[0].map, rows[i].map);
		assert_int_equal(heap->n_unknown, rows[i].map == CT_GO_MAP_UNKNOWN);
		if (rows[i].map == CT_GO_MAP_SPAN)
			assert_int_equal(heap->spans[0].bits[0], rows[i].first);
		ct_go_heap_close(heap);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(spans_of_an_arena, open_process, close_target),
		cmocka_unit_test_setup_teardown(what_is_fetched, open_process, close_target),
		cmocka_unit_test_setup_teardown(where_a_bitmap_is, open_process, close_target),
		cmocka_unit_test_setup_teardown(
			more_objects_than_a_core_can_have, open_process, close_target),
		cmocka_unit_test_setup_teardown(
			an_object_is_no_larger_than_its_span, open_process, close_target),
		cmocka_unit_test_setup_teardown(
			a_span_has_no_more_pages_than_its_objects, open_process, close_target),
		cmocka_unit_test_setup_teardown(
			a_span_of_several_objects_is_small, open_process, close_target),
		cmocka_unit_test_setup_teardown(
			objects_that_are_missing, open_process, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
