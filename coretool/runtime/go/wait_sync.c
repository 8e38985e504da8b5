/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the semaphore that a goroutine sleeps at belongs to: a Mutex, RWMutex, WaitGroup or Once of
 * package sync. The reason says which (1.21 on), and the functions that it is in; the object lies
 * around the semaphore.
 */
#include "runtime/go/waits.h"

#define MUTEX_SEMA                                                                                 \
	4 /* sync.Mutex, internal/sync.Mutex: state int32, sema uint32, in all versions */
#define MUTEX_SIZE     8u
#define WAITGROUP_SIZE 12u /* the least of all versions: its state is in it */
#define SEMA_SIZE      4u
#define MUTEX_LOCKED   1u
#define MUTEX_WOKEN    2u
#define MUTEX_STARVING 4u
#define MUTEX_SHIFT    3
#define MAX_READERS    (1 << 30) /* rwmutex.go: taken off readerCount while a writer is there */
#define BUBBLE_FLAG                                                                                \
	0x80000000u /* in the waiters of a WaitGroup, 1.25 on: it is in a synctest bubble */

struct object {
	const char *kind;
	enum ct_wait_kind wait;
	uint64_t at;
	uint32_t size; /* of its state */
	void (*state)(struct ct_go_waiter *w, uint32_t resource, uint64_t at);
	/* Why it waits, by its state. */
	const char *(*why)(struct ct_go_waiter *w, uint64_t at);
};

static uint32_t word_at(const struct ct_go_waiter *w, uint64_t addr)
{
	uint32_t value = 0;

	return ct_read_u32(w->o->target, addr, &value) ? 0 : value;
}

/* ---- Mutex ---- */

static void mutex_state(struct ct_go_waiter *w, uint32_t resource, uint64_t at)
{
	struct ct_sink *sink = w->o->sink;
	uint32_t state = word_at(w, at);

	ct_sink_value_bool(sink, resource, "locked", state & MUTEX_LOCKED);
	ct_sink_value_int(sink, resource, "waiters", state >> MUTEX_SHIFT);
	ct_sink_value_bool(sink, resource, "woken", state & MUTEX_WOKEN);
	ct_sink_value_bool(sink, resource, "starving", state & MUTEX_STARVING);
	/* While it is given from one to the next nobody has it. */
	if (!(state & MUTEX_LOCKED))
		ct_sink_get_resource(sink, resource)->holders = CT_HOLDERS_COMPLETE;
}

static const char *mutex_why(struct ct_go_waiter *w, uint64_t at)
{
	return word_at(w, at) & MUTEX_LOCKED ? "the Mutex is locked"
					     : "the Mutex is being passed on: nobody has it";
}

/* ---- RWMutex ---- */

/* readerWait is its last word in all versions. */
static uint32_t rwmutex_size(const struct ct_go_waiter *w)
{
	return ct_go_at(w->o->go, RWMUTEX_READERWAIT) + 4;
}

static int32_t reader_count(const struct ct_go_waiter *w, uint64_t at)
{
	return (int32_t)word_at(w, at + ct_go_at(w->o->go, RWMUTEX_READERCOUNT));
}

static int32_t reader_wait(const struct ct_go_waiter *w, uint64_t at)
{
	return (int32_t)word_at(w, at + ct_go_at(w->o->go, RWMUTEX_READERWAIT));
}

static void rwmutex_state(struct ct_go_waiter *w, uint32_t resource, uint64_t at)
{
	struct ct_sink *sink = w->o->sink;
	int32_t count = reader_count(w, at), wait = reader_wait(w, at);
	bool writer = count < 0;
	int64_t readers = writer ? (int64_t)count + MAX_READERS : count;

	ct_sink_value_int(sink, resource, "readers", readers);
	ct_sink_value_bool(sink, resource, "writer", writer);
	ct_sink_value_int(sink, resource, "readers_awaited", wait);
	ct_sink_value_int(sink, resource, "writers_waiting", word_at(w, at) >> MUTEX_SHIFT);
	if (readers < 0 || wait < 0) {
		struct ct_resource *r = ct_sink_get_resource(sink, resource);

		r->corrupt = "it counts fewer readers than none";
		r->corrupt_trust = (uint8_t)ct_go_trust(w->o->go, CT_TRUST_LAYOUT);
	}
}

static const char *writer_why(struct ct_go_waiter *w, uint64_t at)
{
	if (reader_wait(w, at) > 0)
		return ct_sink_printf(w->o->sink, "%d reader%s must unlock the RWMutex first",
			reader_wait(w, at), reader_wait(w, at) == 1 ? "" : "s");
	return "the readers that had the RWMutex are gone: the writer is being woken";
}

