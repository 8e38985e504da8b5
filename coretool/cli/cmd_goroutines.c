/* SPDX-License-Identifier: Apache-2.0 */
/* goroutines, all or chosen ones, and one goroutine in full. */
#include <ctype.h>
#include <errno.h>

#include "cli/run.h"
#include "facts/go.h"
#include "facts/go_profiles.h"
#include "rules/policy.h"
#include "rules/where.h"

/* What is asked for, besides the input. */
struct question {
	struct ct_where where; /* n is 0: nothing */
	uint64_t id;           /* 0: all */
	enum ct_grouping by;
	enum ct_sample sample;
};

/* "18" or "g:18". */
static bool parse_id(const char *word, uint64_t *ret)
{
	const char *digits = word + (strncmp(word, "g:", 2) ? 0 : 2);
	char *end;

	if (!isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*ret = strtoull(digits, &end, 10);
	return !*end && !errno && *ret;
}

/* Takes the id out of the words: a number that is no file. */
static void take_id(const struct ct_list *words, struct ct_list *rest, uint64_t *ret)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->items[i];

		if (*ret || !access(word, F_OK) || !parse_id(word, ret))
			rest->items[rest->n++] = word;
	}
}

static enum ct_status find_goroutine(struct ct_run *run, uint64_t id, struct ct_error *err)
{
	const struct ct_facts *facts = run->facts;

	for (uint32_t i = 0; i < facts->n_actors; i++)
		if (facts->actors[i].kind == CT_ACTOR_GOROUTINE && facts->actors[i].id == id)
			return CT_OK;
	return ct_fail(err, CT_BAD_INPUT, "there is no goroutine %llu among the %u of this process",
		(unsigned long long)id, run->document->summary.n_goroutines);
}

static bool is_wanted(const struct ct_args *args, const struct question *q,
	const struct ct_facts *facts, uint32_t actor)
{
	if (q->id)
		return facts->actors[actor].id == q->id;
	return ct_where_holds(&q->where, facts, actor) &&
	       !ct_policy_skips(args->policy, facts, actor);
}

static enum ct_status choose(const struct ct_args *args, const struct question *q,
	struct ct_run *run, struct ct_error *err)
{
	const struct ct_facts *facts = run->facts;
	struct ct_selection *selection = &run->document->selection;
	bool *skip = ct_arena_new_array(&run->document->arena, (size_t)facts->n_actors + 1, bool);

	if (!skip)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	for (uint32_t i = 0; i < facts->n_actors; i++) {
		skip[i] = facts->actors[i].kind != CT_ACTOR_GOROUTINE;
		if (skip[i] || is_wanted(args, q, facts, i))
			continue;
		skip[i] = true;
		selection->n_skipped++;
	}
	selection->skip = selection->n_skipped ? skip : NULL;
	selection->by = q->by;
	selection->sample = q->sample;
	selection->one = q->id;
	selection->full |= q->id != 0;
	return q->id ? find_goroutine(run, q->id, err) : CT_OK;
}

/* An empty profile answers nothing: why it is empty does. */
static enum ct_status check_profile(
	const struct ct_run *run, enum ct_sample sample, struct ct_error *err)
{
	const struct ct_fact_go_profiles *kept = run->facts->go_profiles;
	const struct ct_fact_go *go = run->facts->go;
	static const char *const switches[] = {"runtime.MemProfileRate",
		"runtime.SetBlockProfileRate", "runtime.SetMutexProfileFraction"};

	if (sample < CT_SAMPLE_HEAP)
		return CT_OK;
	const char *name = ct_samples[sample];
	if (!kept || !go || !kept->profiles[sample - CT_SAMPLE_HEAP].found)
		return ct_fail(err, CT_UNSUPPORTED,
			"where this program keeps its %s profile is not known", name);
	if (kept->profiles[sample - CT_SAMPLE_HEAP].cut &&
		!kept->profiles[sample - CT_SAMPLE_HEAP].n)
		return ct_fail(err, CT_BAD_INPUT,
			"the list of the %s profile is damaged: nothing of it is known", name);
	const int64_t rates[] = {go->heap_rate, go->block_rate, go->mutex_rate};
	if (kept->profiles[sample - CT_SAMPLE_HEAP].n || rates[sample - CT_SAMPLE_HEAP])
		return CT_OK;
	return ct_fail(err, CT_BAD_INPUT, "the %s profile is empty: it is off (rate 0, %s); %s",
		name, switches[sample - CT_SAMPLE_HEAP],
		sample == CT_SAMPLE_HEAP ? "coretool heap tells what lives"
					 : "--sample waiting-now tells who waits now");
}

static int report(
	const struct ct_args *args, const struct ct_input *input, const struct question *q)
{
	struct ct_error err = {0};
	struct ct_run run = {0};
	enum ct_status status;

	if (!ct_run_format(args, &err))
		return ct_give_up(args, CT_USAGE, &err);
	status = ct_run_document(args, input, &run, &err);
	if (!status)
		status = choose(args, q, &run, &err);
	if (!status)
		status = check_profile(&run, q->sample, &err);
	int result = ct_run_end(args, &run, status, &err);
	ct_run_close(&run);
	return result;
}

static enum ct_status read_question(const struct ct_args *args, struct ct_arena *arena,
	struct question *q, struct ct_error *err)
{
	if (args->where && q->id)
		return ct_fail(err, CT_USAGE, "--where chooses among many, not with one ID");
	for (size_t i = 0; args->group_by && ct_groupings[i]; i++)
		if (!strcmp(ct_groupings[i], args->group_by))
			q->by = CT_BY_STACK + (enum ct_grouping)i;
	for (size_t i = 0; args->sample && ct_samples[i]; i++)
		if (!strcmp(ct_samples[i], args->sample))
			q->sample = (enum ct_sample)i;
	if (args->sample && (!args->format || strcmp(args->format, "pprof") != 0))
		return ct_fail(err, CT_USAGE, "--sample says what --format pprof is of");
	if (q->sample >= CT_SAMPLE_HEAP && (args->where || q->id))
		return ct_fail(err, CT_USAGE,
			"a profile that the process has kept is not of some of its goroutines");
	if (args->group_by && args->full)
		return ct_fail(err, CT_USAGE, "--group-by and --full exclude each other");
	return args->where ? ct_where_parse(args->where, arena, &q->where, err) : CT_OK;
}

static int run_words(const struct ct_args *args, struct ct_list *rest, struct ct_arena *arena)
{
	struct ct_error err = {0};
	struct ct_input input;
	struct question q = {.id = 0};

	take_id(&args->words, rest, &q.id);
	if (!q.id && !strcmp(args->command->name, "goroutine"))
		return ct_usage(args->command,
			"coretool goroutine needs the number of one: coretool goroutine %s",
			args->command->args);
	enum ct_status status = read_question(args, arena, &q, &err);
	if (!status)
		status = ct_words_one(args, rest, &input, &err);
	input.goroutine = q.id;
	return status ? ct_give_up(args, status, &err) : report(args, &input, &q);
}

int ct_cmd_goroutines(const struct ct_args *args)
{
	struct ct_list rest = {.items = calloc(args->words.n + 1, sizeof(*rest.items))};
	struct ct_arena arena = {0};
	int result = CT_EXIT_FAILED;

	if (rest.items)
		result = run_words(args, &rest, &arena);
	else
		ct_complain("out of memory");
	ct_arena_free(&arena);
	free(rest.items);
	return result;
}
