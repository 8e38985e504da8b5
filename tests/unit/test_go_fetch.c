/* SPDX-License-Identifier: Apache-2.0 */
/* What is fetched of goroutines before they are looked at. */
#include "fake_target.h"
#include "runtime/go/observe.h"
#include "want_log.h"

#define ALLGS  DATA
#define LIST   (DATA + 0x40)
#define G      (DATA + 0x100)
#define G_SIZE 0x80
#define STACK  UINT64_C(0xc000100000)
#define SUDOG  UINT64_C(0xc000200000)
#define MOST   16384 /* bytes of a stack */

enum { LOW = 0, HIGH = 8, SP = 16, WAITING = 24 };

static int open_logged(void **state)
{
	static const struct ct_options options = {.no_debuginfod = true};
	static struct ct_source_ops ops;
	struct ct_error err;
	struct ct_target *target;

	ops = fake;
	ops.want = log_want;
	ops.fetch = log_fetch;
	n_want_log = 0;
	memset(memory, 0, sizeof(memory));
	if (ct_target_open((struct ct_source){.ops = &ops}, &options, &target, &err))
		return -1;
	*state = target;
	return 0;
}

static void word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

static struct ct_go list_of(struct ct_target *target, uint32_t n)
{
	struct ct_go go = {.target = target, .globals.allgs = ALLGS};

	memset(go.layout.offset, 0xff, sizeof(go.layout.offset));
	go.layout.offset[CT_GO_G_SIZE] = G_SIZE;
	go.layout.offset[CT_GO_G_STACK_LO] = LOW;
	go.layout.offset[CT_GO_G_STACK_HI] = HIGH;
	go.layout.offset[CT_GO_G_SCHED_SP] = SP;
	go.layout.offset[CT_GO_G_WAITING] = WAITING;
	word(ALLGS, LIST);
	word(ALLGS + 8, n);
	return go;
}

static void goroutine(uint32_t i, uint64_t sp, uint64_t high, uint64_t waiting)
{
	uint64_t g = G + i * G_SIZE;

	word(LIST + 8 * i, g);
	word(g + HIGH, high);
	word(g + SP, sp);
	word(g + WAITING, waiting);
}

static void records_stacks_waits(void **state)
{
	struct ct_go go = list_of(*state, 3);

	goroutine(0, STACK + 0x100, STACK + 0x800, SUDOG);
	goroutine(1, STACK + 0x1000, STACK + 0x1000 + MOST + 1, 0);
	goroutine(2, STACK, STACK, SUDOG + 96);
	goroutine(3, STACK, STACK + 8, 0);
	ct_go_fetch_goroutines(&go);
	const struct wanted rows[] = {{LIST, 3 * 8}, {0, 0}, {G, G_SIZE}, {G + G_SIZE, G_SIZE},
		{G + 2 * G_SIZE, G_SIZE}, {0, 0}, {STACK + 0x100, 0x700}, {SUDOG, 96},
		{STACK + 0x1000, MOST}, {SUDOG + 96, 96}, {0, 0}};
	check_want_log(rows, CT_COUNT(rows));
}

static void a_list_that_ends_early(void **state)
{
	struct ct_go go = list_of(*state, 1000000);

	goroutine(0, STACK, STACK + 8, 0);
	ct_go_fetch_goroutines(&go);
	const struct wanted rows[] = {
		{LIST, UINT64_C(8000000)}, {0, 0}, {G, G_SIZE}, {0, 0}, {STACK, 8}, {0, 0}};
	check_want_log(rows, CT_COUNT(rows));
	go = list_of(*state, 0);
	ct_go_fetch_goroutines(&go);
	assert_int_equal(n_want_log, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_stacks_waits, open_logged, close_target),
		cmocka_unit_test_setup_teardown(a_list_that_ends_early, open_logged, close_target),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
