/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/view.h"

#include "base/str.h"
#include "rules/words.h"

#define MAX_TEXT   4096
#define MAX_FRAMES 512 /* of one stack; the rest tells no two apart */

const char *ct_view_text(struct ct_view_builder *b, const char *text)
{
	ct_autostr clean = {0};

	if (!text)
		return NULL;
	ct_str_add_clean(&clean, text, strlen(text), MAX_TEXT);
	const char *ret = ct_arena_strndup(b->arena, ct_str_text(&clean), clean.len);
	b->failed |= clean.failed || !ret;
	return ret ? ret : "";
}

/* One line of a stack's key: the function, or, where it has no name, its place in the file. */
static void add_line(struct ct_str *out, const struct ct_view_frame *frame)
{
	ct_autostr name = {0};
	const char *slash = frame->module ? strrchr(frame->module, '/') : NULL;
	const char *file = slash ? slash + 1 : frame->module;

	if (frame->function)
		ct_str_add_function(&name, frame->function);
	else if (file)
		ct_str_add(&name, "%s+0x%llx", file, (unsigned long long)frame->offset);
	else
		ct_str_add(&name, "?");
	ct_str_add_clean(out, ct_str_text(&name), name.len, MAX_TEXT);
	out->failed |= name.failed;
}

static const char *place_of(
	struct ct_view_builder *b, const struct ct_view_frame *frames, uint32_t n)
{
	ct_autostr text = {0};
	uint32_t own = 0;

	while (own < n && (!frames[own].module || !ct_own_code(frames[own].module,
							  frames[own].function, b->is_static)))
		own++;
	if (!n)
		return "?";
	add_line(&text, &frames[own < n ? own : 0]);
	if (frames[own < n ? own : 0].function)
		ct_str_add(&text, "()");
	b->failed |= text.failed;
	return ct_view_text(b, ct_str_text(&text));
}

/* Calls of a function by itself are as many as it happened to have. */
static void add_key(struct ct_view_builder *b, struct ct_str *key,
	const struct ct_view_frame *frames, uint32_t n)
{
	size_t last = 0, last_len = 0;

	for (uint32_t i = 0; i < n && i < MAX_FRAMES; i++) {
		size_t start = key->len;

		add_line(key, &frames[i]);
		size_t len = key->len - start;
		if (i && len == last_len && !memcmp(key->text + start, key->text + last, len)) {
			ct_str_cut(key, start);
			continue;
		}
		last = start;
		last_len = len;
		ct_str_add(key, "\n");
	}
	b->failed |= key->failed;
}

uint32_t ct_view_add_stack(
	struct ct_view_builder *b, const struct ct_view_frame *frames, uint32_t n)
{
	ct_autostr key = {0};
	uint32_t i;

	add_key(b, &key, frames, n);
	uint64_t hash = ct_hash_bytes(ct_str_text(&key), key.len);
	struct ct_hash_it it = ct_hash_find(&b->stack_keys, hash);
	while (ct_hash_next(&b->stack_keys, &it, &i))
		if (!strcmp(b->stacks.items[i].key, ct_str_text(&key)))
			return i;
	struct ct_view_stack *slot = ct_vec_push(&b->stacks);
	if (!slot || !ct_hash_insert(&b->stack_keys, hash, b->stacks.n - 1)) {
		b->failed = true;
		return CT_NONE;
	}
	/* The key has line feeds that are ours. */
	slot->key = ct_arena_strndup(b->arena, ct_str_text(&key), key.len);
	slot->place = place_of(b, frames, n);
	b->failed |= !slot->key;
	return b->failed ? CT_NONE : b->stacks.n - 1;
}

void ct_view_add_thread(struct ct_view_builder *b, uint32_t stack, const char *waits)
{
	if (stack == CT_NONE)
		return;
	struct ct_view_stack *s = &b->stacks.items[stack];
	if (!s->n++)
		s->waits = ct_view_text(b, waits);
}

