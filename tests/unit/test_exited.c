/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that have exited, from lists laid out by hand: as _rtld_global has them, first that of
 * libc's stacks, then the user's with the main thread, then the cache; and lists that somebody has
 * damaged on purpose.
 */
#include "blocking/libc_exited.h"
#include "image_target.h"

#define PROGRAM  UINT64_C(0x400000)
#define LOADER   UINT64_C(0x7f0000000000) /* a page of code, a page of variables */
#define HEADS    (LOADER + IMAGE_PAGE + 0x100)
#define THREADS  UINT64_C(0x7f1000000000) /* a page each */
#define START    (PROGRAM + 0x10)         /* where threads start */
#define EXITING  0x10u
#define CANCELED UINT64_MAX

enum { N_THREADS = 8, USED = 0, USER, CACHE, N_LISTS };
enum { SELF = 16, LIST = 704, TID = 720, CANCELHANDLING = 776, RESULT = 1576, ROUTINE = 1592 };

static const struct ct_libc_layout layout = {.e_machine = SELF_MACHINE,
	.self = SELF,
	.list = LIST,
	.tid = TID,
	.cancelhandling = CANCELHANDLING,
	.start_routine = {ROUTINE, 1600}};

struct lists {
	struct image_source *source;
	struct ct_target *target;
	uint8_t *heads, *threads;
	uint64_t last[N_LISTS]; /* node of each list */
};

static enum ct_status tell_process(void *arg, struct ct_process *ret)
{
	(void)arg;
	*ret = (struct ct_process){
		.arch = ct_arch_find(SELF_MACHINE), .kind = "core", .pid = 1, .all_threads = true};
	return CT_OK;
}

static uint64_t object_of(unsigned thread)
{
	return THREADS + thread * IMAGE_PAGE;
}

static void put_u64(struct lists *l, uint64_t addr, uint64_t value)
{
	uint8_t *at = addr >= THREADS ? l->threads + (addr - THREADS)
				      : l->heads + (addr - LOADER - IMAGE_PAGE);

	memcpy(at, &value, sizeof(value));
}

static void link_to(struct lists *l, uint64_t node, uint64_t next)
{
	put_u64(l, node, next);
	put_u64(l, next + 8, node);
}

static void add(struct lists *l, unsigned list, unsigned thread, uint32_t tid, uint64_t start)
{
	uint64_t object = object_of(thread), head = HEADS + list * 16;

	put_u64(l, object, object);
	put_u64(l, object + SELF, object);
	put_u64(l, object + TID, tid);
	put_u64(l, object + CANCELHANDLING, tid ? 0 : EXITING);
	put_u64(l, object + ROUTINE, start);
	put_u64(l, object + RESULT, thread);
	link_to(l, l->last[list], object + LIST);
	link_to(l, object + LIST, head);
	l->last[list] = object + LIST;
}

static struct lists begin(const char *loader)
{
	static const struct ct_source_ops ops = {.name = "hand-made",
		.process = tell_process,
		.next_map = image_next_map,
		.next_thread = self_next_thread,
		.read = image_read,
		.auxv = image_auxv,
		.close = image_close};
	static const struct ct_options options = {.no_debuginfod = true};
	const int data = PROT_READ | PROT_WRITE, code = PROT_READ | PROT_EXEC;
	struct lists l = {.source = calloc(1, sizeof(*l.source))};
	struct ct_error err;

	image_add_map(l.source, PROGRAM, IMAGE_PAGE, "/none/program", 0, code, 0);
	image_add_map(l.source, LOADER, IMAGE_PAGE, loader, 0, code, 0);
	image_add_map(
		l.source, LOADER + IMAGE_PAGE, IMAGE_PAGE, loader, IMAGE_PAGE, data, IMAGE_PAGE);
	image_add_map(
		l.source, THREADS, N_THREADS * IMAGE_PAGE, NULL, 0, data, N_THREADS * IMAGE_PAGE);
	l.heads = image_add_bytes(l.source, LOADER + IMAGE_PAGE, NULL, IMAGE_PAGE);
	l.threads = image_add_bytes(l.source, THREADS, NULL, N_THREADS * IMAGE_PAGE);
	for (unsigned i = 0; i < N_LISTS; i++) {
		l.last[i] = HEADS + i * 16;
		link_to(&l, l.last[i], l.last[i]);
	}
	l.source->auxv[AT_ENTRY] = PROGRAM;
	assert_int_equal(
		ct_target_open((struct ct_source){&ops, l.source}, &options, &l.target, &err),
		CT_OK);
	return l;
}

/* live: threads; main is the first one of them, or none (0 live ones before it). */
static struct ct_libc_census census_of(
	struct lists *l, const unsigned *live, size_t n, bool main_lives)
{
	const struct ct_libc libc = {.layout = &layout};
	struct ct_libc_census ret = {0};
	uint64_t objects[N_THREADS];

