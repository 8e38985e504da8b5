/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/go.h"

#include <inttypes.h>

#define MAX_TABLES 64 /* plugins */

enum ct_status ct_go_u64(
	const struct ct_go *go, uint64_t addr, enum ct_go_field field, uint64_t *ret)
{
	uint32_t offset = go->layout.offset[field];

	return offset == CT_GO_ABSENT ? CT_FAULT : ct_read_u64(go->target, addr + offset, ret);
}

enum ct_status ct_go_u32(
	const struct ct_go *go, uint64_t addr, enum ct_go_field field, uint32_t *ret)
{
	uint32_t offset = go->layout.offset[field];

	return offset == CT_GO_ABSENT ? CT_FAULT : ct_read_u32(go->target, addr + offset, ret);
}

enum ct_status ct_go_u8(const struct ct_go *go, uint64_t addr, enum ct_go_field field, uint8_t *ret)
{
	uint32_t offset = go->layout.offset[field];

	return offset == CT_GO_ABSENT ? CT_FAULT : ct_read(go->target, addr + offset, ret, 1);
}

uint64_t ct_go_word(const struct ct_go *go, uint64_t addr, enum ct_go_field field)
{
	uint64_t value = 0;

	return ct_go_u64(go, addr, field, &value) ? 0 : value;
}

/* The tables of plugins hang on the first one. */
static bool add_plugins(struct ct_go *go)
{
	struct ct_go_tables *tables = &go->tables;

	while (tables->n < MAX_TABLES) {
		struct ct_go_table *last = &tables->list[tables->n - 1], next;
		uint64_t moduledata = ct_go_word(go, last->moduledata, CT_GO_MODULEDATA_NEXT);

		last->gofunc = ct_go_word(go, last->moduledata, CT_GO_MODULEDATA_GOFUNC);
		if (!moduledata || ct_go_table_read(go->target, moduledata, &next))
			return true;
		struct ct_go_table *grown =
			realloc(tables->list, (tables->n + 1) * sizeof(*tables->list));
		if (!grown)
			return false;
		tables->list = grown;
		tables->list[tables->n++] = next;
	}
	return true;
}

static void note_layout(const struct ct_go *go)
{
	if (go->layout_trust != CT_GO_LAYOUT_NEAREST)
		return;
	ct_target_note(go->target, CT_NOTE_UNKNOWN_RUNTIME, go->module->path,
		"%s: no table of its layouts is known; what its types do not tell is that of Go "
		"1.%u as far as memory looks like it, and likely at most (nothing speaks for %u "
		"fields)",
		go->version.text, go->layout.minor, go->n_guessed);
	if (go->unknown)
		ct_target_note(go->target, CT_NOTE_UNKNOWN_RUNTIME, go->module->path,
			"%s: where the runtime keeps it was not found, so this is not known: %s",
			go->version.text, go->unknown);
}

/*
 * The last of the ids is that of wrappers (objabi/funcid.go, abi/symtab.go). The one before it is
 * that of systemstack_switch, by the alphabet; up to 1.16 of asyncPreempt.
 */
static void find_wrapper(struct ct_go *go)
{
	static const char *const names[] = {"runtime.systemstack_switch", "runtime.asyncPreempt"};
	struct ct_go_function f;
	uint8_t last = 0;

	for (size_t i = 0; i < CT_COUNT(names); i++)
		if (ct_go_function_named(&go->tables, names[i], &f))
			last = CT_MAX(last, ct_go_function_id(&f));
	go->wrapper = last && last < UINT8_MAX ? last + 1 : 0;
}

static enum ct_status open_module(struct ct_go *go)
{
	struct ct_go_table table;
	enum ct_status status = ct_go_table_find(go->target, go->module, &table);

	if (status == CT_NOT_FOUND)
		ct_target_note(go->target, CT_NOTE_UNKNOWN_RUNTIME, go->module->path,
			"it is a Go program (%s), and its table of functions was not found: is its "
			"file missing, or another build?",
			go->version.text);
	if (status)
		return status;
	go->tables.list = malloc(sizeof(table));
	if (!go->tables.list)
		return CT_NO_MEMORY;
	go->tables.list[0] = table;
	go->tables.n = 1;
	ct_go_choose_layout(go);
	if (!add_plugins(go))
		return CT_NO_MEMORY;
	find_wrapper(go);
	if (go->layout_trust == CT_GO_LAYOUT_NEAREST)
		ct_go_fit_layout(go);
	else
		ct_go_find_globals(go);
	note_layout(go);
	return CT_OK;
}

static enum ct_status find_module(struct ct_target *target, struct ct_go *go)
{
	enum ct_status status = CT_NOT_FOUND;

	for (size_t i = 0; status == CT_NOT_FOUND && i < ct_target_n_modules(target); i++) {
		go->module = ct_target_module(target, i);
		status = ct_go_read_version(target, go->module, &go->version);
	}
	return status;
}

/* The version stands among the variables, and these may be missing: the linker's note tells, too.
 */
static bool is_go_by_note(struct ct_target *target)
{
	const struct ct_module *program = ct_module_main(target);

	if (!program || !program->has_go_note)
		return false;
	ct_target_note(target, CT_NOTE_UNKNOWN_RUNTIME, program->path,
		"Go's linker has left its note, and its version was not found: are the variables "
		"of the program missing?");
	return true;
}

enum ct_status ct_go_find(struct ct_target *target, struct ct_go **ret)
{
	struct ct_go found = {.target = target}, *go;
	enum ct_status status = find_module(target, &found);

	*ret = NULL;
	if (status == CT_NOT_FOUND && is_go_by_note(target))
		return CT_OK;
	if (status)
		return status;
	go = malloc(sizeof(*go));
	if (!go)
		return CT_NO_MEMORY;
	*go = found;
	status = open_module(go);
	if (status)
		ct_go_free(go);
	else
		*ret = go;
	return status == CT_NO_MEMORY ? status : CT_OK;
}

void ct_go_free(struct ct_go *go)
{
	if (!go)
		return;
	free(go->tables.list);
	free(go);
}
