/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall between reading and judging. Left of it a target is read; right of it stand pure
 * functions of these records. Everything is const once ct_sink_finish() has made it, owned by the
 * facts' arena, and refers to other records by 32-bit index; CT_NONE points nowhere. Strings are
 * never NULL unless said, and are clean: valid UTF-8 without control characters.
 */
#ifndef CT_FACTS_FACTS_H
#define CT_FACTS_FACTS_H

#include "base/arena.h"

/* How a wait or hold is known; architecture.md defines the words. Smaller is better. */
enum ct_trust {
	CT_TRUST_EXACT,
	CT_TRUST_DEBUG_INFO,
	CT_TRUST_LAYOUT,
	CT_TRUST_INFERRED,
	CT_TRUST_GUESS,
};

enum ct_wait_kind {
	CT_WAIT_MUTEX,
	CT_WAIT_JOIN,
	CT_WAIT_RWLOCK_READ,
	CT_WAIT_RWLOCK_WRITE,
	CT_WAIT_RWLOCK, /* to read or to write: that is not known */
	CT_WAIT_COND,
	CT_WAIT_SEM,
	CT_WAIT_BARRIER,
	CT_WAIT_ONCE,
	CT_WAIT_SPIN,      /* a spinlock: the thread runs in a loop */
	CT_WAIT_LIBC,      /* a lock of the C library's own: of a FILE, of malloc */
	CT_WAIT_FUTURE,    /* for the value of a promise */
	CT_WAIT_ATOMIC,    /* for the change of a variable */
	CT_WAIT_PARK,      /* parked: for another thread to unpark it */
	CT_WAIT_SEND,      /* for room in a channel */
	CT_WAIT_RECV,      /* for something to come out of a channel */
	CT_WAIT_SELECT,    /* a select of which no case is known */
	CT_WAIT_WAITGROUP, /* until a counter of goroutines is zero */
	CT_WAIT_FUTEX,     /* a futex of no known shape */
	CT_WAIT_IO,
	CT_WAIT_SLEEP,
	CT_WAIT_SIGNAL,
	CT_WAIT_CHILD,
	CT_WAIT_OTHER, /* another system call that blocks */
	CT_N_WAIT_KINDS,
};

enum ct_io_mode { /* of a wait for I/O */
	CT_MODE_UNKNOWN,
	CT_MODE_READ,
	CT_MODE_WRITE,
};

enum ct_actor_kind { CT_ACTOR_THREAD, CT_ACTOR_GOROUTINE };

enum ct_id_source {    /* of an actor's id */
	CT_ID_OWN,     /* as the process itself numbers it */
	CT_ID_ASSUMED, /* the kernel's number; nothing says that the process has another */
	CT_ID_FOREIGN, /* the kernel's number, and the process has others: never an owner */
};

enum ct_actor_state {
	CT_STATE_RUNNING,
	CT_STATE_RUNNABLE,
	CT_STATE_WAITING, /* blocked, and on what is known */
	CT_STATE_SYSCALL, /* in a system call that does not block on anything we know */
	CT_STATE_DEAD,
	CT_STATE_ZOMBIE, /* exited, and nobody has joined it */
	CT_N_ACTOR_STATES,
};

enum ct_site_trust {
	CT_SITE_CFI,
	CT_SITE_FP,
	CT_SITE_PCLNTAB,
	CT_SITE_SCAN,
	CT_SITE_CODE, /* by following the code to its return */
	CT_N_SITE_TRUSTS
};

enum ct_holders { /* does the list of a resource's holds tell the whole truth? */
	CT_HOLDERS_UNKNOWN,
	CT_HOLDERS_COMPLETE,
};

/* One line of source that a site stands for; inlined ones first, the function itself last. */
struct ct_line {
	const char *function, *file; /* NULL: not known */
	uint32_t line;
	bool inlined;
	bool wrapper; /* the compiler made it, to call another function */
};

