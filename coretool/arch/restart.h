/* SPDX-License-Identifier: Apache-2.0 */
/* Which call hides behind restart_syscall. */
#ifndef CT_ARCH_RESTART_H
#define CT_ARCH_RESTART_H

#include "arch/arch.h"

/*
 * Can the call with this number have been restarted through restart_syscall with these arguments?
 * The kernel does so for four calls only (set_restart_fn: kernel 5.10 to 6.18), and not in all
 * their forms. True is no proof yet: other calls may fit as well.
 */
bool ct_restart_fits(const struct ct_arch *arch, int64_t number, const uint64_t args[6]);

/* The one call that args can be of; false: there are several, or none. */
bool ct_restart_only(const struct ct_arch *arch, const uint64_t args[6], int64_t *ret);

#endif
