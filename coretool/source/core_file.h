/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read an ELF core share: core_file.c opens and reads, core_notes.c and
 * core_maps.c parse. */
#ifndef CT_SOURCE_CORE_FILE_H
#define CT_SOURCE_CORE_FILE_H

#include "arch/arch.h"
#include "base/arena.h"
#include "base/vec.h"
#include "source/bundle.h"
#include "source/core_fetch.h"
#include "source/map_guard.h"

/* A PT_LOAD whose bytes, as far as the file has them, are [offset, offset + present). */
struct ct_core_load {
	uint64_t start, end; /* addresses */
	uint64_t offset, present;
	uint32_t flags; /* PF_* */
};

/* A row of NT_FILE: a file mapped at [start, end) from file_offset on. */
struct ct_core_mapping {
	uint64_t start, end, file_offset;
	const char *path;
};

struct ct_core {
	const uint8_t *bytes; /* the file, mapped */
	uint64_t size;
	int fd; /* to see whether it changes */
	struct ct_map_guard guard;
	const struct ct_arch *arch;
	struct ct_arena arena;
	CT_VEC(struct ct_core_load) loads;       /* sorted by start, not overlapping */
	CT_VEC(struct ct_core_load) notes;       /* the PT_NOTEs: offset and present alone count */
	CT_VEC(struct ct_core_mapping) mappings; /* likewise */
	CT_VEC(struct ct_map) maps;
	CT_VEC(struct ct_thread) threads;
	const uint8_t *auxv;
	size_t auxv_size;
	struct ct_core_fetch fetch;
	/* Of the file, the first data behind asked; stop 0: nothing was asked for yet. */
	struct {
		uint64_t asked, start, stop;
	} piece;
	size_t last_load; /* the load of the last read */
	struct ct_process process;
	struct ct_bundle *bundle; /* that the core came in, or NULL */
	uint64_t siginfo_pid;
	uint64_t siginfo_lwp; /* the thread whose notes it is among */
	bool have_siginfo;
	bool by_gdb;  /* gdb wrote it, of a process that need not have died */
	bool changed; /* and that was said */
	bool swept;   /* read from one end to the other, and not here and there */
	uint32_t n_fpregsets;
};

/* The core behind a source of ct_core_open(); NULL: it is another kind of source. */
const struct ct_core *ct_core_of(struct ct_source source);

/* The next part of [at, end) of the file that is no hole; CT_DONE: there is none. */
enum ct_status ct_core_data(
	struct ct_core *core, uint64_t at, uint64_t end, uint64_t *start, uint64_t *stop);
/* Reads the notes of one PT_NOTE segment; what does not fit is left out and said in process.damage.
 */
enum ct_status ct_core_read_notes(struct ct_core *core, const uint8_t *notes, uint64_t size);
/* Makes process.signal of what the notes said. */
void ct_core_settle_signal(struct ct_core *core);
/* Sorts loads and mappings; from here on addresses can be looked up. */
void ct_core_tidy(struct ct_core *core);
/* Joins them to maps. */
enum ct_status ct_core_join_maps(struct ct_core *core);
/* Adds a sentence to process.damage. */
CT_PRINTF(2, 3) void ct_core_damaged(struct ct_core *core, const char *fmt, ...);

#endif
