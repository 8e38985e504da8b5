/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OS threads as the runtime lists them (allm), and which thread of the target each is: by the
 * number that it got from the kernel (m.procid, minit() of os_linux.go).
 */
#include "runtime/go/observe.h"

#include <inttypes.h>

#include "base/vec.h"
#include "runtime/go/goroutine.h"

#define LEAST_M 256 /* bytes; larger in all versions */

static uint32_t find_thread(const struct ct_go_observation *o, uint64_t procid)
{
	uint32_t thread = procid ? ct_sink_thread_by_id(o->sink, procid) : CT_NONE;

	return thread != CT_NONE && thread < ct_target_n_threads(o->target) ? thread : CT_NONE;
}

/*
 * Kept for a thread of C to come: its goroutine is dead. Up to 1.20 it still has the number of the
 * thread that called into Go last (dropm() of proc.go); that one is none of the runtime's now.
 */
static bool is_spare(const struct ct_go *go, const struct ct_go_machine *m)
{
	uint32_t status;

	if (!m->current || ct_go_u32(go, m->current, CT_GO_G_ATOMICSTATUS, &status))
		return false;
	status &= ~CT_GO_SCAN_BIT;
	return status == CT_GO_DEAD || status == CT_GO_DEADEXTRA;
}

static int by_address(const void *a, const void *b)
{
	const struct ct_go_machine *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static struct ct_go_machine read_machine(const struct ct_go_observation *o, uint64_t at)
{
	const struct ct_go *go = o->go;
	struct ct_go_machine m = {
		.at = at,
		.g0 = ct_go_word(go, at, CT_GO_M_G0),
		.gsignal = ct_go_word(go, at, CT_GO_M_GSIGNAL),
		.current = ct_go_word(go, at, CT_GO_M_CURG),
		.procid = ct_go_word(go, at, CT_GO_M_PROCID),
	};

	m.thread = is_spare(go, &m) ? CT_NONE : find_thread(o, m.procid);
	return m;
}

/* Each once, by address. */
static uint32_t sort(struct ct_go_machine *list, uint32_t n)
{
	uint32_t kept = 0;

	if (n)
		qsort(list, n, sizeof(*list), by_address);
	for (uint32_t i = 0; i < n; i++)
		if (!kept || list[i].at != list[kept - 1].at)
			list[kept++] = list[i];
	return kept;
}

/* The walk ends where the list comes back to (Brent), or memory has no room for more. */
enum ct_status ct_go_read_machines(struct ct_go_observation *o)
{
	const struct ct_go *go = o->go;
	CT_VEC(struct ct_go_machine) list = {0};
	uint64_t at = 0, mark = 0, room = ct_target_present(o->target) / LEAST_M;

	if (go->globals.allm)
		(void)!ct_read_u64(go->target, go->globals.allm, &at);
	while (at && at != mark && list.n < room) {
		struct ct_go_machine *m = ct_vec_push(&list);

		if (!m) {
			ct_vec_free(&list);
			return CT_NO_MEMORY;
		}
		*m = read_machine(o, at);
		if (!(list.n & (list.n - 1)))
			mark = at;
		if (ct_go_u64(go, at, CT_GO_M_ALLLINK, &at))
			break;
	}
	o->machines = list.items;
	o->n_machines = sort(list.items, list.n);
	if (at)
		ct_target_note(o->target, CT_NOTE_DAMAGED, "Go threads",
			"the runtime's list of threads is damaged: it does not end behind the "
			"%" PRIu32 " that were found",
			o->n_machines);
	return CT_OK;
}

const struct ct_go_machine *ct_go_machine_at(const struct ct_go_observation *o, uint64_t at)
{
	const struct ct_go_machine key = {.at = at};

	return at && o->n_machines
		       ? bsearch(&key, o->machines, o->n_machines, sizeof(*o->machines), by_address)
		       : NULL;
}

const struct ct_thread *ct_go_machine_thread(
	const struct ct_go_observation *o, const struct ct_go_machine *m)
{
	const struct ct_thread *thread =
		m && m->thread != CT_NONE ? ct_target_thread(o->target, m->thread) : NULL;

	return thread && thread->stopped ? thread : NULL;
}

const struct ct_go_machine *ct_go_machine_of(const struct ct_go_observation *o, uint32_t thread)
{
	for (uint32_t i = 0; thread != CT_NONE && i < o->n_machines; i++)
		if (o->machines[i].thread == thread)
			return &o->machines[i];
	return NULL;
}
