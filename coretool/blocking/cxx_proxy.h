/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a waiter of C++20 sleeps for on an entry of libstdc++'s table (bits/atomic_wait.h): the
 * entry is chosen by the object's address, and when the waiter wakes it looks at the object before
 * anything else. So the object is the first memory outside of its stack that its code will load and
 * whose address chooses this entry.
 */
#ifndef CT_BLOCKING_CXX_PROXY_H
#define CT_BLOCKING_CXX_PROXY_H

#include "blocking/primitive.h"

struct ct_cxx_proxied {
	uint64_t addr;
	uint32_t size;  /* bytes that are loaded */
	uint32_t frame; /* whose code it is */
};

/* Is the word at addr in such a table? *entry: which of its entries it is in. */
bool ct_cxx_in_table(const struct ct_blocking *ctx, uint64_t addr, unsigned *entry);
#define CT_CXX_ANY_ENTRY 16u
/* False: it is not known. A few hundred threads are asked, the others not. */
bool ct_cxx_find_proxied(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	unsigned entry, struct ct_cxx_proxied *ret);

#endif
