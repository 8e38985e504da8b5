/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Races in flight: the instruction that each running thread is about to execute is decoded, and the
 * addresses of its operands are compared with those of the others.
 *
 * Atomic accesses are none: those with a lock prefix, and xchg. In Go all that write are such; in
 * C, C++ and Rust plain moves of an aligned word may be atomic ones of relaxed order, so that one
 * of the two must read and write at once, which no atomic access does without the prefix.
 */
#include "facts/races.h"
#include "base/vec.h"
#include "decode/instruction.h"
#include "observe/internal.h"

#define MAX_ACCESSES 512 /* that are part of a race */
#define MAX_SIZE     64  /* bytes of one access */

struct access {
	struct ct_race_access fact;
	uint64_t pc;
	bool modifies; /* reads and writes at once */
	bool is_go, races;
};

typedef CT_VEC(struct access) accesses;

/* A lock prefix, or xchg with memory, which needs none. */
static bool is_atomic(const uint8_t *code, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (code[i] == 0xf0)
			return true;
		if ((code[i] & 0xf0) == 0x40 || code[i] == 0x66 || code[i] == 0x67 ||
			code[i] == 0xf2 || code[i] == 0xf3 || code[i] == 0x64 || code[i] == 0x65 ||
			code[i] == 0x2e || code[i] == 0x36 || code[i] == 0x3e || code[i] == 0x26)
			continue;
		return code[i] == 0x86 || code[i] == 0x87;
	}
	return false;
}

/* Functions that may do so: of the runtime, and of what others are synchronised with. */
static bool may_race(const char *function)
{
	static const char *const packages[] = {
		"runtime.", "runtime/", "internal/", "sync.", "sync/"};

	for (size_t i = 0; function && i < CT_COUNT(packages); i++)
		if (!strncmp(function, packages[i], strlen(packages[i])))
			return false;
	return function != NULL;
}

static enum ct_status add_operands(struct ct_observation *o, const struct ct_instruction *insn,
	const struct ct_regs *regs, const struct access *of, accesses *ret)
{
	for (unsigned i = 0; i < insn->n_operands; i++) {
		const struct ct_operand *operand = &insn->operands[i];
		struct access one = *of, *slot;

		if ((!operand->read && !operand->write) || operand->implied || operand->repeated ||
			operand->vector_index || !operand->size || operand->size > MAX_SIZE ||
			ct_operand_address(insn, operand, regs, &one.fact.address))
			continue;
		one.fact.size = operand->size;
		one.fact.read = operand->read;
		one.fact.write = operand->write;
		one.modifies = operand->read && operand->write;
		slot = ct_vec_push(ret);
		if (!slot)
			return CT_NO_MEMORY;
		*slot = one;
	}
	(void)o;
	return CT_OK;
}

/* What a thread that runs is about to access. */
static enum ct_status add_thread(struct ct_observation *o, uint32_t i, accesses *ret)
{
	const struct ct_thread *thread = ct_target_thread(o->target, i);
	const struct ct_actor *actor = ct_sink_get_actor(o->sink, i);
	uint8_t code[CT_MAX_INSTRUCTION];
	struct ct_instruction insn;
	struct ct_go_function function;

	if (actor->kind != CT_ACTOR_THREAD || actor->state != CT_STATE_RUNNING || !thread->stopped)
		return CT_OK;
	uint32_t who = actor->runs == CT_NONE ? i : actor->runs;
	uint64_t pc = ct_reg(thread->regs, ct_target_arch(o->target)->pc);
	if (ct_read(o->target, pc, code, sizeof(code)) || ct_decode(code, sizeof(code), &insn) ||
		is_atomic(code, insn.length))
		return CT_OK;
	struct access of = {.fact = {.actor = who}, .pc = pc};
	of.is_go = o->go && ct_go_function_at(&o->go->tables, pc, &function);
	if (of.is_go && !may_race(ct_go_function_name(&function)))
		return CT_OK;
	return add_operands(o, &insn, thread->regs, &of, ret);
}

static int by_address(const void *a, const void *b)
{
	const struct access *x = a, *y = b;

	if (x->fact.address != y->fact.address)
		return x->fact.address > y->fact.address ? 1 : -1;
	return x->fact.actor > y->fact.actor ? 1 : x->fact.actor < y->fact.actor ? -1 : 0;
}

static bool is_race(const struct access *a, const struct access *b)
{
	if (a->fact.actor == b->fact.actor || (!a->fact.write && !b->fact.write) ||
		b->fact.address - a->fact.address >= a->fact.size)
		return false;
	return (a->is_go && b->is_go) || a->modifies || b->modifies;
}

/* Sorted by address, what overlaps stands near: no access has more than MAX_SIZE bytes. */
static uint32_t pair(accesses *list)
{
	uint32_t n_races = 0;

	for (uint32_t i = 0; i < list->n; i++)
		for (uint32_t k = i + 1;
			k < list->n && k - i < MAX_ACCESSES &&
			list->items[k].fact.address - list->items[i].fact.address < MAX_SIZE;
			k++) {
			struct access *a = &list->items[i], *b = &list->items[k];

			if (!is_race(a, b) || (a->races && b->races))
				continue;
			uint32_t race = a->races   ? a->fact.race
					: b->races ? b->fact.race
						   : n_races++;
			a->fact.race = b->fact.race = race;
			a->races = b->races = true;
		}
	return n_races;
}

static enum ct_status tell(struct ct_observation *o, const accesses *list, uint32_t n_races)
{
	struct ct_arena *arena = ct_sink_arena(o->sink);
	struct ct_race_access *ret = ct_arena_new_array(arena, MAX_ACCESSES, struct ct_race_access);
	uint32_t n = 0;

	if (!ret)
		return CT_NO_MEMORY;
	for (uint32_t race = 0; race < n_races; race++)
		for (uint32_t i = 0; i < list->n && n < MAX_ACCESSES; i++) {
			const struct access *one = &list->items[i];
			uint8_t code[CT_MAX_INSTRUCTION];

			if (!one->races || one->fact.race != race ||
				ct_read(o->target, one->pc, code, sizeof(code)))
				continue;
			ret[n] = one->fact;
			ret[n].site = ct_observe_site(o, one->pc, false);
			ret[n].text = ct_instruction_text(arena, code, sizeof(code), one->pc);
			if (ret[n].site == CT_NONE || !ret[n].text)
				return CT_NO_MEMORY;
			n++;
		}
	ct_sink_races(o->sink, &(struct ct_fact_races){.accesses = ret, .n = n});
	return CT_OK;
}

enum ct_status ct_observe_races(struct ct_observation *o)
{
	accesses list = {0};
	enum ct_status status = CT_OK;
	size_t n = ct_target_n_threads(o->target);

	if (!(o->plan->wants & CT_WANT_STACKS) || ct_target_arch(o->target) != &ct_arch_x86_64)
		return CT_OK;
	for (uint32_t i = 0; !status && i < n; i++)
		status = add_thread(o, i, &list);
	if (!status && list.n > 1) {
		qsort(list.items, list.n, sizeof(*list.items), by_address);
		uint32_t n_races = CT_MIN(pair(&list), (uint32_t)MAX_ACCESSES);
		if (n_races)
			status = tell(o, &list, n_races);
	}
	ct_vec_free(&list);
	return status;
}