/* A distinct place in code. */
struct ct_site {
	uint64_t pc;
	bool is_call;             /* pc is a return address: names belong to pc - 1 */
	bool has_lines;           /* lines were asked for, found or not */
	uint32_t module;          /* index, or CT_NONE */
	uint64_t offset;          /* pc - the module's start */
	const char *function;     /* demangled; NULL: no name is known */
	uint64_t function_offset; /* pc - start of the function; meaningful with function */
	uint64_t function_start;  /* offset of the function in its module; 0: not known */
	uint32_t n_lines;
	const struct ct_line *lines;
};

struct ct_frame {
	uint32_t site;
	uint8_t trust;  /* enum ct_site_trust */
	bool is_signal; /* a signal handler returns here; the next frame was interrupted */
};

struct ct_stack {
	const struct ct_frame *frames; /* innermost first */
	uint32_t n_frames;
	uint32_t n_total;    /* frames walked: more than n_frames when the middle was left out */
	uint32_t skipped_at; /* frames[skipped_at] follows the part left out; 0: nothing was */
	bool root;           /* the base was reached */
	const char *why;     /* NULL when root */
	uint32_t n_actors;   /* how many have this stack */
};

struct ct_actor_call {    /* the system call that an actor is in */
	int64_t number;   /* -1: none */
	const char *name; /* NULL: unknown number */
	const char *text; /* with decoded arguments */
};

/* What few actors have. */
struct ct_actor_thread {
	const char *number; /* as the user of a debugger does: "3", "2.1"; NULL: there is none */
	const char *end;    /* of one that has exited: "it was cancelled"; or NULL */
	struct ct_actor_call call;
};

/* There may be a million of them: narrow fields, and what few have stands elsewhere. */
struct ct_actor {
	uint8_t kind;      /* enum ct_actor_kind */
	uint8_t state;     /* enum ct_actor_state */
	uint8_t id_source; /* enum ct_id_source */
	uint8_t reason; /* why a goroutine waits, in the runtime's words: into reasons; 0: none */
	bool system;    /* the runtime's own: such a thread does nothing of itself */
	bool locked;    /* a goroutine that is bound to its thread */
	uint8_t signal; /* the signal it took; 0: none */
	uint8_t bubble; /* of testing/synctest, that a goroutine is in, counted from 1; 0: none */
	uint64_t id;  /* as the process itself numbers it; see id_source. 0: it has exited, and its
			 number is no longer known */
	uint64_t lwp; /* as the source numbers it; 0: none */
	const char *name;               /* NULL: not known */
	uint64_t object;                /* address of its struct pthread or g; 0: not known */
	struct ct_actor_thread *thread; /* NULL: none of that */
	uint64_t creator;    /* of a goroutine: the id of the one that made it; 0: not known */
	uint32_t created_at; /* where; CT_NONE: not known */
	uint32_t labels;     /* of a goroutine: into label_sets; 0: none */
	uint32_t carrier;    /* the thread that runs this goroutine */
	uint32_t runs;       /* the goroutine that this thread runs */
	uint32_t stack;      /* index of the stack */
	uint32_t first_wait, n_waits;
	uint32_t first_hold, n_holds; /* into holds_by_actor */
	uint32_t start_site;          /* the function that it began with; CT_NONE: not known */
};

/* The system call that it is in, or NULL. */
static inline const struct ct_actor_call *ct_actor_call(const struct ct_actor *actor)
{
	return actor->thread && actor->thread->call.number >= 0 ? &actor->thread->call : NULL;
}

static inline const char *ct_actor_number(const struct ct_actor *actor)
{
	return actor->thread ? actor->thread->number : NULL;
}

static inline const char *ct_actor_end(const struct ct_actor *actor)
{
	return actor->thread ? actor->thread->end : NULL;
}

