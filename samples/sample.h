/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every sample needs: threads that say who they are, a check that each of them really blocks
 * where it should, and the truth about it, as JSON lines on stdout.
 *
 * A line is an object with one member, the truth's word; tests/truth/check_truth.py holds one check
 * per word. Thread ids are those that the process itself sees, addresses are hex strings.
 *
 *   thread      {tid, label, state: "blocked"|"running", syscall, number, args[3]}
 *               args are the first three arguments of the system call; number is the one asked
 *               for, also when a stop and a continue have made restart_syscall of it
 *   wait        {tid, kind: as the report's, resource, name, on: [tid], timed}
 *               by_names: the word that it sleeps on, where only names of functions tell the rest
 *               on is left out when no thread of this process holds the resource
 *   state       {resource, state: {key: value}}: of an object that the report tells of, at least
 * this a_peer      {tid, peer}: among those who could end the wait of tid is this one call {tid,
 * text}: of its system call; a "*" stands for anything hold        {tid, resource, name: as in
 * wait} held_only   true: beside those of "hold" (and "left_held") no lock is held report "locks":
 * this command shows it, not the full report corrupt     name: of a lock that was written over,
 * where names are known left_held   {owner, resource, name}: a thread that is gone holds it, and
 * nobody waits owner_gone  {tid, owner, resource}: tid waits for what a thread held that is no more
 *   outside     {tid, owner, resource}: tid waits for what another process holds
 *   root        {tid, root}: the end of the chain that tid stands in
 *   cycle       {tids, timed}: one thread is a self-loop; a report has no other cycles
 *   finding     {rule, level, confidence: [..], tids}: of CT101..CT103 a report has no others;
 *               tids are stuck by it, beside them only those that wait behind them may be named
 *   absent      [rule]: further rules that must not fire
 *   quiet       true: no finding is more than "possible"
 *   verdict     [verdict]: one of these
 *   headline_not  text: how the headline must not begin
 *   function    {tid, name}: is in that thread's stack; inlined: true where only DWARF tells
 *   signal      {number, tid, address, sender}: what killed the process; outside: true where its
 *               sender has no id in the core, and may not be taken for the process itself
 *   lwp         {tid, lwp}: the core has another number for the thread than the process
 *   threads     N: how many there are
 *               "recorded": false in a wait, hold, root, cycle, finding or peers: the library
 *               writes the holder down nowhere; a report may name it, and then rightly, or be
 *               silent. "names": the same where functions have no names, else it must be found
 *   exited      {label, object, start, end}: a thread that nobody has joined: its pthread_t, start
 *               function and how it ended
 *   exited_threads  N: how many those are
 *   main_exited  true: the thread that the process began with has exited
 *   moving      true: threads run on, so waits beyond those told are no mistake
 *   skipped     {what, why}: this machine cannot do it
 *   ready       true: the last line, everything told is so from now on
 *
 * A truth about a name holds only where debug information or symbols can tell it. The driver that
 * makes the core puts one more line in front, "core", for a kill from outside a "signal", and an
 * "lwp" for each thread of another PID namespace where the core has the numbers of its own.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "call_names.h"
#include "settle.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A function that must be found in a stack by its name. */
#define SAMPLE_FRAME __attribute__((noinline))

/* Where the C libraries differ; the headers of musl say nothing of themselves. */
#ifdef __GLIBC__
#define SAMPLE_MUSL  false
#define SAMPLE_SLEEP SYS_clock_nanosleep /* what nanosleep() calls */
enum { SAMPLE_MUTEX_WORD = 0 };          /* where in a mutex its waiters sleep */
#else
#define SAMPLE_MUSL  true
#define SAMPLE_SLEEP SYS_nanosleep
enum { SAMPLE_MUTEX_WORD = 4 };
#endif

/* Keeps a call from becoming a jump: something is left to do after it. */
#define SAMPLE_AFTER() __asm__ volatile("" ::: "memory")

enum { SAMPLE_PATIENCE_MS = 20000, SAMPLE_ANY = -1, SAMPLE_CANNOT = 77 };

struct sample_thread {
	const char *name;
	void *(*run)(void *);
	void *arg;
	pthread_t handle;
	pid_t tid; /* 0 until the thread runs */
};

struct sample_call {
	long number;
	unsigned long args[6];
};

static inline void sample_fail(const char *what, long id)
{
	fprintf(stderr, "sample: %s (%ld)\n", what, id);
	fflush(NULL);
	_exit(2);
}

/* This machine does not let the sample run: it gets no cores, for this reason. */
__attribute__((noreturn)) static inline void sample_cannot(const char *what)
{
	fprintf(stderr, "%s: %m\n", what);
	fflush(NULL);
	_exit(SAMPLE_CANNOT);
}

/* For calls that return 0 or an error number. */
static inline void sample_must(int error, const char *what)
{
	if (error)
		sample_fail(what, error);
}

static inline void sample_sleep_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

static inline pid_t sample_gettid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/* ---- threads ---- */

/* For a thread that was not made by sample_start(), main among them. */
static inline void sample_enter(struct sample_thread *self)
{
	__atomic_store_n(&self->tid, sample_gettid(), __ATOMIC_RELEASE);
}

static inline void sample_await_enter(struct sample_thread *t)
{
	while (!__atomic_load_n(&t->tid, __ATOMIC_ACQUIRE))
		sample_sleep_ms(1);
}

/* The kernel's id of another thread is in its CPU clock (CLOCK_PROCESS_CPUTIME_ID's encoding,
 * clock_getcpuclockid). */
static inline pid_t sample_tid_of(pthread_t thread)
{
	clockid_t clock;

	sample_must(pthread_getcpuclockid(thread, &clock), "pthread_getcpuclockid");
	return ~(clock >> 3);
}

enum { SAMPLE_KNOWN = 1 << 16 };
static bool sample_known[SAMPLE_KNOWN]; /* by the low bits of an id: has sample_start() seen it? */

/* For a thread that ends at once: not before its id is known. */
static inline void sample_await_known(void)
{
	while (!__atomic_load_n(&sample_known[sample_gettid() % SAMPLE_KNOWN], __ATOMIC_ACQUIRE))
		sample_sleep_ms(1);
}

/* The thread begins in run itself, so that its start function says what it is for, as in real
 * programs. */
static inline void sample_start_with(struct sample_thread *t, const pthread_attr_t *attr)
{
	sample_must(pthread_create(&t->handle, attr, t->run, t->arg), "pthread_create");
	pthread_setname_np(t->handle, t->name);
	__atomic_store_n(&t->tid, sample_tid_of(t->handle), __ATOMIC_RELEASE);
	__atomic_store_n(&sample_known[t->tid % SAMPLE_KNOWN], true, __ATOMIC_RELEASE);
}

/* name, run and arg are set; returns when the thread has its id. */
static inline void sample_start(struct sample_thread *t)
{
	sample_start_with(t, NULL);
}

static inline void sample_start_all(struct sample_thread *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sample_start(&t[i]);
}

/* The deadline of a timed wait that does not end while anyone looks. */
static inline struct timespec sample_tomorrow(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	ts.tv_sec += 24 * 60 * 60;
	return ts;
}

/* ---- does it really block? ---- */

/* False while the thread runs, or sleeps outside of a system call. It may be of a child. */
static inline bool sample_blocked(pid_t tid, struct sample_call *ret)
{
	char path[64], line[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	return sscanf(line, "%ld %lx %lx %lx %lx %lx %lx", &ret->number, &ret->args[0],
		       &ret->args[1], &ret->args[2], &ret->args[3], &ret->args[4],
		       &ret->args[5]) == 7;
}

/* Waits until tid blocks in system call `number` with `word` as its first argument. */
static inline struct sample_call sample_await(pid_t tid, long number, long word)
{
	struct sample_call call = {};

	for (int ms = 0; ms < SAMPLE_PATIENCE_MS; ms++) {
		if (sample_blocked(tid, &call) && (number == SAMPLE_ANY || call.number == number) &&
			(word == SAMPLE_ANY || call.args[0] == (unsigned long)word))
			return call;
		sample_sleep_ms(1);
	}
	sample_fail("a thread does not block where it should", tid);
	return call;
}

static inline const char *sample_call_name(long number)
{
	for (size_t i = 0; i < sizeof(call_names) / sizeof(call_names[0]); i++) {
		if (call_names[i].number == number)
			return call_names[i].name;
	}
	sample_fail("no name for a system call", number);
	return NULL;
}

/* ---- the truth ---- */

static bool sample_moves; /* not all threads are expected to sleep */

static inline void truth_tids(const char *key, const struct sample_thread *t, size_t n)
{
	printf("\"%s\":[", key);
	for (size_t i = 0; i < n; i++)
		printf("%s%d", i ? "," : "", t[i].tid);
	printf("]");
}

/* Threads that wait for what somebody holds who is written down nowhere. */
static bool sample_unrecorded[SAMPLE_KNOWN],
	sample_any_unrecorded; /* the former by the low bits of an id */

/* musl names the owner of all mutexes but those of the normal type, and who runs an initialiser. */
static inline bool sample_records_holder(const char *kind, const void *object)
{
	if (!SAMPLE_MUSL || !strcmp(kind, "once") || !strcmp(kind, "join"))
		return true;
	return !strcmp(kind, "mutex") && *(const int *)object & 15;
}

static inline bool sample_is_recorded(const struct sample_thread *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sample_unrecorded[t[i].tid % SAMPLE_KNOWN])
			return false;
	return true;
}

static inline void truth_recorded(bool recorded)
{
	printf("%s", recorded ? "" : ",\"recorded\":false");
}

static inline void truth_call(const struct sample_thread *t, const struct sample_call *call)
{
	printf("{\"thread\":{\"tid\":%d,\"label\":\"%s\",\"state\":\"blocked\",\"syscall\":\"%s\","
	       "\"number\":%ld,\"args\":[\"%#lx\",\"%#lx\",\"%#lx\"]}}\n",
		t->tid, t->name, sample_call_name(call->number), call->number, call->args[0],
		call->args[1], call->args[2]);
}

static inline void truth_running(const struct sample_thread *t)
{
	sample_moves = true;
	printf("{\"thread\":{\"tid\":%d,\"label\":\"%s\",\"state\":\"running\"}}\n", t->tid,
		t->name);
}

/* Waits until t blocks in the system call, and tells so. */
static inline void expect_syscall(const struct sample_thread *t, long number)
{
	struct sample_call call = sample_await(t->tid, number, SAMPLE_ANY);

	truth_call(t, &call);
}

static inline void truth_hold_by(const struct sample_thread *t, const void *lock, bool recorded)
{
	printf("{\"hold\":{\"tid\":%d,\"resource\":\"%p\"", t->tid, lock);
	truth_recorded(recorded);
	printf("}}\n");
}

static inline void truth_hold(const struct sample_thread *t, const void *lock)
{
	truth_hold_by(t, lock, true);
}

/*
 * `waiter` waits for the object. name: as DWARF tells it, "*x" for one that ends so, NULL on the
 * heap. holder: NULL when no thread of this process holds it.
 */
static inline void truth_wait(const struct sample_thread *waiter, const char *kind,
	const void *object, const char *name, const struct sample_thread *holder, bool timed)
{
	printf("{\"wait\":{\"tid\":%d,\"kind\":\"%s\",\"resource\":\"%p\",\"timed\":%s",
		waiter->tid, kind, object, timed ? "true" : "false");
	if (name)
		printf(",\"name\":\"%s\"", name);
	bool recorded = !holder || sample_records_holder(kind, object);
	if (holder) {
		printf(",");
		truth_tids("on", holder, 1);
		truth_recorded(recorded);
	}
	printf("}}\n");
	sample_unrecorded[waiter->tid % SAMPLE_KNOWN] |= !recorded;
	sample_any_unrecorded |= !recorded;
	if (holder)
		truth_hold_by(holder, object, recorded);
}

/* Waits until `waiter` blocks on the object, at this word of it (NULL: any futex); tells so. */
static inline void expect_wait(const struct sample_thread *waiter, const char *kind,
	const void *object, const void *word, const char *name, const struct sample_thread *holder,
	bool timed)
{
	struct sample_call call =
		sample_await(waiter->tid, SYS_futex, word ? (long)word : (long)SAMPLE_ANY);

	truth_call(waiter, &call);
	truth_wait(waiter, kind, object, name, holder, timed);
}

static inline void expect_mutex(const struct sample_thread *waiter, const void *lock,
	const char *name, const struct sample_thread *holder, bool timed)
{
	const void *word = (const char *)lock + SAMPLE_MUTEX_WORD;

	expect_wait(waiter, "mutex", lock, word, name, holder, timed);
}

static inline void expect_join(
	const struct sample_thread *waiter, const struct sample_thread *target)
{
	/* Waiters may still be at a barrier before; musl's joiners sleep on pthread.detach_state.
	 */
	long word = SAMPLE_MUSL ? (long)target->handle + 56 : (long)SAMPLE_ANY;
	struct sample_call call = sample_await(waiter->tid, SYS_futex, word);

	truth_call(waiter, &call);
	printf("{\"wait\":{\"tid\":%d,\"kind\":\"join\",\"timed\":false,", waiter->tid);
	truth_tids("on", target, 1);
	printf("}}\n");
}

static inline void truth_owner(
	const char *word, const struct sample_thread *waiter, pid_t owner, const void *lock)
{
	printf("{\"%s\":{\"tid\":%d,\"owner\":%d,\"resource\":\"%p\"}}\n", word, waiter->tid, owner,
		lock);
}

static inline void truth_owner_gone(
	const struct sample_thread *waiter, pid_t owner, const void *lock)
{
	/* musl wipes the id of a thread that exits; fork leaves it. */
	bool wiped = SAMPLE_MUSL && !(((const unsigned *)lock)[1] & 0x3fffffff);

	truth_owner("owner_gone", waiter, wiped ? 0 : owner, lock);
}

static inline void truth_outside(const struct sample_thread *waiter, pid_t owner, const void *lock)
{
	truth_owner("outside", waiter, owner, lock);
}

static inline void truth_root(const struct sample_thread *t, const struct sample_thread *root)
{
	printf("{\"root\":{\"tid\":%d,\"root\":%d", t->tid, root->tid);
	truth_recorded(!sample_any_unrecorded);
	printf("}}\n");
}

static inline void truth_cycle(const struct sample_thread *t, size_t n, bool timed)
{
	printf("{\"cycle\":{\"timed\":%s,", timed ? "true" : "false");
	truth_tids("tids", t, n);
	truth_recorded(sample_is_recorded(t, n));
	printf("}}\n");
}

/* confidence: JSON strings, for example "\"proven\"". */
static inline void truth_finding(const char *rule, const char *level, const char *confidence,
	const struct sample_thread *t, size_t n)
{
	printf("{\"finding\":{\"rule\":\"%s\",\"level\":\"%s\",\"confidence\":[%s],", rule, level,
		confidence);
	truth_tids("tids", t, n);
	truth_recorded(sample_is_recorded(t, n));
	printf("}}\n");
}

/* The words that are a JSON value of their own: absent, quiet, verdict, headline_not, moving. */
static inline void truth_is(const char *word, const char *value)
{
	printf("{\"%s\":%s}\n", word, value);
	sample_moves |= !strcmp(word, "moving");
}

static inline void truth_verdict(const char *verdict)
{
	printf("{\"verdict\":[\"%s\"", verdict);
	/* Without the holders it cannot be seen, or is seen from afar. */
	printf("%s]}\n", sample_any_unrecorded ? ",\"clean\",\"stuck\"" : "");
}

/* A cycle of waits without timeout through all of t[], sure and for ever. */
static inline void truth_deadlock(const struct sample_thread *t, size_t n)
{
	truth_cycle(t, n, false);
	truth_finding("CT101", "P0", "\"proven\"", t, n);
	truth_verdict("deadlock");
}

static inline void truth_self_deadlock(const struct sample_thread *t)
{
	truth_cycle(t, 1, false);
	truth_finding("CT102", "P0", "\"proven\"", t, 1);
	truth_verdict("deadlock");
}

static inline void truth_function(const struct sample_thread *t, const char *name)
{
	printf("{\"function\":{\"tid\":%d,\"name\":\"%s\",\"inlined\":false}}\n", t->tid, name);
}

static inline void truth_inlined(const struct sample_thread *t, const char *name)
{
	printf("{\"function\":{\"tid\":%d,\"name\":\"%s\",\"inlined\":true}}\n", t->tid, name);
}

static inline void truth_skipped(const char *what, const char *why)
{
	printf("{\"skipped\":{\"what\":\"%s\",\"why\":\"%s\"}}\n", what, why);
}

static inline void truth_threads(int n)
{
	printf("{\"threads\":%d}\n", n);
}

/* ---- processes ---- */

/*
 * Goes on as a child, which dies with its parent; the parent waits for it and ends as it does.
 * A sample that does so has the trait of_child, see tests/cores/plan.py.
 */
static inline void sample_become_child(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		sample_cannot("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return;
	}
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

/* ---- the end ---- */

static inline void sample_ready_of(pid_t pid)
{
	if (!sample_moves)
		sample_settle(pid);
	printf("{\"ready\":true}\n");
	fflush(stdout);
}

static inline void sample_ready(void)
{
	sample_ready_of(getpid());
}

/* Ready, with a fixed number of threads, in which main rests for ever. */
__attribute__((noreturn)) static inline void sample_rest(int threads)
{
	truth_threads(threads);
	sample_ready();
	for (;;)
		pause();
}

/*
 * Ready, with a fixed number of threads, when main waits in block(arg): a child process looks on,
 * and ends with this one.
 */
__attribute__((noreturn)) static inline void sample_rest_in(
	int threads, void (*block)(void *), void *arg)
{
	pid_t self = getpid();

	truth_threads(threads);
	fflush(stdout);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sample_await(self, SYS_futex, SAMPLE_ANY);
		sample_ready_of(self);
		for (;;)
			pause();
	}
	for (;;)
		block(arg);
}

/* Ready; returns when the driver closes stdin: the sample shall crash now. */
static inline void sample_await_end_of_input(void)
{
	char c;

	sample_ready();
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
}

#endif
