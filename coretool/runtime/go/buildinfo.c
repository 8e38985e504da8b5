/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version that the linker wrote into the program (debug/buildinfo;
 * cmd/link/internal/ld/data.go): a header of 32 bytes, aligned to 16, at the start of some data
 * segment. Since 1.18 the strings stand behind it; before that it points to Go strings.
 */
#include "base/arena.h"
#include "runtime/go/go.h"

#define HEADER  32
#define INLINE  2 /* flag: the strings stand behind the header */
#define BLOCK   65536
#define MAX_LEN 128 /* of a version */

static const char magic[] = "\xff Go buildinf:";

/* "go1.24.4", "devel go1.25-abc", "go1.22.5 X:boringcrypto" */
static bool parse(struct ct_target *target, const char *text, struct ct_go_version *ret)
{
	const char *at = strstr(text, "go1.");
	unsigned minor = 0, digits = 0;

	if (!at)
		return false;
	for (at += 4; *at >= '0' && *at <= '9' && digits < 3; at++, digits++)
		minor = minor * 10 + (unsigned)(*at - '0');
	if (!digits || minor > UINT8_MAX)
		return false;
	*ret = (struct ct_go_version){1, (uint8_t)minor,
		ct_arena_strndup(ct_target_arena(target), text, strlen(text)),
		strstr(text, " X:") != NULL};
	return ret->text;
}

static bool read_inline(struct ct_target *target, uint64_t at, char text[MAX_LEN])
{
	uint8_t len; /* a varint; a version is never longer than its one byte says */

	if (ct_read(target, at, &len, 1) || len >= MAX_LEN || ct_read(target, at + 1, text, len))
		return false;
	text[len] = '\0';
	return true;
}

static bool read_at(struct ct_target *target, uint64_t at, struct ct_go_version *ret)
{
	uint8_t header[HEADER];
	char text[MAX_LEN];
	uint64_t string;

	if (ct_read(target, at, header, sizeof(header)) || header[14] != 8)
		return false;
	if (header[15] & INLINE) {
		if (!read_inline(target, at + HEADER, text))
			return false;
	} else {
		memcpy(&string, header + 16, sizeof(string));
		if (!ct_go_string(target, string, text, sizeof(text)))
			return false;
	}
	return parse(target, text, ret);
}

static enum ct_status search(
	struct ct_target *target, uint64_t start, uint64_t end, struct ct_go_version *ret)
{
	ct_autofree uint8_t *copy = malloc(BLOCK);

	if (!copy)
		return CT_NO_MEMORY;
	for (uint64_t at = (start + 15) & ~UINT64_C(15); at + HEADER <= end;) {
		size_t n = (size_t)CT_MIN(end - at, (uint64_t)BLOCK) & ~(size_t)15;
		const void *bytes = copy;

		if (ct_view(target, at, n, &bytes) && ct_read(target, at, copy, n))
			return CT_NOT_FOUND;
		for (size_t i = 0; i < n; i += 16)
			if (!memcmp((const uint8_t *)bytes + i, magic, sizeof(magic) - 1) &&
				read_at(target, at + i, ret))
				return CT_OK;
		at += n;
	}
	return CT_NOT_FOUND;
}

enum ct_status ct_go_read_version(
	struct ct_target *target, const struct ct_module *module, struct ct_go_version *ret)
{
	for (size_t i = 0; i < ct_target_n_maps(target); i++) {
		const struct ct_map *map = ct_target_map(target, i);
		enum ct_status status;

		if (map->start < module->start || map->end > module->end || !map->present)
			continue;
		status = search(target, map->start, map->start + map->present, ret);
		if (status != CT_NOT_FOUND)
			return status;
	}
	return CT_NOT_FOUND;
}

bool ct_go_string(struct ct_target *target, uint64_t addr, char *buf, size_t size)
{
	uint64_t at[2];

	if (ct_read(target, addr, at, sizeof(at)))
		return false;
	size_t len = (size_t)CT_MIN(at[1], (uint64_t)size - 1);
	if (len && ct_read(target, at[0], buf, len))
		return false;
	buf[len] = '\0';
	return true;
}
