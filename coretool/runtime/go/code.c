/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/code.h"

#include "base/hash.h"
#include "base/vec.h"

#define MAX_SCAN_DEPTH 12         /* of calls that a function is looked through for */
#define MAX_FUNCTION   (1u << 16) /* bytes of one */
#define MAX_SCANNED    (1u << 24) /* bytes of all */
#define MAX_KNOWN      (1u << 18) /* functions that are remembered */
#define MAX_ELEMENT    256
#define SMALL          256 /* bytes of a function that is looked into for a call of a pointer alone */

enum { CHANNEL = CT_GO_CLAIM_SEND }; /* rows of channels answer two questions */

struct go_row {
	struct ct_event_row row;
	uint8_t claim;
};

static const struct go_row rows[] = {
	{{"sync.(*Mutex).Lock", CT_CALL_ACQUIRES, 0}, CT_GO_CLAIM_MUTEX},
	{{"sync.(*Mutex).lockSlow", CT_CALL_ACQUIRES, 0}, CT_GO_CLAIM_MUTEX},
	{{"sync.(*Mutex).TryLock", CT_CALL_GUARDS, 0}, CT_GO_CLAIM_MUTEX},
	{{"sync.(*Mutex).Unlock", CT_CALL_RELEASES, 0}, CT_GO_CLAIM_MUTEX},
	{{"internal/sync.(*Mutex).Lock", CT_CALL_ACQUIRES, 0}, CT_GO_CLAIM_MUTEX},
	{{"internal/sync.(*Mutex).lockSlow", CT_CALL_ACQUIRES, 0}, CT_GO_CLAIM_MUTEX},
	{{"internal/sync.(*Mutex).TryLock", CT_CALL_GUARDS, 0}, CT_GO_CLAIM_MUTEX},
	{{"internal/sync.(*Mutex).Unlock", CT_CALL_RELEASES, 0}, CT_GO_CLAIM_MUTEX},
	{{"sync.(*RWMutex).Lock", CT_CALL_ACQUIRES, 0}, CT_GO_CLAIM_WRITER},
	{{"sync.(*RWMutex).TryLock", CT_CALL_GUARDS, 0}, CT_GO_CLAIM_WRITER},
	{{"sync.(*RWMutex).Unlock", CT_CALL_RELEASES, 0}, CT_GO_CLAIM_WRITER},
	{{"sync.(*RWMutex).RLock", CT_CALL_ACQUIRES, 0}, CT_GO_CLAIM_READER},
	{{"sync.(*RWMutex).TryRLock", CT_CALL_GUARDS, 0}, CT_GO_CLAIM_READER},
	{{"sync.(*RWMutex).RUnlock", CT_CALL_RELEASES, 0}, CT_GO_CLAIM_READER},
	{{"sync.(*rlocker).Lock", CT_CALL_ACQUIRES, 0}, CT_GO_CLAIM_READER},
	{{"sync.(*rlocker).Unlock", CT_CALL_RELEASES, 0}, CT_GO_CLAIM_READER},
	{{"runtime.chansend1", CT_CALL_SENDS, 0}, CHANNEL},
	{{"runtime.chansend", CT_CALL_SENDS, 0}, CHANNEL},
	{{"runtime.selectnbsend", CT_CALL_SENDS, 0}, CHANNEL},
	{{"runtime.chanrecv1", CT_CALL_RECEIVES, 0}, CHANNEL},
	{{"runtime.chanrecv2", CT_CALL_RECEIVES, 0}, CHANNEL},
	{{"runtime.chanrecv", CT_CALL_RECEIVES, 0}, CHANNEL},
	{{"runtime.selectnbrecv", CT_CALL_RECEIVES, 1}, CHANNEL},
	{{"runtime.selectgo", CT_CALL_SELECTS, 0}, CHANNEL},
	{{"runtime.selectgo", CT_CALL_SELECTS_BY_KIND, 0}, CHANNEL},
	{{"runtime.closechan", CT_CALL_RELEASES, 0}, CHANNEL},
	{{"sync.(*WaitGroup).Add", CT_CALL_COUNTS, 0}, CT_GO_CLAIM_DONE},
	{{"sync.(*WaitGroup).Done", CT_CALL_DOWN, 0}, CT_GO_CLAIM_DONE},
	{{"sync.(*Cond).Signal", CT_CALL_SIGNALS, 0}, CT_GO_CLAIM_SIGNAL},
	{{"sync.(*Cond).Broadcast", CT_CALL_SIGNALS, 0}, CT_GO_CLAIM_SIGNAL},
	{{"time.(*Timer).Reset", CT_CALL_SIGNALS, 0}, CT_GO_CLAIM_RESET},
	{{"time.(*Ticker).Reset", CT_CALL_SIGNALS, 0}, CT_GO_CLAIM_RESET},
};

