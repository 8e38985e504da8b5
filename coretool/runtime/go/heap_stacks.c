/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stack of a goroutine refers to: by the maps that the compiler makes for each call
 * (scanframeworker() of runtime/mgcmark.go, getStackMap() of stkframe.go). A frame that no call has
 * left, because its thread was stopped or preempted right there, has none: every word of it counts,
 * as every register does. So does the rest of a stack that cannot be followed.
 */
#include "runtime/go/frames.h"
#include "runtime/go/heap_roots.h"

#define MAX_STACK   (UINT64_C(1) << 30) /* bytes: a goroutine's most */
#define MAX_MAP     (1u << 20)          /* words of a frame */
#define MAX_OBJECTS 4096                /* of a frame */
#define MAX_DEFERS  65536
#define MAX_G0      (UINT64_C(256) << 10) /* bytes of a thread's own stack */
#define RECORD      16                    /* bytes of a stack object's record */

/* Up to 1.16 the arguments of a deferred call stand behind its record. */
#define DEFER_1_15 72                   /* bytes of the record; the size is its first word */
#define MAX_ARGS   (UINT32_C(64) << 10) /* bytes */

bool ct_go_stacks_init(struct ct_go_stacks *s, const struct ct_go_observation *o)
{
	*s = (struct ct_go_stacks){.o = o};
	s->cache = calloc(CT_GO_FRAMES, sizeof(*s->cache));
	return s->cache;
}

void ct_go_stacks_free(struct ct_go_stacks *s)
{
	free(s->cache);
	free(s->copy);
	ct_vec_free(&s->objects);
	ct_vec_free(&s->inner[0]);
	ct_vec_free(&s->inner[1]);
}

/* ---- what a frame is like ---- */

/* struct stackmap: how many maps, of how many bits, and the bits of each. */
static bool read_map(const struct ct_go_stacks *s, const struct ct_go_function *f,
	enum ct_go_funcdata which, int32_t index, struct ct_go_frame_map *ret)
{
	uint64_t at = ct_go_funcdata(s->o->target, f, which);
	int32_t head[2];
	const void *view;

	if (!at || ct_read(s->o->target, at, head, sizeof(head)) || head[0] <= 0 || head[1] < 0 ||
		head[1] > (int32_t)MAX_MAP)
		return false;
	ret->n = (uint32_t)head[1];
	if (!ret->n)
		return true;
	if (index < 0 || index >= head[0])
		return false;
	size_t bytes = (ret->n + 7) / 8;
	if (ct_view_image(s->o->target, at + 8 + (uint64_t)index * bytes, bytes, &view))
		return false;
	ret->bits = view;
	return true;
}

/* goes_on: where the map is looked for. */
static void read_maps(const struct ct_go_stacks *s, struct ct_go_frame_info *f, uint64_t goes_on)
{
	int32_t index = -1;
	uint64_t n;

	if (goes_on != f->function.entry &&
		!ct_go_pc_value(&f->function, CT_GO_STACK_MAP, goes_on - 1, &index))
		index = -1;
	index = index == -1 ? 0 : index;
	/* Besides the return address, and the frame pointer that was saved, there is nothing. */
	f->exact = f->args >= 0;
	if (f->size > 16)
		f->exact &= read_map(s, &f->function, CT_GO_LOCALS_MAP, index, &f->locals);
	if (f->args > 0)
		f->exact &= read_map(s, &f->function, CT_GO_ARGS_MAP, index, &f->arguments);
	f->objects = ct_go_funcdata(s->o->target, &f->function, CT_GO_STACK_OBJECTS);
	if (f->objects && !ct_read_u64(s->o->target, f->objects, &n))
		f->n_objects = (uint32_t)CT_MIN(n, (uint64_t)MAX_OBJECTS);
}

/* How a frame was left. */
enum way {
	WAY_STOPPED, /* at pc itself */
	WAY_CALLED,  /* by a call that returns to pc */
	WAY_FAULTED, /* its instruction has raised a signal that became a panic */
};

