/* SPDX-License-Identifier: Apache-2.0 */
/* Every timer that is set: what it is for, by the function that the runtime calls when it fires. */
#include "runtime/go/timers.h"

#define MAX_TAKEN    (1u << 20) /* timers that are taken down */
#define MAX_SEARCHED 256        /* methods: each costs a look at the names of all functions */
#define MAX_NAME     256

struct use { /* what a timer with this function is for (time/sleep.go, runtime/netpoll.go) */
	const char *function;
	uint8_t kind, mode;
};

static const struct use uses[] = {
	{"time.sendTime", CT_GO_TIMER_CHANNEL, CT_MODE_UNKNOWN},
	{"time.goFunc", CT_GO_TIMER_FUNCTION, CT_MODE_UNKNOWN},
	{"runtime.goroutineReady", CT_GO_TIMER_SLEEP, CT_MODE_UNKNOWN},
	{"runtime.netpollDeadline", CT_GO_TIMER_DEADLINE, CT_MODE_UNKNOWN},
	{"runtime.netpollReadDeadline", CT_GO_TIMER_DEADLINE, CT_MODE_READ},
	{"runtime.netpollWriteDeadline", CT_GO_TIMER_DEADLINE, CT_MODE_WRITE},
};

/* The code that a function value begins with; 0: it cannot be read. */
static uint64_t entry_of(const struct ct_go *go, uint64_t closure)
{
	uint64_t entry = 0;

	return !closure || ct_read_u64(go->target, closure, &entry) ? 0 : entry;
}

static const char *name_of(const struct ct_go *go, uint64_t entry)
{
	struct ct_go_function function;

	return entry && ct_go_function_at(&go->tables, entry, &function)
		       ? ct_go_function_name(&function)
		       : "";
}

/* ---- who waits for it ---- */

static void find_receivers(struct ct_go_observation *o, struct ct_go_timer *t)
{
	const struct ct_go_waits *waits = o->waits;
	struct ct_hash_it it = ct_hash_find(&waits->channel_keys, ct_hash_u64(t->object));
	struct ct_go_sudog sudog;
	uint32_t i;

	while (ct_hash_next(&waits->channel_keys, &it, &i)) {
		const struct ct_go_channel *c = &waits->channels.items[i];

		if (c->at != t->object || !c->receivers[0])
			continue;
		t->resource = c->resource;
		if (!ct_go_sudog_at(o->go, c->receivers[0], &sudog))
			t->actor = ct_sink_actor_by_object(o->sink, sudog.g);
	}
}

static void find_file(struct ct_go_observation *o, struct ct_go_timer *t)
{
	const struct ct_go *go = o->go;
	uint64_t self = 0;

	/* The interface holds a copy of the address that the pollDesc has of itself (makeArg()). */
	if (!ct_read_u64(go->target, t->object, &self) && self < t->object &&
		t->object - self < ct_go_at(go, POLLDESC_SIZE))
		t->object = self;
	uint64_t fd = ct_go_word(go, t->object, CT_GO_POLLDESC_FD);
	uint64_t reader = ct_go_word(go, t->object, CT_GO_POLLDESC_RG);
	uint64_t writer = ct_go_word(go, t->object, CT_GO_POLLDESC_WG);

	t->fd = fd <= INT32_MAX ? (int32_t)fd : -1;
	/* 1 and 2 stand for nobody who sleeps there yet. */
	if (t->mode != CT_MODE_WRITE && reader > 4096)
		t->actor = ct_sink_actor_by_object(o->sink, reader);
	if (t->mode != CT_MODE_READ && writer > 4096 && t->actor == CT_NONE)
		t->actor = ct_sink_actor_by_object(o->sink, writer);
}

/* ---- one timer ---- */

/* A method value, as c.expire, is a closure of a wrapper that has no place in the source: the
 * method itself, where it is in the table too (it may be inlined everywhere). */
static uint64_t method_of(struct ct_go_timers *timers, uint64_t entry, const char *name)
{
	const struct ct_go_tables *tables = &timers->o->go->tables;
	size_t slot = entry >> 4 & (CT_COUNT(timers->methods) - 1), len = strlen(name);
	struct ct_go_function method;
	char buf[MAX_NAME];

	if (len < 4 || len >= sizeof(buf) || strcmp(name + len - 3, "-fm") != 0)
		return entry;
	if (timers->methods[slot].wrapper == entry)
		return timers->methods[slot].method;
	if (timers->n_searched >= MAX_SEARCHED)
		return entry;
	timers->n_searched++;
	memcpy(buf, name, len - 3);
	buf[len - 3] = '\0';
	timers->methods[slot].wrapper = entry;
	timers->methods[slot].method =
		ct_go_function_named(tables, buf, &method) ? method.entry : entry;
	return timers->methods[slot].method;
}

