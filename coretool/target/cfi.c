/* SPDX-License-Identifier: Apache-2.0 */
#include "target/cfi.h"

#include <sys/mman.h>

#include "base/hash.h"
#include "target/internal.h"
#include "target/return_address.h"

/*
 * Some 30 MB. A process has a few hundred addresses on its stacks, a pathological one 100,000; more
 * come from stacks that are rubbish, and the rows are then forgotten and made again.
 */
#define MAX_ROWS (1u << 18)

/* Bytes of CFA programs run, a few seconds' worth; 100,000 honest rows take 10 MB. */
#define MAX_WORK (1u << 30)

struct module_tables {
	bool eh_known, debug_known;
	uint64_t eh_bias, debug_bias; /* address = bias + the file's address */
	struct ct_frame_table eh, debug;
};

struct cached_row {
	uint64_t pc;
	const struct ct_cfi_row *row;
};

struct ct_cfi {
	struct ct_target *target;
	struct module_tables *modules;
	size_t n_modules;
	struct ct_arena arena; /* of rows */
	struct ct_hash by_pc;
	uint64_t work;
	ct_frame_shaper *shaper; /* or NULL */
	void *shaper_arg;
	CT_VEC(struct cached_row) rows;
	union ct_cfi_row_buffer buffer;
};

static const struct ct_cfi_row no_cfi = {.code = true};
static const struct ct_cfi_row no_code = {.code = false};

struct ct_cfi *ct_cfi_new(struct ct_target *target)
{
	struct ct_cfi *cfi = calloc(1, sizeof(*cfi));

	if (!cfi)
		return NULL;
	cfi->target = target;
	cfi->n_modules = ct_target_n_modules(target);
	cfi->modules = calloc(cfi->n_modules + 1, sizeof(*cfi->modules));
	ct_arena_init(&cfi->arena);
	if (!cfi->modules) {
		ct_cfi_free(cfi);
		return NULL;
	}
	return cfi;
}

void ct_cfi_free(struct ct_cfi *cfi)
{
	if (!cfi)
		return;
	for (size_t i = 0; cfi->modules && i < cfi->n_modules; i++) {
		ct_frame_table_free(&cfi->modules[i].eh);
		ct_frame_table_free(&cfi->modules[i].debug);
	}
	free(cfi->modules);
	ct_hash_free(&cfi->by_pc);
	ct_vec_free(&cfi->rows);
	ct_arena_free(&cfi->arena);
	free(cfi);
}

void ct_cfi_shape(struct ct_cfi *cfi, ct_frame_shaper *shaper, void *arg)
{
	cfi->shaper = shaper;
	cfi->shaper_arg = arg;
}

/* The row of a frame of that shape. */
static void shape_row(
	const struct ct_arch *arch, const struct ct_frame_shape *shape, struct ct_cfi_row *row)
{
	*row = (struct ct_cfi_row){
		.cfa = {arch->sp, CT_CFI_REGISTER, 0, (int32_t)shape->size},
		.ret = arch->ret,
		.n_rules = 2,
		.root = shape->root,
		.exact_caller = shape->exact_caller,
		.shaped = true,
	};
	row->rules[0] = (struct ct_cfi_rule){arch->ret, CT_CFI_AT_CFA, 0, -CT_WORD};
	row->rules[1] = (struct ct_cfi_rule){arch->sp, CT_CFI_VAL_OFFSET, 0, 0};
	if (shape->saves_fp)
		row->rules[row->n_rules++] =
			(struct ct_cfi_rule){arch->fp, CT_CFI_AT_CFA, 0, -2 * CT_WORD};
	else
		row->keep = UINT64_C(1) << arch->fp;
}

static void forget_rows(struct ct_cfi *cfi)
{
	ct_hash_free(&cfi->by_pc);
	ct_vec_free(&cfi->rows);
	ct_arena_reset(&cfi->arena);
}

