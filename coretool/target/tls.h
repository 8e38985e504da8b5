/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thread-local variables. On x86-64 the blocks of the modules that were there at the start lie
 * right below the thread pointer, the program's own first (ELF Handling For Thread-Local Storage,
 * variant II).
 */
#ifndef CT_TARGET_TLS_H
#define CT_TARGET_TLS_H

#include "target/symbols.h"

struct ct_tls;

/* NULL: no memory. */
struct ct_tls *ct_tls_new(struct ct_target *target);
void ct_tls_free(struct ct_tls *tls);

/*
 * The variable at addr, and the offset in it, in the blocks of the thread with this thread pointer.
 * Of libraries it is told only where one alone can have a variable there. has_dtv: the thread has
 * glibc's table of blocks. CT_NOT_FOUND: none is known; *inside says whether addr is in one of the
 * blocks.
 */
enum ct_status ct_tls_variable(struct ct_tls *tls, uint64_t tp, bool has_dtv, uint64_t addr,
	struct ct_symbol *ret, uint64_t *offset, bool *inside);

#endif