/* They return 0 but where a panic was recovered. */
static const struct ct_event_row returns_zero = {"runtime.deferproc", CT_CALL_ACQUIRES, 0};

struct known {
	uint64_t entry;
	struct ct_callee callee;
	bool scanned, reaches;
	bool looked_at, indirect; /* indirect: it calls something through a pointer */
};

struct ct_go_code {
	const struct ct_go *go;
	struct ct_evaluator *evaluator;
	const struct ct_go_wanted *wanted;
	uint32_t n;
	unsigned claims; /* bit i: somebody asks such */
	CT_VEC(struct known) known;
	struct ct_hash by_entry;
	unsigned depth; /* of the scan under way */
	uint64_t scanned;
};

/* ---- names ---- */

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

static bool begins_with_one(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (begins(name, *list))
			return true;
	return false;
}

static bool never_returns(const char *name)
{
	/* throw and fatal end the process; panics are seen by what they run: pending defers. */
	static const char *const list[] = {"runtime.gopanic", "runtime.goPanic", "runtime.panic",
		"runtime.throw", "runtime.fatal", "runtime.Goexit", "runtime.goexit",
		"runtime.morestack", "runtime.block", "runtime.sigpanic", "runtime.exit",
		"sync.throw", "sync.fatal", "internal/sync.throw", "internal/sync.fatal", "os.Exit",
		"log.Fatal", "log.Panic", "log.(*Logger).Fatal", "log.(*Logger).Panic", NULL};

	return begins_with_one(name, list) && !begins(name, "runtime.panicwrap") &&
	       !begins(name, "runtime.exitsyscall");
}

/* They do nothing to what is asked for but by the rows above. */
static bool is_quiet(const char *name)
{
	static const char *const list[] = {"runtime.", "internal/runtime/", "runtime/internal/",
		"internal/race.", "internal/cpu.", "internal/bytealg.", "sync.(*Mutex).unlockSlow",
		"internal/sync.(*Mutex).unlockSlow", "sync.(*RWMutex).rUnlockSlow",
		"sync.(*Cond).Wait", "sync.(*WaitGroup).Wait", "sync.runtime_",
		"internal/sync.runtime_", "sync.(*Pool).", "sync/atomic.", "time.Sleep", NULL};

	return begins_with_one(name, list);
}

bool ct_go_code_is_duff(const char *function)
{
	return !strcmp(function, "runtime.duffzero") || !strcmp(function, "runtime.duffcopy");
}

static const struct go_row *row_of(const char *name)
{
	for (size_t i = 0; i < CT_COUNT(rows); i++)
		if (!strcmp(name, rows[i].row.function))
			return &rows[i];
	return NULL;
}

bool ct_go_code_is_inner(const char *function)
{
	return is_quiet(function) || row_of(function);
}

static bool is_claim_wanted(const struct ct_go_code *code, uint8_t claim)
{
	unsigned mask = 1u << claim;

	if (claim == CHANNEL)
		mask |= 1u << CT_GO_CLAIM_RECEIVE | 1u << CT_GO_CLAIM_CLOSE;
	return code->claims & mask;
}

/* ---- what a function can come to ---- */

static uint32_t known_at(struct ct_go_code *code, uint64_t entry);

static bool is_interesting(struct ct_go_code *code, const struct ct_go_function *function,
	const struct ct_code_reference *ref)
{
	/* The wrapper of a method value, or of a deferred call through an interface. */
	if (ref->indirect)
		return function->end - function->entry <= SMALL;
	if (ref->exchanges)
		return code->claims & (1u << CT_GO_CLAIM_MUTEX | 1u << CT_GO_CLAIM_READER);
	if (!ref->target || ref->target - function->entry < function->end - function->entry)
		return false;
	uint32_t i = known_at(code, ref->target);
	if (i == CT_NONE)
		return false;
	const struct ct_callee *c = &code->known.items[i].callee;
	return c->kind == CT_CALLEE_ENTER || (c->kind == CT_CALLEE_EVENT && !c->ignored);
}

