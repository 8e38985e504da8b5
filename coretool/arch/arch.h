/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that depends on the machine. To add one: a file here with a const struct ct_arch, and its row
 * in table.c. Outside this folder registers have no names: sp, pc and arguments are asked for by
 * role.
 */
#ifndef CT_ARCH_ARCH_H
#define CT_ARCH_ARCH_H

#include "base/base.h"

#define CT_MAX_REGS 40

/* Values by the machine's own index (see dwarf_to_reg). A register that an unwinder could not
 * restore is not known. */
struct ct_regs {
	uint64_t value[CT_MAX_REGS];
	uint64_t known; /* bit i: value[i] is known */
};

/*
 * A system call that a thread is in. number is that of the call that was made, also where the
 * kernel shows restart_syscall; -1: none. args are exact for a blocked call (the kernel keeps them
 * for the restart).
 */
struct ct_syscall {
	int64_t number;
	uint64_t args[6];
	uint8_t args_known; /* bit i: args[i] is what the caller passed */
	bool restarted; /* the kernel showed restart_syscall; number was recovered, or is it when
			   that failed */
	bool number_known;
};

#define CT_ALL_ARGS 0x3f

struct ct_syscall_row {
	uint16_t number;
	const char *name; /* the kernel's name: "futex", "epoll_pwait" */
};

/* Where a call goes: both 0 when through a register. */
struct ct_call {
	uint64_t target; /* to this address */
	uint64_t slot;   /* to the address that is kept here */
};

/* A fault, as its siginfo_t would say it. */
struct ct_trap {
	int number, code;
	uint64_t address;
};

struct ct_arch {
	const char *name;     /* as uname -m says it */
	const char *gdb_name; /* as gdb's "show architecture" does */
	/* What gdb calls the n_regs registers; NULL: it has none like it. */
	const char *const *gdb_regs;
	uint16_t e_machine;
	size_t prstatus_size; /* of NT_PRSTATUS's descriptor */
	size_t prstatus_pid;  /* offset of pr_pid (32 bits); pr_cursig is at 12 on every machine */
	/* false: the descriptor is too short */
	bool (*from_prstatus)(const void *desc, size_t size, struct ct_regs *ret);
	/*
	 * Adds what another note of the same thread (owner "LINUX", the note's type) says; false:
	 * nothing of ours, or too short. To be called after from_prstatus. NULL: this machine has
	 * no such notes.
	 */
	bool (*from_note)(uint32_t type, const void *desc, size_t size, struct ct_regs *regs);
	const uint8_t *dwarf_to_reg; /* DWARF number -> index */
	uint8_t n_dwarf, n_regs;
	uint8_t sp, pc, fp, ret; /* indices; ret: DWARF's return-address column as an index */
	/*
	 * Is the thread asleep in the kernel? code is the 16 bytes before pc and the 16 from pc on
	 * (NULL: not readable); stack the CT_ARCH_STACK bytes from sp on (NULL likewise), for the
	 * recovery of a restarted call's number. True fills ret.
	 */
	bool (*blocked)(const struct ct_regs *regs, const uint8_t *code, const uint8_t *stack,
		struct ct_syscall *ret);
	/*
	 * Of a thread whose pc is just behind the instruction for a system call, with these
	 * CT_ARCH_CODE_BEFORE bytes before it: the call that it made, when the kernel has refused
	 * it (seccomp). NULL: we cannot tell.
	 */
	bool (*refused)(const struct ct_regs *regs, const uint8_t *code, struct ct_syscall *ret);
	/*
	 * Has a signal interrupted a system call that the kernel makes again when the handler is
	 * done? regs: where it was interrupted, with what the thread (whose registers are those in
	 * the handler) has besides; code: the CT_ARCH_CODE_BEFORE bytes from its pc on. True: regs
	 * are as they were in the call; false: they are in no call. NULL: we cannot tell.
	 */
	bool (*back_in_call)(
		const struct ct_regs *thread, const uint8_t *code, struct ct_regs *regs);
	/*
	 * Of a thread that the kernel has not yet let run on behind a system call: that call, and
	 * its result. NULL: we cannot tell.
	 */
	bool (*returning)(const struct ct_regs *regs, struct ct_syscall *ret, uint64_t *result);
	uint64_t (*thread_pointer)(const struct ct_regs *regs);
	uint64_t (*strip)(
		uint64_t pc, uint64_t mask); /* removes pointer authentication; mask 0: none */
	uint64_t (*pac_mask)(const struct ct_regs *regs); /* strip's mask for this thread's code */
	const struct ct_syscall_row *syscalls;            /* sorted by number */
	size_t n_syscalls;
	/*
	 * The fault that a signal handler may have been called for, from the CT_ARCH_SIGNAL_FRAME
	 * bytes at sp where the handler returns to. What is there may be of an earlier fault of the
	 * same thread: what it says must be compared with the interrupted instruction. NULL: we
	 * cannot tell.
	 */
	bool (*trap)(const uint8_t *frame, struct ct_trap *ret);
	bool link_register; /* the return address of a leaf is in a register */
	/* Bit i: where CFI says nothing of register i, the caller has the same value (the ABI's
	 * callee-saved). */
	uint64_t preserved;
	/* Do these CT_ARCH_CODE_BEFORE bytes end with a call instruction? NULL: we cannot tell. */
	bool (*after_call)(const uint8_t *code);
	/* Where a call goes that ends at addr, as far as its code tells. NULL: we cannot tell. */
	struct ct_call (*call_target)(const uint8_t *code, uint64_t addr);
	/*
	 * Code that jumps through a pointer, as a procedure linkage table does: where the pointer
	 * is; 0: the CT_ARCH_CODE_BEFORE bytes from addr on are something else. NULL: we cannot
	 * tell.
	 */
	uint64_t (*stub_slot)(const uint8_t *code, uint64_t addr);
	/*
	 * Of a thread in pthread_spin_lock: is it in the loop, rather than on its way out with the
	 * lock? code is the CT_ARCH_CODE_BEFORE bytes from pc on. True gives the lock's address.
	 * NULL: we cannot tell.
	 */
	bool (*spins)(const struct ct_regs *regs, const uint8_t *code, uint64_t *lock);
	/*
	 * The code that a signal handler returns to, where no unwind table says so (musl's): its
	 * first n_sigreturn bytes, and where from the stack pointer on the kernel has saved each
	 * register; 0: nowhere. NULL: we cannot tell.
	 */
	const uint8_t *const *sigreturn; /* ended by NULL */
	uint8_t n_sigreturn;
	uint16_t siginfo; /* where it has put siginfo; 0: not known */
	const uint16_t *sigframe;
};

#define CT_ARCH_CODE_BEFORE  16
#define CT_ARCH_SIGNAL_FRAME 352
#define CT_ARCH_CODE         32
#define CT_ARCH_STACK        96

const struct ct_arch *ct_arch_find(uint16_t e_machine);
const struct ct_arch *ct_arch_of_gdb(const char *gdb_name); /* or NULL */
/* The name of a system call on this machine, or NULL. */
const char *ct_syscall_name(const struct ct_arch *arch, int64_t number);
int64_t ct_syscall_number(
	const struct ct_arch *arch, const char *name); /* -1: this machine has none */

static inline uint64_t ct_reg(const struct ct_regs *regs, unsigned index)
{
	return regs->value[index];
}

static inline void ct_reg_set(struct ct_regs *regs, unsigned index, uint64_t value)
{
	regs->value[index] = value;
	regs->known |= UINT64_C(1) << index;
}

extern const struct ct_arch ct_arch_x86_64;
extern const struct ct_arch ct_arch_aarch64;

#endif
