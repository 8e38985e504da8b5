/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_CLI_READ_FILE_H
#define CT_CLI_READ_FILE_H

#include "base/base.h"

/*
 * All of a file that the user named, at most max bytes; *ret is to be freed. Never waits for a FIFO
 * or device.
 */
CT_WARN_UNUSED enum ct_status ct_read_file(
	const char *path, size_t max, char **ret, size_t *len, struct ct_error *err);

/* Does the text of this file begin as that of a JSON object does? A FIFO is not looked into. */
bool ct_file_begins_json(const char *path);

#endif
