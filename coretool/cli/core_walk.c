/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/core_walk.h"

#include <errno.h>
#include <fts.h>

#include "cli/words.h"
#include "source/unpack.h"

#define MAX_DEPTH 16 /* below a directory that was named */

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_core(const char *path)
{
	ct_autofd int fd = -1;

	if (ct_sniff_open(path, &fd, NULL))
		return false;
	enum ct_sniffed kind = ct_unpack_sniff(fd);
	return kind == CT_SNIFFED_CORE || kind == CT_SNIFFED_OTHER_CORE || kind == CT_SNIFFED_TAR;
}

static bool walk_entry(FTS *fts, FTSENT *entry,
	bool (*visit)(void *data, const char *path, const char *error), void *data)
{
	switch (entry->fts_info) {
	case FTS_D:
		if (entry->fts_level >= MAX_DEPTH)
			fts_set(fts, entry, FTS_SKIP);
		return true;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return visit(data, entry->fts_path, strerror(entry->fts_errno));
	case FTS_F:
		/* What cannot be read may be a core: silence would hide it. */
		if (access(entry->fts_accpath, R_OK))
			return visit(data, entry->fts_path, strerror(errno));
		return !is_core(entry->fts_accpath) || visit(data, entry->fts_path, NULL);
	default:
		return true;
	}
}

bool ct_core_walk(const char *path, bool (*visit)(void *data, const char *path, const char *error),
	void *data)
{
	ct_autofree char *root = strdup(path);
	char *roots[] = {root, NULL};
	FTSENT *entry;
	bool go_on = true;

	if (ct_word_kind(path) != CT_WORD_DIRECTORY)
		return visit(data, path, NULL);
	FTS *fts =
		root ? fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name) : NULL;
	if (!fts)
		return visit(data, path, strerror(errno));
	while (go_on && (entry = fts_read(fts)))
		go_on = walk_entry(fts, entry, visit, data);
	fts_close(fts);
	return go_on;
}