static const char *second_writer_why(struct ct_go_waiter *w, uint64_t at)
{
	(void)w;
	(void)at;
	return "another writer has the RWMutex, or waits for it";
}

static const char *reader_why(struct ct_go_waiter *w, uint64_t at)
{
	if (reader_count(w, at) >= 0)
		return "no writer is there any more: the reader is being woken";
	return reader_wait(w, at) > 0 ? "a writer waits for the RWMutex: new readers come after it"
				      : "a writer has the RWMutex";
}

/* ---- WaitGroup ---- */

/* Counter in the high half, waiters in the low one; up to 1.19 aligned by hand (waitgroup.go). */
static uint64_t waitgroup_word(const struct ct_go_waiter *w, uint64_t at)
{
	const struct ct_go *go = w->o->go;
	uint64_t word = 0;

	if (ct_go_at(go, WAITGROUP_STATE) == CT_GO_ABSENT && at % 8)
		at += 4;
	return ct_read_u64(go->target, at, &word) ? 0 : word;
}

static void waitgroup_state(struct ct_go_waiter *w, uint32_t resource, uint64_t at)
{
	struct ct_sink *sink = w->o->sink;
	uint64_t word = waitgroup_word(w, at);
	int32_t counter = (int32_t)(word >> 32);

	ct_sink_value_int(sink, resource, "counter", counter);
	ct_sink_value_int(sink, resource, "waiters",
		(uint32_t)word & (ct_go_since(w->o->go, 25) ? ~BUBBLE_FLAG : UINT32_MAX));
	if (counter < 0) {
		struct ct_resource *r = ct_sink_get_resource(sink, resource);

		r->corrupt = "its counter is below zero";
		r->corrupt_trust = (uint8_t)ct_go_trust(w->o->go, CT_TRUST_LAYOUT);
	}
}

static const char *waitgroup_why(struct ct_go_waiter *w, uint64_t at)
{
	int32_t counter = (int32_t)(waitgroup_word(w, at) >> 32);
	struct ct_go_awaited *last = &w->waits->awaited;

	if (!counter)
		return "the counter is zero: it is being woken";
	if (!last->text || last->counter != counter)
		*last = (struct ct_go_awaited){
			counter, ct_sink_printf(w->o->sink, "Done must still be called %d time%s",
					 counter, counter == 1 ? "" : "s")};
	return last->text;
}

/* ---- Once, and what is none of these ---- */

static void once_state(struct ct_go_waiter *w, uint32_t resource, uint64_t at)
{
	uint8_t done = 0;

	(void)!ct_go_u8(w->o->go, at, CT_GO_ONCE_DONE, &done);
	ct_sink_value_bool(w->o->sink, resource, "done", done);
	mutex_state(w, resource, at + ct_go_at(w->o->go, ONCE_M));
}

static const char *once_why(struct ct_go_waiter *w, uint64_t at)
{
	(void)w;
	(void)at;
	return "the function that the Once has called has not returned";
}

static void sema_state(struct ct_go_waiter *w, uint32_t resource, uint64_t at)
{
	ct_sink_value_int(w->o->sink, resource, "value", word_at(w, at));
}

static const char *sema_why(struct ct_go_waiter *w, uint64_t at)
{
	(void)at;
	return ct_go_calls(w) & CT_GO_CALL_FD_LOCK
		       ? "another goroutine does the same with this file or connection"
		       : "a semaphore of the runtime or of package sync; whose, is not known";
}

/* gcsema, worldsema and the like (proc.go, mgc.go, mprof.go). */
static const char *runtime_why(struct ct_go_waiter *w, uint64_t at)
{
	(void)w;
	(void)at;
	return "the runtime's own: one at a time stops the world, collects garbage or takes a "
	       "profile";
}

/* Where its memory is missing it is known which object it is, and no more: no zero means that it is
 * free. */
static const char *unread_why(struct ct_go_waiter *w, uint64_t at)
{
	(void)w;
	(void)at;
	return "the state of what it waits for cannot be read: memory is missing";
}

/* ---- which one it is ---- */

/* The lock of a Mutex's sema belongs to a larger object where that one's method called. */
static struct object around_mutex(const struct ct_go_waiter *w, unsigned calls, uint64_t sema)
{
	uint64_t at = sema - MUTEX_SEMA;

	if (calls & CT_GO_CALL_RWMUTEX_LOCK)
		return (struct object){"go_rwmutex", CT_WAIT_RWLOCK_WRITE,
			at - ct_go_at(w->o->go, RWMUTEX_W), rwmutex_size(w), rwmutex_state,
			second_writer_why};
	if (calls & CT_GO_CALL_ONCE)
		return (struct object){"go_once", CT_WAIT_ONCE, at - ct_go_at(w->o->go, ONCE_M),
			ct_go_at(w->o->go, ONCE_M) + MUTEX_SIZE, once_state, once_why};
	return (struct object){"go_mutex", CT_WAIT_MUTEX, at, MUTEX_SIZE, mutex_state, mutex_why};
}

