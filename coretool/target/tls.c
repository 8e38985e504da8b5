/* SPDX-License-Identifier: Apache-2.0 */
#include "target/tls.h"

#include <elf.h>

#include "base/vec.h"
#include "target/module_image.h"

#define DTV_AT    8  /* of the thread pointer: tcbhead_t.dtv (glibc, sysdeps/x86_64/nptl/tls.h) */
#define DTV_ENTRY 16 /* dtv_t: the block, and what is to be freed */
#define MOST_DTV  256
#define FAR       (UINT64_C(1) << 20) /* below the thread pointer: more is no block of the start's */

struct tls_module {
	const struct ct_module *module;
	uint64_t size, align, first; /* first: of the segment's address in its alignment */
	bool is_program;
};

struct ct_tls {
	struct ct_target *target;
	CT_VEC(struct tls_module) modules;
	bool no_memory;
};

static void add_module(struct ct_tls *tls, const struct ct_module *module)
{
	const struct ct_image_reader reader = {ct_image_read_source, tls->target};
	const struct ct_module *program = ct_module_main(tls->target);
	uint16_t machine = ct_target_arch(tls->target)->e_machine;
	struct ct_image image;

	if (ct_image_read(&reader, module->start, true, machine, &image))
		return;
	for (uint32_t i = 0; i < image.n_phdrs; i++) {
		const Elf64_Phdr *p = &image.phdrs[i];
		uint64_t align = p->p_align ? p->p_align : 1;

		if (p->p_type != PT_TLS || !p->p_memsz || p->p_memsz > FAR || align & (align - 1))
			continue;
		struct tls_module *slot = ct_vec_push(&tls->modules);
		tls->no_memory |= !slot;
		if (slot)
			*slot = (struct tls_module){module, p->p_memsz, align,
				-p->p_vaddr & (align - 1), module == program};
		return;
	}
}

struct ct_tls *ct_tls_new(struct ct_target *target)
{
	struct ct_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return NULL;
	tls->target = target;
	if (ct_target_arch(target)->e_machine != EM_X86_64)
		return tls;
	for (size_t i = 0; i < ct_target_n_modules(target); i++)
		add_module(tls, ct_target_module(target, i));
	if (tls->no_memory) {
		ct_tls_free(tls);
		return NULL;
	}
	return tls;
}

void ct_tls_free(struct ct_tls *tls)
{
	if (tls)
		ct_vec_free(&tls->modules);
	free(tls);
}

/* The variable of the module at addr, if its block begins at block. */
static bool variable_in(struct ct_tls *tls, const struct tls_module *m, uint64_t block,
	uint64_t addr, struct ct_symbol *ret)
{
	return addr >= block && addr - block < m->size &&
	       block % m->align == (m->align - m->first) % m->align &&
	       !ct_symbol_tls(tls->target, m->module, addr - block, ret);
}

/* The program's block ends at the thread pointer (_dl_determine_tlsoffset in glibc). */
static uint64_t program_block(const struct tls_module *m, uint64_t tp)
{
	uint64_t size = m->size - CT_MIN(m->size, m->first);

	return tp - (((size + m->align - 1) & ~(m->align - 1)) + m->first);
}

/* The block in the thread's table that addr may be in: the nearest one before it. 0: none is. */
static uint64_t block_in_dtv(struct ct_tls *tls, uint64_t tp, uint64_t addr)
{
	uint64_t dtv, n, block, ret = 0;

	if (ct_read_u64(tls->target, tp + DTV_AT, &dtv) ||
		ct_read_u64(tls->target, dtv - DTV_ENTRY, &n))
		return 0;
	for (uint64_t i = 1; i <= CT_MIN(n, (uint64_t)MOST_DTV); i++)
		if (!ct_read_u64(tls->target, dtv + i * DTV_ENTRY, &block) && block <= addr &&
			block < tp && block > ret)
			ret = block;
	return ret;
}

/* The block is the program's own: no library has a variable there. */
static bool is_of_program(const struct ct_tls *tls, uint64_t tp, uint64_t block)
{
	for (uint32_t i = 0; i < tls->modules.n; i++)
		if (tls->modules.items[i].is_program)
			return block == program_block(&tls->modules.items[i], tp);
	return false;
}

enum ct_status ct_tls_variable(struct ct_tls *tls, uint64_t tp, bool has_dtv, uint64_t addr,
	struct ct_symbol *ret, uint64_t *offset, bool *inside)
{
	struct ct_symbol symbol;
	unsigned n = 0;

	*inside = false;
	if (addr >= tp || tp - addr > FAR)
		return CT_NOT_FOUND;
	uint64_t block = has_dtv ? block_in_dtv(tls, tp, addr) : 0;
	if (is_of_program(tls, tp, block))
		block = 0;
	for (uint32_t i = 0; i < tls->modules.n; i++) {
		const struct tls_module *m = &tls->modules.items[i];
		uint64_t at = m->is_program ? program_block(m, tp) : block;

		*inside |= at && addr >= at && addr - at < m->size;
		if (!at || !variable_in(tls, m, at, addr, &symbol))
			continue;
		n++;
		*ret = symbol;
		*offset = addr - at - symbol.start;
	}
	return n == 1 ? CT_OK : CT_NOT_FOUND;
}
