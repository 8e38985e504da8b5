/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_words.h"

#include <dwarf.h>

#include "target/cu_index.h"
#include "target/dwarf.h"
#include "target/dwarf_vars.h"
#include "target/frame_place.h"

#define AT_GO_KIND         0x2900
#define AT_GO_RUNTIME_TYPE 0x2904
#define AT_GO_DICT_INDEX   0x2906

#define MAX_WORDS 4096        /* of one variable */
#define MAX_DEPTH 16          /* of types in types */
#define MAX_OPS   64          /* of a location */
#define MAX_LISTS (32u << 20) /* bytes of lists of locations, which libdw keeps */
#define MAX_NAME  256         /* bytes of a name that are looked at */

/* The words of one variable, by their offset in it. */
struct words {
	struct ct_dwarf *dwarf;
	uint64_t size; /* of the variable; 0: its type does not say */
	CT_VEC(struct ct_go_word) list;
};

/* The code of a generic function is shared by types of one shape: which one it is, is not told. */
static bool is_shape(Dwarf_Die *type)
{
	static const char mark[] = "go.shape.";
	const char *name = dwarf_diename(type);

	return dwarf_hasattr(type, AT_GO_DICT_INDEX) ||
	       (name && memmem(name, strnlen(name, MAX_NAME), mark, sizeof(mark) - 1));
}

/* Structures and some more have their name in a typedef, and all the rest behind it. */
static bool kind_of(struct ct_dwarf *dwarf, Dwarf_Die *type, uint64_t *ret)
{
	for (unsigned i = 0; i < MAX_DEPTH; i++) {
		if (!ct_dwarf_spend(dwarf, 1) || is_shape(type))
			return false;
		if (ct_die_number(type, AT_GO_KIND, ret))
			return true;
		if (dwarf_tag(type) != DW_TAG_typedef || !ct_die_ref(type, DW_AT_type, type))
			return false;
	}
	return false;
}

/* Of the types that do not say so. */
static uint64_t size_by_kind(uint64_t kind)
{
	switch (kind) {
	case CT_GO_KIND_POINTER:
	case CT_GO_KIND_MAP:
	case CT_GO_KIND_CHAN:
	case CT_GO_KIND_FUNC:
	case CT_GO_KIND_UNSAFE:
		return 8;
	case CT_GO_KIND_INTERFACE:
		return 16;
	default:
		return 0;
	}
}

/* The size and the descriptor of a type, which it has only when the program needs one. */
static bool describe(struct words *w, Dwarf_Die *type, struct ct_go_word *word)
{
	Dwarf_Attribute attr;
	Dwarf_Addr descriptor;
	uint64_t kind;

	if (!kind_of(w->dwarf, type, &kind) ||
		dwarf_formaddr(dwarf_attr(type, AT_GO_RUNTIME_TYPE, &attr), &descriptor) ||
		!descriptor)
		return false;
	word->type = descriptor;
	word->kind = (uint8_t)kind;
	if (!ct_die_number(type, DW_AT_byte_size, &word->size))
		word->size = size_by_kind(kind);
	return word->size;
}

static void add_word(struct words *w, struct ct_go_word word)
{
	struct ct_go_word *slot = w->list.n < MAX_WORDS ? ct_vec_push(&w->list) : NULL;

	if (slot)
		*slot = word;
}

/* A pointer, of this form, to what has the type. */
static void add_pointer(
	struct words *w, uint64_t offset, enum ct_go_word_form form, Dwarf_Die *type)
{
	struct ct_go_word word = {.at = offset, .form = (uint8_t)form};

	word.known = describe(w, type, &word);
	add_word(w, word);
}

static void add_others(struct words *w, uint64_t offset, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add_word(w, (struct ct_go_word){.at = offset + 8 * i});
}

static void add_type(struct words *w, Dwarf_Die *type, uint64_t offset, unsigned depth);

static void add_members(struct words *w, Dwarf_Die *type, uint64_t offset, unsigned depth)
{
	Dwarf_Die member, of;
	uint64_t at;

	if (dwarf_child(type, &member))
		return;
	do {
		if (dwarf_tag(&member) == DW_TAG_member && ct_die_ref(&member, DW_AT_type, &of) &&
			ct_die_number(&member, DW_AT_data_member_location, &at))
			add_type(w, &of, offset + at, depth + 1);
	} while (w->list.n < MAX_WORDS && ct_dwarf_sibling(w->dwarf, &member));
}

static uint64_t array_length(Dwarf_Die *type)
{
	Dwarf_Die range;
	uint64_t n;

	if (dwarf_child(type, &range))
		return 0;
	if (ct_die_number(&range, DW_AT_count, &n))
		return n;
	return ct_die_number(&range, DW_AT_upper_bound, &n) ? n + 1 : 0;
}

