/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines, and stacks of goroutines, that are not in memory: of a core that is cut off, or that
 * lacks some of the heap. */
#include "base/str.h"
#include "runtime/go/observe.h"

#include <inttypes.h>

#define PAGE      4096
#define MAX_PAGES 64 /* of a deep stack, that are looked at */

static bool is_readable(const struct ct_go_observation *o, uint64_t at)
{
	uint64_t word;

	return !ct_read_u64(o->target, at, &word);
}

/* Go writes to all of its segments of variables at its start, so that each core has them. */
void ct_go_check_variables(struct ct_go_observation *o)
{
	const struct ct_module *module = o->go->module;

	for (size_t i = 0; i < ct_target_n_maps(o->target); i++) {
		const struct ct_map *map = ct_target_map(o->target, i);
		/* Those that start as zeros lie behind the file's. */
		bool in_module = map->start >= module->start && map->start < module->end,
		     is_bss = map->start == module->end && !map->path;

		if ((in_module || is_bss) && map->prot > 0 && map->prot & 2 &&
			map->present < map->end - map->start && !o->missing.variables)
			o->missing.variables = map->start + map->present;
	}
}

/* It is longer by one while a goroutine is being added. */
void ct_go_check_list(struct ct_go_observation *o)
{
	struct ct_go_missing *m = &o->missing;
	uint64_t n;

	if (!o->go->globals.allglen || ct_read_u64(o->target, o->go->globals.allglen, &n) ||
		n == m->n_listed || n + 1 == m->n_listed)
		return;
	ct_target_note(o->target, CT_NOTE_DAMAGED, "Go goroutines",
		"the runtime's list of goroutines has %" PRIu32 ", and its own count of them is "
		"%" PRIu64,
		m->n_listed, n);
	if (n > m->n_listed && n <= INT32_MAX) {
		m->n_goroutines += (uint32_t)n - m->n_listed;
		m->n_listed = (uint32_t)n;
	}
}

void ct_go_check_stack(struct ct_go_observation *o, const struct ct_go_g *g)
{
	struct ct_go_missing *m = &o->missing;
	bool has_sp = g->sp >= g->stack_low && g->sp < g->stack_high;
	bool all = is_readable(o, g->stack_high - sizeof(uint64_t));

	/* What is in use of it, page by page. */
	for (uint64_t i = 0, at = g->sp; all && has_sp && i < MAX_PAGES && at < g->stack_high - 8;
		i++, at += PAGE)
		all = is_readable(o, at);
	if (all)
		return;
	if (m->n_stacks < CT_COUNT(m->stacks))
		m->stacks[m->n_stacks] = g->goid;
	m->n_stacks++;
}

static void say_stacks(const struct ct_go_missing *m, struct ct_str *text)
{
	uint32_t n = CT_MIN(m->n_stacks, (uint32_t)CT_COUNT(m->stacks));

	ct_str_add(
		text, m->n_stacks == 1 ? "the stack of goroutine " : "the stacks of goroutines ");
	for (uint32_t i = 0; i < n; i++)
		ct_str_add(text, "%s%" PRIu64, i ? ", " : "", m->stacks[i]);
	if (m->n_stacks > n)
		ct_str_add(text, " and of %u more", m->n_stacks - n);
	ct_str_add(text, m->n_stacks == 1 ? " is missing or cut" : " are missing or cut");
}

const char *ct_go_say_missing(struct ct_go_observation *o)
{
	const struct ct_go_missing *m = &o->missing;
	ct_autostr text = {0};

	if (!ct_go_misses(o))
		return NULL;
	if (m->variables)
		ct_str_add(&text, "variables of the program, from 0x%" PRIx64 " on, are missing",
			m->variables);
	if (o->go->layout_trust == CT_GO_LAYOUT_NEAREST) {
		ct_str_add(&text, text.len ? "; " : "");
		ct_str_add(&text,
			"the layouts of %s are not known: goroutines are read by those of Go 1.%u",
			o->go->version.text, o->go->layout.minor);
		if (o->go->unknown)
			ct_str_add(&text, ", and of these nothing is known: %s", o->go->unknown);
	}
	if (text.len && (m->list || m->n_goroutines || m->n_stacks))
		ct_str_add(&text, "; ");
	if (m->list)
		ct_str_add(&text,
			"the runtime's list of goroutines (%s) is missing or damaged: nothing is "
			"known of goroutines",
			o->go->version.text);
	if (m->n_goroutines)
		ct_str_add(&text,
			"%u of the %u goroutines in the runtime's list (with those that have "
			"ended) are missing or damaged",
			m->n_goroutines, m->n_listed);
	if (m->n_stacks) {
		ct_str_add(&text, m->n_goroutines ? "; " : "");
		say_stacks(m, &text);
	}
	if (m->n_spans)
		ct_str_add(&text,
			"%s%" PRIu32 " spans or arenas of the heap are missing or damaged",
			text.len ? "; " : "", m->n_spans);
	return ct_sink_string(o->sink, ct_str_text(&text));
}
