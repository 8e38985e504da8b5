/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static enum ct_status cannot_write(const struct ct_output *out, int why, struct ct_error *err)
{
	return ct_fail(err, CT_IO, "%s: cannot be written: %s", out->name,
		why ? strerror(why) : "an earlier write failed");
}

/* What path stands for, behind symbolic links: the link stays and its target is replaced. */
static char *real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real || errno != ENOENT ? real : strdup(path);
}

/* A file that vanishes with us until it is linked; where that is not known, one with a name of its
 * own. */
static int open_beside(struct ct_output *out, mode_t mode)
{
	ct_autofree char *dir = strdup(out->path);

	if (!dir)
		return -1;
	char *slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	int fd = open(slash ? dir : ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	out->unnamed = fd >= 0;
	if (fd < 0)
		fd = open(out->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	return fd;
}

static int open_place(const struct ct_args *args, mode_t mode, struct ct_output *out)
{
	struct stat st;

	if (!stat(args->output, &st) && !S_ISREG(st.st_mode))
		return open(args->output, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	out->path = real_path(args->output);
	if (!out->path || asprintf(&out->beside, "%s.%ld.tmp", out->path, (long)getpid()) < 0)
		return -1;
	return open_beside(out, mode);
}

enum ct_status ct_output_open(
	const struct ct_args *args, mode_t mode, struct ct_output *ret, struct ct_error *err)
{
	struct ct_output out = {.file = stdout, .name = "standard output"};

	if (args->output && strcmp(args->output, "-")) {
		out.name = args->output;
		int fd = open_place(args, mode, &out);

		out.file = fd < 0 ? NULL : fdopen(fd, "w");
		if (!out.file) {
			enum ct_status status = cannot_write(&out, errno, err);

			if (fd >= 0)
				close(fd);
			free(out.path);
			free(out.beside);
			return status;
		}
	}
	*ret = out;
	return CT_OK;
}

static bool link_name(const struct ct_output *out)
{
	char self[64];

	if (!out->unnamed)
		return true;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fileno(out->file));
	return !linkat(AT_FDCWD, self, AT_FDCWD, out->beside, AT_SYMLINK_FOLLOW);
}

enum ct_status ct_output_close(struct ct_output *out, bool keep, struct ct_error *err)
{
	enum ct_status status = CT_OK;

	errno = 0;
	if (fflush(out->file) || ferror(out->file))
		status = cannot_write(out, errno, err);
	bool replace = out->path && keep && !status;
	if (replace && !link_name(out))
		status = cannot_write(out, errno, err);
	if (out->file != stdout && fclose(out->file) && !status)
		status = cannot_write(out, errno, err);
	if (replace && !status && rename(out->beside, out->path))
		status = cannot_write(out, errno, err);
	if (out->path && (status || !keep))
		unlink(out->beside);
	free(out->path);
	free(out->beside);
	*out = (struct ct_output){0};
	return status;
}

int ct_output_text(const struct ct_args *args, const struct ct_str *text)
{
	struct ct_error err = {0};
	struct ct_output out;
	enum ct_status status = ct_output_open(args, 0666, &out, &err);

	if (!status) {
		fwrite(ct_str_text(text), 1, text->len, out.file);
		status = ct_output_close(&out, !text->failed, &err);
	}
	if (status)
		ct_complain(err.text);
	return status ? CT_EXIT_WRITE : text->failed ? CT_EXIT_FAILED : CT_EXIT_OK;
}

struct ct_style ct_output_style(const struct ct_args *args, const struct ct_output *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;
	struct ct_style style = {0};
	bool terminal = isatty(fileno(out->file));

	if (args->session && out->file == stdout)
		style.width = ct_session_columns(args->session);

	if (terminal && !ioctl(fileno(out->file), TIOCGWINSZ, &size))
		style.width = size.ws_col;
	if (args->color && strcmp(args->color, "auto"))
		style.color = !strcmp(args->color, "always");
	else
		style.color =
			terminal && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
	return style;
}