static void add_elements(struct words *w, Dwarf_Die *type, uint64_t offset, unsigned depth)
{
	uint64_t n = CT_MIN(array_length(type), (uint64_t)MAX_WORDS), size;
	Dwarf_Die of;

	if (!n || !ct_die_number(type, DW_AT_byte_size, &size) ||
		!ct_die_ref(type, DW_AT_type, &of))
		return;
	size /= array_length(type);
	for (uint64_t i = 0; i < n && w->list.n < MAX_WORDS; i++) {
		uint32_t before = w->list.n;

		add_type(w, &of, offset + i * size, depth + 1);
		if (w->list.n == before)
			return;
	}
}

/* Its first member points to the elements. */
static void add_slice(struct words *w, Dwarf_Die *type, uint64_t offset)
{
	Dwarf_Die member, pointer, of;

	if (!dwarf_child(type, &member) && ct_die_ref(&member, DW_AT_type, &pointer) &&
		ct_die_ref(&pointer, DW_AT_type, &of))
		add_pointer(w, offset, CT_GO_WORD_SLICE, &of);
}

static void add_type(struct words *w, Dwarf_Die *type, uint64_t offset, unsigned depth)
{
	Dwarf_Die of;
	uint64_t kind;

	if (depth > MAX_DEPTH || !kind_of(w->dwarf, type, &kind))
		return;
	switch (kind) {
	case CT_GO_KIND_POINTER:
		if (ct_die_ref(type, DW_AT_type, &of))
			add_pointer(w, offset, CT_GO_WORD_POINTER, &of);
		break;
	case CT_GO_KIND_MAP:
		add_pointer(w, offset, CT_GO_WORD_MAP, type);
		break;
	case CT_GO_KIND_CHAN:
		add_pointer(w, offset, CT_GO_WORD_CHAN, type);
		break;
	case CT_GO_KIND_SLICE:
		add_slice(w, type, offset);
		break;
	case CT_GO_KIND_STRING:
		add_word(w, (struct ct_go_word){
				    .at = offset, .form = CT_GO_WORD_STRING, .known = true});
		break;
	case CT_GO_KIND_STRUCT:
		add_members(w, type, offset, depth);
		break;
	case CT_GO_KIND_ARRAY:
		add_elements(w, type, offset, depth);
		break;
	case CT_GO_KIND_INTERFACE: /* says itself what it has, as closures say what they are */
		add_others(w, offset, 2);
		break;
	case CT_GO_KIND_FUNC:
	case CT_GO_KIND_UNSAFE:
		add_others(w, offset, 1);
		break;
	default:
		break;
	}
}

static void add_variable(struct words *w, Dwarf_Die *variable)
{
	Dwarf_Die type;
	uint64_t kind;

	w->list.n = 0;
	w->size = 0;
	if (!ct_die_ref(variable, DW_AT_type, &type))
		return;
	add_type(w, &type, 0, 0);
	(void)(kind_of(w->dwarf, &type, &kind) && ct_die_number(&type, DW_AT_byte_size, &w->size));
}

/* ---- variables of packages ---- */

/* What is read here is paid from a part of the purse: the rest is for what reports need more. */
static uint64_t begin_spending(struct ct_dwarf *dwarf)
{
	uint64_t kept = dwarf->steps - CT_MIN(dwarf->steps, dwarf->word_steps);

	dwarf->steps -= kept;
	return kept;
}

static void end_spending(struct ct_dwarf *dwarf, uint64_t kept)
{
	dwarf->word_steps = dwarf->steps;
	dwarf->steps += kept;
}

struct statics {
	struct words words;
	ct_go_word_visit *visit;
	void *arg;
};

/* They are beside the functions; no others lie still. */
static bool visit_static(struct ct_die_path *at, void *arg)
{
	struct statics *s = arg;
	uint64_t address;

	if (dwarf_tag(&at->die) != DW_TAG_variable ||
		!ct_dwarf_static_address(s->words.dwarf, &at->die, &address))
		return false;
	add_variable(&s->words, &at->die);
	for (uint32_t i = 0; i < s->words.list.n; i++) {
		struct ct_go_word word = s->words.list.items[i];

		word.at += address + s->words.dwarf->bias;
		if (word.known)
			s->visit(s->arg, &word);
	}
	return false;
}

