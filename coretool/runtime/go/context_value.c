/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of contexts are what the process was told by others, so that none is told unless the
 * policy names its key: by the text of a key that is a string, by the name of its type
 * ("trace.contextKey"), or by the field `name` that some have. A * at the end stands for any rest.
 * A type has its package's last word before it, so that of a path in front of that only the last
 * part counts.
 */
#include "runtime/go/context_value.h"

#define MAX_TEXT   64
#define ID_BYTES   16
#define KIND_UINT8 8

static bool fits(const char *pattern, const char *text)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return !strncmp(pattern, text, len - 1);
	return !strcmp(pattern, text);
}

static bool fits_type(const char *pattern, const char *name)
{
	const char *slash = strrchr(pattern, '/');

	return fits(slash ? slash + 1 : pattern, name + (*name == '*'));
}

/* The text of a key that is a string, or of its field `name`. */
static bool key_text(const struct ct_go *go, const struct ct_go_any *key, char text[MAX_TEXT])
{
	uint64_t elem =
		key->type.kind == CT_GO_KIND_POINTER ? ct_go_type_elem(go, key->type.at) : 0;
	struct ct_go_member member;

	if (key->type.kind != CT_GO_KIND_STRING &&
		(!elem || !ct_go_type_find_member(go, elem, "name", &member) || member.offset))
		return false;
	return ct_go_string(go->target, key->word, text, MAX_TEXT);
}

static bool is_asked_for(const struct ct_go_observation *o, const struct ct_go_any *key)
{
	char text[MAX_TEXT];
	bool has_text = o->context_values->n && key_text(o->go, key, text);

	for (size_t i = 0; i < o->context_values->n; i++) {
		const char *pattern = o->context_values->items[i];

		if (fits_type(pattern, key->type.name) || (has_text && fits(pattern, text)))
			return true;
	}
	return false;
}

static bool is_id(const struct ct_go *go, const struct ct_go_type *type)
{
	struct ct_go_type elem;

	return type->kind == CT_GO_KIND_ARRAY && type->size == ID_BYTES &&
	       !ct_go_type_at(go, ct_go_type_elem(go, type->at), &elem) && elem.kind == KIND_UINT8;
}

const char *ct_go_context_text(const struct ct_go_observation *o, const struct ct_go_any *key,
	const struct ct_go_any *value)
{
	uint8_t id[ID_BYTES];
	char text[MAX_TEXT + 1];
	uint64_t len;

	if (!o->context_values || !is_asked_for(o, key))
		return NULL;
	if (value->type.kind == CT_GO_KIND_STRING) {
		if (ct_read_u64(o->target, value->word + 8, &len) || len > MAX_TEXT ||
			!ct_go_string(o->target, value->word, text, sizeof(text)))
			return NULL;
		return ct_sink_secret(o->sink, text);
	}
	if (!is_id(o->go, &value->type) || ct_read(o->target, value->word, id, sizeof(id)))
		return NULL;
	for (unsigned i = 0; i < ID_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	return ct_sink_secret(o->sink, text);
}
