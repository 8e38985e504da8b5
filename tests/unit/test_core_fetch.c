/* SPDX-License-Identifier: Apache-2.0 */
/* What of a core's file is read before it is looked at: the kernel's part is played by the test. */
#include "core_image.h"

#include <unistd.h>

#include "source/core_file.h"

#define BLOCK  UINT64_C(0x10000)
#define AT     (61 * BLOCK) /* of the segments' bytes in the file */
#define N      16           /* blocks of them; those from HOLE on to the last are a hole */
#define HOLE   8
#define SIZE   (N * BLOCK - CORE_PAGE)
#define SECOND UINT64_C(0x40000000) /* where the same bytes are mapped once more */

#define ROW 64 /* blocks that are read in a row */

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

static struct {
	const uint8_t *bytes;
	size_t len;
	int advice;
} asked[64];
static size_t n_asked;
static int order = MADV_RANDOM; /* in which the core is read, as the kernel was told */
static bool old_kernel;

int madvise(void *addr, size_t len, int advice)
{
	if (advice == MADV_SEQUENTIAL || advice == MADV_RANDOM) {
		order = advice;
		return 0;
	}
	if (advice == MADV_POPULATE_READ && old_kernel)
		return -1;
	/* Nothing but the row is read ahead of. */
	assert_int_equal(advice == MADV_POPULATE_READ, order == MADV_SEQUENTIAL);
	assert_true(n_asked < CT_COUNT(asked));
	asked[n_asked].bytes = addr;
	asked[n_asked].advice = advice;
	asked[n_asked++].len = len;
	return 0;
}

static struct ct_source open_core(void)
{
	struct core_image image = {0};
	const uint64_t starts[] = {BASE, SECOND};
	static const uint8_t block[BLOCK] = {1};

	n_asked = 0;
	core_add_thread(&image, PID, 0);
	for (size_t i = 0; i < CT_COUNT(starts); i++)
		core_add_segment(&image,
			(Elf64_Phdr){.p_type = PT_LOAD,
				.p_flags = PF_R | PF_W,
				.p_vaddr = starts[i],
				.p_memsz = SIZE,
				.p_filesz = SIZE,
				.p_offset = AT},
			NULL);
	int fd = core_file(&image);
	for (uint64_t i = 0; i < HOLE; i++)
		core_write(fd, block, sizeof(block), AT + i * BLOCK);
	core_write(fd, block, BLOCK / 2 - CORE_PAGE, AT + (N - 1) * BLOCK + BLOCK / 2);
	core_image_free(&image);
	int writer = dup(fd);
	struct ct_source source = core_open_fd(fd);

	/* It grows, as a core that is being written. */
	core_write(writer, block, sizeof(block), AT + SIZE);
	close(writer);
	return source;
}

static void want(struct ct_source source, uint64_t addr, uint64_t len)
{
	source.ops->want(source.self, addr, len);
}

/* One bit for each block of the segments that was asked for since the last time. Each call is for
 * more than the kernel leaves out, and they are in the order of the file. */
static uint32_t fetched(struct ct_source source)
{
	const uint8_t *bytes = ct_core_of(source)->bytes + AT, *end = bytes;
	uint32_t blocks = 0;

	n_asked = 0;
	source.ops->fetch(source.self);
	for (size_t i = 0; i < n_asked; i++) {
		assert_int_equal(asked[i].advice, MADV_WILLNEED);
		assert_true(asked[i].bytes >= end && asked[i].len && asked[i].len <= 2 * BLOCK);
		end = asked[i].bytes + asked[i].len;
		assert_int_equal((asked[i].bytes - bytes) % BLOCK, 0);
		assert_true(end <= bytes + SIZE);
		for (uint64_t k = 0; k < asked[i].len; k += BLOCK)
			blocks |= 1u << ((uint64_t)(asked[i].bytes - bytes) + k) / BLOCK;
	}
	assert_int_equal(ct_core_of(source)->fetch.high, 0);
	return blocks;
}

/* In whatever order it was wanted. */
static void what_is_wanted(void **state)
{
	struct ct_source source = open_core();

	(void)state;
	assert_int_equal(fetched(source), 0);
	want(source, BASE + 5 * BLOCK + 100, BLOCK);
	want(source, BASE + BLOCK - 1, 1);
	assert_int_equal(n_asked, 0);
	assert_int_equal(fetched(source), 1u << 0 | 3u << 5);
	want(source, BASE + BLOCK - 1, 2);
	want(source, BASE + 3 * BLOCK + 100, 0);
	assert_int_equal(fetched(source), 1u << 1);
	core_close_source(source);
}

