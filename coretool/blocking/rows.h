/* SPDX-License-Identifier: Apache-2.0 */
/* The primitives, one per file; table.c puts them in order. */
#ifndef CT_BLOCKING_ROWS_H
#define CT_BLOCKING_ROWS_H

#include "blocking/primitive.h"

/* The kind of resource that an arena of malloc is. */
#define CT_MALLOC_ARENA "malloc_arena"

extern const struct ct_primitive ct_primitive_barrier;
extern const struct ct_primitive ct_primitive_cond;
extern const struct ct_primitive ct_primitive_cxx_atomic;
extern const struct ct_primitive ct_primitive_cxx_barrier;
extern const struct ct_primitive ct_primitive_cxx_future;
extern const struct ct_primitive ct_primitive_cxx_guard;
extern const struct ct_primitive ct_primitive_cxx_latch;
extern const struct ct_primitive ct_primitive_cxx_semaphore;
extern const struct ct_primitive ct_primitive_futex;
extern const struct ct_primitive ct_primitive_gomp_barrier;
extern const struct ct_primitive ct_primitive_gomp_lock;
extern const struct ct_primitive ct_primitive_gomp_task;
extern const struct ct_primitive ct_primitive_join;
extern const struct ct_primitive ct_primitive_libc_internal;
extern const struct ct_primitive ct_primitive_libc_lock;
extern const struct ct_primitive ct_primitive_malloc_arena;
extern const struct ct_primitive ct_primitive_musl_barrier;
extern const struct ct_primitive ct_primitive_musl_cond;
extern const struct ct_primitive ct_primitive_musl_file;
extern const struct ct_primitive ct_primitive_musl_internal;
extern const struct ct_primitive ct_primitive_musl_mutex;
extern const struct ct_primitive ct_primitive_musl_rwlock;
extern const struct ct_primitive ct_primitive_mutex;
extern const struct ct_primitive ct_primitive_once;
extern const struct ct_primitive ct_primitive_rust_barrier;
extern const struct ct_primitive ct_primitive_rust_channel;
extern const struct ct_primitive ct_primitive_rust_cond;
extern const struct ct_primitive ct_primitive_rust_mutex;
extern const struct ct_primitive ct_primitive_rust_once;
extern const struct ct_primitive ct_primitive_rust_park;
extern const struct ct_primitive ct_primitive_rust_rwlock;
extern const struct ct_primitive ct_primitive_rust_scope;
extern const struct ct_primitive ct_primitive_rwlock;
extern const struct ct_primitive ct_primitive_sem;
extern const struct ct_primitive ct_primitive_spin;

/* What a variable of libc's that is a lock is called, by symbols or its place; NULL: not known. */
const char *ct_libc_internal_name(const struct ct_blocking *ctx, uint64_t addr);

/* struct ct_primitive's read() for a word that is such a lock, glibc's or musl's. */
enum ct_status ct_libc_internal_read(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret);

#endif
