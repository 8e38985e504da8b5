/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/contexts.h"

#include "runtime/go/types.h"

#define MAX_WORDS 24 /* of a context of the package's own */
#define STEP      16 /* from one size of small slots to the next */

/* ---- the list ---- */

static uint32_t find(const struct ct_go_contexts *c, uint64_t at, uint32_t type)
{
	struct ct_hash_it it = ct_hash_find(&c->by_address, ct_hash_u64(at));
	uint32_t i;

	while (ct_hash_next(&c->by_address, &it, &i))
		if (c->list.items[i].at == at && (type == CT_NONE || c->list.items[i].type == type))
			return i;
	return CT_NONE;
}

static uint32_t add(struct ct_go_contexts *c, uint64_t at, uint32_t type, bool named)
{
	struct ct_go_found_context *slot;

	if (c->list.n >= CT_GO_MAX_CONTEXTS) {
		c->n_left_out++;
		return CT_NONE;
	}
	slot = ct_vec_push(&c->list);
	if (!slot || !ct_hash_insert(&c->by_address, ct_hash_u64(at), c->list.n - 1)) {
		c->failed = true;
		return CT_NONE;
	}
	*slot = (struct ct_go_found_context){
		.at = at, .type = type, .parent = CT_NONE, .cancels = CT_NONE, .named = named};
	return c->list.n - 1;
}

uint32_t ct_go_context_at(const struct ct_go_contexts *c, uint64_t at)
{
	return find(c, at, CT_NONE);
}

uint32_t ct_go_context_by_done(const struct ct_go_contexts *c, uint64_t channel)
{
	struct ct_hash_it it = ct_hash_find(&c->by_done, ct_hash_u64(channel));
	uint32_t i;

	while (ct_hash_next(&c->by_done, &it, &i))
		if (c->list.items[i].done == channel)
			return i;
	return CT_NONE;
}

/* Those without fields have no address of their own. */
static bool has_address(const struct ct_go_contexts *c, uint32_t type)
{
	return c->types.list.items[type].size != 0;
}

uint32_t ct_go_context_of(struct ct_go_contexts *c, uint64_t table, uint64_t value)
{
	uint32_t type = ct_go_context_type_of(&c->types, table, NULL);
	uint32_t i = type == CT_NONE ? CT_NONE : find(c, value, CT_NONE);

	if (type == CT_NONE)
		return CT_NONE;
	if (i != CT_NONE && has_address(c, type) && has_address(c, c->list.items[i].type)) {
		/* What names it knows better than its shape. */
		if (!c->list.items[i].named)
			c->list.items[i].type = type;
		c->list.items[i].named = true;
		return i;
	}
	i = find(c, value, type);
	return i != CT_NONE ? i : add(c, value, type, true);
}

/* ---- by shape ---- */

uint64_t ct_go_dynamic_type(const struct ct_go *go, uint64_t first, bool is_any)
{
	struct ct_go_type_head head;
	uint64_t type = first;

	if (!first || first % 8 || (!is_any && ct_read_u64(go->target, first + 8, &type)))
		return 0;
	return ct_go_type_head(go, type, &head) ? type : 0;
}

static bool is_interface(const struct ct_go_contexts *c, const uint64_t words[2], bool is_any)
{
	return words[0] ? ct_go_dynamic_type(c->go, words[0], is_any) != 0 : !words[1];
}

static bool is_object(const struct ct_go_contexts *c, uint64_t value)
{
	return !value || ct_go_span_at(c->heap, value);
}

/* The words of a cancelCtx: a channel, children, and errors. */
static bool looks_cancellable(const struct ct_go_contexts *c, const struct ct_go_context_type *t,
	const uint64_t words[MAX_WORDS + 1])
{
	if (t->done == CT_GO_ABSENT || t->children == CT_GO_ABSENT || t->err == CT_GO_ABSENT)
		return false;
	const uint64_t *done = &words[t->done / 8];
	const uint64_t *children = &words[t->children / 8];
	if (!is_object(c, *children) ||
		!(t->done_is_chan ? is_object(c, *done) : is_interface(c, done, true)))
		return false;
	return is_interface(c, &words[t->err / 8], t->err_is_any) &&
	       (t->cause == CT_GO_ABSENT || is_interface(c, &words[t->cause / 8], false));
}

