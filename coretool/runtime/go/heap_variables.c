/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_variables.h"

#include "target/go_words.h"

#define MAX_LOCALS 4096 /* words of the variables at one pc */

void ct_go_variables_free(struct ct_go_variables *v)
{
	ct_vec_free(&v->pcs);
	ct_vec_free(&v->words);
	ct_hash_free(&v->by_pc);
}

/* The descriptor counts when it is as the debug information says; CT_NONE: it is not. */
static uint32_t known_of(struct ct_go_variables *v, const struct ct_go_word *word)
{
	const struct ct_go *go = v->typing->heap->go;
	struct ct_go_type_head head;
	uint64_t types;

	if (word->form == CT_GO_WORD_STRING)
		return ct_go_typing_add(v->typing, 0, CT_GO_FORM_BYTES);
	types = ct_go_word(go, v->table->moduledata, CT_GO_MODULEDATA_TYPES);
	if (!ct_go_type_head(go, types + word->type, &head) || head.size != word->size ||
		head.kind != word->kind)
		return CT_NONE;
	if (word->form == CT_GO_WORD_CHAN || word->form == CT_GO_WORD_MAP)
		return ct_go_typing_behind(v->typing, types + word->type);
	return ct_go_typing_add(v->typing, types + word->type,
		word->form == CT_GO_WORD_SLICE ? CT_GO_FORM_ARRAY : CT_GO_FORM_VALUE);
}

static bool is_inside(const struct ct_go_word *word)
{
	return word->form == CT_GO_WORD_SLICE || word->form == CT_GO_WORD_STRING;
}

static void visit_static(void *arg, const struct ct_go_word *word)
{
	struct ct_go_variables *v = arg;
	uint64_t value;

	if (!ct_read_u64(v->typing->heap->target, word->at, &value) &&
		ct_go_span_at(v->typing->heap, value))
		ct_go_typing_points(v->typing, value, known_of(v, word), is_inside(word));
}

void ct_go_variables_statics(struct ct_go_variables *v)
{
	const struct ct_go *go = v->typing->heap->go;

	for (uint32_t i = 0; i < go->tables.n; i++) {
		const struct ct_module *module = ct_module_at(go->target, go->tables.list[i].minpc);

		v->table = &go->tables.list[i];
		if (module)
			ct_go_static_words(go->target, module, visit_static, v);
	}
}

static void visit_local(void *arg, const struct ct_go_word *word)
{
	struct ct_go_variables *v = arg;
	struct ct_go_variable_pc *pc = &v->pcs.items[v->pcs.n - 1];
	/* Since 1.23 variables may have the place of others that are used no more. */
	bool shared = word->wide && ct_go_since(v->typing->heap->go, 23);
	struct ct_go_variable_word *slot = pc->n < MAX_LOCALS ? ct_vec_push(&v->words) : NULL;

	if (!slot) {
		v->typing->failed |= pc->n < MAX_LOCALS;
		return;
	}
	*slot = (struct ct_go_variable_word){
		word->at, word->known && !shared ? known_of(v, word) : CT_NONE, is_inside(word)};
	pc->n++;
}

static int by_offset(const void *a, const void *b)
{
	const struct ct_go_variable_word *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Those that do not agree about a place are not believed. */
static void sort_locals(struct ct_go_variables *v, struct ct_go_variable_pc *pc)
{
	struct ct_go_variable_word *words = v->words.items + pc->first;
	uint32_t kept = 0;

	if (!pc->n)
		return;
	qsort(words, pc->n, sizeof(*words), by_offset);
	for (uint32_t i = 0; i < pc->n; i++) {
		if (!kept || words[kept - 1].offset != words[i].offset)
			words[kept++] = words[i];
		else if (words[kept - 1].known != words[i].known)
			words[kept - 1].known = CT_NONE;
	}
	v->words.n -= pc->n - kept;
	pc->n = kept;
}

/* NULL: no memory. */
static const struct ct_go_variable_pc *pc_of(struct ct_go_variables *v, uint64_t pc)
{
	const struct ct_go_tables *tables = &v->typing->heap->go->tables;
	struct ct_hash_it it = ct_hash_find(&v->by_pc, ct_hash_u64(pc));
	struct ct_go_function function;
	uint32_t i;

	while (ct_hash_next(&v->by_pc, &it, &i))
		if (v->pcs.items[i].pc == pc)
			return &v->pcs.items[i];
	struct ct_go_variable_pc *slot = ct_vec_push(&v->pcs);
	if (!slot || !ct_hash_insert(&v->by_pc, ct_hash_u64(pc), v->pcs.n - 1)) {
		v->typing->failed = true;
		return NULL;
	}
	*slot = (struct ct_go_variable_pc){.pc = pc, .first = v->words.n};
	/* Who has not begun is in no call. */
	bool begun = !ct_go_function_at(tables, pc, &function) || function.entry != pc;
	if (begun && ct_go_function_at(tables, pc - 1, &function)) {
		v->table = function.table;
		ct_go_local_words(v->typing->heap->target, pc, visit_local, v);
		sort_locals(v, slot);
	}
	return slot;
}

void ct_go_variables_root(struct ct_go_variables *v, const struct ct_go_root *root)
{
	uint64_t offset = root->at - root->cfa;
	const struct ct_go_variable_word *words;
	const struct ct_go_variable_pc *pc;
	uint32_t lo = 0, hi;

	if (root->kind != CT_GO_ROOT_STACK || root->guessed || !root->cfa || !root->pc ||
		!ct_go_span_at(v->typing->heap, root->value) || !(pc = pc_of(v, root->pc)))
		return;
	words = v->words.items + pc->first;
	hi = pc->n;
	CT_BISECT(lo, hi, mid, words[mid].offset < offset);
	if (lo < pc->n && words[lo].offset == offset)
		ct_go_typing_points(v->typing, root->value, words[lo].known, words[lo].inside);
}
