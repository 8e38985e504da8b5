/* SPDX-License-Identifier: Apache-2.0 */
/* A core reduced to some of its memory reads as the same process, less the bytes that were left
 * out. */
#include "core_image.h"
#include "source/core_lean.h"

#define LEAN_BASE UINT64_C(0x10000000)

static uint8_t memory[16 * CORE_PAGE];

static void fill_memory(void)
{
	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(i * 7 + i / CORE_PAGE + 1);
}

/* Writes the pieces as a tar reader would: holes stay unwritten. */
static struct ct_source reopen(const struct ct_lean_core *lean)
{
	int fd = memfd_create("lean", MFD_CLOEXEC);
	uint64_t end = 0;

	for (uint32_t i = 0; i < lean->pieces.n; i++) {
		const struct ct_piece *piece = &lean->pieces.items[i];

		assert_true(piece->at >= end);
		/* GNU tar reads pieces of whole blocks only. */
		assert_int_equal(piece->at % 512, 0);
		assert_int_equal(piece->len % 512, 0);
		core_write(fd, piece->bytes, piece->len, piece->at);
		end = piece->at + piece->len;
	}
	assert_true(lean->pieces.size >= end);
	assert_int_equal(ftruncate(fd, (off_t)lean->pieces.size), 0);
	return core_open_fd(fd);
}

static struct ct_lean_core make(struct ct_source source, const struct ct_range *ranges, size_t n)
{
	struct ct_lean_core lean;
	struct ct_error err = {0};

	if (ct_lean_core_make(source, ranges, n, &lean, &err))
		fail_msg("%s", err.text);
	return lean;
}

static size_t count_threads(struct ct_source source)
{
	struct ct_thread thread;
	size_t cur = 0, n = 0;

	while (!source.ops->next_thread(source.self, &cur, &thread))
		n++;
	return n;
}

static bool readable(struct ct_source source, uint64_t addr, uint64_t len)
{
	uint8_t bytes[2 * CORE_PAGE];

	assert_true(len <= sizeof(bytes));
	if (source.ops->read(source.self, addr, bytes, len))
		return false;
	assert_memory_equal(bytes, memory + (addr - LEAN_BASE), len);
	return true;
}

static struct ct_source small_core(void)
{
	struct core_image image = {0};

	fill_memory();
	core_add_thread(&image, 7, 6);
	core_add_thread(&image, 8, 0);
	core_add_prpsinfo(&image, 7, "sample", "sample -x");
	core_add_load(&image, LEAN_BASE, 8 * CORE_PAGE, memory, 6 * CORE_PAGE);
	core_add_load(&image, LEAN_BASE + 8 * CORE_PAGE, 4 * CORE_PAGE, memory + 8 * CORE_PAGE,
		4 * CORE_PAGE);
	return core_open_image(&image);
}

static void some_pages(void **state)
{
	/* One inside, one over the end of what the file has, one over the border of two mappings.
	 */
	const struct ct_range ranges[] = {
		{LEAN_BASE + CORE_PAGE, LEAN_BASE + 3 * CORE_PAGE},
		{LEAN_BASE + 5 * CORE_PAGE, LEAN_BASE + 9 * CORE_PAGE},
		{LEAN_BASE + 100 * CORE_PAGE, LEAN_BASE + 101 * CORE_PAGE},
	};
	struct ct_source source = small_core();
	struct ct_lean_core lean = make(source, ranges, 3);
	struct ct_source small = reopen(&lean);

	(void)state;
	assert_int_equal(count_threads(small), 2);
	assert_string_equal(core_process_of(small).comm, "sample");
	assert_null(core_process_of(small).damage);
	assert_true(readable(small, LEAN_BASE + CORE_PAGE, 2 * CORE_PAGE));
	assert_true(readable(small, LEAN_BASE + 5 * CORE_PAGE, CORE_PAGE));
	assert_true(readable(small, LEAN_BASE + 8 * CORE_PAGE, CORE_PAGE));
	assert_false(readable(small, LEAN_BASE, 1));
	assert_false(readable(small, LEAN_BASE + 3 * CORE_PAGE, 1));
	assert_false(readable(small, LEAN_BASE + 3 * CORE_PAGE - 1, 2));
	assert_false(readable(small, LEAN_BASE + 6 * CORE_PAGE, 1));
	assert_false(readable(small, LEAN_BASE + 9 * CORE_PAGE, 1));
	core_close_source(small);
	ct_lean_core_free(&lean);
	core_close_source(source);
}

