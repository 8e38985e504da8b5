/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of a version that has no table: where the runtime's fields are. The program's own type
 * descriptors tell most of it, stripped or not; the rest comes from the table of a neighbour, group
 * by group, as far as this program's memory looks like it.
 */
#ifndef CT_RUNTIME_GO_LAYOUT_H
#define CT_RUNTIME_GO_LAYOUT_H

#include "runtime/go/goroutine.h"

struct ct_go_field_name {
	const char *type, *field; /* "runtime.g", "sched.sp"; "" is the size of the type */
};
extern const struct ct_go_field_name ct_go_field_names[CT_GO_N_FIELDS];

enum ct_go_how {       /* an offset is known */
	CT_GO_GUESSED, /* of another version; nothing speaks for it, or against it */
	CT_GO_CHECKED, /* of another version; what memory has there is what the field has */
	CT_GO_TOLD,    /* by a type descriptor, or by DWARF */
	CT_GO_REFUTED, /* of no version that is known: it is absent from the layout */
};

struct ct_go_fitting {
	struct ct_go *go; /* its layout is filled in */
	uint8_t how[CT_GO_N_FIELDS];
};

/*
 * Sets the fields of those types that the program has descriptors of. False: there is none of
 * runtime.g. go: its layout is that of a neighbour. (layout_types.c)
 */
bool ct_go_layout_by_types(struct ct_go_fitting *f);

/* Checks the others, in groups that stand or fall together, with the offsets of each table, and
 * says in go->unknown what is not known. Finds the globals again. (layout_groups.c) */
void ct_go_layout_by_content(struct ct_go_fitting *f);

/* ---- what memory says of a layout (layout_evidence.c, layout_objects.c) ---- */

#define CT_GO_SAMPLE 256u

struct ct_go_sample {
	const struct ct_go *go;
	uint64_t g[CT_GO_SAMPLE], m[CT_GO_SAMPLE], p[CT_GO_SAMPLE];
	uint32_t n_g, n_m, n_p; /* looked at */
	bool all_m;             /* m has all of them */
};

struct ct_go_evidence {
	uint32_t agree, differ;
};

enum ct_go_parker { /* by which function of the runtime a goroutine has come to wait */
	CT_GO_PARKER_OTHER,
	CT_GO_PARKER_RECEIVE,
	CT_GO_PARKER_SEND,
	CT_GO_PARKER_SELECT,
	CT_GO_PARKER_SLEEP,
};
enum ct_go_parker ct_go_parker_of(const struct ct_go *go, uint64_t g);

typedef void ct_go_check(const struct ct_go_sample *s, struct ct_go_evidence *e);

/* Some goroutines of the list, all over it; Ms and Ps. */
void ct_go_take_sample(const struct ct_go *go, struct ct_go_sample *ret);

static inline void ct_go_count(struct ct_go_evidence *e, bool agrees)
{
	if (agrees)
		e->agree++;
	else
		e->differ++;
}

/* Of goroutines. */
ct_go_check ct_go_check_identity, ct_go_check_registers, ct_go_check_syscall, ct_go_check_parent,
	ct_go_check_reason, ct_go_check_since, ct_go_check_panic, ct_go_check_defer,
	ct_go_check_signal, ct_go_check_labels, ct_go_check_sleep, ct_go_check_locked,
	ct_go_check_cleanups;
/* Of threads and processors. */
ct_go_check ct_go_check_g0, ct_go_check_link, ct_go_check_procid, ct_go_check_current,
	ct_go_check_gsignal, ct_go_check_flags, ct_go_check_m_id, ct_go_check_lockedg,
	ct_go_check_p, ct_go_check_m_of_p, ct_go_check_queue, ct_go_check_next, ct_go_check_ticks;
/* Of what they lead to. */
ct_go_check ct_go_check_sudog, ct_go_check_channel, ct_go_check_elem, ct_go_check_positions,
	ct_go_check_queues, ct_go_check_channel_timer, ct_go_check_timers, ct_go_check_sched,
	ct_go_check_runq, ct_go_check_stopping, ct_go_check_specials, ct_go_check_lastpoll,
	ct_go_check_semaphores, ct_go_check_arenas, ct_go_check_heap, ct_go_check_sections,
	ct_go_check_gofunc;

#endif
