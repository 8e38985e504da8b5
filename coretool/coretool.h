/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coretool: who waits for what, who holds it, and how we know.
 *
 * The way through the library is five calls:
 *
 *	ct_core_open()    a core file becomes a source of bytes
 *	ct_target_open()  the bytes become memory, modules and threads
 *	ct_observe()      the target becomes facts: waits, holds, stacks
 *	ct_detect()       the facts become a document: findings and a verdict
 *	ct_write()        the document becomes text, JSON or DOT
 *
 * Nothing here runs, stops or writes the program that is looked at. Handles are not thread safe:
 * use one target per thread.
 */
#ifndef CORETOOL_H
#define CORETOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CT_VERSION         "0.1.0"
#define CT_API             __attribute__((visibility("default")))
#define CT_WARN_UNUSED     __attribute__((warn_unused_result))
#define CT_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))

/*
 * What a call came to. CT_DONE, CT_NOT_FOUND and CT_FAULT are ordinary answers: they carry no text
 * and cost nothing. The others come with a text in struct ct_error.
 */
enum ct_status {
	CT_OK,
	CT_DONE,        /* an iteration has ended */
	CT_NOT_FOUND,   /* there is no such thing */
	CT_FAULT,       /* the address is not readable in this source */
	CT_NO_MEMORY,   /* we ran out of memory */
	CT_BAD_INPUT,   /* the input is not what it should be */
	CT_UNSUPPORTED, /* a machine, class or pair of things that we do not handle */
	CT_IO,          /* a file could not be read or written */
	CT_USAGE,       /* the caller asked for something that makes no sense */
};

/* The text of a failure: one line that says what failed, where, and what to try next. */
struct ct_error {
	enum ct_status status;
	char text[1024];
};

struct ct_arch;
struct ct_regs;
struct ct_target;
struct ct_facts;
struct ct_document;

/* Why the process stopped; number 0: no signal (gcore, live). */
struct ct_signal {
	int number;
	int code;           /* si_code */
	int errno_value;    /* si_errno */
	uint64_t address;   /* si_addr, for synchronous faults */
	bool sent;          /* by another process; false: the process's own doing, or a fault */
	int64_t sender_pid; /* of that process; 0: not known here (another PID namespace) */
	uint64_t lwp;       /* the thread that took it */
	bool has_call;      /* of SIGSYS: what follows is known */
	int call;           /* si_syscall */
	uint32_t call_abi;  /* si_arch: AUDIT_ARCH_* of <linux/audit.h> */
};

/* The process as its source describes it. Strings live as long as the source. */
struct ct_process {
	const struct ct_arch *arch;
	const char *kind;   /* "core", "process", "gdb" */
	const char *path;   /* where the source came from */
	const char *exe;    /* the program's path when it was started, or NULL */
	const char *comm;   /* the program's short name, or NULL */
	const char *args;   /* the start of the command line, or NULL */
	const char *damage; /* what is missing of the source ("core truncated at …"), or NULL */
	int64_t pid;
	int64_t parent;   /* the process that made it; 0: not known */
	bool own_numbers; /* threads are numbered as in the process's own PID namespace; false:
			     perhaps not */
	int64_t time;     /* seconds since 1970 when it was stopped; 0: not known */
	struct ct_signal signal;
	bool still;       /* no thread runs while we read */
	bool all_threads; /* the list of threads is whole: who is not in it does not exist */
};

/* One mapping. prot is PROT_* of <sys/mman.h>; present counts the bytes from start that can be
 * read. */
struct ct_map {
	uint64_t start, end;
	uint64_t present;
	uint64_t file_offset;
	const char *path; /* NULL: anonymous, or not recorded */
	int prot;         /* -1: not recorded */
	bool whole;       /* it stands for all that the loader mapped of the file */
};