/* Where sema is in it: since 1.20 a field; 1.18 and 1.19 have it behind or before the state, 1.15
 * to 1.17 in one of three words. */
static uint64_t waitgroup_of(const struct ct_go *go, uint64_t sema)
{
	if (ct_go_at(go, WAITGROUP_SEMA) != CT_GO_ABSENT)
		return sema - ct_go_at(go, WAITGROUP_SEMA);
	return sema % 8 ? sema : sema - 8;
}

static struct object find_object(struct ct_go_waiter *w, uint64_t sema)
{
	const struct ct_go *go = w->o->go;
	unsigned calls = ct_go_calls(w);
	uint8_t kind = w->row->kind;

	if (kind == CT_WAIT_MUTEX || calls & CT_GO_CALL_MUTEX)
		return around_mutex(w, calls, sema);
	if (kind == CT_WAIT_RWLOCK_READ || calls & CT_GO_CALL_RWMUTEX_RLOCK)
		return (struct object){"go_rwmutex", CT_WAIT_RWLOCK_READ,
			sema - ct_go_at(go, RWMUTEX_READERSEM), rwmutex_size(w), rwmutex_state,
			reader_why};
	if (kind == CT_WAIT_RWLOCK_WRITE || calls & CT_GO_CALL_RWMUTEX_LOCK)
		return (struct object){"go_rwmutex", CT_WAIT_RWLOCK_WRITE,
			sema - ct_go_at(go, RWMUTEX_WRITERSEM), rwmutex_size(w), rwmutex_state,
			writer_why};
	if (kind == CT_WAIT_WAITGROUP || calls & CT_GO_CALL_WAITGROUP)
		return (struct object){"go_waitgroup", CT_WAIT_WAITGROUP, waitgroup_of(go, sema),
			WAITGROUP_SIZE, waitgroup_state, waitgroup_why};
	if (calls & CT_GO_CALL_RUNTIME_SEMA)
		return (struct object){
			"go_runtime_sema", CT_WAIT_SEM, sema, SEMA_SIZE, sema_state, runtime_why};
	return (struct object){"go_sema", CT_WAIT_SEM, sema, SEMA_SIZE, sema_state, sema_why};
}

static enum ct_status add_unknown(struct ct_go_waiter *w)
{
	const struct ct_wait wait = {.kind = CT_WAIT_OTHER,
		.trust = CT_TRUST_LAYOUT,
		.resource = CT_NONE,
		.why = "it is being woken, or its semaphore was not found in the runtime's table"};

	return ct_go_add_wait(w, wait);
}

/* Only one writer waits at writerSem: others wait for its Mutex, and new readers for it. */
static void add_waiting_writer(struct ct_go_waiter *w, uint32_t resource)
{
	ct_sink_hold(w->o->sink,
		&(struct ct_hold){.actor = w->actor,
			.resource = resource,
			.mode = CT_HOLD_EXCLUSIVE,
			.trust = ct_go_trust(w->o->go, CT_TRUST_EXACT),
			.waits = true,
			.why = "it waits in Lock for the readers that are there: all who come "
			       "after it wait for it",
			.took_frame = CT_NONE});
}

static bool is_readable(const struct ct_go_waiter *w, const struct object *object)
{
	uint8_t bytes[128];

	return object->size <= sizeof(bytes) &&
	       !ct_read(w->o->target, object->at, bytes, object->size);
}

enum ct_status ct_go_wait_semaphore(struct ct_go_waiter *w)
{
	uint64_t sema = ct_go_semaphore(w);
	bool fresh;

	if (!sema)
		return add_unknown(w);
	struct object object = find_object(w, sema);
	bool is_writer = object.why == writer_why;
	if (!is_readable(w, &object)) {
		object.why = unread_why;
		w->waits->n_unread++;
	}
	uint32_t resource = ct_sink_resource(w->o->sink, object.kind, object.at, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh && object.why != unread_why)
		object.state(w, resource, object.at);
	const struct ct_wait wait = {
		.kind = (uint8_t)object.wait,
		.trust = CT_TRUST_EXACT,
		.resource = resource,
		.behind_writers = object.wait == CT_WAIT_RWLOCK_READ,
		.why = object.why(w, object.at),
	};
	if (is_writer)
		add_waiting_writer(w, resource);
	return ct_go_add_wait(w, wait);
}
