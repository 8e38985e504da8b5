/* SPDX-License-Identifier: Apache-2.0 */
/* Every command and option that there is; help, man page, completion and the catalogue say what
 * stands here. */
#include <stddef.h>

#include "cli/cli.h"

#define BIT(id) (UINT64_C(1) << CT_OPTION_##id)
#define ALWAYS  (BIT(HELP) | BIT(VERSION))
#define WRITING (BIT(FORMAT) | BIT(JSON) | BIT(OUTPUT) | BIT(COLOR))
#define FILES                                                                                      \
	(BIT(EXE) | BIT(SYSROOT) | BIT(DEBUG_DIR) | BIT(NO_DEBUGINFOD) | BIT(MAX_UNPACKED) |       \
		BIT(PROGRESS) | BIT(QUIET))
#define JUDGING                                                                                    \
	(BIT(QUICK) | BIT(MAX_FRAMES) | BIT(POLICY) | BIT(BASELINE) | BIT(FAIL_ON) | BIT(STRICT) | \
		BIT(IGNORE_TOP) | BIT(IGNORE_ANY) | BIT(IGNORE_CREATED) | BIT(VERBOSE))
#define REPORT                                                                                     \
	(ALWAYS | WRITING | FILES | JUDGING | BIT(REDACT) | BIT(UNTRUSTED) | BIT(INCLUDE_ARGS) |   \
		BIT(INCLUDE_ENV))

#define CORE_HELP                                                                                  \
	"CORE is a core file, a compressed one (zst, xz, gz, lz4, bz2), a bundle, or - for "       \
	"standard input. EXE, the program, may stand before or after it; it is needed only "       \
	"when it is not at the path that the core names."

static const char analyze_help[] =
	"Says first what the process hangs on or died of, then how that is known, then what "
	"the other threads do. This is the command when none is named."
	"\n" CORE_HELP
	"\nSeveral cores, or a directory to look for cores in, give one line for each: verdict, "
	"headline, time. With --format ndjson each line is a JSON object.";
static const char threads_help[] =
	"Lists all threads with what each one does and its call stack. Equal stacks are shown "
	"once."
	"\n" CORE_HELP;
static const char waits_help[] =
	"Lists the threads that wait for others or for a lock, with its holder and the place "
	"in the program; those behind one holder together, the longest queue first."
	"\n" CORE_HELP;
static const char locks_help[] =
	"Lists the locks that somebody waits for or is known to hold: the owner, the waiters, "
	"the fields of the lock."
	"\n" CORE_HELP;
static const char deadlocks_help[] =
	"Shows the threads that can never go on, and why: cycles, owners that are gone, and "
	"who is stuck behind them."
	"\n" CORE_HELP;
static const char orphans_help[] =
	"Shows the threads that wait for others to wake them (condition variables, semaphores, "
	"barriers): those whom no thread is left to wake, with the proof; those whom somebody may "
	"wake, with who would, as far as that was seen, and who is free to; and the threads that "
	"have exited without being joined."
	"\n" CORE_HELP;
static const char crash_help[] =
	"Says what ended the process by its own doing: a fault, with the instruction, its operand "
	"and the pointer in it; an abort with its message; a C++ exception that nobody caught. "
	"Then who waits for the locks of that thread, its registers and its stack."
	"\n" CORE_HELP;
static const char graph_help[] =
	"Writes the wait-for graph in DOT, to be drawn by dot -Tsvg for example."
	"\n" CORE_HELP;
static const char modules_help[] =
	"Lists the ELF files that the process had loaded, what was found for each and where, "
	"and what was tried. With --missing only those that lack something, and how to get "
	"it."
	"\n" CORE_HELP;
static const char explain_help[] =
	"Says what an address of the process is (symbol, mapping, lock, whose stack), who "
	"holds it and who waits for it; in Go's heap, what keeps it alive and, if the heap profile "
	"has sampled it, where it was allocated. ADDR is hexadecimal, with or without 0x."
	"\n" CORE_HELP;
static const char bundle_help[] =
	"Writes one archive with the core, the program, its libraries and their debug "
	"information, to be analysed on another machine: every command takes it as CORE. With "
	"--lean the core is reduced to what a report needs, mostly stacks and locks. A bundle "
	"holds memory of the process, as the core does; only its owner may read it."
	"\n" CORE_HELP;
static const char diff_help[] =
	"Compares two cores, or their JSON reports: findings that came, stayed and went, places "
	"where more or fewer threads stand, locks for which more or fewer wait or that another "
	"thread holds; of Go programs goroutines by place, pools, and types of the heap that grew. "
	"OLD and NEW are each a core as other commands take it, or a report written with --json. "
	"With --fail-on only findings that are new count; with --fail-on-new goroutines that are "
	"new count too, but for those that goleak's own list and --ignore-top-function and its "
	"likes name.";
