/* SPDX-License-Identifier: Apache-2.0 */
#include "target/ways.h"

#include <sys/mman.h>

#include "base/hash.h"
#include "base/vec.h"
#include "decode/way_out.h"
#include "target/symbols.h"

/* Addresses on honest stacks are some hundred; those of rubbish end here. */
#define MAX_CACHED 65536

/* Instructions looked at, a second's worth. */
#define MAX_STEPS 10000000

struct cached {
	uint64_t pc;
	struct ct_ways_out out;
};

struct ct_ways {
	struct ct_target *target;
	struct ct_hash by_pc;
	CT_VEC(struct cached) cache;
	uint64_t steps;
};

struct ct_ways *ct_ways_new(struct ct_target *target)
{
	struct ct_ways *ways = calloc(1, sizeof(*ways));

	if (ways)
		ways->target = target;
	return ways;
}

void ct_ways_free(struct ct_ways *ways)
{
	if (!ways)
		return;
	ct_hash_free(&ways->by_pc);
	ct_vec_free(&ways->cache);
	free(ways);
}

/* Up to the end of the mapping, or of the page, at worst. */
static size_t read_code(void *arg, uint64_t addr, uint8_t *buf, size_t len)
{
	struct ct_ways *ways = arg;
	uint64_t to_page_end = 4096 - (addr & 4095);

	if (!ct_cfi_is_code(ways->target, addr))
		return 0;
	if (!ct_read(ways->target, addr, buf, len))
		return len;
	len = CT_MIN(len, to_page_end);
	return ct_read(ways->target, addr, buf, len) ? 0 : len;
}

static bool never_comes_back(const char *name)
{
	static const char *const names[] = {"abort", "exit", "_exit", "_Exit", "quick_exit",
		"pthread_exit", "thrd_exit", "longjmp", "siglongjmp", "_longjmp", "assert_fail",
		"assert", "stack_chk_fail", "chk_fail", "fortify_fail", "cxa_throw", "cxa_rethrow",
		"_Unwind_Resume", "cxa_bad_cast", "libc_fatal"};

	for (size_t i = 0; i < CT_COUNT(names); i++) {
		size_t lead = strspn(name, "_"), wanted = strspn(names[i], "_");

		if (!strcmp(name + lead, names[i] + wanted))
			return true;
	}
	return false;
}

/*
 * By its name; or by its code, when that begins with an instruction that traps (musl's
 * __stack_chk_fail). Through a slot: by where that points, which is all that is left of a stripped
 * program's call, and right once it has been called.
 */
static bool no_return(void *arg, uint64_t target, uint64_t slot)
{
	static const uint8_t hlt = 0xf4, ud2[] = {0x0f, 0x0b};
	struct ct_ways *ways = arg;
	const struct ct_arch *arch = ct_target_arch(ways->target);
	uint8_t code[CT_ARCH_CODE_BEFORE];
	struct ct_symbol symbol;

	if (target && !ct_read(ways->target, target, code, sizeof(code))) {
		if (code[0] == hlt || !memcmp(code, ud2, sizeof(ud2)))
			return true;
		if (arch->stub_slot)
			slot = arch->stub_slot(code, target);
	}
	if (slot && ct_read_u64(ways->target, slot, &target))
		return false;
	return target && !ct_symbol_at(ways->target, target, CT_SYMBOL_CODE, &symbol) &&
	       symbol.start == target && never_comes_back(symbol.name);
}

static const struct ct_ways_out *ways_from(struct ct_ways *ways, uint64_t pc)
{
	static const struct ct_ways_out none = {0};
	const struct ct_way_view view = {ways, read_code, no_return};
	uint64_t hash = ct_hash_u64(pc);
	struct ct_hash_it it = ct_hash_find(&ways->by_pc, hash);
	uint32_t i;

	while (ct_hash_next(&ways->by_pc, &it, &i))
		if (ways->cache.items[i].pc == pc)
			return &ways->cache.items[i].out;
	if (ways->steps > MAX_STEPS || ways->cache.n == MAX_CACHED)
		return &none;
	struct cached *slot = ct_vec_push(&ways->cache);
	if (!slot)
		return NULL;
	slot->pc = pc;
	if (ct_ways_out_find(ct_target_arch(ways->target), &view, pc, &ways->steps, &slot->out) ||
		!ct_hash_insert(&ways->by_pc, hash, ways->cache.n - 1))
		return NULL;
	return &slot->out;
}

/* Does the stack bear it out? */
static bool try_way(const struct ct_guesser *g, const struct ct_way_frame *frame,
	const struct ct_way *way, struct ct_regs *next, uint64_t *cfa)
{
	const struct ct_arch *arch = g->arch;
	const struct ct_regs *regs = frame->regs;
	uint64_t end = ct_reg(regs, way->base) + (uint64_t)(int64_t)way->cfa, ret, value;

	++*g->work;
	if (!(regs->known >> way->base & 1) || (way->base == arch->fp && frame->doubt_fp) ||
		end <= frame->floor || end % CT_WORD || ct_return_read(g, end - CT_WORD, &ret) ||
		ct_call_site_at(g, ret, ct_reg(regs, arch->pc)) != CT_CALL_YES)
		return false;
	*next = *regs;
	next->known &= way->same;
	for (size_t i = 0; i < way->n_saved; i++)
		if (!ct_stack_word(g->stack, end + (uint64_t)(int64_t)way->saved[i].at, &value))
			ct_reg_set(next, way->saved[i].reg, value);
	ct_reg_set(next, arch->sp, end);
	ct_reg_set(next, arch->pc, ret);
	*cfa = end;
	return true;
}

enum ct_way_found ct_way_follow(struct ct_ways *ways, const struct ct_guesser *g,
	const struct ct_way_frame *frame, struct ct_regs *next, uint64_t *cfa)
{
	const struct ct_ways_out *out = ways_from(ways, ct_reg(frame->regs, g->arch->pc));
	unsigned fp = g->arch->fp;

	if (!out)
		return CT_WAY_NO_MEMORY;
	for (size_t i = 0; i < out->n; i++)
		if (try_way(g, frame, &out->ways[i], next, cfa))
			return CT_WAY_CALLER;
	bool marked = frame->regs->known >> fp & 1 && !ct_reg(frame->regs, fp);
	return out->never_returns && marked ? CT_WAY_BASE : CT_WAY_NONE;
}
