/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of goroutines, which the facts have as one text. */
#include "rules/words.h"

/* Up to an end of the text or one of its marks; \ stands before a mark that means itself. */
static const char *take(const char *text, const char *marks, struct ct_str *ret)
{
	while (*text && !strchr(marks, *text)) {
		if (*text == '\\' && text[1] && strchr("\\,=", text[1]))
			text++;
		ct_str_add(ret, "%c", *text++);
	}
	return text;
}

const char *ct_label_take(const char *labels, struct ct_str *key, struct ct_str *value)
{
	labels = take(labels, "=,", key);
	if (*labels == '=')
		labels = take(labels + 1, ",", value);
	return labels + strspn(labels, ", ");
}
