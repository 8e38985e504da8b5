/* SPDX-License-Identifier: Apache-2.0 */
#include "target/ways.h"

#include <elf.h>

#include "base/hash.h"
#include "base/vec.h"
#include "decode/way_out.h"
#include "target/symbols.h"

/* Addresses on honest stacks are some hundred; those of rubbish end here. */
#define MAX_CACHED 65536

/* Instructions looked at, a second's worth. */
#define MAX_STEPS 10000000

/* A frame of which no way leads out is looked for so far up. */
#define MAX_WORDS 2048

#define START_WORDS 16

/* The most bytes from the program's entry to behind the call that it makes (musl: 22). */
#define ENTRY_CODE 64

/* At the base of a stack there is nothing to be found, however many threads have it. */
#define MAX_IN_VAIN 4

struct cached {
	uint64_t pc;
	struct ct_ways_out out;
	uint8_t in_vain; /* how often no way in was found */
};

struct cached_in {
	uint64_t entry, pc;
	struct ct_way way;
	bool found;
};

struct ct_ways {
	struct ct_target *target;
	struct ct_hash by_pc;
	CT_VEC(struct cached) cache;
	struct ct_hash by_entry;
	CT_VEC(struct cached_in) cache_in;
	struct cached none; /* when there is no room for more */
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
	ct_hash_free(&ways->by_entry);
	ct_vec_free(&ways->cache_in);
	free(ways);
}

