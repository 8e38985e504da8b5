/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/explain.h"

#include <sys/mman.h>

#include "base/str.h"
#include "facts/go_heap.h"
#include "facts/go_references.h"
#include "target/object_name.h"
#include "target/symbols.h"

#define MAX_ROWS  128
#define MAX_NAMED 8 /* threads named in one row */

struct explain {
	struct ct_target *target;
	const struct ct_facts *facts;
	struct ct_arena *arena;
	uint64_t addr;
	struct ct_explanation *rows;
	uint32_t n;
};

CT_PRINTF(3, 4)
static void say(struct explain *x, const char *key, const char *fmt, ...)
{
	ct_autostr text = {0}, clean = {0};
	va_list args;

	va_start(args, fmt);
	ct_str_vadd(&text, fmt, args);
	va_end(args);
	ct_str_add_clean(&clean, ct_str_text(&text), text.len, 4096);
	const char *copy = ct_arena_strndup(x->arena, ct_str_text(&clean), clean.len);
	if (copy && x->n < MAX_ROWS)
		x->rows[x->n++] = (struct ct_explanation){key, copy};
}

static const char *thread(struct explain *x, uint32_t actor)
{
	return ct_actor_words(x->arena, x->facts, actor, NULL);
}

/* Adds one thread to a list of at most MAX_NAMED; n are in it already. */
static void add_number(struct explain *x, struct ct_str *list, uint32_t n, uint32_t actor)
{
	const struct ct_actor *a = &x->facts->actors[actor];

	if (n >= MAX_NAMED)
		return;
	if (x->facts->say_numbers && ct_actor_number(a))
		ct_str_add(list, "%s%s", n ? ", " : "", ct_actor_number(a));
	else
		ct_str_add(list, "%s%llu", n ? ", " : "", (unsigned long long)a->id);
}

static void say_list(
	struct explain *x, const char *key, const char *what, const struct ct_str *list, uint32_t n)
{
	if (n)
		say(x, key, "%s%s %s%s", what, n == 1 ? "" : "s", ct_str_text(list),
			n > MAX_NAMED ? ", …" : "");
}

static void say_mapping(struct explain *x)
{
	const struct ct_map *map = ct_target_map_at(x->target, x->addr);

	if (!map) {
		say(x, "mapping", "none: no memory of the process was here");
		return;
	}
	const char *what = map->path ? map->path : "anonymous memory";
	if (map->prot < 0)
		say(x, "mapping", "%s, 0x%llx to 0x%llx, protection not recorded", what,
			(unsigned long long)map->start, (unsigned long long)map->end);
	else
		say(x, "mapping", "%s, 0x%llx to 0x%llx, %c%c%c", what,
			(unsigned long long)map->start, (unsigned long long)map->end,
			map->prot & PROT_READ ? 'r' : '-', map->prot & PROT_WRITE ? 'w' : '-',
			map->prot & PROT_EXEC ? 'x' : '-');
	if (x->addr - map->start >= map->present)
		say(x, "bytes", "not in this core");
}

static void say_symbol(struct explain *x)
{
	const struct ct_module *module = ct_module_at(x->target, x->addr);
	struct ct_symbol symbol;
	const char *name;
	bool from_dwarf;

	if (module)
		say(x, "module", "%s+0x%llx", module->path,
			(unsigned long long)(x->addr - module->start));
	if (!ct_symbol_at(x->target, x->addr, CT_SYMBOL_CODE, &symbol))
		say(x, "function", "%s+0x%llx", ct_symbol_demangle(x->arena, symbol.name),
			(unsigned long long)(x->addr - symbol.start));
	else if (module && !ct_object_name(x->target, x->addr, x->arena, &name, &from_dwarf) &&
		 strncmp(name, module->name, strlen(module->name)) != 0)
		say(x, "object", "%s%s", name, from_dwarf ? "" : " (by symbol)");
}