static const char rules_help[] =
	"Lists the rules that make findings; with an ID or a name, all about that one: when "
	"it speaks, when it stays silent.";
static const char goroutines_help[] =
	"Goroutines that do the same in the same place stand together: how many, their stack, who "
	"made them and where. The runtime's own come only with -v. With the number of one, all "
	"about that one."
	"\nEXPR of --where is one or more of FIELD OP VALUE, joined by 'and'. Fields: state, wait "
	"(the runtime's word or the kind of wait), function (any frame), top (the innermost that "
	"is the program's own), created-by, label (KEY or KEY=VALUE), since (30s, 5m, 2h), id, "
	"system and locked (yes or no). OP: = != ~ (is a part of it) < >. A value goes up to the "
	"next 'and' or stands in quotes. --ignore-top-function and its likes leave goroutines out, "
	"too; what was left out is counted."
	"\n--sample: goroutines; waiting-now, those that wait for locks, channels and the like, "
	"with "
	"how long at least; heap, block or mutex, the profiles that the process has kept of "
	"itself, "
	"as runtime/pprof would write them."
	"\n" CORE_HELP;
static const char goroutine_help[] =
	"State, what it waits for and why, what it holds, labels, who made it and where, its "
	"stack, and that of its thread while it runs on one."
	"\n" CORE_HELP;
static const char channels_help[] =
	"Lists the channels that goroutines wait at, with their type, what is in them, and who "
	"waits "
	"to send and to receive, by place. Nil channels come first, then those with senders.";
static const char sched_help[] =
	"Which thread has which P and runs which goroutine, what stands in the queues, what the "
	"garbage collector does.";
static const char heap_help[] =
	"Objects in the heap of a Go program that variables, stacks and finalizers reach, by type, "
	"the most bytes first; found by a mark of its own, so it is what a collection would keep. "
	"Bytes are those of the allocator's slots. A type is known where the object, an interface, "
	"a closure or a field that leads to it names it; of the rest the size is told. Of those "
	"that the program's heap profile has sampled it is told where they were allocated. Without "
	"-v the first 40 types, and three places of each."
	"\n" CORE_HELP;
static const char contexts_help[] =
	"The tree of contexts of a Go program: what each is derived from, its deadline against the "
	"newest time that the runtime has noted, whether and why it is cancelled, the types of "
	"keys "
	"and values, how many goroutines wait at its Done(), and how many have it in a frame that "
	"will use it yet but wait for something else. Branches that look alike are told once. Only "
	"contexts that live are told."
	"\n" CORE_HELP;
static const char leaks_help[] =
	"Goroutines that wait for what nothing which can go on reaches any more (CT210, CT212): "
	"those that wait at one place and were made at one place together, the most numerous "
	"first, with what only they keep alive: objects that several share are counted with the "
	"first. Whatever the size of the heap; analyze leaves heaps of more than 1 GiB to this "
	"command. What --ignore-top-function and its likes, or a baseline, name does not count; "
	"how many that are is said, and -v lists them."
	"\n" CORE_HELP;
static const char timers_help[] =
	"Timers that are set, those of one use together: tickers, what time.AfterFunc calls, "
	"timers of "
	"channels (time.After, time.NewTimer), deadlines of contexts and of files, sleeps; when "
	"they "
	"fire, counted from the last time that the runtime noted, who waits for them, and what "
	"would "
	"be garbage without them. Since Go 1.23 a channel's timer is in no list while nobody waits "
	"for it; it is found in the heap. Tickers that only leaked goroutines have are told."
	"\n" CORE_HELP;
static const char pools_help[] =
	"Pools (sync.Pool) that were used since the last collection but one, those with the most "
	"bytes first: where each lives, its New, what each P has (private, shared, and victims, "
	"which the next collection drops), the types of the objects; objects that are in it twice, "
	"that a goroutine still uses, that are much larger than the others. Bytes are those that "
	"nothing but the pool keeps alive."
	"\n" CORE_HELP;
static const char commands_help[] =
	"Lists commands and options for people (--format text), for programs (json), or as a "
	"manual page (man).";
static const char completion_help[] =
	"Writes a completion script. For bash: source <(coretool completion bash). For zsh: "
	"write it to a file named _coretool in a directory of fpath.";
static const char serve_help[] =
	"For the gdb extension: answers requests on standard input until it closes, about the "
	"process that the other side has stopped (--source=pipe) or about CORE. The protocol is "
	"docs/gdb-pipe.md.";