/* The mappings are still there when nothing of them is kept. */
static void no_pages(void **state)
{
	struct ct_source source = small_core();
	struct ct_lean_core lean = make(source, NULL, 0);
	struct ct_source small = reopen(&lean);
	struct ct_map map;
	size_t cur = 0;
	uint64_t end = LEAN_BASE;

	(void)state;
	while (!small.ops->next_map(small.self, &cur, &map)) {
		assert_int_equal(map.start, end);
		assert_int_equal(map.present, 0);
		end = map.end;
	}
	assert_int_equal(end, LEAN_BASE + 12 * CORE_PAGE);
	core_close_source(small);
	ct_lean_core_free(&lean);
	core_close_source(source);
}

/* More parts than the 16 bits of e_phnum count. */
static void many_parts(void **state)
{
	enum { N = 40000 };
	struct core_image image = {0};
	uint64_t size = 2 * N * CORE_PAGE;
	uint8_t *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct ct_range *ranges = calloc(N, sizeof(*ranges));

	(void)state;
	assert_true(bytes != MAP_FAILED && ranges);
	bytes[(size_t)(2 * N - 2) * CORE_PAGE] = 0xab;
	core_add_thread(&image, 7, 6);
	core_add_load(&image, LEAN_BASE, size, bytes, size);
	struct ct_source source = core_open_image(&image);
	for (uint64_t i = 0; i < N; i++)
		ranges[i] = (struct ct_range){
			LEAN_BASE + 2 * i * CORE_PAGE, LEAN_BASE + (2 * i + 1) * CORE_PAGE};
	struct ct_lean_core lean = make(source, ranges, N);
	struct ct_source small = reopen(&lean);
	uint8_t byte = 0;
	assert_null(core_process_of(small).damage);
	assert_int_equal(
		small.ops->read(small.self, LEAN_BASE + (2 * N - 2) * CORE_PAGE, &byte, 1), CT_OK);
	assert_int_equal(byte, 0xab);
	assert_int_equal(small.ops->read(small.self, LEAN_BASE + (2 * N - 1) * CORE_PAGE, &byte, 1),
		CT_FAULT);
	core_close_source(small);
	ct_lean_core_free(&lean);
	core_close_source(source);
	free(ranges);
	munmap(bytes, size);
}

static enum ct_status no_process(void *self, struct ct_process *ret)
{
	(void)self;
	(void)ret;
	return CT_NOT_FOUND;
}

static void not_a_core(void **state)
{
	static const struct ct_source_ops ops = {.name = "test", .process = no_process};
	struct ct_lean_core lean;
	struct ct_error err = {0};

	(void)state;
	assert_int_equal(ct_lean_core_make((struct ct_source){&ops, NULL}, NULL, 0, &lean, &err),
		CT_UNSUPPORTED);
}

/* The data of a sparse file, and no hole of it. */
static void pieces_of_a_sparse_file(void **state)
{
	struct ct_error err = {0};
	struct ct_pieces pieces;
	int fd = memfd_create("sparse", MFD_CLOEXEC);

	(void)state;
	fill_memory();
	core_write(fd, memory, CORE_PAGE, 4 * CORE_PAGE);
	core_write(fd, memory, 100, 100 * CORE_PAGE);
	assert_int_equal(ftruncate(fd, (off_t)(1000 * CORE_PAGE)), 0);
	const uint8_t *bytes = mmap(NULL, 1000 * CORE_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	assert_int_equal(ct_pieces_of_file(fd, bytes, 1000 * CORE_PAGE, &pieces, &err), CT_OK);
	assert_int_equal(pieces.n, 2);
	assert_int_equal(pieces.size, 1000 * CORE_PAGE);
	assert_int_equal(pieces.items[0].at, 4 * CORE_PAGE);
	assert_int_equal(pieces.items[0].len, CORE_PAGE);
	assert_int_equal(pieces.items[1].at, 100 * CORE_PAGE);
	assert_memory_equal(pieces.items[1].bytes, memory, 100);
	free(pieces.items);
	munmap((void *)(uintptr_t)bytes, 1000 * CORE_PAGE);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(some_pages),
		cmocka_unit_test(no_pages),
		cmocka_unit_test(many_parts),
		cmocka_unit_test(not_a_core),
		cmocka_unit_test(pieces_of_a_sparse_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
