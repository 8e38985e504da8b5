/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole observation of a process made by hand: x86-64 threads with registers, their struct
 * pthread as glibc has it, mutexes, and mappings whose files are on no disk.
 */
#include <linux/futex.h>
#include <pthread.h>

#include "core_image.h"
#include "image_target.h"
#include "observe/explain.h"
#include "observe/observe.h"

#define PROGRAM UINT64_C(0x400000)       /* a page of code */
#define HEAP    UINT64_C(0x7f0000001000) /* a page of anonymous memory */
#define STACKS  UINT64_C(0x7f0000010000) /* a page for each thread, one mapping */
#define THREADS UINT64_C(0x7f0000020000) /* a page for each descriptor */
#define LIBC    UINT64_C(0x7f1000000000) /* a page of code */
#define GONE    UINT64_C(0x7fff00000000) /* no mapping */
#define ASLEEP  (LIBC + 0x100)           /* behind the system call of a sleeping thread */

#define MAX_THREADS   4
#define DESCRIPTOR(i) (THREADS + (uint64_t)(i)*IMAGE_PAGE)
#define STACK_OF(i)   (STACKS + (uint64_t)(i)*IMAGE_PAGE + 0x800)

enum { FUTEX = 202, READ = 0, RESTART = 219, SELF_AT = 16, TID_AT = 720 };

struct made {
	struct image_source source; /* first: image_close() frees it, and so all of this */
	struct ct_process process;
	struct ct_thread threads[MAX_THREADS];
	struct ct_regs regs[MAX_THREADS];
	size_t n_threads;
	uint8_t *heap, *descriptors;
};

static enum ct_status tell_process(void *arg, struct ct_process *ret)
{
	*ret = ((struct made *)arg)->process;
	return CT_OK;
}

static enum ct_status next_thread(void *arg, size_t *cur, struct ct_thread *ret)
{
	struct made *made = arg;

	if (*cur >= made->n_threads)
		return CT_DONE;
	*ret = made->threads[(*cur)++];
	return CT_OK;
}

static struct made *new_process(int64_t pid)
{
	/* mov $202,%eax; syscall: all the code that is there */
	static const uint8_t sleeping[32] = {[9] = 0xb8, 202, 0, 0, 0, 0x0f, 0x05};
	const int data = PROT_READ | PROT_WRITE, code = PROT_READ | PROT_EXEC;
	const uint64_t pages = MAX_THREADS * IMAGE_PAGE;
	struct made *made = calloc(1, sizeof(*made));
	struct image_source *source = &made->source;

	made->process = (struct ct_process){.arch = &ct_arch_x86_64,
		.kind = "core",
		.path = "hand-made",
		.comm = "worker",
		.pid = pid,
		.still = true,
		.all_threads = true};
	image_add_map(source, PROGRAM, IMAGE_PAGE, "/none/program", 0, code, 0);
	image_add_map(source, HEAP, IMAGE_PAGE, NULL, 0, data, IMAGE_PAGE);
	image_add_map(source, STACKS, pages, NULL, 0, data, pages);
	image_add_map(source, THREADS, pages, NULL, 0, data, pages);
	image_add_map(source, LIBC, IMAGE_PAGE, "/none/libc.so.6", 0, code, 0);
	made->heap = image_add_bytes(source, HEAP, NULL, IMAGE_PAGE);
	image_add_bytes(source, STACKS, NULL, pages);
	image_add_bytes(source, ASLEEP - 16, sleeping, sizeof(sleeping));
	made->descriptors = image_add_bytes(source, THREADS, NULL, pages);
	source->auxv[AT_ENTRY] = PROGRAM;
	return made;
}

static void set_regs(struct made *made, size_t i, const uint64_t user[CORE_N_REGS])
{
	uint8_t desc[336] = {0};

	memcpy(desc + 112, user, CORE_N_REGS * sizeof(*user));
	assert_true(ct_arch_x86_64.from_prstatus(desc, sizeof(desc), &made->regs[i]));
}

/* A running thread with a thread pointer; 0: none. Returns its index. */
static size_t add_thread(struct made *made, uint64_t lwp, uint64_t pointer)
{
	size_t i = made->n_threads++;

	assert_true(i < MAX_THREADS);
	set_regs(made, i,
		(uint64_t[CORE_N_REGS]){[CORE_FS_BASE] = pointer,
			[CORE_SP] = STACK_OF(i),
			[CORE_PC] = PROGRAM + 8,
			[CORE_ORIG_RAX] = UINT64_MAX});
	made->threads[i] = (struct ct_thread){.lwp = lwp, .regs = &made->regs[i], .stopped = true};
	return i;
}

