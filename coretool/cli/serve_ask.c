/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/serve_ask.h"

#include <inttypes.h>

#include "blocking/primitive.h"
#include "cli/run.h"
#include "observe/observe.h"
#include "rules/words.h"

#define MAX_OFFERED 1000

static int give_up(const char *text)
{
	ct_complain(text);
	return CT_EXIT_FAILED;
}

static const struct ct_primitive *primitive_of_type(const char *name)
{
	for (size_t i = 0; i < ct_n_primitives; i++)
		for (const char *const *type = ct_primitives[i]->types; type && *type; type++)
			if (!strcmp(*type, name))
				return ct_primitives[i];
	return NULL;
}

static void print_holders(
	struct ct_arena *arena, const struct ct_facts *facts, const struct ct_resource *r)
{
	if (r->owner_gone) {
		printf("locked by %s",
			ct_owner_gone_words(arena, facts, (uint32_t)(r - facts->resources)));
	} else if (r->n_holds) {
		uint32_t hold = facts->holds_by_resource[r->first_hold];

		printf("locked by %s", ct_say_actor(arena, facts, facts->holds[hold].actor));
		if (r->n_holds > 1)
			printf(" and %u more", r->n_holds - 1);
	} else {
		printf("%s", r->holders == CT_HOLDERS_COMPLETE ? "not locked"
							       : "locked, by whom is not recorded");
	}
}

static void print_resource(
	struct ct_arena *arena, const struct ct_facts *facts, const struct ct_resource *r)
{
	print_holders(arena, facts, r);
	if (r->n_waiters == 1) {
		uint32_t wait = facts->waits_by_resource[r->first_waiter];

		printf("; %s waits", ct_say_actor(arena, facts, facts->waits[wait].actor));
	} else if (r->n_waiters) {
		printf("; %u threads wait", r->n_waiters);
	}
	printf("\n");
}

int ct_serve_describe(struct ct_session *session, uint64_t address, const char *type)
{
	const struct ct_primitive *primitive = primitive_of_type(type);
	struct ct_target *target;
	struct ct_facts *facts;
	struct ct_error err;
	bool found = false;

	if (!primitive)
		return give_up("no type that coretool knows");
	const struct ct_plan plan = {.address = address, .object = primitive->name};
	if (ct_session_target(session, &target, &err) || ct_observe(target, &plan, &facts, &err))
		return give_up(err.text);
	facts->say_numbers = true;
	for (uint32_t i = 0; i < facts->n_resources && !found; i++) {
		const struct ct_resource *r = &facts->resources[i];

		found = r->address == address && !strcmp(r->kind, primitive->name);
		if (found)
			print_resource(&facts->arena, facts, r);
	}
	if (!found)
		printf("not initialised, overwritten, or not readable\n");
	ct_facts_free(facts);
	return CT_EXIT_OK;
}

static void offer(const char *prefix, const char *candidate)
{
	if (!strncmp(candidate, prefix, strlen(prefix)))
		printf("%s\n", candidate);
}

static void offer_options(const struct ct_command *command, const char *prefix)
{
	char text[64];

	for (int i = 0; i < CT_N_OPTIONS; i++) {
		if (!ct_command_takes(command, i))
			continue;
		snprintf(text, sizeof(text), "--%s", ct_options_table[i].name);
		offer(prefix, text);
	}
}

/* Values of the option that the word before is; false: it takes none that we know. */
static bool offer_values(const struct ct_command *command, const char *option, const char *prefix)
{
	if (!strcmp(option, "--format")) {
		for (size_t i = 0; i < ct_n_formats; i++)
			if (ct_formats[i]->documents & command->documents)
				offer(prefix, ct_formats[i]->name);
		return true;
	}
	for (int i = 0; i < CT_N_OPTIONS; i++) {
		const struct ct_option *o = &ct_options_table[i];

		if (strncmp(option, "--", 2) != 0 || strcmp(option + 2, o->name) != 0)
			continue;
		for (const char *const *choice = o->choices; choice && *choice; choice++)
			offer(prefix, *choice);
		return o->value;
	}
	return false;
}

/* The locks that somebody waits for or holds. */
static void offer_addresses(struct ct_session *session, const char *prefix)
{
	struct ct_facts *facts;
	struct ct_error err;
	char text[32];

	if (ct_session_facts(session, 0, &facts, &err))
		return;
	for (uint32_t i = 0; i < facts->n_resources; i++) {
		if (facts->resources[i].is_actor)
			continue;
		snprintf(text, sizeof(text), "0x%" PRIx64, facts->resources[i].address);
		offer(prefix, text);
	}
}

/* The program's own; gdb shows no more than some hundreds. */
static void offer_goroutines(struct ct_session *session, const char *prefix)
{
	struct ct_facts *facts;
	struct ct_error err;
	char text[32];
	uint32_t n = 0;

	if (ct_session_facts(session, CT_WANT_GOROUTINES, &facts, &err))
		return;
	for (uint32_t i = 0; i < facts->n_actors && n < MAX_OFFERED; i++) {
		const struct ct_actor *a = &facts->actors[i];

		if (a->kind != CT_ACTOR_GOROUTINE || a->system)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64, a->id);
		n += !strncmp(text, prefix, strlen(prefix));
		offer(prefix, text);
	}
}