	for (size_t i = 0; i < n; i++)
		objects[i] = object_of(live[i]);
	ct_libc_find_exited(l->target, &libc, objects, n, main_lives ? objects[0] : 0, &ret);
	assert_false(ret.no_memory);
	return ret;
}

static void end(struct lists *l, struct ct_libc_census *census)
{
	ct_vec_free(&census->exited);
	ct_target_close(l->target);
}

static void beside_a_live_thread_and_alone_in_their_list(void **state)
{
	(void)state;
	for (int alone = 0; alone < 2; alone++) {
		struct lists l = begin("/none/ld-linux-x86-64.so.2");
		add(&l, USER, 0, 1, 0);
		add(&l, USED, 1, 0, START);
		if (!alone)
			add(&l, USED, 2, 3, START);
		add(&l, USED, 3, 0, START);
		add(&l, CACHE, 4, 0, START); /* joined: its stack waits for the next thread */
		put_u64(&l, object_of(3) + RESULT, CANCELED);
		struct ct_libc_census c = census_of(&l, (unsigned[]){0, 2}, alone ? 1 : 2, true);
		assert_null(c.torn);
		assert_int_equal(c.exited.n, 2);
		for (uint32_t i = 0; i < 2; i++) {
			const struct ct_libc_exited *e = &c.exited.items[i];

			assert_int_equal(e->start_routine, START);
			assert_int_equal(e->canceled, e->object == object_of(3));
			assert_true(e->canceled || (e->object == object_of(1) && e->result == 1));
		}
		end(&l, &c);
	}
}

static void main_that_has_left(void **state)
{
	(void)state;
	struct lists l = begin("/none/ld-linux-x86-64.so.2");
	add(&l, USER, 0, 0, 0);
	add(&l, USED, 1, 2, START);
	add(&l, CACHE, 4, 0, START);
	struct ct_libc_census c = census_of(&l, (unsigned[]){1}, 1, false);
	assert_int_equal(c.exited.n, 1);
	assert_int_equal(c.exited.items[0].object, object_of(0));
	assert_int_equal(c.exited.items[0].start_routine, 0);
	end(&l, &c);
}

/* One that pthread_create is about to start has no id yet, and has not exited. */
static void a_thread_at_its_birth(void **state)
{
	(void)state;
	struct lists l = begin("/none/ld-linux-x86-64.so.2");
	add(&l, USER, 0, 1, 0);
	add(&l, USED, 1, 0, START);
	put_u64(&l, object_of(1) + CANCELHANDLING, 0);
	struct ct_libc_census c = census_of(&l, (unsigned[]){0}, 1, true);
	assert_int_equal(c.exited.n, 0);
	end(&l, &c);
}

/* Where the lists are not in the loader, what stands beside one of them is something else. */
static void neighbours_of_another_file_are_not_asked(void **state)
{
	(void)state;
	struct lists l = begin("/none/libpthread.so.0");
	add(&l, USER, 0, 1, 0);
	add(&l, USED, 1, 0, START);
	struct ct_libc_census c = census_of(&l, (unsigned[]){0}, 1, true);
	assert_int_equal(c.exited.n, 0);
	end(&l, &c);
}

static void damaged_lists_end_and_are_told(void **state)
{
	(void)state;
	enum { INTO_NOWHERE, UNALIGNED, RHO, ZEROS, N_WAYS };
	for (int way = 0; way < N_WAYS; way++) {
		struct lists l = begin("/none/ld-linux-x86-64.so.2");
		add(&l, USER, 0, 1, 0);
		add(&l, USED, 1, 2, START);
		add(&l, USED, 2, 0, START);
		add(&l, USED, 3, 0, START);
		uint64_t node = object_of(2) + LIST;
		if (way == INTO_NOWHERE)
			put_u64(&l, node, 0x123456789a8);
		else if (way == UNALIGNED)
			put_u64(&l, node, object_of(3) + LIST + 1);
		else if (way == RHO)
			put_u64(&l, node, node);
		else
			memset(l.threads + 3 * IMAGE_PAGE, 0, IMAGE_PAGE);
		struct ct_libc_census c = census_of(&l, (unsigned[]){0, 1}, 2, true);
		assert_non_null(c.torn);
		assert_int_equal(c.zeros, way == ZEROS);
		assert_true(c.exited.n <= 2);
		end(&l, &c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beside_a_live_thread_and_alone_in_their_list),
		cmocka_unit_test(main_that_has_left),
		cmocka_unit_test(a_thread_at_its_birth),
		cmocka_unit_test(neighbours_of_another_file_are_not_asked),
		cmocka_unit_test(damaged_lists_end_and_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