/* By its name, else by the place where somebody waits for it. */
static const char *key_of(struct ct_view_builder *b, const struct ct_view_lock *lock)
{
	const char *what = lock->name ? lock->name : lock->place;
	const char *key = what ? ct_arena_printf(b->arena, "%s %s %s", lock->kind,
					 lock->name ? "=" : "at", what)
			       : NULL;

	b->failed |= what && !key;
	return key;
}

static struct ct_view_lock *known_lock(struct ct_view_builder *b, const char *key, uint64_t hash)
{
	struct ct_hash_it it = ct_hash_find(&b->lock_keys, hash);
	uint32_t i;

	while (ct_hash_next(&b->lock_keys, &it, &i))
		if (!strcmp(b->locks.items[i].key, key))
			return &b->locks.items[i];
	return NULL;
}

void ct_view_add_lock(struct ct_view_builder *b, const struct ct_view_lock *lock)
{
	struct ct_view_lock copy = *lock;

	copy.kind = ct_view_text(b, lock->kind ? lock->kind : "lock");
	copy.name = ct_view_text(b, lock->name);
	copy.place = ct_view_text(b, lock->place);
	copy.waits = ct_view_text(b, lock->waits);
	copy.holder = ct_view_text(b, lock->holder);
	copy.holder_label = ct_view_text(b, lock->holder_label);
	copy.key = key_of(b, &copy);
	uint64_t hash = copy.key ? ct_hash_bytes(copy.key, strlen(copy.key)) : 0;
	struct ct_view_lock *known = copy.key ? known_lock(b, copy.key, hash) : NULL;
	if (known) {
		/* Several of one kind: who holds which does not matter. */
		known->waiters += lock->waiters;
		known->holder = known->holder_label = NULL;
		known->holder_id = 0;
		return;
	}
	struct ct_view_lock *slot = b->failed ? NULL : ct_vec_push(&b->locks);
	if (!slot || (copy.key && !ct_hash_insert(&b->lock_keys, hash, b->locks.n - 1)))
		b->failed = true;
	else
		*slot = copy;
}

void ct_view_add_finding(struct ct_view_builder *b, const struct ct_view_finding *finding)
{
	struct ct_view_finding *slot = ct_vec_push(&b->findings);

	if (!slot) {
		b->failed = true;
		return;
	}
	*slot = (struct ct_view_finding){
		.rule = ct_view_text(b, finding->rule ? finding->rule : "?"),
		.name = ct_view_text(b, finding->name ? finding->name : "?"),
		.title = ct_view_text(b, finding->title),
		.fingerprint = ct_view_text(b, finding->fingerprint),
		.level = finding->level,
		.confidence = ct_view_text(b, finding->confidence ? finding->confidence : "?"),
		.ignored_by = ct_view_text(b, finding->ignored_by),
		.n_actors = finding->n_actors,
	};
}

#define KEEP(b, what)                                                                              \
	do {                                                                                       \
		(b)->view.what = ct_arena_copy(                                                    \
			(b)->arena, (b)->what.items, (b)->what.n * sizeof(*(b)->what.items));      \
		(b)->view.n_##what = (b)->what.n;                                                  \
		(b)->failed |= !(b)->view.what;                                                    \
		ct_vec_free(&(b)->what);                                                           \
	} while (0)

enum ct_status ct_view_finish(struct ct_view_builder *b, struct ct_view *ret)
{
	KEEP(b, findings);
	KEEP(b, stacks);
	KEEP(b, locks);
	KEEP(b, groups);
	KEEP(b, ids);
	KEEP(b, pools);
	KEEP(b, types);
	ct_hash_free(&b->stack_keys);
	ct_hash_free(&b->lock_keys);
	ct_hash_free(&b->group_keys);
	ct_hash_free(&b->pools.names);
	ct_hash_free(&b->types.names);
	if (!b->failed)
		*ret = b->view;
	return b->failed ? CT_NO_MEMORY : CT_OK;
}
