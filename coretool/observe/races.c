/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Races in flight: the instruction that each running thread executes next is decoded, and the
 * addresses of its operands are compared with those of the others. Whether it is on a CPU just now,
 * in a signal handler, or a goroutine that the runtime has stopped right there, makes no
 * difference: no lock can come between it and that access any more.
 */
#include "decode/instruction.h"
#include "observe/internal.h"
#include "target/object_name.h"

#define MAX_TOLD 512 /* accesses */
#define WRITABLE 2   /* PROT_WRITE */

/* Memory that can be written at all: else all that happens is a fault. */
static bool is_memory(struct ct_observation *o, uint64_t address, uint32_t size)
{
	const struct ct_map *map = ct_target_map_at(o->target, address);

	return map && size <= map->end - address && (map->prot < 0 || map->prot & WRITABLE);
}

/* What push, call and ret do is on the own stack; of movs and its like, which go on from there, it
 * is not known how many bytes are accessed at once. */
static bool is_access(const struct ct_operand *operand)
{
	return (operand->read || operand->write) && !operand->implied && operand->size;
}

static enum ct_status add_operands(struct ct_observation *o, const struct ct_instruction *insn,
	const struct ct_regs *regs, const struct ct_access_seen *of)
{
	for (unsigned i = 0; i < insn->n_operands; i++) {
		const struct ct_operand *operand = &insn->operands[i];
		uint64_t address;

		if (!is_access(operand) || ct_operand_address(insn, operand, regs, &address) ||
			!is_memory(o, address, operand->size))
			continue;
		struct ct_access_seen *one = ct_vec_push(&o->accesses);
		if (!one)
			return CT_NO_MEMORY;
		*one = *of;
		one->fact.address = address;
		one->fact.size = operand->size;
		one->fact.read = operand->read;
		one->fact.write = operand->write;
		one->fact.has_constant = insn->has_constant;
		one->fact.constant = insn->constant;
	}
	return CT_OK;
}

enum ct_status ct_observe_access(struct ct_observation *o, const struct ct_blocked *blocked)
{
	uint64_t pc = ct_reg(blocked->regs, ct_target_arch(o->target)->pc);
	struct ct_access_seen of = {.fact = {.actor = blocked->actor}, .pc = pc};
	uint8_t code[CT_MAX_INSTRUCTION];
	struct ct_instruction insn;
	struct ct_go_function function;

	if (ct_target_arch(o->target) != &ct_arch_x86_64 ||
		ct_read(o->target, pc, code, sizeof(code)) ||
		ct_decode(code, sizeof(code), &insn) || insn.atomic)
		return CT_OK;
	of.fact.is_go = o->go && ct_go_function_at(&o->go->tables, pc, &function);
	/* It may fault, and its result is thrown away: no use of what is there. */
	if (of.fact.is_go && insn.probes)
		return CT_OK;
	return add_operands(o, &insn, blocked->regs, &of);
}

/* Who spins for a lock waits; in place of a thread that runs a goroutine stands that one. */
static void settle_actors(struct ct_observation *o)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < o->accesses.n; i++) {
		struct ct_access_seen *one = &o->accesses.items[i];
		const struct ct_actor *actor = ct_sink_get_actor(o->sink, one->fact.actor);

		if (actor->state != CT_STATE_RUNNING && actor->state != CT_STATE_RUNNABLE)
			continue;
		if (actor->runs != CT_NONE)
			one->fact.actor = actor->runs;
		o->accesses.items[kept++] = *one;
	}
	o->accesses.n = kept;
}

static int by_address(const void *a, const void *b)
{
	const struct ct_access_seen *x = a, *y = b;

	if (x->fact.address != y->fact.address)
		return x->fact.address > y->fact.address ? 1 : -1;
	return x->fact.actor > y->fact.actor ? 1 : x->fact.actor < y->fact.actor ? -1 : 0;
}

/* Of those sorted by address: where the ones end whose bytes are connected with those of first. */
static uint32_t end_of_place(const ct_accesses *list, uint32_t first)
{
	uint64_t end = list->items[first].fact.address + list->items[first].fact.size;
	uint32_t i = first + 1;

	for (; i < list->n && list->items[i].fact.address < end; i++)
		end = CT_MAX(end, list->items[i].fact.address + list->items[i].fact.size);
	return i;
}

static bool is_shared(const ct_accesses *list, uint32_t first, uint32_t end)
{
	bool others = false, write = false;

	for (uint32_t i = first; i < end; i++) {
		others |= list->items[i].fact.actor != list->items[first].fact.actor;
		write |= list->items[i].fact.write;
	}
	return others && write;
}

static const char *name_of(struct ct_observation *o, uint64_t address)
{
	const char *name;
	bool from_dwarf;

	if (!(o->plan->wants & CT_WANT_NAMES) ||
		ct_object_name(o->target, address, ct_sink_arena(o->sink), &name, &from_dwarf))
		return NULL;
	return ct_sink_string(o->sink, name);
}

static enum ct_status describe(struct ct_observation *o, const struct ct_access_seen *from,
	uint32_t place, struct ct_access *ret)
{
	struct ct_arena *arena = ct_sink_arena(o->sink);
	uint8_t code[CT_MAX_INSTRUCTION];

	*ret = from->fact;
	ret->place = place;
	ret->site = ct_observe_site(o, from->pc, false);
	if (!ct_read(o->target, from->pc, code, sizeof(code)))
		ret->text = ct_instruction_text(arena, code, sizeof(code), from->pc);
	return ret->site == CT_NONE || !ret->text ? CT_NO_MEMORY : CT_OK;
}

static enum ct_status tell(struct ct_observation *o, const ct_accesses *list)
{
	struct ct_access *told = NULL;
	uint32_t n = 0, places = 0, left_out = 0;
	enum ct_status status = CT_OK;

	for (uint32_t i = 0, end; !status && i < list->n; i = end) {
		end = end_of_place(list, i);
		if (!is_shared(list, i, end))
			continue;
		if (!told)
			told = ct_arena_new_array(
				ct_sink_arena(o->sink), MAX_TOLD, struct ct_access);
		if (!told)
			return CT_NO_MEMORY;
		for (uint32_t k = i; !status && k < end; k++) {
			if (n == MAX_TOLD) {
				left_out++;
				continue;
			}
			struct ct_access *one = &told[n++];
			status = describe(o, &list->items[k], places, one);
			one->object = k > i && one->address == one[-1].address
					      ? one[-1].object
					      : name_of(o, one->address);
		}
		places++;
	}
	if (!status && n)
		ct_sink_races(o->sink, &(struct ct_fact_races){.accesses = told, .n = n});
	if (left_out)
		ct_sink_note(o->sink, CT_NOTE_LIMIT, "races",
			"%u more that are about to access memory which another one is about to "
			"access, too: not looked at",
			left_out);
	return status;
}

enum ct_status ct_observe_races(struct ct_observation *o)
{
	settle_actors(o);
	if (o->accesses.n < 2)
		return CT_OK;
	qsort(o->accesses.items, o->accesses.n, sizeof(*o->accesses.items), by_address);
	return tell(o, &o->accesses);
}
