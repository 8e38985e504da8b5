/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fingerprint is the same for the same mistake in another run: the rule and the functions in
 * which the threads stand, without addresses, ids or times; where no thread stands anywhere, the
 * objects. Threads of a cycle count in order but from no fixed start.
 */
#include "base/hash.h"
#include "base/str.h"
#include "facts/crash.h"
#include "rules/policy.h"
#include "rules/verdict.h"
#include "rules/words.h"

#define MAX_FUNCTIONS                                                                              \
	12 /* per stack, of the program's own: the library's differ between its versions */
#define MAX_ACTORS 64

static uint32_t add_site(struct ct_str *s, const struct ct_facts *facts, const struct ct_site *site)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < site->n_lines; i++)
		if (site->lines[i].function) {
			ct_str_add_function(s, site->lines[i].function);
			ct_str_add(s, ";");
			n++;
		}
	if (n)
		return n;
	if (site->function) {
		ct_str_add_function(s, site->function);
		ct_str_add(s, ";");
	} else if (site->module != CT_NONE) {
		const struct ct_fact_module *module = &facts->modules[site->module];
		uint64_t at = site->function_start ? site->function_start : site->offset;

		ct_str_add(s, "%s+%llx;", module->build_id ? module->build_id : module->path,
			(unsigned long long)at);
	} else {
		ct_str_add(s, "?;");
	}
	return 1;
}

/* The hash of where one actor stands; 0: it has no stack. */
static uint64_t hash_actor(const struct ct_facts *facts, uint32_t actor)
{
	uint32_t first = ct_own_frame(facts, actor), n = 0;
	ct_autostr s = {0};

	if (first == CT_NONE)
		return 0;
	const struct ct_stack *stack = &facts->stacks[facts->actors[actor].stack];
	for (uint32_t i = first; i < stack->n_frames && n < MAX_FUNCTIONS; i++)
		if (ct_own_site(facts, stack->frames[i].site))
			n += add_site(&s, facts, &facts->sites[stack->frames[i].site]);
	return s.failed ? 0 : ct_hash_bytes(ct_str_text(&s), s.len);
}

/* Starts the ring at the place from which it reads smallest. */
static void rotate(uint64_t *ring, uint32_t n)
{
	uint64_t turned[MAX_ACTORS];
	uint32_t best = 0;

	for (uint32_t start = 1; start < n; start++)
		for (uint32_t i = 0; i < n; i++) {
			uint64_t a = ring[(start + i) % n], b = ring[(best + i) % n];

			if (a != b) {
				best = a < b ? start : best;
				break;
			}
		}
	for (uint32_t i = 0; i < n; i++)
		turned[i] = ring[(best + i) % n];
	memcpy(ring, turned, n * sizeof(*ring));
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint32_t ring_of_cycle(const struct ct_document *doc, uint32_t cycle, uint64_t *ring)
{
	const struct ct_cycle *c = &doc->graph->cycles[cycle];
	uint32_t n = CT_MIN(c->n_edges, (uint32_t)MAX_ACTORS);

	for (uint32_t i = 0; i < n; i++)
		ring[i] = hash_actor(doc->facts, c->edges[i].waiter);
	if (c->kind == CT_CYCLE_KNOT)
		qsort(ring, n, sizeof(*ring), by_value);
	else
		rotate(ring, n);
	return n;
}

/* Adds a hash, each once and in the order of numbers. */
static uint32_t add_sorted(uint64_t *ring, uint32_t n, uint64_t hash)
{
	uint32_t at = 0;

	while (at < n && ring[at] < hash)
		at++;
	if (!hash || (at < n && ring[at] == hash))
		return n;
	memmove(ring + at + 1, ring + at, (n - at) * sizeof(*ring));
	ring[at] = hash;
	return n + 1;
}

/* Without a cycle: the places of the proof, each once and in no order, since many threads may stand
 * there. */
static uint32_t ring_of_steps(
	const struct ct_document *doc, const struct ct_finding *f, uint64_t *ring)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n_steps && n < MAX_ACTORS; i++)
		if (f->steps[i].actor != CT_NONE)
			n = add_sorted(ring, n, hash_actor(doc->facts, f->steps[i].actor));
	return n;
}

/* The name without the addresses in it, which another run has not; offsets stay. */
static void add_name(struct ct_str *s, const char *name)
{
	for (const char *at = name; *at;) {
		size_t n = strcspn(at, " ");
		bool is_address = !strncmp(at, "0x", 2);

		n += strspn(at + n, " ");
		if (!is_address)
			ct_str_add_bytes(s, at, n);
		at += n;
	}
}

