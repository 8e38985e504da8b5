/* SPDX-License-Identifier: Apache-2.0 */
/* What a panic's value says: printpanicval() of runtime/error.go. */
#include <inttypes.h>
#include <sys/mman.h>

#include "runtime/go/panic.h"

enum { /* of enum ct_go_kind */
	KIND_BOOL = 1,
	KIND_INT,
	KIND_INT8,
	KIND_INT16,
	KIND_INT32,
	KIND_INT64,
	KIND_UINT,
	KIND_UINT8,
	KIND_UINT16,
	KIND_UINT32,
	KIND_UINT64,
	KIND_UINTPTR,
	KIND_FLOAT32,
	KIND_FLOAT64,
};

/* Errors of std whose first field is their text. */
static bool has_text_first(const char *type)
{
	static const char *const types[] = {
		"*errors.errorString", "*fmt.wrapError", "*fmt.wrapErrors", "*fmt.fmtError"};

	for (size_t i = 0; i < CT_COUNT(types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

static int64_t as_signed(uint64_t bits, size_t size)
{
	unsigned shift = (unsigned)(64 - 8 * size);

	return (int64_t)(bits << shift) >> shift;
}

static void print_number(uint8_t kind, uint64_t bits, size_t size, char *text)
{
	float narrow;
	double wide;

	if (kind == KIND_BOOL) {
		snprintf(text, CT_GO_PANIC_TEXT, "%s", bits ? "true" : "false");
	} else if (kind <= KIND_INT64) {
		snprintf(text, CT_GO_PANIC_TEXT, "%" PRId64, as_signed(bits, size));
	} else if (kind <= KIND_UINTPTR) {
		snprintf(text, CT_GO_PANIC_TEXT, "%" PRIu64, bits);
	} else {
		memcpy(&narrow, &bits, sizeof(narrow));
		memcpy(&wide, &bits, sizeof(wide));
		snprintf(text, CT_GO_PANIC_TEXT, "%g", kind == KIND_FLOAT32 ? narrow : wide);
	}
}

/* Is the text of the string at addr in memory of a module that the process could not write? */
static bool is_constant(const struct ct_go *go, uint64_t addr)
{
	uint64_t text[2];

	if (ct_read(go->target, addr, text, sizeof(text)) || !ct_module_at(go->target, text[0]))
		return false;
	const struct ct_map *map = ct_target_map_at(go->target, text[0]);
	return map && !map->whole && map->prot >= 0 && !(map->prot & PROT_WRITE) &&
	       text[1] <= map->end - text[0];
}

bool ct_go_panic_value(const struct ct_go *go, uint64_t interface, struct ct_go_type *type,
	char text[CT_GO_PANIC_TEXT], bool *constant)
{
	uint64_t words[2], bits = 0;

	text[0] = '\0';
	*constant = false;
	if (ct_read(go->target, interface, words, sizeof(words)) ||
		ct_go_type_at(go, words[0], type))
		return false;
	if (type->kind == CT_GO_KIND_STRING) {
		const char *before =
			!strcmp(type->name, "runtime.errorString") ? "runtime error: " : "";
		size_t n = strlen(before);

		memcpy(text, before, n + 1);
		if (!ct_go_string(go->target, words[1], text + n, CT_GO_PANIC_TEXT - n))
			text[0] = '\0';
		*constant = is_constant(go, words[1]);
	} else if (has_text_first(type->name)) {
		if (!ct_go_string(go->target, words[1], text, CT_GO_PANIC_TEXT))
			text[0] = '\0';
		*constant = is_constant(go, words[1]);
	} else if (type->kind >= KIND_BOOL && type->kind <= KIND_FLOAT64 && type->size &&
		   type->size <= sizeof(bits) &&
		   !ct_read(go->target, words[1], &bits, type->size)) {
		print_number(type->kind, bits, type->size, text);
	}
	return true;
}