/* One OS thread. */
struct ct_thread {
	uint64_t lwp; /* the number that the kernel or debugger gave it */
	const struct ct_regs *regs;
	const char *name;   /* NULL: not recorded */
	const char *number; /* what a debugger's user calls it ("3", "2.1"); NULL: nothing */
	int signal;         /* pr_cursig; 0: none */
	bool stopped;       /* false: its registers are not known */
};

/*
 * All that a debugger must provide. next_* walk from *cur = 0 to CT_DONE; what they point to lives
 * until close. read gives all the bytes or CT_FAULT; view gives a pointer into the source itself
 * and may be NULL. next_data gives the next part of [addr, end) of one mapping that can be other
 * than zeros, or CT_DONE; NULL: all of it can be. want says that bytes, of one mapping, are going
 * to be read, and fetch that all that are wanted are next: a source on disk reads them together
 * then; both NULL: it makes no difference.
 */
struct ct_source_ops {
	const char *name;
	enum ct_status (*process)(void *self, struct ct_process *ret);
	enum ct_status (*next_map)(void *self, size_t *cur, struct ct_map *ret);
	enum ct_status (*next_thread)(void *self, size_t *cur, struct ct_thread *ret);
	enum ct_status (*read)(void *self, uint64_t addr, void *buf, size_t len);
	enum ct_status (*view)(void *self, uint64_t addr, size_t len, const void **ret);
	enum ct_status (*next_data)(
		void *self, uint64_t addr, uint64_t end, uint64_t *start, uint64_t *stop);
	void (*want)(void *self, uint64_t addr, uint64_t len);
	void (*fetch)(void *self);
	enum ct_status (*auxv)(void *self, uint64_t type, uint64_t *ret);
	void (*close)(void *self);
};

struct ct_source {
	const struct ct_source_ops *ops;
	void *self;
};

/* How files are found and how much is done. All pointers are borrowed for the life of the target.
 */
struct ct_options {
	const char *exe;               /* the program's file; NULL: found by path and build id */
	const char *sysroot;           /* prefix for every path recorded in the core */
	const char *const *debug_dirs; /* more roots of .build-id trees, tried first */
	size_t n_debug_dirs;
	bool no_debuginfod;
	bool only_given; /* of the paths in a core only those below sysroot are opened */
	bool redact; /* of strings out of memory that the process could write, only the length */
	uint32_t max_frames;   /* frames kept of one stack; 0: the default of 256 */
	uint64_t max_unpacked; /* bytes that unpacking may write; 0: the default of 64 GiB */
};

/* What an observation is asked for; each costs something. */
enum ct_want {
	CT_WANT_STACKS = 1u << 0,     /* call stacks, by CFI */
	CT_WANT_LINES = 1u << 1,      /* source lines and inlined frames of every site */
	CT_WANT_HELD = 1u << 2,       /* locks that nobody waits for */
	CT_WANT_NAMES = 1u << 3,      /* names of objects, from symbols and DWARF */
	CT_WANT_GOROUTINES = 1u << 4, /* goroutines, and what they wait for */
	CT_WANT_HEAP = 1u << 5,       /* with GOROUTINES: what lives in the heap of Go */
	CT_WANT_LEAKS = 1u << 6,      /* with GOROUTINES: those that nothing can wake any more */
	CT_WANT_TIMERS = 1u << 7,     /* with GOROUTINES: timers, */
	CT_WANT_CONTEXTS = 1u << 12, /* with GOROUTINES: contexts that are over, and who has them */
	CT_WANT_ALL_CONTEXTS = 1u << 13, /* and all others that live */
	CT_WANT_POOLS = 1u << 14,        /* with GOROUTINES: what is in pools (sync.Pool) */
	CT_WANT_SERVICES = 1u << 16,     /* with GOROUTINES: database/sql and net/http */
	CT_WANT_PROFILES = 1u << 20,     /* with GOROUTINES: profiles that the process has kept */
	CT_WANT_ALL_LEAKS = 1u << 21,    /* with LEAKS: however large the heap is */
	CT_WANT_REFERENCES = 1u << 22, /* with GOROUTINES: what leads to the address asked for, and
					  to what the goroutine asked for waits at */
	CT_WANT_WHOLE = 1u << 8, /* with HELD: all memory is searched, and where each was taken */
	CT_WANT_ARGS = 1u << 9,  /* the arguments that the program was started with */
	CT_WANT_ENV = 1u << 10,  /* and its environment */
	CT_WANT_RETAINED =
		1u << 11, /* with TIMERS, POOLS: what each of them keeps alive, whatever it is */
};