static void say_threads(struct explain *x)
{
	const struct ct_arch *arch = ct_target_arch(x->target);
	const struct ct_map *map = ct_target_map_at(x->target, x->addr);
	ct_autostr in_registers = {0};
	/* Stacks of goroutines, and so the stack pointers of those that run them, lie there. */
	bool is_go_s = x->facts->go_object || x->facts->go_place;
	uint32_t best = CT_NONE, n = 0;
	uint64_t best_sp = 0;

	for (uint32_t i = 0; i < x->facts->n_actors && i < ct_target_n_threads(x->target); i++) {
		const struct ct_actor *actor = &x->facts->actors[i];
		const struct ct_thread *t = ct_target_thread(x->target, i);
		bool has = false;

		if (actor->object && actor->object == x->addr)
			say(x, "thread", "the descriptor (struct pthread) of %s", thread(x, i));
		if (!t->stopped)
			continue;
		uint64_t sp = ct_reg(t->regs, arch->sp);
		if (map && !is_go_s && !map->path && sp >= map->start && sp <= x->addr &&
			sp >= best_sp) {
			best = i;
			best_sp = sp;
		}
		for (unsigned r = 0; r < arch->n_dwarf; r++)
			has |= ct_reg(t->regs, arch->dwarf_to_reg[r]) == x->addr;
		if (has)
			add_number(x, &in_registers, n++, i);
	}
	if (best != CT_NONE)
		say(x, "stack", "of %s, %llu bytes above its stack pointer", thread(x, best),
			(unsigned long long)(x->addr - best_sp));
	say_list(x, "in registers of", "thread", &in_registers, n);
}

static void say_state(struct explain *x, const struct ct_resource *r)
{
	ct_autostr text = {0};

	for (uint32_t i = 0; i < r->n_values; i++) {
		const struct ct_value *v = &r->values[i];

		ct_str_add(&text, "%s%s ", i ? ", " : "", v->key);
		if (v->type == CT_VALUE_TEXT)
			ct_str_add(&text, "%s", v->text);
		else if (v->type == CT_VALUE_BOOL)
			ct_str_add(&text, "%s", v->number ? "yes" : "no");
		else if (v->type == CT_VALUE_HEX)
			ct_str_add(&text, "0x%llx", (unsigned long long)v->number);
		else
			ct_str_add(&text, "%lld", (long long)v->number);
	}
	if (text.len)
		say(x, "state", "%s", ct_str_text(&text));
}

static void say_waiters(
	struct explain *x, const struct ct_resource *r, enum ct_actor_kind kind, const char *what)
{
	const struct ct_facts *facts = x->facts;
	ct_autostr waiters = {0};
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n_waiters; i++) {
		uint32_t wait = facts->waits_by_resource[r->first_waiter + i];

		if (facts->actors[facts->waits[wait].actor].kind == kind)
			add_number(x, &waiters, n++, facts->waits[wait].actor);
	}
	say_list(x, "waited for by", what, &waiters, n);
}

static void say_resource(struct explain *x, const struct ct_resource *r)
{
	const struct ct_facts *facts = x->facts;

	say(x, "is", "%s%s%s%s", r->kind, r->name ? " " : "", r->name ? r->name : "",
		r->process_shared ? " (process-shared)" : "");
	say_state(x, r);
	for (uint32_t i = 0; i < r->n_holds && i < MAX_NAMED; i++) {
		const struct ct_hold *hold =
			&facts->holds[facts->holds_by_resource[r->first_hold + i]];

		if (!r->is_actor)
			say(x, "held by", "%s (%s: %s)", thread(x, hold->actor),
				ct_trust_name(hold->trust), hold->why);
	}
	if (r->owner_gone)
		say(x, "held by", "%s",
			ct_owner_gone_words(x->arena, facts, (uint32_t)(r - facts->resources)));
	say_waiters(x, r, CT_ACTOR_THREAD, "thread");
	say_waiters(x, r, CT_ACTOR_GOROUTINE, "goroutine");
}

static void say_state_of_object(struct explain *x, const struct ct_fact_go_object *o)
{
	if (!o->allocated)
		say(x, "state", "a free slot: nothing lives there");
	else if (!o->reachable && o->partial)
		say(x, "state",
			"not known: nothing that was read leads to it, and part of the memory that "
			"could was not read");
	else if (!o->reachable)
		say(x, "state",
			"garbage: no variable, stack or finalizer leads to it; it was not "
			"collected yet");
	else
		say(x, "state", "alive%s",
			o->guessed ? ", if the word that leads to it is a pointer that is used"
				   : "");
}

