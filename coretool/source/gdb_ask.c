/* SPDX-License-Identifier: Apache-2.0 */
#include "source/gdb_ask.h"

#include <stdio.h>
#include <sys/mman.h>

#include "base/str.h"

#define ANSWER_SECONDS 600 /* gdb may be at the end of a slow line */
#define MAX_THREADS    (1u << 20)
#define MAX_MAPS       (1u << 20)
#define MAX_AUXV       256
#define NOT_KNOWN      UINT32_MAX /* a protection */

/* One question and its answer. */
static enum ct_status query(struct ct_pipe *pipe, enum ct_pipe_type type, uint64_t value,
	const void *payload, size_t length, struct ct_pipe_frame *ret, struct ct_error *err)
{
	enum ct_status status = ct_pipe_send(pipe, type, value, payload, length);

	if (!status)
		status = ct_pipe_receive(pipe, ANSWER_SECONDS, ret);
	if (status == CT_DONE)
		return ct_fail(err, CT_IO, "gdb has gone");
	if (status)
		return ct_fail(err, CT_IO, "%s", pipe->broken);
	if (ret->type == CT_PIPE_ANSWER)
		return CT_OK;
	if (ret->type != CT_PIPE_FAIL) {
		snprintf(pipe->broken, sizeof(pipe->broken),
			"gdb sent a frame of type %u for an answer", ret->type);
		return ct_fail(err, CT_IO, "%s", pipe->broken);
	}
	ct_autostr text = {0};
	ct_str_add_clean(&text, (const char *)ret->payload, ret->length, 500);
	return ct_fail(err, CT_IO, "gdb: %s", ct_str_text(&text));
}

static enum ct_status bad_answer(struct ct_pipe *pipe, const char *what, struct ct_error *err)
{
	snprintf(
		pipe->broken, sizeof(pipe->broken), "gdb's answer about %s is no such thing", what);
	return ct_fail(err, CT_IO, "%s", pipe->broken);
}

static const char *keep_text(struct ct_arena *arena, const char *text)
{
	return *text ? ct_arena_strndup(arena, text, strlen(text)) : NULL;
}

/* A u16 length and as many bytes; NULL in *ret: none. False: they are not there. */
static bool take_short_text(struct ct_arena *arena, struct ct_pipe_reader *r, const char **ret)
{
	char text[UINT16_MAX + 1];
	uint16_t length;

	if (!ct_pipe_take(r, &length, sizeof(length)) || !ct_pipe_take(r, text, length))
		return false;
	text[length] = '\0';
	*ret = keep_text(arena, text);
	return true;
}

static void set_fact(
	struct ct_arena *arena, struct ct_process *p, const char *key, const char *value)
{
	const struct {
		const char *key;
		const char **text;
	} texts[] = {{"exe", &p->exe}, {"comm", &p->comm}, {"path", &p->path}};

	for (size_t i = 0; i < CT_COUNT(texts); i++)
		if (!strcmp(texts[i].key, key))
			*texts[i].text = keep_text(arena, value);
	if (!strcmp(key, "arch"))
		p->arch = ct_arch_of_gdb(value);
	else if (!strcmp(key, "still"))
		p->still = !strcmp(value, "1");
	else if (!strcmp(key, "pid"))
		p->pid = strtoll(value, NULL, 10);
	else if (!strcmp(key, "signal"))
		p->signal.number = (int)strtol(value, NULL, 10);
	else if (!strcmp(key, "code"))
		p->signal.code = (int)strtol(value, NULL, 10);
	else if (!strcmp(key, "address"))
		p->signal.address = strtoull(value, NULL, 10);
	else if (!strcmp(key, "lwp"))
		p->signal.lwp = strtoull(value, NULL, 10);
}