static bool is_closure(const struct ct_go_contexts *c, uint64_t value)
{
	struct ct_go_function function;
	uint64_t entry;

	return value && !ct_read_u64(c->go->target, value, &entry) &&
	       ct_go_function_at(&c->go->tables, entry, &function) && function.entry == entry;
}

static bool has_shape(const struct ct_go_contexts *c, const struct ct_go_context_type *t,
	const uint64_t words[MAX_WORDS + 1])
{
	switch (t->kind) {
	case CT_CONTEXT_CANCEL:
		return looks_cancellable(c, t, words);
	case CT_CONTEXT_TIMER:
		return t->deadline != CT_GO_ABSENT && t->timer != CT_GO_ABSENT &&
		       words[t->deadline / 8] && is_object(c, words[t->timer / 8]) &&
		       looks_cancellable(c, t, words);
	case CT_CONTEXT_AFTER_FUNC:
		return t->function != CT_GO_ABSENT && is_closure(c, words[t->function / 8]) &&
		       looks_cancellable(c, t, words);
	case CT_CONTEXT_VALUE:
		return t->key != CT_GO_ABSENT && t->value != CT_GO_ABSENT && words[t->key / 8] &&
		       is_interface(c, &words[t->key / 8], true) &&
		       is_interface(c, &words[t->value / 8], true);
	default:
		return false;
	}
}

/* Types by which objects of a span can be told: a slot is not much larger than its object. */
static uint32_t types_of_span(const struct ct_go_contexts *c, const struct ct_go_span *s,
	const struct ct_go_context_type *ret[4])
{
	static const uint8_t kinds[] = {
		CT_CONTEXT_AFTER_FUNC, CT_CONTEXT_TIMER, CT_CONTEXT_CANCEL, CT_CONTEXT_VALUE};
	uint32_t n = 0;

	for (size_t i = 0; i < CT_COUNT(kinds); i++) {
		const struct ct_go_context_type *t =
			ct_go_context_type_kind(&c->types, (enum ct_context_kind)kinds[i]);

		if (t && t->parent == 0 && t->size >= 16 && t->size % 8 == 0 &&
			t->size <= MAX_WORDS * 8 && s->elemsize >= t->size &&
			s->elemsize - t->size < STEP)
			ret[n++] = t;
	}
	return n;
}

static void look_at(struct ct_go_contexts *c, const struct ct_go_object *object,
	const struct ct_go_context_type *const *types, uint32_t n)
{
	/* By a damaged descriptor an interface may begin in the last word. */
	uint64_t copy[MAX_WORDS], words[MAX_WORDS + 1] = {0};
	size_t size = (size_t)CT_MIN(object->span->elemsize, (uint64_t)sizeof(copy));
	const void *view;
	bool is_context = false;

	if (!ct_go_heap_view(c->heap, object->span, object->start, size, copy, &view)) {
		c->n_unread++;
		return;
	}
	memcpy(words, view, sizeof(words[0]));
	if (!words[0] || ct_go_span_at(c->heap, words[0]) ||
		ct_go_context_type_of(&c->types, words[0], &is_context) == CT_NONE || !is_context)
		return;
	memcpy(words, view, size);
	for (uint32_t i = 0; i < n; i++)
		if (has_shape(c, types[i], words)) {
			(void)add(c, object->start, (uint32_t)(types[i] - c->types.list.items),
				false);
			return;
		}
}

static void scan(struct ct_go_contexts *c)
{
	const struct ct_go_context_type *types[4];

	for (uint32_t i = 0; i < c->heap->n_spans && !c->failed; i++) {
		const struct ct_go_span *s = &c->heap->spans[i];
		uint32_t n = s->map == CT_GO_MAP_NONE || !s->class ? 0 : types_of_span(c, s, types);

		for (uint32_t k = 0; n && k < s->n && !c->failed; k++) {
			const struct ct_go_object object = {
				s, s->start + k * s->elemsize, k, s->first + k};

			if (c->mark ? ct_go_mark_has(c->mark, object.id) : ct_go_is_allocated(s, k))
				look_at(c, &object, types, n);
		}
	}
}

/* ---- the tree ---- */