/* Finds the tables of a module when they are first needed; a module without a file has none. */
static void open_eh(struct ct_cfi *cfi, const struct ct_module *module, struct module_tables *t)
{
	Dwfl_Module *dwfl = ct_module_dwfl(cfi->target, module);
	Elf *elf = dwfl ? dwfl_module_getelf(dwfl, &t->eh_bias) : NULL;

	t->eh_known = true;
	if (elf && ct_frame_table_eh(elf, &t->eh))
		t->eh = (struct ct_frame_table){0};
}

/* .debug_frame is with the debug information, in the file itself or in a separate one. */
static void open_debug(struct ct_cfi *cfi, const struct ct_module *module, struct module_tables *t)
{
	t->debug_known = true;
	ct_module_load_debug(cfi->target, module);
	Dwfl_Module *dwfl = ct_module_dwfl(cfi->target, module);
	Dwarf *dwarf = dwfl ? dwfl_module_getdwarf(dwfl, &t->debug_bias) : NULL;
	Elf *elf = dwarf ? dwarf_getelf(dwarf) : NULL;

	if (elf && ct_frame_table_debug(elf, &t->debug))
		t->debug = (struct ct_frame_table){0};
}

static enum ct_status compile(struct ct_cfi *cfi, uint64_t pc)
{
	const struct ct_arch *arch = ct_target_arch(cfi->target);
	struct ct_cfi_row *row = &cfi->buffer.row;
	const struct ct_module *module = ct_module_at(cfi->target, pc);
	size_t index = module ? ct_module_index(cfi->target, module) : cfi->n_modules;

	struct ct_frame_shape shape;

	if (cfi->shaper && cfi->shaper(cfi->shaper_arg, pc, &shape)) {
		shape_row(arch, &shape, row);
		return CT_OK;
	}
	if (index >= cfi->n_modules || cfi->work > MAX_WORK)
		return CT_NOT_FOUND;
	struct module_tables *t = &cfi->modules[index];
	if (!t->eh_known)
		open_eh(cfi, module, t);
	enum ct_status status = ct_cfi_compile(&t->eh, arch, pc - t->eh_bias, &cfi->work, row);
	row->bias = t->eh_bias;
	if (status != CT_NOT_FOUND)
		return status;
	if (!t->debug_known)
		open_debug(cfi, module, t);
	status = ct_cfi_compile(&t->debug, arch, pc - t->debug_bias, &cfi->work, row);
	row->bias = t->debug_bias;
	return status;
}

bool ct_cfi_is_code(struct ct_target *target, uint64_t addr)
{
	const struct ct_map *map = ct_target_map_at(target, addr);

	if (map)
		return map->prot < 0 || (map->prot & PROT_EXEC);
	return !ct_target_n_maps(target) || ct_module_at(target, addr);
}

static const struct ct_cfi_row *make_row(struct ct_cfi *cfi, uint64_t pc)
{
	if (!ct_cfi_is_code(cfi->target, pc))
		return &no_code;
	enum ct_status status = compile(cfi, pc);
	if (status)
		return status == CT_NO_MEMORY ? NULL : &no_cfi;
	struct ct_cfi_row *row = &cfi->buffer.row;

	row->code = true;
	return ct_arena_copy(&cfi->arena, row, sizeof(*row) + row->n_rules * sizeof(row->rules[0]));
}

const struct ct_cfi_row *ct_cfi_row(struct ct_cfi *cfi, uint64_t pc)
{
	uint64_t hash = ct_hash_u64(pc);
	struct ct_hash_it it = ct_hash_find(&cfi->by_pc, hash);
	uint32_t i;

	while (ct_hash_next(&cfi->by_pc, &it, &i))
		if (cfi->rows.items[i].pc == pc)
			return cfi->rows.items[i].row;
	if (cfi->rows.n == MAX_ROWS)
		forget_rows(cfi);
	const struct ct_cfi_row *row = make_row(cfi, pc);
	struct cached_row *slot = row ? ct_vec_push(&cfi->rows) : NULL;
	if (!slot)
		return NULL;
	*slot = (struct cached_row){pc, row};
	return ct_hash_insert(&cfi->by_pc, hash, cfi->rows.n - 1) ? row : NULL;
}
