/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Go runtime of one program as it was found in its image: version, layouts, tables of
 * functions, globals. Everything in runtime/go/ works on it, and nothing in it changes any more
 * once ct_go_find() has made it.
 *
 * Nothing here needs symbols or DWARF: a stripped program has the function table that the runtime
 * itself unwinds with (pclntab), and its functions refer to the globals.
 */
#ifndef CT_RUNTIME_GO_GO_H
#define CT_RUNTIME_GO_GO_H

#include "runtime/go/fields.h"
#include "runtime/go/table.h"

struct ct_go_version {
	uint8_t major, minor;
	const char *text; /* "go1.24.4 X:nocoverageredesign"; in the target's arena */
	bool experiments; /* it says that some were on: layouts may differ from the version's */
};

/* How the layout of the runtime's types is known. */
enum ct_go_layout_trust {
	CT_GO_LAYOUT_VERSION, /* the table of this version */
	CT_GO_LAYOUT_DWARF,   /* the program's own DWARF */
	CT_GO_LAYOUT_NEAREST, /* the program's types, and the table of another version, checked */
};

/* Addresses of globals of the runtime; 0: not found. */
struct ct_go_globals {
	uint64_t allgs;   /* []*g */
	uint64_t allglen; /* uintptr: how long allgs is, for those who read it without its lock */
	uint64_t allm;    /* *m */
	uint64_t allp;    /* []*p */
	uint64_t sched;   /* schedt */
	uint64_t reasons; /* waitReasonStrings: [...]string */
	uint32_t n_reasons;
	uint64_t semtable; /* [251]struct{root semaRoot; pad} */
	uint64_t gcphase;  /* uint32 */
	uint64_t fing;     /* fingStatus; up to 1.19 fingRunning */
	uint64_t itabs;    /* *itabTableType */
	uint64_t heap;     /* mheap_ */
	uint64_t allfin;   /* *finblock */
	uint64_t cleanups; /* gcCleanups: cleanupQueue, since 1.25 */
	uint64_t epoch; /* time.startNano: nanotime() when monotonic times of package time began */
	uint64_t allpools;                       /* []*sync.Pool: used since the last collection */
	uint64_t oldpools;                       /* the same: since the one before it */
	uint64_t mbuckets, xbuckets, bbuckets;   /* *bucket: of memory, mutexes and blocking */
	uint64_t mprofcycle;                     /* mProfCycle: uint32 */
	uint64_t heaprate, blockrate, mutexrate; /* MemProfileRate … */
	uint64_t ticks;                          /* ticksType */
};

struct ct_go {
	struct ct_target *target;
	const struct ct_module *module; /* that has the runtime */
	struct ct_go_version version;
	struct ct_go_layout layout;
	enum ct_go_layout_trust layout_trust;
	const char *unknown; /* what is not known, because fields are nowhere; NULL: nothing */
	uint32_t n_guessed;  /* fields of another version's that nothing speaks for, or against */
	struct ct_go_tables tables;
	uint8_t wrapper; /* the id of functions that the compiler made; 0: not known */
	struct ct_go_globals globals;
	const char **reasons; /* globals.n_reasons strings out of the image; "" for none */
};

/*
 * Looks for a Go runtime in the target. CT_NOT_FOUND: no module is a Go program. With CT_OK, and
 * *ret NULL, there is one that cannot be read; notes say why.
 */
CT_WARN_UNUSED enum ct_status ct_go_find(struct ct_target *target, struct ct_go **ret);
void ct_go_free(struct ct_go *go);

/* Offset of a field; CT_GO_ABSENT: this version has no such field. */
#define ct_go_at(go, id)  ((go)->layout.offset[CT_GO_##id])
#define ct_go_has(go, id) (ct_go_at(go, id) != CT_GO_ABSENT)

/* Reads a field of the object at addr; CT_FAULT also where this version has no such field. */
enum ct_status ct_go_u64(
	const struct ct_go *go, uint64_t addr, enum ct_go_field field, uint64_t *ret);
enum ct_status ct_go_u32(
	const struct ct_go *go, uint64_t addr, enum ct_go_field field, uint32_t *ret);
enum ct_status ct_go_u8(
	const struct ct_go *go, uint64_t addr, enum ct_go_field field, uint8_t *ret);
/* The same, 0 where it cannot be read. */
uint64_t ct_go_word(const struct ct_go *go, uint64_t addr, enum ct_go_field field);

/* Is the version at least 1.minor? */
static inline bool ct_go_since(const struct ct_go *go, unsigned minor)
{
	return go->version.major > 1 || go->version.minor >= minor;
}

/* A Go string ({pointer, length}) at addr; longer ones are cut. False: not readable. */
bool ct_go_string(struct ct_target *target, uint64_t addr, char *buf, size_t size);

/* The version out of the module's build information; CT_NOT_FOUND: it is no Go program.
 * (buildinfo.c) */
enum ct_status ct_go_read_version(
	struct ct_target *target, const struct ct_module *module, struct ct_go_version *ret);
/* Picks the layout for the version and DWARF. (layout.c) */
void ct_go_choose_layout(struct ct_go *go);
/*
 * Of a version without a table: takes fields as the program's types tell them, and of the table of
 * a neighbour as far as the program's memory looks like it. Finds the globals, as
 * ct_go_find_globals(). (layout.c)
 */
void ct_go_fit_layout(struct ct_go *go);
/* Finds the globals by the operands of functions that use them. (globals.c) */
void ct_go_find_globals(struct ct_go *go);

#endif