static bool scan(struct ct_go_code *code, const struct ct_go_function *function)
{
	size_t len = function->end - function->entry, cur = 0;
	struct ct_code_reference ref;
	bool found = false;

	ct_autofree uint8_t *bytes = NULL;
	if (code->depth >= MAX_SCAN_DEPTH || len > MAX_FUNCTION || code->scanned > MAX_SCANNED)
		return false;
	bytes = malloc(len + 1);
	if (!bytes || ct_read(code->go->target, function->entry, bytes, len))
		return false;
	code->scanned += len;
	code->depth++;
	while (!found && ct_code_next_reference(bytes, len, function->entry, &cur, &ref))
		found = is_interesting(code, function, &ref);
	code->depth--;
	return found;
}

/* ---- callees ---- */

/*
 * deferproc() and deferprocStack() of runtime/panic.go, since 1.18: they are given the closure, or
 * a record with it. What they are given in a loop over functions is another function's to call.
 */
static bool defers(const struct ct_go *go, const char *name, struct ct_callee *ret)
{
	if (!strcmp(name, "runtime.deferproc")) {
		ret->kind = CT_CALLEE_DEFERS;
		ret->closure = CT_NO_RECORD;
	} else if (!strcmp(name, "runtime.deferprocStack") &&
		   ct_go_at(go, DEFER_FN) != CT_GO_ABSENT) {
		ret->kind = CT_CALLEE_DEFERS;
		ret->closure = ct_go_at(go, DEFER_FN);
	} else if (!strcmp(name, "runtime.deferreturn")) {
		ret->kind = CT_CALLEE_DEFERRED;
	} else {
		return false;
	}
	return true;
}

static struct ct_callee judge(struct ct_go_code *code, const struct ct_go_function *function)
{
	const char *name = ct_go_function_name(function);
	const struct go_row *row = row_of(name);

	if (row && row->row.effect == CT_CALL_SELECTS && !ct_go_since(code->go, 16))
		row++; /* that of before */
	struct ct_callee ret = {.kind = CT_CALLEE_QUIET,
		.entry = function->entry,
		.args = ct_go_function_args(function),
		.spares = ct_go_code_is_duff(name)};

	if (ret.args > MAX_FUNCTION)
		ret.args = MAX_FUNCTION;
	if (row) {
		ret.kind = CT_CALLEE_EVENT;
		ret.row = &row->row;
		ret.ignored = !is_claim_wanted(code, row->claim);
		/* What comes back from them is not known. */
		if (ret.ignored && row->row.effect >= CT_CALL_COUNTS)
			ret.kind = row->claim == CHANNEL ? CT_CALLEE_EVENT : CT_CALLEE_QUIET;
		if (ret.kind == CT_CALLEE_EVENT && row->claim == CHANNEL)
			ret.ignored = false;
	} else if (ct_go_since(code->go, 18) && defers(code->go, name, &ret)) {
		;
	} else if (begins(name, "runtime.deferproc")) {
		ret.kind = CT_CALLEE_EVENT;
		ret.row = &returns_zero;
		ret.ignored = true;
	} else if (never_returns(name)) {
		ret.kind = CT_CALLEE_NO_RETURN;
	} else if (!is_quiet(name) || ct_go_code_is_duff(name)) {
		ret.kind = CT_CALLEE_ENTER; /* if it can come to something */
	}
	return ret;
}

/* The function that begins there, or CT_NONE. */
static uint32_t known_at(struct ct_go_code *code, uint64_t entry)
{
	uint64_t hash = ct_hash_u64(entry);
	struct ct_hash_it it = ct_hash_find(&code->by_entry, hash);
	struct ct_go_function function;
	uint32_t i;

	while (ct_hash_next(&code->by_entry, &it, &i))
		if (code->known.items[i].entry == entry)
			return i;
	if (!ct_go_function_at(&code->go->tables, entry, &function) || function.entry != entry ||
		code->known.n >= MAX_KNOWN)
		return CT_NONE;
	/* What calls itself is not more interesting for it. */
	struct known *slot = ct_vec_push(&code->known);
	if (!slot)
		return CT_NONE;
	i = code->known.n - 1;
	slot->entry = entry;
	slot->callee.kind = CT_CALLEE_QUIET;
	if (!ct_hash_insert(&code->by_entry, hash, i)) {
		code->known.n--;
		return CT_NONE;
	}
	struct ct_callee callee = judge(code, &function);
	if (callee.kind == CT_CALLEE_ENTER && !ct_go_code_is_duff(ct_go_function_name(&function)) &&
		!scan(code, &function))
		callee.kind = CT_CALLEE_QUIET;
	code->known.items[i].callee = callee;
	return i;
}