/* A thread with a descriptor of its own that has this number. */
static size_t add_pthread(struct made *made, uint64_t lwp, uint32_t tid)
{
	size_t i = made->n_threads;
	uint8_t *descriptor = made->descriptors + i * IMAGE_PAGE;
	uint64_t self = DESCRIPTOR(i);

	memcpy(descriptor, &self, sizeof(self));
	memcpy(descriptor + SELF_AT, &self, sizeof(self));
	memcpy(descriptor + TID_AT, &tid, sizeof(tid));
	return add_thread(made, lwp, DESCRIPTOR(i));
}

/* The thread sleeps in a call; args: rdi, rsi, rdx, r10. */
static void sleep_in(struct made *made, size_t i, int number, const uint64_t args[4])
{
	const int64_t code = number == RESTART ? -516 : -512;

	set_regs(made, i,
		(uint64_t[CORE_N_REGS]){
			[CORE_FS_BASE] = ct_arch_x86_64.thread_pointer(&made->regs[i]),
			[CORE_SP] = STACK_OF(i),
			[CORE_PC] = ASLEEP,
			[CORE_RCX] = ASLEEP,
			[CORE_RAX] = (uint64_t)code,
			[CORE_ORIG_RAX] = (uint64_t)number,
			[CORE_RDI] = args[0],
			[CORE_RSI] = args[1],
			[CORE_RDX] = args[2],
			[CORE_R10] = args[3]});
}

#define SLEEP_IN(made, i, number, ...) sleep_in(made, i, number, (uint64_t[4]){__VA_ARGS__})

/* A held mutex of the default kind at an address of the heap. */
static void put_mutex(struct made *made, uint64_t addr, uint32_t owner)
{
	uint32_t words[10] = {2, 0, owner, 1};

	memcpy(made->heap + (addr - HEAP), words, sizeof(words));
}

struct seen {
	struct ct_target *target;
	struct ct_facts *facts;
};

/* Takes made. */
static struct seen observe_as(struct made *made, const struct ct_plan *plan)
{
	static const struct ct_source_ops ops = {.name = "hand-made",
		.process = tell_process,
		.next_map = image_next_map,
		.next_thread = next_thread,
		.read = image_read,
		.auxv = image_auxv,
		.close = image_close};
	static const struct ct_options options = {.no_debuginfod = true};
	struct ct_error err;
	struct seen seen;

	assert_int_equal(
		ct_target_open((struct ct_source){&ops, made}, &options, &seen.target, &err),
		CT_OK);
	assert_int_equal(ct_observe(seen.target, plan, &seen.facts, &err), CT_OK);
	return seen;
}

static struct seen observe(struct made *made)
{
	return observe_as(made, &(struct ct_plan){.wants = 0});
}

static void forget(struct seen *seen)
{
	ct_facts_free(seen->facts);
	ct_target_close(seen->target);
}

/* The text of the first note of this code that is about this; NULL: there is none. */
static const char *note_of(const struct ct_facts *facts, unsigned code, const char *about)
{
	for (uint32_t i = 0; i < facts->n_notes; i++)
		if (facts->notes[i].code == code && !strcmp(facts->notes[i].about, about))
			return facts->notes[i].text;
	return NULL;
}

/* The thread that the kernel knows by this number. */
static const struct ct_actor *actor_of(const struct ct_facts *facts, uint64_t lwp)
{
	for (uint32_t i = 0; i < facts->n_actors; i++)
		if (facts->actors[i].lwp == lwp)
			return &facts->actors[i];
	fail();
	return NULL;
}

static void check_id(
	const struct ct_facts *facts, uint64_t lwp, uint64_t id, enum ct_id_source source)
{
	assert_int_equal(actor_of(facts, lwp)->id, id);
	assert_int_equal(actor_of(facts, lwp)->id_source, source);
}