static void read_frame(
	const struct ct_go_stacks *s, uint64_t pc, enum way way, struct ct_go_frame_info *f)
{
	struct ct_frame_shape shape;
	uint64_t lookup = pc - (way == WAY_CALLED), goes_on = pc;

	*f = (struct ct_go_frame_info){.pc = pc, .way = (uint8_t)way};
	if (!ct_go_function_at(&s->o->go->tables, lookup, &f->function) ||
		!ct_go_frame_shape((void *)s->o->go, lookup, &shape))
		return;
	f->known = true;
	f->name = ct_go_function_name(&f->function);
	f->size = shape.size;
	f->root = shape.root;
	f->injected = shape.exact_caller;
	f->args = (int32_t)ct_go_function_args(&f->function);
	if (way == WAY_FAULTED) {
		uint32_t deferred = ct_go_function_deferreturn(&f->function);

		/* Only deferred calls may still run in a function that has panicked. */
		f->exact = !deferred;
		if (!deferred)
			return;
		goes_on = f->function.entry + deferred + 1;
	}
	read_maps(s, f, goes_on);
}

/* Valid until the next call. */
static const struct ct_go_frame_info *frame_at(struct ct_go_stacks *s, uint64_t pc, enum way way)
{
	struct ct_go_frame_info *slot = &s->cache[(pc * 4 + way) * 0x9e3779b97f4a7c15u >> 52];

	if (slot->pc != pc || slot->way != way)
		read_frame(s, pc, way, slot);
	return slot;
}
_Static_assert(CT_GO_FRAMES == 1u << (64 - 52), "the hash gives an index");

/* ---- what is found ---- */

static void add_inner(struct ct_go_stacks *s, uint64_t value, bool guessed)
{
	uint64_t *slot = ct_vec_push(&s->inner[guessed]);

	if (slot)
		*slot = value;
	else
		s->partial = true;
}

static void found(
	struct ct_go_stacks *s, const struct ct_go_frame_info *f, uint64_t at, bool guessed)
{
	struct ct_go_root root = {.kind = CT_GO_ROOT_STACK,
		.guessed = guessed,
		.at = at,
		.goid = s->g->goid,
		.frame = f ? f->name : NULL,
		.pc = f ? f->pc : 0,
		.cfa = s->cfa,
		.sp = s->sp};

	if (at < s->low || at >= s->high || s->high - at < 8)
		return;
	memcpy(&root.value, s->words + (at - s->low), 8);
	if (root.value >= s->g->stack_low && root.value < s->g->stack_high)
		add_inner(s, root.value, guessed);
	else if (root.value)
		s->visit(s->arg, &root);
}

static void every_word(
	struct ct_go_stacks *s, const struct ct_go_frame_info *f, uint64_t start, uint64_t end)
{
	for (uint64_t at = (start + 7) & ~UINT64_C(7); at < end && at < s->high; at += 8)
		found(s, f, at, true);
}

static void by_map(struct ct_go_stacks *s, const struct ct_go_frame_info *f,
	const struct ct_go_frame_map *map, uint64_t start, bool guessed)
{
	for (uint32_t i = 0; i < map->n; i += 64)
		for (uint64_t bits = ct_go_bits(map->bits, i, map->n); bits; bits &= bits - 1)
			found(s, f, start + 8 * (i + (unsigned)__builtin_ctzll(bits)), guessed);
}

/* They lie side by side, so all together they are no larger than the stack. */
static bool has_room(struct ct_go_stacks *s, uint64_t size)
{
	if (size > s->room) {
		s->n_guessed++;
		s->room = 0;
		return false;
	}
	s->room -= size;
	return true;
}

