/* SPDX-License-Identifier: Apache-2.0 */
#include "target/lines.h"

#include <dwarf.h>

#include "base/arena.h"
#include "base/str.h"
#include "target/cu_index.h"
#include "target/symbols.h"

#define MAX_SCOPES 256 /* blocks and inlined functions inside one another */
#define MAX_LINE_TABLE                                                                             \
	(4 * 1024 * 1024) /* of one unit: libdw needs up to 80 times as much memory */
#define MAX_PATH_TEXT 4096

/* One question, while it is answered. */
struct lookup {
	struct ct_dwarf *dwarf;
	struct ct_unit *unit;
	struct ct_arena *arena;
	uint64_t addr;
	bool has_lines;
	Dwarf_Die inlined[CT_MAX_INLINED - 1]; /* outermost first */
	size_t n_inlined;
	Dwarf_Die
		first_inlined; /* into the function itself, also when inlined[] no longer has it */
};

/* May libdw read the unit's line table? It reads all of it at once, whatever its size. */
static bool may_read_lines(struct ct_dwarf *dwarf, struct ct_unit *unit)
{
	size_t size;
	uint64_t at, length = 0;

	if (unit->lines_asked)
		return unit->lines_fit;
	unit->lines_asked = true;
	const uint8_t *lines = ct_dwarf_section(dwarf, ".debug_line", &size);
	if (!lines || !ct_die_number(&unit->die, DW_AT_stmt_list, &at) || !ct_within(at, 12, size))
		return false;
	memcpy(&length, lines + at, 4);
	if (length == UINT32_MAX)
		memcpy(&length, lines + at + 4, 8);
	if (length > MAX_LINE_TABLE || length > dwarf->line_bytes) {
		ct_target_note(dwarf->target, CT_NOTE_LIMIT, dwarf->module->path,
			"a line table is too large; some lines are left out");
		return false;
	}
	dwarf->line_bytes -= length;
	unit->lines_fit = true;
	return true;
}

static bool is_scope(int tag)
{
	return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine ||
	       tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

/* The scope right inside parent that covers the address. */
static bool inner_scope(struct lookup *lookup, Dwarf_Die *parent, Dwarf_Die *ret)
{
	Dwarf_Die die;

	if (dwarf_child(parent, &die))
		return false;
	do {
		if (!ct_dwarf_spend(lookup->dwarf, 1))
			return false;
		if (is_scope(dwarf_tag(&die)) && ct_die_has_pc(lookup->dwarf, &die, lookup->addr)) {
			*ret = die;
			return true;
		}
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

static void find_inlined(struct lookup *lookup, Dwarf_Die *function)
{
	Dwarf_Die at = *function;

	for (int depth = 0; depth < MAX_SCOPES && inner_scope(lookup, &at, &at); depth++) {
		if (dwarf_tag(&at) != DW_TAG_inlined_subroutine)
			continue;
		if (!lookup->n_inlined)
			lookup->first_inlined = at;
		if (lookup->n_inlined == CT_COUNT(lookup->inlined)) {
			/* The innermost tell most. */
			memmove(&lookup->inlined[0], &lookup->inlined[1],
				--lookup->n_inlined * sizeof(at));
		}
		lookup->inlined[lookup->n_inlined++] = at;
	}
}

static const char *clean_path(struct ct_arena *arena, const char *path)
{
	ct_autostr text = {0};

	/* libdw says ??? for the file number that stands for none. */
	if (!path || !strcmp(path, "???"))
		return NULL;
	ct_str_add_clean(&text, path, strnlen(path, MAX_PATH_TEXT + 1), MAX_PATH_TEXT);
	return ct_arena_strndup(arena, ct_str_text(&text), text.len);
}

static void line_of_address(struct lookup *lookup, struct ct_source_line *ret)
{
	Dwarf_Line *line = NULL;
	int number;

	if (lookup->has_lines)
		line = dwarf_getsrc_die(&lookup->unit->die, lookup->addr);
	if (!line)
		return;
	ret->file = clean_path(lookup->arena, dwarf_linesrc(line, NULL, NULL));
	if (!dwarf_lineno(line, &number) && number > 0)
		ret->line = (uint32_t)number;
}

/* Where the function that inlined was inlined into has its call. */
static void line_of_call(struct lookup *lookup, Dwarf_Die *inlined, struct ct_source_line *ret)
{
	Dwarf_Files *files;
	uint64_t index, line;
	size_t n;

	if (ct_die_number(inlined, DW_AT_call_line, &line) && line <= INT32_MAX)
		ret->line = (uint32_t)line;
	if (lookup->has_lines && ct_die_number(inlined, DW_AT_call_file, &index) &&
		!dwarf_getsrcfiles(&lookup->unit->die, &files, &n) && index < n)
		ret->file = clean_path(lookup->arena, dwarf_filesrc(files, index, NULL, NULL));
}

static size_t answer(
	struct lookup *lookup, Dwarf_Die *function, const char *symbol, struct ct_source_line *ret)
{
	struct ct_source_line *line = ret;

	*line = (struct ct_source_line){0};
	line_of_address(lookup, line);
	for (size_t i = lookup->n_inlined; i-- > 0;) {
		Dwarf_Die *inlined = &lookup->inlined[i];

		line->function = ct_die_name(inlined, lookup->arena);
		line->inlined = true;
		*++line = (struct ct_source_line){0};
		line_of_call(lookup, i ? inlined : &lookup->first_inlined, line);
	}
	if (function)
		line->function = ct_die_name_or_symbol(function, symbol, lookup->arena);
	else if (symbol)
		line->function = ct_symbol_demangle(lookup->arena, symbol);
	return (size_t)(line - ret) + 1;
}

enum ct_status ct_lines_at(struct ct_target *target, uint64_t pc, struct ct_arena *arena,
	struct ct_source_line ret[CT_MAX_INLINED], size_t *n)
{
	const struct ct_module *module = ct_module_at(target, pc);
	struct lookup lookup = {.arena = arena};
	struct ct_symbol symbol = {0};
	Dwarf_Die function;

	lookup.dwarf = module ? ct_dwarf_of(target, module) : NULL;
	if (!lookup.dwarf)
		return CT_NOT_FOUND;
	lookup.addr = pc - lookup.dwarf->bias;
	lookup.unit = ct_cu_index_at(lookup.dwarf, lookup.addr);
	if (!lookup.unit)
		return CT_NOT_FOUND;
	lookup.has_lines = may_read_lines(lookup.dwarf, lookup.unit);
	bool found = !ct_unit_function_at(lookup.dwarf, lookup.unit, lookup.addr, &function);
	if (found)
		find_inlined(&lookup, &function);
	bool has_symbol = !ct_symbol_at(target, pc, CT_SYMBOL_CODE, &symbol);
	*n = answer(&lookup, found ? &function : NULL, has_symbol ? symbol.name : NULL, ret);
	return arena->failed ? CT_NO_MEMORY : CT_OK;
}
