/* SPDX-License-Identifier: Apache-2.0 */
/* Which instructions of threads that run are accesses to the same memory. */
#include "facts/races.h"
#include "fake_target.h"
#include "go_code.h"
#include "observe/internal.h"

#define INSNS   DATA            /* 16 bytes for each thread */
#define STACK   (DATA + 0x400)  /* of all */
#define COUNTER (DATA + 0x800)  /* in rax and rdi */
#define RODATA  (DATA + 0x1000) /* readable, no more */

enum { THREADS = 600, TOLD = 512, RAX = 0, RCX = 2, RDI = 5, SP = 7, PC = 16, FS_BASE = 19 };

static struct ct_regs regs[THREADS];
static size_t n_threads;
static uint32_t n_places, n_notes; /* that were told */
static int prot;                   /* of the memory */

static enum ct_status next_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	(void)self;
	if (*cur >= n_threads)
		return CT_DONE;
	*ret = (struct ct_thread){.lwp = 100 + *cur, .regs = &regs[*cur], .stopped = true};
	++*cur;
	return CT_OK;
}

static enum ct_status next_map(void *self, size_t *cur, struct ct_map *ret)
{
	const struct ct_map maps[] = {
		{.start = DATA, .end = DATA_END, .present = DATA_END - DATA, .prot = prot},
		{.start = RODATA, .end = RODATA + 0x1000, .prot = 1},
	};

	(void)self;
	if (*cur == CT_COUNT(maps))
		return CT_DONE;
	*ret = maps[(*cur)++];
	return CT_OK;
}

static void stand(size_t i, const char *hex)
{
	uint8_t *code = memory + 16 * i;

	memset(code, 0x90, 16);
	for (unsigned value; *hex && sscanf(hex, "%2x", &value) == 1; hex += 2)
		*code++ = (uint8_t)value;
	ct_reg_set(&regs[i], PC, INSNS + 16 * i);
	ct_reg_set(&regs[i], SP, STACK);
	ct_reg_set(&regs[i], RAX, COUNTER);
	ct_reg_set(&regs[i], RDI, COUNTER);
	ct_reg_set(&regs[i], RCX, 8);
	ct_reg_set(&regs[i], FS_BASE, COUNTER + 0x100 * i);
}

static int start_three(void **state)
{
	n_threads = 3;
	prot = 3;
	return start(state);
}

/* How many accesses are part of a race. The first is copied. */
static uint32_t observe(struct ct_access *first)
{
	static const struct ct_source_ops ops = {.name = "fake",
		.process = fake_process,
		.next_map = next_map,
		.next_thread = next_thread,
		.read = fake_read,
		.auxv = fake_auxv,
		.close = fake_close};
	const struct ct_options options = {.no_debuginfod = true};
	const struct ct_plan plan = {.wants = CT_WANT_STACKS};
	struct ct_target *target;
	struct ct_facts *facts;
	struct ct_error err;

	assert_int_equal(
		ct_target_open((struct ct_source){&ops, NULL}, &options, &target, &err), CT_OK);
	assert_int_equal(ct_observe(target, &plan, &facts, &err), CT_OK);
	ct_target_close(target);
	uint32_t n = facts->races ? facts->races->n : 0;
	n_places = n ? facts->races->accesses[n - 1].place + 1 : 0;
	n_notes = 0;
	for (uint32_t i = 0; i < facts->n_notes; i++)
		n_notes += !strcmp(facts->notes[i].about, "races");
	if (n && first) {
		*first = facts->races->accesses[0];
		first->text = NULL;
	}
	ct_facts_free(facts);
	return n;
}

/* Of a thread with this instruction, one with the other, and one that does nothing to memory. */
static uint32_t of(const char *one, const char *other, struct ct_access *first)
{
	stand(0, one);
	stand(1, other);
	stand(2, "90");
	return observe(first);
}

#define INC       "48830001"       /* addq $1,(%rax) */
#define LOAD      "8b10"           /* mov (%rax),%edx */
#define STORE     "8910"           /* mov %edx,(%rax) */
#define STORE_ONE "c7400401000000" /* movl $1,4(%rax) */

