/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/confined.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/confine.h"
#include "base/vec.h"
#include "cli/output.h"
#include "cli/words.h"
#include "source/temporary.h"

#if defined(__SANITIZE_ADDRESS__)
#define MAX_MEMORY UINT64_MAX /* of which the sanitizer takes terabytes */
#else
#define MAX_MEMORY (UINT64_C(4) << 30)
#endif
#define MAX_UNPACKED (UINT64_C(16) << 30)
#define MAX_REPORT   (UINT64_C(1) << 30)
#define MAX_SECONDS  600

struct paths {
	const char **items;
	uint32_t n, cap;
};

static bool add(struct paths *paths, const char *path)
{
	const char **slot = path ? ct_vec_push(paths) : NULL;

	if (slot)
		*slot = path;
	return slot || !path;
}

static bool add_list(struct paths *paths, const struct ct_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (!add(paths, list->items[i]))
			return false;
	return true;
}

static enum ct_status confine(const struct ct_args *args, struct ct_error *err)
{
	struct paths paths = {0};
	enum ct_status status = CT_NO_MEMORY;

	if (add_list(&paths, &args->words) && add_list(&paths, &args->debug_dirs) &&
		add(&paths, args->exe) && add(&paths, args->sysroot) &&
		add(&paths, args->policy_file) && add(&paths, args->baseline)) {
		const struct ct_confinement confinement = {
			.paths = paths.items,
			.n_paths = paths.n,
			.max_memory = MAX_MEMORY,
			.max_file = CT_MAX(args->max_unpacked, MAX_REPORT),
			.max_seconds = MAX_SECONDS,
		};

		status = ct_temporary_reserve(err);
		if (!status)
			status = ct_confine(&confinement, err);
	}
	ct_vec_free(&paths);
	return status == CT_NO_MEMORY ? ct_fail(err, status, "out of memory") : status;
}

/* Does not return. out: where the report goes. */
static void run_child(const struct ct_args *args, int (*run)(const struct ct_args *args), FILE *out)
{
	struct ct_error err = {0};
	struct ct_args confined = *args;
	int result = CT_EXIT_FAILED;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGXFSZ, SIG_IGN); /* too long a file is a write error like others */
	if (!confined.max_unpacked)
		confined.max_unpacked = MAX_UNPACKED;
	confined.output = NULL;
	if (out != stdout && dup2(fileno(out), STDOUT_FILENO) < 0)
		ct_complain("the output cannot be moved");
	else if (confine(&confined, &err))
		ct_complain(err.text);
	else
		result = run(&confined);
	fflush(NULL);
	_exit(result);
}

/* The exit status for how the child ended. */
static int result_of(int status)
{
	char text[128];

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGXCPU)
		snprintf(text, sizeof(text), "the analysis was stopped after %d seconds",
			MAX_SECONDS);
	else
		snprintf(text, sizeof(text), "the analysis was ended by signal %d (%s)",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	ct_complain(text);
	return CT_EXIT_FAILED;
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR) {
			ct_complain("the analysis is lost");
			return CT_EXIT_FAILED;
		}
	return result_of(status);
}

/* Of one core there is a report or none; of several a line for each, also when one failed. */
static bool is_written(const struct ct_args *args, int result)
{
	size_t n = 0;

	for (size_t i = 0; i < args->words.n; i++)
		n += ct_word_kind(args->words.items[i]) == CT_WORD_DIRECTORY ? 2 : 1;
	if (result == CT_EXIT_FAILED)
		return n > 1 && !strcmp(args->command->name, "analyze");
	return result == CT_EXIT_OK || result == CT_EXIT_FINDINGS || result == CT_EXIT_PARTIAL;
}

int ct_confined(const struct ct_args *args, int (*run)(const struct ct_args *args))
{
	struct ct_error err = {0};
	struct ct_output out;

	if (args->session)
		return ct_usage(args->command, "--untrusted has no meaning inside of gdb");
	if (ct_output_open(args, 0666, &out, &err)) {
		ct_complain(err.text);
		return CT_EXIT_WRITE;
	}
	fflush(NULL);
	pid_t child = fork();
	if (!child)
		run_child(args, run, out.file);
	int result = CT_EXIT_FAILED;
	if (child < 0)
		ct_complain("no process for the analysis can be started");
	else
		result = wait_for(child);
	if (ct_output_close(&out, is_written(args, result), &err)) {
		ct_complain(err.text);
		return CT_EXIT_WRITE;
	}
	return result;
}