/* The object of Go's heap, and the shortest way that leads to it. */
static void say_go_object(struct explain *x)
{
	const struct ct_fact_go_object *o = x->facts->go_object;

	if (!o || o->address != x->addr)
		return;
	if (x->addr == o->start)
		say(x, "object", "%s, %llu bytes of Go's heap", o->type,
			(unsigned long long)o->size);
	else
		say(x, "object", "%llu bytes into %s at 0x%llx, %llu bytes of Go's heap",
			(unsigned long long)(x->addr - o->start), o->type,
			(unsigned long long)o->start, (unsigned long long)o->size);
	say_state_of_object(x, o);
	if (o->allocation != CT_NONE) {
		struct ct_go_place place = ct_go_place_of(x->facts, o->allocation);

		say(x, "allocated by", "%s, as the heap profile recorded",
			ct_go_say_place(x->arena, &place));
	}
	for (uint32_t i = 0; i < o->n_has; i++)
		say(x, "has", "%s", o->has[i]);
	for (uint32_t i = 0; i < o->n_links; i++) {
		say(x, i ? "then by" : "kept by", "%s, which leads to 0x%llx", o->links[i].text,
			(unsigned long long)o->links[i].address);
		if (o->n_left_out && i + 1 == (o->n_links + 1) / 2)
			say(x, "then by", "%u more", o->n_left_out);
	}
}

/* "main.serve() serve.go:88", of a frame that is known */
static const char *frame_words(struct explain *x, uint32_t actor, uint32_t frame)
{
	const struct ct_stack *stack = &x->facts->stacks[x->facts->actors[actor].stack];
	const struct ct_site *site = &x->facts->sites[stack->frames[frame].site];
	const struct ct_line *line = site->n_lines ? &site->lines[site->n_lines - 1] : NULL;
	const char *slash = line && line->file ? strrchr(line->file, '/') : NULL;

	if (!site->function)
		return "an unknown function";
	if (!line || !line->file)
		return ct_arena_printf(x->arena, "%s()", site->function);
	return ct_arena_printf(
		x->arena, "%s() %s:%u", site->function, slash ? slash + 1 : line->file, line->line);
}

static void say_reference(struct explain *x, const struct ct_go_reference *r)
{
	const char *perhaps = r->guessed ? ", if that word is a pointer that is used" : "";

	if (r->actor == CT_NONE)
		say(x, "had by", "%s%s", r->by, perhaps);
	else
		say(x, "had by", "%s%s%s%s%s%s", thread(x, r->actor),
			r->frame != CT_NONE ? " in " : "",
			r->frame != CT_NONE ? frame_words(x, r->actor, r->frame) : "",
			r->by ? ", by " : "", r->by ? r->by : "", perhaps);
}

/* What leads to it, beside those who wait at it. */
static void say_references(struct explain *x)
{
	const struct ct_fact_go_references *all = x->facts->go_references;

	for (uint32_t i = 0; all && i < all->n; i++) {
		const struct ct_go_referred *o = &all->objects[i];

		if (o->address != x->addr)
			continue;
		for (uint32_t k = 0; k < o->n; k++)
			say_reference(x, &o->list[k]);
		if (o->n_more)
			say(x, "had by", "%u more", o->n_more);
	}
}

static void say_go_place(struct explain *x)
{
	const struct ct_fact_go_place *place = x->facts->go_place;

	if (!place || place->address != x->addr)
		return;
	if (place->stack_of == CT_NONE)
		say(x, "is", "memory of Go's heap, in no object");
	else if (!place->sp)
		say(x, "stack", "of %s", thread(x, place->stack_of));
	else
		say(x, "stack", "of %s, %llu bytes %s its stack pointer",
			thread(x, place->stack_of),
			(unsigned long long)(x->addr < place->sp ? place->sp - x->addr
								 : x->addr - place->sp),
			x->addr < place->sp ? "below" : "above");
}

enum ct_status ct_explain(struct ct_target *target, const struct ct_facts *facts, uint64_t addr,
	struct ct_arena *arena, const struct ct_explanation **ret, uint32_t *n)
{
	struct explain x = {.target = target, .facts = facts, .arena = arena, .addr = addr};

	x.rows = ct_arena_new_array(arena, MAX_ROWS, struct ct_explanation);
	if (!x.rows)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < facts->n_resources; i++)
		if (facts->resources[i].address == addr)
			say_resource(&x, &facts->resources[i]);
	say_go_object(&x);
	say_references(&x);
	say_go_place(&x);
	say_symbol(&x);
	say_threads(&x);
	say_mapping(&x);
	*ret = x.rows;
	*n = x.n;
	return CT_OK;
}
