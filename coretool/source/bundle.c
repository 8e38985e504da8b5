/* SPDX-License-Identifier: Apache-2.0 */
#include "source/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <jansson.h>

#include "base/vec.h"
#include "source/bundle_read.h"

#define MAX_MEMBERS  20000 /* of a bundle: far more modules than a process has */
#define MAX_BUILD_ID 96    /* bytes */
#define MAX_MANIFEST (4 << 20)

struct member {
	int fd;
	bool debug;
	uint8_t len;
	uint8_t build_id[MAX_BUILD_ID];
};

struct ct_bundle {
	CT_VEC(struct member) members;
};

int ct_bundle_file(const struct ct_bundle *bundle, const uint8_t *build_id, size_t len, bool debug)
{
	for (uint32_t i = 0; bundle && i < bundle->members.n; i++) {
		const struct member *m = &bundle->members.items[i];

		if (m->debug == debug && m->len == len && !memcmp(m->build_id, build_id, len))
			return m->fd;
	}
	return -1;
}

void ct_bundle_close(struct ct_bundle *bundle)
{
	if (!bundle)
		return;
	for (uint32_t i = 0; i < bundle->members.n; i++)
		close(bundle->members.items[i].fd);
	ct_vec_free(&bundle->members);
	free(bundle);
}

/* The name inside the bundle's folder; NULL: not a regular file of a bundle. */
static const char *member_name(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (!name || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
		strncmp(name, CT_BUNDLE_DIR, strlen(CT_BUNDLE_DIR)))
		return NULL;
	return name + strlen(CT_BUNDLE_DIR);
}

bool ct_bundle_begins(struct archive_entry *entry)
{
	const char *name = member_name(entry);

	return name && !strcmp(name, "manifest.json");
}

static uint8_t hex_digit(char c)
{
	return (uint8_t)(isdigit((unsigned char)c) ? c - '0'
						   : tolower((unsigned char)c) - 'a' + 10);
}

/* ".build-id/ab/cdef" or ".build-id/ab/cdef.debug" */
static bool parse_name(const char *name, struct member *ret)
{
	static const char dir[] = ".build-id/";
	struct member m = {.fd = -1};

	if (strncmp(name, dir, strlen(dir)))
		return false;
	const char *p = name + strlen(dir);
	while (m.len < MAX_BUILD_ID && isxdigit((unsigned char)p[0]) &&
		isxdigit((unsigned char)p[1])) {
		m.build_id[m.len++] = (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
		p += 2;
		if (m.len == 1 && *p++ != '/')
			return false;
	}
	m.debug = !strcmp(p, ".debug");
	if (m.len < 2 || (*p && !m.debug))
		return false;
	*ret = m;
	return true;
}

/* What is missing of the core was known when it was packed. */
static enum ct_status read_manifest(struct ct_unpacking *u, struct ct_error *err)
{
	char *text = malloc(MAX_MANIFEST);
	la_ssize_t len = text ? archive_read_data(u->archive, text, MAX_MANIFEST) : 0;
	json_t *manifest = len > 0 ? json_loadb(text, (size_t)len, 0, NULL) : NULL;
	const char *schema = json_string_value(json_object_get(manifest, "schema"));
	const char *damage = json_string_value(json_object_get(manifest, "damage"));
	enum ct_status status = CT_OK;

	if (!text)
		status = ct_fail(err, CT_NO_MEMORY, "%s: out of memory", u->path);
	else if (schema && strcmp(schema, CT_BUNDLE_SCHEMA))
		status = ct_fail(err, CT_UNSUPPORTED,
			"%s: is a bundle of another version of coretool (%.40s); this one reads %s",
			u->path, schema, CT_BUNDLE_SCHEMA);
	else if (damage)
		ct_str_add_clean(&u->damage, damage, strlen(damage), 1000);
	json_decref(manifest);
	free(text);
	return status;
}

static enum ct_status read_file(
	struct ct_unpacking *u, struct ct_bundle *bundle, struct member m, struct ct_error *err)
{
	enum ct_status status = ct_unpack_data(u, false, &m.fd, err);

	if (status)
		return status;
	struct member *kept = ct_vec_push(&bundle->members);
	if (!kept) {
		close(m.fd);
		return ct_fail(err, CT_NO_MEMORY, "%s: out of memory", u->path);
	}
	*kept = m;
	return CT_OK;
}

/* Goes through the members up to the core, which is the last. */
static enum ct_status read_members(struct ct_unpacking *u, struct archive_entry *entry,
	struct ct_bundle *bundle, struct ct_unpacked *ret, struct ct_error *err)
{
	enum ct_status status = read_manifest(u, err);
	struct member m;

	for (unsigned n = 0; n < MAX_MEMBERS && !u->ended && !status; n++) {
		if (archive_read_next_header(u->archive, &entry) < ARCHIVE_WARN)
			break;
		const char *name = member_name(entry);
		if (name && !strcmp(name, "core")) {
			ret->time = archive_entry_mtime(entry);
			return ct_unpack_data(u, true, &ret->fd, err);
		}
		if (name && parse_name(name, &m))
			status = read_file(u, bundle, m, err);
	}
	if (status)
		return status;
	return ct_fail(err, CT_BAD_INPUT,
		"%s: is a bundle that is cut off or damaged before its core%s%s", u->path,
		u->damage.len ? ": " : "", ct_str_text(&u->damage));
}

enum ct_status ct_bundle_read(struct ct_unpacking *u, struct archive_entry *first,
	struct ct_unpacked *ret, struct ct_error *err)
{
	struct ct_bundle *bundle;
	enum ct_status status;

	if (!ct_bundle_begins(first))
		return ct_fail(err, CT_BAD_INPUT,
			"%s: is a tar archive that coretool bundle did not make; unpack it and "
			"give the "
			"core in it",
			u->path);
	bundle = calloc(1, sizeof(*bundle));
	if (!bundle)
		return ct_fail(err, CT_NO_MEMORY, "%s: out of memory", u->path);
	status = read_members(u, first, bundle, ret, err);
	if (status)
		ct_bundle_close(bundle);
	else
		ret->bundle = bundle;
	return status;
}