/* A variable on the stack whose address is taken: it lives when something points to it. */
static void add_objects(struct ct_go_stacks *s, const struct ct_go_frame_info *f, uint64_t sp,
	uint64_t varp, uint64_t fp)
{
	const struct ct_go *go = s->o->go;
	bool typed = f->function.table->format == CT_GO_FORMAT_2; /* the record names the type */
	uint64_t rodata =
		typed ? 0 : ct_go_word(go, f->function.table->moduledata, CT_GO_MODULEDATA_RODATA);

	for (uint32_t i = 0; i < f->n_objects; i++) {
		uint8_t record[RECORD];
		struct ct_go_stack_object object = {.frame = f->name, .pc = f->pc, .cfa = fp};
		int32_t fields[4];
		int64_t offset;

		if (ct_read(go->target, f->objects + 8 + i * RECORD, record, RECORD)) {
			s->partial = true;
			return;
		}
		memcpy(fields, record, sizeof(fields));
		offset = fields[0];
		object.size = (uint32_t)fields[1];
		object.words = fields[2] > 0 ? (uint32_t)fields[2] / 8 : 0;
		object.mask = rodata && fields[2] > 0 ? rodata + (uint32_t)fields[3] : 0;
		if (typed) {
			uint64_t type, head[5];

			memcpy(&offset, record, 8);
			memcpy(&type, record + 8, 8);
			if (ct_read(go->target, type, head, sizeof(head))) {
				s->partial = true;
				continue;
			}
			object.size = head[0];
			object.words = (head[2] >> 56) & 64 ? 0 : head[1] / 8;
			object.mask = object.words ? head[4] : 0;
		}
		object.start = (offset < 0 ? varp : fp) + (uint64_t)offset;
		/* Without pointers, or not made yet. */
		if (object.start < sp || object.start >= s->high || !object.size ||
			object.size > s->high - object.start || object.words > object.size / 8 ||
			(!typed && !fields[2]))
			continue;
		if (!has_room(s, object.size)) {
			every_word(s, f, sp, varp);
			return;
		}
		struct ct_go_stack_object *slot = ct_vec_push(&s->objects);
		if (slot)
			*slot = object;
		else
			s->partial = true;
	}
}

/* guessed: what led to it may be no pointer, so that it may be used no more, or not made yet. */
static void visit_object(struct ct_go_stacks *s, struct ct_go_stack_object *object, bool guessed)
{
	const void *view;
	struct ct_go_frame_map map = {.n = (uint32_t)object->words};
	const struct ct_go_frame_info frame = {.name = object->frame, .pc = object->pc};

	object->seen = true;
	s->cfa = object->cfa;
	if (!object->mask ||
		ct_view_image(s->o->target, object->mask, (size_t)((map.n + 7) / 8), &view)) {
		every_word(s, &frame, object->start, object->start + object->size);
		return;
	}
	map.bits = view;
	by_map(s, &frame, &map, object->start, guessed);
}

static int by_start(const void *a, const void *b)
{
	const struct ct_go_stack_object *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* The variable on the stack that the address is in, or NULL. */
static struct ct_go_stack_object *object_at(struct ct_go_stacks *s, uint64_t at)
{
	uint32_t low = 0, high = s->objects.n;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (s->objects.items[middle].start <= at)
			low = middle;
		else
			high = middle;
	}
	struct ct_go_stack_object *object = high ? &s->objects.items[low] : NULL;
	return object && at >= object->start && at - object->start < object->size ? object : NULL;
}

/* The variables on the stack that its own pointers reach: first those that surely are used. */
static void follow_inner(struct ct_go_stacks *s)
{
	s->sp = 0;
	if (s->objects.n)
		qsort(s->objects.items, s->objects.n, sizeof(*s->objects.items), by_start);
	while (s->inner[0].n || s->inner[1].n) {
		bool guessed = !s->inner[0].n;
		uint64_t at = s->inner[guessed].items[--s->inner[guessed].n];
		struct ct_go_stack_object *object = object_at(s, at);

		if (object && !object->seen)
			visit_object(s, object, guessed);
	}
}

/* ---- the walk ---- */

static void visit_frame(
	struct ct_go_stacks *s, const struct ct_go_frame_info *f, uint64_t sp, bool guessed)
{
	uint64_t fp = sp + f->size, varp = fp - 8;