struct ct_wait {
	uint8_t kind;     /* enum ct_wait_kind */
	uint8_t trust;    /* enum ct_trust */
	uint8_t mode;     /* enum ct_io_mode */
	bool any_of : 1;  /* one of several alternatives */
	bool timed : 1;   /* ends by itself */
	bool brief : 1;   /* and within a second of its start */
	bool outside : 1; /* what ends it is outside of the process: fd, signal, child, another
			     process */
	bool behind_writers : 1; /* who only reads is not in its way (an RWMutex of Go) */
	bool others : 1; /* than its peers may as well end it: they are those that were seen */
	bool never : 1;  /* nothing can ever end it: a nil channel, a select without cases */
	bool has_since : 1;
	uint32_t actor;
	uint32_t resource;   /* CT_NONE: nothing of this process (I/O, sleep …) */
	uint64_t owner_gone; /* see struct ct_resource */
	uint64_t since_ns;   /* at least this long */
	const char *why;
	/* Who could end it, as far as evidence tells: into peers. None: not known, not "nobody". */
	uint32_t first_peer, n_peers;
};

/* What somebody's code will do to an object. */
enum ct_deed_kind {
	CT_DEED_UNKNOWN, /* its other fields say nothing */
	CT_DEED_UNLOCK,
	CT_DEED_SEND,
	CT_DEED_RECEIVE,
	CT_DEED_CLOSE,
	CT_DEED_DONE,
	CT_DEED_SIGNAL,
	CT_DEED_RESET,
	CT_N_DEEDS,
};

struct ct_deed {
	uint8_t kind;  /* enum ct_deed_kind */
	bool sure;     /* on all its paths */
	bool deferred; /* by what a function has deferred, when it ends */
	uint32_t site; /* of the call; CT_NONE: not known */
};

/* An actor that will end a wait which has no holder: by a signal, a post, a send, an arrival. */
struct ct_peer {
	uint32_t actor;
	enum ct_trust trust; /* inferred or guess */
	const char *why;     /* "frame #2 producer() at a.c:41 will call sem_post(0x…)" */
	struct ct_deed deed;
};

enum ct_hold_mode { CT_HOLD_EXCLUSIVE, CT_HOLD_SHARED };

struct ct_hold {
	uint32_t actor;
	uint32_t resource;
	enum ct_hold_mode mode;
	enum ct_trust trust;
	bool waits; /* a writer that waits for the readers that are there, and keeps out others */
	const char *why;
	uint32_t took_frame; /* index in the actor's stack of the frame that probably took it;
				CT_NONE */
	struct ct_deed deed; /* by which it will end */
};

enum ct_value_type { CT_VALUE_TEXT, CT_VALUE_INT, CT_VALUE_HEX, CT_VALUE_BOOL };

struct ct_value { /* one field of a resource's state */
	const char *key;
	enum ct_value_type type;
	const char *text;
	int64_t number;
};

/* What memory a resource is in, when no variable of a module is there. */
enum ct_place {
	CT_PLACE_UNKNOWN,
	CT_PLACE_HEAP,  /* in a block of malloc's */
	CT_PLACE_TLS,   /* in the thread-local memory of place_actor */
	CT_PLACE_STACK, /* on the stack of place_actor */
};

struct ct_heap_block {
	uint64_t offset, size; /* of the resource in it; of it */
};

#define CT_OWNER_UNNAMED UINT64_MAX