/* clone() without CLONE_SETTLS: the new thread runs on the thread pointer of its creator. */
static void raw_clones_do_not_pass_for_their_creator(void **state)
{
	(void)state;
	for (uint64_t clone = 99; clone <= 101; clone += 2) {
		struct made *made = new_process(100);

		/* The descriptor has the number of the thread whose it is, young or old. */
		add_pthread(made, 100, 100);
		add_thread(made, clone, DESCRIPTOR(0));
		struct seen seen = observe(made);
		assert_int_equal(seen.facts->n_actors, 2);
		check_id(seen.facts, 100, 100, CT_ID_OWN);
		check_id(seen.facts, clone, clone, CT_ID_OWN);
		assert_true(actor_of(seen.facts, 100)->object == DESCRIPTOR(0));
		assert_true(actor_of(seen.facts, clone)->object == 0);
		forget(&seen);
	}
}

/* Seen from outside of the PID namespace numbers do not help: the older thread has it. */
static void in_a_namespace_the_older_thread_has_the_descriptor(void **state)
{
	struct made *made = new_process(5000);

	(void)state;
	add_pthread(made, 5000, 1);
	add_thread(made, 5001, DESCRIPTOR(0));
	size_t waiter = add_pthread(made, 5002, 3);
	add_pthread(made, 5003, 5003); /* by chance */
	/* A number of the kernel's says nothing of who owns this. */
	put_mutex(made, HEAP, 5001);
	SLEEP_IN(made, waiter, FUTEX, HEAP, 0x80, 2);
	struct seen seen = observe(made);
	check_id(seen.facts, 5000, 1, CT_ID_OWN);
	check_id(seen.facts, 5001, 5001, CT_ID_FOREIGN);
	check_id(seen.facts, 5002, 3, CT_ID_OWN);
	assert_true(actor_of(seen.facts, 5001)->object == 0);
	assert_int_equal(seen.facts->n_holds, 0);
	assert_int_equal(seen.facts->n_resources, 1);
	assert_int_equal(seen.facts->resources[0].holders, CT_HOLDERS_UNKNOWN);
	assert_true(seen.facts->waits[0].owner_gone == 0);
	forget(&seen);
}

/* In a namespace a mutex has the numbers of the process itself, not the kernel's. */
static void owners_are_found_by_the_numbers_of_the_process(void **state)
{
	struct made *made = new_process(5000);

	(void)state;
	size_t waiter = add_pthread(made, 5000, 1);
	add_pthread(made, 5001, 2);
	put_mutex(made, HEAP, 2);
	SLEEP_IN(made, waiter, FUTEX, HEAP, 0x80, 2);
	struct seen seen = observe(made);
	assert_int_equal(seen.facts->n_waits, 1);
	assert_int_equal(seen.facts->waits[0].kind, CT_WAIT_MUTEX);
	assert_int_equal(seen.facts->waits[0].trust, CT_TRUST_EXACT);
	assert_int_equal(seen.facts->n_holds, 1);
	assert_int_equal(seen.facts->holds[0].actor, 1);
	assert_int_equal(seen.facts->holds[0].trust, CT_TRUST_EXACT);
	forget(&seen);
}

/* No descriptor is readable: the kernel's numbers are taken for the process's, and that is said. */
static void numbers_that_could_not_be_read(void **state)
{
	struct made *made = new_process(100);

	(void)state;
	size_t a = add_thread(made, 100, 0), b = add_thread(made, 101, 0);
	add_thread(made, 102, 0);
	put_mutex(made, HEAP, 102);
	put_mutex(made, HEAP + 40, 77);
	SLEEP_IN(made, a, FUTEX, HEAP, 0x80, 2);
	SLEEP_IN(made, b, FUTEX, HEAP + 40, 0x80, 2);
	struct seen seen = observe(made);
	for (uint32_t i = 0; i < 3; i++)
		check_id(seen.facts, 100 + i, 100 + i, CT_ID_ASSUMED);
	assert_int_equal(seen.facts->n_holds, 1);
	assert_int_equal(seen.facts->holds[0].actor, 2);
	assert_int_equal(seen.facts->holds[0].trust, CT_TRUST_INFERRED);
	/* Nobody can be said to be gone. */
	assert_true(seen.facts->waits[1].owner_gone == 0);
	assert_int_equal(seen.facts->waits[1].trust, CT_TRUST_INFERRED);
	assert_non_null(note_of(seen.facts, CT_NOTE_UNKNOWN_RUNTIME, "hand-made"));
	forget(&seen);
}

