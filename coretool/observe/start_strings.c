/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program was started with. The kernel lays it out at the end of the main stack
 * (fs/binfmt_elf.c, create_elf_tables): the number of arguments, pointers to them and a NULL,
 * pointers to the environment and a NULL, the auxiliary vector; behind that the strings, and last
 * the program's path, which AT_EXECFN points to. All of it can be written by the process.
 */
#include <elf.h>

#include "base/vec.h"
#include "observe/internal.h"

#define NEAR       4096u  /* from the vector to the bytes that AT_RANDOM points to */
#define MOST_AUXV  64u    /* its entries; each type is below */
#define MOST       16384u /* strings */
#define LONGEST    4096u  /* of one; the rest is left out */
#define MOST_BYTES (1u << 20)

struct start {
	struct ct_observation *o;
	uint64_t random, path; /* AT_RANDOM, AT_EXECFN: all strings are between */
	uint32_t bytes;        /* that were read */
};

/* The address of the vector on the stack: before the entry that says where the path is. */
static uint64_t find_vector(const struct start *s)
{
	uint64_t end = s->random & ~UINT64_C(15), words[2];

	for (uint64_t at = end - 16; end - at <= NEAR; at -= 8) {
		if (ct_read(s->o->target, at, words, sizeof(words)))
			return 0;
		if (words[0] != AT_EXECFN || words[1] != s->path)
			continue;
		for (unsigned i = 0; i < MOST_AUXV; i++, at -= 16)
			if (ct_read(s->o->target, at - 16, words, sizeof(words)) || !words[0] ||
				words[0] >= MOST_AUXV)
				return i < MOST_AUXV ? at : 0;
		return 0;
	}
	return 0;
}

/*
 * Goes back over the pointers before the NULL that is right before `behind`; returns where they
 * begin. 0: that is not what the kernel puts there.
 */
static uint64_t pointers_before(const struct start *s, uint64_t behind)
{
	uint64_t at = behind - 8, word;

	if (ct_read_u64(s->o->target, at, &word) || word)
		return 0;
	for (uint32_t n = 0; n <= MOST; n++, at -= 8) {
		if (ct_read_u64(s->o->target, at - 8, &word))
			return 0;
		if (word <= s->random || word >= s->path)
			return at;
	}
	return 0;
}

static const char *read_string(struct start *s, uint64_t addr, bool *cut)
{
	char text[LONGEST];

	if (s->bytes >= MOST_BYTES || ct_read_string(s->o->target, addr, text, sizeof(text))) {
		*cut = true;
		return NULL;
	}
	size_t len = strlen(text);
	*cut |= len == sizeof(text) - 1;
	s->bytes += (uint32_t)len + 1;
	return ct_sink_secret(s->o->sink, text);
}

static void read_strings(struct start *s, uint64_t from, uint64_t end, struct ct_fact_strings *ret)
{
	uint64_t n = (end - from) / 8, addr;
	const char **items =
		ct_arena_new_array(ct_sink_arena(s->o->sink), (size_t)n + 1, const char *);

	for (uint64_t i = 0; items && i < n; i++) {
		const char *text = ct_read_u64(s->o->target, from + 8 * i, &addr)
					   ? NULL
					   : read_string(s, addr, &ret->cut);
		if (!text)
			break;
		items[ret->n++] = text;
	}
	ret->items = items;
	ret->cut |= ret->n < n;
}

/* The kernel's own copy of the first bytes of the command line. */
static void take_short_copy(struct ct_observation *o, struct ct_fact_strings *ret)
{
	const char *args = ct_target_process(o->target)->args;
	const char **items = ct_arena_new_array(ct_sink_arena(o->sink), 1, const char *);

	if (!args || !*args || !items)
		return;
	items[0] = ct_sink_secret(o->sink, args);
	ret->items = items;
	ret->n = 1;
	ret->cut = true;
	ret->why = "the stack of the main thread does not have them: these are the first 80 bytes "
		   "of the command line, as the kernel noted them";
}

void ct_observe_start_strings(struct ct_observation *o)
{
	struct ct_fact_target *target = ct_sink_target(o->sink);
	struct start s = {.o = o};
	uint64_t count = 0, vector = 0, env = 0, args = 0;

	target->args.asked = o->plan->wants & CT_WANT_ARGS;
	target->env.asked = o->plan->wants & CT_WANT_ENV;
	if (!target->args.asked && !target->env.asked)
		return;
	if (!ct_target_auxv(o->target, AT_RANDOM, &s.random) &&
		!ct_target_auxv(o->target, AT_EXECFN, &s.path))
		vector = find_vector(&s);
	if (vector)
		env = pointers_before(&s, vector);
	if (env)
		args = pointers_before(&s, env);
	/* The count before them has to agree. */
	bool found =
		args && !ct_read_u64(o->target, args - 8, &count) && count == (env - 8 - args) / 8;
	if (!found)
		target->args.why = target->env.why =
			"they were not found on the stack of the main thread";
	if (target->args.asked && found)
		read_strings(&s, args, env - 8, &target->args);
	else if (target->args.asked)
		take_short_copy(o, &target->args);
	if (target->env.asked && found)
		read_strings(&s, env, vector - 8, &target->env);
}