/* Of a context's deadline, and no CancelFunc that somebody has given to time.AfterFunc
 * (context/context.go; WithDeadlineCause since 1.21). */
static bool is_deadline(const char *function)
{
	static const char *const ends[] = {".WithDeadline.func2", ".WithDeadlineCause.func2"};
	size_t len = strlen(function);

	/* Where the compiler has inlined it, its caller stands before it. */
	for (size_t i = 0; i < CT_COUNT(ends); i++)
		if (len >= strlen(ends[i]) && !strcmp(function + len - strlen(ends[i]), ends[i]))
			return !strncmp(function, "context.", strlen("context."));
	return false;
}

static void find_callback(struct ct_go_timers *timers, struct ct_go_timer *t, uint64_t entry)
{
	struct ct_go_observation *o = timers->o;
	const char *name = name_of(o->go, entry);

	if (is_deadline(name))
		t->kind = CT_GO_TIMER_CONTEXT;
	if (entry)
		t->site = o->site(o->arg, method_of(timers, entry, name), false);
}

/* What it is for; what it calls is first a function of std's or of the runtime's. */
static void find_use(struct ct_go_timers *timers, struct ct_go_timer *t, uint64_t function)
{
	struct ct_go_observation *o = timers->o;
	uint64_t entry = entry_of(o->go, function);
	const char *name = name_of(o->go, entry);
	size_t i = 0;

	while (i < CT_COUNT(uses) && strcmp(uses[i].function, name) != 0)
		i++;
	if (i < CT_COUNT(uses)) {
		t->kind = uses[i].kind;
		t->mode = uses[i].mode;
	} else {
		t->kind = strncmp(name, "runtime.", strlen("runtime.")) ? CT_GO_TIMER_FUNCTION
									: CT_GO_TIMER_RUNTIME;
	}
	switch ((enum ct_go_timer_kind)t->kind) {
	case CT_GO_TIMER_CHANNEL:
		if (t->period > 0)
			t->kind = CT_GO_TIMER_TICKER;
		find_receivers(o, t);
		break;
	case CT_GO_TIMER_FUNCTION:
		/* Not of package time: it is called itself. */
		if (i == CT_COUNT(uses))
			t->object = function;
		find_callback(timers, t, entry_of(o->go, t->object));
		break;
	case CT_GO_TIMER_SLEEP:
		t->actor = ct_sink_actor_by_object(o->sink, t->object);
		break;
	case CT_GO_TIMER_DEADLINE:
		find_file(o, t);
		break;
	default:
		if (entry)
			t->site = o->site(o->arg, entry, false);
	}
}

void ct_go_add_timer(struct ct_go_timers *timers, uint64_t at, bool idle)
{
	struct ct_go_observation *o = timers->o;
	int64_t when = ct_go_timer_when(o->go, at), clock = o->waits->clock;
	uint8_t is_channel;
	struct ct_go_timer t = {.address = at,
		.period = (int64_t)ct_go_word(o->go, at, CT_GO_TIMER_PERIOD),
		.site = CT_NONE,
		.actor = CT_NONE,
		.resource = CT_NONE,
		.keeper = CT_NONE,
		.fd = -1,
		.endless = when == INT64_MAX,
		.idle = idle};

	if (timers->list.n >= MAX_TAKEN) {
		timers->fact.n_left_out++;
		return;
	}
	t.period = CT_MAX(t.period, INT64_C(0));
	t.fires = when > INT64_MIN + clock ? when - clock : INT64_MIN;
	t.object = ct_go_timer_argument(o->go, at);
	find_use(timers, &t, ct_go_word(o->go, at, CT_GO_TIMER_F));
	t.lasting = (t.kind == CT_GO_TIMER_TICKER || t.kind == CT_GO_TIMER_CHANNEL) &&
		    (ct_go_u8(o->go, at, CT_GO_TIMER_ISCHAN, &is_channel) || !is_channel);
	struct ct_go_timer *slot = ct_vec_push(&timers->list);
	if (slot)
		*slot = t;
	timers->failed |= !slot;
}

bool ct_go_is_ticker(const struct ct_go *go, uint64_t timer)
{
	uint64_t period = ct_go_word(go, timer, CT_GO_TIMER_PERIOD);

	return (int64_t)period > 0 &&
	       !strcmp(name_of(go, entry_of(go, ct_go_word(go, timer, CT_GO_TIMER_F))),
		       "time.sendTime");
}