static void read_context(struct ct_go_contexts *c, uint32_t i)
{
	struct ct_go_found_context *x = &c->list.items[i];
	const struct ct_go_context_type *t = &c->types.list.items[x->type];
	uint64_t words[2];

	if (t->done != CT_GO_ABSENT && !ct_read(c->go->target, x->at + t->done, words, 16))
		x->done = words[!t->done_is_chan];
	if (t->err != CT_GO_ABSENT && !ct_read(c->go->target, x->at + t->err, words, 16))
		x->cancelled = words[0] != 0;
	/* Many that were cancelled before anybody asked share one closed channel. */
	if (x->done && !x->cancelled && !ct_hash_insert(&c->by_done, ct_hash_u64(x->done), i))
		c->failed = true;
	if (t->parent != CT_GO_ABSENT && !ct_read(c->go->target, x->at + t->parent, words, 16) &&
		words[0]) {
		uint32_t parent = ct_go_context_of(c, words[0], words[1]);

		c->list.items[i].parent = parent == i ? CT_NONE : parent;
	}
}

static bool is_cancellable(const struct ct_go_contexts *c, uint32_t i)
{
	uint8_t kind = c->types.list.items[c->list.items[i].type].kind;

	return kind == CT_CONTEXT_CANCEL || kind == CT_CONTEXT_TIMER ||
	       kind == CT_CONTEXT_AFTER_FUNC;
}

/* Whose Done() it has, when that of its parent is known. What another type makes of it is not
 * known. */
static uint32_t cancels_of(const struct ct_go_contexts *c, uint32_t i)
{
	const struct ct_go_found_context *x = &c->list.items[i];
	uint8_t kind = c->types.list.items[x->type].kind;

	if (is_cancellable(c, i))
		return i;
	if (x->parent == CT_NONE || (kind != CT_CONTEXT_VALUE && kind != CT_CONTEXT_STOP))
		return CT_NONE;
	return c->list.items[x->parent].cancels;
}

/* Package context gives no deadline to what is derived from one with a sooner deadline, by what
 * that says of itself. */
static bool is_foreign(const struct ct_go_contexts *c, uint32_t i)
{
	const struct ct_go_found_context *x = &c->list.items[i];

	switch ((enum ct_context_kind)c->types.list.items[x->type].kind) {
	case CT_CONTEXT_BACKGROUND:
	case CT_CONTEXT_TODO:
	case CT_CONTEXT_EMPTY:
	case CT_CONTEXT_WITHOUT_CANCEL:
		return false;
	case CT_CONTEXT_OTHER:
		return true;
	default:
		return x->parent == CT_NONE || c->list.items[x->parent].foreign;
	}
}

/* From each one up to what is known already, and back; a way that comes back to itself, which no
 * program makes, is cut. */
enum ct_status ct_go_contexts_link(struct ct_go_contexts *c)
{
	for (; c->n_read < c->list.n && !c->failed; c->n_read++)
		read_context(c, c->n_read);
	if (c->failed)
		return CT_NO_MEMORY;
	CT_VEC(uint32_t) way = {0};
	ct_autofree uint8_t *state = calloc((size_t)c->list.n + 1, 1);
	enum ct_status status = state ? CT_OK : CT_NO_MEMORY;

	for (uint32_t i = 0; !status && i < c->list.n; i++) {
		for (uint32_t at = i; at != CT_NONE && !state[at]; at = c->list.items[at].parent) {
			uint32_t *slot = ct_vec_push(&way);

			if (!slot) {
				status = CT_NO_MEMORY;
				break;
			}
			*slot = at;
			state[at] = 1;
		}
		while (way.n) {
			uint32_t at = way.items[--way.n], parent = c->list.items[at].parent;

			if (parent != CT_NONE && state[parent] == 1)
				c->list.items[at].parent = CT_NONE;
			c->list.items[at].cancels = cancels_of(c, at);
			c->list.items[at].foreign = is_foreign(c, at);
			state[at] = 2;
		}
	}
	ct_vec_free(&way);
	return status;
}

enum ct_status ct_go_contexts_find(const struct ct_go *go, struct ct_arena *arena,
	const struct ct_go_heap *heap, const struct ct_go_mark *mark, struct ct_go_contexts *ret)
{
	struct ct_go_contexts *c = ret;
	enum ct_status status;

	*c = (struct ct_go_contexts){.go = go, .heap = heap, .mark = mark};
	status = ct_go_context_types_read(go, arena, &c->types);
	if (status || !c->types.list.n)
		return status;
	scan(c);
	return c->failed ? CT_NO_MEMORY : CT_OK;
}

void ct_go_contexts_free(struct ct_go_contexts *c)
{
	ct_go_context_types_free(&c->types);
	ct_vec_free(&c->list);
	ct_hash_free(&c->by_address);
	ct_hash_free(&c->by_done);
}