struct ct_plan {
	unsigned wants;   /* of enum ct_want; 0 is --quick */
	uint64_t only;    /* lwp of the only thread whose stack is wanted; 0: all */
	uint64_t address; /* an object to add to the facts though nobody may wait for it; 0: none */
	uint64_t goroutine; /* number of the only one that is asked about; 0: all */
	const struct ct_strings
		*context_values; /* keys of contexts whose values are told; NULL: none */
	const char *object; /* what is known to be there: "pthread_mutex"; NULL: its shape tells */
};

struct ct_strings {
	const char *const *items;
	size_t n;
};

/* Of a rule or a threshold, what is not as usual. */
struct ct_setting {
	const char *name; /* "CT120"; "convoy-io" */
	uint32_t value; /* of a rule the level, 0 to 2, or CT_RULE_OFF; of a threshold the number */
};
#define CT_RULE_OFF UINT32_MAX

/* Which findings count, and how. Functions are named in full, without or with their arguments. */
struct ct_policy {
	const char *file; /* that it was read from, or NULL */
	struct ct_strings
		ignore_top_function; /* the first own function of all threads of a finding */
	struct ct_strings ignore_any_function; /* any function on the stack of each of them */
	struct ct_strings ignore_created_by;   /* the function that each of them started in */
	struct ct_strings context_values;      /* keys of contexts whose values are told */
	const char *baseline_file;             /* where the known fingerprints come from, or NULL */
	struct ct_strings known;               /* fingerprints of findings that count no more */
	const struct ct_setting *rules;
	size_t n_rules;
	const struct ct_setting *thresholds;
	size_t n_thresholds;
	bool gates[3]; /* a finding of P0, P1, P2 makes the exit status 1 */
	bool no_core;  /* the reader's commands name no core: neither do those that are proposed */
};

/*
 * Opens a core: a path, or "-" for standard input; compressed input is unpacked to an unnamed file.
 * The source is the caller's until ct_target_open() takes it.
 */
CT_API CT_WARN_UNUSED enum ct_status ct_core_open(const char *path,
	const struct ct_options *options, struct ct_source *ret, struct ct_error *err);

/* Takes src, also when it fails. */
CT_API CT_WARN_UNUSED enum ct_status ct_target_open(struct ct_source src,
	const struct ct_options *options, struct ct_target **ret, struct ct_error *err);
CT_API void ct_target_close(struct ct_target *target);

/* The facts own all that they reach and outlive the target. */
CT_API CT_WARN_UNUSED enum ct_status ct_observe(struct ct_target *target,
	const struct ct_plan *plan, struct ct_facts **ret, struct ct_error *err);
CT_API void ct_facts_free(struct ct_facts *facts);

/* The document borrows facts and policy. */
CT_API CT_WARN_UNUSED enum ct_status ct_detect(const struct ct_facts *facts,
	const struct ct_policy *policy, struct ct_document **ret, struct ct_error *err);
CT_API void ct_document_free(struct ct_document *document);

/* Writes the document in the named format ("text", "json", "ndjson", "dot"). */
CT_API CT_WARN_UNUSED enum ct_status ct_write(
	const struct ct_document *document, const char *format, FILE *out, struct ct_error *err);

CT_API const char *ct_version(void);

#ifdef __cplusplus
}
#endif

#endif
