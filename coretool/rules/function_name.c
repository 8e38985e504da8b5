/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/words.h"

void ct_str_add_function(struct ct_str *s, const char *name)
{
	static const char *const clones[] = {
		".isra.", ".constprop.", ".part.", ".cold", ".lto_priv.", ".llvm."};
	size_t len = strlen(name), start = s->len;
	int depth = 0;

	for (size_t i = 0; i < CT_COUNT(clones); i++) {
		const char *clone = strstr(name, clones[i]);

		if (clone && (size_t)(clone - name) < len)
			len = (size_t)(clone - name);
	}
	for (size_t i = 0; i < len; i++) {
		/* operator<, operator-> and their like are no brackets. */
		size_t op = strncmp(name + i, "operator", 8) ? 0 : 8 + strspn(name + i + 8, "<>=-");

		if (op && i + op <= len) {
			if (!depth)
				ct_str_add_bytes(s, name + i, op);
			i += op - 1;
			continue;
		}
		depth += name[i] == '<';
		if (!depth)
			ct_str_add_bytes(s, name + i, 1);
		depth -= depth && name[i] == '>';
	}
	if (depth) { /* no pair of brackets after all */
		ct_str_cut(s, start);
		ct_str_add_bytes(s, name, len);
	}
}