enum ct_status ct_gdb_ask_process(
	struct ct_pipe *pipe, struct ct_arena *arena, struct ct_process *ret, struct ct_error *err)
{
	struct ct_process process = {.kind = "gdb", .all_threads = true};
	struct ct_pipe_frame frame;
	enum ct_status status = query(pipe, CT_PIPE_PROCESS, 0, NULL, 0, &frame, err);
	ct_autostr arch = {0};
	const char *fact;

	if (status)
		return status;
	struct ct_pipe_reader r = {frame.payload, frame.length};
	while ((fact = ct_pipe_take_string(&r))) {
		const char *equals = strchr(fact, '=');
		ct_autofree char *key = equals ? strndup(fact, (size_t)(equals - fact)) : NULL;

		if (!key)
			continue;
		set_fact(arena, &process, key, equals + 1);
		if (!strcmp(key, "arch"))
			ct_str_add_clean(&arch, equals + 1, strlen(equals + 1), 64);
	}
	if (!process.arch)
		return ct_fail(err, CT_UNSUPPORTED,
			"gdb's architecture '%s' is not one that coretool knows (i386:x86-64, "
			"aarch64)",
			ct_str_text(&arch));
	*ret = process;
	return CT_OK;
}

/* arch NULL: the record has no registers. */
static bool take_thread(
	struct ct_gdb_threads *threads, const struct ct_arch *arch, struct ct_pipe_reader *r)
{
	struct ct_thread *thread = ct_vec_push(&threads->list);
	struct ct_regs *regs = ct_arena_new(&threads->arena, struct ct_regs);
	size_t n_regs = arch ? arch->n_regs : 0;
	uint32_t flags;

	if (!thread || !regs || !ct_pipe_take(r, &thread->lwp, sizeof(thread->lwp)) ||
		!ct_pipe_take(r, &regs->known, sizeof(regs->known)) ||
		!ct_pipe_take(r, &flags, sizeof(flags)) ||
		!take_short_text(&threads->arena, r, &thread->number) ||
		!take_short_text(&threads->arena, r, &thread->name) ||
		!ct_pipe_take(r, regs->value, n_regs * sizeof(*regs->value)))
		return false;
	regs->known &= (UINT64_C(1) << n_regs) - 1;
	thread->regs = regs;
	thread->stopped =
		arch && flags & 1 && regs->known >> arch->pc & 1 && regs->known >> arch->sp & 1;
	return true;
}

/* The names of all registers, one behind the other. */
static void add_names(struct ct_str *names, const struct ct_arch *arch)
{
	for (unsigned i = 0; arch && i < arch->n_regs; i++)
		ct_str_add_bytes(names, arch->gdb_regs[i], strlen(arch->gdb_regs[i]) + 1);
}

enum ct_status ct_gdb_ask_threads(struct ct_pipe *pipe, const struct ct_arch *arch,
	struct ct_gdb_threads *ret, struct ct_error *err)
{
	ct_autostr names = {0};
	uint64_t total = 1;

	*ret = (struct ct_gdb_threads){0};
	add_names(&names, arch);
	while (ret->list.n < total) {
		struct ct_pipe_frame frame;
		uint32_t before = ret->list.n;
		enum ct_status status = query(
			pipe, CT_PIPE_THREADS, before, ct_str_text(&names), names.len, &frame, err);

		if (status)
			return status;
		total = frame.value;
		struct ct_pipe_reader r = {frame.payload, frame.length};
		while (r.left && ret->list.n < total)
			if (!take_thread(ret, arch, &r))
				return bad_answer(pipe, "threads", err);
		if (total > MAX_THREADS || (ret->list.n == before && total > before))
			return bad_answer(pipe, "threads", err);
	}
	return names.failed || ret->arena.failed ? ct_fail(err, CT_NO_MEMORY, "out of memory")
						 : CT_OK;
}

void ct_gdb_threads_free(struct ct_gdb_threads *threads)
{
	ct_vec_free(&threads->list);
	ct_arena_free(&threads->arena);
}

