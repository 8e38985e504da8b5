/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. One table of commands and one of options (table.c) drive parsing, help, the man
 * page, completion and the catalogue. To add a command: a file cmd_*.c with its run function, a row
 * in table.c.
 */
#ifndef CT_CLI_CLI_H
#define CT_CLI_CLI_H

#include "rules/document.h"

/* What the program's end tells scripts. Write errors win over all, then FAILED, PARTIAL, FINDINGS.
 */
enum ct_exit {
	CT_EXIT_OK = 0,
	CT_EXIT_FINDINGS = 1, /* findings at or above --fail-on */
	CT_EXIT_FAILED = 2,   /* it could not be analysed */
	CT_EXIT_PARTIAL = 3,  /* analysed in part, and --strict */
	CT_EXIT_USAGE = 64,
	CT_EXIT_WRITE = 74, /* the report could not be written */
};

struct ct_list {
	const char **items;
	size_t n;
};

struct ct_session;

/* The command line, understood. Strings are argv's. */
struct ct_args {
	const struct ct_command *command;
	struct ct_session *session; /* what coretool serve works on; NULL: this is no request */
	struct ct_list words;       /* behind the command's name */
	uint64_t given;             /* bits of enum ct_option_id */
	const char *format, *output, *fail_on, *color, *progress, *source;
	const char *exe, *sysroot, *policy_file, *baseline, *where, *group_by, *sample;
	const struct ct_policy *policy; /* of these; set by ct_cli_run() for commands that judge */
	struct ct_list debug_dirs, ignore_top, ignore_any, ignore_created;
	uint64_t max_frames, max_unpacked, block_size;
	bool json, fail_on_new, ignore_current, no_debuginfod, quick, strict, redact, untrusted,
		quiet, verbose, missing, lean, full, include_args, include_env, help, version;
};

enum ct_option_id {
	CT_OPTION_FORMAT,
	CT_OPTION_JSON,
	CT_OPTION_OUTPUT,
	CT_OPTION_COLOR,
	CT_OPTION_EXE,
	CT_OPTION_SYSROOT,
	CT_OPTION_DEBUG_DIR,
	CT_OPTION_NO_DEBUGINFOD,
	CT_OPTION_MAX_UNPACKED,
	CT_OPTION_QUICK,
	CT_OPTION_MAX_FRAMES,
	CT_OPTION_POLICY,
	CT_OPTION_BASELINE,
	CT_OPTION_FAIL_ON,
	CT_OPTION_STRICT,
	CT_OPTION_REDACT,
	CT_OPTION_INCLUDE_ARGS,
	CT_OPTION_INCLUDE_ENV,
	CT_OPTION_UNTRUSTED,
	CT_OPTION_IGNORE_TOP,
	CT_OPTION_IGNORE_ANY,
	CT_OPTION_IGNORE_CREATED,
	CT_OPTION_FAIL_ON_NEW,
	CT_OPTION_IGNORE_CURRENT,
	CT_OPTION_MISSING,
	CT_OPTION_LEAN,
	CT_OPTION_FULL,
	CT_OPTION_WHERE,
	CT_OPTION_GROUP_BY,
	CT_OPTION_SAMPLE,
	CT_OPTION_PROGRESS,
	CT_OPTION_QUIET,
	CT_OPTION_VERBOSE,
	CT_OPTION_SOURCE,
	CT_OPTION_BLOCK_SIZE,
	CT_OPTION_HELP,
	CT_OPTION_VERSION,
	CT_N_OPTIONS,
};

enum ct_option_kind {
	CT_TAKES_NOTHING, /* at: bool */
	CT_TAKES_TEXT,    /* at: const char * */
	CT_TAKES_LIST,    /* at: struct ct_list; each time adds one */
	CT_TAKES_COUNT,   /* at: uint64_t, at least 1, at most 2^32 - 1 */
	CT_TAKES_SIZE,    /* at: uint64_t, bytes, with K, M, G or T */
};

struct ct_option {
	const char *name;
	char letter; /* 0: none */
	enum ct_option_kind kind;
	const char *value;          /* what the value is called in help; NULL: it takes none */
	const char *const *choices; /* ended by NULL; NULL: any value */
	const char *summary;
	size_t at; /* in struct ct_args */
};

/* What a command is for the gdb extension. */
enum ct_gdb_use {
	CT_GDB_NOT,    /* makes no sense there */
	CT_GDB_TARGET, /* works on the process that gdb has stopped */
	CT_GDB_PLAIN,  /* needs no process */
};

struct ct_command {
	const char *name, *args, *summary, *help;
	uint64_t options;       /* bits of enum ct_option_id */
	unsigned documents;     /* the kind that it writes: enum ct_document_kind; 0: none */
	const char *format;     /* the format when none is asked for; NULL: it has none */
	const char *own_format; /* one more that the command writes by itself; NULL: none */
	unsigned wants;         /* enum ct_want */
	unsigned sections;      /* enum ct_section */
	enum ct_gdb_use gdb;
	int (*run)(const struct ct_args *args); /* gives an enum ct_exit */
};

extern const struct ct_option ct_options_table[CT_N_OPTIONS];
extern const char *const ct_samples[]; /* of --sample, as enum ct_sample has them; ended by NULL */
extern const char *const ct_groupings[]; /* of --group-by, from CT_BY_STACK on; ended by NULL */
extern const struct ct_command ct_commands[];
extern const size_t ct_n_commands;

const struct ct_command *ct_command_find(const char *name); /* or NULL */
static inline bool ct_command_takes(const struct ct_command *command, enum ct_option_id option)
{
	return command->options >> option & 1;
}

/* The whole program. */
int ct_cli_main(int argc, char **argv);

/* What the args ask for; gives an enum ct_exit. */
int ct_cli_run(const struct ct_args *args);

/* Prints "coretool: text", cleaned, on standard error. */
void ct_complain(const char *text);
/* Prints the text and where help is; gives CT_EXIT_USAGE. */
CT_PRINTF(2, 3) int ct_usage(const struct ct_command *command, const char *fmt, ...);
/* Says why a command ends without a result; gives its enum ct_exit. */
int ct_give_up(const struct ct_args *args, enum ct_status status, const struct ct_error *err);

int ct_cmd_analyze(const struct ct_args *args);
int ct_cmd_report(const struct ct_args *args);
int ct_cmd_goroutines(const struct ct_args *args);
int ct_cmd_explain(const struct ct_args *args);
int ct_cmd_bundle(const struct ct_args *args);
int ct_cmd_diff(const struct ct_args *args);
int ct_cmd_rules(const struct ct_args *args);
int ct_cmd_commands(const struct ct_args *args);
int ct_cmd_completion(const struct ct_args *args);
int ct_cmd_serve(const struct ct_args *args);
int ct_cmd_help(const struct ct_args *args);

#endif