static void what_is_told_of_it(void **state)
{
	struct ct_access first;

	(void)state;
	assert_int_equal(of(INC, LOAD, &first), 2);
	assert_true(first.address == COUNTER);
	assert_true(first.size == 8 && first.read && first.write && !first.has_constant);
	assert_int_equal(of(STORE_ONE, INC, &first), 2);
	assert_int_equal(of(STORE_ONE, STORE_ONE, &first), 2);
	assert_true(first.address == COUNTER + 4);
	assert_true(first.size == 4 && !first.read && first.write && first.has_constant);
	assert_int_equal(first.constant, 1);
}

static void who_only_reads_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(of(LOAD, LOAD, NULL), 0);
	assert_int_equal(of(STORE, LOAD, NULL), 2);
}

static void atomic_ones_are_not_told(void **state)
{
	(void)state;
	assert_int_equal(of("f0" INC, INC, NULL), 0);
	assert_int_equal(of("f0480fc110", INC, NULL), 0); /* lock xadd %rdx,(%rax) */
	assert_int_equal(of("488710", INC, NULL), 0);     /* xchg %rdx,(%rax) */
	assert_int_equal(of("480fc110", INC, NULL), 2);   /* xadd without a lock */
}

static void bytes_beside_are_others(void **state)
{
	(void)state;
	assert_int_equal(of("884007", "c6400801", NULL), 0); /* mov %al,7(%rax); movb $1,8(%rax) */
	assert_int_equal(of("884007", STORE_ONE, NULL), 2);
	assert_int_equal(of("884008", STORE_ONE, NULL), 0);
}

static void what_is_the_thread_s_own(void **state)
{
	(void)state;
	assert_int_equal(of("6448ff042500000000", "6448ff042500000000", NULL), 0); /* incq %fs:0 */
	assert_int_equal(of("50", "50", NULL), 0);                                 /* push %rax */
}

/* rep movsb, rep stosb: how much of it one instruction does is not known. */
static void what_is_repeated_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(of("f3a4", INC, NULL), 0);
	assert_int_equal(of("f3aa", "f3aa", NULL), 0);
	assert_int_equal(of("488d10", INC, NULL), 0); /* lea: no access */
}

static void what_cannot_be_written_is_a_fault(void **state)
{
	static const uint64_t places[] = {RODATA, NOWHERE, DATA_END - 4};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(places); i++) {
		stand(0, INC);
		stand(1, INC);
		stand(2, "90");
		ct_reg_set(&regs[0], RAX, places[i]);
		ct_reg_set(&regs[1], RAX, places[i]);
		assert_int_equal(observe(NULL), 0);
	}
}

/* A thread in a system call comes back behind it when that is done. */
static void who_is_in_a_call_is_not_there(void **state)
{
	enum { ORIG_RAX = 17, RESTART = -512, NANOSLEEP = 35 };

	(void)state;
	for (int in_call = 0; in_call < 2; in_call++) {
		stand(2, "0f05ff07"); /* syscall; incl (%rdi) */
		ct_reg_set(&regs[2], PC, INSNS + 34);
		stand(1, INC);
		stand(0, "90");
		ct_reg_set(&regs[2], RAX, (uint64_t)(int64_t)RESTART);
		ct_reg_set(&regs[2], ORIG_RAX, in_call ? NANOSLEEP : UINT64_MAX);
		assert_int_equal(observe(NULL), in_call ? 0 : 2);
	}
}

static void three_are_three(void **state)
{
	(void)state;
	stand(0, INC);
	stand(1, STORE);
	stand(2, LOAD);
	assert_int_equal(observe(NULL), 3);
}

/* The second ends before the third begins: the first connects them. */
static void a_long_one_connects_those_in_it(void **state)
{
	(void)state;
	stand(0, "0f1000"); /* movups (%rax),%xmm0 */
	stand(1, "884004"); /* mov %al,4(%rax) */
	stand(2, "884008");
	assert_int_equal(observe(NULL), 3);
	assert_int_equal(n_places, 1);
}