static bool take_map(struct ct_gdb_maps *maps, struct ct_pipe_reader *r)
{
	struct ct_map *map = ct_vec_push(&maps->list);
	uint64_t place[3];
	uint32_t prot;

	if (!map || !ct_pipe_take(r, place, sizeof(place)) ||
		!ct_pipe_take(r, &prot, sizeof(prot)) ||
		!take_short_text(&maps->arena, r, &map->path))
		return false;
	map->start = place[0];
	map->end = place[1];
	map->whole = place[2] == UINT64_MAX;
	map->file_offset = map->whole ? 0 : place[2];
	map->prot = prot == NOT_KNOWN ? -1 : (int)(prot & (PROT_READ | PROT_WRITE | PROT_EXEC));
	map->present = map->prot < 0 || map->prot & PROT_READ ? map->end - map->start : 0;
	/* The kernel's names of memory that is no file's: [heap], [stack], [vdso]. */
	if (map->path && map->path[0] != '/')
		map->path = NULL;
	return map->start < map->end && (maps->list.n == 1 || map[-1].end <= map->start);
}

enum ct_status ct_gdb_ask_maps(struct ct_pipe *pipe, struct ct_gdb_maps *ret, struct ct_error *err)
{
	uint64_t total = 1;

	*ret = (struct ct_gdb_maps){0};
	while (ret->list.n < total) {
		struct ct_pipe_frame frame;
		uint32_t before = ret->list.n;
		enum ct_status status = query(pipe, CT_PIPE_MAPS, before, NULL, 0, &frame, err);

		if (status)
			return status;
		total = frame.value;
		struct ct_pipe_reader r = {frame.payload, frame.length};
		while (r.left && ret->list.n < total)
			if (!take_map(ret, &r))
				return bad_answer(pipe, "maps", err);
		if (total > MAX_MAPS || (ret->list.n == before && total > before))
			return bad_answer(pipe, "maps", err);
	}
	return ret->arena.failed ? ct_fail(err, CT_NO_MEMORY, "out of memory") : CT_OK;
}

void ct_gdb_maps_free(struct ct_gdb_maps *maps)
{
	ct_vec_free(&maps->list);
	ct_arena_free(&maps->arena);
}

enum ct_status ct_gdb_ask_auxv(struct ct_pipe *pipe, struct ct_gdb_auxv *ret, struct ct_error *err)
{
	struct ct_pipe_frame frame;
	enum ct_status status = query(pipe, CT_PIPE_AUXV, 0, NULL, 0, &frame, err);
	Elf64_auxv_t aux;

	*ret = (struct ct_gdb_auxv){0};
	if (status)
		return status;
	struct ct_pipe_reader r = {frame.payload, frame.length};
	while (ret->list.n < MAX_AUXV && ct_pipe_take(&r, &aux, sizeof(aux))) {
		Elf64_auxv_t *slot = ct_vec_push(&ret->list);

		if (!slot)
			return ct_fail(err, CT_NO_MEMORY, "out of memory");
		*slot = aux;
	}
	return CT_OK;
}

void ct_gdb_auxv_free(struct ct_gdb_auxv *auxv)
{
	ct_vec_free(&auxv->list);
}

bool ct_gdb_ask_memory(
	void *arg, const struct ct_cache_range *ranges, size_t n, const uint8_t **got)
{
	struct ct_pipe *pipe = arg;
	struct ct_pipe_frame frame;

	if (query(pipe, CT_PIPE_READ, 0, ranges, n * sizeof(*ranges), &frame, NULL))
		return false;
	struct ct_pipe_reader r = {frame.payload, frame.length};
	for (size_t i = 0; i < n; i++) {
		uint32_t len;

		if (!ct_pipe_take(&r, &len, sizeof(len)) || (len && len != ranges[i].len) ||
			len > r.left) {
			(void)bad_answer(pipe, "memory", NULL);
			return false;
		}
		got[i] = len ? r.at : NULL;
		r.at += len;
		r.left -= len;
	}
	return true;
}