static struct ct_callee callee(void *arg, uint64_t target, uint64_t slot, bool is_call)
{
	struct ct_go_code *code = arg;
	struct ct_go_function function;

	if (slot && ct_read_u64(code->go->target, slot, &target))
		target = 0;
	uint32_t i = target ? known_at(code, target) : CT_NONE;
	if (i != CT_NONE) {
		struct ct_callee ret = code->known.items[i].callee;

		/* A jump to another function is a call that returns to our caller. */
		if (!is_call && ret.kind == CT_CALLEE_QUIET)
			ret.kind = CT_CALLEE_FOREIGN;
		return ret;
	}
	if (ct_go_function_at(&code->go->tables, target, &function)) {
		bool duff = ct_go_code_is_duff(ct_go_function_name(&function));

		if (!is_call || duff)
			return (struct ct_callee){
				.kind = CT_CALLEE_ENTER, .entry = target, .spares = duff};
	}
	return (struct ct_callee){.kind = CT_CALLEE_FOREIGN, .opaque = true};
}

/* Called through a closure it may come to anything. */
static bool calls_indirectly(const struct ct_go_code *code, const struct ct_go_function *function)
{
	size_t len = function->end - function->entry, cur = 0;
	struct ct_code_reference ref;

	if (len > MAX_FUNCTION)
		return false;
	ct_autofree uint8_t *bytes = malloc(len + 1);
	if (!bytes || ct_read(code->go->target, function->entry, bytes, len))
		return false;
	while (ct_code_next_reference(bytes, len, function->entry, &cur, &ref))
		if (ref.indirect)
			return true;
	return false;
}

bool ct_go_code_is_asked(struct ct_go_code *code, const struct ct_go_function *function)
{
	uint32_t i = known_at(code, function->entry);
	struct known *known = i == CT_NONE ? NULL : &code->known.items[i];

	if (!known)
		return false;
	if (known->callee.kind == CT_CALLEE_ENTER || ct_go_function_deferreturn(function))
		return true;
	/* Timers by the thousand have the same one. */
	if (!known->looked_at)
		known->indirect = calls_indirectly(code, function);
	known->looked_at = true;
	return known->indirect;
}

/* ---- questions ---- */

uint32_t ct_go_code_first(const struct ct_go_code *code, uint64_t addr)
{
	uint32_t lo = 0, hi = code->n;

	CT_BISECT(lo, hi, mid, code->wanted[mid].addr < addr);
	return lo < code->n && code->wanted[lo].addr == addr ? lo : CT_NONE;
}

static int means_of_lock(const struct ct_code_event *event, bool counts_up)
{
	switch (event->kind) {
	case CT_EVENT_RELEASE:
		return 1;
	case CT_EVENT_DOWN:
		return 1;
	case CT_EVENT_UP:
		return counts_up ? -1 : 0;
	case CT_EVENT_ACQUIRE:
		return -1;
	default:
		return 0;
	}
}

int ct_go_code_means(const struct ct_go_code *code, uint32_t i, const struct ct_code_event *event)
{
	const struct ct_go_wanted *w = &code->wanted[i];
	uint8_t claim = w->claim;

	if (!event->row) {
		if (!event->inlined || !ct_go_claims_hold(claim))
			return 0;
		if (claim == CT_GO_CLAIM_MUTEX)
			return means_of_lock(event, false);
		return w->alias ? means_of_lock(event, true) : 0;
	}
	if (event->row < &rows[0].row || event->row > &rows[CT_COUNT(rows) - 1].row)
		return 0;
	uint8_t of_row = ((const struct go_row *)(const void *)event->row)->claim;
	switch (claim) {
	case CT_GO_CLAIM_SEND:
		return of_row == CHANNEL &&
		       (event->kind == CT_EVENT_UP || event->kind == CT_EVENT_RELEASE);
	case CT_GO_CLAIM_RECEIVE:
		return of_row == CHANNEL && event->kind == CT_EVENT_DOWN;
	case CT_GO_CLAIM_CLOSE:
		return of_row == CHANNEL && event->kind == CT_EVENT_RELEASE;
	case CT_GO_CLAIM_DONE:
		return of_row == claim && event->kind == CT_EVENT_DOWN;
	case CT_GO_CLAIM_SIGNAL:
	case CT_GO_CLAIM_RESET:
		return of_row == claim;
	default:
		return of_row == claim && !w->alias ? means_of_lock(event, false) : 0;
	}
}

