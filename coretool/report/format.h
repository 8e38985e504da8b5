/* SPDX-License-Identifier: Apache-2.0 */
/* A format writes documents. To add one: a file with a const struct ct_format, a row in table.c. */
#ifndef CT_REPORT_FORMAT_H
#define CT_REPORT_FORMAT_H

#include "rules/document.h"

/* How a text is drawn; taken by the formats that draw. */
struct ct_style {
	bool color;
	unsigned width; /* of the terminal; 0: not one */
};

struct ct_format {
	const char *name, *summary;
	unsigned documents; /* the kinds it can write: enum ct_document_kind */
	bool for_people;    /* who knows threads by a debugger's numbers, where there are any */
	enum ct_status (*write)(
		const struct ct_document *document, const struct ct_style *style, FILE *out);
};

const struct ct_format *ct_format_find(const char *name); /* or NULL */
extern const struct ct_format *const ct_formats[];
extern const size_t ct_n_formats;

#endif