struct ct_resource {
	const char *kind; /* "pthread_mutex", "thread", "futex", "go_chan" */
	uint64_t address;
	const char *name;  /* "g_lock", "pool.workers[3].lock", "libfoo.so+0x1234"; NULL: only an
			      address */
	const char *where; /* "on the stack of thread 12", "heap"; NULL: not known */
	const struct ct_heap_block *block; /* that it is in; NULL: none is known */
	/* The recorded owner, when no such thread exists: its id, or the address of its descriptor
	 * where the lock records that; CT_OWNER_UNNAMED: the lock says only that it has exited.
	 * 0: there is none. */
	uint64_t owner_gone;
	const char *owner_why; /* how that is known; NULL: its owner field says so */
	const char *corrupt; /* what of its bytes no lock or unlock leaves behind; NULL: nothing is
			      */
	const struct ct_value *values;    /* equal lists are kept once */
	uint32_t owner_exited;            /* the actor that it was, where that is known; CT_NONE */
	uint32_t first_waiter, n_waiters; /* into waits_by_resource */
	uint32_t first_hold, n_holds;     /* into holds_by_resource */
	uint32_t place_actor;             /* see enum ct_place */
	uint16_t n_values;
	uint8_t place;         /* enum ct_place */
	uint8_t holders;       /* enum ct_holders */
	uint8_t owner_trust;   /* enum ct_trust: of owner_gone */
	uint8_t corrupt_trust; /* enum ct_trust: that it is such a lock at all */
	bool process_shared;
	bool is_actor;     /* it stands for an actor: a joined thread */
	bool name_of_type; /* name says what it is, not which: "Shelf.lock", "chan int" */
};

struct ct_fact_module {
	const char *path;
	const char *build_id; /* hex; NULL: none */
	uint64_t base, size;
	const char
		*found; /* "path", "sysroot", "debug-dir", "debuginfod", "core", "bundle", "none" */
	const char *state; /* "ok", "missing", "mismatch", "no-symbols"; NULL: nobody looked */
	const char *file, *debug_file; /* NULL: none */
	uint32_t n_tried;
	const char *const *tried;
	const char *advice; /* how to get what is missing; NULL: nothing is */
};

struct ct_note {
	unsigned code; /* 901 … */
	const char *about, *text;
};

/* One fact about an address, for explain: "symbol" "g_lock", "mapping" "/usr/lib/…", "held by"
 * "thread 12". */
struct ct_explanation {
	const char *key, *text;
};

struct ct_fact_signal {
	int number;       /* 0: none */
	const char *name; /* "SIGABRT" */
	const char *code; /* "SI_TKILL" */
	uint32_t actor;
	uint64_t address;
	bool has_address;
	bool sent;          /* by another process */
	int64_t sender_pid; /* 0: not known */
};

/* Strings that the program was started with; what it has written over them since shows. */
struct ct_fact_strings {
	bool asked;
	bool cut; /* there were more, or longer ones */
	uint32_t n;
	const char *const *items;
	const char *why; /* of asked ones that are not known; NULL */
};

struct ct_fact_target {
	const char *source, *path, *exe, *arch; /* path, exe: NULL when not known */
	int64_t pid, time;
	bool still;
	bool main_exited; /* the thread that the process began with is gone, others live on */
	bool is_static;   /* the C library is part of the program's own file */
	/* Another process has this memory, or may have: its threads hold locks and wake others. */
	bool memory_shared;
	uint32_t n_runtimes, n_partial;
	const char *const *runtimes; /* "glibc 2.36" */
	const char *const *partial;  /* what is missing */
	struct ct_fact_signal signal;
	struct ct_fact_strings args, env;
};

struct ct_crash;              /* facts/crash.h */
struct ct_panic;              /* facts/panic.h */
struct ct_fact_go;            /* facts/go.h */
struct ct_fact_go_heap;       /* facts/go_heap.h */
struct ct_fact_go_object;     /* facts/go_heap.h */
struct ct_fact_go_place;      /* facts/go_heap.h */
struct ct_fact_go_references; /* facts/go_references.h */
struct ct_fact_go_contexts;   /* facts/go_context.h */
struct ct_fact_go_timers;     /* facts/go_timers.h */
struct ct_fact_go_profiles;   /* facts/go_profiles.h */
struct ct_fact_go_pools;      /* facts/go_pools.h */
struct ct_fact_go_services;   /* facts/go_services.h */
struct ct_fact_go_freed;      /* facts/go_heap.h */
struct ct_fact_go_maps;       /* facts/go_maps.h */
struct ct_fact_races;         /* facts/races.h */