bool ct_go_code_call(
	struct ct_go_code *code, uint64_t entry, uint64_t arg, struct ct_code_event *ret)
{
	static const struct {
		uint8_t effect, kind;
	} kinds[] = {{CT_CALL_RELEASES, CT_EVENT_RELEASE}, {CT_CALL_DOWN, CT_EVENT_DOWN},
		{CT_CALL_SIGNALS, CT_EVENT_SIGNAL}};
	uint32_t i = known_at(code, entry);
	const struct ct_callee *callee = i == CT_NONE ? NULL : &code->known.items[i].callee;

	if (!callee || callee->kind != CT_CALLEE_EVENT || callee->ignored || callee->row->arg)
		return false;
	for (size_t k = 0; k < CT_COUNT(kinds); k++)
		if (kinds[k].effect == callee->row->effect) {
			*ret = (struct ct_code_event){.kind = kinds[k].kind,
				.row = callee->row,
				.object = {0, arg},
				.pc = entry,
				.prev = CT_NONE};
			return true;
		}
	return false;
}

/* ---- the rest of the view ---- */

static enum ct_status read_memory(void *arg, uint64_t addr, void *buf, size_t len)
{
	struct ct_go_code *code = arg;

	return ct_read(code->go->target, addr, buf, len);
}

static bool is_wanted(void *arg, uint64_t object)
{
	return ct_go_code_first(arg, object) != CT_NONE;
}

/* A timer's first word is its channel. */
static bool is_steady(void *arg, uint64_t object)
{
	const struct ct_go_code *code = arg;
	uint32_t i = ct_go_code_first(code, object);

	return i != CT_NONE && code->wanted[i].claim == CT_GO_CLAIM_RESET;
}

static bool is_writable(void *arg, uint64_t addr)
{
	(void)arg;
	(void)addr;
	return true;
}

static uint32_t element(void *arg, uint64_t channel)
{
	const struct ct_go *go = ((struct ct_go_code *)arg)->go;
	uint32_t offset = ct_go_at(go, HCHAN_ELEMSIZE);
	uint16_t size = 0;

	if (offset == CT_GO_ABSENT || ct_read(go->target, channel + offset, &size, sizeof(size)))
		return MAX_ELEMENT;
	return size;
}

const struct ct_code_abi *ct_go_code_abi(const struct ct_go *go)
{
	return ct_go_since(go, 17) ? &ct_code_abi_go : &ct_code_abi_go_stack;
}

struct ct_go_code *ct_go_code_new(
	const struct ct_go *go, const struct ct_go_wanted *wanted, uint32_t n)
{
	struct ct_go_code *code = calloc(1, sizeof(*code));
	const struct ct_code_view view = {.arg = code,
		.read = read_memory,
		.callee = callee,
		.wanted = is_wanted,
		.steady = is_steady,
		.writable = is_writable,
		.abi = ct_go_code_abi(go),
		.counted = true,
		.element = element};

	if (!code)
		return NULL;
	code->go = go;
	code->wanted = wanted;
	code->n = n;
	for (uint32_t i = 0; i < n; i++)
		code->claims |= 1u << wanted[i].claim;
	code->evaluator = ct_evaluator_new(ct_target_arch(go->target), &view);
	if (!code->evaluator) {
		ct_go_code_free(code);
		return NULL;
	}
	return code;
}

void ct_go_code_free(struct ct_go_code *code)
{
	if (!code)
		return;
	ct_evaluator_free(code->evaluator);
	ct_vec_free(&code->known);
	ct_hash_free(&code->by_entry);
	free(code);
}

struct ct_evaluator *ct_go_code_evaluator(struct ct_go_code *code)
{
	return code->evaluator;
}