void ct_go_static_words(struct ct_target *target, const struct ct_module *module,
	ct_go_word_visit *visit, void *arg)
{
	struct ct_dwarf *dwarf = ct_dwarf_of(target, module);
	struct statics s = {.words = {.dwarf = dwarf}, .visit = visit, .arg = arg};

	if (!dwarf)
		return;
	uint64_t kept = begin_spending(dwarf);
	for (uint32_t i = 0; i < dwarf->units.n && dwarf->steps; i++)
		if (dwarf_srclang(&dwarf->units.items[i].die) == DW_LANG_Go)
			ct_dwarf_walk(dwarf, &dwarf->units.items[i].die, visit_static, &s);
	end_spending(dwarf, kept);
	ct_vec_free(&s.words.list);
}

/* ---- local variables ---- */

#define WIDE 24 /* bytes: what is larger may share its place (cmd/compile/internal/liveness) */

struct locals {
	struct words words;
	bool lists_fit; /* the limit on lists of locations */
	uint64_t pc;    /* in the file, and in the call */
	ct_go_word_visit *visit;
	void *arg;
};

/* The location at pc, of n operations; fixed: it is the same everywhere. False: there is none. */
static bool find_location(
	const struct locals *l, Dwarf_Die *variable, Dwarf_Op **ops, size_t *n, bool *fixed)
{
	Dwarf_Addr base, start, end;
	Dwarf_Attribute attr;
	Dwarf_Block block;
	ptrdiff_t at = 0;

	if (!dwarf_attr(variable, DW_AT_location, &attr))
		return false;
	*fixed = !dwarf_formblock(&attr, &block);
	if (*fixed)
		return block.length <= MAX_OPS && !dwarf_getlocation(&attr, ops, n);
	while (l->lists_fit &&
		(at = dwarf_getlocations(&attr, at, &base, &start, &end, ops, n)) > 0) {
		if (!ct_dwarf_spend(l->words.dwarf, 1 + *n))
			return false;
		if (l->pc >= start && l->pc < end)
			return *n <= MAX_OPS;
	}
	return false;
}

static void visit_words(struct locals *l, Dwarf_Die *variable)
{
	Dwarf_Op *ops;
	int64_t place;
	bool fixed;
	size_t n;

	if (!find_location(l, variable, &ops, &n, &fixed))
		return;
	add_variable(&l->words, variable);
	for (uint32_t i = 0; i < l->words.list.n; i++) {
		struct ct_go_word word = l->words.list.items[i];

		if (!ct_frame_place(ops, n, word.at, &place))
			continue;
		word.at = (uint64_t)place;
		word.wide = fixed && l->words.size > WIDE;
		l->visit(l->arg, &word);
	}
}

static bool visit_local(struct ct_die_path *at, void *arg)
{
	struct locals *l = arg;

	switch (dwarf_tag(&at->die)) {
	case DW_TAG_variable:
	case DW_TAG_formal_parameter:
		visit_words(l, &at->die);
		return false;
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
		return ct_die_has_pc(l->words.dwarf, &at->die, l->pc);
	default:
		return false;
	}
}

/* The compiler of Go counts from there. */
static bool base_is_cfa(Dwarf_Die *function)
{
	Dwarf_Attribute attr;
	Dwarf_Block block;

	return dwarf_attr(function, DW_AT_frame_base, &attr) && !dwarf_formblock(&attr, &block) &&
	       block.length == 1 && block.data[0] == DW_OP_call_frame_cfa;
}

void ct_go_local_words(struct ct_target *target, uint64_t pc, ct_go_word_visit *visit, void *arg)
{
	const struct ct_module *module = ct_module_at(target, pc);
	struct ct_dwarf *dwarf = module ? ct_dwarf_of(target, module) : NULL;
	struct locals l = {.words = {.dwarf = dwarf}, .visit = visit, .arg = arg};
	Dwarf_Die function;
	size_t v4 = 0, v5 = 0;

	if (!dwarf || !dwarf->word_steps)
		return;
	(void)ct_dwarf_section(dwarf, ".debug_loc", &v4);
	(void)ct_dwarf_section(dwarf, ".debug_loclists", &v5);
	l.lists_fit = v4 <= MAX_LISTS && v5 <= MAX_LISTS;
	if (!l.lists_fit)
		ct_target_note(target, CT_NOTE_LIMIT, module->path,
			"has too many lists of locations; what local variables point to has its "
			"type from elsewhere, or none");
	l.pc = pc - 1 - dwarf->bias;
	uint64_t kept = begin_spending(dwarf);
	struct ct_unit *unit = ct_cu_index_at(dwarf, l.pc);
	if (unit && !ct_unit_function_at(dwarf, unit, l.pc, &function) && base_is_cfa(&function))
		ct_dwarf_walk(dwarf, &function, visit_local, &l);
	end_spending(dwarf, kept);
	ct_vec_free(&l.words.list);
}