static void add_listed(const struct ct_go *go, void *arg, uint64_t at)
{
	struct ct_go_timers *timers = arg;

	if (ct_go_timer_runs(go, at))
		ct_go_add_timer(timers, at, false);
	else
		timers->fact.n_stopped++;
}

/* ---- those that only leaked goroutines have ---- */

static int by_timer(const void *a, const void *b)
{
	const struct ct_go_kept_ticker *x = a, *y = b;

	return (x->timer > y->timer) - (x->timer < y->timer);
}

/* Sorts them. How many they are: a damaged list may have one often. */
static uint32_t sort_kept(struct ct_go_kept_ticker *kept, uint32_t n)
{
	uint32_t ret = 0;

	if (n)
		qsort(kept, n, sizeof(*kept), by_timer);
	for (uint32_t i = 0; i < n; i++)
		if (!ret || kept[i].timer != kept[ret - 1].timer)
			kept[ret++] = kept[i];
	return ret;
}

/* Those in no list are only there by now if all that live were looked at. */
static void add_kept(struct ct_go_timers *timers)
{
	struct ct_go_kept_ticker *kept = timers->o->kept_tickers.items;
	uint32_t n = sort_kept(kept, timers->o->kept_tickers.n), n_known = timers->list.n;

	for (uint32_t i = 0; n && i < n_known; i++) {
		struct ct_go_timer *t = &timers->list.items[i];
		struct ct_go_kept_ticker *of =
			bsearch(&(struct ct_go_kept_ticker){.timer = t->address}, kept, n,
				sizeof(*kept), by_timer);

		if (of) {
			t->keeper = of->actor;
			of->known = true;
		}
	}
	for (uint32_t i = 0; i < n && timers->list.n < MAX_TAKEN; i++) {
		if (kept[i].known)
			continue;
		ct_go_add_timer(timers, kept[i].timer, true);
		if (timers->failed)
			return;
		timers->list.items[timers->list.n - 1].keeper = kept[i].actor;
	}
}

/* ---- all ---- */

static int in_order(const void *a, const void *b)
{
	const struct ct_go_timer *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->fires != y->fires)
		return x->fires < y->fires ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

static int by_resource(const void *a, const void *b)
{
	const struct ct_go_timer_deed *x = a, *y = b;

	if (x->resource != y->resource)
		return x->resource < y->resource ? -1 : 1;
	if (ct_go_is_sooner(x, y) || ct_go_is_sooner(y, x))
		return ct_go_is_sooner(x, y) ? -1 : 1;
	return (x->site > y->site) - (x->site < y->site);
}

static enum ct_status finish(struct ct_go_timers *timers)
{
	struct ct_fact_go_timers *fact = &timers->fact;

	if (timers->list.n)
		qsort(timers->list.items, timers->list.n, sizeof(*timers->list.items), in_order);
	fact->timers = ct_arena_copy(ct_sink_arena(timers->o->sink), timers->list.items,
		timers->list.n * sizeof(*timers->list.items));
	fact->n = timers->list.n;
	if (timers->deeds.n)
		qsort(timers->deeds.items, timers->deeds.n, sizeof(*timers->deeds.items),
			by_resource);
	fact->deeds = ct_arena_copy(ct_sink_arena(timers->o->sink), timers->deeds.items,
		timers->deeds.n * sizeof(*timers->deeds.items));
	fact->n_deeds = timers->deeds.n;
	if (!fact->timers || !fact->deeds)
		return CT_NO_MEMORY;
	ct_sink_go_timers(timers->o->sink, fact);
	return CT_OK;
}

enum ct_status ct_go_observe_timers(struct ct_go_observation *o)
{
	struct ct_go_timers timers = {.o = o};

	timers.fact.clock = o->waits->clock != 0;
	if (!ct_go_each_timer(o->go, add_listed, &timers))
		ct_target_note(o->target, CT_NOTE_DAMAGED, "Go timers",
			"some of them, or lists of some processors (P), could not be read");
	enum ct_status status = timers.failed ? CT_NO_MEMORY : ct_go_ask_timers(&timers);
	if (!status)
		status = ct_go_measure_timers(&timers);
	if (!status)
		add_kept(&timers);
	if (!status)
		status = timers.failed ? CT_NO_MEMORY : finish(&timers);
	ct_vec_free(&timers.list);
	ct_vec_free(&timers.deeds);
	return status;
}
