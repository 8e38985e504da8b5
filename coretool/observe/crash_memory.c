/* SPDX-License-Identifier: Apache-2.0 */
/* A load or store that the CPU or the kernel refused: by the operand that it is of, and by what is
 * mapped there. */
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>

#include "observe/crash.h"

/* "wrote 4 bytes to 0x18"; op NULL: what was done is not known. */
static const char *deed(struct ct_crash_scene *s, const struct ct_operand *op, uint64_t addr)
{
	const char *verb = "accessed", *at = "at";

	if (op && op->write)
		verb = op->read ? "updated" : "wrote", at = op->read ? "at" : "to";
	else if (op && op->read)
		verb = "read";
	if (!op || !op->size)
		return ct_sink_printf(s->o->sink, "%s memory %s 0x%" PRIx64, verb, at, addr);
	return ct_sink_printf(s->o->sink, "%s %u byte%s %s 0x%" PRIx64, verb, op->size,
		op->size == 1 ? "" : "s", at, addr);
}

static void say_pointer(struct ct_crash_scene *s, unsigned reg, uint64_t pointer)
{
	ct_crash_say(s, "the pointer is in %s: 0x%" PRIx64, s->arch->gdb_regs[reg], pointer);
}

/* Nothing is there, or it cannot be an address. */
static void bad_address(struct ct_crash_scene *s, const struct ct_operand *op, uint64_t addr)
{
	uint64_t pointer = addr;
	unsigned reg;
	bool through = op && ct_crash_pointer_of(s, op, &pointer, &reg);
	struct ct_bad_pointer bad = ct_crash_judge_pointer(s, pointer, addr);

	if (through)
		say_pointer(s, reg, pointer);
	ct_crash_is(s, bad.class, op ? bad.trust : CT_MAX(bad.trust, CT_TRUST_INFERRED), "%s, %s%s",
		deed(s, op, addr), bad.is_pointer ? "through " : "", bad.words);
}

static bool is_read_only(struct ct_crash_scene *s, const struct ct_map *map, uint64_t addr)
{
	if (map && map->prot >= 0)
		return map->prot & PROT_READ && !(map->prot & PROT_WRITE);
	/* Not recorded: gcore leaves out what is in files. Writable parts it does not. */
	return ct_module_at(s->target, addr) && (!map || !map->present);
}

/* Something is there, but not for this access. */
static bool forbidden(struct ct_crash_scene *s, const struct ct_operand *op, uint64_t addr)
{
	const struct ct_map *map = ct_target_map_at(s->target, addr);
	const char *where = ct_crash_where(s, addr);

	if (!where)
		return false;
	if (op && op->write && is_read_only(s, map, addr))
		ct_crash_is(s, CT_CRASH_READ_ONLY, CT_TRUST_EXACT, "%s, which it may not write: %s",
			deed(s, op, addr), where);
	else if (map && !map->prot)
		ct_crash_is(s, CT_CRASH_NO_ACCESS, CT_TRUST_EXACT,
			"%s, in memory that nobody may access (a guard page, or protected on "
			"purpose): %s",
			deed(s, op, addr), where);
	else if (s->signal.code == SEGV_ACCERR)
		ct_crash_is(s, CT_CRASH_NO_ACCESS, CT_TRUST_INFERRED,
			"%s, which it may not access so: %s", deed(s, op, addr), where);
	return ct_crash_known(s);
}

/* SIGBUS: what is mapped there is not behind it. */
static void bus_error(struct ct_crash_scene *s, const struct ct_operand *op, uint64_t addr)
{
	const struct ct_map *map = ct_target_map_at(s->target, addr);

	if (s->signal.code == BUS_ADRALN)
		ct_crash_is(s, CT_CRASH_UNALIGNED, CT_TRUST_EXACT,
			"%s, which is not aligned as it has to be", deed(s, op, addr));
	else if (s->signal.code == BUS_MCEERR_AR || s->signal.code == BUS_MCEERR_AO)
		ct_crash_is(s, CT_CRASH_HARDWARE, CT_TRUST_EXACT,
			"%s, where the memory of this machine is damaged", deed(s, op, addr));
	else if (s->signal.code != BUS_ADRERR)
		return;
	else if (map && map->path)
		ct_crash_is(s, CT_CRASH_FILE_TRUNCATED, CT_TRUST_EXACT,
			"%s, byte %" PRIu64
			" of the mapped file %s, which ends before it (or could not be read)",
			deed(s, op, addr), map->file_offset + (addr - map->start), map->path);
	else
		ct_crash_is(s, CT_CRASH_FILE_TRUNCATED, CT_TRUST_INFERRED,
			"%s, behind the end of a file or of shared memory that is mapped there",
			deed(s, op, addr));
}

/* The CPU does not say where: which operand cannot have been an address? */
static void general_protection(struct ct_crash_scene *s)
{
	for (uint32_t i = 0; i < s->crash.n_operands; i++) {
		struct ct_crash_operand *op = &s->operands[i];
		const struct ct_operand *insn = &s->insn.operands[i];

		if (!op->has_address || (!insn->read && !insn->write))
			continue;
		if (ct_is_canonical(op->address) && !(s->insn.aligned && op->address % op->size))
			continue;
		op->faulted = true;
		s->crash.address = op->address;
		s->crash.has_address = true;
		if (!ct_is_canonical(op->address)) {
			bad_address(s, insn, op->address);
			return;
		}
		ct_crash_is(s, CT_CRASH_UNALIGNED, CT_TRUST_EXACT,
			"%s with an instruction that wants a multiple of %u",
			deed(s, insn, op->address), op->size);
		return;
	}
	if (s->decoded && s->insn.kind == CT_INSN_PRIVILEGED)
		ct_crash_is(s, CT_CRASH_PRIVILEGED, CT_TRUST_EXACT,
			"executed an instruction that only the kernel may use (%s)",
			s->crash.instruction);
}

static void look_up(struct ct_crash_scene *s, const struct ct_operand *op, uint64_t addr)
{
	if (s->signal.number == SIGBUS)
		bus_error(s, op, addr);
	else if (!forbidden(s, op, addr) && !ct_target_map_at(s->target, addr))
		bad_address(s, op, addr);
}

static bool has_lost_operand(const struct ct_crash_scene *s)
{
	for (uint32_t i = 0; i < s->crash.n_operands; i++)
		if (!s->operands[i].has_address)
			return true;
	return false;
}

void ct_crash_memory(struct ct_crash_scene *s)
{
	uint64_t addr = s->signal.address;

	if (ct_crash_known(s))
		return;
	if (s->signal.code == SI_KERNEL) {
		general_protection(s);
		return;
	}
	const struct ct_operand *op = ct_crash_operand_at(s, addr);
	s->crash.address = addr;
	s->crash.has_address = true;
	if (op)
		ct_crash_say(s,
			"the kernel reports the fault at 0x%" PRIx64
			", which is the address of this operand",
			addr);
	else if (s->decoded && has_lost_operand(s))
		ct_crash_say(s,
			"the kernel reports the fault at 0x%" PRIx64
			"; what addresses the operands of the instruction had is lost",
			addr);
	else if (s->decoded && s->crash.n_operands)
		ct_crash_say(s,
			"the kernel reports the fault at 0x%" PRIx64
			", which no operand of the instruction explains",
			addr);
	else if (!s->decoded)
		ct_crash_say(s,
			"the fault was at 0x%" PRIx64
			"; the instruction could not be read or is not known here",
			addr);
	look_up(s, op, addr);
}