int ct_serve_complete(struct ct_session *session, struct ct_pipe_reader *words)
{
	const char *first = ct_pipe_take_string(words), *before = first, *last = first, *word;

	while ((word = ct_pipe_take_string(words))) {
		before = last;
		last = word;
	}
	if (!first)
		return CT_EXIT_OK;
	const struct ct_command *command = ct_command_find(first);
	if (last == first) {
		for (size_t i = 0; i < ct_n_commands; i++)
			if (ct_commands[i].gdb != CT_GDB_NOT)
				offer(first, ct_commands[i].name);
	} else if (command && !offer_values(command, before, last)) {
		if (*last == '-')
			offer_options(command, last);
		else if (strstr(command->args, "ADDR"))
			offer_addresses(session, last);
		else if (strstr(command->args, "GOID"))
			offer_goroutines(session, last);
	}
	return CT_EXIT_OK;
}

/* What one thread has to do with another. */
struct relation {
	uint32_t other;    /* CT_NONE: there is none */
	uint32_t resource; /* between them, or CT_NONE */
};

static struct relation holder_of(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	for (uint32_t i = 0; i < a->n_waits; i++) {
		uint32_t resource = facts->waits[a->first_wait + i].resource;

		if (resource == CT_NONE || !facts->resources[resource].n_holds)
			continue;
		uint32_t hold = facts->holds_by_resource[facts->resources[resource].first_hold];
		return (struct relation){facts->holds[hold].actor, resource};
	}
	return (struct relation){CT_NONE, CT_NONE};
}

static struct relation waiter_of(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	for (uint32_t i = 0; i < a->n_holds; i++) {
		const struct ct_hold *hold =
			&facts->holds[facts->holds_by_actor[a->first_hold + i]];
		const struct ct_resource *r = &facts->resources[hold->resource];

		if (!r->n_waiters)
			continue;
		uint32_t wait = facts->waits_by_resource[r->first_waiter];
		return (struct relation){facts->waits[wait].actor, hold->resource};
	}
	return (struct relation){CT_NONE, CT_NONE};
}

static uint64_t own_pc(const struct ct_facts *facts, uint32_t actor)
{
	uint32_t frame = ct_own_frame(facts, actor), stack = facts->actors[actor].stack;

	if (frame == CT_NONE || stack == CT_NONE)
		return 0;
	return facts->sites[facts->stacks[stack].frames[frame].site].pc;
}

static int print_relation(const struct ct_document *document, uint32_t actor, const char *what)
{
	const struct ct_facts *facts = document->facts;
	struct ct_arena words = {0};
	struct relation found = {CT_NONE, CT_NONE};
	const char *who = ct_say_actor(&words, facts, actor), *object = NULL;
	int result = CT_EXIT_OK;

	if (!strcmp(what, "holder"))
		found = holder_of(facts, actor);
	else if (!strcmp(what, "waiter"))
		found = waiter_of(facts, actor);
	else if (!strcmp(what, "root") && document->graph->root[actor] != actor)
		found.other = document->graph->root[actor];
	if (found.resource != CT_NONE && !facts->resources[found.resource].is_actor)
		object = ct_say_resource(&words, facts, found.resource);
	if (found.other == CT_NONE) {
		result = give_up(ct_arena_printf(&words, "%s: no %s is known", who, what));
	} else {
		const char *other = ct_say_actor(&words, facts, found.other);

		printf("%" PRIu64 " 0x%" PRIx64 "\n", facts->actors[found.other].lwp,
			own_pc(facts, found.other));
		if (!strcmp(what, "root"))
			printf("%s is where the chain of %s ends\n", other, who);
		else if (!strcmp(what, "holder"))
			printf("%s waits for %s%s%s\n", who, object ? object : "",
				object ? ", held by " : "", other);
		else
			printf("%s waits for %s%s%s\n", other, object ? object : "",
				object ? ", held by " : "", who);
	}
	ct_arena_free(&words);
	return result;
}

int ct_serve_find(struct ct_session *session, uint64_t lwp, const char *what)
{
	static const struct ct_policy policy = {.no_core = true};
	struct ct_document *document;
	struct ct_facts *facts;
	struct ct_error err;
	uint32_t actor = 0;

	if (ct_session_facts(session, CT_WANT_STACKS | CT_WANT_NAMES, &facts, &err))
		return give_up(err.text);
	while (actor < facts->n_actors && facts->actors[actor].lwp != lwp)
		actor++;
	if (actor == facts->n_actors)
		return give_up("no thread of that number");
	facts->say_numbers = true;
	if (ct_detect(facts, &policy, &document, &err))
		return give_up(err.text);
	int result = print_relation(document, actor, what);
	ct_document_free(document);
	return result;
}