static void once(void **state)
{
	struct ct_source source = open_core();

	(void)state;
	want(source, BASE + BLOCK, 2 * BLOCK);
	want(source, BASE + BLOCK, 2 * BLOCK);
	assert_int_equal(fetched(source), 3u << 1);
	assert_int_equal(fetched(source), 0);
	/* Whatever maps it. */
	want(source, SECOND + 2 * BLOCK, 2 * BLOCK);
	assert_int_equal(fetched(source), 1u << 3);
	core_close_source(source);
}

static void no_holes(void **state)
{
	struct ct_source source = open_core();

	(void)state;
	want(source, BASE, N * BLOCK);
	assert_int_equal(fetched(source), (1u << HOLE) - 1 + (1u << (N - 1)));
	want(source, BASE + HOLE * BLOCK, BLOCK);
	assert_int_equal(fetched(source), 0);
	core_close_source(source);
}

static void no_more_than_there_is(void **state)
{
	struct ct_source source = open_core();

	(void)state;
	want(source, BASE - 1, 1);
	want(source, BASE + N * BLOCK, BLOCK);
	assert_int_equal(fetched(source), 0);
	want(source, BASE + (N - 1) * BLOCK, UINT64_MAX);
	assert_int_equal(fetched(source), 1u << (N - 1));
	core_close_source(source);
}

/* More than half of memory would push out what was fetched before. */
static void no_more_than_there_is_room_for(void **state)
{
	struct ct_source source = open_core();
	struct ct_core *core = (struct ct_core *)(uintptr_t)ct_core_of(source);

	(void)state;
	want(source, BASE, 1);
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	assert_true(core->fetch.room > memory / 2 / BLOCK - 8);
	assert_true(core->fetch.room < memory / 2 / BLOCK);
	core->fetch.room = 3;
	want(source, BASE, 2 * BLOCK);
	assert_int_equal(core->fetch.room, 2);
	want(source, BASE, N * BLOCK);
	assert_int_equal(fetched(source), 15);
	want(source, BASE, N * BLOCK);
	assert_int_equal(fetched(source), 0);
	core_close_source(source);
}

/* A file of so many blocks behind the first, which are all data and wanted. */
static struct ct_source open_row(uint64_t blocks)
{
	const uint64_t size = BLOCK + blocks * BLOCK - CORE_PAGE;
	struct core_image image = {0};
	uint8_t *bytes = calloc(1, size);

	core_add_thread(&image, PID, 0);
	core_add_load(&image, BASE, size, bytes, size);
	struct ct_source source = core_open_image(&image);

	free(bytes);
	n_asked = 0;
	want(source, BASE + BLOCK, size - BLOCK);
	return source;
}

static void check_asked(struct ct_source source, size_t n, int advice)
{
	source.ops->fetch(source.self);
	assert_int_equal(n_asked, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(asked[i].advice, advice);
}

static void in_a_row(void **state)
{
	struct ct_source source = open_row(ROW);

	(void)state;
	check_asked(source, 1, MADV_POPULATE_READ);
	assert_ptr_equal(asked[0].bytes, ct_core_of(source)->bytes + BLOCK);
	assert_int_equal(asked[0].len, ROW * BLOCK);
	assert_int_equal(order, MADV_RANDOM);
	core_close_source(source);
	source = open_row(ROW - 1);
	check_asked(source, ROW / 2, MADV_WILLNEED);
	core_close_source(source);
}

static void in_a_row_by_an_old_kernel(void **state)
{
	struct ct_source source = open_row(ROW);

	(void)state;
	old_kernel = true;
	check_asked(source, ROW / 2, MADV_WILLNEED);
	old_kernel = false;
	core_close_source(source);
}

/* Who goes through all of it goes on with that. */
static void while_it_is_swept(void **state)
{
	struct ct_source source = open_row(ROW);
	uint64_t start, stop;

	(void)state;
	assert_int_equal(source.ops->next_data(source.self, BASE, BASE + 1, &start, &stop), CT_OK);
	assert_int_equal(order, MADV_SEQUENTIAL);
	check_asked(source, 1, MADV_POPULATE_READ);
	assert_int_equal(order, MADV_SEQUENTIAL);
	core_close_source(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wanted),
		cmocka_unit_test(once),
		cmocka_unit_test(no_holes),
		cmocka_unit_test(no_more_than_there_is),
		cmocka_unit_test(no_more_than_there_is_room_for),
		cmocka_unit_test(in_a_row),
		cmocka_unit_test(in_a_row_by_an_old_kernel),
		cmocka_unit_test(while_it_is_swept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
