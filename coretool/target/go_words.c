/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_words.h"

#include <dwarf.h>

#include "target/cu_index.h"
#include "target/dwarf.h"
#include "target/dwarf_vars.h"
#include "target/frame_place.h"

#define AT_GO_KIND         0x2900
#define AT_GO_RUNTIME_TYPE 0x2904

/* reflect.Kind */
#define KIND_ARRAY   17
#define KIND_CHAN    18
#define KIND_MAP     21
#define KIND_POINTER 22
#define KIND_SLICE   23
#define KIND_STRING  24
#define KIND_STRUCT  25

#define MOST_STEPS (UINT64_C(4) << 20) /* of one look at all variables: some 250 ms */
#define MAX_WORDS  4096                /* of one variable */
#define MAX_DEPTH  16                  /* of types in types */

/* The words of one variable, by their offset in it. */
struct words {
	struct ct_dwarf *dwarf;
	CT_VEC(struct ct_go_word) list;
};

/* Structures and some more have their name in a typedef, and all the rest behind it. */
static bool kind_of(struct ct_dwarf *dwarf, Dwarf_Die *type, uint64_t *ret)
{
	for (unsigned i = 0; i < MAX_DEPTH; i++) {
		if (!ct_dwarf_spend(dwarf, 1))
			return false;
		if (ct_die_number(type, AT_GO_KIND, ret))
			return true;
		if (dwarf_tag(type) != DW_TAG_typedef || !ct_die_ref(type, DW_AT_type, type))
			return false;
	}
	return false;
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
	/* Others are as large as they say: pointers do not. */
	return ct_die_number(type, DW_AT_byte_size, &word->size) ||
	       (word->size = (kind == KIND_POINTER || kind == KIND_MAP || kind == KIND_CHAN) * 8);
}

/* type: NULL: bytes. */
static void add_word(struct words *w, uint64_t offset, enum ct_go_word_form form, Dwarf_Die *type)
{
	struct ct_go_word word = {.at = offset, .form = (uint8_t)form};

	if (type && !describe(w, type, &word))
		return;
	struct ct_go_word *slot = ct_vec_push(&w->list);
	if (slot)
		*slot = word;
}

static void add_type(struct words *w, Dwarf_Die *type, uint64_t offset, unsigned depth);

static void add_members(struct words *w, Dwarf_Die *type, uint64_t offset, unsigned depth)
{
	Dwarf_Die member, of;
	uint64_t at;

	if (dwarf_child(type, &member))
		return;
	do {
		if (!ct_dwarf_spend(w->dwarf, 1))
			return;
		if (dwarf_tag(&member) == DW_TAG_member && ct_die_ref(&member, DW_AT_type, &of) &&
			ct_die_number(&member, DW_AT_data_member_location, &at))
			add_type(w, &of, offset + at, depth + 1);
	} while (w->list.n < MAX_WORDS && !dwarf_siblingof(&member, &member));
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
		add_word(w, offset, CT_GO_WORD_SLICE, &of);
}

static void add_type(struct words *w, Dwarf_Die *type, uint64_t offset, unsigned depth)
{
	Dwarf_Die of;
	uint64_t kind;

	if (depth > MAX_DEPTH || !kind_of(w->dwarf, type, &kind))
		return;
	switch (kind) {
	case KIND_POINTER:
		if (ct_die_ref(type, DW_AT_type, &of))
			add_word(w, offset, CT_GO_WORD_POINTER, &of);
		break;
	case KIND_MAP:
		add_word(w, offset, CT_GO_WORD_MAP, type);
		break;
	case KIND_CHAN:
		add_word(w, offset, CT_GO_WORD_CHAN, type);
		break;
	case KIND_SLICE:
		add_slice(w, type, offset);
		break;
	case KIND_STRING:
		add_word(w, offset, CT_GO_WORD_STRING, NULL);
		break;
	case KIND_STRUCT:
		add_members(w, type, offset, depth);
		break;
	case KIND_ARRAY:
		add_elements(w, type, offset, depth);
		break;
	default: /* interfaces say themselves what they have, and closures what they are */
		break;
	}
}

static void add_variable(struct words *w, Dwarf_Die *variable)
{
	Dwarf_Die type;

	w->list.n = 0;
	if (ct_die_ref(variable, DW_AT_type, &type))
		add_type(w, &type, 0, 0);
}

/* ---- variables of packages ---- */

struct statics {
	struct words words;
	uint64_t steps_end;
	ct_go_word_visit *visit;
	void *arg;
};

/* They are beside the functions; no others lie still. */
static bool visit_static(struct ct_die_path *at, void *arg)
{
	struct statics *s = arg;
	uint64_t address;

	if (s->words.dwarf->steps <= s->steps_end || dwarf_tag(&at->die) != DW_TAG_variable ||
		!ct_dwarf_static_address(s->words.dwarf, &at->die, &address))
		return false;
	add_variable(&s->words, &at->die);
	for (uint32_t i = 0; i < s->words.list.n; i++) {
		struct ct_go_word word = s->words.list.items[i];

		word.at += address + s->words.dwarf->bias;
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
	s.steps_end = dwarf->steps - CT_MIN(dwarf->steps, MOST_STEPS);
	for (uint32_t i = 0; i < dwarf->units.n && dwarf->steps > s.steps_end; i++)
		ct_dwarf_walk(dwarf, &dwarf->units.items[i].die, visit_static, &s);
	if (dwarf->steps <= s.steps_end)
		ct_target_note(target, CT_NOTE_LIMIT, module->path,
			"has too much debug information; not all of its variables were looked at "
			"for the types of what they point to");
	ct_vec_free(&s.words.list);
}

/* ---- local variables ---- */

struct locals {
	struct words words;
	uint64_t pc; /* in the file, and in the call */
	ct_go_word_visit *visit;
	void *arg;
};

static void visit_words(struct locals *l, Dwarf_Die *variable)
{
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t n;

	if (!dwarf_attr(variable, DW_AT_location, &attr) ||
		dwarf_getlocation_addr(&attr, l->pc, &ops, &n, 1) != 1)
		return;
	add_variable(&l->words, variable);
	for (uint32_t i = 0; i < l->words.list.n; i++) {
		struct ct_go_word word = l->words.list.items[i];

		int64_t place;

		if (!ct_frame_place(ops, n, word.at, &place))
			continue;
		word.at = (uint64_t)place;
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

/* The compiler of Go counts from there; others are not asked. */
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

	if (!dwarf)
		return;
	l.pc = pc - 1 - dwarf->bias;
	struct ct_unit *unit = ct_cu_index_at(dwarf, l.pc);
	if (unit && !ct_unit_function_at(dwarf, unit, l.pc, &function) && base_is_cfa(&function))
		ct_dwarf_walk(dwarf, &function, visit_local, &l);
	ct_vec_free(&l.words.list);
}
