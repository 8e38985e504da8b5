/* SPDX-License-Identifier: Apache-2.0 */
#include "report/record.h"

#include <inttypes.h>

#include "base/str.h"

struct ct_record ct_record_new(void)
{
	json_t *object = json_object();

	return (struct ct_record){object, object == NULL};
}

json_t *ct_record_done(struct ct_record *r)
{
	if (!r->failed)
		return r->object;
	json_decref(r->object);
	return NULL;
}

void ct_record_add(struct ct_record *r, const char *key, json_t *value)
{
	/* Also refuses, and sets failed for, a value that could not be made. */
	if (json_object_set_new(r->object, key, value))
		r->failed = true;
}

json_t *ct_json_text(const char *text)
{
	size_t len = strlen(text);
	json_t *ret = json_stringn(text, len);

	if (ret)
		return ret;
	/* Not UTF-8, or no memory: the second attempt fails for the latter alone. */
	ct_autostr clean = {0};
	ct_str_add_clean(&clean, text, len, len);
	return clean.failed ? NULL : json_string(ct_str_text(&clean));
}

void ct_record_text(struct ct_record *r, const char *key, const char *text)
{
	if (text)
		ct_record_add(r, key, ct_json_text(text));
}

void ct_record_int(struct ct_record *r, const char *key, int64_t value)
{
	ct_record_add(r, key, json_integer(value));
}

void ct_record_hex(struct ct_record *r, const char *key, uint64_t value)
{
	ct_record_add(r, key, json_sprintf("0x%" PRIx64, value));
}

void ct_record_bool(struct ct_record *r, const char *key, bool value)
{
	ct_record_add(r, key, json_boolean(value));
}

void ct_record_texts(struct ct_record *r, const char *key, const char *const *texts, uint32_t n)
{
	json_t *list = ct_record_list(r, key);

	for (uint32_t i = 0; i < n; i++)
		ct_record_push(r, list, ct_json_text(texts[i]));
}

json_t *ct_record_list(struct ct_record *r, const char *key)
{
	json_t *list = json_array();

	ct_record_add(r, key, list);
	return r->failed ? NULL : list;
}

void ct_record_push(struct ct_record *r, json_t *list, json_t *value)
{
	if (json_array_append_new(list, value))
		r->failed = true;
}
