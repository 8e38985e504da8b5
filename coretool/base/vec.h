/* SPDX-License-Identifier: Apache-2.0 */
/* A growing array with 32-bit indices: CT_VEC(struct x) list = {0}; … ct_vec_free(&list). */
#ifndef CT_BASE_VEC_H
#define CT_BASE_VEC_H

#include "base/base.h"

#define CT_VEC(type)                                                                               \
	struct {                                                                                   \
		type *items;                                                                       \
		uint32_t n, cap;                                                                   \
	}

bool ct_vec_grow(void **items, uint32_t *cap, uint32_t n, size_t size);

/* Pointer to a new, zeroed last element; NULL when out of memory. */
#define ct_vec_push(v)                                                                             \
	(ct_vec_grow((void **)&(v)->items, &(v)->cap, (v)->n, sizeof(*(v)->items))                 \
			? memset(&(v)->items[(v)->n++], 0, sizeof(*(v)->items))                    \
			: NULL)

#define ct_vec_free(v)                                                                             \
	do {                                                                                       \
		free((v)->items);                                                                  \
		(v)->items = NULL;                                                                 \
		(v)->n = (v)->cap = 0;                                                             \
	} while (0)

#endif
