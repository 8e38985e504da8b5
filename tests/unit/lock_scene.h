/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of primitives: a process of a program, a libc without symbols, a heap and a stack, all
 * of them bytes that the test puts there, and one of its threads asleep in a futex call.
 */
#ifndef LOCK_SCENE_H
#define LOCK_SCENE_H

#include "blocking/rows.h"
#include "image_target.h"

#define PROGRAM         UINT64_C(0x400000)          /* a page of code, a page of variables */
#define VARIABLE        (PROGRAM + IMAGE_PAGE + 64) /* a mutex among the latter */
#define HEAP            UINT64_C(0x7f0000001000)    /* a page of anonymous memory */
#define STACK           (HEAP + 2 * IMAGE_PAGE)     /* another */
#define LIBC            UINT64_C(0x7f1000000000)    /* a page of code */
#define TIMEOUT         UINT64_C(0x7f0000003f00)    /* where a timeout would be */
#define DESCRIPTOR(tid) (LIBC + (tid)*4096u)        /* of a thread: its struct pthread */

enum { MAIN = 100, WAITER, OWNER, N_THREADS = 3, NOBODY = 77 };

struct call {
	uint32_t op, expects;
	uint64_t timeout;
};

static struct ct_process process; /* as the source tells it */

static inline enum ct_status tell_process(void *arg, struct ct_process *ret)
{
	(void)arg;
	*ret = process;
	return CT_OK;
}

/* A thread that sleeps in a call, and two more. */
struct scene {
	struct image_source *source;
	struct ct_target *target;
	struct ct_sink *sink;
	struct ct_libc libc;
	struct ct_blocking ctx;
	struct ct_regs regs;
	struct ct_blocked blocked;
	struct ct_match match;
	uint8_t *data, *heap, *stack, *descriptors;
};

static inline void add_thread(struct scene *s, uint64_t id, uint64_t object)
{
	ct_sink_actor(s->sink, &(struct ct_actor){.id = id, .lwp = id, .object = object});
}

/* The source alone; more maps may be added behind. */
static inline void prepare(struct scene *s)
{
	const int data = PROT_READ | PROT_WRITE, code = PROT_READ | PROT_EXEC;

	*s = (struct scene){.source = calloc(1, sizeof(*s->source))};
	process = (struct ct_process){.arch = ct_arch_find(SELF_MACHINE),
		.kind = "core",
		.pid = MAIN,
		.all_threads = true};
	image_add_map(s->source, PROGRAM, IMAGE_PAGE, "/none/program", 0, code, 0);
	image_add_map(s->source, PROGRAM + IMAGE_PAGE, IMAGE_PAGE, "/none/program", IMAGE_PAGE,
		data, IMAGE_PAGE);
	image_add_map(s->source, HEAP, IMAGE_PAGE, NULL, 0, data, IMAGE_PAGE);
	image_add_map(s->source, STACK, IMAGE_PAGE, NULL, 0, data, IMAGE_PAGE);
	s->data = image_add_bytes(s->source, PROGRAM + IMAGE_PAGE, NULL, IMAGE_PAGE);
	s->heap = image_add_bytes(s->source, HEAP, NULL, IMAGE_PAGE);
	s->stack = image_add_bytes(s->source, STACK, NULL, IMAGE_PAGE);
	s->source->auxv[AT_ENTRY] = PROGRAM;
}

/* With the thread at pc. */
static inline void open_scene(struct scene *s, uint64_t pc)
{
	static const struct ct_source_ops ops = {.name = "hand-made",
		.process = tell_process,
		.next_map = image_next_map,
		.next_thread = self_next_thread,
		.read = image_read,
		.auxv = image_auxv,
		.close = image_close};
	static const struct ct_options options = {.no_debuginfod = true};
	const struct ct_source source = {&ops, s->source};
	struct ct_error err;

	assert_int_equal(ct_target_open(source, &options, &s->target, &err), CT_OK);
	s->sink = ct_sink_new(0);
	assert_non_null(s->sink);
	ct_libc_detect(s->target, &s->libc);
	for (unsigned tid = MAIN; tid < MAIN + N_THREADS; tid++)
		add_thread(s, tid, DESCRIPTOR(tid));
	s->ctx = (struct ct_blocking){.target = s->target, .sink = s->sink, .libc = &s->libc};
	ct_reg_set(&s->regs, process.arch->pc, pc);
	ct_reg_set(&s->regs, process.arch->sp, STACK);
	s->blocked = (struct ct_blocked){.actor = WAITER - MAIN, .regs = &s->regs};
}

static inline void begin(struct scene *s)
{
	prepare(s);
	image_add_map(s->source, LIBC, IMAGE_PAGE, "/none/libc.so.6", 0, PROT_READ | PROT_EXEC, 0);
	image_add_map(s->source, DESCRIPTOR(MAIN), N_THREADS * IMAGE_PAGE, NULL, 0,
		PROT_READ | PROT_WRITE, N_THREADS * IMAGE_PAGE);
	s->descriptors = image_add_bytes(s->source, DESCRIPTOR(MAIN), NULL, N_THREADS * IMAGE_PAGE);
	open_scene(s, LIBC + 8);
}

static inline void end(struct scene *s)
{
	ct_sink_free(s->sink);
	ct_target_close(s->target);
}

static inline void put(struct scene *s, uint64_t addr, const void *bytes, size_t len)
{
	uint8_t *page = addr >= DESCRIPTOR(MAIN) ? s->descriptors + (addr - DESCRIPTOR(MAIN)) /
									    IMAGE_PAGE * IMAGE_PAGE
			: addr >= STACK ? s->stack
			: addr >= HEAP  ? s->heap
					: s->data;

	memcpy(page + addr % IMAGE_PAGE, bytes, len);
}

static inline void sleep_in(struct scene *s, uint64_t addr, struct call call)
{
	s->blocked.call = (struct ct_syscall){.number = ct_syscall_number(process.arch, "futex"),
		.args = {addr, call.op, call.expects, call.timeout},
		.args_known = CT_ALL_ARGS,
		.number_known = true};
}

/* In the functions of these names; NULL, NULL: no stack was read. */
static inline void stand_between(struct scene *s, const char *inner, const char *outer)
{
	s->blocked.have_stack = inner || outer;
	s->blocked.n_callers = s->blocked.have_stack ? 2 : 0;
	s->blocked.callers[0] = inner;
	s->blocked.callers[1] = outer;
}

#endif
