/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of contexts. Branches that look alike are told once, with how many there are. */
#include <inttypes.h>

#include "base/vec.h"
#include "report/context_tree.h"
#include "report/text.h"
#include "rules/contexts.h"
#include "rules/words.h"

#define LINES_SHOWN 100 /* without -v */
#define DEEP        40  /* how far lines are set in */

struct branch {
	uint32_t context, n; /* the first of n that look alike */
	uint32_t n_waits, n_ignores;
	uint32_t depth;
};

struct writer {
	struct ct_text *t;
	const struct ct_fact_go_contexts *c;
	struct ct_context_tree tree;
	CT_VEC(struct branch) todo; /* the next one last */
};

static const char *name_of(const struct ct_go_context *x)
{
	const char *dot = strrchr(x->type, '.');

	if (x->kind == CT_CONTEXT_BACKGROUND)
		return "Background()";
	return x->kind != CT_CONTEXT_OTHER && dot ? dot + 1 : x->type;
}

static void add_state(struct ct_text *t, const struct ct_go_context *x)
{
	if (x->key)
		ct_text_add(t, ", key %s", x->key);
	if (x->value)
		ct_text_add(
			t, ", value %s%s%s", x->value, x->text ? " " : "", x->text ? x->text : "");
	ct_text_add(t, "%s", ct_say_context_state(&t->words, x));
}

static void add_who(struct ct_text *t, uint32_t n, uint32_t first, const char *one, const char *all)
{
	if (n == 1 && first != CT_NONE)
		ct_text_add(t, "; %s %s", ct_say_actor(&t->words, t->facts, first), one);
	else if (n)
		ct_text_add(t, "; %" PRIu32 " goroutines %s", n, all);
}

static uint32_t first_waiter(const struct ct_facts *facts, const struct ct_go_context *x)
{
	const struct ct_resource *r = x->done == CT_NONE ? NULL : &facts->resources[x->done];

	return r && r->n_waiters ? facts->waits[facts->waits_by_resource[r->first_waiter]].actor
				 : CT_NONE;
}

static uint32_t first_ignoring(const struct ct_facts *facts, const struct ct_go_context *x)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;

	for (uint32_t i = 0; i < x->n_uses; i++) {
		const struct ct_go_context_use *use =
			&c->uses[c->uses_by_context[x->first_use + i]];

		if (ct_context_use_ignores(facts, use))
			return use->actor;
	}
	return CT_NONE;
}

static void write_branch(struct ct_text *t, const struct branch *b)
{
	const struct ct_go_context *x = &t->facts->go_contexts->contexts[b->context];
	int deep = (int)(2 * CT_MIN(b->depth, (uint32_t)DEEP));

	ct_text_add(t, "  %*s", deep, "");
	if (b->n > 1)
		ct_text_add(t, "%" PRIu32 " × ", b->n);
	ct_text_add(t, "%s", name_of(x));
	if (x->kind != CT_CONTEXT_BACKGROUND && x->kind != CT_CONTEXT_TODO)
		ct_text_add(t, "%s 0x%" PRIx64, b->n > 1 ? ", as" : "", x->address);
	add_state(t, x);
	add_who(t, b->n_waits, first_waiter(t->facts, x), "waits at its Done()",
		"wait at its Done()");
	add_who(t, b->n_ignores, first_ignoring(t->facts, x),
		"has it in a frame, and waits for something else",
		"have it in a frame, and wait for something else");
	ct_text_end(t);
}

/* Puts the branches of these children on the list: the largest, which come last, first. */
static bool add_branches(struct writer *w, uint32_t first, uint32_t n, uint32_t depth)
{
	for (uint32_t i = first, end; i < first + n; i = end) {
		const struct ct_context_child *list = w->tree.children;
		struct branch *b = ct_vec_push(&w->todo);

		if (!b)
			return false;
		*b = (struct branch){.context = list[i].context, .depth = depth};
		for (end = i; end < first + n && list[end].look == list[i].look; end++) {
			const struct ct_context_node *node = &w->tree.nodes[list[end].context];

			b->n++;
			b->n_waits += node->n_waits;
			b->n_ignores += node->n_ignores;
		}
	}
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct branch *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return (x->context < y->context) - (x->context > y->context);
}

static bool expand(struct writer *w, uint32_t first, uint32_t n, uint32_t depth)
{
	uint32_t before = w->todo.n;

	if (!add_branches(w, first, n, depth))
		return false;
	if (w->todo.n - before > 1)
		qsort(w->todo.items + before, w->todo.n - before, sizeof(*w->todo.items),
			by_number);
	return true;
}

static void write_tree(struct writer *w)
{
	uint32_t n_lines = 0;
	bool ok = expand(w, 0, w->tree.n_roots, 0);

	while (ok && w->todo.n && (w->t->verbose || n_lines++ < LINES_SHOWN)) {
		const struct branch b = w->todo.items[--w->todo.n];
		const struct ct_context_node *node = &w->tree.nodes[b.context];

		write_branch(w->t, &b);
		ok = expand(w, node->first, node->n, b.depth + 1);
	}
	w->t->failed |= !ok;
	if (ok && w->todo.n)
		ct_text_say(w->t, "  … more branches (-v)");
}

static void write_counts(struct ct_text *t, const struct ct_fact_go_contexts *c)
{
	uint32_t n_cancelled = 0, n_deadline = 0;

	for (uint32_t i = 0; i < c->n_contexts; i++) {
		n_cancelled += c->contexts[i].err != NULL;
		n_deadline += c->contexts[i].deadline != NULL;
	}
	ct_text_head(t,
		"Contexts: %" PRIu32 ", of which %" PRIu32 " are cancelled and %" PRIu32
		" have a deadline",
		c->n_contexts, n_cancelled, n_deadline);
	if (c->n_left_out)
		ct_text_say(t, "  %" PRIu32 " more were found, and are left out.", c->n_left_out);
}

void ct_text_contexts(struct ct_text *t)
{
	struct writer w = {.t = t, .c = t->facts->go_contexts};

	if (!w.c || !w.c->n_contexts) {
		ct_text_say(t, "There are no contexts: this is no Go program, it has none, or its "
			       "heap cannot be read.");
		return;
	}
	write_counts(t, w.c);
	if (ct_context_tree_make(t->facts, &w.tree))
		write_tree(&w);
	else
		t->failed = true;
	ct_context_tree_free(&w.tree);
	ct_vec_free(&w.todo);
}