	s->sp = sp;
	s->cfa = fp;
	if (varp > sp)
		varp -= 8;
	if (guessed || !f->exact) {
		every_word(s, f, sp, varp);
		if (f->args > 0)
			every_word(s, f, fp, fp + (uint32_t)f->args);
		return;
	}
	by_map(s, f, &f->locals, varp - 8 * (uint64_t)f->locals.n, false);
	by_map(s, f, &f->arguments, fp, false);
	add_objects(s, f, sp, varp, fp);
}

static bool is_fault(const struct ct_go_frame_info *f)
{
	return !strncmp(f->name, "runtime.sigpanic", strlen("runtime.sigpanic"));
}

/* unsafe: it was stopped at no call. */
static void walk(struct ct_go_stacks *s, uint64_t pc, uint64_t sp, bool unsafe)
{
	enum way way = WAY_STOPPED;
	bool guessed = unsafe;
	uint64_t first = sp;

	while (sp < s->high) {
		const struct ct_go_frame_info *f = frame_at(s, pc, way);

		/* Who is stopped in one that changes stacks may be on his own still. */
		bool at_switch = f->root && sp == first && unsafe;

		if (f->known && f->root && !at_switch)
			return;
		if (!f->known || at_switch || f->size < 8 || f->size > s->high - sp) {
			s->n_guessed++;
			every_word(s, NULL, sp, s->high);
			return;
		}
		/* What a signal has interrupted has left its registers in the injected frame, and
		 * is at no call itself. */
		bool fault = f->injected && is_fault(f), preempted = f->injected && !fault;
		visit_frame(s, f, sp, guessed || preempted);
		/* Arguments of unknown size lie in the caller's frame. */
		guessed = preempted || f->args < 0;
		way = fault ? WAY_FAULTED : preempted ? WAY_STOPPED : WAY_CALLED;
		sp += f->size;
		memcpy(&pc, s->words + (sp - 8 - s->low), sizeof(pc));
	}
}

static void visit_value(struct ct_go_stacks *s, enum ct_go_root_kind kind, uint64_t at,
	uint64_t value, bool guessed)
{
	const struct ct_go_root root = {.kind = (uint8_t)kind,
		.guessed = guessed,
		.at = at,
		.value = value,
		.goid = s->g->goid};

	if (value >= s->g->stack_low && value < s->g->stack_high)
		add_inner(s, value, guessed);
	else if (value)
		s->visit(s->arg, &root);
}

static void visit_arguments(struct ct_go_stacks *s, uint64_t record)
{
	uint32_t size;

	if (ct_read_u32(s->o->target, record, &size) || size > MAX_ARGS) {
		s->partial = true;
		return;
	}
	for (uint32_t i = 0; i < size / 8; i++) {
		uint64_t at = record + DEFER_1_15 + 8ull * i, value;

		if (ct_read_u64(s->o->target, at, &value))
			s->partial = true;
		else
			visit_value(s, CT_GO_ROOT_DEFERRED, at, value, false);
	}
}

/* Records of deferred calls, on the stack or in the heap, and the panic. */
static void visit_records(struct ct_go_stacks *s)
{
	const struct ct_go *go = s->o->go;
	uint64_t at = ct_go_word(go, s->g->at, CT_GO_G_DEFER), following, function;

	for (unsigned i = 0; at && i < MAX_DEFERS; i++) {
		visit_value(s, CT_GO_ROOT_DEFERRED, at, at, false);
		if (ct_go_u64(go, at, CT_GO_DEFER_LINK, &following) ||
			ct_go_u64(go, at, CT_GO_DEFER_FN, &function))
			break;
		visit_value(s, CT_GO_ROOT_DEFERRED, at, function, false);
		if (!ct_go_since(go, 17))
			visit_arguments(s, at);
		at = following == at ? 0 : following;
	}
	s->partial |= at != 0;
	visit_value(s, CT_GO_ROOT_STACK, s->g->at, ct_go_word(go, s->g->at, CT_GO_G_PANIC), false);
	visit_value(
		s, CT_GO_ROOT_STACK, s->g->at, ct_go_word(go, s->g->at, CT_GO_G_SCHED_CTXT), false);
}

