/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A primitive is one way in which a native thread can block on an object of its process. To add
 * one: a file here with a const struct ct_primitive, its row in table.c, a sample that fires it and
 * a near miss.
 */
#ifndef CT_BLOCKING_PRIMITIVE_H
#define CT_BLOCKING_PRIMITIVE_H

#include "blocking/futex_op.h"
#include "blocking/libc.h"
#include "blocking/syscall.h"
#include "decode/evaluate.h"
#include "facts/sink.h"
#include "target/unwind.h"

/* What the innermost frames may say. Names are those of the file: NULL where none is known. */
#define CT_MAX_CALLERS 12

struct ct_inlined_memo;

#define CT_RUNNERS_KEPT 64 /* a power of two */

struct ct_runner {        /* who runs the initialiser that control is about (once.c) */
	uint64_t control; /* 0: free */
	uint32_t actor;   /* CT_NONE: nobody */
};

struct ct_blocking { /* what every primitive may ask */
	struct ct_target *target;
	struct ct_sink *sink; /* all actors are in it */
	const struct ct_libc *libc;
	struct ct_unwinder *unwinder;    /* NULL: stacks are not wanted */
	struct ct_inlined_memo *inlined; /* NULL: nothing is remembered */
	struct ct_runner *runners;       /* CT_RUNNERS_KEPT, or NULL */
	unsigned *looked_ahead; /* how many threads' code was followed to what they will look at
				   (cxx_proxy.c); NULL: it is not followed */
};

struct ct_blocked { /* a thread asleep in the kernel, or one that runs */
	uint32_t actor;
	const struct ct_regs *regs;
	bool runs;
	struct ct_syscall call; /* that it sleeps in */
	uint32_t child;         /* of vfork(), the one that it made; 0: it is in another call */
	/* For the rows' match, filled in by ct_primitive_match: the call is this futex's, */
	struct ct_futex_op futex;
	bool in_libc; /* made in code of the C library's */
	bool have_stack;
	/* Functions of the frames, innermost first, up to a signal handler's. */
	const char *callers[CT_MAX_CALLERS];
	size_t n_callers;
};

struct ct_match { /* "this thread waits for the object at address" */
	enum ct_wait_kind kind;
	uint64_t address;
	enum ct_trust trust;
	const char *why;  /* in the sink's arena */
	const char *name; /* of the object, where only its waiters tell; NULL: they do not */
	bool timed, outside;
};

struct ct_possession;
struct ct_evidence_from;
/* What is found where nothing points to it. */
struct ct_scan_hit {
	const struct ct_primitive *primitive;
	uint64_t addr;
	uint32_t owner; /* the id that it names */
	uint32_t actor; /* the thread of that id; CT_NONE: there is none */
	uint32_t users; /* how many it counts beside the owner; all of them wait for something */
	uint32_t alike; /* words near it that could as well name an owner, and do not */
};

/*
 * How a held object is found in memory: by the word that names its owner. The lower half of that
 * word is the id, the upper half a small number.
 */
struct ct_scan {
	uint8_t owner; /* offset of that word; a multiple of 8, at most 24 */
	uint8_t size;  /* of the object */
	/* Is it worth to look at the whole? Eight bytes behind the word can be read as well. */
	bool (*near)(const uint64_t *word);
	/* Can these bytes be held by the thread hit->actor? Fills in hit->users. */
	bool (*held)(const struct ct_blocking *ctx, const void *bytes, struct ct_scan_hit *hit);
};

/*
 * Where the waiters of a primitive make their system call. Those of libc's objects do so in libc,
 * as its lock functions do. A program that calls futex through syscall() has a lock of its own,
 * however like one of libc's it may look.
 */
enum ct_sleeping_place { CT_SLEEPS_ANYWHERE, CT_SLEEPS_IN_LIBC, CT_SLEEPS_OUTSIDE };