/* The hash of what an object is called; without a name, of what kind it is and where in a block. */
static uint64_t hash_resource(const struct ct_resource *r)
{
	ct_autostr s = {0};

	ct_str_add(&s, "%s;", r->kind);
	if (r->name)
		add_name(&s, r->name);
	else if (r->block)
		ct_str_add(&s, "%llu of %llu", (unsigned long long)r->block->offset,
			(unsigned long long)r->block->size);
	else
		ct_str_add(&s, "place %d", (int)r->place);
	return s.failed ? 0 : ct_hash_bytes(ct_str_text(&s), s.len);
}

/* Of whom nobody is left who stands anywhere: what they have left behind. */
static uint32_t ring_of_resources(
	const struct ct_facts *facts, const struct ct_finding *f, uint64_t *ring)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n_resources && n < MAX_ACTORS; i++)
		n = add_sorted(ring, n, hash_resource(&facts->resources[f->resources[i]]));
	return n;
}

static const char *fingerprint(struct ct_document *document, const struct ct_finding *f)
{
	uint64_t ring[MAX_ACTORS + 2];
	uint32_t n = f->n_cycles ? ring_of_cycle(document, f->cycles[0], ring)
				 : ring_of_steps(document, f, ring);
	bool any = false;

	for (uint32_t k = 0; k < n; k++)
		any |= ring[k] != 0;
	if (!any)
		n = ring_of_resources(document->facts, f, ring);
	if (!n && f->subject)
		ring[n++] = ct_hash_bytes(f->subject, strlen(f->subject));
	if (!n)
		return NULL;
	ring[n] = ct_hash_bytes(f->rule, strlen(f->rule));
	return ct_arena_printf(&document->arena, "%016llx",
		(unsigned long long)ct_hash_bytes(ring, (n + 1) * sizeof(*ring)));
}

void ct_document_fingerprint(struct ct_document *document)
{
	bool known = false;

	for (uint32_t i = 0; i < document->n_findings; i++) {
		/* The findings are the document's own. */
		struct ct_finding *f = (struct ct_finding *)(uintptr_t)&document->findings[i];

		f->fingerprint = fingerprint(document, f);
		if (!f->ignored_by)
			f->ignored_by = ct_policy_ignores(document->policy, document->facts, f);
		known |= f->ignored_by != NULL;
	}
	if (known)
		ct_document_judge(document);
}

static void want_stack(const struct ct_facts *facts, uint32_t index, bool *wanted)
{
	for (uint32_t f = 0; index != CT_NONE && f < facts->stacks[index].n_frames; f++)
		wanted[facts->stacks[index].frames[f].site] = true;
}

/* Of the wanted sites those of the program's own code; the caller frees *ret. */
static enum ct_status own_sites(
	const struct ct_facts *facts, const bool *wanted, uint32_t **ret, uint32_t *n)
{
	uint32_t *sites = malloc(((size_t)facts->n_sites + 1) * sizeof(*sites));
	uint32_t found = 0;

	for (uint32_t i = 0; sites && i < facts->n_sites; i++)
		if (wanted[i] && ct_own_site(facts, i))
			sites[found++] = i;
	*ret = sites;
	*n = found;
	return sites ? CT_OK : CT_NO_MEMORY;
}

enum ct_status ct_crash_sites(const struct ct_facts *facts, uint32_t **ret, uint32_t *n)
{
	ct_autofree bool *wanted = calloc((size_t)facts->n_sites + 1, sizeof(*wanted));

	if (!wanted)
		return CT_NO_MEMORY;
	if (facts->crash)
		want_stack(facts, facts->actors[facts->crash->actor].stack, wanted);
	return own_sites(facts, wanted, ret, n);
}

enum ct_status ct_document_sites(const struct ct_document *document, uint32_t **ret, uint32_t *n)
{
	const struct ct_facts *facts = document->facts;
	ct_autofree bool *wanted = calloc((size_t)facts->n_sites + 1, sizeof(*wanted));

	if (!wanted)
		return CT_NO_MEMORY;
	if (document->sections & CT_SECTION_ALL_STACKS)
		for (uint32_t i = 0; i < facts->n_stacks; i++)
			want_stack(facts, i, wanted);
	const struct ct_fact_signal *signal = &facts->target.signal;
	if (signal->number && !signal->sent && signal->actor != CT_NONE)
		want_stack(facts, facts->actors[signal->actor].stack, wanted);
	for (uint32_t i = 0; i < document->n_findings; i++)
		for (uint32_t k = 0; k < document->findings[i].n_steps; k++) {
			uint32_t actor = document->findings[i].steps[k].actor;

			if (actor != CT_NONE)
				want_stack(facts, facts->actors[actor].stack, wanted);
		}
	return own_sites(facts, wanted, ret, n);
}