/* Near the end of the code as much as there is, or nearly. */
static size_t read_code(void *arg, uint64_t addr, uint8_t *buf, size_t len)
{
	struct ct_ways *ways = arg;

	if (!ct_cfi_is_code(ways->target, addr))
		return 0;
	while (len && ct_read(ways->target, addr, buf, len))
		len /= 2;
	return len;
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

static struct cached *ways_from(struct ct_ways *ways, uint64_t pc)
{
	const struct ct_way_view view = {ways, read_code, no_return};
	uint64_t hash = ct_hash_u64(pc);
	struct ct_hash_it it = ct_hash_find(&ways->by_pc, hash);
	uint32_t i;

	while (ct_hash_next(&ways->by_pc, &it, &i))
		if (ways->cache.items[i].pc == pc)
			return &ways->cache.items[i];
	if (ways->steps > MAX_STEPS || ways->cache.n == MAX_CACHED)
		return &ways->none;
	struct cached *slot = ct_vec_push(&ways->cache);
	if (!slot)
		return NULL;
	*slot = (struct cached){.pc = pc};
	if (ct_ways_out_find(ct_target_arch(ways->target), &view, pc, &ways->steps, &slot->out) ||
		!ct_hash_insert(&ways->by_pc, hash, ways->cache.n - 1))
		return NULL;
	return slot;
}

/* The way from the entry to pc. CT_NOT_FOUND, CT_NO_MEMORY. */
static enum ct_status way_into(
	struct ct_ways *ways, uint64_t entry, uint64_t pc, const struct ct_way **ret)
{
	const struct ct_way_view view = {ways, read_code, no_return};
	uint64_t hash = ct_hash_u64(entry) ^ pc;
	struct ct_hash_it it = ct_hash_find(&ways->by_entry, hash);
	const struct cached_in *slot;
	uint32_t i;

	while (ct_hash_next(&ways->by_entry, &it, &i)) {
		slot = &ways->cache_in.items[i];
		*ret = &slot->way;
		if (slot->entry == entry && slot->pc == pc)
			return slot->found ? CT_OK : CT_NOT_FOUND;
	}
	if (ways->steps > MAX_STEPS || ways->cache_in.n == MAX_CACHED)
		return CT_NOT_FOUND;
	struct cached_in *fresh = ct_vec_push(&ways->cache_in);
	if (!fresh)
		return CT_NO_MEMORY;
	*fresh = (struct cached_in){.entry = entry, .pc = pc};
	enum ct_status status = ct_way_in_find(
		ct_target_arch(ways->target), &view, entry, pc, &ways->steps, &fresh->way);
	fresh->found = !status;
	*ret = &fresh->way;
	if (status == CT_NO_MEMORY || !ct_hash_insert(&ways->by_entry, hash, ways->cache_in.n - 1))
		return CT_NO_MEMORY;
	return status;
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

/* The function that runs at pc begins at entry: does the frame bear that out? */
static enum ct_way_found try_entry(struct ct_ways *ways, const struct ct_guesser *g,
	const struct ct_way_frame *frame, uint64_t entry, uint64_t ret_at, struct ct_regs *next,
	uint64_t *cfa)
{
	const struct ct_way *way;
	enum ct_status status = way_into(ways, entry, ct_reg(frame->regs, g->arch->pc), &way);

	if (status)
		return status == CT_NO_MEMORY ? CT_WAY_NO_MEMORY : CT_WAY_NONE;
	uint64_t end = ct_reg(frame->regs, way->base) + (uint64_t)(int64_t)way->cfa;
	if (ret_at && end != ret_at + CT_WORD)
		return CT_WAY_NONE;
	return try_way(g, frame, way, next, cfa) ? CT_WAY_CALLER : CT_WAY_NONE;
}

/*
 * By the way in: from the function's start, where a symbol tells it; else from where a call went
 * whose return address is on the stack, when that is just where the frame would end. So it goes
 * for functions that never return, from where no way leads out.
 */
static enum ct_way_found follow_in(struct ct_ways *ways, const struct ct_guesser *g,
	const struct ct_way_frame *frame, struct ct_regs *next, uint64_t *cfa)
{
	uint64_t pc = ct_reg(frame->regs, g->arch->pc), ret;
	uint64_t at = ct_reg(frame->regs, g->arch->sp);
	const struct ct_module *module = ct_module_at(g->target, pc);
	enum ct_way_found found = CT_WAY_NONE;
	struct ct_symbol symbol;

	if (!module || !(frame->regs->known >> g->arch->sp & 1) || at % CT_WORD)
		return CT_WAY_NONE;
	if (!ct_symbol_at(g->target, pc - frame->is_call, CT_SYMBOL_CODE, &symbol))
		found = try_entry(ways, g, frame, symbol.start, 0, next, cfa);
	for (unsigned i = 0; found == CT_WAY_NONE && i < MAX_WORDS; i++, at += CT_WORD) {
		++*g->work;
		if (ct_return_read(g, at, &ret))
			break;
		uint64_t entry = ct_call_target(g, ret);

		if (entry && ct_module_at(g->target, entry) == module)
			found = try_entry(ways, g, frame, entry, at, next, cfa);
	}
	return found;
}

/*
 * Is it what the program's first code has called? musl's jumps on, through a register too, to a
 * function that calls main and then exit (src/env/__libc_start_main.c): below that there is only a
 * return address into the first code, a few saved registers away.
 */
static bool called_by_start(const struct ct_guesser *g, const struct ct_way_frame *frame)
{
	uint64_t at = ct_reg(frame->regs, g->arch->sp), entry, ret;

	if (ct_target_auxv(g->target, AT_ENTRY, &entry))
		return false;
	for (unsigned i = 0; i < START_WORDS && !ct_return_read(g, at, &ret); i++, at += CT_WORD)
		if (ret - entry < ENTRY_CODE && ct_call_target(g, ret))
			return true;
	return false;
}

static bool try_ways(const struct ct_ways_out *out, bool doubtful, const struct ct_guesser *g,
	const struct ct_way_frame *frame, struct ct_regs *next, uint64_t *cfa)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->ways[i].doubtful == doubtful &&
			try_way(g, frame, &out->ways[i], next, cfa))
			return true;
	return false;
}

enum ct_way_found ct_way_follow(struct ct_ways *ways, const struct ct_guesser *g,
	const struct ct_way_frame *frame, struct ct_regs *next, uint64_t *cfa)
{
	struct cached *cached = ways_from(ways, ct_reg(frame->regs, g->arch->pc));
	unsigned fp = g->arch->fp;
	bool marked = frame->regs->known >> fp & 1 && !ct_reg(frame->regs, fp);

	if (!cached)
		return CT_WAY_NO_MEMORY;
	if (try_ways(&cached->out, false, g, frame, next, cfa))
		return CT_WAY_CALLER;
	if (!marked || cached->in_vain < MAX_IN_VAIN) {
		enum ct_way_found found = follow_in(ways, g, frame, next, cfa);

		if (found != CT_WAY_NONE)
			return found;
		cached->in_vain += cached->in_vain < MAX_IN_VAIN;
	}
	if (try_ways(&cached->out, true, g, frame, next, cfa))
		return CT_WAY_CALLER;
	return cached->out.never_returns && (marked || called_by_start(g, frame)) ? CT_WAY_BASE
										  : CT_WAY_NONE;
}
