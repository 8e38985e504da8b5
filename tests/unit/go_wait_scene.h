/* SPDX-License-Identifier: Apache-2.0 */
/* A goroutine that waits, and what it waits for, as Go 1.19, 1.24 and 1.27 lay them out. */
#ifndef GO_WAIT_SCENE_H
#define GO_WAIT_SCENE_H

#include "fake_target.h"

#include "runtime/go/waits.h"

#define G      DATA
#define CHAN   (DATA + 0x300)
#define OBJECT (DATA + 0x400)
#define TABLE  (DATA_END - 0x40) /* of semaphores: of the roots one is there */
#define SCHED  (DATA + 0x500)
#define SUDOG  (DATA + 0xa00)
#define STEP   0x80

static const char *const reasons[] = {"", "chan receive", "chan send", "select", "semacquire",
	"sync.Mutex.Lock", "sleep", "chan receive (nil chan)", "select (no cases)",
	"sync.WaitGroup.Wait", "GC worker (idle)", "chan send (durable)"};
enum {
	RECEIVE = 1,
	SEND,
	SELECT,
	SEMACQUIRE,
	LOCK,
	SLEEP,
	NIL_RECEIVE,
	NO_CASES,
	GROUP,
	IDLE,
	DURABLE
};

static const uint8_t versions[] = {19, 24, 27};

struct scene {
	struct ct_go go;
	struct ct_go_observation o;
	struct ct_go_g g;
	uint32_t actor;
	struct ct_facts *facts;
	uint32_t n_unread;
};

static inline void begin(struct scene *s, void **state, uint8_t minor)
{
	memset(memory, 0, sizeof(memory));
	*s = (struct scene){.go = {.target = *state,
				    .version = {1, minor, "go1", false},
				    .globals = {.n_reasons = CT_COUNT(reasons)},
				    .reasons = (const char **)reasons}};
	for (size_t i = 0; i < ct_go_n_layouts; i++)
		if (ct_go_layouts[i]->minor == minor)
			s->go.layout = *ct_go_layouts[i];
	assert_int_equal(s->go.layout.minor, minor);
	s->o = (struct ct_go_observation){
		.go = &s->go, .target = *state, .sink = ct_sink_new(CT_WANT_GOROUTINES)};
	const struct ct_actor actor = {.kind = CT_ACTOR_GOROUTINE,
		.id = 7,
		.stack = CT_NONE,
		.carrier = CT_NONE,
		.runs = CT_NONE,
		.start_site = CT_NONE,
		.created_at = CT_NONE};
	s->actor = ct_sink_actor(s->o.sink, &actor);
	s->g = (struct ct_go_g){.at = G, .goid = 7, .status = CT_GO_WAITING};
}

static inline void set_word(struct scene *s, uint64_t at, enum ct_go_field field, uint64_t value)
{
	assert_int_not_equal(s->go.layout.offset[field], CT_GO_ABSENT);
	put(at + s->go.layout.offset[field], &value, sizeof(value));
}

#define SET(s, at, field, value) set_word(s, at, CT_GO_##field, value)

/* A pair since 1.26, of which the first word may be hidden. */
static inline void set_pair(struct scene *s, uint64_t at, enum ct_go_field field, uint64_t value)
{
	uint64_t second = s->go.version.minor >= 26 ? 8 : 0;

	put(at + s->go.layout.offset[field] + second, &value, sizeof(value));
}

/* The i-th sudog of the goroutine, with its channel. */
static inline uint64_t sudog(struct scene *s, unsigned i, uint64_t channel)
{
	uint64_t at = SUDOG + i * STEP;

	SET(s, at, SUDOG_G, G);
	set_pair(s, at, CT_GO_SUDOG_C, channel);
	return at;
}

static inline void channel(struct scene *s, uint64_t at, uint64_t len, uint64_t cap)
{
	SET(s, at, HCHAN_QCOUNT, len);
	SET(s, at, HCHAN_DATAQSIZ, cap);
}

static inline void enqueue(struct scene *s, uint64_t at, bool sends, uint64_t waiter)
{
	SET(s, at, HCHAN_RECVQ_FIRST, sends ? 0 : waiter);
	SET(s, at, HCHAN_RECVQ_LAST, sends ? 0 : waiter);
	SET(s, at, HCHAN_SENDQ_FIRST, sends ? waiter : 0);
	SET(s, at, HCHAN_SENDQ_LAST, sends ? waiter : 0);
}

/* The goroutine is in these functions, innermost first. */
static inline void be_in(struct scene *s, const char *const *functions, uint32_t n)
{
	struct ct_frame frames[4] = {0};

	for (uint32_t i = 0; i < n; i++) {
		bool fresh;

		frames[i].site = ct_sink_site(s->o.sink, 0x1000 + i, false, &fresh);
		ct_sink_get_site(s->o.sink, frames[i].site)->function = functions[i];
	}
	const struct ct_stack stack = {.frames = frames, .n_frames = n, .n_total = n, .root = true};
	ct_sink_get_actor(s->o.sink, s->actor)->stack = ct_sink_stack(s->o.sink, &stack);
}

static inline const struct ct_wait *observe(struct scene *s, uint8_t reason)
{
	struct ct_error err;

	s->g.reason = reason;
	assert_int_equal(ct_go_waits_new(&s->o), CT_OK);
	assert_int_equal(ct_go_observe_waits(&s->o, &s->g, s->actor), CT_OK);
	s->n_unread = s->o.waits->n_unread;
	ct_go_waits_free(s->o.waits);
	assert_int_equal(ct_sink_finish(s->o.sink, &s->facts, &err), CT_OK);
	assert_true(s->facts->n_waits > 0);
	return s->facts->waits;
}

static inline int64_t value(const struct scene *s, const struct ct_wait *wait, const char *key)
{
	const struct ct_value *found = ct_resource_value(&s->facts->resources[wait->resource], key);

	assert_non_null(found);
	return found->number;
}

#define EACH_VERSION(s, state)                                                                     \
	for (size_t v_ = 0; v_ < CT_COUNT(versions) && (begin(s, state, versions[v_]), true);      \
		v_++, ct_facts_free((s)->facts))

/* As the runtime has it: before 1.26 in the table, then behind g.waiting. */
static inline uint64_t sleep_at(struct scene *s, uint64_t sema)
{
	uint64_t waiter = sudog(s, 0, 0);

	set_pair(s, waiter, CT_GO_SUDOG_ELEM, sema);
	s->go.globals.semtable = TABLE;
	s->go.globals.allgs = SCHED + 0x400;
	put_pair(SCHED + 0x400, (int64_t)(SCHED + 0x420), 100);
	if (s->go.version.minor >= 26)
		s->g.waiting = waiter;
	else
		SET(s, TABLE, SEMAROOT_TREAP, waiter);
	return waiter;
}

#endif
