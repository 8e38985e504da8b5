/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the code of goroutines: who has, or will end the wait for, what they wait for.
 */
#include "runtime/go/owners.h"
#include "runtime/go/waits.h"

#define MAX_QUESTIONS 65536
#define MAX_CLOSES    4096 /* channels of which is asked who will close them */
#define MUTEX_LOCKED  1u
#define MAX_READERS   (1 << 30) /* rwmutex.go: taken off readerCount while a writer is there */

struct collector {
	const struct ct_go_observation *o;
	ct_go_questions *list;
	uint16_t *asked; /* per resource: claims, as bits */
	uint32_t n_closes;
	bool failed;
};

/* Of what cannot be read nothing is asked. */
static bool read_word(const struct collector *c, uint64_t at, int32_t *ret)
{
	return !ct_read(c->o->target, at, ret, sizeof(*ret));
}

static void add(
	struct collector *c, uint32_t resource, uint64_t addr, uint8_t claim, uint32_t count)
{
	if (!count || c->list->n >= MAX_QUESTIONS || c->asked[resource] >> claim & 1)
		return;
	c->asked[resource] |= (uint16_t)(1u << claim);
	struct ct_go_wanted *slot = ct_vec_push(c->list);
	if (!slot) {
		c->failed = true;
		return;
	}
	*slot = (struct ct_go_wanted){
		.addr = addr, .resource = resource, .count = count, .claim = claim};
}

static void add_mutex(struct collector *c, uint32_t resource, uint64_t at)
{
	int32_t state;

	if (read_word(c, at, &state) && (uint32_t)state & MUTEX_LOCKED)
		add(c, resource, at, CT_GO_CLAIM_MUTEX, 1);
}

/* A writer that has come takes MAX_READERS off the count; readerWait is how many it waits for. */
static void add_rwmutex(struct collector *c, uint32_t resource, uint64_t at)
{
	const struct ct_go *go = c->o->go;
	int32_t count, wait;

	if (!read_word(c, at + ct_go_at(go, RWMUTEX_READERCOUNT), &count) ||
		!read_word(c, at + ct_go_at(go, RWMUTEX_READERWAIT), &wait))
		return;
	int32_t readers = count >= 0 ? count : wait;
	if (readers < 0 || readers >= MAX_READERS)
		return;
	bool fresh = !(c->asked[resource] >> CT_GO_CLAIM_READER & 1);
	if (count < 0 && !wait)
		add(c, resource, at, CT_GO_CLAIM_WRITER, 1);
	add(c, resource, at, CT_GO_CLAIM_READER, (uint32_t)readers);
	struct ct_go_wanted *alias = readers && fresh ? ct_vec_push(c->list) : NULL;
	if (alias)
		*alias = (struct ct_go_wanted){.addr = at + ct_go_at(go, RWMUTEX_READERCOUNT),
			.resource = resource,
			.claim = CT_GO_CLAIM_READER,
			.alias = true};
}

static void add_channel(struct collector *c, const struct ct_wait *wait, uint64_t at)
{
	uint8_t claim = wait->kind == CT_WAIT_RECV ? CT_GO_CLAIM_SEND : CT_GO_CLAIM_RECEIVE;
	const struct ct_go_channel *channel = ct_go_known_channel(c->o->waits, at);

	add(c, wait->resource, at, claim, CT_NONE);
	/* Only a timer sends to its channel; one that was stopped does so when it is reset. */
	if (channel && channel->value && claim == CT_GO_CLAIM_SEND)
		add(c, wait->resource, channel->value, CT_GO_CLAIM_RESET, CT_NONE);
	if (c->asked[wait->resource] >> CT_GO_CLAIM_CLOSE & 1 || c->n_closes >= MAX_CLOSES)
		return;
	c->n_closes++;
	add(c, wait->resource, at, CT_GO_CLAIM_CLOSE, CT_NONE);
}

static void ask_about(struct collector *c, const struct ct_wait *wait)
{
	const struct ct_resource *r = ct_sink_get_resource(c->o->sink, wait->resource);
	bool timed = wait->timed || wait->never;

	if (r->corrupt)
		return;
	if (!strcmp(r->kind, "go_mutex"))
		add_mutex(c, wait->resource, r->address);
	else if (!strcmp(r->kind, "go_once"))
		add_mutex(c, wait->resource, r->address + ct_go_at(c->o->go, ONCE_M));
	else if (!strcmp(r->kind, "go_rwmutex"))
		add_rwmutex(c, wait->resource, r->address);
	else if (!strcmp(r->kind, "go_chan") && !timed)
		add_channel(c, wait, r->address);
	else if (!strcmp(r->kind, "go_waitgroup"))
		add(c, wait->resource, r->address, CT_GO_CLAIM_DONE, CT_NONE);
	else if (!strcmp(r->kind, "go_cond"))
		add(c, wait->resource, r->address, CT_GO_CLAIM_SIGNAL, CT_NONE);
}

/* Of a channel that somebody panicked at nobody waits for any more; who else uses it is asked. */
static void ask_about_panics(struct collector *c)
{
	const struct ct_sink *sink = c->o->sink;

	for (uint32_t i = 0; i < ct_sink_n_panics(sink) && c->n_closes < MAX_CLOSES; i++) {
		uint32_t resource = ct_sink_get_panic(sink, i)->resource;

		if (resource == CT_NONE)
			continue;
		uint32_t before = c->list->n;
		c->n_closes++;
		add(c, resource, ct_sink_get_resource(c->o->sink, resource)->address,
			CT_GO_CLAIM_CLOSE, CT_NONE);
		if (c->list->n > before)
			c->list->items[before].panicked = true;
	}
}

static int by_address(const void *a, const void *b)
{
	const struct ct_go_wanted *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr > y->addr ? 1 : -1;
	return (int)x->claim - (int)y->claim;
}

/* Aliases stand behind what they are of. */
static void link_aliases(ct_go_questions *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		struct ct_go_wanted *w = &list->items[i];

		for (uint32_t k = i; w->alias && k-- > 0;)
			if (list->items[k].resource == w->resource && !list->items[k].alias &&
				list->items[k].claim == w->claim) {
				w->of = k;
				break;
			}
	}
}

bool ct_go_collect_questions(const struct ct_go_observation *o, ct_go_questions *ret)
{
	struct collector c = {.o = o, .list = ret};

	c.asked = calloc((size_t)ct_sink_n_resources(o->sink) + 1, sizeof(*c.asked));
	/* First, for what is asked of a channel because somebody waits there tells less. */
	if (c.asked)
		ask_about_panics(&c);
	for (uint32_t i = 0; c.asked && i < ct_sink_n_waits(o->sink); i++) {
		const struct ct_wait *wait = ct_sink_get_wait(o->sink, i);

		if (wait->resource != CT_NONE && wait->actor - o->first < o->n)
			ask_about(&c, wait);
	}
	c.failed |= !c.asked;
	free(c.asked);
	if (ret->n && !c.failed) {
		qsort(ret->items, ret->n, sizeof(*ret->items), by_address);
		link_aliases(ret);
	}
	return !c.failed;
}