/* Where numbers were read and are the kernel's, those of the other threads are too. */
static void some_numbers_tell_of_the_others(void **state)
{
	struct made *made = new_process(100);

	(void)state;
	size_t waiter = add_pthread(made, 100, 100);
	add_thread(made, 101, 0);
	put_mutex(made, HEAP, 77);
	SLEEP_IN(made, waiter, FUTEX, HEAP, 0x80, 2);
	struct seen seen = observe(made);
	check_id(seen.facts, 101, 101, CT_ID_OWN);
	assert_true(seen.facts->waits[0].owner_gone == 77);
	assert_null(note_of(seen.facts, CT_NOTE_UNKNOWN_RUNTIME, "hand-made"));
	forget(&seen);
}

/* A core keeps one name, that of the thread that began the process; debuggers may have more. */
static void names_and_signals_belong_to_threads(void **state)
{
	struct made *made = new_process(101);

	(void)state;
	add_pthread(made, 100, 100);
	add_pthread(made, 101, 101);
	made->threads[add_pthread(made, 102, 102)].name = "poller";
	made->process.signal = (struct ct_signal){.number = 11, .code = 1, .lwp = 102};
	struct seen seen = observe(made);
	assert_null(seen.facts->actors[0].name);
	assert_string_equal(seen.facts->actors[1].name, "worker");
	assert_string_equal(seen.facts->actors[2].name, "poller");
	assert_int_equal(seen.facts->actors[1].signal, 0);
	assert_int_equal(seen.facts->actors[2].signal, 11);
	assert_int_equal(seen.facts->target.signal.actor, 2);
	assert_string_equal(seen.facts->target.signal.name, "SIGSEGV");
	assert_string_equal(seen.facts->target.signal.code, "SEGV_MAPERR");
	forget(&seen);
}

static void without_stacks_it_is_said(void **state)
{
	struct made *made = new_process(100);
	const char *note;

	(void)state;
	add_pthread(made, 100, 100);
	struct seen seen = observe(made);
	assert_int_equal(seen.facts->n_stacks, 0);
	assert_int_equal(seen.facts->n_sites, 0);
	assert_int_equal(seen.facts->actors[0].stack, CT_NONE);
	note = note_of(seen.facts, CT_NOTE_NOT_ASKED, "stacks");
	assert_non_null(note);
	assert_non_null(strstr(note, "--quick"));
	forget(&seen);
}

static void stacks_of_all_or_of_one(void **state)
{
	(void)state;
	for (uint64_t only = 0; only <= 101; only += 101) {
		struct made *made = new_process(100);

		add_pthread(made, 100, 100);
		add_pthread(made, 101, 101);
		/* Its registers are not known: it has no stack, and waits for nothing we know. */
		made->threads[add_pthread(made, 102, 102)].stopped = false;
		SLEEP_IN(made, 2, READ, 3, HEAP, 8);
		struct seen seen =
			observe_as(made, &(struct ct_plan){.wants = CT_WANT_STACKS, .only = only});
		assert_int_equal(seen.facts->actors[0].stack == CT_NONE, only == 101);
		assert_int_not_equal(seen.facts->actors[1].stack, CT_NONE);
		assert_int_equal(seen.facts->actors[2].stack, CT_NONE);
		assert_true(seen.facts->actors[2].object == 0);
		assert_int_equal(seen.facts->actors[2].state, CT_STATE_RUNNING);
		assert_int_equal(seen.facts->n_waits, 0);
		const struct ct_stack *stack = &seen.facts->stacks[seen.facts->actors[1].stack];
		assert_true(stack->n_frames >= 1);
		assert_true(seen.facts->sites[stack->frames[0].site].pc == PROGRAM + 8);
		assert_null(note_of(seen.facts, CT_NOTE_NOT_ASKED, "stacks"));
		forget(&seen);
	}
}

