/* SPDX-License-Identifier: Apache-2.0 */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/confine_calls.h"

/*
 * <linux/landlock.h> as of ABI 6; older kernels take the first size bytes of the struct, and the
 * bits that they know.
 */
struct ruleset {
	uint64_t files, network, scopes;
};

struct path_rule {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

#define RULE_PATH_BENEATH 1
#define GET_VERSION       1u
#define READ_FILE         (UINT64_C(1) << 2)
#define READ_DIR          (UINT64_C(1) << 3)

/* What each version can forbid; the last row is for all that come later. */
static const struct {
	size_t size;
	struct ruleset all;
} versions[] = {
	{8, {(1 << 13) - 1, 0, 0}}, {8, {(1 << 14) - 1, 0, 0}}, /* 2: renaming across folders */
	{8, {(1 << 15) - 1, 0, 0}},                             /* 3: truncating */
	{16, {(1 << 15) - 1, 3, 0}},                            /* 4: binding and connecting TCP */
	{16, {(1 << 16) - 1, 3, 0}},                            /* 5: ioctl on devices */
	{24, {(1 << 16) - 1, 3, 3}},                            /* 6: abstract sockets, signals */
};

static enum ct_status add_path(int ruleset, const char *path, struct ct_error *err)
{
	struct stat st;
	ct_autofd int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		return CT_OK;
	const struct path_rule rule = {
		.allowed = S_ISDIR(st.st_mode) ? READ_FILE | READ_DIR : READ_FILE, .parent = fd};
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0))
		return ct_fail(err, CT_UNSUPPORTED, "%s: cannot be made the only file to read: %s",
			path, strerror(errno));
	return CT_OK;
}

static enum ct_status confine_files(const struct ct_confinement *confinement, struct ct_error *err)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, GET_VERSION);
	enum ct_status status = CT_OK;

	if (version < 1)
		return ct_fail(err, CT_UNSUPPORTED,
			"the kernel cannot confine an analysis to its files: it has no Landlock "
			"(Linux 5.13, and \"landlock\" among its security modules)");
	size_t row = CT_MIN((size_t)version, CT_COUNT(versions)) - 1;
	ct_autofd int ruleset = (int)syscall(
		SYS_landlock_create_ruleset, &versions[row].all, versions[row].size, 0);
	if (ruleset < 0)
		return ct_fail(err, CT_UNSUPPORTED, "Landlock: %s", strerror(errno));
	for (size_t i = 0; !status && i < confinement->n_paths; i++)
		status = add_path(ruleset, confinement->paths[i], err);
	if (!status && syscall(SYS_landlock_restrict_self, ruleset, 0))
		status = ct_fail(err, CT_UNSUPPORTED, "Landlock: %s", strerror(errno));
	return status;
}

static bool limit(int resource, uint64_t most)
{
	struct rlimit now;

	if (getrlimit(resource, &now))
		return false;
	now.rlim_max = CT_MIN(now.rlim_max, (rlim_t)most);
	now.rlim_cur = CT_MIN(now.rlim_cur, now.rlim_max);
	return !setrlimit(resource, &now);
}

enum ct_status ct_confine(const struct ct_confinement *confinement, struct ct_error *err)
{
	/* Memory of the process's own: a mapped core of any size is none. */
	if (!limit(RLIMIT_DATA, confinement->max_memory) ||
		!limit(RLIMIT_FSIZE, confinement->max_file) ||
		!limit(RLIMIT_CPU, confinement->max_seconds) || !limit(RLIMIT_CORE, 0))
		return ct_fail(err, CT_UNSUPPORTED, "limits cannot be set: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return ct_fail(err, CT_UNSUPPORTED, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
	enum ct_status status = confine_files(confinement, err);
	return status ? status : ct_confine_calls(err);
}