static const char help_help[] = "Without COMMAND, an overview.";

const struct ct_command ct_commands[] = {
	{.name = "analyze",
		.args = "CORE [EXE] | CORE... DIR...",
		.summary = "say what is wrong with the process: the full report",
		.help = analyze_help,
		.options = REPORT | BIT(FULL),
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_HELD | CT_WANT_NAMES | CT_WANT_GOROUTINES |
			 CT_WANT_TIMERS | CT_WANT_CONTEXTS | CT_WANT_POOLS | CT_WANT_SERVICES |
			 CT_WANT_LEAKS,
		.sections = CT_SECTION_FINDINGS | CT_SECTION_CHAINS | CT_SECTION_THREADS |
			    CT_SECTION_HINTS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_analyze},
	{.name = "threads",
		.args = "CORE [EXE]",
		.summary = "every thread: state, system call, stack",
		.help = threads_help,
		.options = REPORT,
		.documents = CT_DOCUMENT_REPORT | CT_DOCUMENT_STACKS,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_THREADS | CT_SECTION_ALL_STACKS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "goroutines",
		.args = "CORE [GOID] [EXE]",
		.summary = "goroutines by stack and wait, the most numerous first",
		.help = goroutines_help,
		.options = REPORT | BIT(FULL) | BIT(WHERE) | BIT(GROUP_BY) | BIT(SAMPLE),
		.documents = CT_DOCUMENT_REPORT | CT_DOCUMENT_STACKS | CT_DOCUMENT_GOROUTINES,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_GOROUTINES,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_goroutines},
	{.name = "goroutine",
		.args = "CORE GOID [EXE]",
		.summary = "one goroutine in full",
		.help = goroutine_help,
		.options = REPORT,
		.documents = CT_DOCUMENT_REPORT | CT_DOCUMENT_STACKS | CT_DOCUMENT_GOROUTINES,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_HELD | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_GOROUTINES,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_goroutines},
	{.name = "channels",
		.args = "CORE [EXE]",
		.summary = "Go channels that somebody waits at, those in trouble first",
		.help = channels_help,
		.options = REPORT,
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_CHANNELS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "sched",
		.args = "CORE [EXE]",
		.summary = "the Go scheduler: Ps, Ms, queues, the collector's phase",
		.help = sched_help,
		.options = REPORT | BIT(FULL),
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_SCHED,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "contexts",
		.args = "CORE [EXE]",
		.summary = "contexts of Go: cancelled, overdue, who waits, who does not",
		.help = contexts_help,
		.options = REPORT & ~BIT(QUICK),
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES | CT_WANT_CONTEXTS |
			 CT_WANT_ALL_CONTEXTS,
		.sections = CT_SECTION_CONTEXTS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "heap",
		.args = "CORE [EXE]",
		.summary = "what lives in the heap of a Go program, by type",
		.help = heap_help,
		.options = REPORT & ~BIT(QUICK),
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES | CT_WANT_HEAP,
		.sections = CT_SECTION_HEAP | CT_SECTION_FINDINGS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "leaks",
		.args = "CORE [EXE]",
		.summary = "goroutines that nobody can wake, and what they keep alive",
		.help = leaks_help,
		.options = REPORT & ~BIT(QUICK),
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES | CT_WANT_LEAKS |
			 CT_WANT_ALL_LEAKS,
		.sections = CT_SECTION_LEAKS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "timers",
		.args = "CORE [EXE]",
		.summary = "timers of Go: what for, when, who waits, what they keep",
		.help = timers_help,
		.options = REPORT & ~BIT(QUICK),
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES | CT_WANT_TIMERS |
			 CT_WANT_RETAINED | CT_WANT_LEAKS | CT_WANT_ALL_LEAKS,
		.sections = CT_SECTION_TIMERS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "pools",
		.args = "CORE [EXE]",
		.summary = "what is in the pools of a Go program (sync.Pool)",
		.help = pools_help,
		.options = REPORT & ~BIT(QUICK),
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES | CT_WANT_POOLS |
			 CT_WANT_RETAINED,
		.sections = CT_SECTION_POOLS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "waits",
		.args = "CORE [EXE]",
		.summary = "who waits for whom and where, without stacks",
		.help = waits_help,
		.options = REPORT,
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_CHAINS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "locks",
		.args = "CORE [EXE]",
		.summary = "every lock: state, owner, waiters",
		.help = locks_help,
		.options = REPORT,
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_HELD | CT_WANT_WHOLE | CT_WANT_NAMES |
			 CT_WANT_GOROUTINES,
		.sections = CT_SECTION_LOCKS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "deadlocks",
		.args = "CORE [EXE]",
		.summary = "only the findings and their proof",
		.help = deadlocks_help,
		.options = REPORT,
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_FINDINGS | CT_SECTION_CHAINS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "orphans",
		.args = "CORE [EXE]",
		.summary = "whom nobody is left to wake, and who waits to be woken by whom",
		.help = orphans_help,
		.options = REPORT,
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_ORPHANS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "crash",
		.args = "CORE [EXE]",
		.summary = "what killed the process, and how that is known",
		.help = crash_help,
		.options = REPORT,
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_HELD | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_FINDINGS | CT_SECTION_CRASH,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "graph",
		.args = "CORE [EXE]",
		.summary = "who waits for whom, for Graphviz",
		.help = graph_help,
		.options = REPORT,
		.documents = CT_DOCUMENT_REPORT,
		.format = "dot",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_FINDINGS | CT_SECTION_CHAINS,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "modules",
		.args = "CORE [EXE]",
		.summary = "the program and its libraries: files found and missing",
		.help = modules_help,
		.options = REPORT | BIT(MISSING),
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_NAMES | CT_WANT_GOROUTINES,
		.sections = CT_SECTION_MODULES,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_report},
	{.name = "explain",
		.args = "CORE ADDR [EXE]",
		.summary = "what lives at an address",
		.help = explain_help,
		.options = REPORT & ~BIT(QUICK),
		.documents = CT_DOCUMENT_REPORT,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_HELD | CT_WANT_NAMES | CT_WANT_GOROUTINES |
			 CT_WANT_REFERENCES,
		.sections = CT_SECTION_EXPLAIN,
		.gdb = CT_GDB_TARGET,
		.run = ct_cmd_explain},
	{.name = "diff",
		.args = "OLD NEW",
		.summary = "what came, grew and went between two cores or reports",
		.help = diff_help,
		.options = REPORT | BIT(FAIL_ON_NEW) | BIT(IGNORE_CURRENT),
		.documents = CT_DOCUMENT_DIFF,
		.format = "text",
		.wants = CT_WANT_STACKS | CT_WANT_HELD | CT_WANT_NAMES | CT_WANT_LINES |
			 CT_WANT_GOROUTINES | CT_WANT_TIMERS | CT_WANT_CONTEXTS | CT_WANT_POOLS |
			 CT_WANT_SERVICES | CT_WANT_LEAKS | CT_WANT_ALL_LEAKS | CT_WANT_HEAP,
		.sections = CT_SECTION_FINDINGS,
		.run = ct_cmd_diff},
	{.name = "bundle",
		.args = "CORE [EXE] -o FILE.tar.zst",
		.summary = "pack the core with the exact files of its modules",
		.help = bundle_help,
		.options = ALWAYS | FILES | BIT(OUTPUT) | BIT(LEAN),
		.wants = CT_WANT_STACKS | CT_WANT_HELD,
		.run = ct_cmd_bundle},
	{.name = "rules",
		.args = "[ID]",
		.summary = "what is looked for",
		.help = rules_help,
		.options = ALWAYS | WRITING,
		.documents = CT_DOCUMENT_CATALOGUE,
		.format = "text",
		.gdb = CT_GDB_PLAIN,
		.run = ct_cmd_rules},
	{.name = "commands",
		.args = "",
		.summary = "the commands and options",
		.help = commands_help,
		.options = ALWAYS | WRITING,
		.documents = CT_DOCUMENT_CATALOGUE,
		.format = "text",
		.own_format = "man",
		.gdb = CT_GDB_PLAIN,
		.run = ct_cmd_commands},
	{.name = "completion",
		.args = "bash|zsh",
		.summary = "completions for a shell",
		.help = completion_help,
		.options = ALWAYS | BIT(OUTPUT),
		.run = ct_cmd_completion},
	{.name = "serve",
		.args = "--source=pipe | CORE [EXE]",
		.summary = "answer the requests of the gdb extension",
		.help = serve_help,
		.options = ALWAYS | FILES | BIT(MAX_FRAMES) | BIT(REDACT) | BIT(SOURCE) |
			   BIT(BLOCK_SIZE),
		.run = ct_cmd_serve},
	{.name = "help",
		.args = "[COMMAND]",
		.summary = "help for a command",
		.help = help_help,
		.options = ALWAYS,
		.gdb = CT_GDB_PLAIN,
		.run = ct_cmd_help},
};

const size_t ct_n_commands = CT_COUNT(ct_commands);

const struct ct_command *ct_command_find(const char *name)
{
	for (size_t i = 0; i < ct_n_commands; i++)
		if (!strcmp(ct_commands[i].name, name))
			return &ct_commands[i];
	return NULL;
}
