/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a word on a stack a return address? By the instruction before it, which must be a call that
 * may have gone to the code that runs, and by where CFI leads from it: a real one leads to more
 * return addresses, the remains of an earlier call mostly do not.
 */
#ifndef CT_TARGET_RETURN_ADDRESS_H
#define CT_TARGET_RETURN_ADDRESS_H

#include "target/cfi.h"
#include "target/stack_words.h"

#define CT_WORD 8 /* of every machine that we know */

struct ct_guesser {
	struct ct_target *target;
	const struct ct_arch *arch;
	struct ct_cfi *cfi;
	struct ct_stack_words *stack;
	uint64_t pac_mask; /* of the thread */
	uint64_t *work;    /* grows by the words looked at and the steps tried */
};

enum ct_call_site {
	CT_CALL_NO,
	CT_CALL_UNSEEN, /* the code cannot be read */
	CT_CALL_YES,
};

/* A stack as it would be right behind a return. */
struct ct_trail {
	uint64_t ret, sp;
	uint64_t fp; /* valid when fp_known */
	bool fp_known;
	/*
	 * Where the return address of the frame is that the thread's frame pointer is of; 0: it is
	 * of none. A trail that comes by without that frame pointer is a remain.
	 */
	uint64_t fp_ret_at;
};

enum ct_follow {
	CT_FOLLOW_BROKEN,  /* into nothing */
	CT_FOLLOW_NO_CFI,  /* it cannot be followed: its code has no CFI */
	CT_FOLLOW_SOUND,   /* to more return addresses */
	CT_FOLLOW_OWNS_FP, /* its function is the one that the frame pointer is of */
};

/* The word at addr, as a return address. */
enum ct_status ct_return_read(const struct ct_guesser *g, uint64_t addr, uint64_t *ret);
/* Does a call end at ret that may have gone to the function at callee? */
enum ct_call_site ct_call_site_at(const struct ct_guesser *g, uint64_t ret, uint64_t callee);
/* Where the call that ends at ret goes; 0: no call does, or that is not known. */
uint64_t ct_call_target(const struct ct_guesser *g, uint64_t ret);
enum ct_follow ct_return_follow(const struct ct_guesser *g, struct ct_trail trail);

#endif
