/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/services.h"

#include "runtime/go/sql.h"

static const struct {
	const char *function;
	uint8_t service;
} functions[] = {
	{"database/sql.(*DB).conn", CT_GO_IN_SQL_CONN},
	{"database/sql.(*DB).Close", CT_GO_IN_SQL_CLOSE},
	{"net/http.(*Server).Shutdown", CT_GO_IN_HTTP_SHUTDOWN},
	{"net/http.(*conn).serve", CT_GO_IN_HTTP_SERVE},
};

static uint8_t service_of(const struct ct_site *site)
{
	for (size_t i = 0; site->function && i < CT_COUNT(functions); i++)
		if (!strcmp(site->function, functions[i].function))
			return functions[i].service;
	return 0;
}

/* Stacks are few, and so are sites. */
enum ct_status ct_go_services_find(
	struct ct_go_observation *o, struct ct_go_services *s, uint8_t *all)
{
	struct ct_sink *sink = o->sink;
	uint32_t n_sites = ct_sink_n_sites(sink), n_stacks = ct_sink_n_stacks(sink);
	ct_autofree uint8_t *of_site = calloc((size_t)n_sites + 1, 1);

	*s = (struct ct_go_services){.o = o};
	s->in = calloc((size_t)n_stacks + 1, 1);
	if (!of_site || !s->in)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < n_sites; i++)
		*all |= of_site[i] = service_of(ct_sink_get_site(sink, i));
	for (uint32_t i = 0; *all && i < n_stacks; i++) {
		const struct ct_stack *stack = ct_sink_get_stack(sink, i);

		for (uint32_t k = 0; k < stack->n_frames; k++)
			s->in[i] |= of_site[stack->frames[k].site];
	}
	return CT_OK;
}

uint8_t ct_go_service_of(const struct ct_go_services *s, uint32_t actor)
{
	uint32_t stack = ct_sink_get_actor(s->o->sink, actor)->stack;

	return stack == CT_NONE ? 0 : s->in[stack];
}

#define NEED_HEAP (CT_GO_IN_SQL_CONN | CT_GO_IN_SQL_CLOSE | CT_GO_IN_HTTP_SHUTDOWN)

/* Who waits in one of them waits for what is in the heap. */
static enum ct_status open_heap(struct ct_go_observation *o)
{
	struct ct_go_world *world;
	enum ct_status status = ct_go_world(o, &world);

	if (status == CT_NOT_FOUND)
		ct_target_note(o->target, CT_NOTE_DAMAGED, "Go services",
			"the heap is not known: what those in database/sql and net/http wait for "
			"is missing");
	return status;
}

static enum ct_status observe(
	const struct ct_go_services *services, uint8_t all, struct ct_fact_go_services *fact)
{
	enum ct_status status = open_heap(services->o);

	if (!status && all & CT_GO_IN_SQL_CONN)
		status = ct_go_observe_sql(services, fact);
	if (!status && all & (CT_GO_IN_HTTP_SHUTDOWN | CT_GO_IN_SQL_CLOSE))
		status = ct_go_observe_shutdowns(services, fact);
	if (!status)
		ct_sink_go_services(services->o->sink, fact);
	return status == CT_NO_MEMORY ? status : CT_OK;
}

enum ct_status ct_go_observe_services(struct ct_go_observation *o)
{
	struct ct_go_services services;
	struct ct_fact_go_services fact = {0};
	uint8_t all = 0;
	enum ct_status status = ct_go_services_find(o, &services, &all);

	if (!status && all & NEED_HEAP)
		status = observe(&services, all, &fact);
	free(services.in);
	return status;
}