static void what_each_call_waits_for(void **state)
{
	struct made *made = new_process(100);

	(void)state;
	size_t reader = add_pthread(made, 100, 100), lost = add_pthread(made, 101, 101);
	size_t timed = add_pthread(made, 102, 102);
	add_pthread(made, 103, 103);
	put_mutex(made, HEAP, 103);
	SLEEP_IN(made, reader, READ, 3, HEAP, 8);
	SLEEP_IN(made, lost, RESTART, 1, 2, 3); /* arguments of no call that is restarted so */
	SLEEP_IN(made, timed, RESTART, HEAP, FUTEX_PRIVATE_FLAG, 2, STACK_OF(2));
	struct seen seen = observe(made);
	const struct ct_facts *facts = seen.facts;
	assert_int_equal(facts->n_waits, 3);
	assert_int_equal(facts->waits[0].kind, CT_WAIT_IO);
	assert_true(facts->waits[0].outside);
	assert_string_equal(facts->waits[0].why, "asleep in read");
	assert_string_equal(facts->actors[0].thread->call.name, "read");
	assert_non_null(strstr(facts->actors[0].thread->call.text, "read(3, "));
	assert_int_equal(facts->waits[1].kind, CT_WAIT_OTHER);
	assert_int_equal(facts->waits[1].resource, CT_NONE);
	assert_non_null(strstr(facts->waits[1].why, "which call it was is not known"));
	assert_string_equal(facts->actors[1].thread->call.name, "restart_syscall");
	assert_int_equal(facts->actors[1].state, CT_STATE_WAITING);
	/* A futex with a timeout is restarted so, and the code before has its number. */
	assert_int_equal(facts->waits[2].kind, CT_WAIT_MUTEX);
	assert_true(facts->waits[2].timed);
	assert_int_equal(facts->actors[2].thread->call.number, FUTEX);
	assert_int_equal(facts->actors[3].state, CT_STATE_RUNNING);
	forget(&seen);
}

static void a_damaged_source_is_partial(void **state)
{
	struct made *made = new_process(100);

	(void)state;
	add_pthread(made, 100, 100);
	made->process.damage = "truncated at 4096 of 8192 bytes";
	struct seen seen = observe(made);
	assert_string_equal(note_of(seen.facts, CT_NOTE_DAMAGED, "hand-made"),
		"truncated at 4096 of 8192 bytes");
	assert_int_equal(seen.facts->target.n_partial, 1);
	assert_string_equal(seen.facts->target.partial[0], "truncated at 4096 of 8192 bytes");
	forget(&seen);
	made = new_process(100);
	add_pthread(made, 100, 100);
	made->process.still = false;
	seen = observe(made);
	assert_int_equal(seen.facts->target.n_partial, 0);
	assert_null(note_of(seen.facts, CT_NOTE_DAMAGED, "hand-made"));
	assert_non_null(note_of(seen.facts, CT_NOTE_NOT_STILL, "hand-made"));
	forget(&seen);
}

/* A stack is told by the stack pointer in the same mapping; a file has its name. */
static void where_objects_without_a_name_are(void **state)
{
	static const struct {
		uint64_t addr;
		const char *where;
	} places[] = {{STACK_OF(1) - 8, "on the stack of thread 101"},
		{STACK_OF(1) + 64, "on the stack of thread 101"},
		{DESCRIPTOR(1) + 64, "in anonymous memory"}, {LIBC, "in /none/libc.so.6"}};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(places); i++) {
		struct made *made = new_process(100);

		add_pthread(made, 100, 100);
		SLEEP_IN(made, add_pthread(made, 101, 101), FUTEX, places[i].addr, 0, 5);
		struct seen seen = observe(made);
		assert_string_equal(seen.facts->resources[0].where, places[i].where);
		forget(&seen);
	}
}

/* A mutex of this machine's own libc, of any kind, held by the thread that runs this. */
static void lock_a_real_one(int type, int robust, int protocol, uint8_t bytes[40])
{
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;

	pthread_mutexattr_init(&attr);
	assert_int_equal(pthread_mutexattr_settype(&attr, type), 0);
	assert_int_equal(pthread_mutexattr_setrobust(&attr, robust), 0);
	assert_int_equal(pthread_mutexattr_setprotocol(&attr, protocol), 0);
	assert_int_equal(pthread_mutex_init(&mutex, &attr), 0);
	assert_int_equal(pthread_mutex_lock(&mutex), 0);
	memcpy(bytes, &mutex, 40);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);
	pthread_mutex_destroy(&mutex);
	pthread_mutexattr_destroy(&attr);
}

