/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target: the bytes of a source given meaning. Memory, maps and threads here; modules in
 * modules.h, names in symbols.h, source lines in lines.h, object names in object_name.h, stacks in
 * unwind.h.
 */
#ifndef CT_TARGET_TARGET_H
#define CT_TARGET_TARGET_H

#include "arch/arch.h"
#include "base/base.h"

struct ct_arena;

/* Notes of the target layer wait here until the observer moves them into the facts. */
enum ct_note_code {
	CT_NOTE_DAMAGED = 901,
	CT_NOTE_MISSING_FILE = 902,
	CT_NOTE_MISMATCH = 903,
	CT_NOTE_UNKNOWN_RUNTIME = 904,
	CT_NOTE_GUESSED_LAYOUT = 905,
	CT_NOTE_LIMIT = 906,
	CT_NOTE_NOT_ASKED = 907,
	CT_NOTE_NOT_STILL = 908,
	CT_NOTE_TWO_CLAIMS = 909,
};

/* about: a path, an address, an actor; text: a sentence. The same note twice is kept once. */
CT_PRINTF(4, 5)
void ct_target_note(
	struct ct_target *target, enum ct_note_code code, const char *about, const char *fmt, ...);
/* The i-th note; CT_DONE behind the last. The strings live as long as the target. */
enum ct_status ct_target_next_note(const struct ct_target *target, size_t *cur,
	enum ct_note_code *code, const char **about, const char **text);

const struct ct_arch *ct_target_arch(const struct ct_target *target);
const struct ct_process *ct_target_process(struct ct_target *target);
const struct ct_options *ct_target_options(const struct ct_target *target);
struct ct_arena *ct_target_arena(struct ct_target *target); /* lives as long as the target */

size_t ct_target_n_threads(const struct ct_target *target);
const struct ct_thread *ct_target_thread(const struct ct_target *target, size_t i);

/* Maps are sorted and do not overlap. */
size_t ct_target_n_maps(const struct ct_target *target);
const struct ct_map *ct_target_map(const struct ct_target *target, size_t i);
const struct ct_map *ct_target_map_at(const struct ct_target *target, uint64_t addr); /* or NULL */
/* Bytes that the source has of all maps: no more than these hold can be anywhere. */
uint64_t ct_target_present(const struct ct_target *target);
enum ct_status ct_target_auxv(struct ct_target *target, uint64_t type, uint64_t *ret);

/*
 * The one reader for everything above. Bytes that the source lacks come from the module on disk,
 * when its build id matches and the segment is not writable. CT_FAULT when not all of len can be
 * had: what buf holds then is not defined.
 */
enum ct_status ct_read(struct ct_target *target, uint64_t addr, void *buf, size_t len);
/*
 * The next part of [addr, end) of one mapping that the source itself has and that can be other than
 * zeros; CT_DONE: there is none.
 */
enum ct_status ct_target_next_data(
	struct ct_target *target, uint64_t addr, uint64_t end, uint64_t *start, uint64_t *stop);
/* Does ct_view() ever give bytes? Else each read is a question to somebody. */
bool ct_target_has_view(const struct ct_target *target);
/* A pointer to the bytes in place, valid while the target is open; CT_FAULT where ct_read may still
 * do. */
enum ct_status ct_view(struct ct_target *target, uint64_t addr, size_t len, const void **ret);
/*
 * Much is going to be read: where, and that it is next. A core that is not in the page cache is
 * then read together, and not a page at a time. Both only cost time where there is nothing to gain.
 */
void ct_want(struct ct_target *target, uint64_t addr, uint64_t len);
void ct_fetch(struct ct_target *target);
/*
 * Has the bytes loaded into the processor's cache, where the source has them in place: they will be
 * asked for, and those of many places are waited for at once.
 */
void ct_expect(struct ct_target *target, uint64_t addr, size_t len);
/*
 * Bytes of a program's image, of any length: in place where the source or the module's file has
 * them in one piece, else a copy that lives as long as the target.
 */
enum ct_status ct_view_image(struct ct_target *target, uint64_t addr, size_t len, const void **ret);
enum ct_status ct_read_u32(struct ct_target *target, uint64_t addr, uint32_t *ret);
enum ct_status ct_read_u64(struct ct_target *target, uint64_t addr, uint64_t *ret);
/* A string of at most size - 1 bytes; it ends at a NUL, or where memory or buf ends. CT_FAULT: not
 * one byte. */
enum ct_status ct_read_string(struct ct_target *target, uint64_t addr, char *buf, size_t size);

#endif