struct ct_primitive {
	const char *name;
	uint8_t libcs; /* of CT_IN_*: the C libraries that have it; 0: it is not of a C library's */
	enum ct_sleeping_place place; /* others are not asked for a match */
	/* Is this thread blocked in us? CT_NOT_FOUND: no. Registers and object shape first; frames
	 * confirm. */
	enum ct_status (*match)(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
		struct ct_match *ret);
	/* Adds the object at addr with its state and holders, once; *ret is its index. */
	enum ct_status (*read)(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret);
	/* For explain: is the object at addr one of us? NULL: it cannot be told from other data. */
	bool (*recognise)(const struct ct_blocking *ctx, uint64_t addr);
	/* Could the bytes at addr be one of us, free or taken? For what is known to be one by its
	 * type. NULL: no type is ours alone. */
	bool (*possible)(const struct ct_blocking *ctx, uint64_t addr);
	/* Adds those that are held and that the C library itself has a list of, or a fixed place
	 * for; NULL: none are. */
	void (*listed)(const struct ct_blocking *ctx);
	/* Is what is known to be one of us held, or damaged? NULL: nobody looks. */
	bool (*noteworthy)(const struct ct_blocking *ctx, uint64_t addr);
	const struct ct_scan *scan; /* NULL: what is held looks like other data */
	const char *const
		*types;   /* the C and C++ types that are one of us, ended by NULL; or NULL */
	bool last_resort; /* asked only when no other primitive matched */
	bool spins;       /* who waits for it runs; the others are asked about sleepers */
	/*
	 * Where nobody records who has it, the code of the threads tells: functions that acquire or
	 * release one of us, to blocking/holders.c. NULL: owners are recorded.
	 */
	const struct ct_event_row *events;
	size_t n_events;
	const struct ct_possession *possession;
};

/* What it is to have the object, when code tells who does. */
struct ct_possession {
	enum ct_hold_mode mode;
	/* Where that hangs on the state of the object at addr; NULL: it does not. */
	enum ct_hold_mode (*mode_now)(const struct ct_blocking *ctx, uint64_t addr);
	/*
	 * Is it a function that has the object while the other one, which it calls, runs: an
	 * initialiser's? Names are demangled; NULL: not known. Its frame has the object's address,
	 * less runs_offset. NULL: nobody has it so.
	 */
	bool (*runs)(const char *function, const char *callee);
	uint8_t runs_offset;
	const char *runs_what; /* "its initialiser" */
	/*
	 * Is the thread one of those whose end or coming the object at addr waits for? Gives the
	 * number of the frame that tells so, 0 where it is no frame that does; CT_NONE: it is not.
	 * NULL: it waits for no threads.
	 */
	uint32_t (*belongs)(
		const struct ct_blocking *ctx, uint64_t addr, const struct ct_evidence_from *from);
	/*
	 * What it means that a thread has the object's address in its frames, where that alone
	 * makes it one who may end the wait; others may, too. NULL: it says nothing.
	 */
	const char *refers;
	bool inlined;     /* atomic instructions on the object acquire and release it too */
	bool up_releases; /* an atomic that counts up releases it: a semaphore's */
	bool in_libc;     /* only the C library's own code acquires and releases it */
	/*
	 * Who will release it may never have acquired it: a semaphore, a condition variable. Then
	 * it is one who could wake, not a holder.
	 */
	bool any_of;
	/*
	 * How many have the object at addr now of whom none is recorded; 0: nobody has, or the
	 * owner is recorded; CT_NONE: nobody can count them.
	 */
	uint32_t (*count)(const struct ct_blocking *ctx, uint64_t addr);
};

#define CT_IN_GLIBC (1u << CT_LIBC_GLIBC)
#define CT_IN_MUSL  (1u << CT_LIBC_MUSL)

/* Several rows may have one name: the same thing of different C libraries. */
extern const struct ct_primitive *const ct_primitives[];
extern const size_t ct_n_primitives;

/* Can there be such a thing in a process with this C library? */
static inline bool ct_primitive_applies(
	const struct ct_primitive *primitive, const struct ct_libc *libc)
{
	return !primitive->libcs || primitive->libcs >> libc->kind & 1;
}

/* Did any of the innermost frames run a function whose name, less leading underscores, begins so?
 */
bool ct_blocked_calls(const struct ct_blocked *blocked, const char *prefix);

/*
 * Does the thread sleep as libc's low-level locks make it: without a timeout, for a private word to
 * be other than 2?
 */
bool ct_blocked_in_lll(const struct ct_blocked *blocked);

/* Of such a lock without an owner. */
extern const struct ct_possession ct_lll_possession;

/*
 * The best match among all primitives: best trust, then row order. CT_NOT_FOUND: none. Two claims
 * of equal trust become a note.
 */
enum ct_status ct_primitive_match(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_primitive **primitive, struct ct_match *ret);

#endif