/* The plan may ask for an object that nobody waits for. */
static void a_held_mutex_is_added_when_asked_for(void **state)
{
	static const struct {
		int type, robust, protocol;
	} kinds[] = {{PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE},
		{PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE},
		{PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE},
		{PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE},
		{PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE},
		{PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT},
		{PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT}};
	const uint32_t tid = (uint32_t)gettid();

	(void)state;
	for (size_t i = 0; i < CT_COUNT(kinds); i++) {
		struct made *made = new_process(tid);

		add_pthread(made, tid, tid);
		lock_a_real_one(kinds[i].type, kinds[i].robust, kinds[i].protocol, made->heap + 64);
		struct seen seen = observe_as(made, &(struct ct_plan){.address = HEAP + 64});
		assert_int_equal(seen.facts->n_waits, 0);
		assert_int_equal(seen.facts->n_resources, 1);
		assert_string_equal(seen.facts->resources[0].kind, "pthread_mutex");
		assert_string_equal(seen.facts->resources[0].where, "in anonymous memory");
		assert_int_equal(seen.facts->n_holds, 1);
		assert_int_equal(seen.facts->holds[0].actor, 0);
		if (!kinds[i].robust) /* these carry the mark of process-shared ones */
			assert_int_equal(seen.facts->holds[0].trust, CT_TRUST_EXACT);
		forget(&seen);
	}
	struct made *made = new_process(tid);
	add_pthread(made, tid, tid);
	struct seen seen = observe_as(made, &(struct ct_plan){.address = HEAP + 64});
	assert_int_equal(seen.facts->n_resources, 0); /* zeros are nothing */
	forget(&seen);
}

/* The rows about addr, as "key: text" lines. */
static void explain(struct seen *seen, uint64_t addr, char *text, size_t size)
{
	const struct ct_explanation *rows;
	struct ct_arena arena;
	uint32_t n;

	ct_arena_init(&arena);
	assert_int_equal(ct_explain(seen->target, seen->facts, addr, &arena, &rows, &n), CT_OK);
	*text = '\0';
	for (uint32_t i = 0; i < n; i++) {
		size_t len = strlen(text);

		snprintf(text + len, size - len, "%s: %s\n", rows[i].key, rows[i].text);
	}
	ct_arena_free(&arena);
}

static void check_says(struct seen *seen, uint64_t addr, const char *expected)
{
	char text[4096];

	explain(seen, addr, text, sizeof(text));
	assert_string_equal(text, expected);
}

/* Thread 100 waits for a mutex of 101. */
static void what_lives_at_an_address(void **state)
{
	struct made *made = new_process(100);
	char text[4096];

	(void)state;
	size_t waiter = add_pthread(made, 100, 100);
	add_pthread(made, 101, 101);
	put_mutex(made, HEAP + 64, 101);
	SLEEP_IN(made, waiter, FUTEX, HEAP + 64, 0x80, 2);
	struct seen seen = observe(made);
	check_says(&seen, HEAP + 64,
		"is: pthread_mutex\n"
		"state: type normal, lock 0x2, owner 101, users 1\n"
		"held by: thread 101 (exact: the owner field names this thread, and the lock word "
		"is taken)\n"
		"waited for by: thread 100\n"
		"in registers of: thread 100\n"
		"mapping: anonymous memory, 0x7f0000001000 to 0x7f0000002000, rw-\n");
	check_says(&seen, DESCRIPTOR(1),
		"thread: the descriptor (struct pthread) of thread 101\n"
		"mapping: anonymous memory, 0x7f0000020000 to 0x7f0000024000, rw-\n");
	check_says(&seen, STACK_OF(0) + 16,
		"stack: of thread 100, 16 bytes above its stack pointer\n"
		"mapping: anonymous memory, 0x7f0000010000 to 0x7f0000014000, rw-\n");
	explain(&seen, LIBC + 0x10, text, sizeof(text));
	assert_non_null(strstr(text, "module: /none/libc.so.6+0x10\n"));
	assert_non_null(
		strstr(text, "mapping: /none/libc.so.6, 0x7f1000000000 to 0x7f1000001000, r-x\n"));
	assert_non_null(strstr(text, "bytes: not in this core\n"));
	assert_null(strstr(text, "function: "));
	assert_null(strstr(text, "by symbol")); /* there is none */
	check_says(&seen, GONE, "mapping: none: no memory of the process was here\n");
	forget(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_clones_do_not_pass_for_their_creator),
		cmocka_unit_test(in_a_namespace_the_older_thread_has_the_descriptor),
		cmocka_unit_test(owners_are_found_by_the_numbers_of_the_process),
		cmocka_unit_test(numbers_that_could_not_be_read),
		cmocka_unit_test(some_numbers_tell_of_the_others),
		cmocka_unit_test(names_and_signals_belong_to_threads),
		cmocka_unit_test(without_stacks_it_is_said),
		cmocka_unit_test(stacks_of_all_or_of_one),
		cmocka_unit_test(what_each_call_waits_for),
		cmocka_unit_test(a_damaged_source_is_partial),
		cmocka_unit_test(where_objects_without_a_name_are),
		cmocka_unit_test(a_held_mutex_is_added_when_asked_for),
		cmocka_unit_test(what_lives_at_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
