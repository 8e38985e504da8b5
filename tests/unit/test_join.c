/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who joins whom, from the word that pthread_join sleeps on: the tid in the target's struct pthread
 * (glibc up to 2.41), or its joinstate (2.43). All that looks less like it is a futex and no more.
 */
#include "blocking/rows.h"
#include "core_image.h"

#define MEMORY      UINT64_C(0x7f0000000000)
#define MEMORY_SIZE (16 * CORE_PAGE)
#define GONE        UINT64_C(0x7fff00000000)
#define TIMEOUT     (MEMORY + 64)

/* Threads have numbers from here on; the last one is only in memory. */
enum { MAIN = 100, WORKER, JOINER, N_THREADS = 3, FORMER = MAIN + N_THREADS };
#define DESCRIPTOR(id) (MEMORY + (uint64_t)((id)-MAIN + 1) * 0x1000)

/* struct pthread: tcbhead_t.tcb and .self, tid, and joinstate as 2.43 has it. */
enum { TCB = 0, SELF = 16, TID = 720, JOINSTATE = 1576 };

enum { EXITED, EXITING, JOINABLE, DETACHED };

#define WAIT 0x109 /* FUTEX_WAIT_BITSET, by the real time, shared */

static uint8_t memory[MEMORY_SIZE];
static const struct ct_arch *machine;

static enum ct_status tell_process(void *self, struct ct_process *ret)
{
	(void)self;
	*ret = (struct ct_process){
		.arch = machine, .kind = "core", .pid = MAIN, .still = true, .all_threads = true};
	return CT_OK;
}

static enum ct_status next_map(void *self, size_t *cur, struct ct_map *ret)
{
	(void)self;
	if ((*cur)++)
		return CT_DONE;
	*ret = (struct ct_map){
		.start = MEMORY, .end = MEMORY + MEMORY_SIZE, .present = MEMORY_SIZE, .prot = 3};
	return CT_OK;
}

/* The main thread alone: its descriptor tells which libc this is. */
static enum ct_status next_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	static struct ct_regs regs;
	uint64_t user[CORE_N_REGS] = {[CORE_FS_BASE] = DESCRIPTOR(MAIN)};
	uint8_t desc[336] = {0};

	(void)self;
	if ((*cur)++)
		return CT_DONE;
	memcpy(desc + 112, user, sizeof(user));
	assert_true(ct_arch_x86_64.from_prstatus(desc, sizeof(desc), &regs));
	*ret = (struct ct_thread){.lwp = MAIN, .regs = &regs, .stopped = true};
	return CT_OK;
}

static enum ct_status read_memory(void *self, uint64_t addr, void *buf, size_t len)
{
	(void)self;
	if (addr < MEMORY || !ct_within(addr - MEMORY, len, MEMORY_SIZE))
		return CT_FAULT;
	memcpy(buf, memory + (addr - MEMORY), len);
	return CT_OK;
}

static enum ct_status no_auxv(void *self, uint64_t type, uint64_t *ret)
{
	(void)self, (void)type, (void)ret;
	return CT_NOT_FOUND;
}

static void nothing_to_close(void *self)
{
	(void)self;
}

struct scene {
	struct ct_target *target;
	struct ct_sink *sink;
	struct ct_libc libc;
	struct ct_blocking ctx;
	struct ct_regs regs;
};

static void put_u64(uint64_t addr, uint64_t value)
{
	memcpy(memory + (addr - MEMORY), &value, sizeof(value));
}

static void put_u32(uint64_t addr, uint32_t value)
{
	memcpy(memory + (addr - MEMORY), &value, sizeof(value));
}

static void begin_on(struct scene *s, const struct ct_arch *arch)
{
	static const struct ct_source_ops ops = {.name = "hand-made",
		.process = tell_process,
		.next_map = next_map,
		.next_thread = next_thread,
		.read = read_memory,
		.auxv = no_auxv,
		.close = nothing_to_close};
	struct ct_error err;

	*s = (struct scene){0};
	machine = arch;
	memset(memory, 0, sizeof(memory));
	for (unsigned id = MAIN; id <= FORMER; id++) {
		put_u64(DESCRIPTOR(id) + TCB, DESCRIPTOR(id));
		put_u64(DESCRIPTOR(id) + SELF, DESCRIPTOR(id));
		put_u32(DESCRIPTOR(id) + TID, id);
	}
	assert_int_equal(
		ct_target_open((struct ct_source){.ops = &ops}, NULL, &s->target, &err), CT_OK);
	s->sink = ct_sink_new(0);
	assert_non_null(s->sink);
	ct_libc_detect(s->target, &s->libc);
	for (unsigned id = MAIN; id < FORMER; id++)
		ct_sink_actor(
			s->sink, &(struct ct_actor){.id = id, .lwp = id, .object = DESCRIPTOR(id)});
	s->ctx = (struct ct_blocking){.target = s->target, .sink = s->sink, .libc = &s->libc};
}

static void begin(struct scene *s)
{
	begin_on(s, &ct_arch_x86_64);
}

static void end(struct scene *s)
{
	ct_sink_free(s->sink);
	ct_target_close(s->target);
}

