/* SPDX-License-Identifier: Apache-2.0 */
#include "target/target.h"

#include <stdarg.h>

#include "target/internal.h"

static enum ct_status load_maps(struct ct_target *target)
{
	const struct ct_source *src = &target->source;
	struct ct_map map;
	enum ct_status status;
	size_t cur = 0;

	while ((status = src->ops->next_map(src->self, &cur, &map)) == CT_OK) {
		struct ct_map *slot = ct_vec_push(&target->maps);

		if (!slot)
			return CT_NO_MEMORY;
		*slot = map;
	}
	return status == CT_DONE ? CT_OK : status;
}

static int by_lwp(const void *a, const void *b)
{
	const struct ct_thread *x = a, *y = b;

	return (x->lwp > y->lwp) - (x->lwp < y->lwp);
}

static enum ct_status load_threads(struct ct_target *target)
{
	const struct ct_source *src = &target->source;
	struct ct_thread thread;
	enum ct_status status;
	size_t cur = 0;

	while ((status = src->ops->next_thread(src->self, &cur, &thread)) == CT_OK) {
		struct ct_thread *slot = ct_vec_push(&target->threads);

		if (!slot)
			return CT_NO_MEMORY;
		*slot = thread;
	}
	/* The kernel lists the threads of a core in an order of its own: reports should not. */
	if (target->threads.n)
		qsort(target->threads.items, target->threads.n, sizeof(*target->threads.items),
			by_lwp);
	return status == CT_DONE ? CT_OK : status;
}

enum ct_status ct_target_open(struct ct_source src, const struct ct_options *options,
	struct ct_target **ret, struct ct_error *err)
{
	struct ct_target *target = calloc(1, sizeof(*target));

	if (!target) {
		src.ops->close(src.self);
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	}
	target->source = src;
	if (options)
		target->options = *options;
	enum ct_status status = src.ops->process(src.self, &target->process);
	if (!status)
		status = load_maps(target);
	if (!status)
		status = load_threads(target);
	if (status) {
		ct_target_close(target);
		return ct_fail(err, status, "%s: the process cannot be read (out of memory?)",
			src.ops->name);
	}
	*ret = target;
	return CT_OK;
}

void ct_target_close(struct ct_target *target)
{
	if (!target)
		return;
	ct_names_free(target->names);
	ct_modules_free(target->modules);
	target->source.ops->close(target->source.self);
	ct_vec_free(&target->maps);
	ct_vec_free(&target->threads);
	ct_vec_free(&target->notes);
	ct_arena_free(&target->arena);
	free(target);
}

/* A hostile core can raise a note for each of its bytes; nobody reads more than this. */
#define MAX_NOTES 4096

void ct_target_note(
	struct ct_target *target, enum ct_note_code code, const char *about, const char *fmt, ...)
{
	ct_autofree char *text = NULL;
	va_list args;

	/* The same may be said very often: only what is new is kept. */
	va_start(args, fmt);
	int len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0) {
		text = NULL;
		return;
	}
	for (uint32_t i = 0; i < target->notes.n; i++) {
		const struct ct_target_note_row *note = &target->notes.items[i];

		if (note->code == code && !strcmp(note->text, text) && !strcmp(note->about, about))
			return;
	}
	const char *kept = target->notes.n < MAX_NOTES
				   ? ct_arena_strndup(&target->arena, text, (size_t)len)
				   : NULL;
	struct ct_target_note_row *slot = kept ? ct_vec_push(&target->notes) : NULL;
	if (slot)
		*slot = (struct ct_target_note_row){
			code, ct_arena_strndup(&target->arena, about, strlen(about)), kept};
}

enum ct_status ct_target_next_note(const struct ct_target *target, size_t *cur,
	enum ct_note_code *code, const char **about, const char **text)
{
	if (*cur >= target->notes.n)
		return CT_DONE;
	const struct ct_target_note_row *note = &target->notes.items[(*cur)++];
	*code = note->code;
	*about = note->about ? note->about : "";
	*text = note->text;
	return CT_OK;
}

const struct ct_arch *ct_target_arch(const struct ct_target *target)
{
	return target->process.arch;
}

const struct ct_process *ct_target_process(struct ct_target *target)
{
	/* Asked again each time: damage may have been found since. */
	(void)!target->source.ops->process(target->source.self, &target->process);
	return &target->process;
}

const struct ct_options *ct_target_options(const struct ct_target *target)
{
	return &target->options;
}

struct ct_arena *ct_target_arena(struct ct_target *target)
{
	return &target->arena;
}

size_t ct_target_n_threads(const struct ct_target *target)
{
	return target->threads.n;
}

const struct ct_thread *ct_target_thread(const struct ct_target *target, size_t i)
{
	return &target->threads.items[i];
}

size_t ct_target_n_maps(const struct ct_target *target)
{
	return target->maps.n;
}

uint64_t ct_target_present(const struct ct_target *target)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < target->maps.n; i++)
		if (!ct_add(sum, target->maps.items[i].present, &sum))
			return UINT64_MAX;
	return sum;
}

const struct ct_map *ct_target_map(const struct ct_target *target, size_t i)
{
	return &target->maps.items[i];
}

const struct ct_map *ct_target_map_at(const struct ct_target *target, uint64_t addr)
{
	size_t lo = 0, hi = target->maps.n;

	CT_BISECT(lo, hi, mid, target->maps.items[mid].start <= addr);
	return lo && addr < target->maps.items[lo - 1].end ? &target->maps.items[lo - 1] : NULL;
}

enum ct_status ct_target_auxv(struct ct_target *target, uint64_t type, uint64_t *ret)
{
	return target->source.ops->auxv(target->source.self, type, ret);
}