/* The registers of a thread, and its own stack while it works there. */
static void visit_machine(struct ct_go_stacks *s, const struct ct_go_machine *m)
{
	const struct ct_go_observation *o = s->o;
	const struct ct_arch *arch = ct_target_arch(o->target);
	const struct ct_thread *thread = ct_go_machine_thread(o, m);
	uint64_t word;

	if (!thread)
		return;
	for (unsigned i = 0; i < arch->n_regs; i++)
		if (thread->regs->known >> i & 1)
			visit_value(s, CT_GO_ROOT_REGISTER, 0, ct_reg(thread->regs, i), true);
	uint64_t sp = ct_reg(thread->regs, arch->sp);
	uint64_t end = ct_go_word(o->go, m->g0, CT_GO_G_STACK_HI);
	if (sp < ct_go_word(o->go, m->g0, CT_GO_G_STACK_LO) || sp >= end)
		return;
	for (uint64_t at = sp & ~UINT64_C(7); at < CT_MIN(end, sp + MAX_G0); at += 8) {
		if (!ct_read_u64(o->target, at, &word))
			visit_value(s, CT_GO_ROOT_REGISTER, at, word, true);
		else
			s->partial = true;
	}
}

/* The thread that runs it. */
static void visit_thread(struct ct_go_stacks *s)
{
	const struct ct_go_machine *m =
		s->g->status == CT_GO_RUNNING ? ct_go_machine_at(s->o, s->g->m) : NULL;

	if (m)
		visit_machine(s, m);
}

void ct_go_roots_machine(
	struct ct_go_stacks *s, const struct ct_go_machine *m, ct_go_root_visit *visit, void *arg)
{
	static const struct ct_go_g nobody;

	s->g = &nobody;
	s->visit = visit;
	s->arg = arg;
	visit_machine(s, m);
}

/* [sp, high) in one piece. */
static enum ct_status read_stack(struct ct_go_stacks *s, uint64_t sp)
{
	size_t size = (size_t)(s->high - sp);
	const void *view;

	s->low = sp;
	if (!ct_view(s->o->target, sp, size, &view)) {
		s->words = view;
		return CT_OK;
	}
	if (size > s->copy_size) {
		uint8_t *grown = realloc(s->copy, size);

		if (!grown)
			return CT_NO_MEMORY;
		s->copy = grown;
		s->copy_size = size;
	}
	s->words = s->copy;
	return ct_read(s->o->target, sp, s->copy, size);
}

/* Does it go on behind a call? A goroutine that runs, or was stopped anywhere, does not. */
static bool is_at_call(const struct ct_go_g *g, uint64_t pc)
{
	if (g->status == CT_GO_RUNNING)
		return g->syscall_sp ? pc == g->syscall_pc : pc == g->pc;
	return true;
}

enum ct_status ct_go_roots_goroutine(
	struct ct_go_stacks *s, const struct ct_go_g *g, ct_go_root_visit *visit, void *arg)
{
	const struct ct_arch *arch = ct_target_arch(s->o->target);
	struct ct_regs regs;
	uint64_t sp = g->stack_low;
	enum ct_status status;
	bool lost = ct_go_registers(s->o, g, &regs) || g->status == CT_GO_COPYSTACK;

	s->g = g;
	s->visit = visit;
	s->arg = arg;
	s->high = g->stack_high;
	s->objects.n = s->inner[0].n = s->inner[1].n = 0;
	if (!lost)
		sp = ct_reg(&regs, arch->sp);
	lost |= sp < g->stack_low || sp >= s->high || sp % 8;
	if (lost)
		sp = g->stack_low;
	if (s->high - sp > MAX_STACK || sp % 8)
		return CT_FAULT;
	status = read_stack(s, sp);
	if (status)
		return status;
	s->room = s->high - sp;
	visit_thread(s);
	if (lost) {
		s->n_guessed++;
		every_word(s, NULL, sp, s->high);
	} else {
		uint64_t pc = ct_reg(&regs, arch->pc);

		walk(s, pc, sp, !is_at_call(g, pc));
	}
	visit_records(s);
	follow_inner(s);
	return CT_OK;
}