struct call {
	uint64_t word;
	uint32_t op, expects;
	uint64_t timeout;
};

/* What the joiner waits for by all that is known: the best match, and what it reads. */
static const struct ct_primitive *matched(
	struct scene *s, struct call call, struct ct_match *match, uint32_t *resource)
{
	const struct ct_blocked blocked = {.actor = JOINER - MAIN,
		.regs = &s->regs,
		.call = {.number = ct_syscall_number(machine, "futex"),
			.args = {call.word, call.op, call.expects, call.timeout},
			.args_known = CT_ALL_ARGS,
			.number_known = true}};
	const struct ct_primitive *primitive;

	assert_int_equal(ct_primitive_match(&s->ctx, &blocked, &primitive, match), CT_OK);
	assert_int_equal(primitive->read(&s->ctx, match->address, resource), CT_OK);
	assert_non_null(match->why);
	return primitive;
}

/* It joins this thread; *why is valid until the scene ends. */
static void check_join(struct scene *s, struct call call, uint32_t target, const char *why)
{
	uint32_t resource, again;
	struct ct_match match;

	assert_ptr_equal(matched(s, call, &match, &resource), &ct_primitive_join);
	assert_int_equal(match.kind, CT_WAIT_JOIN);
	assert_int_equal(match.trust, CT_TRUST_EXACT);
	assert_int_equal(match.timed, call.timeout != 0);
	assert_false(match.outside);
	assert_true(match.address == DESCRIPTOR(target));
	assert_non_null(strstr(match.why, why));
	assert_int_equal(ct_primitive_join.read(&s->ctx, match.address, &again), CT_OK);
	assert_int_equal(again, resource);
}

static void check_futex(struct scene *s, struct call call)
{
	struct ct_match match;
	uint32_t resource;

	assert_ptr_equal(matched(s, call, &match, &resource), &ct_primitive_futex);
	assert_int_equal(match.kind, CT_WAIT_FUTEX);
	assert_int_equal(match.timed, call.timeout != 0);
	assert_true(match.address == call.word);
}

static void up_to_2_41_the_tid_is_waited_for(void **state)
{
	const uint64_t word = DESCRIPTOR(WORKER) + TID;
	struct scene s;

	(void)state;
	begin(&s);
	check_join(&s, (struct call){word, WAIT, WORKER, 0}, WORKER, "tid field of thread 101");
	check_join(&s, (struct call){word, 0, WORKER, 0}, WORKER, "tid field of thread 101");
	check_join(&s, (struct call){word, WAIT, WORKER, TIMEOUT}, WORKER, "tid field");
	check_join(&s, (struct call){DESCRIPTOR(MAIN) + TID, WAIT, MAIN, 0}, MAIN, "thread 100");
	end(&s);
}

static void in_2_43_the_joinstate_is_waited_for(void **state)
{
	const uint64_t word = DESCRIPTOR(WORKER) + JOINSTATE;
	struct scene s;

	(void)state;
	begin(&s);
	put_u32(word, JOINABLE);
	check_join(&s, (struct call){word, WAIT, JOINABLE, 0}, WORKER, "join state of thread 101");
	check_join(&s, (struct call){word, WAIT, JOINABLE, TIMEOUT}, WORKER, "join state");
	/* Nobody waits for another state, nor sleeps when it has changed. */
	check_futex(&s, (struct call){word, WAIT, DETACHED, 0});
	for (uint32_t i = 0; i <= DETACHED; i++) {
		put_u32(word, i);
		if (i != JOINABLE)
			check_futex(&s, (struct call){word, WAIT, i, 0});
	}
	check_futex(&s, (struct call){word, WAIT, JOINABLE, 0});
	end(&s);
}

/* The thread stands for itself, and holds itself for as long as it lives. */
static void the_target_is_a_resource(void **state)
{
	const struct call call = {DESCRIPTOR(WORKER) + TID, WAIT, WORKER, 0};
	struct ct_facts *facts;
	struct ct_error err;
	struct scene s;

	(void)state;
	begin(&s);
	check_join(&s, call, WORKER, "live thread");
	assert_int_equal(ct_sink_finish(s.sink, &facts, &err), CT_OK);
	s.sink = NULL;
	assert_int_equal(facts->n_resources, 1);
	assert_string_equal(facts->resources[0].kind, "thread");
	assert_int_equal(
		facts->n_notes, 0); /* no second claim: it is a futex only as a last resort */
	assert_string_equal(facts->resources[0].name, "thread 101");
	assert_true(facts->resources[0].is_actor);
	assert_int_equal(facts->resources[0].holders, CT_HOLDERS_COMPLETE);
	assert_true(facts->resources[0].owner_gone == 0);
	assert_int_equal(facts->n_holds, 1);
	assert_int_equal(facts->holds[0].actor, WORKER - MAIN);
	assert_int_equal(facts->holds[0].trust, CT_TRUST_EXACT);
	ct_facts_free(facts);
	end(&s);
}