struct ct_facts {
	struct ct_fact_target target;
	const struct ct_crash
		*crash; /* what killed the process; NULL: nothing, or another process */
	const struct ct_fact_go *go;               /* NULL: no Go program, or not asked for */
	const struct ct_fact_go_heap *go_heap;     /* NULL: likewise */
	const struct ct_fact_go_object *go_object; /* at the address asked for; NULL: none */
	const struct ct_fact_go_place *go_place;   /* likewise, beside objects */
	const struct ct_fact_go_references *go_references; /* NULL: not asked for */
	const struct ct_fact_go_contexts *go_contexts; /* NULL: no Go program, or not asked for */
	const struct ct_fact_go_timers *go_timers;     /* likewise */
	const struct ct_fact_go_profiles *go_profiles; /* NULL: likewise */
	const struct ct_fact_go_pools *go_pools;       /* NULL: no Go program, or not asked for */
	const struct ct_fact_go_services *go_services; /* NULL: there is nothing to say */
	const struct ct_fact_go_freed *go_freed;       /* likewise, or nobody asked for the heap */
	const struct ct_fact_go_maps *go_maps;         /* NULL: nobody stands in one */
	const struct ct_fact_races *races;             /* likewise */
	unsigned wants;                                /* what was asked for: enum ct_want */
	bool say_numbers; /* sentences have a debugger's numbers; set by who asked for the facts */
	const struct ct_actor *actors;
	const struct ct_wait *waits; /* in the order of their actors */
	const struct ct_hold *holds;
	const struct ct_resource *resources;
	const struct ct_stack *stacks;
	struct ct_site *sites; /* the one part that grows strings later: see ct_observe_lines() */
	const struct ct_fact_module *modules;
	const struct ct_note *notes;
	const struct ct_peer *peers;
	const struct ct_panic *panics;     /* facts/panic.h */
	const char *const *reasons;        /* of goroutines; the first is "" */
	const char *const *label_sets;     /* "key=value, key=value", \\ before a mark that means
					      itself; the first is "" */
	const uint32_t *holds_by_actor;    /* holds */
	const uint32_t *holds_by_resource; /* holds */
	const uint32_t *waits_by_resource; /* waits */
	uint32_t n_actors, n_waits, n_holds, n_resources, n_stacks, n_sites, n_modules, n_notes;
	uint32_t n_reasons, n_label_sets, n_panics;
	struct ct_arena arena;
};

/*
 * "thread 12"; of one that has exited "thread 0x7f…", its pthread_t; where a debugger's numbers are
 * to be said, "thread 3 (LWP 12)". label: more for the parentheses, or NULL.
 */
const char *ct_actor_words(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor, const char *label);
/* "thread 12, which is no thread of this process": the owner of a resource that has owner_gone. */
const char *ct_owner_gone_words(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t resource);
/* Is the hold in the way of this wait for the same resource? */
bool ct_hold_blocks(const struct ct_wait *wait, const struct ct_hold *hold);
/* The first hold that is in the way of the wait, which has a resource, and how many are; NULL:
 * none is known. */
const struct ct_hold *ct_first_hold(
	const struct ct_facts *facts, const struct ct_wait *wait, uint32_t *n);
/* The field of its state with this key, or NULL. */
const struct ct_value *ct_resource_value(const struct ct_resource *resource, const char *key);
const char *ct_trust_name(enum ct_trust trust);        /* "exact" … */
const char *ct_wait_kind_name(enum ct_wait_kind kind); /* "mutex" … */
/* Is what such a wait is for held by somebody? A condition variable is not, and of a raw futex
 * nothing is known. */
bool ct_wait_kind_has_holder(enum ct_wait_kind kind);
const char *ct_deed_name(enum ct_deed_kind kind);           /* "unlock" …; UNKNOWN: NULL */
const char *ct_actor_state_name(enum ct_actor_state state); /* "running" … */
const char *ct_site_trust_name(enum ct_site_trust trust);   /* "cfi" … */

#endif
