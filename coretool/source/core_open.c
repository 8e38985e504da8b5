/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to a source: opens safely, unpacks when needed, and says in one line what is wrong.
 */
#include "source/core_open.h"

#include "source/core_file.h"
#include "source/sniff.h"
#include "source/unpack.h"

enum ct_status ct_core_open(const char *path, const struct ct_options *options,
	struct ct_source *ret, struct ct_error *err)
{
	struct ct_unpacked unpacked;
	ct_autofd int fd = -1;
	enum ct_status status = ct_sniff_open(path, &fd, err);

	if (status)
		return status;
	status = ct_unpack(fd, path, options, &unpacked, err);
	if (status)
		return status;
	status = ct_core_from_fd(unpacked.fd, path, unpacked.damage, ret, err);
	if (status) {
		ct_bundle_close(unpacked.bundle);
	} else {
		struct ct_core *core = ret->self;

		core->bundle = unpacked.bundle;
		/* What was piped or unpacked says itself when it was written, or nothing does. */
		if (unpacked.fd != fd)
			core->process.time = unpacked.time;
	}
	if (unpacked.fd != fd)
		close(unpacked.fd);
	free(unpacked.damage);
	return status;
}

const struct ct_bundle *ct_core_bundle(struct ct_source source)
{
	const struct ct_core *core = ct_core_of(source);

	return core ? core->bundle : NULL;
}
