/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON object under construction. A failure (no memory) is kept and ct_record_done() reports
 * it, so that a builder reads as a list of fields. A field whose value is not known is not written.
 */
#ifndef CT_REPORT_RECORD_H
#define CT_REPORT_RECORD_H

#include <jansson.h>

#include "base/base.h"

struct ct_record {
	json_t *object;
	bool failed;
};

struct ct_record ct_record_new(void);
/* The object, which is the caller's; NULL when something failed. */
json_t *ct_record_done(struct ct_record *r);

/* Takes value; NULL is a failure. */
void ct_record_add(struct ct_record *r, const char *key, json_t *value);
/* NULL: the field is left out. Text that is no UTF-8 is escaped. */
void ct_record_text(struct ct_record *r, const char *key, const char *text);
void ct_record_int(struct ct_record *r, const char *key, int64_t value);
void ct_record_hex(struct ct_record *r, const char *key, uint64_t value);
void ct_record_bool(struct ct_record *r, const char *key, bool value);
/* A list of texts. */
void ct_record_texts(struct ct_record *r, const char *key, const char *const *texts, uint32_t n);

/* A new list in the object, which the object owns. */
json_t *ct_record_list(struct ct_record *r, const char *key);
/* Takes value; NULL is a failure. */
void ct_record_push(struct ct_record *r, json_t *list, json_t *value);

json_t *ct_json_text(const char *text);

#endif