static void two_facts_must_agree(void **state)
{
	const uint64_t word = DESCRIPTOR(WORKER) + TID;
	struct scene s;

	(void)state;
	begin(&s);
	check_futex(&s, (struct call){word, WAIT, JOINER, 0}); /* expects another number */
	check_futex(&s, (struct call){word + 4, WAIT, 0, 0});  /* the word behind it */
	check_futex(&s, (struct call){word - 4, WAIT, 0, 0});  /* the word before it */
	check_futex(&s, (struct call){word, 1, WORKER, 0});    /* FUTEX_WAKE */
	check_futex(&s, (struct call){MEMORY, WAIT, 0, 0});    /* nowhere near a descriptor */
	put_u32(word, 7);                                      /* a number that is not its own */
	check_futex(&s, (struct call){word, WAIT, 7, 0});
	check_futex(&s, (struct call){word, WAIT, WORKER, 0});
	put_u32(word, 0); /* the kernel cleared it: it has exited */
	check_futex(&s, (struct call){word, WAIT, 0, 0});
	check_futex(&s, (struct call){word, WAIT, WORKER, 0});
	end(&s);
}

/* pthread_join refuses to wait for its own thread: such a wait is something else. */
static void nobody_joins_itself(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	put_u32(DESCRIPTOR(JOINER) + JOINSTATE, JOINABLE);
	check_futex(&s, (struct call){DESCRIPTOR(JOINER) + TID, WAIT, JOINER, 0});
	check_futex(&s, (struct call){DESCRIPTOR(JOINER) + JOINSTATE, WAIT, JOINABLE, 0});
	end(&s);
}

/* A descriptor that no thread of the target has may be that of one that ended, or no descriptor. */
static void a_descriptor_without_a_thread_is_no_target(void **state)
{
	uint32_t resource;
	struct scene s;

	(void)state;
	begin(&s);
	put_u32(DESCRIPTOR(FORMER) + JOINSTATE, JOINABLE);
	check_futex(&s, (struct call){DESCRIPTOR(FORMER) + TID, WAIT, FORMER, 0});
	check_futex(&s, (struct call){DESCRIPTOR(FORMER) + JOINSTATE, WAIT, JOINABLE, 0});
	assert_int_equal(
		ct_primitive_join.read(&s.ctx, DESCRIPTOR(FORMER), &resource), CT_NOT_FOUND);
	assert_false(ct_primitive_join.recognise(&s.ctx, DESCRIPTOR(FORMER)));
	assert_true(ct_primitive_join.recognise(&s.ctx, DESCRIPTOR(WORKER)));
	assert_false(ct_primitive_join.recognise(&s.ctx, DESCRIPTOR(WORKER) + TID));
	end(&s);
}

static void an_unknown_libc_has_no_joins(void **state)
{
	const struct call call = {DESCRIPTOR(WORKER) + TID, WAIT, WORKER, 0};
	struct scene s;

	(void)state;
	begin(&s);
	s.libc.layout = NULL;
	check_futex(&s, call);
	end(&s);
	begin_on(&s, &ct_arch_aarch64);
	assert_null(s.libc.layout);
	check_futex(&s, call);
	end(&s);
}

/* What is left is told as what it is. */
static void a_futex_of_no_known_shape(void **state)
{
	const struct call call = {MEMORY + 8, 0x80, 5, TIMEOUT};
	struct ct_facts *facts;
	struct ct_match match;
	struct ct_error err;
	uint32_t resource;
	struct scene s;

	(void)state;
	begin(&s);
	put_u32(MEMORY + 8, 5);
	matched(&s, call, &match, &resource);
	assert_non_null(strstr(match.why, "no shape that is known"));
	assert_true(match.timed);
	matched(&s, (struct call){MEMORY + 8, 0x86, 0, 0}, &match, &resource);
	assert_non_null(strstr(match.why, "priority-inheriting"));
	matched(&s, (struct call){GONE, 0x80, 5, 0}, &match, &resource);
	assert_non_null(strstr(match.why, "not in the core"));
	assert_int_equal(ct_sink_finish(s.sink, &facts, &err), CT_OK);
	s.sink = NULL;
	assert_int_equal(facts->n_resources, 2);
	assert_string_equal(facts->resources[0].kind, "futex");
	assert_int_equal(facts->resources[0].n_values, 1);
	assert_string_equal(facts->resources[0].values[0].key, "word");
	assert_int_equal(facts->resources[0].values[0].number, 5);
	assert_int_equal(facts->resources[0].holders, CT_HOLDERS_UNKNOWN);
	assert_int_equal(facts->resources[1].n_values, 0);
	assert_int_equal(facts->n_holds, 0);
	ct_facts_free(facts);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_to_2_41_the_tid_is_waited_for),
		cmocka_unit_test(in_2_43_the_joinstate_is_waited_for),
		cmocka_unit_test(the_target_is_a_resource),
		cmocka_unit_test(two_facts_must_agree),
		cmocka_unit_test(nobody_joins_itself),
		cmocka_unit_test(a_descriptor_without_a_thread_is_no_target),
		cmocka_unit_test(an_unknown_libc_has_no_joins),
		cmocka_unit_test(a_futex_of_no_known_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
