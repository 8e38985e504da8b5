/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions of docs/gdb-pipe.md. CT_IO: gdb has no answer to give, or the conversation is over;
 * the text says which. An answer that is not what it should be ends the conversation.
 */
#ifndef CT_SOURCE_GDB_ASK_H
#define CT_SOURCE_GDB_ASK_H

#include <elf.h>

#include "arch/arch.h"
#include "base/arena.h"
#include "base/vec.h"
#include "source/block_cache.h"
#include "source/pipe_frame.h"

/* Strings and registers live in the arena of what they came with. */
struct ct_gdb_threads {
	CT_VEC(struct ct_thread) list;
	struct ct_arena arena;
};

struct ct_gdb_maps {
	CT_VEC(struct ct_map) list;
	struct ct_arena arena;
};

struct ct_gdb_auxv {
	CT_VEC(Elf64_auxv_t) list;
};

/* Strings belong to arena. CT_UNSUPPORTED: another machine. */
CT_WARN_UNUSED enum ct_status ct_gdb_ask_process(
	struct ct_pipe *pipe, struct ct_arena *arena, struct ct_process *ret, struct ct_error *err);
/* With the registers of this machine; NULL: without. To be freed also when this fails. */
CT_WARN_UNUSED enum ct_status ct_gdb_ask_threads(struct ct_pipe *pipe, const struct ct_arch *arch,
	struct ct_gdb_threads *ret, struct ct_error *err);
void ct_gdb_threads_free(struct ct_gdb_threads *threads);
/* Likewise. */
CT_WARN_UNUSED enum ct_status ct_gdb_ask_maps(
	struct ct_pipe *pipe, struct ct_gdb_maps *ret, struct ct_error *err);
void ct_gdb_maps_free(struct ct_gdb_maps *maps);
/* Likewise. */
CT_WARN_UNUSED enum ct_status ct_gdb_ask_auxv(
	struct ct_pipe *pipe, struct ct_gdb_auxv *ret, struct ct_error *err);
void ct_gdb_auxv_free(struct ct_gdb_auxv *auxv);
/* A ct_cache_fetch; arg: the pipe. */
bool ct_gdb_ask_memory(
	void *arg, const struct ct_cache_range *ranges, size_t n, const uint8_t **got);

#endif