static void each_place_has_a_number(void **state)
{
	(void)state;
	n_threads = 4;
	for (size_t i = 0; i < n_threads; i++) {
		stand(i, INC);
		ct_reg_set(&regs[i], RAX, COUNTER + i / 2 * 64);
	}
	assert_int_equal(observe(NULL), 4);
	assert_int_equal(n_places, 2);
	assert_int_equal(n_notes, 0);
}

static void of_a_crowd_not_all_are_told(void **state)
{
	(void)state;
	n_threads = THREADS;
	stand(0, INC);
	for (size_t i = 1; i < n_threads; i++)
		regs[i] = regs[0];
	assert_int_equal(observe(NULL), TOLD);
	assert_int_equal(n_notes, 1);
}

/* Old cores do not say what may be written. */
static void memory_of_unknown_rights_may_be_written(void **state)
{
	(void)state;
	prot = -1;
	assert_int_equal(of(INC, INC, NULL), 2);
}

static void a_goroutine_s_check_for_nil_is_no_access(void **state)
{
	static const char *const code[] = {LOAD, "8400"}; /* test %al,(%rax) */
	struct go_code lines;
	struct ct_go go;

	code_begin(&lines);
	code_add(&lines, "main.look", 24);
	lines.table.text = lines.table.minpc = DATA;
	lines.table.maxpc = DATA + CODE_SIZE;
	go = (struct ct_go){.target = *state, .tables = {&lines.table, 1}};
	for (size_t i = 0; i < CT_COUNT(code); i++)
		for (int is_go = 0; is_go < 2; is_go++) {
			struct ct_observation o = {.target = *state, .go = is_go ? &go : NULL};

			stand(0, code[i]);
			assert_int_equal(
				ct_observe_access(&o, &(struct ct_blocked){.regs = &regs[0]}),
				CT_OK);
			assert_int_equal(o.accesses.n, !(is_go && i));
			if (o.accesses.n)
				assert_int_equal(o.accesses.items[0].fact.is_go, is_go);
			ct_vec_free(&o.accesses);
		}
}

/* Who turned out to spin for a lock waits; a goroutine stands for the thread that runs it. */
static void whose_access_it_is(void **state)
{
	static const struct {
		enum ct_actor_state state;
		bool kept;
	} threads[] = {{CT_STATE_RUNNING, true}, {CT_STATE_RUNNABLE, true},
		{CT_STATE_WAITING, false}, {CT_STATE_ZOMBIE, false}};

	for (size_t i = 0; i < CT_COUNT(threads); i++)
		for (uint32_t runs = 0; runs < 2; runs++) {
			struct ct_observation o = {.target = *state, .sink = ct_sink_new(0)};
			struct ct_actor actor = {
				.state = (uint8_t)threads[i].state, .runs = runs ? 7 : CT_NONE};
			struct ct_blocked blocked = {.regs = &regs[0]};

			blocked.actor = ct_sink_actor(o.sink, &actor);
			stand(0, INC);
			assert_int_equal(ct_observe_access(&o, &blocked), CT_OK);
			assert_int_equal(ct_observe_races(&o), CT_OK);
			assert_int_equal(o.accesses.n, threads[i].kept);
			if (o.accesses.n)
				assert_int_equal(
					o.accesses.items[0].fact.actor, runs ? 7 : blocked.actor);
			ct_vec_free(&o.accesses);
			ct_sink_free(o.sink);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_told_of_it, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			who_only_reads_is_not_told, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			atomic_ones_are_not_told, start_three, close_target),
		cmocka_unit_test_setup_teardown(bytes_beside_are_others, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			what_is_the_thread_s_own, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			what_is_repeated_is_not_told, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_written_is_a_fault, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			who_is_in_a_call_is_not_there, start_three, close_target),
		cmocka_unit_test_setup_teardown(three_are_three, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			a_long_one_connects_those_in_it, start_three, close_target),
		cmocka_unit_test_setup_teardown(each_place_has_a_number, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			of_a_crowd_not_all_are_told, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			memory_of_unknown_rights_may_be_written, start_three, close_target),
		cmocka_unit_test_setup_teardown(
			a_goroutine_s_check_for_nil_is_no_access, start_three, close_target),
		cmocka_unit_test_setup_teardown(whose_access_it_is, start_three, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
